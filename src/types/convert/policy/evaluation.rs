//! Evaluations as answers show them.

use crate::policy::{ApprovalDemand, Evaluation, Finding, RuleKind, Scope};
use purser_core::base::{Amount, SECOND_NS};
use purser_core::policy as domain;

impl From<domain::Finding> for Finding {
    fn from(finding: domain::Finding) -> Self {
        Self {
            scope: finding.scope.map(|scope| Scope::from(scope).into()),
            rule: RuleKind::from(finding.rule).into(),
            rule_index: finding.rule_index,
            passed: finding.passed,
            code: finding.code.map(|code| code.as_str().into()),
            reason_code: finding.code.map(Into::into),
            limit: finding.limit.map(Amount::get),
            used: finding.used.map(Amount::get),
            remaining: finding.remaining.map(Amount::get),
            suggested_max: finding.suggested_max.map(Amount::get),
            retry_after_ns: finding.retry_after_ns,
            message: finding.message,
        }
    }
}

impl From<domain::Evaluation> for Evaluation {
    fn from(evaluation: domain::Evaluation) -> Self {
        Self {
            decision: evaluation.decision.into(),
            policy_version: evaluation.policy_version,
            findings: evaluation.findings.into_iter().map(Into::into).collect(),
            approvals: evaluation.approvals.into_iter().map(Into::into).collect(),
            fee: None,
        }
    }
}

impl From<domain::ApprovalDemand> for ApprovalDemand {
    fn from(demand: domain::ApprovalDemand) -> Self {
        Self {
            group: demand.group,
            quorum: demand.quorum,
            timeout_seconds: demand.timeout_ns / SECOND_NS,
            time_lock_seconds: demand.time_lock_ns / SECOND_NS,
        }
    }
}

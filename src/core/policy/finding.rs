//! Findings of rules, and the evaluation that they add up to.

use super::reason::ReasonCode;
use super::rule::RuleKind;
use super::scope::Scope;
use crate::base::Amount;
use serde::{Deserialize, Serialize};

/// The decision about a request. Everything that is not allowed is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Decision {
    /// Every rule passes.
    Allow,
    /// Every rule passes once people have approved.
    RequireApproval,
    /// At least one rule does not pass.
    Deny,
}

/// The result of one rule, or of a check that comes before the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The scope whose policy the rule is in; `None` for the paying wallet's own, and for checks before the rules.
    #[serde(default)]
    pub scope: Option<Scope>,
    /// The kind of the rule or check.
    pub rule: RuleKind,
    /// The position of the rule in its policy, from 0. `None` for checks before the rules and for rules that are missing.
    pub rule_index: Option<u32>,
    /// Whether the request passes.
    pub passed: bool,
    /// The reason of a denial; `None` when the request passes.
    pub code: Option<ReasonCode>,
    /// The limit: base units, millionths of the unit of account, or a number of requests. For an approval the threshold, in base
    /// units.
    pub limit: Option<Amount>,
    /// The part of the limit that was used before this request, in the unit of `limit`.
    pub used: Option<Amount>,
    /// The part of the limit that was left before this request, in the unit of `limit`.
    pub remaining: Option<Amount>,
    /// The largest amount this rule would let pass now with the same fee cap, in base units.
    pub suggested_max: Option<Amount>,
    /// The wait in nanoseconds after which the same request would pass this rule, if only time passes.
    pub retry_after_ns: Option<u64>,
    /// The explanation for people.
    pub message: String,
}

impl Finding {
    /// Makes the finding of a rule that passes.
    pub(crate) fn passed(rule: RuleKind, message: impl Into<String>) -> Self {
        Self::new(rule, None, message.into())
    }

    /// Makes the finding of a rule that denies.
    pub(crate) fn denied(rule: RuleKind, code: ReasonCode, message: impl Into<String>) -> Self {
        Self::new(rule, Some(code), message.into())
    }

    fn new(rule: RuleKind, code: Option<ReasonCode>, message: String) -> Self {
        Self {
            scope: None,
            rule,
            rule_index: None,
            passed: code.is_none(),
            code,
            limit: None,
            used: None,
            remaining: None,
            suggested_max: None,
            retry_after_ns: None,
            message,
        }
    }
}

/// A demand for approval: the group, its quorum and the times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalDemand {
    /// The name of the group whose members decide.
    pub group: String,
    /// The number of members who must approve. The requester never counts.
    pub quorum: u32,
    /// The time for the decision, in nanoseconds. After it the request is denied.
    pub timeout_ns: u64,
    /// The wait after the quorum is reached, in nanoseconds, during which the money stays.
    pub time_lock_ns: u64,
}

/// The decision about a request, with its explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The decision: `Deny` when any finding denies, otherwise `RequireApproval` when `approvals` is not empty.
    pub decision: Decision,
    /// The version of the paying wallet's own policy; 0 when it has none.
    pub policy_version: u64,
    /// The findings of all rules that apply to the request, and of required rules that are missing. An open circuit breaker of the
    /// agent is the only finding.
    pub findings: Vec<Finding>,
    /// The approvals that all have to be given before money moves. Empty unless the decision is `RequireApproval`.
    #[serde(default)]
    pub approvals: Vec<ApprovalDemand>,
}

impl Evaluation {
    /// Returns the findings that deny.
    pub fn denials(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.passed)
    }

    /// Returns whether a denial is the agent's own fault, and so counts for its circuit breaker. Denials by an emergency, a
    /// deactivated wallet, a chain's breaker or the agent's breaker do not count: they say nothing about what the agent asks for.
    pub fn is_agent_fault(&self) -> bool {
        self.denials().any(|finding| !matches!(finding.rule, RuleKind::Mode | RuleKind::CircuitBreaker | RuleKind::Wallet))
    }
}

//! What an evaluation says.

use super::Scope;
use crate::api::kaspa::FeeQuote;
use candid::CandidType;
use purser_core::base::{Amount, SECOND_NS};
use purser_core::policy as domain;
use serde::{Deserialize, Serialize};

/// The kind of a rule that speaks in a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum RuleKind {
    /// Whether the canister is in emergency mode.
    Mode,
    /// Whether the wallet has any policy.
    Policy,
    /// [`super::Rule::PerTransaction`].
    PerTransaction,
    /// [`super::Rule::SpendingLimit`].
    SpendingLimit,
    /// [`super::Rule::Allowlist`] or [`super::Rule::AnyAddress`].
    Allowlist,
    /// [`super::Rule::ValueLimit`].
    ValueLimit,
    /// [`super::Rule::Denylist`].
    Denylist,
    /// [`super::Rule::RateLimit`], and the canister's own quota.
    RateLimit,
    /// [`super::Rule::ActiveHours`].
    ActiveHours,
    /// [`super::Rule::Approval`].
    Approval,
    /// [`super::Rule::MinimumBalance`].
    MinimumBalance,
    /// [`super::Rule::RequireSession`].
    Session,
    /// The circuit breakers.
    CircuitBreaker,
    /// Whether the wallet is active.
    Wallet,
}

/// Why a rule is not content, or why a transfer ended without moving money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum ReasonCode {
    /// No rule speaks for the asset or chain.
    PolicyDenied,
    /// A limit would be exceeded.
    SpendingLimitExceeded,
    /// The recipient is not on the allowlist, or on the denylist.
    AddressNotAllowed,
    /// The canister is in emergency mode.
    EmergencyMode,
    /// Too many requests.
    RateLimitExceeded,
    /// Outside the active hours.
    OutsideTimeWindow,
    /// The agent's circuit breaker is open.
    CircuitBreakerOpen,
    /// The chain's circuit breaker is open.
    ChainError,
    /// The wallet is deactivated.
    WalletDraining,
    /// Too little would be left.
    InsufficientBalance,
    /// Approvers said no, or what they were asked about has changed.
    ApprovalRejected,
    /// Nobody decided in time.
    ApprovalTimeout,
}

/// What one rule found; amounts in base units.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Finding {
    /// Whose policy the rule is in; absent for the paying wallet's own.
    pub scope: Option<Scope>,
    /// The kind of rule.
    pub rule: RuleKind,
    /// Its position in the policy; absent for what holds before any rule.
    pub rule_index: Option<u32>,
    /// Whether it is content.
    pub passed: bool,
    /// Why not.
    pub code: Option<ReasonCode>,
    /// The limit.
    pub limit: Option<u64>,
    /// What counted against it before this request.
    pub used: Option<u64>,
    /// What was left of it before this request.
    pub remaining: Option<u64>,
    /// The largest amount that this rule would let pass now, with the same fee cap.
    pub suggested_max: Option<u64>,
    /// After this time the same request passes this rule if nothing else happens.
    pub retry_after_ns: Option<u64>,
    /// For people.
    pub message: String,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Decision {
    /// Every rule is content.
    Allow,
    /// Every rule is content once people have agreed.
    RequireApproval,
    /// At least one is not.
    Deny,
}

/// The decision with its explanation.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Evaluation {
    /// The strictest of all findings.
    pub decision: Decision,
    /// 0 when the wallet has no policy.
    pub policy_version: u64,
    /// What every rule found.
    pub findings: Vec<Finding>,
    /// Who has to agree; empty unless the decision says so.
    pub approvals: Vec<ApprovalDemand>,
    /// KAS, in a simulation: what the fee would be, from what was last seen of the chain.
    pub fee: Option<FeeQuote>,
}

/// Who has to agree, and how long they have.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ApprovalDemand {
    /// Whose members decide.
    pub group: String,
    /// How many of them, the requester never counting.
    pub quorum: u32,
    /// After this the request is denied.
    pub timeout_seconds: u64,
    /// How long the money stays after the quorum is reached.
    pub time_lock_seconds: u64,
}

impl From<domain::RuleKind> for RuleKind {
    fn from(from: domain::RuleKind) -> Self {
        match from {
            domain::RuleKind::Mode => Self::Mode,
            domain::RuleKind::Policy => Self::Policy,
            domain::RuleKind::PerTransaction => Self::PerTransaction,
            domain::RuleKind::SpendingLimit => Self::SpendingLimit,
            domain::RuleKind::Allowlist => Self::Allowlist,
            domain::RuleKind::ValueLimit => Self::ValueLimit,
            domain::RuleKind::Denylist => Self::Denylist,
            domain::RuleKind::RateLimit => Self::RateLimit,
            domain::RuleKind::ActiveHours => Self::ActiveHours,
            domain::RuleKind::Approval => Self::Approval,
            domain::RuleKind::MinimumBalance => Self::MinimumBalance,
            domain::RuleKind::Session => Self::Session,
            domain::RuleKind::CircuitBreaker => Self::CircuitBreaker,
            domain::RuleKind::Wallet => Self::Wallet,
        }
    }
}

impl From<domain::ReasonCode> for ReasonCode {
    fn from(from: domain::ReasonCode) -> Self {
        match from {
            domain::ReasonCode::PolicyDenied => Self::PolicyDenied,
            domain::ReasonCode::SpendingLimitExceeded => Self::SpendingLimitExceeded,
            domain::ReasonCode::AddressNotAllowed => Self::AddressNotAllowed,
            domain::ReasonCode::EmergencyMode => Self::EmergencyMode,
            domain::ReasonCode::RateLimitExceeded => Self::RateLimitExceeded,
            domain::ReasonCode::OutsideTimeWindow => Self::OutsideTimeWindow,
            domain::ReasonCode::CircuitBreakerOpen => Self::CircuitBreakerOpen,
            domain::ReasonCode::ChainError => Self::ChainError,
            domain::ReasonCode::WalletDraining => Self::WalletDraining,
            domain::ReasonCode::InsufficientBalance => Self::InsufficientBalance,
            domain::ReasonCode::ApprovalRejected => Self::ApprovalRejected,
            domain::ReasonCode::ApprovalTimeout => Self::ApprovalTimeout,
        }
    }
}

impl From<domain::Decision> for Decision {
    fn from(from: domain::Decision) -> Self {
        match from {
            domain::Decision::Allow => Self::Allow,
            domain::Decision::RequireApproval => Self::RequireApproval,
            domain::Decision::Deny => Self::Deny,
        }
    }
}

impl From<domain::Finding> for Finding {
    fn from(finding: domain::Finding) -> Self {
        Self {
            scope: finding.scope.map(Into::into),
            rule: finding.rule.into(),
            rule_index: finding.rule_index,
            passed: finding.passed,
            code: finding.code.map(Into::into),
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

//! The evaluation of a request: a decision and the findings behind it.

use super::scope::Scope;
use crate::kaspa::FeeQuote;
use crate::named::Named;
use candid::CandidType;
use serde::{Deserialize, Serialize};

plain_enum! {
    /// The kind of rule behind a finding.
    pub enum RuleKind = purser_core::policy::RuleKind {
        /// The mode of operation.
        Mode,
        /// The existence of a policy.
        Policy,
        /// The rule [`super::Rule::PerTransaction`].
        PerTransaction,
        /// The rule [`super::Rule::SpendingLimit`].
        SpendingLimit,
        /// The rules [`super::Rule::Allowlist`] and [`super::Rule::AnyAddress`].
        Allowlist,
        /// The rule [`super::Rule::ValueLimit`].
        ValueLimit,
        /// The rule [`super::Rule::Denylist`].
        Denylist,
        /// The rule [`super::Rule::RateLimit`], and the canister's own quota.
        RateLimit,
        /// The rule [`super::Rule::ActiveHours`].
        ActiveHours,
        /// The rule [`super::Rule::Approval`].
        Approval,
        /// The rule [`super::Rule::MinimumBalance`].
        MinimumBalance,
        /// The rule [`super::Rule::RequireSession`].
        Session,
        /// The circuit breakers.
        CircuitBreaker,
        /// The state of the wallet, active or not.
        Wallet,
    }
}

plain_enum! {
    /// The reason why a rule failed, or why a transfer ended without moving money.
    pub enum ReasonCode = purser_core::policy::ReasonCode {
        /// No rule allows the asset or the chain.
        PolicyDenied,
        /// A limit would be exceeded.
        SpendingLimitExceeded,
        /// The recipient is not on the allowlist, or on the denylist.
        AddressNotAllowed,
        /// The canister is in an emergency.
        EmergencyMode,
        /// Too many requests were made.
        RateLimitExceeded,
        /// The time is outside the active hours.
        OutsideTimeWindow,
        /// The agent's circuit breaker is open.
        CircuitBreakerOpen,
        /// The chain's circuit breaker is open.
        ChainError,
        /// The wallet is deactivated.
        WalletDraining,
        /// Too little would be left.
        InsufficientBalance,
        /// An approver refused, or the request that approvers were asked about has changed.
        ApprovalRejected,
        /// The approval did not come in time.
        ApprovalTimeout,
    }
}

/// The finding of one rule; amounts are in base units.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Finding {
    /// The scope of the rule's policy; absent for the paying wallet's own.
    pub scope: Option<Named<Scope>>,
    /// The kind of rule.
    pub rule: Named<RuleKind>,
    /// The rule's position in the policy; absent for conditions that hold before any rule.
    pub rule_index: Option<u32>,
    /// Whether the rule allows the request.
    pub passed: bool,
    /// The reason why it does not.
    pub code: Option<ReasonCode>,
    /// The limit.
    pub limit: Option<u64>,
    /// The part of the limit that was used before this request.
    pub used: Option<u64>,
    /// The part of the limit that was left before this request.
    pub remaining: Option<u64>,
    /// The largest amount that the rule would allow now, with the same fee cap.
    pub suggested_max: Option<u64>,
    /// The time after which the same request passes the rule if nothing else happens, in nanoseconds.
    pub retry_after_ns: Option<u64>,
    /// The sentence for people.
    pub message: String,
}

plain_enum! {
    /// The decision about a request.
    pub enum Decision = purser_core::policy::Decision {
        /// Every rule allows it.
        Allow,
        /// Every rule allows it once approvers have agreed.
        RequireApproval,
        /// At least one rule denies it.
        Deny,
    }
}

/// The decision about a request with its explanation.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Evaluation {
    /// The strictest decision of all findings.
    pub decision: Decision,
    /// The version of the wallet's policy; 0 when it has none.
    pub policy_version: u64,
    /// The finding of every rule.
    pub findings: Vec<Finding>,
    /// The approvals that it needs; empty unless the decision is RequireApproval.
    pub approvals: Vec<ApprovalDemand>,
    /// KAS, in a simulation: the fee, from what was last read of the chain.
    pub fee: Option<FeeQuote>,
}

/// The approval that a rule demands of one group.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ApprovalDemand {
    /// The group whose members decide.
    pub group: String,
    /// The number of members who have to agree; the requester never counts.
    pub quorum: u32,
    /// The time to agree, after which the request is denied.
    pub timeout_seconds: u64,
    /// The time that the money stays after the quorum is reached.
    pub time_lock_seconds: u64,
}

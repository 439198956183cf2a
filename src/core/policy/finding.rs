//! What an evaluation says.

use super::rule::RuleKind;
use super::scope::Scope;
use crate::base::Amount;
use serde::{Deserialize, Serialize};

/// The answer to a request. Everything that is not allowed is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Decision {
    /// Every rule is content.
    Allow,
    /// Every rule is content once people have agreed.
    RequireApproval,
    /// At least one is not.
    Deny,
}

/// Why a rule is not content; the codes are requirement row 44's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReasonCode {
    /// No rule speaks for this asset or chain, or the wallet has no policy at all.
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
    /// The chain's circuit breaker is open: its providers do not answer.
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

impl ReasonCode {
    /// The stable text that programs match on.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PolicyDenied => "POLICY_DENIED",
            Self::SpendingLimitExceeded => "SPENDING_LIMIT_EXCEEDED",
            Self::AddressNotAllowed => "ADDRESS_NOT_ALLOWED",
            Self::EmergencyMode => "EMERGENCY_MODE",
            Self::RateLimitExceeded => "RATE_LIMIT_EXCEEDED",
            Self::OutsideTimeWindow => "OUTSIDE_TIME_WINDOW",
            Self::CircuitBreakerOpen => "CIRCUIT_BREAKER_OPEN",
            Self::ChainError => "CHAIN_ERROR",
            Self::WalletDraining => "WALLET_DRAINING",
            Self::InsufficientBalance => "INSUFFICIENT_BALANCE",
            Self::ApprovalRejected => "APPROVAL_REJECTED",
            Self::ApprovalTimeout => "APPROVAL_TIMEOUT",
        }
    }
}

/// What one rule found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whose policy the rule is in; `None` for the paying wallet's own, and for what holds before any rule.
    #[serde(default)]
    pub scope: Option<Scope>,
    /// The kind of rule.
    pub rule: RuleKind,
    /// Its position in the policy; `None` for what holds before any rule.
    pub rule_index: Option<u32>,
    /// Whether it is content.
    pub passed: bool,
    /// Why not.
    pub code: Option<ReasonCode>,
    /// The limit: base units, millionths of the unit of account, or a number of requests.
    pub limit: Option<Amount>,
    /// What counts against the limit before this request.
    pub used: Option<Amount>,
    /// What is left of the limit before this request.
    pub remaining: Option<Amount>,
    /// The largest amount this rule would let pass now, fee cap unchanged, in base units.
    pub suggested_max: Option<Amount>,
    /// Nanoseconds after which the same request would pass this rule by the mere passing of time.
    pub retry_after_ns: Option<u64>,
    /// For people.
    pub message: String,
}

impl Finding {
    pub(crate) fn passed(rule: RuleKind, message: impl Into<String>) -> Self {
        Self::new(rule, None, message.into())
    }

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

/// Who has to agree, and how long they have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalDemand {
    /// Whose members decide.
    pub group: String,
    /// How many of them, the requester never counting.
    pub quorum: u32,
    /// After this the request is denied.
    pub timeout_ns: u64,
    /// How long the money stays after the quorum is reached.
    pub time_lock_ns: u64,
}

/// The decision with its explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The strictest of all findings.
    pub decision: Decision,
    /// The version of the wallet's own policy it was made under; 0 when the wallet has none.
    pub policy_version: u64,
    /// One per rule that speaks for the request, and what was missing.
    pub findings: Vec<Finding>,
    /// Every one of these has to be met before money moves. Empty unless the decision is to require an approval.
    #[serde(default)]
    pub approvals: Vec<ApprovalDemand>,
}

impl Evaluation {
    /// The findings that deny.
    pub fn denials(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.passed)
    }

    /// Whether a denial says something about the agent, and so counts for its circuit breaker: one that an emergency, a chain's trouble
    /// or the breaker itself brings about does not (traps T31, T33).
    pub fn is_agent_fault(&self) -> bool {
        self.denials().any(|finding| !matches!(finding.rule, RuleKind::Mode | RuleKind::CircuitBreaker | RuleKind::Wallet))
    }
}

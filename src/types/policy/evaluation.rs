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
    /// The reason of a denial, or of a transfer that ended or stopped. A later version may have more; the text beside it stays readable.
    pub enum ReasonCode = purser_core::policy::ReasonCode {
        /// No rule allows the request, the wallet has no policy, or a demand other than those below is not met.
        PolicyDenied,
        /// A limit of money would be exceeded.
        SpendingLimitExceeded,
        /// The recipient is not on the allowlist or cannot be paid at this time, or is on the denylist.
        AddressNotAllowed,
        /// The canister is in emergency mode.
        EmergencyMode,
        /// The requests of the window would be more than a rate limit allows.
        RateLimitExceeded,
        /// The request lies outside the active hours.
        OutsideTimeWindow,
        /// The agent's circuit breaker is open.
        CircuitBreakerOpen,
        /// The chain's circuit breaker is open: its providers do not answer.
        ChainError,
        /// The wallet, or one above it, is deactivated.
        WalletDraining,
        /// The balance would not cover the transfer, its fee and what has to be kept.
        InsufficientBalance,
        /// An approver, an admin or a guardian rejected the request.
        ApprovalRejected,
        /// The approval was not complete in time.
        ApprovalTimeout,
        /// The policies, the group or an approver that the transfer waited for have changed, so that its approval has lost its ground.
        ApprovalOutdated,
        /// A changed policy demands an approval that the transfer does not have; the request has to be made again.
        ApprovalRequired,
        /// The agent who asked for the transfer was removed from the wallet.
        AgentRemoved,
        /// The session in which the transfer was requested was closed.
        SessionClosed,
        /// The agent who asked for the transfer cancelled it.
        CancelledByAgent,
        /// An admin or a guardian cancelled the transfer.
        CancelledByOperator,
        /// A revocation made the transaction unable to land.
        Revoked,
        /// The transfer was only simulated: everything was done but the signature.
        SimulationOnly,
        /// The account that the transfer was to create exists and works.
        AlreadyExists,
        /// The chain's nodes simulated the transaction, and it would fail.
        SimulationFailed,
        /// The transaction is in a block and failed there, so that only its fee was paid.
        TransactionFailed,
        /// The signed transaction breaks a rule of consensus, so that no block can contain it.
        TransactionInvalid,
        /// The signed transaction can never land, because its time is over or what it stands on is used up.
        TransactionExpired,
        /// No transaction can be built that makes the transfer, whatever the amount.
        Unbuildable,
        /// No transaction pays exactly this amount; another amount may do.
        AmountNotPayable,
        /// The chain asks for a higher fee or rent than the transfer may pay.
        FeeCapExceeded,
        /// The recipient, or the recipient's token account, cannot take the payment.
        RecipientNotPayable,
        /// The token, or the wallet's own token account, does not allow the payment.
        TokenNotPayable,
        /// The most transactions that are built for one transfer are all proven unable to land.
        AttemptsExhausted,
        /// The transfer was not built in the time that it has for that.
        NotBuiltInTime,
        /// The owner of a client-side wallet did not sign in time.
        SignatureTimeout,
        /// The transfer that a revocation was to stop has ended or landed.
        NothingToRevoke,
        /// Admins found that a quarantined transfer had not landed.
        NotLanded,
        /// An admin put the transfer into quarantine.
        QuarantinedByAdmin,
        /// Driving the transfer trapped again and again.
        RepeatedTraps,
        /// The chain cannot show any more whether the transaction landed.
        OutcomeUnknown,
        /// Nodes refuse the signed transaction for a reason that does not keep it from landing elsewhere.
        RefusedByNodes,
        /// The revocation of a quarantined transfer ended without effect.
        RevocationFailed,
        /// The canister holds no key that signs for the wallet.
        SignerError,
        /// A record of the canister's own cannot be used, so that nothing is signed or sent on it.
        StoreError,
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
    /// The stable code of the reason why it does not, such as `SPENDING_LIMIT_EXCEEDED`.
    pub code: Option<String>,
    /// The same code as a variant; absent when this version does not know it.
    pub reason_code: Option<ReasonCode>,
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

//! Reasons of denials and of ends of transfers, as stable codes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Defines the codes once: variant, stable text, and the list of all of them.
macro_rules! reason_codes {
    ($($(#[$doc:meta])+ $code:ident => $text:literal,)+) => {
        /// The reason of a denial, or of a transfer that ended or stopped, as a code. Codes never change their meaning, so that programs
        /// can act on them.
        ///
        /// The log and the interface carry the text of the code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ReasonCode {
            $($(#[$doc])+ #[serde(rename = $text)] $code,)+
        }

        impl ReasonCode {
            /// All codes, in the order of their definition.
            pub const ALL: &'static [Self] = &[$(Self::$code),+];

            /// Returns the stable text of the code, which programs match on.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)+
                }
            }
        }
    };
}

reason_codes! {
    /// No rule allows the request, the wallet has no policy, or a demand other than those below is not met.
    PolicyDenied => "POLICY_DENIED",
    /// A limit of money would be exceeded.
    SpendingLimitExceeded => "SPENDING_LIMIT_EXCEEDED",
    /// The recipient is not on the allowlist or cannot be paid at this time, or is on the denylist.
    AddressNotAllowed => "ADDRESS_NOT_ALLOWED",
    /// The canister is in emergency mode.
    EmergencyMode => "EMERGENCY_MODE",
    /// The requests of the window would be more than a rate limit allows.
    RateLimitExceeded => "RATE_LIMIT_EXCEEDED",
    /// The request lies outside the active hours.
    OutsideTimeWindow => "OUTSIDE_TIME_WINDOW",
    /// The agent's circuit breaker is open.
    CircuitBreakerOpen => "CIRCUIT_BREAKER_OPEN",
    /// The chain's circuit breaker is open: its providers do not answer.
    ChainError => "CHAIN_ERROR",
    /// The wallet, or one above it, is deactivated.
    WalletDraining => "WALLET_DRAINING",
    /// The balance would not cover the transfer, its fee and what has to be kept.
    InsufficientBalance => "INSUFFICIENT_BALANCE",
    /// An approver, an admin or a guardian rejected the request.
    ApprovalRejected => "APPROVAL_REJECTED",
    /// The approval was not complete in time.
    ApprovalTimeout => "APPROVAL_TIMEOUT",
    /// The policies, the group or an approver that the transfer waited for have changed, so that its approval has lost its ground.
    ApprovalOutdated => "APPROVAL_OUTDATED",
    /// A changed policy demands an approval that the transfer does not have; the request has to be made again.
    ApprovalRequired => "APPROVAL_REQUIRED",
    /// The agent who asked for the transfer was removed from the wallet.
    AgentRemoved => "AGENT_REMOVED",
    /// The session in which the transfer was requested was closed.
    SessionClosed => "SESSION_CLOSED",
    /// The agent who asked for the transfer cancelled it.
    CancelledByAgent => "CANCELLED_BY_AGENT",
    /// An admin or a guardian cancelled the transfer.
    CancelledByOperator => "CANCELLED_BY_OPERATOR",
    /// A revocation made the transaction unable to land.
    Revoked => "REVOKED",
    /// The transfer was only simulated: everything was done but the signature.
    SimulationOnly => "SIMULATION_ONLY",
    /// The account that the transfer was to create exists and works.
    AlreadyExists => "ALREADY_EXISTS",
    /// The chain's nodes simulated the transaction, and it would fail.
    SimulationFailed => "SIMULATION_FAILED",
    /// The transaction is in a block and failed there, so that only its fee was paid.
    TransactionFailed => "TRANSACTION_FAILED",
    /// The signed transaction breaks a rule of consensus, so that no block can contain it.
    TransactionInvalid => "TRANSACTION_INVALID",
    /// The signed transaction can never land, because its time is over or what it stands on is used up.
    TransactionExpired => "TRANSACTION_EXPIRED",
    /// No transaction can be built that makes the transfer, whatever the amount.
    Unbuildable => "UNBUILDABLE",
    /// No transaction pays exactly this amount; another amount may do.
    AmountNotPayable => "AMOUNT_NOT_PAYABLE",
    /// The chain asks for a higher fee or rent than the transfer may pay.
    FeeCapExceeded => "FEE_CAP_EXCEEDED",
    /// The recipient, or the recipient's token account, cannot take the payment.
    RecipientNotPayable => "RECIPIENT_NOT_PAYABLE",
    /// The token, or the wallet's own token account, does not allow the payment.
    TokenNotPayable => "TOKEN_NOT_PAYABLE",
    /// The most transactions that are built for one transfer are all proven unable to land.
    AttemptsExhausted => "ATTEMPTS_EXHAUSTED",
    /// The transfer was not built in the time that it has for that.
    NotBuiltInTime => "NOT_BUILT_IN_TIME",
    /// The owner of a client-side wallet did not sign in time.
    SignatureTimeout => "SIGNATURE_TIMEOUT",
    /// The transfer that a revocation was to stop has ended or landed.
    NothingToRevoke => "NOTHING_TO_REVOKE",
    /// Admins found that a quarantined transfer had not landed.
    NotLanded => "NOT_LANDED",
    /// An admin put the transfer into quarantine.
    QuarantinedByAdmin => "QUARANTINED_BY_ADMIN",
    /// Driving the transfer trapped again and again.
    RepeatedTraps => "REPEATED_TRAPS",
    /// The chain cannot show any more whether the transaction landed.
    OutcomeUnknown => "OUTCOME_UNKNOWN",
    /// Nodes refuse the signed transaction for a reason that does not keep it from landing elsewhere.
    RefusedByNodes => "REFUSED_BY_NODES",
    /// The revocation of a quarantined transfer ended without effect.
    RevocationFailed => "REVOCATION_FAILED",
    /// The canister holds no key that signs for the wallet.
    SignerError => "SIGNER_ERROR",
    /// A record of the canister's own cannot be used, so that nothing is signed or sent on it.
    StoreError => "STORE_ERROR",
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::codec::to_value;
    use std::collections::BTreeSet;

    #[test]
    fn codes_have_different_texts_of_capitals() {
        let texts: BTreeSet<&str> = ReasonCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), ReasonCode::ALL.len());
        let is_plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        assert!(texts.iter().all(is_plain), "{texts:?}");
    }

    #[test]
    fn a_code_in_the_log_is_its_text() {
        for code in ReasonCode::ALL {
            assert_eq!(to_value(code).expect("a text"), to_value(code.as_str()).expect("a text"));
        }
    }
}

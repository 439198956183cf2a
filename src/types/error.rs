//! The answer of every method that changed nothing: a stable code, a sentence, and details for programs.

use crate::chain::Chain;
use crate::named::Named;
use crate::status::Status;
use candid::CandidType;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// The reason of an error, for programs.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum ErrorDetail {
    /// The caller did not sign in.
    Anonymous,
    /// The caller lacks a power.
    Unauthorized {
        /// The holders of the power, such as "an Admin".
        needs: String,
    },
    /// No record has this name.
    NotFound {
        /// The kind of record, such as "wallet".
        what: String,
        /// The name that was given.
        id: String,
    },
    /// An argument cannot be accepted.
    InvalidArgument {
        /// The argument's name in the interface.
        field: String,
        /// The problem, and what would be right.
        problem: String,
    },
    /// The idempotency key belongs to another request.
    IdempotencyConflict {
        /// The transfer of that other request.
        transfer_id: u64,
        /// The hash of that other request.
        expected: ByteBuf,
        /// The hash of this request.
        got: ByteBuf,
    },
    /// The transfer's status does not allow the call.
    WrongStatus {
        /// The transfer's status.
        status: Named<Status>,
        /// The statuses that the call needs.
        needs: String,
    },
    /// A bound is reached.
    LimitReached {
        /// The bounded quantity.
        what: String,
        /// The bound.
        max: u64,
        /// The present number.
        current: u64,
    },
    /// The threshold public keys are not known yet; they are fetched right after installation.
    KeysNotReady,
    /// The change is in force already.
    AlreadySo {
        /// The state that the change would bring about.
        what: String,
    },
    /// The audit log is full, so nothing is spent.
    AuditUnavailable {
        /// The bytes of the kept entries.
        kept: u64,
        /// The bytes that the kept entries may take.
        capacity: u64,
    },
    /// No provider gave a usable answer; nothing has changed.
    ProviderUnavailable {
        /// The providers' chain.
        chain: Named<Chain>,
        /// The HTTP status of the last answer, if there was one.
        status_code: Option<u16>,
        /// The last provider's failure.
        problem: String,
    },
    /// No transaction can pay exactly this amount with what the wallet has.
    InvalidAmount {
        /// The nearest larger amount that can be paid, in base units of the asset.
        min: Option<u64>,
        /// The nearest smaller amount that can be paid, in base units of the asset.
        max: Option<u64>,
    },
    /// The wallet cannot spend the amount and its fee now; numbers are in base units of the asset.
    InsufficientFunds {
        /// The amount without its fee.
        required: u64,
        /// The funds that can be spent now.
        available: u64,
        /// The funds that are too young to be spent, such as mining rewards.
        immature: u64,
        /// The funds that unfinished transfers spend.
        reserved: u64,
        /// The most that can be paid now, after its fee; absent when nothing can.
        max: Option<u64>,
    },
    /// The network asks a higher fee than the cap; both are in base units of the native asset.
    FeeTooHigh {
        /// The network's fee.
        required: u64,
        /// The cap.
        max_fee: u64,
    },
    /// The transaction cannot be built.
    Unbuildable {
        /// The problem.
        problem: String,
    },
    /// The canister's own records contradict one another; nothing was done.
    Internal {
        /// The contradiction.
        problem: String,
    },
    /// The proposal is closed, or has to wait.
    ProposalStatus {
        /// The proposal.
        proposal_id: u64,
        /// The proposal's state, and what would be right.
        problem: String,
    },
    /// The record was changed since the caller read it.
    VersionConflict {
        /// The record.
        what: String,
        /// The version that the call names.
        expected: u64,
        /// The version in force.
        current: u64,
    },
    /// The owner has as many active wallets as one owner may have.
    WalletLimitReached {
        /// The bound.
        max: u64,
        /// The owner's active wallets.
        current: u64,
    },
}

/// The error of a method, which has changed nothing. One exception: the third `AUDIT_UNAVAILABLE` in a row starts an emergency.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Error {
    /// The stable code, for programs; `candid/purser.did` lists them.
    pub code: String,
    /// The sentence for people.
    pub message: String,
    /// The reason. Optional, so that a client of this version can read the errors of a later one.
    pub detail: Option<ErrorDetail>,
}

impl Error {
    /// Returns `VALIDATION_FAILED` for an argument that cannot be accepted.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        let (field, problem) = (field.into(), problem.into());
        Self {
            code: "VALIDATION_FAILED".into(),
            message: format!("{field}: {problem}"),
            detail: Some(ErrorDetail::InvalidArgument { field, problem }),
        }
    }

    /// Returns the same error with the interface's name of the argument in the place of the domain's.
    pub fn with_field(self, domain: &str, interface: &str) -> Self {
        match self.detail {
            Some(ErrorDetail::InvalidArgument { field, problem }) if field == domain => Self::invalid(interface, problem),
            _ => self,
        }
    }
}

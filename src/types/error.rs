//! The answer of every method that changed nothing: a stable code, a sentence, and details for programs.

use crate::chain::Chain;
use crate::named::Named;
use crate::status::Status;
use candid::CandidType;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// The most characters of an unusable address that an error repeats; no address is longer.
const MAX_SHOWN_ADDRESS: usize = 100;

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
    /// No provider could be asked; nothing has changed.
    ProviderUnavailable {
        /// The providers' chain.
        chain: Chain,
        /// The last provider's failure.
        problem: String,
    },
    /// A request about Kaspa cannot be carried out.
    Kaspa(KaspaError),
    /// The proposal is closed, or has to wait.
    ProposalStatus {
        /// The proposal.
        proposal_id: u64,
        /// The proposal's state, and what would be right.
        problem: String,
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

/// The reason why a request about Kaspa cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum KaspaError {
    /// A recipient cannot be paid.
    InvalidAddress {
        /// The address, at most 100 characters of it.
        address: String,
        /// The position of the recipient, and the problem.
        problem: String,
    },
    /// The paying key is not a point of its curve.
    InvalidPublicKey {
        /// The problem.
        problem: String,
    },
    /// A signature is not the registered key's signature of what is to be signed.
    InvalidSignature {
        /// The signature's position, or the number that is needed.
        problem: String,
    },
    /// No transaction can pay exactly this amount with the coins at hand.
    InvalidAmount {
        /// The nearest larger amount that can be paid, in sompi.
        min: Option<u64>,
        /// The nearest smaller amount that can be paid, in sompi.
        max: Option<u64>,
    },
    /// The wallet cannot spend the amount and its fee now.
    InsufficientFunds {
        /// The amount without its fee, in sompi.
        required: u64,
        /// The coins that can be spent now, in sompi.
        available: u64,
        /// The mining rewards that are not mature yet, in sompi.
        immature: u64,
        /// The coins that unfinished transfers spend, in sompi.
        reserved: u64,
        /// The most that can be paid now, after its fee, in sompi; absent when nothing can.
        max: Option<u64>,
    },
    /// The transaction cannot be made.
    InvalidTransaction {
        /// The problem.
        problem: String,
    },
    /// The network asks a higher fee than the cap.
    FeeTooHigh {
        /// The network's fee, in sompi.
        required: u64,
        /// The cap, in sompi.
        max_fee: u64,
    },
    /// No provider gave a usable answer.
    NetworkError {
        /// The HTTP status of the last answer, if there was one.
        status_code: Option<u16>,
        /// The problem.
        problem: String,
    },
    /// The transaction cannot be encoded or decoded.
    SerializationError {
        /// The problem.
        problem: String,
    },
    /// The digests to sign cannot be computed.
    CryptographicError {
        /// The problem.
        problem: String,
    },
    /// A provider serves another network than the configured one.
    ConfigurationError {
        /// The problem.
        problem: String,
    },
    /// An argument cannot be accepted.
    ValidationError {
        /// The argument's name in the interface.
        field: String,
        /// The problem, and what would be right.
        problem: String,
    },
    /// The canister's own records contradict one another; nothing was done.
    InternalError {
        /// The contradiction.
        problem: String,
    },
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

impl KaspaError {
    /// Returns the error of an address that cannot be paid, with at most 100 characters of the address.
    pub fn unusable(address: &str, problem: String) -> Self {
        Self::InvalidAddress { address: address.chars().take(MAX_SHOWN_ADDRESS).collect(), problem }
    }
}

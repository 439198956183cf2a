//! Why a command is not carried out. A refusal changes nothing and is not logged; a denial by the policy is not a refusal.

use crate::base::{Hash, ProposalId, TransferId};
use crate::transfer::Status;
use std::fmt;

/// Why a command is not carried out: what is wrong and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller did not sign in; the anonymous principal can do nothing.
    Anonymous,
    /// The caller lacks a power.
    Unauthorized {
        /// Who could do it.
        needs: &'static str,
    },
    /// There is no such thing.
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// As it was named.
        id: String,
    },
    /// An argument cannot be accepted.
    InvalidArgument {
        /// The argument as the interface calls it.
        field: &'static str,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// The idempotency key stands for another request of the same caller.
    IdempotencyConflict {
        /// The transfer the key stands for.
        transfer: TransferId,
        /// The hash of the request it stands for.
        expected: Hash,
        /// The hash of this request.
        got: Hash,
    },
    /// The transfer is not in a status that allows this.
    WrongStatus {
        /// Where it stands.
        status: Status,
        /// What the command needs.
        needs: &'static str,
    },
    /// A bound is reached.
    LimitReached {
        /// What is bounded.
        what: &'static str,
        /// The bound.
        max: u64,
        /// Where it stands.
        current: u64,
    },
    /// The threshold public keys are not known yet; they are fetched after installation.
    KeysNotReady,
    /// It is so already.
    AlreadySo {
        /// What is so.
        what: &'static str,
    },
    /// The proposal is over, or not ready.
    ProposalStatus {
        /// Which.
        proposal: ProposalId,
        /// Where it stands and what would be right.
        problem: String,
    },
    /// The owner has as many active wallets as an owner may have.
    WalletLimitReached {
        /// The bound.
        max: u64,
        /// Where it stands.
        current: u64,
    },
    /// The audit log has no room for what would have to be logged.
    AuditUnavailable {
        /// The bytes it takes.
        kept: u64,
        /// The bytes it may take.
        capacity: u64,
    },
}

impl Refusal {
    /// The stable text that programs match on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Anonymous | Self::Unauthorized { .. } => "AUTH_FAILED",
            Self::NotFound { .. } => "NOT_FOUND",
            Self::InvalidArgument { .. } => "VALIDATION_FAILED",
            Self::IdempotencyConflict { .. } => "IDEMPOTENCY_CONFLICT",
            Self::WrongStatus { .. } | Self::ProposalStatus { .. } => "WRONG_STATUS",
            Self::LimitReached { .. } => "LIMIT_REACHED",
            Self::KeysNotReady => "KEYS_NOT_READY",
            Self::AlreadySo { .. } => "ALREADY_SO",
            Self::WalletLimitReached { .. } => "WALLET_LIMIT_REACHED",
            Self::AuditUnavailable { .. } => "AUDIT_UNAVAILABLE",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("the anonymous principal can do nothing here; sign in"),
            Self::Unauthorized { needs } => write!(f, "this takes {needs}"),
            Self::NotFound { what, id } => write!(f, "there is no {what} {id}"),
            Self::InvalidArgument { field, problem } => write!(f, "{field}: {problem}"),
            Self::IdempotencyConflict { transfer, expected, got } => {
                write!(
                    f,
                    "the idempotency key already stands for transfer {transfer} with another request ({expected}, not {got}); use a new key"
                )
            }
            Self::WrongStatus { status, needs } => write!(f, "the transfer is {status:?}; this needs {needs}"),
            Self::LimitReached { what, max, current } => write!(f, "{what}: {current} of at most {max}"),
            Self::KeysNotReady => f.write_str("the threshold public keys are still being fetched; try again in a few seconds"),
            Self::AlreadySo { what } => f.write_str(what),
            Self::ProposalStatus { proposal, problem } => write!(f, "proposal {proposal}: {problem}"),
            Self::WalletLimitReached { max, current } => {
                write!(f, "the owner has {current} active wallets of at most {max}; deactivate one first")
            }
            Self::AuditUnavailable { kept, capacity } => {
                write!(f, "the audit log is full ({kept} of {capacity} bytes); archive it, or let it become larger")
            }
        }
    }
}

impl std::error::Error for Refusal {}

//! Refusals of commands.

use crate::base::{Hash, ProposalId, TransferId};
use crate::chains::config::ConfigError;
use crate::governance::settings::SettingsError;
use crate::transfer::Status;
use std::fmt;

/// The reason for which a command is not carried out, with the condition under which it would be.
///
/// A refusal changes nothing and is not logged. A denial by a policy is no refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller is the anonymous principal, which can do nothing.
    Anonymous,
    /// The caller lacks a power.
    Unauthorized {
        /// The principals that could do it.
        needs: &'static str,
    },
    /// A record does not exist.
    NotFound {
        /// The kind of the record.
        what: &'static str,
        /// The identifier as the caller gave it.
        id: String,
    },
    /// An argument cannot be accepted.
    InvalidArgument {
        /// The name of the argument in the interface.
        field: &'static str,
        /// The problem, with the values that would be accepted.
        problem: String,
    },
    /// The idempotency key stands for another request of the same caller.
    IdempotencyConflict {
        /// The transfer of the earlier request.
        transfer: TransferId,
        /// The hash of the earlier request.
        expected: Hash,
        /// The hash of this request.
        got: Hash,
    },
    /// The transfer's status does not allow the command.
    WrongStatus {
        /// The status of the transfer.
        status: Status,
        /// The condition that the command needs.
        needs: &'static str,
    },
    /// A limit on the number of records or requests is reached.
    LimitReached {
        /// The records or requests that are limited.
        what: &'static str,
        /// The limit.
        max: u64,
        /// The current number.
        current: u64,
    },
    /// The threshold public keys are not fetched yet.
    KeysNotReady,
    /// The state is already as the command demands.
    AlreadySo {
        /// The condition that holds already.
        what: &'static str,
    },
    /// The proposal is closed, or not ready.
    ProposalStatus {
        /// The proposal.
        proposal: ProposalId,
        /// The status of the proposal, and the command that would help.
        problem: String,
    },
    /// The owner has the most active wallets that an owner may have.
    WalletLimitReached {
        /// The limit.
        max: u64,
        /// The current number.
        current: u64,
    },
    /// The record was changed since the caller read it.
    VersionConflict {
        /// The record.
        what: String,
        /// The version that the caller expects.
        expected: u64,
        /// The version of the record.
        current: u64,
    },
    /// The audit log is full.
    AuditUnavailable {
        /// The bytes of the kept blocks.
        kept: u64,
        /// The capacity in bytes.
        capacity: u64,
    },
}

impl Refusal {
    /// Returns the stable code that programs match on.
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
            Self::VersionConflict { .. } => "VERSION_CONFLICT",
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
            Self::VersionConflict { what, expected, current } => {
                write!(f, "{what}: version {current} is in force, not {expected}; read it again, and decide about that")
            }
            Self::AuditUnavailable { kept, capacity } => {
                write!(f, "the audit log is full ({kept} of {capacity} bytes); archive it, or let it become larger")
            }
        }
    }
}

impl std::error::Error for Refusal {}

impl From<ConfigError> for Refusal {
    fn from(error: ConfigError) -> Self {
        invalid(error.field, error.problem)
    }
}

impl From<SettingsError> for Refusal {
    fn from(error: SettingsError) -> Self {
        invalid(error.field, error.problem)
    }
}

/// Makes the refusal of an argument.
pub(super) fn invalid(field: &'static str, problem: impl Into<String>) -> Refusal {
    Refusal::InvalidArgument { field, problem: problem.into() }
}

/// Makes the refusal of a command about a record that does not exist.
pub(super) fn not_found(what: &'static str, id: impl ToString) -> Refusal {
    Refusal::NotFound { what, id: id.to_string() }
}

/// Makes the refusal of a key that another wallet has.
pub(super) const fn already_taken_key() -> Refusal {
    Refusal::AlreadySo { what: "another wallet has this key" }
}

//! The envelope of every refusal: a stable code, a sentence, and the details for programs.

use super::kaspa::KaspaError;
use super::transfer::Status;
use super::wallet::Chain;
use candid::CandidType;
use purser_core::base;
use purser_core::state::Refusal;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// The most bytes of a provider's complaint that are passed on.
const MAX_PROBLEM_BYTES: usize = 512;

/// What exactly is wrong.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum ErrorDetail {
    /// The caller did not sign in.
    Anonymous,
    /// The caller lacks a power.
    Unauthorized {
        /// Whose it is.
        needs: String,
    },
    /// There is no such thing.
    NotFound {
        /// What kind of thing.
        what: String,
        /// As it was named.
        id: String,
    },
    /// An argument cannot be accepted.
    InvalidArgument {
        /// The argument as the interface calls it.
        field: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The idempotency key stands for another request.
    IdempotencyConflict {
        /// The transfer it stands for.
        transfer_id: u64,
        /// The hash of the request it stands for.
        expected: ByteBuf,
        /// The hash of this request.
        got: ByteBuf,
    },
    /// The transfer is not in a status that allows this.
    WrongStatus {
        /// Where it stands.
        status: Status,
        /// What the call needs.
        needs: String,
    },
    /// A bound is reached.
    LimitReached {
        /// What is bounded.
        what: String,
        /// The bound.
        max: u64,
        /// Where it stands.
        current: u64,
    },
    /// The threshold public keys are not here yet.
    KeysNotReady,
    /// It is so already.
    AlreadySo {
        /// What is so.
        what: String,
    },
    /// The audit log is full; nothing is spent that it has no room for.
    AuditUnavailable {
        /// The bytes it takes.
        kept: u64,
        /// The bytes it may take.
        capacity: u64,
    },
    /// A provider could not be asked; nothing is known and nothing has changed.
    ProviderUnavailable {
        /// Of which chain.
        chain: Chain,
        /// What happened.
        problem: String,
    },
    /// Something that was asked of Kaspa cannot be done.
    Kaspa(KaspaError),
    /// The proposal is over, or not ready.
    ProposalStatus {
        /// Which.
        proposal_id: u64,
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
}

/// Why a call changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Error {
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// Optional, so that a client of this version can read the errors of a later one.
    pub detail: Option<ErrorDetail>,
}

impl Error {
    /// An argument that cannot be accepted.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        let (field, problem) = (field.into(), problem.into());
        Self {
            code: "VALIDATION_FAILED".into(),
            message: format!("{field}: {problem}"),
            detail: Some(ErrorDetail::InvalidArgument { field, problem }),
        }
    }

    /// A provider that could not be asked. What it said is cut to a readable length.
    pub fn provider(chain: base::Chain, problem: &str) -> Self {
        let problem = problem[..problem.floor_char_boundary(MAX_PROBLEM_BYTES)].to_owned();
        Self {
            code: "PROVIDER_UNAVAILABLE".into(),
            message: format!("no {chain} provider could be asked: {problem}"),
            detail: Some(ErrorDetail::ProviderUnavailable { chain: chain.into(), problem }),
        }
    }

    /// Something that was asked of Kaspa cannot be done. What a provider said is cut to a readable length.
    pub fn kaspa(error: KaspaError) -> Self {
        let message = error.text();
        let message = message[..message.floor_char_boundary(MAX_PROBLEM_BYTES)].to_owned();
        Self { code: "KASPA_ERROR".into(), message, detail: Some(ErrorDetail::Kaspa(error)) }
    }

    /// An argument that only Kaspa's methods have, or have in a way of their own.
    pub fn invalid_on_kaspa(error: KaspaError) -> Self {
        Self { code: "VALIDATION_FAILED".into(), ..Self::kaspa(error) }
    }

    /// The same error in the words of Kaspa's methods: an argument that cannot be accepted becomes a [`KaspaError`].
    pub fn on_kaspa(self) -> Self {
        match self.detail {
            Some(ErrorDetail::InvalidArgument { field, problem }) => {
                Self::invalid_on_kaspa(KaspaError::ValidationError { field, problem })
            }
            _ => self,
        }
    }

    /// The same refusal about the argument that the domain calls `domain` and the interface `interface`.
    pub fn with_field(self, domain: &str, interface: &str) -> Self {
        match self.detail {
            Some(ErrorDetail::InvalidArgument { field, problem }) if field == domain => Self::invalid(interface, problem),
            _ => self,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (code, message) = (refusal.code().to_owned(), refusal.to_string());
        let detail = match refusal {
            Refusal::Anonymous => ErrorDetail::Anonymous,
            Refusal::Unauthorized { needs } => ErrorDetail::Unauthorized { needs: needs.into() },
            Refusal::NotFound { what, id } => ErrorDetail::NotFound { what: what.into(), id },
            Refusal::InvalidArgument { field, problem } => ErrorDetail::InvalidArgument { field: field.into(), problem },
            Refusal::IdempotencyConflict { transfer, expected, got } => ErrorDetail::IdempotencyConflict {
                transfer_id: transfer.get(),
                expected: ByteBuf::from(expected.0),
                got: ByteBuf::from(got.0),
            },
            Refusal::WrongStatus { status, needs } => ErrorDetail::WrongStatus { status: status.into(), needs: needs.into() },
            Refusal::LimitReached { what, max, current } => ErrorDetail::LimitReached { what: what.into(), max, current },
            Refusal::KeysNotReady => ErrorDetail::KeysNotReady,
            Refusal::AlreadySo { what } => ErrorDetail::AlreadySo { what: what.into() },
            Refusal::ProposalStatus { proposal, problem } => ErrorDetail::ProposalStatus { proposal_id: proposal.get(), problem },
            Refusal::WalletLimitReached { max, current } => ErrorDetail::WalletLimitReached { max, current },
            Refusal::AuditUnavailable { kept, capacity } => ErrorDetail::AuditUnavailable { kept, capacity },
        };
        Self { code, message, detail: Some(detail) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_core::base::{Hash, TransferId};
    use purser_core::transfer;

    fn of(refusal: Refusal) -> (String, String, ErrorDetail) {
        let Error { code, message, detail } = refusal.into();
        (code, message, detail.expect("a detail"))
    }

    #[test]
    fn a_refusal_keeps_its_code_its_sentence_and_its_details() {
        assert_eq!(
            of(Refusal::Unauthorized { needs: "an Admin" }),
            ("AUTH_FAILED".into(), "this takes an Admin".into(), ErrorDetail::Unauthorized { needs: "an Admin".into() })
        );
        assert_eq!(
            of(Refusal::NotFound { what: "wallet", id: "9".into() }),
            ("NOT_FOUND".into(), "there is no wallet 9".into(), ErrorDetail::NotFound { what: "wallet".into(), id: "9".into() })
        );
        let (code, _, detail) = of(Refusal::WrongStatus { status: transfer::Status::Submitted, needs: "patience" });
        assert_eq!(
            (code.as_str(), detail),
            ("WRONG_STATUS", ErrorDetail::WrongStatus { status: Status::Submitted, needs: "patience".into() })
        );
        let (code, _, detail) = of(Refusal::LimitReached { what: "agents", max: 100, current: 99 });
        assert_eq!(code, "LIMIT_REACHED");
        assert_eq!(detail, ErrorDetail::LimitReached { what: "agents".into(), max: 100, current: 99 });
    }

    #[test]
    fn a_conflict_does_not_swap_its_hashes() {
        let (code, _, detail) =
            of(Refusal::IdempotencyConflict { transfer: TransferId::new(7), expected: Hash([1; 32]), got: Hash([2; 32]) });
        assert_eq!(code, "IDEMPOTENCY_CONFLICT");
        assert_eq!(
            detail,
            ErrorDetail::IdempotencyConflict { transfer_id: 7, expected: ByteBuf::from([1; 32]), got: ByteBuf::from([2; 32]) }
        );
    }

    #[test]
    fn a_field_is_renamed_only_when_it_is_the_one() {
        let error = Error::from(Refusal::InvalidArgument { field: "principal", problem: "nobody".into() });
        assert_eq!(error.clone().with_field("principal", "member"), Error::invalid("member", "nobody"));
        assert_eq!(error.clone().with_field("role", "member"), error);
        let other = Error::from(Refusal::Anonymous);
        assert_eq!(other.clone().with_field("principal", "member"), other);
    }

    #[test]
    fn a_long_complaint_of_a_provider_is_cut_between_characters() {
        let error = Error::provider(base::Chain::Kaspa, &"é".repeat(300_000));
        assert_eq!(error.code, "PROVIDER_UNAVAILABLE");
        assert_eq!(error.message, format!("no Kaspa provider could be asked: {}", "é".repeat(256)));
    }
}

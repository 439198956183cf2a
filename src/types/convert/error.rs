//! Refusals of the domain as errors of the interface, and the sentences of errors about Kaspa.

use crate::error::{Error, ErrorDetail, KaspaError};
use crate::status::Status;
use purser_core::base::{self, Amount, amount_text};
use purser_core::chains::kaspa::replace::ReplaceError;
use purser_core::chains::kaspa::select::{Obstacle, SelectError};
use purser_core::state::Refusal;
use serde_bytes::ByteBuf;

/// The most bytes of a provider's failure in an error.
const MAX_PROBLEM_BYTES: usize = 512;

impl Error {
    /// Returns `PROVIDER_UNAVAILABLE` for a provider that could not be asked, with at most 512 bytes of its failure.
    pub fn provider(chain: base::Chain, problem: &str) -> Self {
        let problem = problem[..problem.floor_char_boundary(MAX_PROBLEM_BYTES)].to_owned();
        Self {
            code: "PROVIDER_UNAVAILABLE".into(),
            message: format!("no {chain} provider could be asked: {problem}"),
            detail: Some(ErrorDetail::ProviderUnavailable { chain: chain.into(), problem }),
        }
    }

    /// Returns `KASPA_ERROR` for a request that cannot be carried out, with a message of at most 512 bytes.
    pub fn kaspa(error: KaspaError) -> Self {
        let message = error.text();
        let message = message[..message.floor_char_boundary(MAX_PROBLEM_BYTES)].to_owned();
        Self { code: "KASPA_ERROR".into(), message, detail: Some(ErrorDetail::Kaspa(error)) }
    }

    /// Returns `VALIDATION_FAILED` for an argument of a method that answers with a [`KaspaError`].
    pub fn invalid_on_kaspa(error: KaspaError) -> Self {
        Self { code: "VALIDATION_FAILED".into(), ..Self::kaspa(error) }
    }

    /// Returns the same error with a [`KaspaError`] in the place of an argument that cannot be accepted.
    pub fn on_kaspa(self) -> Self {
        match self.detail {
            Some(ErrorDetail::InvalidArgument { field, problem }) => {
                Self::invalid_on_kaspa(KaspaError::ValidationError { field, problem })
            }
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
            Refusal::WrongStatus { status, needs } => {
                ErrorDetail::WrongStatus { status: Status::from(status).into(), needs: needs.into() }
            }
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

impl KaspaError {
    /// Returns the reason why no coins pay `required`.
    pub fn of_coins(error: SelectError, required: Amount) -> Self {
        let get = |amount: Option<Amount>| amount.map(Amount::get);
        match error {
            SelectError::InsufficientFunds { spendable, immature, reserved, largest } => Self::InsufficientFunds {
                required: required.get(),
                available: spendable.get(),
                immature: immature.get(),
                reserved: reserved.get(),
                max: get(largest),
            },
            SelectError::Unbuildable { obstacle: Obstacle::Fee(over), .. } => {
                Self::FeeTooHigh { required: over.floor.get(), max_fee: over.max_fee.get() }
            }
            SelectError::Unbuildable { below, above, .. } => Self::InvalidAmount { min: get(above), max: get(below) },
            SelectError::TooManyInputs { largest, .. } => Self::InvalidAmount { min: None, max: get(largest) },
            SelectError::ZeroAmount | SelectError::InvalidUtxos | SelectError::NothingToConsolidate { .. } => {
                Self::InvalidTransaction { problem: error.to_string() }
            }
        }
    }

    /// Returns the sentence for people.
    pub fn text(&self) -> String {
        let kas = |sompi: &u64| amount_text(base::Asset::Kas, Amount::new(*sompi));
        let or = |label: &str, amount: &Option<u64>| amount.map(|sompi| format!("; {label} {}", kas(&sompi))).unwrap_or_default();
        match self {
            Self::InvalidAmount { min, max } => {
                let (min, max) = (or("more can be paid from", min), or("less can be paid up to", max));
                format!("no transaction can pay exactly this amount with the coins at hand{max}{min}")
            }
            Self::InsufficientFunds { required, available, immature, reserved, max } => format!(
                "{} and a fee are needed, {} can be spent now; immature: {}; held by transfers under way: {}{}",
                kas(required),
                kas(available),
                kas(immature),
                kas(reserved),
                or("at most this can be paid:", max)
            ),
            Self::InvalidAddress { problem, .. } => problem.clone(),
            Self::InvalidPublicKey { problem } => format!("the key that would pay cannot be used: {problem}"),
            Self::InvalidSignature { problem } => format!("signatures: {problem}"),
            Self::InvalidTransaction { problem } => problem.clone(),
            Self::SerializationError { problem } => format!("the transaction cannot be encoded: {problem}"),
            Self::CryptographicError { problem } => format!("what is to be signed cannot be computed: {problem}"),
            Self::ConfigurationError { problem } => format!("the installation does not fit the network: {problem}"),
            Self::ValidationError { field, problem } => format!("{field}: {problem}"),
            Self::InternalError { problem } => format!("nothing was done, because the records contradict themselves: {problem}"),
            Self::FeeTooHigh { required, max_fee } => {
                format!("the network asks a fee of {} and at most {} are allowed", kas(required), kas(max_fee))
            }
            Self::NetworkError { status_code: Some(status), problem } => {
                format!("Kaspa providers gave no answer (HTTP {status}): {problem}")
            }
            Self::NetworkError { status_code: None, problem } => format!("Kaspa providers gave no answer: {problem}"),
        }
    }
}

impl From<ReplaceError> for KaspaError {
    fn from(error: ReplaceError) -> Self {
        Self::InvalidTransaction { problem: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_core::base::{Hash, TransferId};
    use purser_core::chains::kaspa::fee::FloorOverCap;
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
            ("WRONG_STATUS", ErrorDetail::WrongStatus { status: Status::Submitted.into(), needs: "patience".into() })
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

    #[test]
    fn errors_carry_the_amounts_that_would_do() {
        let of = |error| KaspaError::of_coins(error, Amount::new(50));
        let rest = Obstacle::Rest { rest: Amount::new(1) };
        let unbuildable =
            of(SelectError::Unbuildable { obstacle: rest, below: Some(Amount::new(40)), above: Some(Amount::new(60)) });
        assert_eq!(unbuildable, KaspaError::InvalidAmount { min: Some(60), max: Some(40) });
        assert_eq!(
            unbuildable.text(),
            "no transaction can pay exactly this amount with the coins at hand; less can be paid up to 0.0000004 KAS (40 sompi); more can be paid from 0.0000006 KAS (60 sompi)"
        );
        let over = Obstacle::Fee(FloorOverCap { floor: Amount::new(9), max_fee: Amount::new(8) });
        let over = of(SelectError::Unbuildable { obstacle: over, below: None, above: None });
        assert_eq!(over, KaspaError::FeeTooHigh { required: 9, max_fee: 8 });
        let poor = of(SelectError::InsufficientFunds {
            spendable: Amount::new(1),
            immature: Amount::new(2),
            reserved: Amount::new(3),
            largest: Some(Amount::new(100_000_000)),
        });
        assert_eq!(
            poor,
            KaspaError::InsufficientFunds { required: 50, available: 1, immature: 2, reserved: 3, max: Some(100_000_000) }
        );
        let hint = "; at most this can be paid: 1 KAS (100,000,000 sompi)";
        assert!(poor.text().ends_with(hint), "{}", poor.text());
        let silent = KaspaError::NetworkError { problem: "nothing".into(), status_code: Some(503) };
        assert_eq!(silent.text(), "Kaspa providers gave no answer (HTTP 503): nothing");
    }
}

//! Refusals of the domain, and payments that cannot be made, as errors of the interface.

use crate::chain::Chain;
use crate::error::{Error, ErrorDetail};
use crate::status::Status;
use purser_core::base::{self, Amount, amount_text};
use purser_core::state::Refusal;
use serde_bytes::ByteBuf;

/// The most bytes of a provider's failure in an error.
const MAX_PROBLEM_BYTES: usize = 512;

impl Error {
    /// Returns `PROVIDER_UNAVAILABLE` when no provider gave a usable answer, with at most 512 bytes of the last failure.
    pub fn provider(chain: base::Chain, status_code: Option<u16>, problem: &str) -> Self {
        let problem = bounded(problem);
        let status = status_code.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
        Self {
            code: "PROVIDER_UNAVAILABLE".into(),
            message: format!("no {chain} provider gave a usable answer{status}: {problem}"),
            detail: Some(ErrorDetail::ProviderUnavailable { chain: Chain::from(chain).into(), status_code, problem }),
        }
    }

    /// Returns `INVALID_AMOUNT` when no transaction pays exactly this much of `asset`, with the nearest amounts that can be paid.
    pub fn invalid_amount(asset: base::Asset, min: Option<Amount>, max: Option<Amount>) -> Self {
        let (more, less) = (hint("more can be paid from", asset, min), hint("less can be paid up to", asset, max));
        Self {
            code: "INVALID_AMOUNT".into(),
            message: format!("no transaction can pay exactly this amount with the coins at hand{less}{more}"),
            detail: Some(ErrorDetail::InvalidAmount { min: min.map(Amount::get), max: max.map(Amount::get) }),
        }
    }

    /// Returns `INSUFFICIENT_FUNDS` when a wallet cannot spend `required` of `asset`.
    pub fn insufficient_funds(asset: base::Asset, required: Amount, funds: Funds) -> Self {
        let show = |amount| amount_text(asset, amount);
        let Funds { available, immature, reserved, max } = funds;
        Self {
            code: "INSUFFICIENT_FUNDS".into(),
            message: format!(
                "{} and a fee are needed, {} can be spent now; immature: {}; held by transfers under way: {}{}",
                show(required),
                show(available),
                show(immature),
                show(reserved),
                hint("at most this can be paid:", asset, max)
            ),
            detail: Some(ErrorDetail::InsufficientFunds {
                required: required.get(),
                available: available.get(),
                immature: immature.get(),
                reserved: reserved.get(),
                max: max.map(Amount::get),
            }),
        }
    }

    /// Returns `FEE_TOO_HIGH` when the network asks more of the native `asset` than the cap.
    pub fn fee_too_high(asset: base::Asset, required: Amount, max_fee: Amount) -> Self {
        let (asks, allowed) = (amount_text(asset, required), amount_text(asset, max_fee));
        Self {
            code: "FEE_TOO_HIGH".into(),
            message: format!("the network asks a fee of {asks} and at most {allowed} are allowed"),
            detail: Some(ErrorDetail::FeeTooHigh { required: required.get(), max_fee: max_fee.get() }),
        }
    }

    /// Returns `UNBUILDABLE` for a transaction that cannot be made, with at most 512 bytes of the problem.
    pub fn unbuildable(problem: &str) -> Self {
        let problem = bounded(problem);
        Self { code: "UNBUILDABLE".into(), message: problem.clone(), detail: Some(ErrorDetail::Unbuildable { problem }) }
    }

    /// Returns `INTERNAL_ERROR` for records that contradict one another, with at most 512 bytes of the problem.
    pub fn internal(problem: &str) -> Self {
        let problem = bounded(problem);
        Self {
            code: "INTERNAL_ERROR".into(),
            message: format!("nothing was done, because the records contradict themselves: {problem}"),
            detail: Some(ErrorDetail::Internal { problem }),
        }
    }
}

/// The funds of a wallet that cannot make a payment, in base units.
#[derive(Clone, Copy, Debug)]
pub struct Funds {
    /// The funds that can be spent now.
    pub available: Amount,
    /// The funds that are too young to be spent.
    pub immature: Amount,
    /// The funds that unfinished transfers spend.
    pub reserved: Amount,
    /// The most that can be paid now, after its fee.
    pub max: Option<Amount>,
}

fn bounded(problem: &str) -> String {
    problem[..problem.floor_char_boundary(MAX_PROBLEM_BYTES)].to_owned()
}

fn hint(label: &str, asset: base::Asset, amount: Option<Amount>) -> String {
    amount.map(|amount| format!("; {label} {}", amount_text(asset, amount))).unwrap_or_default()
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
            Refusal::VersionConflict { what, expected, current } => ErrorDetail::VersionConflict { what, expected, current },
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
        let error = Error::provider(base::Chain::Kaspa, Some(503), &"é".repeat(300_000));
        assert_eq!(error.code, "PROVIDER_UNAVAILABLE");
        assert_eq!(error.message, format!("no Kaspa provider gave a usable answer (HTTP 503): {}", "é".repeat(256)));
    }

    #[test]
    fn amounts_stand_in_the_sentence_and_in_the_details() {
        let (asset, amount) = (base::Asset::Sol, Amount::new);
        let no = Error::invalid_amount(asset, Some(amount(60)), Some(amount(40)));
        assert_eq!(
            no.message,
            "no transaction can pay exactly this amount with the coins at hand; less can be paid up to 0.00000004 SOL (40 lamports); more can be paid from 0.00000006 SOL (60 lamports)"
        );
        assert_eq!(no.detail, Some(ErrorDetail::InvalidAmount { min: Some(60), max: Some(40) }));
        let dear = Error::fee_too_high(asset, amount(9), amount(8));
        assert_eq!((dear.code.as_str(), dear.detail), ("FEE_TOO_HIGH", Some(ErrorDetail::FeeTooHigh { required: 9, max_fee: 8 })));
        let funds = Funds { available: amount(1), immature: amount(2), reserved: amount(3), max: Some(amount(1_000_000_000)) };
        let poor = Error::insufficient_funds(asset, amount(50), funds);
        assert!(poor.message.ends_with("; at most this can be paid: 1 SOL (1,000,000,000 lamports)"), "{}", poor.message);
        let detail =
            ErrorDetail::InsufficientFunds { required: 50, available: 1, immature: 2, reserved: 3, max: Some(1_000_000_000) };
        assert_eq!(poor.detail, Some(detail));
    }
}

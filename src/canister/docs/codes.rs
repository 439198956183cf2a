//! `docs/codes.md`: every code that a caller can meet.
//!
//! The codes come from the types, and their texts from here. Each list matches its type exhaustively, so that a variant without a text does
//! not compile.

mod reasons;
mod witnesses;

use super::{fill, read, table};
use crate::fixture::installed;
use purser_core::base::{Amount, Asset, Chain, Hash, ProposalId, Timestamp, TransferId};
use purser_core::state::Refusal;
use purser_core::transfer;
use purser_types::convert::error::Funds;
use purser_types::{ConsentError, Error, ErrorDetail, RuleKind, Status};
use std::collections::BTreeSet;

/// The chance of the same call, or request, to succeed later.
enum Retry {
    No,
    Later,
}

impl Retry {
    fn text(&self) -> String {
        match self {
            Self::No => "fails again",
            Self::Later => "may succeed",
        }
        .to_owned()
    }
}

/// The variants of a type, each with an example or nothing, and with its texts. A variant that is missing does not compile.
macro_rules! catalogue {
    ($type:ty { $($pattern:pat => $entry:expr),* $(,)? }) => {{
        let _complete = |value: &$type| match value { $($pattern => ()),* };
        vec![$($entry),*]
    }};
}
use catalogue;

/// The name of a variant, as Candid writes it.
fn variant(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

/// Why commands are refused, one example of each.
fn refusals() -> Vec<Refusal> {
    let (hash, id) = (Hash([0; 32]), String::new());
    catalogue!(Refusal {
        Refusal::Anonymous => Refusal::Anonymous,
        Refusal::Unauthorized { .. } => Refusal::Unauthorized { needs: "" },
        Refusal::NotFound { .. } => Refusal::NotFound { what: "", id },
        Refusal::InvalidArgument { .. } => Refusal::InvalidArgument { field: "", problem: String::new() },
        Refusal::IdempotencyConflict { .. } => Refusal::IdempotencyConflict { transfer: TransferId::new(1), expected: hash, got: hash },
        Refusal::WrongStatus { .. } => Refusal::WrongStatus { status: transfer::Status::Built, needs: "" },
        Refusal::LimitReached { .. } => Refusal::LimitReached { what: "", max: 0, current: 0 },
        Refusal::KeysNotReady => Refusal::KeysNotReady,
        Refusal::AlreadySo { .. } => Refusal::AlreadySo { what: "" },
        Refusal::ProposalStatus { .. } => Refusal::ProposalStatus { proposal: ProposalId::new(1), problem: String::new() },
        Refusal::WalletLimitReached { .. } => Refusal::WalletLimitReached { max: 0, current: 0 },
        Refusal::VersionConflict { .. } => Refusal::VersionConflict { what: String::new(), expected: 0, current: 0 },
        Refusal::AuditUnavailable { .. } => Refusal::AuditUnavailable { kept: 0, capacity: 0 },
    })
}

/// What an error says, what it means, what to do, and whether to try again.
type ErrorEntry = (Error, &'static str, &'static str, Retry);

fn errors() -> Vec<ErrorEntry> {
    let of = |wanted: fn(&Refusal) -> bool| Error::from(refusals().into_iter().find(wanted).expect("there is an example of each"));
    catalogue!(ErrorDetail {
        ErrorDetail::Anonymous => (
            of(|refusal| matches!(refusal, Refusal::Anonymous)),
            "The caller did not sign in.",
            "Sign the call with an identity.",
            Retry::No,
        ),
        ErrorDetail::Unauthorized { .. } => (
            of(|refusal| matches!(refusal, Refusal::Unauthorized { .. })),
            "The caller lacks a power; `needs` names it.",
            "Ask an admin for the power, or let a principal with it call. `my_permissions` lists the caller's.",
            Retry::No,
        ),
        ErrorDetail::NotFound { .. } => (
            of(|refusal| matches!(refusal, Refusal::NotFound { .. })),
            "There is no `what` with the name `id`.",
            "Look the name up with the list method of its kind.",
            Retry::No,
        ),
        ErrorDetail::InvalidArgument { .. } => (
            of(|refusal| matches!(refusal, Refusal::InvalidArgument { .. })),
            "The argument `field` cannot be accepted.",
            "Change it as `problem` says. The bounds are in [settings.md](settings.md).",
            Retry::No,
        ),
        ErrorDetail::IdempotencyConflict { .. } => (
            of(|refusal| matches!(refusal, Refusal::IdempotencyConflict { .. })),
            "The idempotency key stands for another request of the same caller, which made `transfer_id`.",
            "Look at that transfer. For another payment use another key; never change the key of the same payment.",
            Retry::No,
        ),
        ErrorDetail::WrongStatus { .. } => (
            of(|refusal| matches!(refusal, Refusal::WrongStatus { .. })),
            "The transfer is in `status`; the call needs `needs`.",
            "Read the transfer with `get_transfer` and decide anew.",
            Retry::No,
        ),
        ErrorDetail::LimitReached { .. } => (
            of(|refusal| matches!(refusal, Refusal::LimitReached { .. })),
            "The number of `what` is at its bound: `current` of `max`.",
            "Wait until one ends, or end one.",
            Retry::Later,
        ),
        ErrorDetail::KeysNotReady => (
            of(|refusal| matches!(refusal, Refusal::KeysNotReady)),
            "The public keys that are fetched after the installation are not known yet; for `record_client`, the hash key.",
            "Wait some seconds. `get_config` shows `keys_ready`.",
            Retry::Later,
        ),
        ErrorDetail::AlreadySo { .. } => (
            of(|refusal| matches!(refusal, Refusal::AlreadySo { .. })),
            "The state already is as the call would make it; `what` says how.",
            "–",
            Retry::No,
        ),
        ErrorDetail::AuditUnavailable { .. } => (
            of(|refusal| matches!(refusal, Refusal::AuditUnavailable { .. })),
            "The audit log has no room for the entry. The third such answer in a row starts an emergency.",
            "An auditor archives the log and calls `confirm_archive`, or an admin raises `capacity` with `set_audit_settings`.",
            Retry::Later,
        ),
        ErrorDetail::ProviderUnavailable { .. } => (
            Error::provider(Chain::Kaspa, None, ""),
            "No provider of `chain` gave a usable answer. Nothing has changed.",
            "Try again; if it stays so, look at `list_providers` and `get_metrics`.",
            Retry::Later,
        ),
        ErrorDetail::InvalidAmount { .. } => (
            Error::invalid_amount(Asset::Kas, None, None),
            "No transaction pays exactly this amount with the wallet's coins.",
            "Ask for `max` or less, or for `min` or more.",
            Retry::No,
        ),
        ErrorDetail::InsufficientFunds { .. } => (
            Error::insufficient_funds(
                Asset::Kas,
                Amount::ZERO,
                Funds { available: Amount::ZERO, immature: Amount::ZERO, reserved: Amount::ZERO, max: None },
            ),
            "The wallet's spendable funds do not cover amount and fee.",
            "Fund the wallet, wait for immature or reserved funds, or ask for `max` or less.",
            Retry::Later,
        ),
        ErrorDetail::FeeTooHigh { .. } => (
            Error::fee_too_high(Asset::Kas, Amount::ZERO, Amount::ZERO),
            "The network's fee is above the fee cap.",
            "Raise `max_fee`; for KAS choose a lower `fee_speed`, or call `consolidate_kaspa` first.",
            Retry::Later,
        ),
        ErrorDetail::Unbuildable { .. } => (
            Error::unbuildable(""),
            "The transaction cannot be built as asked.",
            "Read `problem`.",
            Retry::No,
        ),
        ErrorDetail::Internal { .. } => (
            Error::internal(""),
            "The canister's records contradict each other. Nothing has changed.",
            "Call `verify_integrity`, and report it.",
            Retry::No,
        ),
        ErrorDetail::ProposalStatus { .. } => (
            of(|refusal| matches!(refusal, Refusal::ProposalStatus { .. })),
            "The proposal has ended, or its time lock or quorum is open; `problem` says which.",
            "Read it with `get_proposal`; make a new one if it has ended.",
            Retry::No,
        ),
        ErrorDetail::VersionConflict { .. } => (
            of(|refusal| matches!(refusal, Refusal::VersionConflict { .. })),
            "The record has version `current`, and the call named another as `expected_version`: somebody changed it meanwhile.",
            "Read the record again and decide about what it says now.",
            Retry::No,
        ),
        ErrorDetail::WalletLimitReached { .. } => (
            of(|refusal| matches!(refusal, Refusal::WalletLimitReached { .. })),
            "The owner's active wallets are at their bound: `current` of `max`.",
            "Deactivate one with `change_wallet`, or let an admin raise `max_wallets_per_owner`.",
            Retry::No,
        ),
    })
}

fn error_table() -> String {
    let rows = errors().into_iter().map(|(error, meaning, remedy, retry)| {
        let detail = variant(&error.detail.expect("an error has a detail"));
        [format!("`{}`", error.code), format!("`{detail}`"), meaning.to_owned(), remedy.to_owned(), retry.text()]
    });
    table(["`code`", "`detail`", "meaning", "what to do", "same call later"], rows)
}

fn reason_table() -> String {
    let rows = reasons::reasons().into_iter().map(|(code, place, meaning, remedy, retry)| {
        [format!("`{code}`"), place.to_owned(), meaning.to_owned(), remedy.to_owned(), retry.text()]
    });
    table(["`code`", "where", "meaning", "what to do", "same request later"], rows)
}

fn kinds() -> Vec<(RuleKind, &'static str)> {
    use RuleKind::*;
    catalogue!(RuleKind {
        RuleKind::Mode => (Mode, "emergency"),
        RuleKind::Policy => (Policy, "policy missing, or agent removed"),
        RuleKind::PerTransaction => (PerTransaction, "limit per transaction"),
        RuleKind::SpendingLimit => (SpendingLimit, "limit over time"),
        RuleKind::Allowlist => (Allowlist, "allowlist, its recipients' limits, `AnyAddress`"),
        RuleKind::ValueLimit => (ValueLimit, "value limit"),
        RuleKind::Denylist => (Denylist, "denylist"),
        RuleKind::RateLimit => (RateLimit, "rate limit, or the agent's quota"),
        RuleKind::ActiveHours => (ActiveHours, "active hours"),
        RuleKind::Approval => (Approval, "approval needed, or impossible"),
        RuleKind::MinimumBalance => (MinimumBalance, "minimum balance; checked when the balance is read, not in findings"),
        RuleKind::Session => (Session, "session missing or closed"),
        RuleKind::CircuitBreaker => (CircuitBreaker, "circuit breaker of the agent or of the chain"),
        RuleKind::Wallet => (Wallet, "wallet deactivated"),
    })
}

fn statuses() -> Vec<(Status, &'static str, &'static str)> {
    use Status::*;
    catalogue!(Status {
        Status::Reserved => (Reserved, "Allowed; amount and fee cap are reserved.", "Wait."),
        Status::Built => (Built, "The bytes to sign are recorded.", "Wait; the owner of a client-side wallet signs `to_sign`."),
        Status::Signed => (Signed, "The signed bytes are recorded; nothing was broadcast.", "Wait."),
        Status::Submitted => (Submitted, "The signed bytes may have reached the chain.", "Wait. Do not make the payment in another way."),
        Status::Expired => (Expired, "The attempt provably cannot land; the next one is built.", "Wait."),
        Status::Confirmed => (Confirmed, "Landed and final.", "Read `txid` and `fee_paid`."),
        Status::Failed => (Failed, "Ended; the amount did not move.", "Read `code` and `note`; make a new request if the payment is still wanted."),
        Status::Cancelled => (Cancelled, "Ended before its bytes were signed, or after they provably could not land.", "Make a new request if the payment is still wanted."),
        Status::Quarantined => (Quarantined, "Stopped; its money stays reserved until an admin decides.", "An admin looks at the chain and calls `resolve_quarantine`."),
        Status::AwaitingApproval => (AwaitingApproval, "An approval is needed; amount and fee cap are reserved.", "Wait until `approval.expires_at`, or `approval.ready_at` once approved."),
        Status::Rejected => (Rejected, "Rejected by people, by time, or by a change of the policy.", "Read `code` and `note`."),
    })
}

fn consent_errors() -> Vec<(&'static str, &'static str, &'static str)> {
    catalogue!(ConsentError {
        ConsentError::UnsupportedCanisterCall(_) => (
            "UnsupportedCanisterCall",
            "No such update, an update without effect on money or powers, unreadable arguments, or an unknown wallet, transfer, session or proposal; see `description`.",
            "Correct the call.",
        ),
        ConsentError::ConsentMessageUnavailable(_) => ("ConsentMessageUnavailable", "Defined by ICRC-21; not used.", "–"),
        ConsentError::InsufficientPayment(_) => ("InsufficientPayment", "Defined by ICRC-21; not used.", "–"),
        ConsentError::GenericError { .. } => ("GenericError", "Defined by ICRC-21; not used.", "–"),
    })
}

#[test]
fn codes_md_is_what_the_code_says() {
    let code = |name: &dyn std::fmt::Debug| format!("`{name:?}`");
    let kinds = kinds().into_iter().map(|(kind, what)| [code(&kind), what.to_owned()]);
    let statuses = statuses().into_iter().map(|(status, meaning, remedy)| [code(&status), meaning.to_owned(), remedy.to_owned()]);
    let consent =
        consent_errors().into_iter().map(|(name, meaning, remedy)| [format!("`{name}`"), meaning.to_owned(), remedy.to_owned()]);
    let parts = [
        ("errors", error_table()),
        ("reasons", reason_table()),
        ("kinds", table(["`rule`", "subject"], kinds)),
        ("statuses", table(["`status`", "meaning", "what to do"], statuses)),
        ("consent_errors", table(["`ConsentError`", "meaning", "what to do"], consent)),
        ("readiness", table(["`name`", "checks"], READINESS.map(|(name, what)| [format!("`{name}`"), what.to_owned()]))),
    ];
    fill("docs/codes.md", &parts);
}

/// Every refusal has a code that is described, and the interface names exactly those.
#[test]
fn no_refusal_has_a_code_without_a_text() {
    let described: BTreeSet<String> = errors().into_iter().map(|(error, ..)| error.code).collect();
    for refusal in refusals() {
        assert!(described.contains(refusal.code()), "{}", refusal.code());
    }
    let interface = read("candid/purser.did");
    for code in &described {
        assert!(interface.contains(code.as_str()), "candid/purser.did does not name {code}");
    }
}

const READINESS: [(&str, &str); 16] = [
    ("no_hardcoded_keys", "every key is derived from the subnet's threshold keys"),
    ("allowlist", "every active wallet has allowlists only"),
    ("spending_limits", "every asset that a wallet can send is limited per transaction and per 24 hours"),
    ("rate_limits", "every wallet, or each of its agents, has a rate limit of executions"),
    ("approval_gate", "every active wallet has an approval rule"),
    ("circuit_breaker", "the agents' circuit breaker has a cool-down"),
    ("persistent_store", "the state survives upgrades; always true"),
    ("audit_active", "the log has entries"),
    ("integrity", "the newest 100 entries are chained up to the tip"),
    ("private_rpc", "each chain has more providers than have to agree, at least two, all over https"),
    ("error_alerting", "never: whether somebody is called is not checked"),
    ("backups", "there is an auditor, and the newest confirmed archive ends less than a week ago"),
    ("process_manager", "the cycles are above the reserve"),
    ("key_storage", "the threshold keys are production keys"),
    ("time_zones", "the time zone rules are not older than half a year after their year"),
    ("admin_quorum", "there are more admins than must agree"),
];

#[test]
fn the_items_of_the_checklist_are_described() {
    let state = installed();
    let names: Vec<&str> = state.production_readiness(0, 0, Timestamp::from_nanos(1)).iter().map(|item| item.name).collect();
    assert_eq!(names, READINESS.map(|(name, _)| name));
}

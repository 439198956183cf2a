use super::fixture::*;
use crate::base::{Amount, Asset, Bytes, Chain, DAY_NS, HOUR_NS};
use crate::chains::kaspa::transfer::KaspaBuilt;
use crate::chains::registry::Built;
use crate::chains::solana::transfer::SolanaBuilt;
use crate::policy::{Decision, ReasonCode, Rule, RuleKind};
use crate::state::{Refusal, State};
use crate::transfer::{BuiltTx, Outcome, Status, TransferRequest};
use crate::wallet::KeyKind;

fn denial(state: &TestState, request: TransferRequest, now: u64) -> Vec<(RuleKind, ReasonCode)> {
    match state.decide_transfer(agent(), request, at(now)).unwrap() {
        (Some(_), Outcome::Denied { evaluation }) => {
            assert_eq!(evaluation.decision, Decision::Deny);
            evaluation.findings.into_iter().filter_map(|finding| Some((finding.rule, finding.code?))).collect()
        }
        (_, other) => panic!("not denied: {other:?}"),
    }
}

fn refusal(state: &TestState, request: TransferRequest) -> Refusal {
    state.decide_transfer(agent(), request, at(0)).unwrap_err()
}

fn used(state: &TestState, now: u64) -> (u64, u64) {
    let usage = state.usage(WALLET, Asset::Sol, at(now));
    (usage.posted.get(), usage.reserved.get())
}

#[test]
fn limits_are_inclusive_to_the_base_unit() {
    let mut state = installed();
    accepted(&mut state, sol(PER_TRANSACTION, "exact"), at(1));
    assert_eq!(
        denial(&state, sol(PER_TRANSACTION + 1, "over"), 1),
        [(RuleKind::PerTransaction, ReasonCode::SpendingLimitExceeded)]
    );
    accepted(&mut state, sol(PER_TRANSACTION, "2"), at(1));
    accepted(&mut state, sol(PER_TRANSACTION, "3"), at(1));
    // Three transfers and their fee caps are held; the fourth may bring the day exactly to its limit, with its own fee cap.
    let rest = DAILY - 3 * (PER_TRANSACTION + 5_000) - 5_000;
    assert_eq!(denial(&state, sol(rest + 1, "over"), 1), [(RuleKind::SpendingLimit, ReasonCode::SpendingLimitExceeded)]);
    accepted(&mut state, sol(rest, "exactly the rest"), at(1));
    assert_eq!(used(&state, 1), (0, DAILY));
    assert_eq!(denial(&state, sol(1, "one more"), 1), [(RuleKind::SpendingLimit, ReasonCode::SpendingLimitExceeded)]);
}

#[test]
fn a_denial_says_what_would_pass_and_when() {
    let mut state = installed();
    for key in ["1", "2", "3"] {
        let id = accepted(&mut state, sol(PER_TRANSACTION, key), at(0));
        submit(&mut state, id, at(0));
        let decided = state.decide_confirmed(id, Amount::new(5_000), None);
        done(&mut state, decided, at(0));
    }
    let evaluation = state.simulate(agent(), sol(PER_TRANSACTION, "4"), at(HOUR_NS)).unwrap();
    let finding = evaluation.findings.iter().find(|finding| finding.rule == RuleKind::SpendingLimit).unwrap();
    assert_eq!(finding.used, Some(Amount::new(15_015_000)));
    assert_eq!(finding.remaining, Some(Amount::new(4_985_000)));
    assert_eq!(finding.suggested_max, Some(Amount::new(4_980_000)));
    assert_eq!(finding.retry_after_ns, Some(23 * HOUR_NS + HOUR_NS / 2));
    assert!(state.simulate(agent(), sol(4_980_000, "4"), at(HOUR_NS)).unwrap().decision == Decision::Allow);
    let later = HOUR_NS + finding.retry_after_ns.unwrap();
    assert!(state.simulate(agent(), sol(PER_TRANSACTION, "4"), at(later)).unwrap().decision == Decision::Allow);
    assert!(state.simulate(agent(), sol(PER_TRANSACTION, "4"), at(later - 1)).unwrap().decision == Decision::Deny);
}

#[test]
fn unlisted_recipients_and_undeclared_assets_are_denied() {
    let mut state = installed();
    let unlisted = TransferRequest { to: recipient(Chain::Solana, 6), ..sol(1, "a") };
    assert_eq!(denial(&state, unlisted, 0), [(RuleKind::Allowlist, ReasonCode::AddressNotAllowed)]);
    let (decided, version) = state.decide_set_policy(admin(), WALLET, Vec::new(), at(0)).unwrap();
    assert_eq!(version, 2);
    state.commit(decided, at(0));
    assert_eq!(denial(&state, sol(1, "a"), 0), [(RuleKind::Policy, ReasonCode::PolicyDenied)]);
    set_policy(&mut state, vec![Rule::RequireSession], 0);
    let missing = [RuleKind::Session, RuleKind::PerTransaction, RuleKind::SpendingLimit, RuleKind::Allowlist];
    assert_eq!(denial(&state, sol(1, "a"), 0), missing.map(|rule| (rule, ReasonCode::PolicyDenied)));
}

#[test]
fn a_wallet_without_a_policy_pays_nobody() {
    let mut state = installed();
    let (decided, wallet) = state.decide_create_wallet(admin(), "".into(), at(0)).unwrap();
    state.commit(decided, at(0));
    let decided = state.decide_add_agent(admin(), wallet.id, agent());
    done(&mut state, decided, at(0));
    let request = TransferRequest { wallet: wallet.id, ..sol(1, "a") };
    assert_eq!(denial(&state, request, 0), [(RuleKind::Policy, ReasonCode::PolicyDenied)]);
}

#[test]
fn a_new_policy_does_not_forget_what_was_spent() {
    let mut state = installed();
    let id = accepted(&mut state, sol(PER_TRANSACTION, "1"), at(0));
    submit(&mut state, id, at(0));
    set_policy(&mut state, rules(PER_TRANSACTION, PER_TRANSACTION), 0);
    assert_eq!(denial(&state, sol(1, "2"), 0), [(RuleKind::SpendingLimit, ReasonCode::SpendingLimitExceeded)]);
}

/// The fixture's rules with another limit of SOL over time.
fn daily_sol(max: u64) -> Vec<Rule> {
    let mut rules = rules(PER_TRANSACTION, DAILY);
    for rule in &mut rules {
        if let Rule::SpendingLimit { asset: Asset::Sol, max: limit, .. } = rule {
            *limit = Amount::new(max);
        }
    }
    rules
}

fn set_policy(state: &mut TestState, rules: Vec<Rule>, now: u64) {
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules, at(now)).unwrap();
    state.commit(decided, at(now));
}

#[test]
fn a_tightened_policy_binds_what_is_already_reserved() {
    let mut state = installed();
    let small = accepted(&mut state, sol(1_000, "small"), at(0));
    let reserved = accepted(&mut state, sol(2_000, "reserved"), at(0));
    let built_one = accepted(&mut state, sol(2_000, "built"), at(0));
    let under_way = accepted(&mut state, sol(2_000, "under way"), at(0));
    let decided = state.decide_built(built_one, built(built_one));
    done(&mut state, decided, at(0));
    submit(&mut state, under_way, at(0));
    set_policy(&mut state, rules(1_999, DAILY), 1);
    let ends = [small, reserved, built_one, under_way].map(|id| state.transfer(id).unwrap().status);
    assert_eq!(ends, [Status::Reserved, Status::Cancelled, Status::Cancelled, Status::Submitted]);
    let denied_note =
        "the new policy of wallet 1 (version 2) does not allow it: 0.000002 SOL (2,000 lamports) exceeds the limit of \
                       0.000001999 SOL (1,999 lamports) per transaction"
            .to_owned();
    let ended = state.transfer(reserved).unwrap();
    assert_eq!((ended.code, ended.note.unwrap()), (Some(ReasonCode::SpendingLimitExceeded), denied_note));
    assert_eq!(used(&state, 1), (0, 1_000 + 2_000 + 2 * 5_000), "what was cancelled is free again");
    set_policy(&mut state, Vec::new(), 2);
    assert_eq!(state.transfer(small).unwrap().status, Status::Cancelled, "a wallet without rules pays nobody");
    assert_eq!(state.transfer(under_way).unwrap().status, Status::Submitted);
}

#[test]
fn of_what_no_longer_fits_together_the_earliest_stays() {
    let mut state = installed();
    let [first, second, third] = ["1", "2", "3"].map(|key| accepted(&mut state, sol(1_000, key), at(0)));
    set_policy(&mut state, daily_sol(2 * 6_000), 1);
    let ends = [first, second, third].map(|id| state.transfer(id).unwrap().status);
    assert_eq!(ends, [Status::Reserved, Status::Reserved, Status::Cancelled]);
    assert_eq!(used(&state, 1), (0, 12_000));
}

#[test]
fn a_new_policy_counts_what_the_clock_has_freed_and_ignores_an_emergency() {
    let mut state = installed();
    let spent = accepted(&mut state, sol(1_000, "spent"), at(0));
    submit(&mut state, spent, at(0));
    let decided = state.decide_confirmed(spent, Amount::new(5_000), None);
    done(&mut state, decided, at(0));
    let waiting = accepted(&mut state, sol(1_000, "waiting"), at(0));
    let decided = state.decide_emergency(guardian(), true, "drill".into(), at(1));
    done(&mut state, decided, at(1));
    set_policy(&mut state, daily_sol(6_000), DAY_NS + HOUR_NS);
    assert_eq!(state.transfer(waiting).unwrap().status, Status::Reserved);
}

#[test]
fn emergency_denies_requests_and_holds_what_is_not_submitted() {
    let mut state = installed();
    let (waiting, under_way) = (accepted(&mut state, sol(1, "1"), at(0)), accepted(&mut state, sol(1, "2"), at(0)));
    submit(&mut state, under_way, at(0));
    let decided = state.decide_emergency(guardian(), true, "drill".into(), at(1));
    done(&mut state, decided, at(1));
    assert_eq!(denial(&state, sol(1, "3"), 2), [(RuleKind::Mode, ReasonCode::EmergencyMode)]);
    assert!(!state.may_progress(waiting));
    let decided = state.decide_confirmed(under_way, Amount::new(5_000), None);
    done(&mut state, decided, at(2));
    let decided = state.decide_cancel(agent(), waiting, None);
    done(&mut state, decided, at(2));
    assert_eq!(used(&state, 2), (5_001, 0));
}

#[test]
fn nothing_signed_leaves_during_an_emergency() {
    let mut state = installed();
    let id = accepted(&mut state, sol(1, "1"), at(0));
    let decided = state.decide_built(id, built(id));
    done(&mut state, decided, at(0));
    let decided = state.decide_signed(id, signed());
    done(&mut state, decided, at(0));
    let decided = state.decide_emergency(guardian(), true, "drill".into(), at(1));
    done(&mut state, decided, at(1));
    assert_eq!(state.decide_submitted(id).unwrap_err().code(), "WRONG_STATUS");
}

#[test]
fn each_ending_settles_the_reservation_exactly() {
    let fee = Amount::new(5_000);
    let mut state = installed();
    let id = accepted(&mut state, TransferRequest { max_fee: Amount::new(10_000), ..sol(100, "confirmed") }, at(0));
    assert_eq!(used(&state, 0), (0, 10_100));
    submit(&mut state, id, at(0));
    let decided = state.decide_confirmed(id, fee, None);
    done(&mut state, decided, at(0));
    assert_eq!(used(&state, 0), (5_100, 0), "amount and the fee paid");

    let id = accepted(&mut state, sol(100, "failed"), at(0));
    submit(&mut state, id, at(0));
    let decided = state.decide_failed(id, fee, ReasonCode::TransactionFailed, "landed with an error");
    done(&mut state, decided, at(0));
    assert_eq!(used(&state, 0), (10_100, 0), "the fee alone");

    let id = accepted(&mut state, sol(100, "cancelled"), at(0));
    let decided = state.decide_cancel(agent(), id, None);
    done(&mut state, decided, at(0));
    assert_eq!(state.transfer(id).unwrap().code, Some(ReasonCode::CancelledByAgent));
    assert_eq!(used(&state, 0), (10_100, 0), "nothing");
    assert_eq!(used(&state, DAY_NS + HOUR_NS), (0, 0));
}

#[test]
fn what_may_be_on_the_chain_cannot_be_cancelled() {
    let mut state = installed();
    let id = accepted(&mut state, sol(1, "1"), at(0));
    submit(&mut state, id, at(0));
    assert_eq!(state.decide_cancel(admin(), id, None).unwrap_err().code(), "WRONG_STATUS");
    assert_eq!(state.decide_built(id, built(id)).unwrap_err().code(), "WRONG_STATUS", "nor replaced before it is proven dead");
    let decided = state.decide_expired(id, ReasonCode::TransactionExpired, "it is dead");
    done(&mut state, decided, at(1));
    assert_eq!(used(&state, 1), (0, 5_001), "still reserved");
    submit(&mut state, id, at(2));
    assert_eq!(state.transfer(id).unwrap().attempt, 2);
}

#[test]
fn quarantine_keeps_the_money_reserved_until_an_admin_has_looked() {
    let mut state = installed();
    let id = accepted(&mut state, sol(1, "1"), at(0));
    submit(&mut state, id, at(0));
    let decided = state.decide_quarantine_by_canister(id, ReasonCode::RepeatedTraps, "trapped");
    done(&mut state, decided, at(1));
    assert_eq!(used(&state, 40 * DAY_NS), (0, 5_001));
    assert_eq!(state.transfer(id).unwrap().code, Some(ReasonCode::RepeatedTraps));
    assert!(state.active_transfers().is_empty());
    assert_eq!(state.decide_confirmed(id, Amount::ZERO, None).unwrap_err().code(), "WRONG_STATUS");
    assert_eq!(
        state.decide_resolve_quarantine(guardian(), id, true, Amount::ZERO, String::new()).unwrap_err().code(),
        "AUTH_FAILED"
    );
    assert_eq!(
        state.decide_resolve_quarantine(admin(), id, true, Amount::new(5_001), String::new()).unwrap_err().code(),
        "VALIDATION_FAILED"
    );
    let decided = state.decide_resolve_quarantine(admin(), id, true, Amount::new(5_000), "seen on chain".into());
    done(&mut state, decided, at(2));
    let transfer = state.transfer(id).unwrap();
    assert_eq!((used(&state, 2), transfer.status, transfer.code), ((5_001, 0), Status::Confirmed, None));
}

#[test]
fn what_is_signed_cannot_be_cancelled() {
    let mut state = installed();
    let id = accepted(&mut state, sol(1, "1"), at(0));
    let decided = state.decide_built(id, built(id));
    done(&mut state, decided, at(0));
    assert!(state.decide_cancel(agent(), id, None).is_ok());
    let decided = state.decide_signed(id, signed());
    done(&mut state, decided, at(0));
    assert_eq!(state.decide_cancel(agent(), id, None).unwrap_err().code(), "WRONG_STATUS");
    let decided = state.decide_remove_agent(admin(), WALLET, agent());
    done(&mut state, decided, at(1));
    assert_eq!(state.transfer(id).unwrap().status, Status::Signed);
}

#[test]
fn a_quarantine_that_did_not_land_counts_in_full_while_its_bytes_may() {
    for (with_bytes, posted) in [(true, 5_001), (false, 0)] {
        let mut state = installed();
        let id = accepted(&mut state, sol(1, "1"), at(0));
        let decided = state.decide_built(id, built(id));
        done(&mut state, decided, at(0));
        if with_bytes {
            let decided = state.decide_signed(id, signed());
            done(&mut state, decided, at(0));
        }
        let decided = state.decide_quarantine_by_canister(id, ReasonCode::RepeatedTraps, "it trapped");
        done(&mut state, decided, at(1));
        let decided = state.decide_resolve_quarantine(admin(), id, false, Amount::ZERO, "not seen".into());
        done(&mut state, decided, at(2));
        assert_eq!((used(&state, 2), state.transfer(id).unwrap().status), ((posted, 0), Status::Failed));
        assert_eq!(state.transfer(id).unwrap().code, Some(ReasonCode::NotLanded));
    }
}

#[test]
fn an_idempotency_key_never_pays_twice() {
    let mut state = installed();
    let id = accepted(&mut state, sol(1, "key"), at(0));
    let again = state.decide_transfer(agent(), sol(1, "key"), at(400 * DAY_NS)).unwrap();
    assert!(matches!(again, (None, Outcome::Duplicate { transfer }) if transfer == id), "however much later");
    match refusal(&state, sol(2, "key")) {
        Refusal::IdempotencyConflict { transfer, expected, got } => assert!(transfer == id && expected != got),
        other => panic!("{other:?}"),
    }
    let decided = state.decide_add_agent(admin(), WALLET, principal(4));
    done(&mut state, decided, at(1));
    let other = state.decide_transfer(principal(4), sol(1, "key"), at(1)).unwrap();
    assert!(matches!(other.1, Outcome::Accepted { .. }), "keys belong to their caller");
}

#[test]
fn a_request_is_recognised_whatever_the_fee_cap_is_by_now() {
    let mut state = installed();
    let named = TransferRequest { max_fee: Amount::new(10_000), ..sol(1, "named") };
    let unnamed = |cap| TransferRequest { max_fee: Amount::new(cap), fee_named: false, ..sol(1, "unnamed") };
    let first = accepted(&mut state, named.clone(), at(0));
    let second = accepted(&mut state, unnamed(10_000), at(0));
    let mut lowered = config();
    lowered.chains.solana.max_fee = Amount::new(7_000);
    let decided = state.decide_upgrade(stranger(), "2".into(), Some(lowered));
    done(&mut state, decided, at(1));
    for (request, id) in [(named, first), (unnamed(7_000), second)] {
        let again = state.decide_transfer(agent(), request, at(1)).unwrap();
        assert!(matches!(again, (None, Outcome::Duplicate { transfer }) if transfer == id), "{again:?}");
    }
    let code = |request| refusal(&state, request).code();
    assert_eq!(code(TransferRequest { max_fee: Amount::new(9_999), ..sol(1, "named") }), "IDEMPOTENCY_CONFLICT");
    assert_eq!(code(TransferRequest { fee_named: true, ..unnamed(7_000) }), "IDEMPOTENCY_CONFLICT");
    assert_eq!(code(TransferRequest { max_fee: Amount::new(7_001), ..sol(1, "new") }), "VALIDATION_FAILED");
    let simulated = state.simulate(agent(), TransferRequest { max_fee: Amount::new(7_001), ..sol(1, "new") }, at(1));
    assert_eq!(simulated.unwrap_err().code(), "VALIDATION_FAILED");
}

#[test]
fn a_denied_key_stays_free() {
    let mut state = installed();
    let (decided, outcome) = state.decide_transfer(agent(), sol(PER_TRANSACTION + 1, "key"), at(0)).unwrap();
    assert!(matches!(outcome, Outcome::Denied { .. }));
    state.commit(decided.unwrap(), at(0));
    accepted(&mut state, sol(PER_TRANSACTION, "key"), at(1));
}

#[test]
fn bad_requests_name_the_field() {
    let state = installed();
    let field = |request| match refusal(&state, request) {
        Refusal::InvalidArgument { field, .. } => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(sol(0, "k")), "amount");
    assert_eq!(field(sol(1, "")), "idempotency_key");
    assert_eq!(field(sol(1, &"k".repeat(65))), "idempotency_key");
    assert_eq!(field(TransferRequest { reason: Some("r".repeat(1_025)), ..sol(1, "k") }), "reason");
    assert_eq!(field(TransferRequest { max_fee: Amount::new(4_999), ..sol(1, "k") }), "max_fee");
    assert_eq!(field(TransferRequest { max_fee: Amount::new(10_001), ..sol(1, "k") }), "max_fee");
    assert_eq!(field(TransferRequest { to: recipient(Chain::Kaspa, 5), ..sol(1, "k") }), "to");
    assert_eq!(field(TransferRequest { source: KeyKind::KaspaSchnorr, ..sol(1, "k") }), "source");
}

#[test]
fn amounts_that_overflow_are_denied() {
    let state = installed();
    let codes = denial(&state, sol(u64::MAX, "k"), 0);
    assert_eq!(
        codes,
        [
            (RuleKind::PerTransaction, ReasonCode::SpendingLimitExceeded),
            (RuleKind::SpendingLimit, ReasonCode::SpendingLimitExceeded)
        ]
    );
}

#[test]
fn one_wallet_cannot_fill_the_queue() {
    let mut state = installed();
    for n in 0..100 {
        accepted(&mut state, sol(1, &n.to_string()), at(n * crate::base::MINUTE_NS));
    }
    assert_eq!(
        refusal(&state, sol(1, "more")),
        Refusal::LimitReached { what: "transfers of the wallet under way", max: 100, current: 100 }
    );
}

#[test]
fn an_outpoint_is_spent_by_one_transfer_at_a_time() {
    let mut state = installed();
    let kas = |key: &str| TransferRequest {
        asset: Asset::Kas,
        to: recipient(Chain::Kaspa, 5),
        max_fee: Amount::new(300_000),
        source: KeyKind::KaspaSchnorr,
        params: kaspa_params(),
        ..sol(1, key)
    };
    let (first, second) = (accepted(&mut state, kas("1"), at(0)), accepted(&mut state, kas("2"), at(0)));
    let spending = |id| BuiltTx { details: Built::Kaspa(KaspaBuilt { inputs: vec![Bytes::new([4; 36])] }), ..built(id) };
    let decided = state.decide_built(first, spending(first));
    done(&mut state, decided, at(1));
    assert_eq!(state.decide_built(second, spending(second)).unwrap_err().code(), "VALIDATION_FAILED");
    let decided = state.decide_cancel(agent(), first, None);
    done(&mut state, decided, at(2));
    assert!(state.locked_outpoints(WALLET).is_empty());
    let decided = state.decide_built(second, spending(second));
    done(&mut state, decided, at(3));
    assert_eq!(
        state.decide_built(second, BuiltTx { fee: Amount::new(300_001), ..spending(second) }).unwrap_err().code(),
        "WRONG_STATUS"
    );
}

#[test]
fn removing_an_agent_ends_what_has_not_left() {
    let mut state = installed();
    let (waiting, under_way) = (accepted(&mut state, sol(1, "1"), at(0)), accepted(&mut state, sol(1, "2"), at(0)));
    submit(&mut state, under_way, at(0));
    let decided = state.decide_remove_agent(guardian(), WALLET, agent());
    done(&mut state, decided, at(1));
    assert_eq!(state.transfer(waiting).unwrap().status, Status::Cancelled);
    assert_eq!(state.transfer(under_way).unwrap().status, Status::Submitted);
    assert_eq!(refusal(&state, sol(1, "3")).code(), "AUTH_FAILED");
}

#[test]
fn an_opened_state_is_the_state_that_was_left() {
    let memory = ic_stable_structures::VectorMemory::default();
    let mut state = State::new(memory.clone());
    let decided = state.decide_init(stranger(), config(), crate::governance::settings::Settings::new(&config()));
    done(&mut state, decided, at(0));
    let digest = state.digest();
    drop(state);
    assert_eq!(State::open(memory.clone()).map(|state| state.digest()).map_err(|error| error.to_string()), Ok(digest));
    assert!(State::open(ic_stable_structures::VectorMemory::default()).is_err(), "nothing there");
}

/// Every table has a memory of its own: what one writes, another does not find when the state is opened.
#[test]
fn an_opened_state_knows_what_landed_and_what_is_quarantined() {
    let memory = ic_stable_structures::VectorMemory::default();
    let mut state = installed_on(memory.clone());
    let (landed, quarantined) = (accepted(&mut state, sol(1, "1"), at(0)), accepted(&mut state, sol(1, "2"), at(0)));
    for id in [landed, quarantined] {
        submit(&mut state, id, at(0));
    }
    let decided = state.decide_confirmed(landed, Amount::new(5_000), None).map(|decided| decided.with_landed_in(slot(48)));
    done(&mut state, decided, at(1));
    let decided = state.decide_quarantine_by_canister(quarantined, ReasonCode::RepeatedTraps, "it trapped");
    done(&mut state, decided, at(1));
    let digest = state.digest();
    drop(state);
    let state = State::open(memory).expect("it opens");
    assert_eq!((state.highest_landed_slot(), state.quarantined_of(WALLET)), (48, vec![quarantined]));
    assert_eq!(state.digest(), digest);
}

/// Two payments of one wallet that are alike in everything give the same Solana message under the same blockhash. Only one of them
/// would land, and both would find it.
#[test]
fn a_transaction_belongs_to_one_transfer() {
    let mut state = installed();
    let (first, second) = (accepted(&mut state, sol(1, "1"), at(1)), accepted(&mut state, sol(1, "2"), at(1)));
    let built = BuiltTx { unsigned: Bytes::new([7; 10]), fee: Amount::new(5_000), details: Built::Solana(SolanaBuilt::default()) };
    let decided = state.decide_built(first, built.clone());
    done(&mut state, decided, at(2));
    assert!(matches!(state.decide_built(second, built.clone()), Err(Refusal::AlreadySo { .. })));
    let other = BuiltTx { unsigned: Bytes::new([8; 10]), ..built };
    let decided = state.decide_built(second, other);
    done(&mut state, decided, at(3));
    assert_eq!(state.transfer(second).unwrap().status, Status::Built);
}

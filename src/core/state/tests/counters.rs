//! What has landed can always be recorded, and what was spent before a limit was set counts against it.

use super::fixture::*;
use super::kaspa::replays;
use crate::access::LabelledAgent;
use crate::base::{Amount, Asset, Chain, DAY_NS, HOUR_NS, Mint, Timestamp, TransferId};
use crate::event::Event;
use crate::governance::{Action, MAX_UNIT_VALUE, PolicyChange, Rate};
use crate::policy::{CounterKey, ReasonCode, RecipientLimit, Rule, Scope, Window};
use crate::state::{BatchItem, BatchRequest, ChangeOutcome, Decided, Refusal};
use crate::transfer::{Outcome, Status, TransferRequest};
use crate::wallet::KeyKind;
use candid::Principal;

const SCOPE: Scope = Scope::Wallet(WALLET);
const TOKEN: Asset = Asset::Spl { mint: Mint([7; 32]) };

fn change(state: &mut TestState, action: Action, now: Timestamp) -> ChangeOutcome {
    let (decided, change) = state.decide_change(admin(), action, now).unwrap();
    state.commit(decided, now);
    change
}

fn set(state: &mut TestState, scope: Scope, rules: Vec<Rule>, now: Timestamp) {
    let replaces = state.last_policy_version(&scope);
    assert_eq!(change(state, Action::SetPolicy(PolicyChange { scope, replaces, name: None, rules }), now), ChangeOutcome::Applied);
}

fn rate(asset: Asset, value: u64, per: u64) -> Action {
    let expires_at = at(6 * DAY_NS);
    Action::SetRate(Rate { asset, value: Amount::new(value), per: Amount::new(per), expires_at })
}

fn land(state: &mut TestState, id: TransferId, now: Timestamp) {
    submit(state, id, now);
    let decided = state.decide_confirmed(id, Amount::new(5_000), None);
    done(state, decided, now);
}

fn denial(state: &TestState, request: TransferRequest, now: Timestamp) -> String {
    let (_, outcome) = state.decide_transfer(agent(), request, now).unwrap();
    let Outcome::Denied { evaluation } = outcome else { panic!("not denied: {outcome:?}") };
    let denials: Vec<_> = evaluation.denials().map(|finding| finding.message.clone()).collect();
    let [message] = &denials[..] else { panic!("{denials:?}") };
    message.clone()
}

fn value_limit(max: u64) -> Rule {
    Rule::ValueLimit { assets: [Asset::Sol].into(), window: Window::Rolling7d, max: Amount::new(max) }
}

/// The fixture's rules, with limits of its own for recipient 5 on Solana.
fn limited(daily: u64) -> Vec<Rule> {
    let limits = vec![RecipientLimit { asset: Asset::Sol, per_transaction: None, rolling_24h: Some(Amount::new(daily)) }];
    let mut rules = rules(PER_TRANSACTION, DAILY);
    for rule in &mut rules {
        if let Rule::Allowlist { chain: Chain::Solana, entries, .. } = rule {
            entries[0].limits.clone_from(&limits);
            entries.push(listed(recipient(Chain::Solana, 6)));
        }
    }
    rules
}

/// The same without limits of its own.
fn unlimited() -> Vec<Rule> {
    let mut rules = limited(1);
    for rule in &mut rules {
        if let Rule::Allowlist { entries, .. } = rule {
            entries.iter_mut().for_each(|entry| entry.limits.clear());
        }
    }
    rules
}

#[test]
fn a_rate_that_forgot_how_many_units_a_coin_has_is_refused() {
    let mut state = installed();
    change(&mut state, rate(Asset::Sol, 100_000_000, 1_000_000_000), at(0));
    let refused = state.decide_change(admin(), rate(Asset::Sol, 4_000_000_000_000, 1), at(1)).map(|(_, change)| change);
    let Err(Refusal::InvalidArgument { field: "rate", problem }) = refused else { panic!("{refused:?}") };
    assert!(
        problem.contains("1 SOL (1,000,000,000 lamports) would be worth") && problem.contains("is per too small?"),
        "{problem}"
    );
    assert_eq!(
        change(&mut state, rate(Asset::Sol, 1_000_000, 1), at(1)),
        ChangeOutcome::Applied,
        "the most that a coin may be worth"
    );
}

#[test]
fn what_has_landed_is_recorded_whatever_the_rates_say() {
    // Rates as they may be in a log, beyond what an admin can set now, and the highest that one can set for a token.
    for value in [4_000_000_000_000, u64::MAX] {
        let mut state = installed();
        set(&mut state, SCOPE, rules(PER_TRANSACTION, DAILY * 10), at(0));
        let rate = Rate { asset: Asset::Sol, value: Amount::new(value), per: Amount::new(1), expires_at: at(6 * DAY_NS) };
        state.commit(Decided { actor: Some(admin()), events: vec![Event::RateSet(rate)] }, at(0));
        // No rule names a value anywhere, so nothing is denied for it: neither beside one another nor after one another.
        let ids: Vec<_> = (0..4).map(|n| accepted(&mut state, sol(4_000_000, &format!("k{n}")), at(1))).collect();
        for id in &ids[..3] {
            land(&mut state, *id, at(2));
        }
        let cancelled = state.decide_cancel(agent(), ids[3], None);
        done(&mut state, cancelled, at(3));
        let worth = state.spent(&CounterKey::value(SCOPE, Asset::Sol));
        assert_eq!((worth.posted(&Window::Rolling24h, at(4)), worth.reserved()), (Amount::MAX, Amount::ZERO));
        assert_eq!(state.usage(WALLET, Asset::Sol, at(4)).posted, Amount::new(3 * 4_005_000), "units are exact");
        // Against a limit of value a full counter stands for more than it.
        set(&mut state, SCOPE, [rules(PER_TRANSACTION, DAILY * 10), vec![value_limit(u64::MAX - 1)]].concat(), at(5));
        assert!(denial(&state, sol(1, "more"), at(6)).ends_with("it is full)"));
        replays(&state);
    }
}

#[test]
fn parts_of_a_batch_whose_worth_is_beyond_a_counter_are_held_and_let_go() {
    let mut state = installed();
    let token_rules = [
        Rule::PerTransaction { asset: TOKEN, max: Amount::MAX },
        Rule::SpendingLimit { asset: TOKEN, window: Window::Rolling24h, max: Amount::MAX },
    ];
    set(&mut state, SCOPE, [rules(PER_TRANSACTION, DAILY), token_rules.to_vec()].concat(), at(0));
    change(&mut state, rate(TOKEN, MAX_UNIT_VALUE, 1), at(0));
    let item = || BatchItem::new(recipient(Chain::Solana, 5), Amount::new(9_000));
    let request = BatchRequest {
        asset: TOKEN,
        source: KeyKind::Solana,
        items: (0..30).map(|_| item()).collect(),
        max_fee: Amount::new(100_000),
        params: crate::chains::registry::Params::new(Chain::Solana),
        ..super::kaspa::batch(&[], "rich")
    };
    let (decided, outcome) = state.decide_batch(agent(), &request, at(1)).unwrap();
    state.commit(decided.unwrap(), at(1));
    assert!(outcome.transfers.len() > 1, "{outcome:?}");
    let worth = |state: &TestState| state.spent(&CounterKey::value(SCOPE, TOKEN));
    assert_eq!(worth(&state).reserved(), Amount::MAX);
    for id in outcome.transfers {
        let cancelled = state.decide_cancel(agent(), id, None);
        done(&mut state, cancelled, at(2));
    }
    assert_eq!(worth(&state).reserved(), Amount::ZERO);
    replays(&state);
}

#[test]
fn operations_on_nonces_and_callers_do_not_share_a_key() {
    let mut state = installed();
    change(&mut state, Action::AddAgent(LabelledAgent { wallet: WALLET, agent: admin(), label: None }), at(0));
    set(&mut state, SCOPE, rules(PER_TRANSACTION, 10 * DAILY), at(0));
    // What the operation that comes is called, as it is now and as it was once.
    let keys = ["nonce operation 3", "nonce-operation:3"];
    let ask = |state: &TestState, key: &str| state.decide_transfer(admin(), sol(1_000, key), at(1));
    for key in keys {
        let (decided, outcome) = ask(&state, key).unwrap();
        assert!(matches!(outcome, Outcome::Accepted { .. }));
        state.commit(decided.unwrap(), at(1));
    }
    let (decided, operations) = state.decide_nonce_pool(admin(), WALLET, 1, at(2)).unwrap();
    state.commit(decided, at(2));
    assert_eq!(operations, [TransferId::new(3)]);
    assert_eq!(state.transfer(operations[0]).unwrap().request.idempotency_key, "nonce-operation:3");
    for (key, id) in keys.into_iter().zip(1..) {
        let again = ask(&state, key).unwrap().1;
        assert_eq!(again, Outcome::Duplicate { transfer: TransferId::new(id) }, "{key} stands for its payment");
    }
    // And the other way round: a payment may be called what an operation is called.
    let (decided, operations) = state.decide_nonce_pool(admin(), WALLET, 2, at(2)).unwrap();
    state.commit(decided, at(2));
    for key in ["nonce operation 4", "nonce-operation:4"] {
        assert_eq!(operations, [TransferId::new(4)]);
        assert!(matches!(ask(&state, key).unwrap().1, Outcome::Accepted { .. }), "{key}");
    }
    replays(&state);
}

#[test]
fn a_recipients_limit_counts_what_was_received_before_it_was_set() {
    let mut state = installed();
    set(&mut state, SCOPE, unlimited(), at(0));
    let old = accepted(&mut state, sol(600_000, "long ago"), at(1));
    land(&mut state, old, at(1));
    let now = at(2 * DAY_NS);
    let to = |n: u8, amount: u64, key: &str| TransferRequest { to: recipient(Chain::Solana, n), ..sol(amount, key) };
    let landed = accepted(&mut state, to(5, 400_000, "landed"), now);
    land(&mut state, landed, now);
    let elsewhere = accepted(&mut state, to(6, 3_000_000, "to somebody else"), now);
    land(&mut state, elsewhere, now);
    let waits = accepted(&mut state, to(5, 300_000, "waits"), now);
    let signed = accepted(&mut state, to(5, 100_000, "signed"), now);
    submit(&mut state, signed, now);
    set(&mut state, SCOPE, limited(1_000_000), now);
    assert!(denial(&state, to(5, 200_001, "more"), now).contains("recipient's own limit"));
    accepted(&mut state, to(5, 200_000, "the rest"), now);
    assert_eq!(state.transfer(waits).unwrap().status, Status::Reserved, "it fits");
    // What was held counts when it lands, and no more when it does not.
    land(&mut state, waits, now);
    let decided = state.decide_failed(signed, Amount::new(5_000), ReasonCode::TransactionFailed, "it failed");
    done(&mut state, decided, now);
    assert!(
        denial(&state, to(5, 100_001, "more"), now)
            .contains("0.0001 SOL (100,000 lamports) are left of 0.001 SOL (1,000,000 lamports)")
    );
    let later = now.saturating_add(DAY_NS + HOUR_NS);
    assert!(
        denial(&state, to(5, 800_001, "more"), later).contains("0.0008 SOL (800,000 lamports) are left"),
        "what is held has no age"
    );
    replays(&state);
}

#[test]
fn what_is_reserved_for_a_recipient_beyond_a_new_limit_is_cancelled_newest_first() {
    let mut state = installed();
    set(&mut state, SCOPE, unlimited(), at(0));
    let ids: Vec<_> = (0..5).map(|n| accepted(&mut state, sol(300_000, &format!("k{n}")), at(1))).collect();
    land(&mut state, ids[0], at(2));
    set(&mut state, SCOPE, limited(1_000_000), at(3));
    let stay: Vec<_> = ids.iter().filter(|id| state.transfer(**id).unwrap().status == Status::Reserved).copied().collect();
    assert_eq!(stay, ids[1..3], "beside what has landed");
    let key = CounterKey::to(SCOPE, Asset::Sol, recipient(Chain::Solana, 5));
    let spent = state.spent(&key);
    assert_eq!((spent.posted(&Window::Rolling24h, at(4)).get(), spent.reserved().get()), (300_000, 600_000));
    replays(&state);
}

#[test]
fn a_recipients_limit_that_was_lifted_for_a_while_has_no_gap() {
    let mut state = installed();
    set(&mut state, SCOPE, limited(1_000_000), at(0));
    let first = accepted(&mut state, sol(300_000, "under the limit"), at(1));
    land(&mut state, first, at(1));
    let held = accepted(&mut state, sol(100_000, "held under the limit"), at(1));
    set(&mut state, SCOPE, unlimited(), at(2));
    let second = accepted(&mut state, sol(200_000, "without"), at(3));
    land(&mut state, second, at(3));
    set(&mut state, SCOPE, limited(1_000_000), at(4));
    let spent = state.spent(&CounterKey::to(SCOPE, Asset::Sol, recipient(Chain::Solana, 5)));
    assert_eq!((spent.posted(&Window::Rolling24h, at(5)).get(), spent.reserved().get()), (500_000, 100_000));
    land(&mut state, held, at(5));
    assert!(denial(&state, sol(400_001, "more"), at(6)).contains("0.0004 SOL (400,000 lamports) are left"));
    // Another maximum for the same recipient counts on.
    set(&mut state, SCOPE, limited(700_000), at(7));
    assert!(
        denial(&state, sol(100_001, "more"), at(8))
            .contains("0.0001 SOL (100,000 lamports) are left of 0.0007 SOL (700,000 lamports)")
    );
    replays(&state);
}

#[test]
fn what_is_not_looked_at_counts_as_if_the_recipient_had_received_it() {
    let mut state = installed();
    let generous = |rules: Vec<Rule>| {
        let many = |rule| match rule {
            Rule::SpendingLimit { asset, window, .. } => Rule::SpendingLimit { asset, window, max: Amount::new(u64::MAX) },
            other => other,
        };
        rules.into_iter().map(many).collect::<Vec<_>>()
    };
    set(&mut state, SCOPE, generous(unlimited()), at(0));
    let settings =
        crate::governance::settings::Settings { attempts_per_minute: 5_000, attempts_per_hour: 5_000, ..state.settings() };
    change(&mut state, Action::ChangeSettings(Box::new(settings)), at(0));
    // A thousand transfers are looked at: the newest. The first two are not among them.
    for n in 0..1_002_u64 {
        let id = accepted(&mut state, sol(1_000, &format!("k{n}")), at(n));
        land(&mut state, id, at(n));
    }
    set(&mut state, SCOPE, generous(limited(5_000_000)), at(2_000));
    let spent = state.spent(&CounterKey::to(SCOPE, Asset::Sol, recipient(Chain::Solana, 5)));
    assert_eq!(spent.posted(&Window::Rolling24h, at(2_000)).get(), 1_000 * 1_000 + 2 * (1_000 + 5_000), "their fees too");
}

#[test]
fn a_limit_of_value_counts_what_was_spent_before_there_was_a_rate() {
    let mut state = installed();
    let landed = accepted(&mut state, sol(1_995_000, "landed"), at(1));
    land(&mut state, landed, at(1));
    let waits = accepted(&mut state, sol(995_000, "waits"), at(1));
    // One millionth for 1,000 lamports: two thousand have left, one thousand are held.
    change(&mut state, rate(Asset::Sol, 1, 1_000), at(2));
    let valued = accepted(&mut state, sol(495_000, "valued"), at(2));
    land(&mut state, valued, at(2));
    set(&mut state, SCOPE, [rules(PER_TRANSACTION, DAILY), vec![value_limit(4_000)]].concat(), at(3));
    assert!(denial(&state, sol(496_000, "more"), at(4)).contains("0.0005 units of account are left of 0.004 units of account"));
    let last = accepted(&mut state, sol(495_000, "the rest"), at(4));
    let budgets = state.budgets(SCOPE, at(4));
    let budget = budgets.iter().find(|budget| matches!(budget.kind, crate::policy::LimitKind::Value(..))).unwrap();
    assert_eq!((budget.posted.get(), budget.reserved.get(), budget.remaining.get()), (2_500, 1_500, 0));
    // What was valued keeps its worth when the rate changes; what was not is worth what it is now.
    change(&mut state, rate(Asset::Sol, 2, 1_000), at(5));
    for id in [waits, last] {
        land(&mut state, id, at(5));
    }
    let budgets = state.budgets(SCOPE, at(6));
    let budget = budgets.iter().find(|budget| matches!(budget.kind, crate::policy::LimitKind::Value(..))).unwrap();
    assert_eq!((budget.posted.get(), budget.reserved.get()), (2 * 2_000 + 500 + 1_000 + 500, 0));
    replays(&state);
}

#[test]
fn the_canisters_own_consolidations_have_keys_that_nobody_can_name() {
    let mut state = installed();
    let mut config = config();
    config.chains.kaspa.consolidate_above = Some(10);
    let upgraded = state.decide_upgrade(admin(), "0.1.0".into(), Some(config));
    done(&mut state, upgraded, at(0));
    let (decided, id) = state.decide_auto_consolidation(WALLET, KeyKind::KaspaSchnorr, 11, at(1)).unwrap();
    state.commit(decided, at(1));
    let key = state.transfer(id).unwrap().request.idempotency_key;
    assert_eq!(state.transfer(id).unwrap().agent, Principal::management_canister(), "which calls nobody");
    accepted(&mut state, sol(1_000, &key), at(2));
    replays(&state);
}

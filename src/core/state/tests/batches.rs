//! Batches and consolidations under all that policies can say: people, rates, recipients' own limits, breakers.

use super::fixture::*;
use super::kaspa::{batch, consolidation, decided, own, replays};
use crate::access::Role;
use crate::access::RoleChange;
use crate::base::{Amount, Asset, Chain, HOUR_NS, TransferId};
use crate::event::Event;
use crate::governance::settings::Settings;
use crate::governance::{Action, Group};
use crate::policy::{ApprovalRule, Counted, DEFAULT_APPROVAL_TIMEOUT_NS, RateWindow, ReasonCode, RecipientLimit, Rule, Scope};
use crate::state::{BatchOutcome, Decided, ItemOutcome, Refusal};
use crate::transfer::{Outcome, Status};
use crate::wallet::{KeyKind, WalletChange};
use candid::Principal;

const KAS: u64 = 100_000_000;
const FEE: u64 = 300_000;

/// Up to 20 KAS at a time to recipients 5 and 6, and what else is demanded.
fn demanding(more: Vec<Rule>) -> TestState {
    let mut state = installed();
    let mut rules: Vec<Rule> = rules(20 * KAS, 100 * KAS);
    for rule in &mut rules {
        if let Rule::Allowlist { chain: Chain::Kaspa, entries, .. } = rule {
            entries.push(listed(recipient(Chain::Kaspa, 6)));
        }
    }
    set_rules(&mut state, [rules, more].concat());
    state
}

fn set_rules(state: &mut TestState, rules: Vec<Rule>) {
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules, at(0)).unwrap();
    state.commit(decided, at(0));
}

fn happen(state: &mut TestState, events: Vec<Event>) {
    state.commit(Decided { actor: Some(admin()), events }, at(0));
}

/// Why every payment of a batch was denied.
fn denial(outcome: &BatchOutcome) -> ReasonCode {
    assert!(outcome.transfers.is_empty(), "{outcome:?}");
    let codes = outcome.items.iter().map(|item| match item {
        ItemOutcome::Denied { evaluation } => evaluation.denials().next().and_then(|finding| finding.code),
        other => panic!("not denied: {other:?}"),
    });
    let codes: Vec<_> = codes.collect();
    assert!(codes.windows(2).all(|pair| pair[0] == pair[1]), "{codes:?}");
    codes[0].expect("a denial has a code")
}

fn only(outcome: &BatchOutcome) -> TransferId {
    let [id] = outcome.transfers[..] else { panic!("one transfer: {outcome:?}") };
    id
}

fn approval(threshold: u64) -> Rule {
    Rule::Approval(ApprovalRule {
        asset: Some(Asset::Kas),
        threshold: Amount::new(threshold),
        cumulative_24h: None,
        group: "ops".into(),
        quorum: 1,
        timeout_ns: DEFAULT_APPROVAL_TIMEOUT_NS,
        time_lock_ns: 0,
    })
}

/// A state in which payments of 5 KAS or more need a member of `ops`.
fn asking() -> TestState {
    let mut state = installed();
    let role = RoleChange { principal: principal(21), role: Role::Approver };
    happen(&mut state, vec![Event::RoleGranted(role)]);
    happen(&mut state, vec![Event::GroupSet(Group { name: "ops".into(), members: [principal(21)].into() })]);
    set_rules(&mut state, [rules(100 * KAS, 100 * KAS), vec![approval(5 * KAS)]].concat());
    state
}

#[test]
fn a_batch_whose_sum_needs_an_approval_is_held_as_one_and_approved_as_one() {
    let mut state = asking();
    let outcome = decided(&mut state, &batch(&[(5, 2 * KAS), (9, KAS), (5, 3 * KAS)], "wages"));
    let id = only(&outcome);
    assert_eq!((&outcome.items[0], &outcome.items[2]), (&outcome.items[2], &ItemOutcome::Pending { transfer: id }));
    let waiting = state.transfer(id).unwrap();
    assert_eq!(
        (waiting.status, waiting.request.payments().len()),
        (Status::AwaitingApproval, 2),
        "what is denied is no part of it"
    );
    assert_eq!(state.usage(WALLET, Asset::Kas, at(2)).reserved.get(), 5 * KAS + FEE, "held while people think");
    let question = waiting.approval.unwrap();
    let again = decided(&mut state, &batch(&[(5, 2 * KAS), (9, KAS), (5, 3 * KAS)], "wages"));
    assert_eq!((&again.items[0], &again.items[1]), (&outcome.items[0], &ItemOutcome::DeniedBefore));
    let yes = state.decide_approve(principal(21), id, question.intent, at(2));
    done(&mut state, yes, at(2));
    assert_eq!(state.transfer(id).unwrap().status, Status::Reserved);
    replays(&state);
}

#[test]
fn the_parts_of_a_batch_cannot_slip_under_an_approval() {
    let mut state = asking();
    // Each payment is under 5 KAS; that small, nine of them fill a transaction, and one question is about one transaction.
    let payments = [(5, KAS); 10];
    let blocks = state.log_len();
    let refused = state.decide_batch(agent(), &batch(&payments, "split"), at(1)).expect_err("two transactions");
    let Refusal::InvalidArgument { field: "payments", problem } = refused else { panic!("{refused:?}") };
    assert!(problem.contains("these take 2; the first 9 that the policies allow fit into one"), "{problem}");
    assert_eq!(state.log_len(), blocks);
    let first = decided(&mut state, &batch(&payments[..9], "the first nine"));
    assert_eq!(state.transfer(only(&first)).unwrap().status, Status::AwaitingApproval);
    let rejected = state.decide_reject(principal(21), only(&first), "no".into(), at(2));
    done(&mut state, rejected, at(2));
    assert_eq!(state.usage(WALLET, Asset::Kas, at(2)).reserved.get(), 0);
    replays(&state);
}

#[test]
fn every_payment_counts_against_a_rate() {
    let rate = |max| Rule::RateLimit { counted: Counted::Executions, window: RateWindow::Hour, max };
    let mut state = demanding(vec![rate(3)]);
    let outcome = decided(&mut state, &batch(&[(5, KAS); 4], "four"));
    assert_eq!(denial(&outcome), ReasonCode::RateLimitExceeded);
    only(&decided(&mut state, &batch(&[(5, KAS), (6, KAS), (5, KAS)], "three")));
    assert_eq!(denial(&decided(&mut state, &batch(&[(5, KAS)], "one more"))), ReasonCode::RateLimitExceeded);
    let activity = state.activity(&Scope::Wallet(WALLET));
    assert_eq!(activity.count(Counted::Executions, RateWindow::Hour, at(1)), 3);
    assert_eq!(activity.count(Counted::Attempts, RateWindow::Hour, at(1)), 3, "a batch is one request");
    replays(&state);
}

#[test]
fn a_recipients_own_limit_counts_all_that_a_batch_pays_them() {
    let mut state = installed();
    let mut limited = listed(recipient(Chain::Kaspa, 5));
    limited.limits = vec![RecipientLimit { asset: Asset::Kas, per_transaction: None, rolling_24h: Some(Amount::new(3 * KAS)) }];
    let mut rules = rules(20 * KAS, 100 * KAS);
    for rule in &mut rules {
        if let Rule::Allowlist { chain: Chain::Kaspa, entries, .. } = rule {
            *entries = vec![limited.clone(), listed(recipient(Chain::Kaspa, 6))];
        }
    }
    set_rules(&mut state, rules);
    let outcome = decided(&mut state, &batch(&[(5, 2 * KAS), (6, 9 * KAS), (5, 2 * KAS)], "twice two"));
    assert_eq!(denial(&outcome), ReasonCode::SpendingLimitExceeded);
    let id = only(&decided(&mut state, &batch(&[(5, 2 * KAS), (6, 9 * KAS)], "two")));
    let outcome = decided(&mut state, &batch(&[(5, 2 * KAS)], "two more"));
    assert_eq!(denial(&outcome), ReasonCode::SpendingLimitExceeded, "what the batch holds for them counts");
    let cancelled = state.decide_cancel(agent(), id, None);
    done(&mut state, cancelled, at(2));
    only(&decided(&mut state, &batch(&[(5, 3 * KAS)], "three")));
    replays(&state);
}

#[test]
fn a_batch_of_nothing_but_offences_opens_the_breaker() {
    let mut state = demanding(vec![]);
    let settings = Settings { breaker_threshold: 3, ..Settings::new(&config()) };
    let (changed, _) = state.decide_change(admin(), Action::ChangeSettings(Box::new(settings)), at(0)).unwrap();
    state.commit(changed, at(0));
    let blocks = state.log_len();
    let outcome = decided(&mut state, &batch(&[(7, KAS), (8, KAS), (9, KAS)], "strangers"));
    assert_eq!(denial(&outcome), ReasonCode::AddressNotAllowed);
    assert_eq!(state.log_len() - blocks, 4, "three denials, and the breaker");
    let (events, outcome) = state.decide_batch(agent(), &batch(&[(5, KAS)], "later"), at(2)).unwrap();
    assert_eq!(denial(&outcome), ReasonCode::CircuitBreakerOpen);
    assert!(events.is_none(), "not worth an entry");
    // Nor does it let coins be moved about.
    let (events, outcome) = state.decide_consolidation(agent(), consolidation("tidy"), at(2)).unwrap();
    assert!(events.is_none() && matches!(outcome, Outcome::Denied { .. }));
    replays(&state);
}

/// How many denials in a row an agent has, and whether its breaker is open.
fn breaker(state: &TestState) -> (u32, bool) {
    let activity = state.activity(&Scope::Agent { wallet: WALLET, agent: agent() });
    (activity.denials, activity.open_until.is_some())
}

#[test]
fn a_payment_that_passes_does_not_shield_the_denials_around_it() {
    const NO: (u8, u64) = (9, KAS);
    const YES: (u8, u64) = (5, KAS);
    let repeated = |payment, times| vec![payment; times];
    let rows = [
        ([repeated(NO, 4), vec![YES]].concat(), (0, false)),
        ([vec![YES], repeated(NO, 4)].concat(), (4, false)),
        ([repeated(NO, 4), vec![YES], repeated(NO, 4)].concat(), (4, false)),
        ([repeated(NO, 5), vec![YES]].concat(), (0, true)),
        ([vec![YES], repeated(NO, 5)].concat(), (0, true)),
        ([repeated(NO, 3), vec![YES], repeated(NO, 5), vec![YES]].concat(), (0, true)),
        ([repeated(NO, 499), vec![YES]].concat(), (0, true)),
    ];
    for (payments, expected) in rows {
        let mut state = demanding(vec![]);
        let outcome = decided(&mut state, &batch(&payments, "mixed"));
        let denied = outcome.items.iter().filter(|item| matches!(item, ItemOutcome::Denied { .. })).count();
        assert_eq!(denied, payments.iter().filter(|payment| **payment == NO).count(), "what passes is paid");
        assert_eq!(breaker(&state), expected, "{} payments", payments.len());
        let attempts = state.activity(&Scope::Agent { wallet: WALLET, agent: agent() });
        let attempts = attempts.count(Counted::Attempts, RateWindow::Hour, at(1));
        assert_eq!(attempts, denied as u64 + 1, "each denied payment is a request, and so is what passes");
        if expected.1 {
            // Beyond sixty the quota of requests of the minute is used up as well, and is looked at first.
            let code = if denied < 60 { ReasonCode::CircuitBreakerOpen } else { ReasonCode::RateLimitExceeded };
            assert_eq!(denial(&decided(&mut state, &batch(&[YES], "next"))), code);
        }
        replays(&state);
    }
}

#[test]
fn a_batch_counts_on_from_the_denials_before_it() {
    let mut state = demanding(vec![]);
    for key in ["a", "b"] {
        decided(&mut state, &batch(&[(9, KAS), (9, KAS)], key));
    }
    assert_eq!(breaker(&state), (4, false));
    decided(&mut state, &batch(&[(5, KAS), (9, KAS)], "forgiven"));
    assert_eq!(breaker(&state), (1, false));
    decided(&mut state, &batch(&[(9, KAS), (9, KAS), (9, KAS), (9, KAS), (5, KAS)], "one too many"));
    assert_eq!(breaker(&state), (0, true));
    replays(&state);
}

#[test]
fn what_waits_for_people_forgives_no_denial() {
    let mut state = asking();
    let outcome = decided(&mut state, &batch(&[(9, KAS), (9, KAS), (9, KAS), (5, 6 * KAS), (9, KAS)], "wages"));
    assert_eq!(state.transfer(only(&outcome)).unwrap().status, Status::AwaitingApproval);
    assert_eq!(breaker(&state), (4, false));
    decided(&mut state, &batch(&[(9, KAS)], "one too many"));
    assert_eq!(breaker(&state), (0, true));
    replays(&state);
}

#[test]
fn what_holds_before_any_rule_holds_for_a_consolidation() {
    let mut state = demanding(vec![]);
    let offence = decided(&mut state, &batch(&[(9, KAS)], "a stranger"));
    assert_eq!(denial(&offence), ReasonCode::AddressNotAllowed);
    let (events, outcome) = state.decide_consolidation(agent(), consolidation("tidy"), at(2)).unwrap();
    let Outcome::Accepted { transfer, evaluation } = outcome else { panic!("{outcome:?}") };
    assert_eq!(evaluation.policy_version, 2);
    state.commit(events.unwrap(), at(2));
    let scope = Scope::Agent { wallet: WALLET, agent: agent() };
    assert_eq!(state.activity(&scope).denials, 1, "it pays nobody, and forgives nothing");
    assert_eq!(state.activity(&scope).count(Counted::Executions, RateWindow::Hour, at(2)), 0);
    let cancelled = state.decide_cancel(agent(), transfer, None);
    done(&mut state, cancelled, at(3));
    let change = Action::ChangeWallet { wallet: WALLET, change: WalletChange::Deactivate };
    let (changed, _) = state.decide_change(admin(), change, at(4)).unwrap();
    state.commit(changed, at(4));
    let (_, outcome) = state.decide_consolidation(admin(), consolidation("late"), at(5)).unwrap();
    let Outcome::Denied { evaluation } = outcome else { panic!("{outcome:?}") };
    assert_eq!(evaluation.denials().next().and_then(|finding| finding.code), Some(ReasonCode::WalletDraining));
    replays(&state);
}

/// A state whose operator wants keys with more than ten coins tidied.
fn tidying() -> TestState {
    let mut state = demanding(vec![]);
    let mut config = config();
    config.chains.kaspa.consolidate_above = Some(10);
    let upgraded = state.decide_upgrade(admin(), "0.1.0".into(), Some(config));
    done(&mut state, upgraded, at(0));
    state
}

const SOURCE: KeyKind = KeyKind::KaspaSchnorr;

#[test]
fn the_canister_tidies_of_itself_only_where_it_is_wanted() {
    let state = tidying();
    assert!(state.decide_auto_consolidation(WALLET, SOURCE, 10, at(1)).is_none(), "no more than ten");
    assert!(state.decide_auto_consolidation(WALLET, KeyKind::Solana, 11, at(1)).is_none(), "only KAS is kept in coins");
    assert!(demanding(vec![]).decide_auto_consolidation(WALLET, SOURCE, 1_000, at(1)).is_none(), "nobody wants it");
    let (decided, id) = state.decide_auto_consolidation(WALLET, SOURCE, 11, at(1)).expect("eleven");
    assert_eq!(decided.actor, None);
    let [Event::TransferReserved(reserved)] = &decided.events[..] else { panic!("{decided:?}") };
    assert_eq!(
        (reserved.id, reserved.agent, reserved.reserved),
        (id, Principal::management_canister(), config().chains.kaspa.max_fee)
    );
    assert_eq!((&reserved.request.to, reserved.request.amount), (&own(SOURCE), Amount::ZERO));
}

#[test]
fn the_canister_tidies_when_nothing_is_under_way_and_at_most_once_an_hour() {
    let mut state = tidying();
    let payment = only(&decided(&mut state, &batch(&[(5, KAS)], "a payment")));
    assert!(state.decide_auto_consolidation(WALLET, SOURCE, 11, at(2)).is_none(), "a payment is under way");
    let cancelled = state.decide_cancel(agent(), payment, None);
    done(&mut state, cancelled, at(2));
    let (events, first) = state.decide_auto_consolidation(WALLET, SOURCE, 11, at(3)).expect("nothing is under way");
    state.commit(events, at(3));
    assert!(state.decide_cancel(agent(), first, None).is_err(), "no agent's business");
    let cancelled = state.decide_cancel(guardian(), first, None);
    done(&mut state, cancelled, at(4));
    assert!(state.decide_auto_consolidation(WALLET, SOURCE, 11, at(2 + HOUR_NS)).is_none(), "less than an hour ago");
    let (events, second) = state.decide_auto_consolidation(WALLET, SOURCE, 11, at(3 + HOUR_NS)).expect("an hour ago");
    state.commit(events, at(3 + HOUR_NS));
    assert_eq!(second, first.next());
    replays(&state);
}

#[test]
fn the_canister_tidies_nothing_in_an_emergency_or_of_a_deactivated_wallet() {
    let mut state = tidying();
    let emergency = state.decide_emergency(guardian(), true, "drill".into(), at(1));
    done(&mut state, emergency, at(1));
    assert!(state.decide_auto_consolidation(WALLET, SOURCE, 11, at(2)).is_none());
    let mut state = tidying();
    let change = Action::ChangeWallet { wallet: WALLET, change: WalletChange::Deactivate };
    let (changed, _) = state.decide_change(admin(), change, at(1)).unwrap();
    state.commit(changed, at(1));
    assert!(state.decide_auto_consolidation(WALLET, SOURCE, 11, at(2)).is_none());
}

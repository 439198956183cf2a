//! Breakers, minimum balances, and denials that are logged together.

use super::fixture::*;
use crate::base::{Amount, Asset, Chain, SECOND_NS};
use crate::event::{DenialsAggregated, Event, PolicySet};
use crate::policy::{Decision, ReasonCode, Rule, RuleKind, Scope};
use crate::state::{Decided, Refusal};
use crate::transfer::{Outcome, Status, TransferRequest};
use crate::wallet::KeyKind;

fn put(state: &mut TestState, event: Event, now: u64) {
    state.commit(Decided { actor: None, events: vec![event] }, at(now));
}

fn open_chain(state: &mut TestState, chain: Chain, now: u64) {
    let decided = state.decide_chain_breaker(chain, "no answer", at(now));
    done(state, decided, at(now));
}

#[test]
fn an_open_chain_breaker_stops_what_is_new_and_nothing_else() {
    let mut state = installed();
    let under_way = accepted(&mut state, sol(1_000, "before"), at(0));
    open_chain(&mut state, Chain::Solana, 0);
    let cool_down = state.settings().chain_breaker_cool_down_ns;
    let evaluation = state.simulate(agent(), sol(1_000, "a"), at(cool_down - 1)).unwrap();
    let finding = evaluation.denials().next().unwrap();
    assert_eq!(
        (finding.rule, finding.code, finding.retry_after_ns),
        (RuleKind::CircuitBreaker, Some(ReasonCode::ChainError), Some(1))
    );
    let kas = TransferRequest {
        asset: Asset::Kas,
        params: kaspa_params(),
        to: recipient(Chain::Kaspa, 5),
        max_fee: Amount::new(205_800),
        source: KeyKind::KaspaSchnorr,
        ..sol(1_000, "kas")
    };
    assert_eq!(state.simulate(agent(), kas, at(1)).unwrap().decision, Decision::Allow, "the other chain is well");
    submit(&mut state, under_way, at(1));
    assert_eq!(state.simulate(agent(), sol(1_000, "a"), at(cool_down)).unwrap().decision, Decision::Allow);
}

#[test]
fn a_chains_trouble_is_not_the_agents() {
    let mut state = installed();
    open_chain(&mut state, Chain::Solana, 0);
    for n in 0..10 {
        let (decided, outcome) = state.decide_transfer(agent(), sol(1, &format!("{n}")), at(n)).unwrap();
        assert!(matches!(outcome, Outcome::Denied { .. }));
        state.commit(decided.expect("it has an entry"), at(n));
    }
    let activity = state.activity(&Scope::Agent { wallet: WALLET, agent: agent() });
    assert_eq!((activity.denials, activity.open_until), (0, None));
}

#[test]
fn a_chain_breaker_opens_once_and_keeps_a_short_note() {
    let mut state = installed();
    open_chain(&mut state, Chain::Kaspa, 0);
    let again = state.decide_chain_breaker(Chain::Kaspa, "still no answer", at(59 * SECOND_NS));
    assert_eq!(again.unwrap_err(), Refusal::AlreadySo { what: "the chain's breaker is open" });
    let decided = state.decide_chain_breaker(Chain::Kaspa, &"é".repeat(500), at(60 * SECOND_NS)).unwrap();
    assert!(matches!(&decided.events[..], [Event::ChainBreakerOpened(opened)] if opened.note == "é".repeat(128)), "{decided:?}");
}

#[test]
fn five_denials_open_the_agents_breaker_and_what_comes_then_has_no_entry() {
    let mut state = installed();
    for n in 0..5 {
        let (decided, _) = state.decide_transfer(agent(), sol(PER_TRANSACTION + 1, &format!("{n}")), at(0)).unwrap();
        state.commit(decided.unwrap(), at(0));
    }
    let log = state.log_len();
    let (decided, outcome) = state.decide_transfer(agent(), sol(1, "fine"), at(300 * SECOND_NS - 1)).unwrap();
    let Outcome::Denied { evaluation } = outcome else { panic!("{outcome:?}") };
    assert!(decided.is_none(), "nothing to log by itself");
    assert_eq!(evaluation.denials().map(|finding| finding.code).collect::<Vec<_>>(), [Some(ReasonCode::CircuitBreakerOpen)]);
    assert_eq!(evaluation.findings[0].retry_after_ns, Some(1));
    let wallet = WALLET;
    let denials = DenialsAggregated { wallet, agent: agent(), count: 1, code: ReasonCode::CircuitBreakerOpen, since: at(1) };
    assert!(state.decide_denials_aggregated(DenialsAggregated { count: 0, ..denials.clone() }).is_err());
    let decided = state.decide_denials_aggregated(denials);
    done(&mut state, decided, at(300 * SECOND_NS - 1));
    assert_eq!(state.log_len(), log + 1);
    accepted(&mut state, sol(1, "fine"), at(300 * SECOND_NS));
}

#[test]
fn the_strictest_scope_says_what_a_wallet_keeps() {
    let mut state = installed();
    let id = accepted(&mut state, sol(1, "a"), at(0));
    let kept = |state: &TestState, asset| state.minimum_balance(&state.transfer(id).unwrap(), asset).get();
    assert_eq!((kept(&state, Asset::Sol), kept(&state, Asset::Kas)), (50_000_000, 0), "0.05 SOL unless somebody says otherwise");
    let keep = |asset, min| Rule::MinimumBalance { asset, min: Amount::new(min) };
    let sets = [
        (Scope::Wallet(WALLET), keep(Asset::Sol, 60_000_000), (60_000_000, 0)),
        (Scope::User(admin()), keep(Asset::Sol, 70_000_000), (70_000_000, 0)),
        (Scope::Agent { wallet: WALLET, agent: agent() }, keep(Asset::Kas, 5), (70_000_000, 5)),
        (Scope::Agent { wallet: WALLET, agent: stranger() }, keep(Asset::Kas, 9), (70_000_000, 5)),
        (Scope::User(admin()), keep(Asset::Sol, 1), (60_000_000, 5)),
    ];
    for (n, (scope, rule, expected)) in (1..).zip(sets) {
        put(&mut state, Event::PolicySet(PolicySet { scope, version: n, name: None, rules: vec![rule], prior_spending: None }), 0);
        assert_eq!((kept(&state, Asset::Sol), kept(&state, Asset::Kas)), expected, "{scope}");
    }
}

#[test]
fn what_is_given_up_says_why_and_holds_nothing() {
    let mut state = installed();
    let id = accepted(&mut state, sol(1_000, "a"), at(0));
    let decided = state.decide_abandoned(id, ReasonCode::InsufficientBalance, "too little".into());
    done(&mut state, decided, at(1));
    let transfer = state.transfer(id).unwrap();
    assert_eq!((transfer.status, transfer.code), (Status::Failed, Some(ReasonCode::InsufficientBalance)));
    assert_eq!(transfer.note.as_deref(), Some("too little"));
    assert_eq!(state.usage(WALLET, Asset::Sol, at(1)).reserved, Amount::ZERO);
    let id = accepted(&mut state, sol(1_000, "b"), at(1));
    let decided = state.decide_built(id, built(id));
    done(&mut state, decided, at(1));
    let refused = state.decide_abandoned(id, ReasonCode::InsufficientBalance, String::new()).unwrap_err();
    assert!(matches!(refused, Refusal::WrongStatus { status: Status::Built, .. }), "what is built may be signed any moment");
}

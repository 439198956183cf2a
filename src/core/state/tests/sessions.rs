use super::fixture::*;
use super::wallets::{assert_replays, create};
use crate::access::{Session, SessionEnd};
use crate::base::{Amount, Asset, DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, SessionId, WalletId};
use crate::policy::{CounterKey, Decision, ReasonCode, Rule, Scope, Window};
use crate::state::{NewSession, Refusal};
use crate::transfer::{Outcome, Status, TransferRequest};
use crate::wallet::NewWallet;
use candid::Principal;

fn new(agent: Principal, rules: Vec<Rule>) -> NewSession {
    NewSession { wallet: WALLET, agent, ttl_ns: HOUR_NS, label: None, rules }
}

fn open(state: &mut TestState, new: NewSession, now: u64) -> SessionId {
    let (decided, session) = state.decide_open_session(admin(), new, at(now)).unwrap();
    state.commit(decided, at(now));
    session.id
}

fn within(session: SessionId, amount: u64, key: &str) -> TransferRequest {
    TransferRequest { session: Some(session), ..sol(amount, key) }
}

fn limit(max: u64) -> Vec<Rule> {
    vec![Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling24h, max: Amount::new(max) }]
}

fn decision(state: &TestState, agent: Principal, request: TransferRequest, now: u64) -> (Decision, Option<ReasonCode>) {
    let evaluation = state.simulate(agent, request, at(now)).unwrap();
    (evaluation.decision, evaluation.denials().next().and_then(|finding| finding.code))
}

const ALLOWED: (Decision, Option<ReasonCode>) = (Decision::Allow, None);
const LIMITED: (Decision, Option<ReasonCode>) = (Decision::Deny, Some(ReasonCode::SpendingLimitExceeded));

fn second_agent(state: &mut TestState) -> Principal {
    let decided = state.decide_add_agent(admin(), WALLET, principal(4));
    done(state, decided, at(0));
    principal(4)
}

#[test]
fn agents_open_their_own_sessions_and_owners_and_admins_anybodys() {
    let mut state = installed();
    let other = second_agent(&mut state);
    let wallet = create(&mut state, NewWallet { owner: Some(stranger()), ..NewWallet::from("x") });
    let decided = state.decide_add_agent(admin(), wallet, agent());
    done(&mut state, decided, at(0));
    let code = |caller, wallet| {
        let decided = state.decide_open_session(caller, NewSession { wallet, ..new(agent(), Vec::new()) }, at(0));
        decided.map_or_else(|refusal| refusal.code(), |_| "OK")
    };
    let callers = [admin(), guardian(), agent(), other, stranger(), Principal::anonymous()];
    let no = "AUTH_FAILED";
    assert_eq!(callers.map(|caller| code(caller, WALLET)), ["OK", no, "OK", no, no, no]);
    assert_eq!(callers.map(|caller| code(caller, wallet)), ["OK", no, "OK", no, "OK", no], "the stranger owns this one");
    assert_eq!(code(admin(), WalletId::new(9)), "NOT_FOUND");
}

#[test]
fn a_session_that_cannot_be_names_the_field() {
    let state = installed();
    let field = |new: NewSession| match state.decide_open_session(admin(), new, at(0)) {
        Err(Refusal::InvalidArgument { field, .. }) => field,
        Err(refusal) => refusal.code(),
        Ok(_) => "OK",
    };
    let fine = || new(agent(), Vec::new());
    assert_eq!(field(NewSession { ttl_ns: SECOND_NS - 1, ..fine() }), "ttl_seconds");
    assert_eq!(field(NewSession { ttl_ns: 30 * DAY_NS + 1, ..fine() }), "ttl_seconds");
    assert_eq!(field(NewSession { ttl_ns: 30 * DAY_NS, ..fine() }), "OK");
    assert_eq!(field(NewSession { label: Some("x".repeat(65)), ..fine() }), "label");
    assert_eq!(field(NewSession { rules: limit(0), ..fine() }), "rules");
    assert_eq!(field(new(stranger(), Vec::new())), "NOT_FOUND");
}

#[test]
fn each_session_has_limits_and_counters_of_its_own_beside_the_wallets() {
    let mut state = installed();
    let [one, two] = [0, 1].map(|_| open(&mut state, new(agent(), limit(1_005_000)), 0));
    accepted(&mut state, within(one, 1_000_000, "one"), at(0));
    assert_eq!(decision(&state, agent(), within(one, 1, "2"), 0), LIMITED);
    assert_eq!(decision(&state, agent(), within(two, 1_000_000, "2"), 0), ALLOWED, "the other session has spent nothing");
    assert_eq!(decision(&state, agent(), within(two, 1_000_001, "2"), 0), LIMITED);
    assert_eq!(decision(&state, agent(), sol(PER_TRANSACTION, "2"), 0), ALLOWED, "nor is the agent bound without one");
    for n in 0..3 {
        accepted(&mut state, sol(PER_TRANSACTION, &format!("large {n}")), at(0));
    }
    accepted(&mut state, sol(3_970_000, "4"), at(0));
    let wallet = state.usage(WALLET, Asset::Sol, at(0));
    assert_eq!(wallet.reserved, Amount::new(DAILY - 1_005_000 + 1_000_000));
    assert_eq!(decision(&state, agent(), within(two, 1, "5"), 0), LIMITED, "the wallet's limit binds every session");
    assert_replays(&state);
}

#[test]
fn only_its_agent_names_a_session_and_only_on_its_wallet_and_in_time() {
    let mut state = installed();
    let other = second_agent(&mut state);
    let session = open(&mut state, new(agent(), Vec::new()), 0);
    let code =
        |agent, request, now| state.simulate(agent, request, at(now)).map_or_else(|refusal| refusal.to_string(), |_| "OK".into());
    assert_eq!(code(agent(), within(session, 1, "k"), HOUR_NS - 1), "OK");
    assert_eq!(code(agent(), within(session, 1, "k"), HOUR_NS), "session_id: the session is over; open another");
    let unknown = "there is no session of the agent on this wallet";
    assert_eq!(code(other, within(session, 1, "k"), 0), format!("{unknown} 1"));
    assert_eq!(code(agent(), within(SessionId::new(9), 1, "k"), 0), format!("{unknown} 9"));
}

#[test]
fn what_a_session_counted_is_forgotten_once_it_is_over_and_holds_nothing() {
    let mut state = installed();
    let session = open(&mut state, new(agent(), limit(DAILY)), 0);
    let scope = Scope::Session(session);
    let key = CounterKey::units(scope, Asset::Sol);
    let id = accepted(&mut state, within(session, 1_000, "1"), at(0));
    submit(&mut state, id, at(0));
    assert!(state.decide_expired_sessions(at(HOUR_NS - 1), 10).is_none());
    let decided = state.decide_expired_sessions(at(HOUR_NS), 10).unwrap();
    state.commit(decided, at(HOUR_NS));
    assert_eq!(state.session(session).unwrap().ended, Some(SessionEnd::Expired));
    assert_eq!(state.transfer(id).unwrap().status, Status::Submitted, "it was asked for in time");
    assert_eq!(state.spent(&key).reserved(), Amount::new(6_000), "it still holds the transfer's money");
    assert!(state.policy_of(&scope).is_some());
    let decided = state.decide_confirmed(id, Amount::new(5_000), None);
    done(&mut state, decided, at(HOUR_NS));
    assert_eq!(state.spent(&key), Default::default());
    assert_eq!((state.policy_of(&scope), state.activity(&scope)), (None, Default::default()));
    assert_eq!(state.policy_versions_before(&scope, None).count(), 1, "what its limits were can still be read");
    assert_eq!(state.usage(WALLET, Asset::Sol, at(HOUR_NS)).posted, Amount::new(6_000), "the wallet forgets nothing");
    assert_eq!((state.open_sessions(WALLET), state.next_session_end()), (Vec::new(), None));
    assert_replays(&state);
}

#[test]
fn a_quarantined_transfer_keeps_its_sessions_counters() {
    let mut state = installed();
    let session = open(&mut state, new(agent(), limit(DAILY)), 0);
    let id = accepted(&mut state, within(session, 1_000, "1"), at(0));
    submit(&mut state, id, at(0));
    let decided = state.decide_quarantine_by_canister(id, ReasonCode::RepeatedTraps, "it trapped");
    done(&mut state, decided, at(0));
    let decided = state.decide_close_session(admin(), session, at(1));
    done(&mut state, decided, at(1));
    let decided = state.decide_resolve_quarantine(admin(), id, true, Amount::new(5_000), String::new());
    done(&mut state, decided, at(2));
    assert_eq!(state.spent(&CounterKey::units(Scope::Session(session), Asset::Sol)), Default::default());
}

#[test]
fn closing_a_session_calls_off_its_own_transfers_and_no_others() {
    let mut state = installed();
    let [one, two] = [0, 1].map(|_| open(&mut state, new(agent(), Vec::new()), 0));
    let requests = [within(one, 1, "1"), within(two, 1, "2"), sol(1, "3"), within(one, 1, "4")];
    let ids = requests.map(|request| accepted(&mut state, request, at(0)));
    submit(&mut state, ids[3], at(0));
    let code = |caller| state.decide_close_session(caller, one, at(1)).map_or_else(|refusal| refusal.code(), |_| "OK");
    let no = "AUTH_FAILED";
    assert_eq!([admin(), guardian(), agent(), stranger(), Principal::anonymous()].map(code), ["OK", "OK", "OK", no, no]);
    let decided = state.decide_close_session(agent(), one, at(1));
    done(&mut state, decided, at(1));
    let ends = ids.map(|id| state.transfer(id).unwrap().status);
    assert_eq!(ends, [Status::Cancelled, Status::Reserved, Status::Reserved, Status::Submitted]);
    assert_eq!(state.transfer(ids[0]).unwrap().code, Some(ReasonCode::SessionClosed));
    assert!(matches!(state.decide_close_session(agent(), one, at(1)), Err(Refusal::AlreadySo { .. })));
    assert_replays(&state);
}

#[test]
fn an_agents_sessions_end_with_it() {
    let mut state = installed();
    let other = second_agent(&mut state);
    let [gone, stays] = [agent(), other].map(|agent| open(&mut state, new(agent, limit(9)), 0));
    let decided = state.decide_remove_agent(guardian(), WALLET, agent());
    done(&mut state, decided, at(1));
    let end = |id| state.session(id).map(|session| session.ended);
    assert_eq!((end(gone), end(stays)), (Some(Some(SessionEnd::EndedByParent)), Some(None)));
    assert_eq!(state.policy_of(&Scope::Session(gone)), None);
    let decided = state.decide_add_agent(admin(), WALLET, agent());
    done(&mut state, decided, at(2));
    assert!(state.simulate(agent(), within(gone, 1, "k"), at(2)).is_err(), "it does not come back with the agent");
    assert_replays(&state);
}

#[test]
fn no_agent_takes_the_others_room_or_fills_the_log() {
    let mut state = installed();
    let other = second_agent(&mut state);
    let refused = |state: &TestState, agent, now| match state.decide_open_session(agent, new(agent, Vec::new()), at(now)) {
        Err(Refusal::LimitReached { what, max, current }) => (what, max, current),
        other => panic!("{other:?}"),
    };
    for _ in 0..20 {
        open(&mut state, new(agent(), Vec::new()), 0);
    }
    assert_eq!(refused(&state, agent(), 0), ("open sessions of the agent", 20, 20));
    let Session { id: others, .. } = state.decide_open_session(other, new(other, Vec::new()), at(0)).unwrap().1;
    assert_eq!(others, SessionId::new(21), "the other agent has room of its own");
    for n in 0..40 {
        let decided = state.decide_close_session(agent(), SessionId::new(n + 1), at(n + 1));
        done(&mut state, decided, at(n + 1));
        open(&mut state, new(agent(), Vec::new()), n + 1);
    }
    let decided = state.decide_close_session(agent(), SessionId::new(41), at(50));
    done(&mut state, decided, at(50));
    assert_eq!(refused(&state, agent(), 50), ("sessions of the agent within an hour", 60, 60));
    assert!(state.decide_open_session(agent(), new(agent(), Vec::new()), at(HOUR_NS)).is_ok(), "the first 20 are an hour old");
}

/// Denies one request of an agent.
fn deny(state: &mut TestState, agent: Principal, n: u64) {
    let answer = state.decide_transfer(agent, sol(PER_TRANSACTION + 1, "big"), at(n)).unwrap();
    let (Some(decided), Outcome::Denied { .. }) = answer else { panic!("{answer:?}") };
    state.commit(decided, at(n));
}

#[test]
fn agents_share_no_breaker_and_no_quota() {
    let mut state = installed();
    let other = second_agent(&mut state);
    for n in 0..5 {
        deny(&mut state, agent(), n);
    }
    let broken = (Decision::Deny, Some(ReasonCode::CircuitBreakerOpen));
    assert_eq!(decision(&state, agent(), sol(1, "k"), 5), broken);
    assert_eq!(decision(&state, other, sol(1, "k"), 5), ALLOWED);
    let mut state = installed();
    let other = second_agent(&mut state);
    for n in 0..60 {
        accepted(&mut state, sol(1, &n.to_string()), at(n));
    }
    assert_eq!(decision(&state, agent(), sol(1, "k"), 60), (Decision::Deny, Some(ReasonCode::RateLimitExceeded)));
    assert_eq!(decision(&state, other, sol(1, "k"), 60), ALLOWED);
    assert_eq!(decision(&state, agent(), sol(1, "k"), MINUTE_NS + SECOND_NS), ALLOWED);
}

#[test]
fn owners_wallets_agents_and_sessions_count_apart() {
    let mut state = installed();
    let wallet = create(&mut state, NewWallet { owner: Some(stranger()), ..NewWallet::from("x") });
    let decided = state.decide_add_agent(admin(), wallet, agent());
    done(&mut state, decided, at(0));
    let before = [Scope::User(stranger()), Scope::Wallet(wallet), Scope::Agent { wallet, agent: agent() }];
    let session = open(&mut state, new(agent(), Vec::new()), 0);
    let idle = open(&mut state, new(agent(), Vec::new()), 0);
    accepted(&mut state, within(session, 1_000, "1"), at(0));
    let reserved = |scope| state.spent(&CounterKey::units(scope, Asset::Sol)).reserved().get();
    let spent =
        [Scope::User(admin()), Scope::Wallet(WALLET), Scope::Agent { wallet: WALLET, agent: agent() }, Scope::Session(session)];
    assert_eq!(spent.map(reserved), [6_000; 4]);
    assert_eq!(before.map(reserved), [0; 3], "the same agent on another user's wallet");
    assert_eq!(before.map(|scope| state.activity(&scope)), [const { None }; 3].map(Option::unwrap_or_default));
    assert_eq!((reserved(Scope::Session(idle)), state.activity(&Scope::Session(idle))), (0, Default::default()));
}

#[test]
fn a_repeated_request_is_a_duplicate_whether_or_not_its_session_is_over() {
    let mut state = installed();
    let session = open(&mut state, new(agent(), Vec::new()), 0);
    let id = accepted(&mut state, within(session, 1, "k"), at(0));
    let again =
        |state: &TestState, now| state.decide_transfer(agent(), within(session, 1, "k"), at(now)).map(|(_, outcome)| outcome);
    assert_eq!(again(&state, HOUR_NS), Ok(Outcome::Duplicate { transfer: id }), "its time is over");
    let decided = state.decide_expired_sessions(at(HOUR_NS), 10).expect("it is due");
    state.commit(decided, at(HOUR_NS));
    assert_eq!(again(&state, HOUR_NS), Ok(Outcome::Duplicate { transfer: id }), "its end is recorded");
    let new = state.decide_transfer(agent(), within(session, 1, "new"), at(HOUR_NS)).map(|(_, outcome)| outcome);
    assert_eq!(new.unwrap_err().code(), "VALIDATION_FAILED", "a new request needs an open session");
}

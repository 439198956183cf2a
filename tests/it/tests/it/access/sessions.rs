//! Sessions, the isolation of wallets and agents, and callers that are not answered.

use crate::support::{denial, payment, rules};
use candid::Principal;
use localnet::Reject;
use purser_it::client::Answer;
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_types::{
    Asset, BlockRange, Change, ClientArgs, CreateWalletArgs, OpenSessionArgs, Page, ReasonCode, Role, Rule, RuleKind, Scope,
    Session, SessionStatus, Signing, Status, TransferArgs, TransferOutcome, Window,
};
use std::time::Duration;

fn args(wallet_id: u64, ttl_seconds: u64, max: u64) -> OpenSessionArgs {
    let rules = vec![Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling24h, max }];
    OpenSessionArgs { wallet_id, agent: None, ttl_seconds, label: Some("errand".into()), rules }
}

fn session_payment(session: &Session, amount: u64, key: &str) -> TransferArgs {
    TransferArgs { session_id: Some(session.id), ..payment(session.wallet_id, Asset::Sol, amount, key) }
}

#[test]
fn a_session_limits_itself_and_nobody_else() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let mut open = |max| env.as_actor(Actor::Agent).open_session(&args(wallet, 3_600, max)).expect("an agent opens its own");
    let (small, large) = (open(SOL / 2), open(2 * SOL));
    let denied = denial(env.as_actor(Actor::Agent).transfer(&session_payment(&small, SOL / 2, "with its fee it is too much")));
    assert_eq!((denied.rule, denied.limit), (RuleKind::SpendingLimit.into(), Some(SOL / 2)));
    let paid = env.request_transfer(&session_payment(&small, SOL / 4, "fits"));
    denial(env.as_actor(Actor::Agent).transfer(&session_payment(&small, SOL / 4, "used up")));
    let other = env.request_transfer(&session_payment(&large, SOL, "the other session"));
    let without = env.request_transfer(&payment(wallet, Asset::Sol, SOL, "without a session"));
    for id in [paid, other, without] {
        assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    }
    assert_eq!(env.as_actor(Actor::Stranger).get_transfer(paid).map(|transfer| transfer.session_id), Ok(Some(small.id)));
}

#[test]
fn sessions_end_by_themselves_and_by_word() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let mut agent = env.as_actor(Actor::Agent);
    let short = agent.open_session(&args(wallet, 60, SOL)).expect("an agent opens its own");
    let long = agent.open_session(&args(wallet, 3_600, SOL)).expect("and another");
    let first = agent.list_sessions(wallet, None, Some(1)).expect("open");
    assert_eq!(first, Page { items: vec![long.clone()], next: Some(long.id) }, "the newest first");
    assert_eq!(agent.list_sessions(wallet, first.next, None), Ok(Page { items: vec![short.clone()], next: None }));
    env.network.ic().advance_time(Duration::from_secs(60));
    let late = env.as_actor(Actor::Agent).transfer(&session_payment(&short, 1, "late")).expect_err("its time is over");
    assert_eq!(late.message, "session_id: the session is over; open another");
    let before = env.as_actor(Actor::Stranger).verify_integrity(None, None).entries_checked;
    for _ in 0..3 {
        env.step();
    }
    let after = env.as_actor(Actor::Stranger).verify_integrity(None, None).entries_checked;
    assert_eq!(after, before + 1, "its end is noted by itself");
    let status = |env: &mut TestEnv, id| env.as_actor(Actor::Stranger).get_session(id).map(|session| session.status);
    assert_eq!(status(&mut env, short.id), Ok(SessionStatus::Expired.into()));
    let closed = env.as_actor(Actor::Guardian).close_session(long.id).expect("a guardian closes it");
    assert_eq!(closed.status, SessionStatus::Revoked);
    let closed = env.as_actor(Actor::Agent).transfer(&session_payment(&long, 1, "closed")).expect_err("it is over");
    assert_eq!(closed.code, "VALIDATION_FAILED");
    let last = env.as_actor(Actor::Agent).open_session(&args(wallet, 3_600, SOL)).expect("another");
    env.as_actor(Actor::Admin).remove_agent(wallet, Actor::Agent.principal()).expect("an admin removes the agent");
    assert_eq!(status(&mut env, last.id), Ok(SessionStatus::EndedByParent.into()));
    assert_eq!(env.as_actor(Actor::Stranger).list_sessions(wallet, None, None), Ok(Page { items: vec![], next: None }));
}

#[test]
fn the_end_of_a_session_survives_an_upgrade() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let session = env.as_actor(Actor::Agent).open_session(&args(wallet, 600, SOL)).expect("an agent opens its own");
    env.upgrade(None).expect("it upgrades");
    let before = env.as_actor(Actor::Stranger).verify_integrity(None, None).entries_checked;
    env.network.ic().advance_time(Duration::from_secs(610));
    env.step();
    let after = env.as_actor(Actor::Stranger).verify_integrity(None, None).entries_checked;
    assert_eq!(after, before + 1, "the new module notes it");
    let ended = env.as_actor(Actor::Stranger).get_session(session.id).expect("it is remembered");
    assert_eq!(ended.status, SessionStatus::Expired);
}

#[test]
fn two_agents_and_two_users_share_nothing() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let second = Principal::self_authenticating([60]);
    assert_eq!(env.as_actor(Actor::Admin).add_agent(wallet, second), Ok(Change::Applied));
    let owner = Principal::self_authenticating([61]);
    let own = CreateWalletArgs { label: "own".into(), owner: Some(owner), parent: None, signing: Signing::Threshold };
    let theirs = env.as_actor(Actor::Admin).create_wallet_with(&own).expect("an admin creates a wallet").id;
    assert_eq!(env.as_actor(Actor::Admin).add_agent(theirs, Actor::Agent.principal()), Ok(Change::Applied));
    env.set_policy(theirs, &rules());
    let cap = |max| vec![Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling24h, max }];
    for scope in [Scope::Agent { wallet_id: wallet, agent: Actor::Agent.principal() }, Scope::User(Actor::Admin.principal())] {
        let change = env.as_actor(Actor::Admin).set_policy(scope, None, &cap(SOL));
        assert_eq!(change, Ok(Change::Applied));
    }
    env.request_transfer(&payment(wallet, Asset::Sol, SOL / 2, "the first agent's"));
    for n in 0..5 {
        denial_of(&mut env, Actor::Agent.principal(), &payment(wallet, Asset::Sol, SOL - n, &format!("too much {n}")));
    }
    let broken = denial(env.as_actor(Actor::Agent).transfer(&payment(wallet, Asset::Sol, 1, "after five")));
    assert_eq!(broken.reason_code, Some(ReasonCode::CircuitBreakerOpen));
    let other = env.as_principal(second).transfer(&payment(wallet, Asset::Sol, SOL / 4, "the second agent's"));
    assert!(matches!(other, Ok(TransferOutcome::Accepted { .. })), "{other:?}");
    let elsewhere = env.as_actor(Actor::Agent).transfer(&payment(theirs, Asset::Sol, SOL, "on another user's wallet"));
    assert!(matches!(elsewhere, Ok(TransferOutcome::Accepted { .. })), "{elsewhere:?}");
}

fn denial_of(env: &mut TestEnv, agent: Principal, args: &TransferArgs) {
    let answer = env.as_principal(agent).transfer(args);
    assert!(matches!(answer, Ok(TransferOutcome::Denied { .. })), "{answer:?}");
}

#[test]
fn a_stranger_is_answered_five_times_and_members_always() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let attempt = |env: &mut TestEnv, caller: Principal| {
        env.as_principal(caller).try_update::<Answer<()>>("remove_agent", (wallet, Actor::Agent.principal()))
    };
    let stranger = Actor::Stranger.principal();
    for _ in 0..5 {
        assert_eq!(attempt(&mut env, stranger).expect("it is answered").expect_err("it is refused").code, "AUTH_FAILED");
    }
    assert_eq!(attempt(&mut env, stranger).expect_err("it is not let in").code, Reject::CANISTER_REJECT);
    let other = attempt(&mut env, Principal::self_authenticating([70])).expect("nobody else is kept out");
    assert_eq!(other.expect_err("it is refused").code, "AUTH_FAILED");
    for _ in 0..10 {
        let answer = env.as_actor(Actor::Guardian).grant_role(stranger, Role::Admin);
        assert_eq!(answer.expect_err("a guardian grants nothing").code, "AUTH_FAILED", "but it is heard whatever it fails at");
    }
    assert_eq!(env.as_actor(Actor::Admin).grant_role(stranger, Role::Guardian), Ok(Change::Applied));
    assert_eq!(attempt(&mut env, stranger), Ok(Ok(())), "whoever gained a power is heard at once");
    let late = Principal::self_authenticating([71]);
    for _ in 0..5 {
        attempt(&mut env, late).expect("it is answered").expect_err("it is refused");
    }
    attempt(&mut env, late).expect_err("it is not let in");
    env.network.ic().advance_time(Duration::from_secs(15 * 60));
    assert!(attempt(&mut env, late).is_ok(), "a quarter of an hour later it is answered again");
}

#[test]
fn what_clients_say_of_themselves_is_logged_as_keyed_hashes() {
    let mut env = TestEnv::new();
    env.wallet(&rules());
    let client = |address: &str| ClientArgs {
        success: true,
        wallet_id: None,
        address: Some(address.into()),
        device: Some("Pixel 9".into()),
    };
    let logged = |env: &mut TestEnv| {
        let length = env.as_actor(Actor::Stranger).verify_integrity(None, None).entries_checked;
        let range = BlockRange { start: (length - 1).into(), length: 1u8.into() };
        let blocks = env.as_actor(Actor::Stranger).icrc3_get_blocks(&[range]).blocks;
        format!("{:?}", blocks[0].block)
    };
    let mut entries = Vec::new();
    for address in ["192.0.2.7", "192.0.2.8"] {
        assert_eq!(env.as_actor(Actor::Agent).record_client(&client(address)), Ok(()));
        entries.push(logged(&mut env));
    }
    env.upgrade(None).expect("it upgrades");
    assert_eq!(env.as_actor(Actor::Agent).record_client(&client("192.0.2.7")), Ok(()));
    entries.push(logged(&mut env));
    assert!(entries.iter().all(|entry| !entry.contains("192.0.2") && !entry.contains("Pixel")), "{entries:?}");
    let hash = |entry: &str| entry.split("address_hmac").nth(1).map(|rest| rest[..160].to_owned()).expect("a hash");
    assert_eq!(hash(&entries[0]), hash(&entries[2]), "the same address is recognised, after an upgrade too");
    assert_ne!(hash(&entries[0]), hash(&entries[1]));
    for _ in 0..17 {
        assert_eq!(env.as_actor(Actor::Agent).record_client(&client("192.0.2.7")), Ok(()));
    }
    let flood = (0..10).map(|_| env.as_actor(Actor::Agent).record_client(&client("192.0.2.7"))).find_map(Result::err);
    assert_eq!(flood.expect("the log cannot be filled").code, "LIMIT_REACHED");
}

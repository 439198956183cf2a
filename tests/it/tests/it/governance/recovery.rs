//! From a lost key to the next payment.

use super::proposals::advance_time;
use crate::log::certification::get;
use crate::support::{denial, payment, rules};
use candid::Principal;
use purser_it::network::Network;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_types::{Asset, Change, ModeStatus, ProposalOutcome, RecoveryInit, Role, Scope, SettingsInit, Status};

const DAY: u64 = 86_400;

fn rescuer() -> Principal {
    Principal::self_authenticating([70])
}

fn lost() -> Principal {
    Principal::self_authenticating([11])
}

fn new_admin() -> Principal {
    Principal::self_authenticating([60])
}

/// Two admins, both of whom have to agree from now on; the key of one of them is lost.
fn two_of_two() -> TestEnv {
    let mut env = TestEnv::empty(Network::from_environment());
    let mut args = env.init_args();
    args.admins.push(lost());
    args.recovery = Some(RecoveryInit { members: vec![rescuer()], quorum: None, time_lock_seconds: None });
    env.install(&args).expect("it installs");
    env.await_keys();
    env
}

fn mode(env: &mut TestEnv) -> ModeStatus {
    env.as_actor(Actor::Stranger).try_query("get_mode", ()).expect("open")
}

fn health(env: &mut TestEnv) -> serde_json::Value {
    serde_json::from_slice(&get(env, "GET", "/health").body).expect("JSON")
}

fn proposed(change: Result<Change, purser_types::Error>) -> u64 {
    match change {
        Ok(Change::Proposed(id)) => id,
        other => panic!("not proposed: {other:?}"),
    }
}

#[test]
fn a_lost_key_is_recovered_and_the_next_payment_made() {
    let mut env = two_of_two();
    let wallet = env.as_actor(Actor::Admin).create_wallet("treasury").expect("an admin");
    assert_eq!(env.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()), Ok(Change::Applied));
    assert_eq!(env.as_actor(Actor::Admin).set_policy(Scope::Wallet(wallet.id), None, &rules()), Ok(Change::Applied));
    env.solana.airdrop(wallet.solana_address(), 10 * SOL);
    env.kaspa.faucet(wallet.kaspa_schnorr_address(), 10 * KAS);
    let both = SettingsInit { quorum: Some(2), ..SettingsInit::default() };
    assert_eq!(env.as_actor(Actor::Admin).set_settings(&both), Ok(Change::Applied));
    env.as_actor(Actor::Guardian).start_emergency("a key is lost").expect("a guardian");
    let stuck = proposed(env.as_actor(Actor::Admin).end_emergency("over"));
    assert_eq!(env.as_actor(Actor::Admin).execute_proposal(stuck).expect_err("one of two").code, "WRONG_STATUS");
    for nobody in [Actor::Admin, Actor::Guardian, Actor::Agent] {
        assert_eq!(env.as_actor(nobody).recover_admins(&[new_admin()]).expect_err("no member").code, "AUTH_FAILED");
    }

    // An admin who is there cancels it; nobody then, and it is announced everywhere.
    let first = proposed(env.as_principal(rescuer()).recover_admins(&[new_admin()]));
    let announced = mode(&mut env).recoveries;
    assert_eq!(
        announced.iter().map(|waiting| (waiting.proposal_id, waiting.ready_at.is_some())).collect::<Vec<_>>(),
        [(first, true)]
    );
    assert_eq!(health(&mut env)["recovery"]["proposal_id"], first);
    assert_eq!(env.as_actor(Actor::Guardian).cancel_proposal(first, None).expect_err("no guardian").code, "AUTH_FAILED");
    let cancelled = env.as_actor(Actor::Admin).cancel_proposal(first, Some("I am here")).expect("every admin");
    assert_eq!(cancelled.outcome, Some(ProposalOutcome::Cancelled.into()));
    assert_eq!((mode(&mut env).recoveries, health(&mut env).get("recovery")), (vec![], None));

    let second = proposed(env.as_principal(rescuer()).recover_admins(&[new_admin()]));
    advance_time(&mut env, 14 * DAY - 60);
    assert!(!env.as_principal(new_admin()).my_permissions(None).roles.iter().any(|role| *role == Role::Admin));
    advance_time(&mut env, 120);
    let executed = env.as_actor(Actor::Stranger).get_proposal(second).expect("open");
    assert_eq!(executed.outcome, Some(ProposalOutcome::Executed.into()));
    let refused = env.as_principal(rescuer()).transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "mine"));
    assert_eq!(refused.expect_err("who recovers spends nothing").code, "AUTH_FAILED");
    let early = denial(env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "early")));
    assert_eq!(early.code.as_deref(), Some("EMERGENCY_MODE"));

    // Two admins agree again: the emergency ends, and the lost key loses its role.
    for _ in 0..2 {
        let end = proposed(env.as_actor(Actor::Admin).end_emergency("recovered"));
        env.as_principal(new_admin()).approve_proposal(end).expect("the second of two");
    }
    let out = proposed(env.as_actor(Actor::Admin).remove_principal(lost()));
    let gone = env.as_principal(new_admin()).approve_proposal(out).expect("the second of two");
    assert_eq!(gone.outcome, Some(ProposalOutcome::Executed.into()));
    let paid = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "paid"));
    assert_eq!(env.wait_for_end(paid).status, Status::Confirmed);
}

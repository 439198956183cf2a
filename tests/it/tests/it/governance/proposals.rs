//! Changes that need several admins and a time lock.

use crate::support::{denial, payment, rules};
use candid::Principal;
use localnet::Reject;
use purser_it::client::Client;
use purser_it::network::Network;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_types::{
    Action, Asset, Change, Error, ErrorDetail, Group, MinBalance, Mode, Proposal, ProposalOutcome, Rate, ReasonCode, Role, Rule,
    Scope, Settings, SettingsInit, Status, TransferOutcome, Wallet,
};
use std::time::Duration;

const TIME_LOCK: u64 = 3_600;

pub fn second_admin() -> Principal {
    Principal::self_authenticating([11])
}

pub fn third_admin() -> Principal {
    Principal::self_authenticating([12])
}

fn approver(n: u8) -> Principal {
    Principal::self_authenticating([20 + n])
}

/// Installs the canister with three admins and these settings.
fn install(settings: SettingsInit) -> Result<TestEnv, Reject> {
    let mut env = TestEnv::empty(Network::from_environment());
    let mut args = env.init_args();
    args.admins.extend([second_admin(), third_admin()]);
    args.settings = Some(settings);
    env.install(&args)?;
    env.await_keys();
    Ok(env)
}

/// An environment with three admins, a quorum of two and a time lock of an hour.
pub fn env_with_quorum() -> TestEnv {
    let settings = SettingsInit { quorum: Some(2), time_lock_seconds: Some(TIME_LOCK), ..SettingsInit::default() };
    install(settings).expect("it installs")
}

/// Proposes a change as the first admin.
pub fn proposed(env: &mut TestEnv, change: impl FnOnce(&mut Client<'_>) -> Result<Change, Error>) -> u64 {
    match change(&mut env.as_actor(Actor::Admin)) {
        Ok(Change::Proposed(id)) => id,
        other => panic!("not proposed: {other:?}"),
    }
}

pub fn approve(env: &mut TestEnv, id: u64) -> Proposal {
    env.as_principal(second_admin()).approve_proposal(id).expect("another admin agrees")
}

pub fn proposal(env: &mut TestEnv, id: u64) -> Proposal {
    env.as_actor(Actor::Stranger).get_proposal(id).expect("open")
}

/// Advances the network's time and runs due timers.
pub fn advance_time(env: &mut TestEnv, seconds: u64) {
    let ic = env.network.ic();
    ic.advance_time(Duration::from_secs(seconds));
    for _ in 0..6 {
        ic.tick();
    }
}

/// Proposes and approves a change, and waits until it is executed.
pub fn executed(env: &mut TestEnv, change: impl FnOnce(&mut Client<'_>) -> Result<Change, Error>) -> Proposal {
    let id = proposed(env, change);
    approve(env, id);
    advance_time(env, TIME_LOCK);
    let ended = proposal(env, id);
    assert_eq!(ended.outcome, Some(ProposalOutcome::Executed.into()), "{ended:?}");
    ended
}

/// Creates a funded wallet with an agent and the default policy.
fn funded(env: &mut TestEnv) -> Wallet {
    let wallet = env.as_actor(Actor::Admin).create_wallet("treasury").expect("an admin creates a wallet");
    executed(env, |admin| admin.add_agent(wallet.id, Actor::Agent.principal()));
    executed(env, |admin| admin.set_policy(Scope::Wallet(wallet.id), Some("usual"), &rules()));
    env.solana.airdrop(wallet.solana_address(), 10 * SOL);
    env.kaspa.faucet(wallet.kaspa_schnorr_address(), 100 * KAS);
    wallet
}

#[test]
fn a_first_policy_waits_for_the_quorum_and_the_time_lock_and_then_takes_effect_by_itself() {
    let mut env = env_with_quorum();
    let wallet = env.as_actor(Actor::Admin).create_wallet("treasury").expect("an admin creates a wallet");
    executed(&mut env, |admin| admin.add_agent(wallet.id, Actor::Agent.principal()));
    let id = proposed(&mut env, |admin| admin.set_policy(Scope::Wallet(wallet.id), Some("usual"), &rules()));
    let made = proposal(&mut env, id);
    assert_eq!((made.approved_by, made.ready_at, made.outcome), (vec![Actor::Admin.principal()], None, None));
    let Some(Action::SetPolicy { scope, replaces: 0, name, rules: proposed }) = made.action.value else {
        panic!("no policy: {:?}", made.action);
    };
    assert_eq!((scope, name.as_deref()), (Scope::Wallet(wallet.id), Some("usual")));
    assert_eq!(proposed, rules(), "everybody sees what is proposed");
    let early = env.as_actor(Actor::Admin).execute_proposal(id).expect_err("one of two agrees");
    assert!(matches!(early.detail, Some(ErrorDetail::ProposalStatus { proposal_id, .. }) if proposal_id == id), "{early:?}");
    let ready_at = approve(&mut env, id).ready_at.expect("the quorum is reached");
    assert!(ready_at >= TIME_LOCK * 1_000_000_000);
    advance_time(&mut env, TIME_LOCK - 60);
    let denied = denial(env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL, "early")));
    assert_eq!(denied.reason_code, Some(ReasonCode::PolicyDenied));
    assert_eq!(env.as_actor(Actor::Admin).execute_proposal(id).expect_err("the time lock runs").code, "WRONG_STATUS");
    advance_time(&mut env, 60);
    assert_eq!(proposal(&mut env, id).outcome, Some(ProposalOutcome::Executed.into()), "nobody had to ask for it");
    env.solana.airdrop(wallet.solana_address(), 10 * SOL);
    let paid = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL, "in force"));
    assert_eq!(env.wait_for_end(paid).status, Status::Confirmed);
    assert_eq!(env.as_actor(Actor::Admin).approve_proposal(id).expect_err("over").code, "WRONG_STATUS");
}

#[test]
fn tightening_acts_at_once_and_loosening_does_not() {
    let mut env = env_with_quorum();
    let wallet = funded(&mut env);
    let mut tighter = rules();
    tighter[0] = Rule::PerTransaction { asset: Asset::Sol, max: SOL / 10 };
    let scope = Scope::Wallet(wallet.id);
    assert_eq!(env.as_actor(Actor::Admin).set_policy(scope, None, &tighter), Ok(Change::Applied));
    let denied = denial(env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL / 2, "too much now")));
    assert_eq!(denied.reason_code, Some(ReasonCode::SpendingLimitExceeded));
    let back = proposed(&mut env, |admin| admin.set_policy(scope, None, &rules()));
    assert_eq!(proposal(&mut env, back).outcome, None);
    let fewer = SettingsInit { attempts_per_minute: Some(7), ..SettingsInit::default() };
    assert_eq!(env.as_actor(Actor::Admin).set_settings(&fewer), Ok(Change::Applied));
    assert_eq!(env.as_actor(Actor::Stranger).get_settings().value.attempts_per_minute, 7);
    let shorter = SettingsInit { time_lock_seconds: Some(0), ..SettingsInit::default() };
    proposed(&mut env, |admin| admin.set_settings(&shorter));
    assert_eq!(env.as_actor(Actor::Stranger).get_settings().value.time_lock_seconds, TIME_LOCK);
}

#[test]
fn a_guardian_stops_a_change_while_the_time_lock_runs() {
    let mut env = env_with_quorum();
    let id = proposed(&mut env, |admin| admin.grant_role(Actor::Stranger.principal(), Role::Admin));
    approve(&mut env, id);
    for nobody in [Actor::Stranger, Actor::Agent] {
        assert_eq!(env.as_actor(nobody).cancel_proposal(id, None).expect_err("nobody").code, "AUTH_FAILED");
    }
    let stopped = env.as_actor(Actor::Guardian).cancel_proposal(id, Some("never heard of it")).expect("a guardian may");
    assert_eq!(stopped.outcome, Some(ProposalOutcome::Cancelled.into()));
    advance_time(&mut env, TIME_LOCK);
    assert_eq!(env.as_actor(Actor::Admin).execute_proposal(id).expect_err("over").code, "WRONG_STATUS");
    assert_eq!(env.as_principal(Actor::Stranger.principal()).my_permissions(None).roles, Vec::<Role>::new());
    // A guardian cannot cancel a proposal about itself.
    let out = proposed(&mut env, |admin| admin.revoke_role(Actor::Guardian.principal(), Role::Guardian));
    assert_eq!(env.as_actor(Actor::Guardian).cancel_proposal(out, None).expect_err("about itself").code, "AUTH_FAILED");
}

#[test]
fn a_change_that_is_out_of_date_is_closed_and_undoes_nothing() {
    let mut env = env_with_quorum();
    let wallet = funded(&mut env);
    let scope = Scope::Wallet(wallet.id);
    let mut looser = rules();
    looser[0] = Rule::PerTransaction { asset: Asset::Sol, max: 2 * SOL };
    let id = proposed(&mut env, |admin| admin.set_policy(scope, None, &looser));
    approve(&mut env, id);
    let mut tighter = rules();
    tighter[0] = Rule::PerTransaction { asset: Asset::Sol, max: SOL / 10 };
    assert_eq!(env.as_actor(Actor::Admin).set_policy(scope, None, &tighter), Ok(Change::Applied));
    advance_time(&mut env, TIME_LOCK);
    assert_eq!(proposal(&mut env, id).outcome, Some(ProposalOutcome::Stale.into()));
    let policy = env.as_actor(Actor::Stranger).get_policy(Scope::Wallet(wallet.id)).expect("open").value.expect("it has one");
    assert_eq!(policy.version, 2);
    assert_eq!(policy.rules[0], tighter[0]);
}

#[test]
fn proposals_and_their_timer_survive_an_upgrade() {
    let mut env = env_with_quorum();
    let id = proposed(&mut env, |admin| admin.grant_role(approver(1), Role::Approver));
    approve(&mut env, id);
    let lonely = proposed(&mut env, |admin| admin.grant_role(approver(2), Role::Approver));
    let before = env.as_actor(Actor::Stranger).list_proposals(None, None).items;
    assert_eq!(before.iter().map(|proposal| proposal.id).collect::<Vec<_>>(), [lonely, id], "newest first");
    env.upgrade(None).expect("it upgrades");
    assert_eq!(env.as_actor(Actor::Stranger).list_proposals(None, None).items, before);
    advance_time(&mut env, TIME_LOCK);
    assert_eq!(proposal(&mut env, id).outcome, Some(ProposalOutcome::Executed.into()));
    advance_time(&mut env, proposal_ttl_seconds());
    assert_eq!(proposal(&mut env, lonely).outcome, Some(ProposalOutcome::Expired.into()), "nobody else agreed");
    assert_eq!(env.as_principal(approver(1)).my_permissions(None).roles, vec![Role::Approver]);
    assert_eq!(env.as_principal(approver(2)).my_permissions(None).roles, Vec::<Role>::new());
}

/// The default lifetime of a proposal: seven days.
const fn proposal_ttl_seconds() -> u64 {
    7 * 86_400
}

#[test]
fn an_emergency_ends_in_stages_and_each_takes_the_quorum() {
    let mut env = env_with_quorum();
    let wallet = funded(&mut env);
    env.as_actor(Actor::Guardian).start_emergency("drill").expect("a guardian starts it at once");
    let id = proposed(&mut env, |admin| admin.end_emergency("over"));
    assert!(matches!(env.as_actor(Actor::Stranger).get_mode(), Mode::Emergency { .. }));
    approve(&mut env, id);
    advance_time(&mut env, TIME_LOCK);
    assert!(matches!(env.as_actor(Actor::Stranger).get_mode(), Mode::Limited { percent: 10, .. }));
    let denied = denial(env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL / 5, "a fifth")));
    assert_eq!(denied.reason_code, Some(ReasonCode::SpendingLimitExceeded), "a tenth of a SOL at a time");
    let small = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 20, "small"));
    assert_eq!(env.wait_for_end(small).status, Status::Confirmed);
    executed(&mut env, |admin| admin.end_emergency("all is well"));
    assert_eq!(env.as_actor(Actor::Stranger).get_mode(), Mode::Normal);
    let half = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 2, "half again"));
    assert_eq!(env.wait_for_end(half).status, Status::Confirmed);
}

#[test]
fn who_is_removed_loses_everything_at_once() {
    let mut env = install(SettingsInit::default()).expect("it installs");
    let wallet = env.wallet(&rules());
    let gone = approver(1);
    let mut admin = |call: &mut dyn FnMut(&mut Client<'_>) -> Result<Change, Error>| {
        assert_eq!(call(&mut env.as_actor(Actor::Admin)), Ok(Change::Applied));
    };
    for member in [gone, approver(2)] {
        admin(&mut |admin| admin.grant_role(member, Role::Approver));
    }
    let board = |members: &[Principal]| Group { name: "board".into(), members: members.to_vec() };
    admin(&mut |admin| admin.set_group(&board(&[gone, approver(2)])));
    admin(&mut |admin| admin.add_agent(wallet.id, gone));
    let mut asking = rules();
    asking.push(Rule::Approval {
        asset: Some(Asset::Sol),
        threshold: SOL / 2,
        cumulative_24h: None,
        group: "board".into(),
        quorum: 1,
        timeout_seconds: Some(3_600),
        time_lock_seconds: 0,
    });
    admin(&mut |admin| admin.set_policy(Scope::Wallet(wallet.id), None, &asking));
    let mut pending = |by: Principal, key: &str| match env.as_principal(by).transfer(&payment(wallet.id, Asset::Sol, SOL / 2, key))
    {
        Ok(TransferOutcome::Pending { transfer, .. }) => transfer.id,
        other => panic!("not pending: {other:?}"),
    };
    let (own, others) = (pending(gone, "own"), pending(Actor::Agent.principal(), "others"));
    assert_eq!(env.as_actor(Actor::Admin).remove_principal(gone), Ok(Change::Applied));
    let status = |env: &mut TestEnv, id| env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists").status;
    assert_eq!((status(&mut env, own), status(&mut env, others)), (Status::Cancelled.into(), Status::Rejected.into()));
    assert_eq!(env.as_actor(Actor::Stranger).get_group("board").map(|group| group.value), Ok(board(&[approver(2)])));
    let permissions = env.as_principal(gone).my_permissions(Some(wallet.id));
    assert_eq!((permissions.roles, permissions.is_agent), (vec![], false));
    let usage = env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets;
    assert!(usage.iter().all(|usage| usage.reserved == 0), "nothing is held: {usage:?}");
}

#[test]
fn the_quorum_can_always_be_reached() {
    let too_many = SettingsInit { quorum: Some(4), ..SettingsInit::default() };
    let refused = install(too_many).map(|_| ()).expect_err("three admins");
    assert!(refused.message.contains("init: quorum:"), "{refused}");
    let mut env = env_with_quorum();
    let out = proposed(&mut env, |admin| admin.revoke_role(third_admin(), Role::Admin));
    assert_eq!(approve(&mut env, out).outcome, Some(ProposalOutcome::Executed.into()), "an admin goes without a time lock");
    let refused = env.as_actor(Actor::Admin).revoke_role(second_admin(), Role::Admin).expect_err("one is too few");
    assert_eq!(refused.code, "VALIDATION_FAILED");
}

#[test]
fn settings_change_by_configure_and_not_by_an_upgrade() {
    let mut env = TestEnv::new();
    let mut args = env.init_args();
    args.settings = Some(SettingsInit { quorum: Some(1), ..SettingsInit::default() });
    let refused = env.upgrade(Some(&args)).expect_err("it is refused");
    assert!(refused.message.contains("upgrade: settings:"), "{refused}");
    let settings = env.as_actor(Actor::Stranger).get_settings().value;
    let defaults = (settings.quorum, settings.time_lock_seconds, settings.max_wallets_per_owner);
    assert_eq!(defaults, (1, 0, 3));
    assert!(settings.min_balances.contains(&MinBalance { asset: Asset::Sol, min: 50_000_000 }));
    let more = SettingsInit { max_wallets_per_owner: Some(5), ..SettingsInit::default() };
    assert_eq!(env.as_actor(Actor::Admin).set_settings(&more), Ok(Change::Applied));
    assert_eq!(env.as_actor(Actor::Stranger).get_settings().value, Settings { max_wallets_per_owner: 5, ..settings });
    let wrong = SettingsInit { quorum: Some(2), ..SettingsInit::default() };
    assert_eq!(env.as_actor(Actor::Admin).set_settings(&wrong).expect_err("one admin").code, "VALIDATION_FAILED");
}

#[test]
fn rates_are_set_listed_and_expire() {
    let mut env = TestEnv::new();
    let now = env.network.ic().time_ns();
    let rate = |expires_at| Rate { asset: Asset::Sol, value: 150_000_000, per: SOL, expires_at };
    assert_eq!(env.as_actor(Actor::Admin).set_rate(&rate(now)).expect_err("over already").code, "VALIDATION_FAILED");
    let too_long = now + 8 * 86_400 * 1_000_000_000;
    assert_eq!(env.as_actor(Actor::Admin).set_rate(&rate(too_long)).expect_err("too long").code, "VALIDATION_FAILED");
    let valid = rate(now + 86_400 * 1_000_000_000);
    assert_eq!(env.as_actor(Actor::Admin).set_rate(&valid), Ok(Change::Applied));
    let [listed] = &env.as_actor(Actor::Stranger).list_rates(None, None).items[..] else { panic!("one rate") };
    assert_eq!(
        (listed.asset.name.as_str(), listed.value, listed.per, listed.expires_at),
        ("Sol", valid.value, valid.per, valid.expires_at)
    );
}

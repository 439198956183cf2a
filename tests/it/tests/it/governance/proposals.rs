//! Changes that take more than one admin, and more than a moment.

use crate::support::{denial, payment, rules};
use candid::Principal;
use localnet::Reject;
use purser_it::client::Client;
use purser_it::network::Network;
use purser_it::world::{Actor, KAS, SOL, World};
use purser_types::*;
use std::time::Duration;

const TIME_LOCK: u64 = 3_600;

fn second_admin() -> Principal {
    Principal::self_authenticating([11])
}

fn third_admin() -> Principal {
    Principal::self_authenticating([12])
}

fn approver(n: u8) -> Principal {
    Principal::self_authenticating([20 + n])
}

/// Installs with three admins and these settings.
fn install(settings: SettingsInit) -> Result<World, Reject> {
    let mut world = World::empty(Network::from_environment());
    let mut args = world.init_args();
    args.admins.extend([second_admin(), third_admin()]);
    args.settings = Some(settings);
    world.install(&args)?;
    world.await_keys();
    Ok(world)
}

/// Two of three admins have to agree, and then an hour passes.
fn council() -> World {
    let settings = SettingsInit { quorum: Some(2), time_lock_seconds: Some(TIME_LOCK), ..SettingsInit::default() };
    install(settings).expect("it installs")
}

/// A change of the first admin's that has to wait.
fn proposed(world: &mut World, change: impl FnOnce(&mut Client<'_>) -> Result<Change, Error>) -> u64 {
    match change(&mut world.as_actor(Actor::Admin)) {
        Ok(Change::Proposed(id)) => id,
        other => panic!("not proposed: {other:?}"),
    }
}

fn approve(world: &mut World, id: u64) -> Proposal {
    world.as_principal(second_admin()).approve_proposal(id).expect("another admin agrees")
}

fn proposal(world: &mut World, id: u64) -> Proposal {
    world.as_actor(Actor::Stranger).get_proposal(id).expect("open")
}

/// Lets time pass on the Internet Computer, and what is due happen.
fn wait(world: &mut World, seconds: u64) {
    let ic = world.network.ic();
    ic.advance_time(Duration::from_secs(seconds));
    for _ in 0..6 {
        ic.tick();
    }
}

/// Proposed, agreed to, waited for.
fn carried(world: &mut World, change: impl FnOnce(&mut Client<'_>) -> Result<Change, Error>) -> Proposal {
    let id = proposed(world, change);
    approve(world, id);
    wait(world, TIME_LOCK);
    let ended = proposal(world, id);
    assert_eq!(ended.closed, Some(ProposalOutcome::Executed), "{ended:?}");
    ended
}

/// A wallet with an agent and the usual policy, in a council.
fn funded(world: &mut World) -> Wallet {
    let wallet = world.as_actor(Actor::Admin).create_wallet("treasury").expect("an admin creates a wallet");
    carried(world, |admin| admin.add_agent(wallet.id, Actor::Agent.principal()));
    carried(world, |admin| admin.set_policy(Scope::Wallet(wallet.id), Some("usual"), &rules()));
    world.solana.airdrop(&wallet.solana_address, 10 * SOL);
    world.kaspa.faucet(&wallet.kaspa_schnorr_address, 100 * KAS);
    wallet
}

#[test]
fn a_first_policy_waits_for_the_quorum_and_the_time_lock_and_then_takes_effect_by_itself() {
    let mut world = council();
    let wallet = world.as_actor(Actor::Admin).create_wallet("treasury").expect("an admin creates a wallet");
    carried(&mut world, |admin| admin.add_agent(wallet.id, Actor::Agent.principal()));
    let id = proposed(&mut world, |admin| admin.set_policy(Scope::Wallet(wallet.id), Some("usual"), &rules()));
    let made = proposal(&mut world, id);
    assert_eq!((made.approved_by, made.ready_at, made.closed), (vec![Actor::Admin.principal()], None, None));
    let shown = Action::SetPolicy { scope: Scope::Wallet(wallet.id), replaces: 0, name: Some("usual".into()), rules: rules() };
    assert_eq!(made.action, shown, "everybody sees what is proposed");
    let early = world.as_actor(Actor::Admin).execute_proposal(id).expect_err("one of two agrees");
    assert!(matches!(early.detail, Some(ErrorDetail::ProposalStatus { proposal_id, .. }) if proposal_id == id), "{early:?}");
    let ready_at = approve(&mut world, id).ready_at.expect("the quorum is reached");
    assert!(ready_at >= TIME_LOCK * 1_000_000_000);
    wait(&mut world, TIME_LOCK - 60);
    let denied = denial(world.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL, "early")));
    assert_eq!(denied.code, Some(ReasonCode::PolicyDenied));
    assert_eq!(world.as_actor(Actor::Admin).execute_proposal(id).expect_err("the time lock runs").code, "WRONG_STATUS");
    wait(&mut world, 60);
    assert_eq!(proposal(&mut world, id).closed, Some(ProposalOutcome::Executed), "nobody had to ask for it");
    world.solana.airdrop(&wallet.solana_address, 10 * SOL);
    let paid = world.accepted(&payment(wallet.id, Asset::Sol, SOL, "in force"));
    assert_eq!(world.settle(paid).status, Status::Confirmed);
    assert_eq!(world.as_actor(Actor::Admin).approve_proposal(id).expect_err("over").code, "WRONG_STATUS");
}

#[test]
fn tightening_acts_at_once_and_loosening_does_not() {
    let mut world = council();
    let wallet = funded(&mut world);
    let mut tighter = rules();
    tighter[0] = Rule::PerTransaction { asset: Asset::Sol, max: SOL / 10 };
    let scope = Scope::Wallet(wallet.id);
    assert_eq!(world.as_actor(Actor::Admin).set_policy(scope, None, &tighter), Ok(Change::Applied));
    let denied = denial(world.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL / 2, "too much now")));
    assert_eq!(denied.code, Some(ReasonCode::SpendingLimitExceeded));
    let back = proposed(&mut world, |admin| admin.set_policy(scope, None, &rules()));
    assert_eq!(proposal(&mut world, back).closed, None);
    let fewer = SettingsInit { attempts_per_minute: Some(7), ..SettingsInit::default() };
    assert_eq!(world.as_actor(Actor::Admin).configure(&fewer), Ok(Change::Applied));
    assert_eq!(world.as_actor(Actor::Stranger).get_settings().attempts_per_minute, 7);
    let shorter = SettingsInit { time_lock_seconds: Some(0), ..SettingsInit::default() };
    proposed(&mut world, |admin| admin.configure(&shorter));
    assert_eq!(world.as_actor(Actor::Stranger).get_settings().time_lock_seconds, TIME_LOCK);
}

#[test]
fn a_guardian_stops_a_change_while_the_time_lock_runs() {
    let mut world = council();
    let id = proposed(&mut world, |admin| admin.grant_role(Actor::Stranger.principal(), Role::Admin));
    approve(&mut world, id);
    for nobody in [Actor::Stranger, Actor::Agent] {
        assert_eq!(world.as_actor(nobody).cancel_proposal(id, None).expect_err("nobody").code, "AUTH_FAILED");
    }
    let stopped = world.as_actor(Actor::Guardian).cancel_proposal(id, Some("never heard of it")).expect("a guardian may");
    assert_eq!(stopped.closed, Some(ProposalOutcome::Cancelled));
    wait(&mut world, TIME_LOCK);
    assert_eq!(world.as_actor(Actor::Admin).execute_proposal(id).expect_err("over").code, "WRONG_STATUS");
    assert_eq!(world.as_principal(Actor::Stranger.principal()).my_permissions(None).roles, vec![]);
    // And nobody who has gone bad protects itself.
    let out = proposed(&mut world, |admin| admin.revoke_role(Actor::Guardian.principal(), Role::Guardian));
    assert_eq!(world.as_actor(Actor::Guardian).cancel_proposal(out, None).expect_err("about itself").code, "AUTH_FAILED");
}

#[test]
fn a_change_that_is_out_of_date_is_closed_and_undoes_nothing() {
    let mut world = council();
    let wallet = funded(&mut world);
    let scope = Scope::Wallet(wallet.id);
    let mut looser = rules();
    looser[0] = Rule::PerTransaction { asset: Asset::Sol, max: 2 * SOL };
    let id = proposed(&mut world, |admin| admin.set_policy(scope, None, &looser));
    approve(&mut world, id);
    let mut tighter = rules();
    tighter[0] = Rule::PerTransaction { asset: Asset::Sol, max: SOL / 10 };
    assert_eq!(world.as_actor(Actor::Admin).set_policy(scope, None, &tighter), Ok(Change::Applied));
    wait(&mut world, TIME_LOCK);
    assert_eq!(proposal(&mut world, id).closed, Some(ProposalOutcome::Stale));
    let policy = world.as_actor(Actor::Stranger).get_policy(wallet.id).expect("open").expect("it has one");
    assert_eq!((policy.version, &policy.rules[0]), (2, &tighter[0]));
}

#[test]
fn proposals_and_their_timer_survive_an_upgrade() {
    let mut world = council();
    let id = proposed(&mut world, |admin| admin.grant_role(approver(1), Role::Approver));
    approve(&mut world, id);
    let lonely = proposed(&mut world, |admin| admin.grant_role(approver(2), Role::Approver));
    let before = world.as_actor(Actor::Stranger).list_proposals(None, None);
    assert_eq!(before.iter().map(|proposal| proposal.id).collect::<Vec<_>>(), [lonely, id], "newest first");
    world.upgrade(None).expect("it upgrades");
    assert_eq!(world.as_actor(Actor::Stranger).list_proposals(None, None), before);
    wait(&mut world, TIME_LOCK);
    assert_eq!(proposal(&mut world, id).closed, Some(ProposalOutcome::Executed));
    wait(&mut world, world_ttl());
    assert_eq!(proposal(&mut world, lonely).closed, Some(ProposalOutcome::Expired), "nobody else agreed");
    assert_eq!(world.as_principal(approver(1)).my_permissions(None).roles, vec![Role::Approver]);
    assert_eq!(world.as_principal(approver(2)).my_permissions(None).roles, vec![]);
}

/// Seven days, the default.
const fn world_ttl() -> u64 {
    7 * 86_400
}

#[test]
fn an_emergency_ends_in_stages_and_each_takes_the_quorum() {
    let mut world = council();
    let wallet = funded(&mut world);
    world.as_actor(Actor::Guardian).start_emergency("drill").expect("a guardian starts it at once");
    let id = proposed(&mut world, |admin| admin.end_emergency("over"));
    assert!(matches!(world.as_actor(Actor::Stranger).get_mode(), Mode::Emergency { .. }));
    approve(&mut world, id);
    wait(&mut world, TIME_LOCK);
    assert!(matches!(world.as_actor(Actor::Stranger).get_mode(), Mode::Limited { percent: 10, .. }));
    let denied = denial(world.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL / 5, "a fifth")));
    assert_eq!(denied.code, Some(ReasonCode::SpendingLimitExceeded), "a tenth of a SOL at a time");
    let small = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 20, "small"));
    assert_eq!(world.settle(small).status, Status::Confirmed);
    carried(&mut world, |admin| admin.end_emergency("all is well"));
    assert_eq!(world.as_actor(Actor::Stranger).get_mode(), Mode::Normal);
    let half = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 2, "half again"));
    assert_eq!(world.settle(half).status, Status::Confirmed);
}

#[test]
fn who_is_removed_loses_everything_at_once() {
    let mut world = install(SettingsInit::default()).expect("it installs");
    let wallet = world.wallet(&rules());
    let gone = approver(1);
    let mut admin = |call: &mut dyn FnMut(&mut Client<'_>) -> Result<Change, Error>| {
        assert_eq!(call(&mut world.as_actor(Actor::Admin)), Ok(Change::Applied));
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
    let mut pending =
        |by: Principal, key: &str| match world.as_principal(by).transfer(&payment(wallet.id, Asset::Sol, SOL / 2, key)) {
            Ok(TransferOutcome::Pending { transfer, .. }) => transfer.id,
            other => panic!("not pending: {other:?}"),
        };
    let (own, others) = (pending(gone, "own"), pending(Actor::Agent.principal(), "others"));
    assert_eq!(world.as_actor(Actor::Admin).remove_principal(gone), Ok(Change::Applied));
    let status = |world: &mut World, id| world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists").status;
    assert_eq!((status(&mut world, own), status(&mut world, others)), (Status::Cancelled, Status::Rejected));
    assert_eq!(world.as_actor(Actor::Stranger).list_groups(), vec![board(&[approver(2)])]);
    let permissions = world.as_principal(gone).my_permissions(Some(wallet.id));
    assert_eq!((permissions.roles, permissions.is_agent), (vec![], false));
    let usage = world.as_actor(Actor::Stranger).get_usage(wallet.id).expect("open");
    assert!(usage.iter().all(|usage| usage.reserved == 0), "nothing is held: {usage:?}");
}

#[test]
fn the_quorum_can_always_be_reached() {
    let too_many = SettingsInit { quorum: Some(4), ..SettingsInit::default() };
    let refused = install(too_many).map(|_| ()).expect_err("three admins");
    assert!(refused.message.contains("init: quorum:"), "{refused}");
    let mut world = council();
    let out = proposed(&mut world, |admin| admin.revoke_role(third_admin(), Role::Admin));
    assert_eq!(approve(&mut world, out).closed, Some(ProposalOutcome::Executed), "an admin goes without a time lock");
    let refused = world.as_actor(Actor::Admin).revoke_role(second_admin(), Role::Admin).expect_err("one is too few");
    assert_eq!(refused.code, "VALIDATION_FAILED");
}

#[test]
fn settings_change_by_configure_and_not_by_an_upgrade() {
    let mut world = World::new();
    let mut args = world.init_args();
    args.settings = Some(SettingsInit { quorum: Some(1), ..SettingsInit::default() });
    let refused = world.upgrade(Some(&args)).expect_err("it is refused");
    assert!(refused.message.contains("upgrade: settings:"), "{refused}");
    let settings = world.as_actor(Actor::Stranger).get_settings();
    let defaults = (settings.quorum, settings.time_lock_seconds, settings.max_wallets_per_owner, settings.min_balance_sol);
    assert_eq!(defaults, (1, 0, 3, 50_000_000));
    let more = SettingsInit { max_wallets_per_owner: Some(5), ..SettingsInit::default() };
    assert_eq!(world.as_actor(Actor::Admin).configure(&more), Ok(Change::Applied));
    assert_eq!(world.as_actor(Actor::Stranger).get_settings(), Settings { max_wallets_per_owner: 5, ..settings });
    let wrong = SettingsInit { quorum: Some(2), ..SettingsInit::default() };
    assert_eq!(world.as_actor(Actor::Admin).configure(&wrong).expect_err("one admin").code, "VALIDATION_FAILED");
}

#[test]
fn rates_are_set_listed_and_expire() {
    let mut world = World::new();
    let now = world.network.ic().time_ns();
    let rate = |expires_at| Rate { asset: Asset::Sol, value: 150_000_000, per: SOL, expires_at };
    assert_eq!(world.as_actor(Actor::Admin).set_rate(&rate(now)).expect_err("over already").code, "VALIDATION_FAILED");
    let too_long = now + 8 * 86_400 * 1_000_000_000;
    assert_eq!(world.as_actor(Actor::Admin).set_rate(&rate(too_long)).expect_err("too long").code, "VALIDATION_FAILED");
    let valid = rate(now + 86_400 * 1_000_000_000);
    assert_eq!(world.as_actor(Actor::Admin).set_rate(&valid), Ok(Change::Applied));
    assert_eq!(world.as_actor(Actor::Stranger).list_rates(), vec![valid]);
}

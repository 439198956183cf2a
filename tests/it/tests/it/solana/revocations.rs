//! Revocations of signed transfers, and nonce accounts under faults.

use crate::solana::nonces::with_pool;
use crate::support::{payment, rules, usage_of};
use devchains::solana::Fault;
use purser_core::chains::solana::{Address, derived};
use purser_it::recipients;
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_types::{Asset, BlockRange, Change, Execution, NonceAccount, NonceStatus, Scope, SettingsInit, Status, Transfer};

const MANY: u64 = 100_000;

/// Requests a transfer on a nonce whose broadcasts are dropped.
fn lost_transfer(env: &mut TestEnv, wallet: u64, amount: u64, key: &str) -> u64 {
    env.solana.faults().next_at("sendTransaction", MANY, Fault::DropSend);
    let id = env.request_transfer(&payment(wallet, Asset::Sol, amount, key));
    let sent = env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    assert!(sent.solana().is_some_and(|details| details.nonce.is_some()), "it stands on a nonce: {sent:?}");
    id
}

fn transfer_of(env: &mut TestEnv, id: u64) -> Transfer {
    env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists")
}

fn reserved(env: &mut TestEnv, wallet: u64) -> u64 {
    usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet)).expect("open").assets, Asset::Sol).reserved
}

fn nonces(env: &mut TestEnv, wallet: u64) -> Vec<NonceAccount> {
    env.as_actor(Actor::Stranger).list_solana_nonce_accounts(wallet, None, None).expect("open").items
}

fn blocks_with(env: &mut TestEnv, what: &str) -> usize {
    let range = BlockRange { start: 0u8.into(), length: 1_000u16.into() };
    let log = env.as_actor(Actor::Stranger).icrc3_get_blocks(&[range]);
    log.blocks.iter().filter(|entry| format!("{:?}", entry.block).contains(what)).count()
}

/// Checks that a transfer is revoked and its transaction cannot land any more.
fn check_revoked(env: &mut TestEnv, id: u64, revocation: u64) {
    let sent = env.solana.received();
    let (revoked, by) = (env.wait_for_end(id), env.wait_for_end(revocation));
    assert_eq!(
        (revoked.status.name.as_str(), by.status.name.as_str(), by.fee_paid),
        ("Cancelled", "Confirmed", Some(5_000)),
        "{revoked:?} {by:?}"
    );
    assert_eq!(revoked.note.as_deref(), Some(format!("revoked by transfer {revocation}").as_str()));
    sent.iter().for_each(|wire| env.solana.send_raw(wire));
    env.solana.advance(40);
    assert_eq!(env.solana.balance(&recipients::solana(1)), 0);
}

#[test]
fn a_revocation_waits_for_no_money_that_is_promised_and_for_no_emergency() {
    for emergency in [false, true] {
        let mut env = TestEnv::local();
        let wallet = env.as_actor(Actor::Admin).create_wallet("tight").expect("an admin");
        env.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()).expect("an admin");
        env.set_policy(wallet.id, &rules());
        env.solana.airdrop(wallet.solana_address(), SOL);
        for id in env.as_actor(Actor::Admin).set_solana_nonce_pool(wallet.id, 2).expect("an admin") {
            assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
        }
        let stuck = lost_transfer(&mut env, wallet.id, SOL / 10 * 9, "stuck");
        let queued = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 2, "queued"));
        (0..4).for_each(|_| env.step());
        assert_eq!(transfer_of(&mut env, queued).status, Status::Reserved, "there is not enough for both");
        if emergency {
            env.as_actor(Actor::Guardian).start_emergency("a key is lost").expect("a guardian");
        }
        let revocation = env.as_actor(Actor::Guardian).revoke_solana_transfer(stuck);
        let revocation = match revocation {
            Ok(id) => id,
            Err(_) => env.as_actor(Actor::Agent).revoke_solana_transfer(stuck).expect("its agent"),
        };
        env.solana.faults().clear();
        check_revoked(&mut env, stuck, revocation);
        if emergency {
            assert_eq!(transfer_of(&mut env, queued).status, Status::Reserved);
            env.end_emergency();
        }
        assert_eq!(env.wait_for_end(queued).status, Status::Confirmed, "its money is free now");
    }
}

#[test]
fn a_revocation_that_ends_without_landing_leaves_the_transfer_as_it_was() {
    let mut env = TestEnv::local();
    let wallet = with_pool(&mut env, 1);
    let id = lost_transfer(&mut env, wallet.id, SOL / 10, "stuck");
    // Nothing can be read, so nothing is built.
    env.solana.faults().next_at("getMultipleAccounts", MANY, Fault::Http500);
    let first = env.as_actor(Actor::Agent).revoke_solana_transfer(id).expect("its agent");
    let again = env.as_actor(Actor::Agent).revoke_solana_transfer(id).expect_err("it is being revoked");
    assert_eq!(again.code, "ALREADY_SO", "{again:?}");
    let cancelled = env.as_actor(Actor::Agent).cancel_transfer(first, None).expect("nothing is signed");
    assert_eq!(cancelled.status, Status::Cancelled);
    let second = env.as_actor(Actor::Agent).revoke_solana_transfer(id).expect("the first came to nothing");
    env.solana.faults().clear();
    check_revoked(&mut env, id, second);

    let id = lost_transfer(&mut env, wallet.id, SOL / 10, "kept after all");
    env.solana.faults().next_at("getMultipleAccounts", MANY, Fault::Http500);
    let revocation = env.as_actor(Actor::Agent).revoke_solana_transfer(id).expect("its agent");
    env.as_actor(Actor::Agent).cancel_transfer(revocation, None).expect("nothing is signed");
    env.solana.faults().clear();
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "it is sent again: {ended:?}");
    assert_eq!(env.solana.balance(&recipients::solana(1)), SOL / 10);
}

#[test]
fn a_revocation_outlives_the_agent_who_asked_for_it() {
    let mut env = TestEnv::local();
    let wallet = with_pool(&mut env, 1);
    let id = lost_transfer(&mut env, wallet.id, SOL / 10, "stuck");
    let revocation = env.as_actor(Actor::Agent).revoke_solana_transfer(id).expect("its agent");
    env.as_actor(Actor::Admin).remove_agent(wallet.id, Actor::Agent.principal()).expect("an admin");
    env.solana.faults().clear();
    check_revoked(&mut env, id, revocation);
}

#[test]
fn a_quarantined_transfer_is_revoked_and_its_money_is_free() {
    let mut env = TestEnv::local();
    let wallet = with_pool(&mut env, 1);
    let id = lost_transfer(&mut env, wallet.id, SOL / 10, "stuck");
    env.as_actor(Actor::Admin).quarantine_transfer(id, "it does not move").expect("an admin");
    env.solana.faults().clear();
    (0..3).for_each(|_| env.step());
    assert_eq!(transfer_of(&mut env, id).status, Status::Quarantined);
    assert!(reserved(&mut env, wallet.id) > SOL / 10, "its money is held");
    let revocation = env.as_actor(Actor::Admin).revoke_solana_transfer(id).expect("an admin");
    check_revoked(&mut env, id, revocation);
    assert_eq!(reserved(&mut env, wallet.id), 0);
    assert_eq!(nonces(&mut env, wallet.id)[0].held_by, None, "the nonce account carries the next one");
    let next = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "instead"));
    assert_eq!(env.wait_for_end(next).status, Status::Confirmed);
    assert_eq!(env.solana.balance(&recipients::solana(1)), SOL / 10, "paid once");
}

#[test]
fn a_quarantined_transfer_that_landed_stays_with_people() {
    let mut env = TestEnv::local();
    let wallet = with_pool(&mut env, 1);
    let id = lost_transfer(&mut env, wallet.id, SOL / 10, "stuck");
    let wire = env.solana.received().pop().expect("it was sent, and dropped");
    env.as_actor(Actor::Admin).quarantine_transfer(id, "it does not move").expect("an admin");
    env.solana.faults().clear();
    env.solana.send_raw(&wire);
    env.solana.advance(40);
    let revocation = env.as_actor(Actor::Admin).revoke_solana_transfer(id).expect("an admin");
    let by = env.wait_for_end(revocation);
    assert_eq!(
        (by.status.name.as_str(), by.note.as_deref()),
        ("Failed", Some("the transfer's nonce is used up already")),
        "{by:?}"
    );
    (0..20).for_each(|_| env.step());
    assert_eq!(transfer_of(&mut env, id).status, Status::Quarantined, "whether it was paid is for people to say");
    assert!(reserved(&mut env, wallet.id) > SOL / 10);
}

#[test]
fn lamports_at_a_nonce_accounts_address_do_not_keep_it_from_being_created() {
    for dust in [1, SOL] {
        let mut env = TestEnv::local();
        let wallet = env.wallet(&rules());
        let payer = Address::parse(wallet.solana_address()).expect("an address");
        env.solana.airdrop(&derived::nonce_account(&payer, 0).to_string(), dust);
        let created = env.as_actor(Actor::Admin).set_solana_nonce_pool(wallet.id, 1).expect("an admin");
        let ended = env.wait_for_end(created[0]);
        assert_eq!(ended.status, Status::Confirmed, "{dust}: {ended:?}");
        let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "on it"));
        let paid = env.wait_for_end(id);
        assert_eq!(
            (paid.status.name.as_str(), paid.solana().and_then(|details| details.nonce)),
            ("Confirmed", Some(0)),
            "{paid:?}"
        );
    }
}

#[test]
fn a_network_that_takes_no_nonce_transactions_is_found_out_and_left_by_blockhash() {
    let mut env = TestEnv::local();
    let wallet = with_pool(&mut env, 1);
    let id = lost_transfer(&mut env, wallet.id, SOL / 10, "stuck");
    env.solana.refuse_nonces(true);
    env.solana.faults().clear();
    (0..10).for_each(|_| env.step());
    assert_eq!(transfer_of(&mut env, id).status, Status::Submitted, "it may land if the network changes its mind");
    let revocation = env.as_actor(Actor::Agent).revoke_solana_transfer(id).expect("its agent");
    check_revoked(&mut env, id, revocation);

    let before = env.solana.received().len();
    let next = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "anyway"));
    let ended = env.wait_for_end(next);
    let nonce = ended.solana().and_then(|details| details.nonce);
    assert_eq!((ended.status.name.as_str(), ended.attempt, nonce), ("Confirmed", 1, None), "{ended:?}");
    assert!(env.solana.received().len() > before);
    let reason = "the network takes no transaction that stands on it".to_owned();
    assert_eq!(nonces(&mut env, wallet.id)[0].status, NonceStatus::Broken { reason });
    assert_eq!(blocks_with(&mut env, "fell_back"), 1);

    // It was the network's doing, and an admin tries again.
    env.solana.refuse_nonces(false);
    let retried = env.as_actor(Actor::Admin).set_solana_nonce_pool(wallet.id, 1).expect("an admin");
    let found = env.wait_for_end(retried[0]);
    assert_eq!((found.status.name.as_str(), found.fee_paid), ("Cancelled", Some(0)), "{found:?}");
    assert_eq!(found.note.as_deref(), Some("the nonce account is there and works"));
    assert_eq!(nonces(&mut env, wallet.id)[0].status, NonceStatus::Ready);
    let last = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "on a nonce again"));
    let ended = env.wait_for_end(last);
    assert_eq!((ended.status.name.as_str(), ended.solana().and_then(|details| details.nonce)), ("Confirmed", Some(0)));
}

#[test]
fn what_an_upgrade_closes_the_gate_to_is_neither_signed_nor_sent() {
    let mut env = TestEnv::local();
    let wallet = with_pool(&mut env, 2);
    let sent = lost_transfer(&mut env, wallet.id, SOL / 10, "sent before");
    env.solana.faults().next_at("getMultipleAccounts", MANY, Fault::Http500);
    let waiting = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "still waiting"));
    (0..2).for_each(|_| env.step());
    assert_eq!(transfer_of(&mut env, waiting).status, Status::Reserved);
    let signatures = signatures(&mut env);
    let mut args = env.init_args();
    args.solana.execution = Some(Execution::Simulate);
    env.upgrade(Some(&args)).expect("it upgrades");
    env.solana.faults().next_at("sendTransaction", MANY, Fault::DropSend);
    let ended = env.wait_for_end(waiting);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Cancelled", Some(0)), "{ended:?}");
    assert!(ended.note.as_deref().is_some_and(|note| note.starts_with("simulated")), "{ended:?}");
    assert_eq!(env.solana.landed().len(), 2, "the two nonce accounts and nothing else");
    assert_eq!(signatures + self::signatures(&mut env), signatures, "nothing was signed");
    // What was sent before is followed, and can be taken back.
    env.solana.faults().clear();
    env.solana.faults().next_at("sendTransaction", MANY, Fault::DropSend);
    (0..5).for_each(|_| env.step());
    assert_eq!(transfer_of(&mut env, sent).status, Status::Submitted);
    let revocation = env.as_actor(Actor::Agent).revoke_solana_transfer(sent).expect("its agent");
    env.solana.faults().clear();
    check_revoked(&mut env, sent, revocation);
    assert!(nonces(&mut env, wallet.id).iter().all(|nonce| nonce.status == NonceStatus::Ready && nonce.held_by.is_none()));
    assert_eq!(reserved(&mut env, wallet.id), 0);
}

#[test]
fn what_is_only_tried_out_opens_no_breaker() {
    let mut env = TestEnv::empty(purser_it::network::Network::Local(Box::new(localnet::LocalNet::new())));
    let mut args = env.init_args();
    args.solana.execution = Some(Execution::Simulate);
    env.install(&args).expect("it installs");
    env.await_keys();
    let settings =
        SettingsInit { chain_breaker_threshold: Some(2), chain_breaker_cool_down_seconds: Some(600), ..SettingsInit::default() };
    assert_eq!(env.as_actor(Actor::Admin).set_settings(&settings), Ok(Change::Applied));
    let wallet = env.wallet(&rules());
    env.solana.faults().next_at("getMultipleAccounts", MANY, Fault::Http500);
    env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "a"));
    (0..8).for_each(|_| env.step());
    assert!(env.solana.calls().iter().filter(|method| *method == "getMultipleAccounts").count() > 2);
    env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "b"));
    assert_eq!(blocks_with(&mut env, "chain_breaker_opened"), 0);
}

/// The number of signatures requested since the last call.
fn signatures(env: &mut TestEnv) -> usize {
    let traces = env.network.local().take_traces();
    let calls = traces.iter().flat_map(|trace| &trace.mgmt_calls);
    calls.filter(|call| call.method.as_str() == "sign_with_schnorr").count()
}

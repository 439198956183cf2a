//! The ways out on Solana: what was signed is taken back whatever else is under way, and what nonce accounts can meet is survived.

use crate::solana::nonces::with_pool;
use crate::support::{payment, rules, usage_of};
use devchains::solana::Fault;
use purser_core::chains::solana::{Address, derived};
use purser_it::recipients;
use purser_it::world::{Actor, SOL, World};
use purser_types::*;

const MANY: u64 = 100_000;

/// A transfer on a nonce whose broadcasts all get lost, and still do.
fn lost(world: &mut World, wallet: u64, amount: u64, key: &str) -> u64 {
    world.solana.faults().on("sendTransaction", MANY, Fault::DropSend);
    let id = world.accepted(&payment(wallet, Asset::Sol, amount, key));
    let sent = world.follow(id, |transfer| transfer.status == Status::Submitted);
    assert!(sent.solana.as_ref().is_some_and(|details| details.nonce.is_some()), "it stands on a nonce: {sent:?}");
    id
}

fn of(world: &mut World, id: u64) -> Transfer {
    world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists")
}

fn reserved(world: &mut World, wallet: u64) -> u64 {
    usage_of(&world.as_actor(Actor::Stranger).get_usage(wallet).expect("open"), Asset::Sol).reserved
}

fn nonces(world: &mut World, wallet: u64) -> Vec<NonceAccount> {
    world.as_actor(Actor::Stranger).list_nonce_accounts(wallet).expect("open")
}

fn logged(world: &mut World, what: &str) -> usize {
    let range = BlockRange { start: 0u8.into(), length: 1_000u16.into() };
    let log = world.as_actor(Actor::Stranger).icrc3_get_blocks(&[range]);
    log.blocks.iter().filter(|entry| format!("{:?}", entry.block).contains(what)).count()
}

/// The revoked transfer and its revocation have ended as they should, and nobody can bring the former back.
fn taken_back(world: &mut World, id: u64, revocation: u64) {
    let sent = world.solana.received();
    let (revoked, by) = (world.settle(id), world.settle(revocation));
    assert_eq!((revoked.status, by.status, by.fee_paid), (Status::Cancelled, Status::Confirmed, Some(5_000)), "{revoked:?} {by:?}");
    assert_eq!(revoked.note.as_deref(), Some(format!("revoked by transfer {revocation}").as_str()));
    sent.iter().for_each(|wire| world.solana.send_raw(wire));
    world.solana.advance(40);
    assert_eq!(world.solana.balance(&recipients::solana(1)), 0);
}

#[test]
fn a_revocation_waits_for_no_money_that_is_promised_and_for_no_emergency() {
    for emergency in [false, true] {
        let mut world = World::local();
        let wallet = world.as_actor(Actor::Admin).create_wallet("tight").expect("an admin");
        world.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()).expect("an admin");
        world.set_policy(wallet.id, &rules());
        world.solana.airdrop(&wallet.solana_address, SOL);
        for id in world.as_actor(Actor::Admin).set_nonce_pool(wallet.id, 2).expect("an admin") {
            assert_eq!(world.settle(id).status, Status::Confirmed);
        }
        let stuck = lost(&mut world, wallet.id, SOL / 10 * 9, "stuck");
        let queued = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 2, "queued"));
        (0..4).for_each(|_| world.step());
        assert_eq!(of(&mut world, queued).status, Status::Reserved, "there is not enough for both");
        if emergency {
            world.as_actor(Actor::Guardian).start_emergency("a key is lost").expect("a guardian");
        }
        let revocation = world.as_actor(Actor::Guardian).revoke_transfer(stuck);
        let revocation = match revocation {
            Ok(id) => id,
            Err(_) => world.as_actor(Actor::Agent).revoke_transfer(stuck).expect("its agent"),
        };
        world.solana.faults().clear();
        taken_back(&mut world, stuck, revocation);
        if emergency {
            assert_eq!(of(&mut world, queued).status, Status::Reserved);
            world.end_emergency();
        }
        assert_eq!(world.settle(queued).status, Status::Confirmed, "its money is free now");
    }
}

#[test]
fn a_revocation_that_ends_without_landing_leaves_the_transfer_as_it_was() {
    let mut world = World::local();
    let wallet = with_pool(&mut world, 1);
    let id = lost(&mut world, wallet.id, SOL / 10, "stuck");
    // Nothing can be read, so nothing is built.
    world.solana.faults().on("getMultipleAccounts", MANY, Fault::Http500);
    let first = world.as_actor(Actor::Agent).revoke_transfer(id).expect("its agent");
    let again = world.as_actor(Actor::Agent).revoke_transfer(id).expect_err("it is being revoked");
    assert_eq!(again.code, "ALREADY_SO", "{again:?}");
    let cancelled = world.as_actor(Actor::Agent).cancel_transfer(first, None).expect("nothing is signed");
    assert_eq!(cancelled.status, Status::Cancelled);
    let second = world.as_actor(Actor::Agent).revoke_transfer(id).expect("the first came to nothing");
    world.solana.faults().clear();
    taken_back(&mut world, id, second);

    let id = lost(&mut world, wallet.id, SOL / 10, "kept after all");
    world.solana.faults().on("getMultipleAccounts", MANY, Fault::Http500);
    let revocation = world.as_actor(Actor::Agent).revoke_transfer(id).expect("its agent");
    world.as_actor(Actor::Agent).cancel_transfer(revocation, None).expect("nothing is signed");
    world.solana.faults().clear();
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "it is sent again: {ended:?}");
    assert_eq!(world.solana.balance(&recipients::solana(1)), SOL / 10);
}

#[test]
fn a_revocation_outlives_the_agent_who_asked_for_it() {
    let mut world = World::local();
    let wallet = with_pool(&mut world, 1);
    let id = lost(&mut world, wallet.id, SOL / 10, "stuck");
    let revocation = world.as_actor(Actor::Agent).revoke_transfer(id).expect("its agent");
    world.as_actor(Actor::Admin).remove_agent(wallet.id, Actor::Agent.principal()).expect("an admin");
    world.solana.faults().clear();
    taken_back(&mut world, id, revocation);
}

#[test]
fn a_quarantined_transfer_is_revoked_and_its_money_is_free() {
    let mut world = World::local();
    let wallet = with_pool(&mut world, 1);
    let id = lost(&mut world, wallet.id, SOL / 10, "stuck");
    world.as_actor(Actor::Admin).quarantine_transfer(id, "it does not move").expect("an admin");
    world.solana.faults().clear();
    (0..3).for_each(|_| world.step());
    assert_eq!(of(&mut world, id).status, Status::Quarantined);
    assert!(reserved(&mut world, wallet.id) > SOL / 10, "its money is held");
    let revocation = world.as_actor(Actor::Admin).revoke_transfer(id).expect("an admin");
    taken_back(&mut world, id, revocation);
    assert_eq!(reserved(&mut world, wallet.id), 0);
    assert_eq!(nonces(&mut world, wallet.id)[0].held_by, None, "the nonce account carries the next one");
    let next = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "instead"));
    assert_eq!(world.settle(next).status, Status::Confirmed);
    assert_eq!(world.solana.balance(&recipients::solana(1)), SOL / 10, "paid once");
}

#[test]
fn a_quarantined_transfer_that_landed_stays_with_people() {
    let mut world = World::local();
    let wallet = with_pool(&mut world, 1);
    let id = lost(&mut world, wallet.id, SOL / 10, "stuck");
    let wire = world.solana.received().pop().expect("it was sent, and dropped");
    world.as_actor(Actor::Admin).quarantine_transfer(id, "it does not move").expect("an admin");
    world.solana.faults().clear();
    world.solana.send_raw(&wire);
    world.solana.advance(40);
    let revocation = world.as_actor(Actor::Admin).revoke_transfer(id).expect("an admin");
    let by = world.settle(revocation);
    assert_eq!((by.status, by.note.as_deref()), (Status::Failed, Some("the transfer's nonce is used up already")), "{by:?}");
    (0..20).for_each(|_| world.step());
    assert_eq!(of(&mut world, id).status, Status::Quarantined, "whether it was paid is for people to say");
    assert!(reserved(&mut world, wallet.id) > SOL / 10);
}

#[test]
fn lamports_at_a_nonce_accounts_address_do_not_keep_it_from_being_created() {
    for dust in [1, SOL] {
        let mut world = World::local();
        let wallet = world.wallet(&rules());
        let payer = Address::parse(&wallet.solana_address).expect("an address");
        world.solana.airdrop(&derived::nonce_account(&payer, 0).to_string(), dust);
        let created = world.as_actor(Actor::Admin).set_nonce_pool(wallet.id, 1).expect("an admin");
        let ended = world.settle(created[0]);
        assert_eq!(ended.status, Status::Confirmed, "{dust}: {ended:?}");
        let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "on it"));
        let paid = world.settle(id);
        assert_eq!((paid.status, paid.solana.as_ref().and_then(|details| details.nonce)), (Status::Confirmed, Some(0)), "{paid:?}");
    }
}

#[test]
fn a_network_that_takes_no_nonce_transactions_is_found_out_and_left_by_blockhash() {
    let mut world = World::local();
    let wallet = with_pool(&mut world, 1);
    let id = lost(&mut world, wallet.id, SOL / 10, "stuck");
    world.solana.refuse_nonces(true);
    world.solana.faults().clear();
    (0..10).for_each(|_| world.step());
    assert_eq!(of(&mut world, id).status, Status::Submitted, "it may land if the network changes its mind");
    let revocation = world.as_actor(Actor::Agent).revoke_transfer(id).expect("its agent");
    taken_back(&mut world, id, revocation);

    let before = world.solana.received().len();
    let next = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "anyway"));
    let ended = world.settle(next);
    let nonce = ended.solana.as_ref().and_then(|details| details.nonce);
    assert_eq!((ended.status, ended.attempt, nonce), (Status::Confirmed, 1, None), "{ended:?}");
    assert!(world.solana.received().len() > before);
    let reason = "the network takes no transaction that stands on it".to_owned();
    assert_eq!(nonces(&mut world, wallet.id)[0].status, NonceStatus::Broken { reason });
    assert_eq!(logged(&mut world, "fell_back"), 1);

    // It was the network's doing, and an admin tries again.
    world.solana.refuse_nonces(false);
    let retried = world.as_actor(Actor::Admin).set_nonce_pool(wallet.id, 1).expect("an admin");
    let found = world.settle(retried[0]);
    assert_eq!((found.status, found.fee_paid), (Status::Cancelled, Some(0)), "{found:?}");
    assert_eq!(found.note.as_deref(), Some("the nonce account is there and works"));
    assert_eq!(nonces(&mut world, wallet.id)[0].status, NonceStatus::Ready);
    let last = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "on a nonce again"));
    let ended = world.settle(last);
    assert_eq!((ended.status, ended.solana.and_then(|details| details.nonce)), (Status::Confirmed, Some(0)));
}

#[test]
fn what_an_upgrade_closes_the_gate_to_is_neither_signed_nor_sent() {
    let mut world = World::local();
    let wallet = with_pool(&mut world, 2);
    let sent = lost(&mut world, wallet.id, SOL / 10, "sent before");
    world.solana.faults().on("getMultipleAccounts", MANY, Fault::Http500);
    let waiting = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "still waiting"));
    (0..2).for_each(|_| world.step());
    assert_eq!(of(&mut world, waiting).status, Status::Reserved);
    let signatures = signatures(&mut world);
    let mut args = world.init_args();
    args.solana.options = Some(SolanaOptions { execution: Some(Execution::Simulate), ..SolanaOptions::default() });
    world.upgrade(Some(&args)).expect("it upgrades");
    world.solana.faults().on("sendTransaction", MANY, Fault::DropSend);
    let ended = world.settle(waiting);
    assert_eq!((ended.status, ended.fee_paid), (Status::Cancelled, Some(0)), "{ended:?}");
    assert!(ended.note.as_deref().is_some_and(|note| note.starts_with("simulated")), "{ended:?}");
    assert_eq!(world.solana.landed().len(), 2, "the two nonce accounts and nothing else");
    assert_eq!(signatures + self::signatures(&mut world), signatures, "nothing was signed");
    // What was sent before is followed, and can be taken back.
    world.solana.faults().clear();
    world.solana.faults().on("sendTransaction", MANY, Fault::DropSend);
    (0..5).for_each(|_| world.step());
    assert_eq!(of(&mut world, sent).status, Status::Submitted);
    let revocation = world.as_actor(Actor::Agent).revoke_transfer(sent).expect("its agent");
    world.solana.faults().clear();
    taken_back(&mut world, sent, revocation);
    assert!(nonces(&mut world, wallet.id).iter().all(|nonce| nonce.status == NonceStatus::Ready && nonce.held_by.is_none()));
    assert_eq!(reserved(&mut world, wallet.id), 0);
}

#[test]
fn what_is_only_tried_out_opens_no_breaker() {
    let mut world = World::empty(purser_it::network::Network::Local(Box::new(localnet::LocalNet::new())));
    let mut args = world.init_args();
    args.solana.options = Some(SolanaOptions { execution: Some(Execution::Simulate), ..SolanaOptions::default() });
    world.install(&args).expect("it installs");
    world.await_keys();
    let settings =
        SettingsInit { chain_breaker_threshold: Some(2), chain_breaker_cool_down_seconds: Some(600), ..SettingsInit::default() };
    assert_eq!(world.as_actor(Actor::Admin).configure(&settings), Ok(Change::Applied));
    let wallet = world.wallet(&rules());
    world.solana.faults().on("getMultipleAccounts", MANY, Fault::Http500);
    world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "a"));
    (0..8).for_each(|_| world.step());
    assert!(world.solana.calls().iter().filter(|method| *method == "getMultipleAccounts").count() > 2);
    world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "b"));
    assert_eq!(logged(&mut world, "chain_breaker_opened"), 0);
}

/// The signatures asked for since the last call.
fn signatures(world: &mut World) -> usize {
    let traces = world.network.local().take_traces();
    let calls = traces.iter().flat_map(|trace| &trace.mgmt_calls);
    calls.filter(|call| call.method.as_str() == "sign_with_schnorr").count()
}

//! Transactions that expire, land late or get lost, and providers that lie about it: never a second payment, never money given free that
//! may still move.

use crate::solana::nonces::with_pool;
use crate::solana::providers::{Several, several, two_of_three};
use crate::support::{Books, payment, rules, usage_of};
use devchains::solana::{Fault, Lie};
use localnet::{CallKind, Effect, Nth};
use purser_it::recipients;
use purser_it::world::{Actor, SOL, World};
use purser_types::*;
use serde_json::json;

const AMOUNT: u64 = SOL / 10;

/// Asks for a transfer whose signature takes until all of `steps` are over, and delivers it then.
fn with_a_late_signature(world: &mut World, wallet: &Wallet, steps: usize) -> u64 {
    let canister = world.canister;
    world.network.local().faults().inject(canister, CallKind::SignSchnorr, Nth::Only(1), Effect::Hold);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, AMOUNT, "signed late"));
    (0..steps).for_each(|_| world.step());
    let pending = world.network.local().pending();
    let held = pending.iter().find(|call| call.kind == CallKind::SignSchnorr).map(|call| call.id).expect("a signature is pending");
    let transfer = world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((transfer.status, transfer.attempt), (Status::Built, 1), "nothing else is built meanwhile: {transfer:?}");
    world.network.local().deliver(held);
    id
}

#[test]
fn a_blockhash_that_expires_while_the_signature_is_pending_costs_an_attempt_and_nothing_else() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Sol);
    // 40 steps are 480 blocks: more than three times what a blockhash lives.
    let id = with_a_late_signature(&mut world, &wallet, 40);
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 2), "{ended:?}");
    let first = world.solana.received().first().cloned().expect("the first attempt was sent, too late");
    world.solana.send_raw(&first);
    world.solana.advance(40);
    books.check(&mut world, &ended, "the second attempt");
}

#[test]
fn a_nonce_outlives_a_signature_that_is_pending() {
    let mut world = World::local();
    let wallet = with_pool(&mut world, 1);
    let id = with_a_late_signature(&mut world, &wallet, 40);
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{ended:?}");
    assert_eq!(world.solana.balance(&recipients::solana(1)), AMOUNT);
}

#[test]
fn a_transaction_that_lands_late_is_found_and_paid_once() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Sol);
    world.solana.faults().on("sendTransaction", 1_000, Fault::DropSend);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, AMOUNT, "late"));
    world.follow(id, |transfer| transfer.status == Status::Submitted);
    // 96 of the 150 blocks in which it may land.
    (0..8).for_each(|_| world.step());
    let sent = world.solana.received().pop().expect("it was sent, and dropped");
    world.solana.send_raw(&sent);
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{ended:?}");
    books.check(&mut world, &ended, "a late landing");
}

/// Whether the transfer is where its first attempt was sent, with its money held.
fn still_held(world: &mut World, id: u64) {
    let transfer = world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((transfer.status, transfer.attempt), (Status::Submitted, 1), "{transfer:?}");
    let usage = usage_of(&world.as_actor(Actor::Stranger).get_usage(transfer.wallet_id).expect("open"), Asset::Sol);
    assert_eq!(usage.reserved, AMOUNT + transfer.max_fee, "the money stays held");
}

#[test]
fn a_provider_that_lies_about_heights_frees_nothing() {
    for height in [0u64, 1_000, 1_000_000_000] {
        let Several { mut world, others: [liar, honest] } = two_of_three();
        let wallet = world.wallet(&rules());
        let drop = [&world.solana, &liar, &honest].map(|node| node.faults());
        drop.iter().for_each(|faults| faults.on("sendTransaction", 10_000, Fault::DropSend));
        let epoch = json!({ "absoluteSlot": height, "blockHeight": height, "epoch": 1, "slotIndex": 1, "slotsInEpoch": 432_000 });
        liar.faults().on("getEpochInfo", 10_000, Fault::Lie(Lie::Value(epoch)));
        liar.faults().on("getSignatureStatuses", 10_000, Fault::Lie(Lie::NotFound));
        let id = world.accepted(&payment(wallet.id, Asset::Sol, AMOUNT, "held"));
        world.follow(id, |transfer| transfer.status == Status::Submitted);
        (0..7).for_each(|_| world.step());
        still_held(&mut world, id);
        let sent = [&world.solana, &liar, &honest].iter().find_map(|node| node.received().pop()).expect("it was sent, and dropped");
        world.solana.send_raw(&sent);
        let ended = world.settle(id);
        assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "height {height}: {ended:?}");
        assert_eq!(world.solana.balance(&recipients::solana(1)), AMOUNT, "height {height}");
    }
}

#[test]
fn a_provider_that_lies_about_nonces_frees_nothing() {
    let Several { mut world, others: [liar, honest] } = two_of_three();
    let wallet = world.wallet(&rules());
    let created = world.as_actor(Actor::Admin).set_nonce_pool(wallet.id, 1).expect("an admin");
    assert_eq!(world.settle(created[0]).status, Status::Confirmed);
    let nodes = || [&world.solana, &liar, &honest].map(|node| node.faults());
    let faults = nodes();
    faults.iter().for_each(|faults| faults.on("sendTransaction", 10_000, Fault::DropSend));
    let id = world.accepted(&payment(wallet.id, Asset::Sol, AMOUNT, "held"));
    world.follow(id, |transfer| transfer.status == Status::Submitted);
    for method in ["getMultipleAccounts", "getAccountInfo", "getSignatureStatuses"] {
        liar.faults().on(method, 10_000, Fault::Lie(Lie::NotFound));
    }
    // 480 blocks: a blockhash would have died long ago.
    (0..40).for_each(|_| world.step());
    let transfer = world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((transfer.status, transfer.attempt), (Status::Submitted, 1), "{transfer:?}");
    faults.iter().for_each(|faults| faults.clear());
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{ended:?}");
    assert_eq!(world.solana.balance(&recipients::solana(1)), AMOUNT);
}

#[test]
fn providers_that_have_to_agree_and_do_not_let_nothing_be_built() {
    let Several { mut world, others: [liar, _honest] } = several(SolanaOptions { quorum: Some(3), ..SolanaOptions::default() });
    let wallet = world.wallet(&rules());
    liar.faults().on("getMultipleAccounts", 10_000, Fault::Lie(Lie::Balance(1)));
    let id = world.accepted(&payment(wallet.id, Asset::Sol, AMOUNT, "disputed"));
    (0..20).for_each(|_| world.step());
    let waiting = world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((waiting.status, waiting.attempt), (Status::Reserved, 0), "{waiting:?}");
    liar.faults().clear();
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{ended:?}");
    assert_eq!(world.solana.landed().len(), 1);
}

#[test]
fn two_nodes_that_lag_bury_nothing_that_has_landed() {
    let Several { mut world, others } = two_of_three();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Sol);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, AMOUNT, "landed unseen"));
    // The first provider gives the blockhash and takes the transaction; after that it is not heard of.
    world.follow(id, |transfer| matches!(transfer.status, Status::Built | Status::Signed | Status::Submitted));
    for lagging in &others {
        lagging.faults().next(1_000_000, Fault::StaleNode { slots: 400 });
    }
    world.follow(id, |transfer| transfer.status == Status::Submitted);
    world.solana.faults().next(1_000_000, Fault::Hang);
    (0..40).for_each(|_| world.step());
    let transfer = world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!(transfer.attempt, 1, "{transfer:?}");
    world.solana.faults().clear();
    others.iter().for_each(|node| node.faults().clear());
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{ended:?}");
    assert_eq!(world.solana.balance(&recipients::solana(1)), AMOUNT);
    books.check(&mut world, &ended, "a payment that two nodes saw late");
}

#[test]
fn a_provider_whose_blockhashes_nobody_takes_costs_one_attempt() {
    let Several { mut world, others: _others } = two_of_three();
    let wallet = world.wallet(&rules());
    world.solana.faults().on("getLatestBlockhash", 1_000_000, Fault::Lie(Lie::Blockhash));
    let attempts = ["first", "second", "third"].map(|key| {
        let id = world.accepted(&payment(wallet.id, Asset::Sol, AMOUNT, key));
        let ended = world.settle(id);
        assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
        ended.attempt
    });
    assert_eq!(attempts, [2, 1, 1]);
    let providers = world.as_actor(Actor::Stranger).list_solana_providers();
    assert_eq!(providers.iter().map(|provider| provider.rests_until.is_some()).collect::<Vec<_>>(), [true, false, false]);
}

//! Transactions that expire, land late or get lost, and providers that report them wrongly.

use crate::solana::nonces::with_pool;
use crate::solana::providers::{ThreeProviders, three_providers, two_of_three};
use crate::support::{ExpectedTotals, payment, rules, usage_of};
use devchains::solana::{FalseAnswer, Fault};
use localnet::{CallKind, Effect, Occurrence};
use purser_it::recipients;
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_types::*;
use serde_json::json;

const AMOUNT: u64 = SOL / 10;

/// Requests a transfer whose signature is held for `steps` steps, and then delivers it.
fn with_a_late_signature(env: &mut TestEnv, wallet: &Wallet, steps: usize) -> u64 {
    let canister = env.canister;
    env.network.local().faults().inject(canister, CallKind::SignSchnorr, Occurrence::Only(1), Effect::Hold);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, AMOUNT, "signed late"));
    (0..steps).for_each(|_| env.step());
    let pending = env.network.local().pending();
    let held = pending.iter().find(|call| call.kind == CallKind::SignSchnorr).map(|call| call.id).expect("a signature is pending");
    let transfer = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((transfer.status.name.as_str(), transfer.attempt), ("Built", 1), "nothing else is built meanwhile: {transfer:?}");
    env.network.local().deliver(held);
    id
}

#[test]
fn a_blockhash_that_expires_while_the_signature_is_pending_costs_an_attempt_and_nothing_else() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Sol);
    // 40 steps are 480 blocks: more than three times what a blockhash lives.
    let id = with_a_late_signature(&mut env, &wallet, 40);
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 2), "{ended:?}");
    let first = env.solana.received().first().cloned().expect("the first attempt was sent, too late");
    env.solana.send_raw(&first);
    env.solana.advance(40);
    totals.check(&mut env, &ended, "the second attempt");
}

#[test]
fn a_nonce_outlives_a_signature_that_is_pending() {
    let mut env = TestEnv::local();
    let wallet = with_pool(&mut env, 1);
    let id = with_a_late_signature(&mut env, &wallet, 40);
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{ended:?}");
    assert_eq!(env.solana.balance(&recipients::solana(1)), AMOUNT);
}

#[test]
fn a_transaction_that_lands_late_is_found_and_paid_once() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Sol);
    env.solana.faults().next_at("sendTransaction", 1_000, Fault::DropSend);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, AMOUNT, "late"));
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    // 96 of the 150 blocks in which it may land.
    (0..8).for_each(|_| env.step());
    let sent = env.solana.received().pop().expect("it was sent, and dropped");
    env.solana.send_raw(&sent);
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{ended:?}");
    totals.check(&mut env, &ended, "a late landing");
}

/// Checks that the transfer's first attempt is submitted and its money reserved.
fn check_held(env: &mut TestEnv, id: u64) {
    let transfer = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((transfer.status.name.as_str(), transfer.attempt), ("Submitted", 1), "{transfer:?}");
    let usage =
        usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(transfer.wallet_id)).expect("open").assets, Asset::Sol);
    assert_eq!(usage.reserved, AMOUNT + transfer.max_fee, "the money stays held");
}

#[test]
fn a_provider_that_lies_about_heights_frees_nothing() {
    for height in [0u64, 1_000, 1_000_000_000] {
        let ThreeProviders { mut env, others: [faulty, honest] } = two_of_three();
        let wallet = env.wallet(&rules());
        let drop = [&env.solana, &faulty, &honest].map(|node| node.faults());
        drop.iter().for_each(|faults| faults.next_at("sendTransaction", 10_000, Fault::DropSend));
        let epoch = json!({ "absoluteSlot": height, "blockHeight": height, "epoch": 1, "slotIndex": 1, "slotsInEpoch": 432_000 });
        faulty.faults().next_at("getEpochInfo", 10_000, Fault::FalseAnswer(FalseAnswer::Value(epoch)));
        faulty.faults().next_at("getSignatureStatuses", 10_000, Fault::FalseAnswer(FalseAnswer::NotFound));
        let id = env.request_transfer(&payment(wallet.id, Asset::Sol, AMOUNT, "held"));
        env.wait_until(id, |transfer| transfer.status == Status::Submitted);
        (0..7).for_each(|_| env.step());
        check_held(&mut env, id);
        let sent = [&env.solana, &faulty, &honest].iter().find_map(|node| node.received().pop()).expect("it was sent, and dropped");
        env.solana.send_raw(&sent);
        let ended = env.wait_for_end(id);
        assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "height {height}: {ended:?}");
        assert_eq!(env.solana.balance(&recipients::solana(1)), AMOUNT, "height {height}");
    }
}

#[test]
fn a_provider_that_lies_about_nonces_frees_nothing() {
    let ThreeProviders { mut env, others: [faulty, honest] } = two_of_three();
    let wallet = env.wallet(&rules());
    let created = env.as_actor(Actor::Admin).set_solana_nonce_pool(wallet.id, 1).expect("an admin");
    assert_eq!(env.wait_for_end(created[0]).status, Status::Confirmed);
    let nodes = || [&env.solana, &faulty, &honest].map(|node| node.faults());
    let faults = nodes();
    faults.iter().for_each(|faults| faults.next_at("sendTransaction", 10_000, Fault::DropSend));
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, AMOUNT, "held"));
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    for method in ["getMultipleAccounts", "getAccountInfo", "getSignatureStatuses"] {
        faulty.faults().next_at(method, 10_000, Fault::FalseAnswer(FalseAnswer::NotFound));
    }
    // 480 blocks: a blockhash would have died long ago.
    (0..40).for_each(|_| env.step());
    let transfer = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((transfer.status.name.as_str(), transfer.attempt), ("Submitted", 1), "{transfer:?}");
    faults.iter().for_each(|faults| faults.clear());
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{ended:?}");
    assert_eq!(env.solana.balance(&recipients::solana(1)), AMOUNT);
}

#[test]
fn providers_that_have_to_agree_and_do_not_let_nothing_be_built() {
    let ThreeProviders { mut env, others: [faulty, _honest] } = three_providers(|solana| solana.quorum = Some(3));
    let wallet = env.wallet(&rules());
    faulty.faults().next_at("getMultipleAccounts", 10_000, Fault::FalseAnswer(FalseAnswer::Balance(1)));
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, AMOUNT, "disputed"));
    (0..20).for_each(|_| env.step());
    let waiting = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((waiting.status.name.as_str(), waiting.attempt), ("Reserved", 0), "{waiting:?}");
    faulty.faults().clear();
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{ended:?}");
    assert_eq!(env.solana.landed().len(), 1);
}

#[test]
fn two_nodes_that_lag_bury_nothing_that_has_landed() {
    let ThreeProviders { mut env, others } = two_of_three();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Sol);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, AMOUNT, "landed unseen"));
    // The first provider gives the blockhash and takes the transaction; after that it does not answer.
    env.wait_until(id, |transfer| matches!(transfer.status.value, Some(Status::Built | Status::Signed | Status::Submitted)));
    for lagging in &others {
        lagging.faults().next(1_000_000, Fault::StaleNode { slots: 400 });
    }
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    env.solana.faults().next(1_000_000, Fault::Hang);
    (0..40).for_each(|_| env.step());
    let transfer = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!(transfer.attempt, 1, "{transfer:?}");
    env.solana.faults().clear();
    others.iter().for_each(|node| node.faults().clear());
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{ended:?}");
    assert_eq!(env.solana.balance(&recipients::solana(1)), AMOUNT);
    totals.check(&mut env, &ended, "a payment that two nodes saw late");
}

#[test]
fn a_provider_whose_blockhashes_nobody_takes_costs_one_attempt() {
    let ThreeProviders { mut env, others: _others } = two_of_three();
    let wallet = env.wallet(&rules());
    env.solana.faults().next_at("getLatestBlockhash", 1_000_000, Fault::FalseAnswer(FalseAnswer::Blockhash));
    let attempts = ["first", "second", "third"].map(|key| {
        let id = env.request_transfer(&payment(wallet.id, Asset::Sol, AMOUNT, key));
        let ended = env.wait_for_end(id);
        assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
        ended.attempt
    });
    assert_eq!(attempts, [2, 1, 1]);
    let mut providers = env.as_actor(Actor::Stranger).list_providers();
    providers.retain(|provider| provider.chain == Chain::Solana);
    assert_eq!(providers.iter().map(|provider| provider.resting_until.is_some()).collect::<Vec<_>>(), [true, false, false]);
}

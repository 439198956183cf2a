//! Consolidations on request, and those that the canister makes on its own where its operator enables them.

use super::*;
use crate::support::usage_of;
use candid::Principal;
use purser_types::{Asset, ConsolidateArgs, Scope, Status, Transfer, TransferOutcome, Wallet};

/// An environment whose canister consolidates keys with more coins than this.
fn env(consolidate_above: Option<u32>) -> TestEnv {
    let mut env = TestEnv::empty(Network::Local(Box::new(LocalNet::new())));
    let mut args = env.init_args();
    args.kaspa.consolidate_above = consolidate_above;
    env.install(&args).expect("it installs");
    env.await_keys();
    env
}

fn transfers(env: &mut TestEnv, wallet: &Wallet) -> Vec<Transfer> {
    env.as_actor(Actor::Agent).transfers_of(wallet.id).expect("open")
}

fn pay(env: &mut TestEnv, wallet: &Wallet, key: &str) {
    let id = env.request_transfer(&kas(wallet, 3 * KAS, key));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    for _ in 0..3 {
        env.step();
    }
}

#[test]
fn nobody_tidies_where_nobody_wants_it() {
    let mut env = env(None);
    assert_eq!(env.as_actor(Actor::Agent).get_config().kaspa.consolidate_above, 0);
    let wallet = wallet_of(&mut env, &[KAS; 30]);
    pay(&mut env, &wallet, "a payment");
    assert_eq!(transfers(&mut env, &wallet).len(), 1);
}

#[test]
fn many_coins_become_one_while_the_network_is_quiet() {
    let mut env = env(Some(20));
    let wallet = wallet_of(&mut env, &[KAS; 30]);
    env.kaspa.set_feerates(900, 500, 300);
    pay(&mut env, &wallet, "a payment");
    let [tidying, payment] = &transfers(&mut env, &wallet)[..] else { panic!("a payment and what follows it") };
    assert_eq!(
        (tidying.agent, tidying.amount, tidying.to.as_str()),
        (Principal::management_canister(), 0, wallet.kaspa_schnorr_address())
    );
    assert_eq!(
        (tidying.status.name.as_str(), tidying.reason.as_deref()),
        ("Reserved", Some("more than 20 coins")),
        "the network is busy"
    );
    let left = env.kaspa.utxo_count(wallet.kaspa_schnorr_address());
    assert!(left > 25, "{left}");

    env.kaspa.set_feerates(200, 150, 100);
    let (tidying, paid) = (tidying.id, payment.fee_paid.expect("it ended"));
    let ended = env.wait_for_end(tidying);
    // All that were left and one output at the floor.
    let fee = 100 * (94 + 1_118 * left as u64 + 412);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Confirmed", Some(fee)), "{ended:?}");
    assert_eq!(env.kaspa.utxo_count(wallet.kaspa_schnorr_address()), 1);
    assert_eq!(env.kaspa.balance(wallet.kaspa_schnorr_address()), 27 * KAS - paid - fee);
    let usage = usage_of(&env.as_actor(Actor::Agent).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Kas);
    assert_eq!((usage.posted, usage.reserved), (3 * KAS + paid + fee, 0), "its fee counts against the wallet's limit");

    // At most one consolidation an hour is made.
    for _ in 0..30 {
        env.kaspa.faucet(wallet.kaspa_schnorr_address(), KAS);
    }
    pay(&mut env, &wallet, "within the hour");
    assert_eq!(transfers(&mut env, &wallet).len(), 3);
    env.network.ic().advance_time(std::time::Duration::from_secs(3_600));
    pay(&mut env, &wallet, "after the hour");
    let [again, ..] = &transfers(&mut env, &wallet)[..] else { panic!("transfers") };
    assert_eq!(again.agent, Principal::management_canister());
    assert!(env.as_actor(Actor::Stranger).verify_integrity(None, None).valid);
}

#[test]
fn a_consolidation_waits_for_a_quiet_network_and_asks_no_limit() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[30_000_000; 12]);
    // A policy that lets next to nothing be paid does not matter: the money stays.
    env.set_policy(wallet.id, &open_rules(1, 205_801));
    env.kaspa.set_feerates(2_000, 1_000, 500);
    let args = ConsolidateArgs {
        wallet_id: wallet.id,
        kaspa_key: None,
        max_inputs: Some(10),
        coins: None,
        max_fee: None,
        idempotency_key: "tidy".into(),
    };
    let stranger = env.as_actor(Actor::Stranger).consolidate_kaspa(&args).expect_err("a stranger");
    assert_eq!(stranger.code, "AUTH_FAILED");
    let outcome = env.as_actor(Actor::Agent).consolidate_kaspa(&args).expect("an agent");
    let TransferOutcome::Accepted { transfer_id: id, .. } = outcome else { panic!("{outcome:?}") };
    let second = ConsolidateArgs { idempotency_key: "again".into(), ..args.clone() };
    assert_eq!(env.as_actor(Actor::Admin).consolidate_kaspa(&second).expect_err("one at a time").code, "LIMIT_REACHED");
    for _ in 0..5 {
        env.step();
    }
    assert_eq!(env.as_actor(Actor::Agent).get_transfer(id).expect("it exists").status, Status::Reserved, "the network is busy");
    env.kaspa.set_feerates(200, 150, 100);
    let ended = env.wait_for_end(id);
    // Ten inputs and one output at the floor: 94 + 10 * 1,118 + 412 grams.
    assert_eq!((ended.status.name.as_str(), ended.amount, ended.fee_paid), ("Confirmed", 0, Some(1_168_600)), "{ended:?}");
    assert_eq!(ended.to, wallet.kaspa_schnorr_address());
    assert!(details(&ended).consolidation);
    assert_eq!(env.kaspa.utxo_count(wallet.kaspa_schnorr_address()), 3);
    assert_eq!(env.kaspa.balance(wallet.kaspa_schnorr_address()), 12 * 30_000_000 - 1_168_600);
    let usage = usage_of(&env.as_actor(Actor::Agent).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Kas);
    assert_eq!((usage.posted, usage.reserved), (1_168_600, 0), "only the fee is spent");
}

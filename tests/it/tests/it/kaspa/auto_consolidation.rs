//! Consolidations that the canister makes on its own, where its operator enables them.

use super::*;
use crate::support::usage_of;
use candid::Principal;

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
    env.as_actor(Actor::Agent).list_transfers(wallet.id, None, None).expect("open")
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
    assert_eq!(env.as_actor(Actor::Agent).get_config().kaspa_consolidate_above, 0);
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
    assert_eq!((tidying.agent, tidying.amount, &tidying.to), (Principal::management_canister(), 0, &wallet.kaspa_schnorr_address));
    assert_eq!((tidying.status, tidying.reason.as_deref()), (Status::Reserved, Some("more than 20 coins")), "the network is busy");
    let left = env.kaspa.utxo_count(&wallet.kaspa_schnorr_address);
    assert!(left > 25, "{left}");

    env.kaspa.set_feerates(200, 150, 100);
    let (tidying, paid) = (tidying.id, payment.fee_paid.expect("it ended"));
    let ended = env.wait_for_end(tidying);
    // All that were left and one output at the floor.
    let fee = 100 * (94 + 1_118 * left as u64 + 412);
    assert_eq!((ended.status, ended.fee_paid), (Status::Confirmed, Some(fee)), "{ended:?}");
    assert_eq!(env.kaspa.utxo_count(&wallet.kaspa_schnorr_address), 1);
    assert_eq!(env.kaspa.balance(&wallet.kaspa_schnorr_address), 27 * KAS - paid - fee);
    let usage = usage_of(&env.as_actor(Actor::Agent).get_usage(wallet.id).expect("open"), Asset::Kas);
    assert_eq!((usage.posted, usage.reserved), (3 * KAS + paid + fee, 0), "its fee counts against the wallet's limit");

    // At most one consolidation an hour is made.
    for _ in 0..30 {
        env.kaspa.faucet(&wallet.kaspa_schnorr_address, KAS);
    }
    pay(&mut env, &wallet, "within the hour");
    assert_eq!(transfers(&mut env, &wallet).len(), 3);
    env.network.ic().advance_time(std::time::Duration::from_secs(3_600));
    pay(&mut env, &wallet, "after the hour");
    let [again, ..] = &transfers(&mut env, &wallet)[..] else { panic!("transfers") };
    assert_eq!(again.agent, Principal::management_canister());
    assert!(env.as_actor(Actor::Stranger).verify_integrity(None, None).valid);
}

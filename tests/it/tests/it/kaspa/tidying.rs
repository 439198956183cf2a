//! Coins that the canister makes fewer of itself, where its operator wants that.

use super::*;
use crate::support::usage_of;
use candid::Principal;

/// A world whose canister tidies keys with more than so many coins.
fn world(consolidate_above: Option<u32>) -> World {
    let mut world = World::empty(Network::Local(Box::new(LocalNet::new())));
    let mut args = world.init_args();
    args.kaspa.consolidate_above = consolidate_above;
    world.install(&args).expect("it installs");
    world.await_keys();
    world
}

fn transfers(world: &mut World, wallet: &Wallet) -> Vec<Transfer> {
    world.as_actor(Actor::Agent).list_transfers(wallet.id, None, None).expect("open")
}

fn pay(world: &mut World, wallet: &Wallet, key: &str) {
    let id = world.accepted(&kas(wallet, 3 * KAS, key));
    assert_eq!(world.settle(id).status, Status::Confirmed);
    for _ in 0..3 {
        world.step();
    }
}

#[test]
fn nobody_tidies_where_nobody_wants_it() {
    let mut world = world(None);
    assert_eq!(world.as_actor(Actor::Agent).get_config().kaspa_consolidate_above, 0);
    let wallet = wallet_of(&mut world, &[KAS; 30]);
    pay(&mut world, &wallet, "a payment");
    assert_eq!(transfers(&mut world, &wallet).len(), 1);
}

#[test]
fn many_coins_become_one_while_the_network_is_quiet() {
    let mut world = world(Some(20));
    let wallet = wallet_of(&mut world, &[KAS; 30]);
    world.kaspa.set_feerates(900, 500, 300);
    pay(&mut world, &wallet, "a payment");
    let [tidying, payment] = &transfers(&mut world, &wallet)[..] else { panic!("a payment and what follows it") };
    assert_eq!((tidying.agent, tidying.amount, &tidying.to), (Principal::management_canister(), 0, &wallet.kaspa_schnorr_address));
    assert_eq!((tidying.status, tidying.reason.as_deref()), (Status::Reserved, Some("more than 20 coins")), "the network is busy");
    let left = world.kaspa.utxo_count(&wallet.kaspa_schnorr_address);
    assert!(left > 25, "{left}");

    world.kaspa.set_feerates(200, 150, 100);
    let (tidying, paid) = (tidying.id, payment.fee_paid.expect("it ended"));
    let ended = world.settle(tidying);
    // All that were left and one output at the floor.
    let fee = 100 * (94 + 1_118 * left as u64 + 412);
    assert_eq!((ended.status, ended.fee_paid), (Status::Confirmed, Some(fee)), "{ended:?}");
    assert_eq!(world.kaspa.utxo_count(&wallet.kaspa_schnorr_address), 1);
    assert_eq!(world.kaspa.balance(&wallet.kaspa_schnorr_address), 27 * KAS - paid - fee);
    let usage = usage_of(&world.as_actor(Actor::Agent).get_usage(wallet.id).expect("open"), Asset::Kas);
    assert_eq!((usage.posted, usage.reserved), (3 * KAS + paid + fee, 0), "its fee counts against the wallet's limit");

    // Once an hour at most, whatever arrives.
    for _ in 0..30 {
        world.kaspa.faucet(&wallet.kaspa_schnorr_address, KAS);
    }
    pay(&mut world, &wallet, "within the hour");
    assert_eq!(transfers(&mut world, &wallet).len(), 3);
    world.network.ic().advance_time(std::time::Duration::from_secs(3_600));
    pay(&mut world, &wallet, "after the hour");
    let [again, ..] = &transfers(&mut world, &wallet)[..] else { panic!("transfers") };
    assert_eq!(again.agent, Principal::management_canister());
    assert!(world.as_actor(Actor::Stranger).verify_integrity(None, None).valid);
}

//! Transfers with many inputs, and wallets with many coins.

use super::*;
use localnet::{CallKind, Effect, Occurrence, Reject};
use purser_types::{ConsolidateArgs, NamedCoin, Status, TransferArgs, TransferOutcome};

#[test]
fn eighty_four_inputs_are_signed_once_each_across_failures_and_an_upgrade() {
    let mut env = with_high_fees();
    let wallet = wallet_of(&mut env, &[20_000_000; 84]);
    let canister = env.canister;
    env.network.local().take_traces();
    let transient = Effect::Reject { code: Reject::SYS_TRANSIENT, message: "the key's queue is full".into() };
    env.network.local().faults().inject(canister, CallKind::SignSchnorr, Occurrence::From(20), transient);
    // 83 coins are not enough, and 84 leave a little change.
    let args = TransferArgs { max_fee: Some(20_000_000), ..kas(&wallet, 1_665_000_000, "all of it") };
    let id = env.request_transfer(&args);
    let partly = env.wait_until(id, |transfer| transfer.kaspa().is_some_and(|kaspa| kaspa.inputs_signed == 19));
    assert_eq!((partly.status.name.as_str(), details(&partly).inputs), ("Built", Some(84)));
    env.upgrade(None).expect("it upgrades");
    env.network.local().faults().clear();
    let ended = env.wait_for_end(id);
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    assert_eq!(details(&ended).inputs_signed, 84);
    assert_eq!(answered_calls(&mut env, "sign_with_schnorr"), 84, "no input was signed twice");
    assert!(env.as_actor(Actor::Stranger).verify_integrity(None, None).valid);
}

#[test]
fn a_wallet_of_a_thousand_coins_pays() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[KAS; 1_000]);
    let id = env.request_transfer(&kas(&wallet, 10 * KAS, "from many"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), details(&ended).inputs), ("Confirmed", Some(11)), "{ended:?}");
}

#[test]
fn coins_that_no_list_holds_are_consolidated_by_name() {
    let mut env = with_high_fees();
    let wallet = wallet_of(&mut env, &[]);
    let coin = |env: &TestEnv| NamedCoin {
        transaction_id: env.kaspa.faucet(wallet.kaspa_schnorr_address(), 30_000_000),
        index: 0,
        amount: 30_000_000,
    };
    let coins: Vec<NamedCoin> = (0..10_001).map(|_| coin(&env)).collect();
    let id = env.request_transfer(&kas(&wallet, KAS, "unlisted"));
    for _ in 0..3 {
        env.step();
    }
    assert_eq!(env.as_actor(Actor::Agent).get_transfer(id).expect("it exists").status, Status::Reserved);
    env.as_actor(Actor::Agent).cancel_transfer(id, None).expect("nothing was signed");
    let mut named = coins[..20].to_vec();
    let args = |coins: &[NamedCoin], key: &str| ConsolidateArgs {
        wallet_id: wallet.id,
        kaspa_key: None,
        max_inputs: None,
        coins: Some(coins.to_vec()),
        max_fee: None,
        idempotency_key: key.into(),
    };
    let consolidate = |env: &mut TestEnv, args: &ConsolidateArgs| match env.as_actor(Actor::Admin).consolidate_kaspa(args) {
        Ok(TransferOutcome::Accepted { transfer_id, .. }) => transfer_id,
        other => panic!("not accepted: {other:?}"),
    };
    let id = consolidate(&mut env, &args(&named, "twenty"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    assert_eq!(env.kaspa.utxo_count(wallet.kaspa_schnorr_address()), 10_001 - 19);
    // A wrong amount makes a signature that is worth nothing, and here a sum that is not there: no block can contain it, and the coins
    // are free again.
    let accepted = env.kaspa.accepted();
    named = coins[20..40].to_vec();
    named[3].amount = 40_000_000;
    let id = consolidate(&mut env, &args(&named, "wrong"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.reserved, ended.attempt), ("Failed", 0, 1), "{ended:?}");
    assert!(ended.note.as_ref().is_some_and(|note| note.contains("the inputs hold less than is paid")), "{ended:?}");
    assert_eq!((env.kaspa.accepted(), env.kaspa.mempool()), (accepted, vec![]));
    named[3].amount = 30_000_000;
    let id = consolidate(&mut env, &args(&named, "right"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
}

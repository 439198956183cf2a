//! Money moves: what the chain says, what the canister says, and that both agree.

use crate::support::{payment, rules, usage_of};
use purser_it::world::{Actor, KAS, SOL, World};
use purser_types::*;

#[test]
fn sol_reaches_the_recipient_and_the_books_agree() {
    let mut world = World::new();
    let wallet = world.wallet(&rules());
    let args = payment(wallet.id, Asset::Sol, SOL / 2, "rent");
    let id = world.accepted(&args);
    let ended = world.settle(id);
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    assert_eq!(world.solana.balance(&args.to), SOL / 2);
    let fee = ended.fee_paid.expect("a confirmed transfer names its fee");
    assert_eq!(world.solana.balance(&wallet.solana_address), 10 * SOL - SOL / 2 - fee);
    assert_eq!(world.solana.landed(), vec![ended.txid.clone().expect("a confirmed transfer has a transaction id")]);
    let usage = usage_of(&world.as_actor(Actor::Stranger).get_usage(wallet.id).expect("open"), Asset::Sol);
    assert_eq!((usage.posted, usage.reserved), (SOL / 2 + fee, 0));
    assert_eq!(usage.remaining, Some(3 * SOL - SOL / 2 - fee));
}

#[test]
fn kas_reaches_the_recipient_from_either_address() {
    let mut world = World::new();
    let wallet = world.wallet(&rules());
    let mut received = 0;
    for (key, source) in [(KaspaKey::Schnorr, &wallet.kaspa_schnorr_address), (KaspaKey::Ecdsa, &wallet.kaspa_ecdsa_address)] {
        let args = TransferArgs { kaspa_key: Some(key), ..payment(wallet.id, Asset::Kas, 7 * KAS, &format!("{key:?}")) };
        let id = world.accepted(&args);
        let ended = world.settle(id);
        assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
        received += 7 * KAS;
        assert_eq!(world.kaspa.balance(&args.to), received);
        let fee = ended.fee_paid.expect("a confirmed transfer names its fee");
        assert_eq!(world.kaspa.balance(source), 100 * KAS - 7 * KAS - fee, "the change returns to the address that paid");
        assert_eq!(ended.txid.as_deref(), world.kaspa.accepted().last().map(String::as_str));
    }
    assert_eq!(world.kaspa.accepted().len(), 2);
}

#[test]
fn a_request_sent_twice_pays_once() {
    let mut world = World::new();
    let wallet = world.wallet(&rules());
    let args = payment(wallet.id, Asset::Sol, SOL / 2, "once");
    let id = world.accepted(&args);
    let twin = world.as_actor(Actor::Agent).transfer(&args);
    assert!(matches!(&twin, Ok(TransferOutcome::Duplicate { transfer }) if transfer.id == id), "{twin:?}");
    world.settle(id);
    let late = world.as_actor(Actor::Agent).transfer(&args);
    assert!(matches!(&late, Ok(TransferOutcome::Duplicate { transfer }) if transfer.status == Status::Confirmed), "{late:?}");
    assert_eq!(world.solana.balance(&args.to), SOL / 2);

    let other = TransferArgs { amount: SOL / 4, ..args };
    let conflict = world.as_actor(Actor::Agent).transfer(&other).expect_err("another request under the same key");
    assert_eq!(conflict.code, "IDEMPOTENCY_CONFLICT");
}

#[test]
fn a_wallet_without_money_fails_the_transfer_and_frees_the_budget() {
    let mut world = World::new();
    let wallet = world.as_actor(Actor::Admin).create_wallet("empty").expect("an admin creates a wallet");
    world.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()).expect("an admin adds an agent");
    world.set_policy(wallet.id, &rules());
    for asset in [Asset::Sol, Asset::Kas] {
        let id = world.accepted(&payment(wallet.id, asset, SOL / 2, &format!("{asset:?}")));
        let ended = world.settle(id);
        assert_eq!((ended.status, ended.fee_paid, ended.reserved), (Status::Failed, Some(0), 0), "{ended:?}");
        assert!(ended.note.is_some(), "it says why");
        let usage = usage_of(&world.as_actor(Actor::Stranger).get_usage(wallet.id).expect("open"), asset);
        assert_eq!((usage.posted, usage.reserved), (0, 0));
    }
    assert!(world.solana.received().is_empty() && world.kaspa.received().is_empty(), "nothing was broadcast");
}

#[test]
fn ten_transfers_of_one_wallet_all_land_once() {
    let mut world = World::new();
    let wallet = world.wallet(&rules());
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, &format!("sol-{n}"))));
        ids.push(world.accepted(&payment(wallet.id, Asset::Kas, 2 * KAS, &format!("kas-{n}"))));
    }
    for id in ids {
        assert_eq!(world.settle(id).status, Status::Confirmed);
    }
    assert_eq!(world.solana.balance(&payment(0, Asset::Sol, 1, "").to), SOL / 2);
    assert_eq!(world.kaspa.balance(&payment(0, Asset::Kas, 1, "").to), 10 * KAS);
    assert_eq!((world.solana.landed().len(), world.kaspa.accepted().len()), (5, 5));
}

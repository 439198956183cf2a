//! Transfers on both chains: balances, usage, idempotency and failures.

use crate::support::{payment, rules, usage_of};
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_types::*;

#[test]
fn sol_reaches_the_recipient_and_the_books_agree() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let args = payment(wallet.id, Asset::Sol, SOL / 2, "rent");
    let id = env.request_transfer(&args);
    let ended = env.wait_for_end(id);
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    assert_eq!(env.solana.balance(&args.to), SOL / 2);
    let fee = ended.fee_paid.expect("a confirmed transfer names its fee");
    assert_eq!(env.solana.balance(wallet.solana_address()), 10 * SOL - SOL / 2 - fee);
    assert_eq!(env.solana.landed(), vec![ended.txid.clone().expect("a confirmed transfer has a transaction id")]);
    let usage = usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Sol);
    assert_eq!((usage.posted, usage.reserved), (SOL / 2 + fee, 0));
    assert_eq!(usage.remaining, Some(3 * SOL - SOL / 2 - fee));
}

#[test]
fn kas_reaches_the_recipient_from_either_address() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let mut received = 0;
    for (key, source) in [(KaspaKey::Schnorr, wallet.kaspa_schnorr_address()), (KaspaKey::Ecdsa, wallet.kaspa_ecdsa_address())] {
        let args = TransferArgs {
            params: Some(TransferParams::of_kaspa(Some(key), None)),
            ..payment(wallet.id, Asset::Kas, 7 * KAS, &format!("{key:?}"))
        };
        let id = env.request_transfer(&args);
        let ended = env.wait_for_end(id);
        assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
        received += 7 * KAS;
        assert_eq!(env.kaspa.balance(&args.to), received);
        let fee = ended.fee_paid.expect("a confirmed transfer names its fee");
        assert_eq!(env.kaspa.balance(source), 100 * KAS - 7 * KAS - fee, "the change returns to the address that paid");
        assert_eq!(ended.txid.as_deref(), env.kaspa.accepted().last().map(String::as_str));
    }
    assert_eq!(env.kaspa.accepted().len(), 2);
}

#[test]
fn a_request_sent_twice_pays_once() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let args = payment(wallet.id, Asset::Sol, SOL / 2, "once");
    let id = env.request_transfer(&args);
    let twin = env.as_actor(Actor::Agent).transfer(&args);
    assert!(matches!(&twin, Ok(TransferOutcome::Duplicate { transfer }) if transfer.id == id), "{twin:?}");
    env.wait_for_end(id);
    let late = env.as_actor(Actor::Agent).transfer(&args);
    assert!(matches!(&late, Ok(TransferOutcome::Duplicate { transfer }) if transfer.status == Status::Confirmed), "{late:?}");
    assert_eq!(env.solana.balance(&args.to), SOL / 2);

    let other = TransferArgs { amount: SOL / 4, ..args };
    let conflict = env.as_actor(Actor::Agent).transfer(&other).expect_err("another request under the same key");
    assert_eq!(conflict.code, "IDEMPOTENCY_CONFLICT");
}

#[test]
fn a_wallet_without_money_fails_the_transfer_and_frees_the_budget() {
    let mut env = TestEnv::new();
    let wallet = env.as_actor(Actor::Admin).create_wallet("empty").expect("an admin creates a wallet");
    env.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()).expect("an admin adds an agent");
    env.set_policy(wallet.id, &rules());
    for asset in [Asset::Sol, Asset::Kas] {
        let id = env.request_transfer(&payment(wallet.id, asset, SOL / 2, &format!("{asset:?}")));
        let ended = env.wait_for_end(id);
        assert_eq!((ended.status.name.as_str(), ended.fee_paid, ended.reserved), ("Failed", Some(0), 0), "{ended:?}");
        assert!(ended.note.is_some(), "it says why");
        let usage = usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, asset);
        assert_eq!((usage.posted, usage.reserved), (0, 0));
    }
    assert!(env.solana.received().is_empty() && env.kaspa.received().is_empty(), "nothing was broadcast");
}

#[test]
fn ten_transfers_of_one_wallet_all_land_once() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, &format!("sol-{n}"))));
        ids.push(env.request_transfer(&payment(wallet.id, Asset::Kas, 2 * KAS, &format!("kas-{n}"))));
    }
    for id in ids {
        assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    }
    assert_eq!(env.solana.balance(&payment(0, Asset::Sol, 1, "").to), SOL / 2);
    assert_eq!(env.kaspa.balance(&payment(0, Asset::Kas, 1, "").to), 10 * KAS);
    assert_eq!((env.solana.landed().len(), env.kaspa.accepted().len()), (5, 5));
}

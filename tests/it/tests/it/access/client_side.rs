//! Wallets whose owners hold the keys.

use crate::support::{CHAINS, payment, rules};
use candid::Principal;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_types::*;
use serde_bytes::ByteBuf;
use std::time::Duration;

fn owner() -> Principal {
    Principal::self_authenticating([80])
}

fn ed25519() -> ic_ed25519::PrivateKey {
    ic_ed25519::PrivateKey::deserialize_raw_32(&[81; 32])
}

fn secp256k1() -> ic_secp256k1::PrivateKey {
    ic_secp256k1::PrivateKey::deserialize_sec1(&[82; 32]).expect("a secret key")
}

/// Creates a funded wallet of the owner with the owner's keys.
fn own_wallet(env: &mut TestEnv) -> Wallet {
    let signing = Signing::ClientSide {
        keys: vec![
            PublicKey::Solana(ByteBuf::from(ed25519().public_key().serialize_raw())),
            PublicKey::Kaspa(ByteBuf::from(secp256k1().public_key().serialize_sec1(true))),
        ],
    };
    let args = CreateWalletArgs { label: "own".into(), owner: Some(owner()), parent: None, signing };
    let wallet = env.as_actor(Actor::Admin).create_wallet_with(&args).expect("an admin creates a wallet");
    assert_eq!(wallet.signing, SigningMode::ClientSide);
    assert_eq!(env.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()), Ok(Change::Applied));
    env.set_policy(wallet.id, &rules());
    env.solana.airdrop(wallet.solana_address(), 10 * SOL);
    env.kaspa.faucet(wallet.kaspa_schnorr_address(), 100 * KAS);
    env.kaspa.faucet(wallet.kaspa_ecdsa_address(), 100 * KAS);
    wallet
}

/// The owner's signatures of the messages to sign.
fn sign(transfer: &Transfer) -> Vec<ByteBuf> {
    let messages = &transfer.to_sign.as_ref().expect("it waits for signatures").messages;
    let sign = |message: &ByteBuf| match transfer.kaspa().and_then(|details| details.key.value) {
        None => ByteBuf::from(ed25519().sign_message(message)),
        Some(KaspaKey::Schnorr) => {
            ByteBuf::from(secp256k1().sign_message_with_bip340_no_rng(message[..].try_into().expect("a digest")))
        }
        Some(KaspaKey::Ecdsa) => ByteBuf::from(secp256k1().sign_digest_with_ecdsa(message)),
    };
    messages.iter().map(sign).collect()
}

fn signatures_asked_for(env: &mut TestEnv) -> usize {
    let traces = env.network.local().take_traces();
    traces.iter().flat_map(|trace| &trace.mgmt_calls).filter(|call| call.method.starts_with("sign_with")).count()
}

#[test]
fn the_owner_signs_and_the_canister_broadcasts() {
    let mut env = TestEnv::local();
    let wallet = own_wallet(&mut env);
    let payments = [
        payment(wallet.id, Asset::Sol, SOL, "sol"),
        payment(wallet.id, Asset::Kas, 5 * KAS, "schnorr"),
        TransferArgs {
            params: Some(TransferParams::of_kaspa(Some(KaspaKey::Ecdsa), None)),
            ..payment(wallet.id, Asset::Kas, 5 * KAS, "ecdsa")
        },
    ];
    for args in payments {
        let id = env.request_transfer(&args);
        let built = env.wait_until(id, |transfer| transfer.to_sign.is_some());
        assert_eq!(built.status, Status::Built);
        let good = sign(&built);
        let mut wrong = good.clone();
        wrong[0][63] ^= 1;
        let refused = env.as_principal(owner()).submit_signatures(id, &wrong).expect_err("it is not the owner's");
        assert!(refused.message.starts_with("signatures: "), "{refused:?}");
        assert_eq!(env.as_actor(Actor::Admin).submit_signatures(id, &good).expect_err("not an admin's").code, "AUTH_FAILED");
        let signed = env.as_principal(owner()).submit_signatures(id, &good).expect("the owner's signatures");
        assert!(signed.txid.is_some() && signed.to_sign.is_none(), "{signed:?}");
        let ended = env.wait_for_end(id);
        assert_eq!((ended.status.name.as_str(), ended.txid), ("Confirmed", signed.txid), "{}", args.idempotency_key);
    }
    assert_eq!((env.solana.landed().len(), env.kaspa.accepted().len()), (1, 2));
    assert_eq!(signatures_asked_for(&mut env), 0, "no threshold key took part");
    let report = env.as_actor(Actor::Stranger).verify_integrity(None, None);
    assert!(report.valid, "{report:?}");
}

#[test]
fn what_is_not_signed_in_time_ends_and_frees_its_money() {
    let mut env = TestEnv::local();
    let wallet = own_wallet(&mut env);
    for asset in CHAINS {
        let id = env.request_transfer(&payment(wallet.id, asset, KAS, &format!("slow {asset:?}")));
        let built = env.wait_until(id, |transfer| transfer.to_sign.is_some());
        env.network.ic().advance_time(Duration::from_secs(600));
        let late = env.as_principal(owner()).submit_signatures(id, &sign(&built)).expect_err("too late");
        assert_eq!(late.code, "WRONG_STATUS");
        let ended = env.wait_for_end(id);
        assert_eq!((ended.status.name.as_str(), ended.reserved, ended.attempt), ("Failed", 0, 1));
        assert!(ended.note.expect("a note").contains("did not sign it in time"));
    }
    assert_eq!((env.solana.landed().len(), env.kaspa.accepted().len()), (0, 0));
}

#[test]
fn policies_bind_client_side_wallets_and_keys_are_theirs_alone() {
    let mut env = TestEnv::new();
    let wallet = own_wallet(&mut env);
    let over = env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL + 1, "over"));
    assert!(matches!(over, Ok(TransferOutcome::Denied { .. })), "{over:?}");
    let balances = env.as_actor(Actor::Agent).refresh_balances(wallet.id).expect("they answer");
    let amounts: Vec<(&str, u64)> = balances.iter().map(|balance| (balance.key.as_str(), balance.amount)).collect();
    // One registered key of 33 bytes has both of Kaspa's addresses.
    assert_eq!(amounts, [("kaspa_schnorr", 100 * KAS), ("kaspa_ecdsa", 100 * KAS), ("solana", 10 * SOL)]);
    let again = |keys: &[Vec<u8>]| CreateWalletArgs {
        label: "again".into(),
        owner: Some(owner()),
        parent: None,
        signing: Signing::ClientSide { keys: keys.iter().map(|key| PublicKey::Solana(ByteBuf::from(key.clone()))).collect() },
    };
    let key = ed25519().public_key().serialize_raw().to_vec();
    let mut admin = env.as_actor(Actor::Admin);
    let code = |answer: Result<Wallet, Error>| answer.expect_err("it is refused").code;
    assert_eq!(code(admin.create_wallet_with(&again(std::slice::from_ref(&key)))), "ALREADY_SO");
    assert_eq!(code(admin.create_wallet_with(&again(&[key.clone(), key]))), "VALIDATION_FAILED", "one key of each chain");
    assert_eq!(code(admin.create_wallet_with(&again(&[vec![0; 32]]))), "VALIDATION_FAILED");
    assert_eq!(code(admin.create_wallet_with(&again(&[]))), "VALIDATION_FAILED");
    let other = ic_ed25519::PrivateKey::deserialize_raw_32(&[83; 32]).public_key().serialize_raw().to_vec();
    let solana_only = admin.create_wallet_with(&again(&[other])).expect("one key is enough");
    assert_eq!((solana_only.kaspa_schnorr_address(), solana_only.kaspa_ecdsa_address()), ("", ""));
}

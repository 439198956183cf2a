//! Balances of a wallet's keys, from both chains.

use super::*;
use crate::flows::{KeyBalance, ProviderError, refresh};
use purser_core::wallet::NewKeys;

/// The answer of a Kaspa server about the address that it was asked for.
fn kaspa(kind: KeyKind, sompi: u64) -> Step {
    all("/balance ", move |world| {
        let scheme = if kind == KeyKind::KaspaSchnorr { kas::KeyKind::Schnorr } else { kas::KeyKind::Ecdsa };
        let address = kas::WalletKey::new(scheme, world.wallet().key(kind)).unwrap().address(kas::Network::Simnet);
        Ok((200, format!(r#"{{"address":"{address}","balance":{sompi}}}"#)))
    })
}

fn solana(lamports: u64) -> Step {
    all("getBalance", move |_| solana::value(60, lamports))
}

fn shown(balances: &[KeyBalance]) -> Vec<(KeyKind, Asset, u64)> {
    balances.iter().map(|balance| (balance.kind, balance.asset, balance.amount.get())).collect()
}

#[test]
fn every_key_of_a_wallet_has_its_balance_and_address() {
    let world = World::new();
    let script = vec![kaspa(KeyKind::KaspaSchnorr, 7), kaspa(KeyKind::KaspaEcdsa, 8), solana(9)];
    let balances = world.run(refresh(&world, &world.wallet()), script).expect("they answer");
    let expected = [(KeyKind::KaspaSchnorr, Asset::Kas, 7), (KeyKind::KaspaEcdsa, Asset::Kas, 8), (KeyKind::Solana, Asset::Sol, 9)];
    assert_eq!(shown(&balances), expected);
    assert!(balances[..2].iter().all(|balance| balance.address.starts_with("kaspasim:q")), "{balances:?}");
    assert_eq!(balances[2].address, sol::Address::from_bytes(world.wallet().solana_key[..].try_into().unwrap()).to_string());
    assert!(balances.iter().all(|balance| balance.observed_at == world.time()));
}

#[test]
fn a_key_that_is_not_registered_has_no_balance() {
    let keys = NewKeys::ClientSide { solana: Some(Bytes::new(ed25519_root().public_key().serialize_raw())), kaspa: None };
    let world = World::with(NewWallet { keys, ..NewWallet::from("own") });
    let balances = world.run(refresh(&world, &world.wallet()), vec![solana(9)]).expect("they answer");
    assert_eq!(shown(&balances), [(KeyKind::Solana, Asset::Sol, 9)]);
}

#[test]
fn the_next_provider_is_asked_and_a_silent_chain_is_named() {
    let world = World::new();
    let silent = || all("getBalance", |_| lost());
    let known = || vec![kaspa(KeyKind::KaspaSchnorr, 7), kaspa(KeyKind::KaspaEcdsa, 8)];
    let script = known().into_iter().chain([silent(), solana(9)]).collect();
    assert_eq!(world.run(refresh(&world, &world.wallet()), script).expect("the second answers").len(), 3);
    world.advance(600);
    let script = known().into_iter().chain([silent(), silent()]).collect();
    let failed = world.run(refresh(&world, &world.wallet()), script).expect_err("nobody answers");
    assert_eq!(failed, ProviderError { chain: Chain::Solana, problem: "Canister http request timed out".into() });
}

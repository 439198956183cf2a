use super::*;
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::flows::providers::Budget;
use purser_core::policy::ReasonCode;
use purser_core::wallet::NewKeys;

const RICH: u64 = 10_000_000_000;
const ONE_COIN: &[(u8, u64)] = &[(1, 2_000_000_000)];

/// A world with a wallet whose keys its owner holds: those from which the tests otherwise derive the canister's.
fn world() -> World {
    let keys = NewKeys::ClientSide {
        solana: Some(Bytes::new(ed25519_root().public_key().serialize_raw())),
        kaspa: Some(Bytes::new(secp256k1_root().public_key().serialize_sec1(true))),
    };
    World::with(NewWallet { keys, ..NewWallet::from("own") })
}

/// Hands in the owner's signatures.
fn sign(world: &World, id: TransferId) {
    let transfer = world.transfer(id);
    let (messages, _) = world.state.borrow().signing_request(&transfer).expect("it waits for signatures");
    let sign = |message: &Bytes| match transfer.request.source {
        KeyKind::Solana => ed25519_root().sign_message(message).to_vec(),
        KeyKind::KaspaSchnorr => secp256k1_root().sign_message_with_bip340_no_rng(message[..].try_into().unwrap()).to_vec(),
        KeyKind::KaspaEcdsa => secp256k1_root().sign_digest_with_ecdsa(message).to_vec(),
    };
    let signatures: Vec<Vec<u8>> = messages.iter().map(sign).collect();
    let decided = world.state.borrow().decide_client_signatures(admin(), id, &signatures, world.time()).unwrap();
    world.put(decided);
}

fn build(source: KeyKind) -> (Asset, Vec<Step>) {
    match source {
        KeyKind::Solana => (Asset::Sol, vec![solana::accounts(RICH, Some(RICH)), solana::simulated(), solana::blockhash(1)]),
        _ => (Asset::Kas, vec![kaspa::dag(5_000), kaspa::fee(100), kaspa::utxos(source, ONE_COIN)]),
    }
}

#[test]
fn the_owner_signs_what_the_canister_builds_and_sends() {
    for source in [KeyKind::Solana, KeyKind::KaspaSchnorr, KeyKind::KaspaEcdsa] {
        let world = world();
        let (asset, steps) = build(source);
        let id = world.request(asset, 500_000_000, source);
        assert_eq!(world.drive(id, 0, steps), Progress::Waiting);
        assert_eq!(world.status(id), Status::Built);
        world.advance(599);
        assert_eq!(world.drive(id, 0, vec![]), Progress::Waiting, "no call is made meanwhile");
        assert_eq!(world.why(id), "it waits for its owner to sign it");
        sign(&world, id);
        let taken = if source == KeyKind::Solana { solana::taken() } else { kaspa::taken() };
        assert_eq!(world.drive(id, 0, vec![taken]), Progress::Waiting);
        assert_eq!((world.status(id), world.signatures.get()), (Status::Submitted, 0));
        let end = if source == KeyKind::Solana {
            vec![solana::finalized("null")]
        } else {
            vec![kaspa::blue(1_000), kaspa::acceptance(Some(900))]
        };
        assert_eq!(world.drive(id, 0, end), Progress::Ended);
        assert_eq!(world.status(id), Status::Confirmed);
    }
}

#[test]
fn a_transfer_that_its_owner_does_not_sign_within_ten_minutes_ends() {
    let world = world();
    let (asset, steps) = build(KeyKind::Solana);
    let id = world.request(asset, 500_000_000, KeyKind::Solana);
    assert_eq!(world.drive(id, 0, steps), Progress::Waiting);
    world.advance(600);
    assert_eq!(world.drive(id, 0, vec![]), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.note.as_deref()), (Status::Failed, Some("its owner did not sign it in time")));
    assert_eq!(transfer.code, Some(ReasonCode::SignatureTimeout));
    assert_eq!(world.usage(asset), (0, 0));
}

#[test]
fn no_threshold_key_is_ever_asked_to_sign_for_an_owner() {
    let world = world();
    let (asset, steps) = build(KeyKind::Solana);
    let id = world.request(asset, 500_000_000, KeyKind::Solana);
    assert_eq!(world.drive(id, 0, steps), Progress::Waiting);
    let (transfer, wallet, budget) = (world.transfer(id), world.wallet(), Budget::default());
    let context = TransferContext { rt: &world, transfer, wallet, provider_offset: 0, budget };
    for outcome in [poll(context.signature(b"anything")).map(drop), poll(crate::flows::sign(&context))] {
        assert!(matches!(outcome, Err(FlowError::NeedsOperator(ReasonCode::SignerError, _))), "{outcome:?}");
    }
    assert_eq!(world.signatures.get(), 0);
}

fn poll<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the scripted world answers at once"),
    }
}

//! Transfers that were cancelled or deferred, and are requested or checked again.

use super::kaspa as kt;
use super::nonces::{good, read, taken};
use super::revocations::with_nonce;
use super::solana as st;
use super::*;
use purser_core::policy::ReasonCode;
use purser_core::wallet::{NewKeys, WalletChange};

const KAS: u64 = 100_000_000;
const ONE_COIN: &[(u8, u64)] = &[(1, 20 * KAS)];
const SCHNORR: KeyKind = KeyKind::KaspaSchnorr;
const SOL_AMOUNT: u64 = 50_000_000;
const RICH: u64 = 10_000_000_000;
const VALUE: [u8; 32] = [9; 32];

fn read_kaspa() -> Vec<Step> {
    vec![kt::dag(5_000), kt::fee(100), kt::utxos(SCHNORR, ONE_COIN)]
}

fn then(mut steps: Vec<Step>, more: impl IntoIterator<Item = Step>) -> Vec<Step> {
    steps.extend(more);
    steps
}

/// The recorded unsigned bytes of a transfer.
fn unsigned(world: &World, id: TransferId) -> Bytes {
    world.transfer(id).built.expect("it was built").unsigned
}

#[test]
fn a_transfer_cancelled_unsigned_on_kaspa_is_paid_with_the_same_bytes_when_requested_again() {
    let world = World::new();
    let first = world.request(Asset::Kas, 5 * KAS, SCHNORR);
    assert!(matches!(world.drive(first, 0, then(read_kaspa(), [Step::SignLost])), Progress::Transient(_)));
    world.cancel(first);
    let again = world.request(Asset::Kas, 5 * KAS, SCHNORR);
    let script = then(read_kaspa(), [signing(SCHNORR), kt::taken()]);
    assert_eq!(world.drive(again, 0, script), Progress::Waiting);
    assert_eq!(unsigned(&world, again), unsigned(&world, first));
    assert_eq!((world.status(first), world.status(again)), (Status::Cancelled, Status::Submitted));
}

#[test]
fn a_transfer_cancelled_unsigned_on_a_nonce_is_paid_with_the_same_bytes_when_requested_again() {
    let world = with_nonce();
    let first = world.request(Asset::Sol, SOL_AMOUNT, KeyKind::Solana);
    assert!(matches!(world.drive(first, 0, vec![read(VALUE), good(), Step::SignLost]), Progress::Transient(_)));
    world.cancel(first);
    let again = world.request(Asset::Sol, SOL_AMOUNT, KeyKind::Solana);
    let script = vec![read(VALUE), good(), signing(KeyKind::Solana), taken(again)];
    assert_eq!(world.drive(again, 0, script), Progress::Waiting);
    assert_eq!(unsigned(&world, again), unsigned(&world, first));
    assert_eq!(world.status(again), Status::Submitted);
}

/// The owner may have signed the bytes that were shown. A new request gives the same bytes, so that they land at most once.
#[test]
fn a_transfer_that_its_owner_did_not_sign_is_shown_again_with_the_same_bytes() {
    for source in [SCHNORR, KeyKind::KaspaEcdsa] {
        let keys = NewKeys::ClientSide {
            solana: Some(Bytes::new(ed25519_root().public_key().serialize_raw())),
            kaspa: Some(Bytes::new(secp256k1_root().public_key().serialize_sec1(true))),
        };
        let world = World::with(NewWallet { keys, ..NewWallet::from("own") });
        let steps = || vec![kt::dag(5_000), kt::fee(100), kt::utxos(source, ONE_COIN)];
        let first = world.request(Asset::Kas, 5 * KAS, source);
        assert_eq!(world.drive(first, 0, steps()), Progress::Waiting);
        world.advance(600);
        assert_eq!(world.drive(first, 0, vec![]), Progress::Ended);
        let again = world.request(Asset::Kas, 5 * KAS, source);
        assert_eq!(world.drive(again, 0, steps()), Progress::Waiting, "it waits for signatures");
        assert_eq!((world.status(first), world.status(again)), (Status::Failed, Status::Built));
        assert_eq!(unsigned(&world, again), unsigned(&world, first));
    }
}

/// Two identical payments are one message under one blockhash.
///
/// The second waits for another blockhash, and that is no failure of the provider, which could open the chain's breaker.
#[test]
fn an_identical_payment_waits_for_another_blockhash_and_blames_no_provider() {
    let world = World::new();
    let build = |n| vec![st::accounts(RICH, Some(RICH)), st::simulated(), st::blockhash(n)];
    let [first, second] = [0, 1].map(|_| world.request(Asset::Sol, SOL_AMOUNT, KeyKind::Solana));
    let script = then(build(1), [signing(KeyKind::Solana), st::taken()]);
    assert_eq!(world.drive(first, 0, script), Progress::Waiting);
    let waits = world.drive(second, 0, build(1));
    assert!(matches!(waits, Progress::Deferred(_)), "{waits:?}");
    let script = then(build(2), [signing(KeyKind::Solana), taken(second)]);
    assert_eq!(world.drive(second, 0, script), Progress::Waiting);
}

fn limited(world: &World) {
    world.emergency(true);
    let end = Action::EndEmergency { reason: "over".into() };
    let decided = world.state.borrow().decide_change(admin(), end, world.time()).unwrap().0;
    world.put(decided);
}

/// After an emergency the limits are a tenth: 1,000,000,000 lamports per transaction and 10,000,000,000 within a day.
#[test]
fn under_a_reduced_limit_the_oldest_transfers_that_fit_are_sent_and_the_rest_waits() {
    let world = World::new();
    let large = world.request(Asset::Sol, 1_000_000_001, KeyKind::Solana);
    limited(&world);
    assert_eq!(world.drive(large, 0, vec![]), Progress::Blocked);
    let world = World::new();
    let ids = [0; 12].map(|_| world.request(Asset::Sol, 900_000_000, KeyKind::Solana));
    limited(&world);
    assert_eq!(world.drive(ids[11], 0, vec![]), Progress::Blocked, "eleven are 9,900,055,000");
    for (n, id) in (0..).zip(&ids[..11]) {
        let script =
            vec![st::accounts(100 * RICH, Some(RICH)), st::simulated(), st::blockhash(n), signing(KeyKind::Solana), taken(*id)];
        assert_eq!(world.drive(*id, 0, script), Progress::Waiting, "{n}");
    }
    assert_eq!(world.drive(ids[11], 0, vec![]), Progress::Blocked);
    assert!(world.state.borrow().wait_reason(ids[11], world.time()).is_some_and(|why| why.starts_with("waits: ")));
}

/// The calls of a build. The hook runs during the last one before the record.
fn blockhash_during(during: impl FnOnce(&World) + 'static) -> Vec<Step> {
    let last = one("getLatestBlockhash", move |world| {
        during(world);
        let hash = sol::Blockhash::from_bytes([1; 32]);
        st::ok(format!(r#"{{"context":{{"slot":9}},"value":{{"blockhash":"{hash}","lastValidBlockHeight":1}}}}"#))
    });
    vec![st::accounts(RICH, Some(RICH)), st::simulated(), last]
}

#[test]
fn a_wallet_that_is_deactivated_while_its_payment_is_built_pays_nothing() {
    let world = World::new();
    let id = world.request(Asset::Sol, SOL_AMOUNT, KeyKind::Solana);
    let deactivate = |world: &World| {
        let action = Action::ChangeWallet { wallet: WALLET, change: WalletChange::Deactivate };
        let decided = world.state.borrow().decide_change(admin(), action, world.time()).unwrap().0;
        world.put(decided);
    };
    assert_eq!(world.drive(id, 0, blockhash_during(deactivate)), Progress::Again);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.note.as_deref()), (Status::Cancelled, Some("its wallet was deactivated")));
    assert_eq!(transfer.code, Some(ReasonCode::WalletDraining));
    assert_eq!(world.usage(Asset::Sol), (0, 0));
}

#[test]
fn a_recipient_whose_entry_expires_while_the_payment_is_built_is_not_paid() {
    let world = World::new();
    let mut rules = rules();
    for rule in &mut rules {
        if let Rule::Allowlist { entries, .. } = rule {
            entries[0].expires_at = Some(Timestamp::from_nanos(world.now.get() + 10 * SECOND_NS));
        }
    }
    let policy = PolicyChange { scope: Scope::Wallet(WALLET), replaces: 1, name: None, rules };
    let decided = world.state.borrow().decide_change(admin(), Action::SetPolicy(policy), world.time()).unwrap().0;
    world.put(decided);
    let id = world.request(Asset::Sol, SOL_AMOUNT, KeyKind::Solana);
    assert_eq!(world.drive(id, 0, blockhash_during(|world| world.advance(10))), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.attempt), (Status::Failed, 0), "nothing was recorded that could be signed");
    assert_eq!(transfer.code, Some(ReasonCode::AddressNotAllowed));
    assert!(transfer.note.is_some_and(|note| note.starts_with("not allowed any more: ")));
}

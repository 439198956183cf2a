//! The choice of a nonce account.

use super::solana::ok;
use super::*;
use base64::{Engine, engine::general_purpose::STANDARD};

const AMOUNT: u64 = 50_000_000;
const RICH: u64 = 10_000_000_000;
/// The value of a nonce, and its value after that is used up.
pub(super) const VALUE: [u8; 32] = [9; 32];
pub(super) const OTHER: [u8; 32] = [8; 32];

/// The world with so many nonce accounts of its wallet.
pub(super) fn with_nonces(world: World, size: u16) -> World {
    let (decided, ids) = world.state.borrow().decide_nonce_pool(admin(), WALLET, size, world.time()).unwrap();
    world.put(decided);
    for (n, id) in (1..).zip(ids) {
        let (unsigned, txid) = (Bytes::new([n]), format!("creation {n}"));
        let built =
            purser_core::transfer::BuiltTx { unsigned, fee: Amount::new(5_000), details: Built::Solana(SolanaBuilt::default()) };
        let signed = purser_core::transfer::SignedTx { signed: Bytes::new([n]), txid };
        type Decide<'a> = &'a dyn Fn(&State<VectorMemory>) -> Result<Decided, purser_core::state::Refusal>;
        let steps: [Decide<'_>; 4] = [
            &|state| state.decide_built(id, built.clone()),
            &|state| state.decide_signed(id, signed.clone()),
            &|state| state.decide_submitted(id),
            &|state| state.decide_confirmed(id, Amount::ZERO, None),
        ];
        for decide in steps {
            let decided = decide(&world.state.borrow()).unwrap();
            world.put(decided);
        }
    }
    world
}

fn shown(lamports: u64, data: &[u8]) -> String {
    let (data, space) = (STANDARD.encode(data), data.len());
    format!(
        r#"{{"data":["{data}","base64"],"executable":false,"lamports":{lamports},"owner":"11111111111111111111111111111111","rentEpoch":0,"space":{space}}}"#
    )
}

fn nonce(world: &World, value: [u8; 32]) -> String {
    let key = world.wallet().solana_key;
    shown(1_056_640, &[&[1, 0, 0, 0, 1, 0, 0, 0], &key[..], &value, &5_000u64.to_le_bytes()].concat())
}

/// The accounts of payer and recipient, and the nonce account with this value.
pub(super) fn read(value: [u8; 32]) -> Step {
    all("getMultipleAccounts", move |world| {
        let rich = shown(RICH, &[]);
        ok(format!(r#"{{"context":{{"slot":60}},"value":[{rich},{rich},{}]}}"#, nonce(world, value)))
    })
}

/// The nonce account alone, as it is read for a proof of death.
pub(super) fn nonce_is(value: [u8; 32]) -> Step {
    nonce_at(60, value)
}

pub(super) fn nonce_at(slot: u64, value: [u8; 32]) -> Step {
    all("getAccountInfo", move |world| ok(format!(r#"{{"context":{{"slot":{slot}}},"value":{}}}"#, nonce(world, value))))
}

pub(super) fn on_nonce(answer: &'static str) -> Step {
    one("\"replaceRecentBlockhash\":false", move |_| ok(format!(r#"{{"context":{{"slot":9}},"value":{answer}}}"#)))
}

pub(super) fn good() -> Step {
    on_nonce(r#"{"err":null,"unitsConsumed":600}"#)
}

pub(super) fn taken(id: TransferId) -> Step {
    one("sendTransaction", move |world| ok(format!("{:?}", world.transfer(id).signed.unwrap().txid)))
}

fn sending(id: TransferId, value: [u8; 32]) -> Vec<Step> {
    vec![read(value), good(), signing(KeyKind::Solana), taken(id)]
}

fn holders(world: &World) -> Vec<Option<TransferId>> {
    world.state.borrow().nonces(WALLET).into_iter().map(|(_, record)| record.holder).collect()
}

#[test]
fn a_transfer_uses_any_free_nonce_whatever_its_id() {
    let world = with_nonces(World::new(), 3);
    let stuck = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    assert_eq!(world.drive(stuck, 0, sending(stuck, VALUE)), Progress::Waiting);
    // With every id, of more than there are nonce accounts, the next transfer finds a free one.
    for n in 1..=4 {
        world.request(Asset::Kas, 100_000_000, KeyKind::KaspaSchnorr);
        let next = world.request(Asset::Sol, AMOUNT + n, KeyKind::Solana);
        assert_eq!(world.drive(next, 0, sending(next, [n as u8; 32])), Progress::Waiting, "transfer {next}");
        assert_eq!(holders(&world).into_iter().flatten().collect::<Vec<_>>(), [stuck, next]);
        assert_eq!(world.drive(next, 0, vec![super::solana::finalized("null")]), Progress::Ended);
    }
}

#[test]
fn a_transfer_waits_only_while_all_nonces_are_in_use_and_says_so() {
    let world = with_nonces(World::new(), 2);
    let [first, second, third] = [0, 1, 2].map(|n| world.request(Asset::Sol, AMOUNT + n, KeyKind::Solana));
    assert_eq!(world.drive(first, 0, sending(first, VALUE)), Progress::Waiting);
    assert_eq!(world.drive(third, 0, sending(third, OTHER)), Progress::Waiting);
    assert_eq!(world.drive(second, 0, vec![]), Progress::Blocked);
    let why = "all nonce accounts of the wallet, 2, carry other transactions; it waits for one to be free";
    assert_eq!(world.why(second), why);
    assert_eq!(world.drive(third, 0, vec![super::solana::finalized("null")]), Progress::Ended);
    assert_eq!(world.drive(second, 0, sending(second, [7; 32])), Progress::Waiting);
}

/// Lets a flow go as far as its first signature, which has not arrived yet.
fn until_signing(flow: &mut std::pin::Pin<&mut impl Future<Output = Progress>>) {
    assert_eq!(flow.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
}

#[test]
fn transfers_that_are_built_at_the_same_time_do_not_take_the_same_nonce() {
    let world = with_nonces(World::new(), 2);
    let [first, second] = [0, 1].map(|n| world.request(Asset::Sol, AMOUNT + n, KeyKind::Solana));
    // While the accounts of the first are being read, the second is built from beginning to end.
    let slow = all("getMultipleAccounts", move |world| {
        let saved = world.script.replace(vec![read(OTHER), good()].into());
        let mut flow = pin!(drive(world, second, 0));
        until_signing(&mut flow);
        world.script.replace(saved);
        let rich = shown(RICH, &[]);
        ok(format!(r#"{{"context":{{"slot":60}},"value":[{rich},{rich},{}]}}"#, nonce(world, VALUE)))
    });
    let script = vec![slow, good(), signing(KeyKind::Solana), taken(first)];
    assert_eq!(world.drive(first, 0, script), Progress::Waiting);
    assert_eq!((world.status(first), world.status(second)), (Status::Submitted, Status::Built));
    let mut held = holders(&world);
    held.sort_unstable();
    assert_eq!(held, [Some(first), Some(second)]);
}

#[test]
fn a_build_that_failed_leaves_its_nonce_to_others() {
    let world = with_nonces(World::new(), 1);
    let [first, second] = [0, 1].map(|n| world.request(Asset::Sol, AMOUNT + n, KeyKind::Solana));
    assert!(matches!(world.drive(first, 0, vec![all("getMultipleAccounts", |_| lost())]), Progress::Transient(_)));
    assert_eq!(world.drive(second, 0, sending(second, VALUE)), Progress::Waiting);
    assert_eq!(holders(&world), [Some(second)]);
}

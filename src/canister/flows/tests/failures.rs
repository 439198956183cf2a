//! Transactions that failed on chain: the release of their money, and their charge.

use super::nonces::{OTHER, VALUE, good, nonce_is, read, taken as sent_again, with_nonces};
use super::solana::{epoch, finalized, height, ok, to_submission, unknown, value};
use super::*;
use purser_core::policy::ReasonCode;
use serde_json::json;

const AMOUNT: u64 = 50_000_000;
const CUSTOM: &str = r#"{"InstructionError":[0,{"Custom":1}]}"#;

fn failed() -> Step {
    finalized(CUSTOM)
}

/// The charge of a transaction in block 48, in lamports.
pub(super) fn cost(lamports: u64, failed: bool) -> Step {
    cost_of(48, lamports.min(5_000), lamports, failed)
}

pub(super) fn cost_of(slot: u64, fee: u64, lamports: u64, failed: bool) -> Step {
    let err = if failed { json!({ "InstructionError": [0, { "Custom": 1 }] }) } else { json!(null) };
    let meta = json!({ "err": err, "fee": fee, "preBalances": [20_000_000, 7], "postBalances": [20_000_000 - lamports, 9] });
    all("getTransaction", move |_| ok(json!({ "slot": slot, "meta": meta, "transaction": ["", "base64"] })))
}

fn submitted() -> (World, TransferId) {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    assert_eq!(world.drive(id, 0, to_submission(1)), Progress::Waiting);
    (world, id)
}

/// A transfer that has failed on chain. Its deadline 1,413 is recorded, and its blockhash is old enough to be dead.
fn failed_and_old() -> (World, TransferId) {
    let (world, id) = submitted();
    assert_eq!(world.drive(id, 0, vec![failed(), height(1_000), height(1_000)]), Progress::Waiting);
    assert_eq!((world.status(id), world.transfer(id).deadline_height()), (Status::Submitted, Some(1_413)));
    world.advance(90);
    (world, id)
}

/// The answers of both nodes once the blockhash is dead.
fn over() -> Vec<Step> {
    vec![failed(), epoch(1_414, 2_000), failed(), epoch(1_500, 2_010), failed()]
}

fn then(mut script: Vec<Step>, last: Step) -> Vec<Step> {
    script.push(last);
    script
}

#[test]
fn a_failure_releases_the_money_when_the_blockhash_is_dead_and_costs_the_fee_only() {
    let (world, id) = submitted();
    assert_eq!(world.drive(id, 0, vec![failed(), height(1_000), height(1_000)]), Progress::Waiting);
    assert_eq!(world.usage(Asset::Sol), (AMOUNT + 5_000, 0), "the same bytes may land yet");
    assert!(world.why(id).contains(r#"failed on chain ({"InstructionError":[0,{"Custom":1}]}), but the same bytes may land yet"#));
    world.advance(89);
    assert_eq!(world.drive(id, 0, vec![failed()]), Progress::Waiting, "however high the chain claims to be");
    world.advance(1);
    assert_eq!(world.drive(id, 0, vec![failed(), epoch(1_413, 2_000), epoch(1_413, 2_000)]), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted);
    assert_eq!(world.drive(id, 0, then(over(), cost(5_000, true))), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.fee_paid), (Status::Failed, Some(Amount::new(5_000))));
    assert_eq!(transfer.code, Some(ReasonCode::TransactionFailed));
    assert_eq!(transfer.note.as_deref(), Some(r#"the transaction failed on chain: {"InstructionError":[0,{"Custom":1}]}"#));
    assert_eq!(world.usage(Asset::Sol), (0, 5_000));
}

#[test]
fn a_failure_on_a_nonce_releases_the_money_when_the_nonce_is_used() {
    let world = with_nonces(World::new(), 1);
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let script = vec![read(VALUE), good(), signing(KeyKind::Solana), sent_again(id)];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    // A block holds the transaction without having processed it: the nonce is unused, and the bytes are sent again.
    let unfunded = || finalized(r#""InsufficientFundsForFee""#);
    let stands = vec![unfunded(), nonce_is(VALUE), nonce_is(VALUE), sent_again(id)];
    assert_eq!(world.drive(id, 0, stands), Progress::Waiting);
    assert_eq!((world.status(id), world.usage(Asset::Sol)), (Status::Submitted, (AMOUNT + 5_000, 0)));
    assert!(world.why(id).contains("may land yet"), "{}", world.why(id));
    // One of two nodes is not enough.
    let one_of_two = vec![unfunded(), nonce_is(OTHER), unfunded(), nonce_is(VALUE), sent_again(id)];
    assert_eq!(world.drive(id, 0, one_of_two), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted);
    let moved = vec![unfunded(), nonce_is(OTHER), unfunded(), nonce_is(OTHER), unfunded(), cost(0, true)];
    assert_eq!(world.drive(id, 0, moved), Progress::Ended);
    assert_eq!(world.status(id), Status::Failed);
    assert_eq!(world.usage(Asset::Sol), (0, 0), "nothing was charged for it");
}

#[test]
fn a_transaction_that_failed_in_one_block_and_lands_in_a_later_one_is_a_payment() {
    let world = with_nonces(World::new(), 1);
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let script = vec![read(VALUE), good(), signing(KeyKind::Solana), sent_again(id)];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    // Between the two reads of the first node it has landed.
    let lands = vec![failed(), nonce_is(OTHER), finalized("null")];
    assert!(matches!(world.drive(id, 0, lands), Progress::Transient(_)));
    assert_eq!(world.status(id), Status::Submitted);
    assert_eq!(world.drive(id, 0, vec![finalized("null")]), Progress::Ended);
    assert_eq!((world.status(id), world.usage(Asset::Sol)), (Status::Confirmed, (0, AMOUNT + 5_000)));
}

#[test]
fn a_failure_that_only_one_provider_knows_changes_nothing() {
    let elsewhere = || {
        let status = r#"[{"slot":49,"confirmations":null,"err":"Other","status":{},"confirmationStatus":"finalized"}]"#;
        all("getSignatureStatuses", move |_| value(60, status))
    };
    for second in [finalized("null"), unknown(2_010), unknown(1_999), elsewhere(), all("http://127.0.0.1:12", |_| lost())] {
        let (world, id) = failed_and_old();
        let script = vec![failed(), epoch(1_414, 2_000), failed(), epoch(1_414, 2_010), second];
        assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
        assert_eq!((world.status(id), world.usage(Asset::Sol)), (Status::Submitted, (AMOUNT + 5_000, 0)));
    }
}

#[test]
fn a_node_that_is_left_alone_proves_a_failure_twice() {
    let (world, id) = failed_and_old();
    for _ in 0..3 {
        let script = vec![failed(), epoch(1_414, 2_000), failed(), all("http://127.0.0.1:12", |_| lost())];
        assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
    }
    // The node backs off now.
    assert_eq!(world.drive(id, 0, then(over(), cost(5_000, true))), Progress::Ended);
    assert_eq!(world.status(id), Status::Failed);
}

#[test]
fn a_failure_costs_the_charge_of_the_chain_or_else_the_highest_possible_one() {
    for (cost, paid) in [(cost(5_000, true), 5_000), (cost(0, true), 0)] {
        let (world, id) = failed_and_old();
        assert_eq!(world.drive(id, 0, then(over(), cost)), Progress::Ended);
        assert_eq!((world.transfer(id).fee_paid, world.usage(Asset::Sol)), (Some(Amount::new(paid)), (0, paid)));
    }
    let nothing = || all("getTransaction", |_| ok("null"));
    let unbelievable = [nothing(), cost(5_001, true), cost(5_000, false), cost_of(49, 5_000, 5_000, true), cost_of(48, 9, 8, true)];
    for answer in unbelievable {
        let (world, id) = failed_and_old();
        assert!(matches!(world.drive(id, 0, then(over(), answer)), Progress::Transient(_)));
        assert_eq!(world.status(id), Status::Submitted);
        assert!(world.why(id).contains("what it cost is not known yet"), "{}", world.why(id));
        world.advance(600);
        assert_eq!(world.drive(id, 0, then(over(), nothing())), Progress::Ended);
        let transfer = world.transfer(id);
        assert_eq!((transfer.status, transfer.fee_paid), (Status::Failed, Some(Amount::new(5_000))));
        let note = transfer.note.unwrap();
        assert!(
            note.ends_with(
                "no provider told what the transaction cost; the most that it can be, 0.000005 SOL (5,000 lamports), is counted"
            ),
            "{note}"
        );
    }
}

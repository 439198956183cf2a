//! Transfers of SOL, step by step.

mod conditions;
mod expiry;
mod interruptions;

use super::*;

const AMOUNT: u64 = 50_000_000;
pub(super) const RICH: u64 = 10_000_000_000;
/// The request for the height of a deadline, of nodes that have reached the slot of the blockhash.
const HEIGHT: &str = r#""getEpochInfo","params":[{"commitment":"confirmed","minContextSlot":9}]"#;

pub(super) fn ok(result: impl std::fmt::Display) -> Answer {
    Ok((200, format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#)))
}

pub(super) fn value(slot: u64, value: impl std::fmt::Display) -> Answer {
    ok(format!(r#"{{"context":{{"slot":{slot}}},"value":{value}}}"#))
}

pub(super) fn account(lamports: u64) -> String {
    format!(
        r#"{{"data":["","base64"],"executable":false,"lamports":{lamports},"owner":"11111111111111111111111111111111","rentEpoch":0,"space":0}}"#
    )
}

pub(super) fn accounts(payer: u64, recipient: Option<u64>) -> Step {
    let recipient = recipient.map_or("null".to_owned(), account);
    all("getMultipleAccounts", move |_| value(60, format!("[{},{recipient}]", account(payer))))
}

/// Each call of this test run gets another blockhash when `n` differs.
pub(super) fn blockhash(n: u8) -> Step {
    blockhash_during(n, |_| {})
}

fn blockhash_during(n: u8, during: impl FnOnce(&World) + 'static) -> Step {
    one("getLatestBlockhash", move |world| {
        during(world);
        let hash = sol::Blockhash::from_bytes([n; 32]);
        value(9, format!(r#"{{"blockhash":"{hash}","lastValidBlockHeight":1}}"#))
    })
}

pub(super) fn simulated() -> Step {
    one("simulateTransaction", |_| value(9, r#"{"err":null,"unitsConsumed":150}"#))
}

pub(super) fn taken() -> Step {
    one("sendTransaction", |world| {
        let state = world.state.borrow();
        let txid = state.active_transfers_of(WALLET).into_iter().find_map(|transfer| transfer.signed).unwrap().txid;
        ok(format!("{txid:?}"))
    })
}

/// The height of a node that has reached the slot of the blockhash.
pub(super) fn height(number: u64) -> Step {
    all(HEIGHT, move |_| ok(format!(r#"{{"absoluteSlot":60,"blockHeight":{number}}}"#)))
}

pub(super) fn epoch(height: u64, slot: u64) -> Step {
    all("getEpochInfo", move |_| {
        ok(format!(r#"{{"absoluteSlot":{slot},"blockHeight":{height},"epoch":1,"slotIndex":9,"slotsInEpoch":432000}}"#))
    })
}

pub(super) fn unknown(slot: u64) -> Step {
    all("getSignatureStatuses", move |_| value(slot, "[null]"))
}

pub(super) fn finalized(err: &'static str) -> Step {
    let status = format!(r#"[{{"slot":48,"confirmations":null,"err":{err},"status":{{}},"confirmationStatus":"finalized"}}]"#);
    all("getSignatureStatuses", move |_| value(60, status))
}

pub(super) fn to_submission(n: u8) -> Vec<Step> {
    vec![accounts(RICH, Some(RICH)), simulated(), blockhash(n), signing(KeyKind::Solana), taken()]
}

fn paid() -> sol::Operation {
    let kind = sol::PaymentKind::Lamports { to: sol::Address::from_bytes(sol_recipient()), lamports: Amount::new(AMOUNT) };
    sol::Operation::Pay(vec![sol::Payment { kind, memo: None }])
}

fn submitted() -> (World, TransferId) {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    assert_eq!(world.drive(id, 0, to_submission(1)), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted);
    (world, id)
}

/// The first run after a broadcast, which records the deadline 1,413: 1,000 + 99 + 150 + 164.
pub(super) fn first_look() -> Vec<Step> {
    vec![unknown(9), height(1_000), height(1_000), taken()]
}

/// The two observations that prove a death at that deadline.
pub(super) fn death() -> Vec<Step> {
    vec![unknown(9), epoch(1_414, 2_000), unknown(2_000), epoch(1_500, 2_010), unknown(2_020)]
}

#[test]
fn a_transfer_takes_one_signature_and_four_outcalls_to_its_submission() {
    let (world, id) = submitted();
    assert_eq!((world.signatures.get(), world.outcalls.get()), (1, 4));
    assert_eq!(world.usage(Asset::Sol), (AMOUNT + 5_000, 0));
    let signed = sol::SignedTx::decode(&world.transfer(id).signed.unwrap().signed).unwrap();
    assert_eq!(signed.verify(), Ok(()));
    assert_eq!(signed.plan().operation, paid());
    assert_eq!(world.drive(id, 0, vec![finalized("null")]), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.fee_paid), (Status::Confirmed, Some(Amount::new(5_000))));
    assert_eq!(world.usage(Asset::Sol), (0, AMOUNT + 5_000));
    assert_eq!(world.drive(id, 0, vec![]), Progress::Ended, "what has ended makes no calls");
}

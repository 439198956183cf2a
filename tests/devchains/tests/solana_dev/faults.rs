//! Ordered faults.

use serde_json::{Value, json};

use devchains::solana::{DEVNET_GENESIS_HASH, FalseAnswer, Fault, HUGE_BODY_BYTES, SolanaDev};

use crate::client::*;

const HEALTH: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"getHealth"}"#;

/// Status and text of a health call.
fn health(chain: &SolanaDev) -> Option<(u16, String)> {
    post(chain, "application/json", HEALTH).map(|(status, body)| (status, String::from_utf8_lossy(&body).into_owned()))
}

fn healthy() -> Option<(u16, String)> {
    Some((200, r#"{"id":1,"jsonrpc":"2.0","result":"ok"}"#.to_owned()))
}

#[test]
fn should_fail_in_the_transport_for_as_many_calls_as_ordered() {
    let chain = SolanaDev::start();
    let faults = chain.faults();
    faults.next(2, Fault::Http429);
    faults.next(1, Fault::Http500);
    faults.next(1, Fault::Hang);
    let limited = Some((429, "Too many requests for a specific RPC call".to_owned()));
    assert_eq!(health(&chain), limited);
    assert_eq!(health(&chain), limited);
    assert_eq!(health(&chain), Some((500, "Internal Server Error".to_owned())));
    assert_eq!(health(&chain), None);
    assert_eq!(health(&chain), healthy());
    assert_eq!(chain.calls(), ["getHealth"; 5]);
}

#[test]
fn should_send_bodies_no_client_can_use() {
    let chain = SolanaDev::start();
    chain.faults().next(1, Fault::GarbageBody);
    chain.faults().next(1, Fault::HugeBody);
    let (status, garbage) = post(&chain, "application/json", HEALTH).expect("an answer");
    assert_eq!((status, garbage.as_slice()), (200, b"<html>\xff\xfe bad gateway</html>".as_slice()));
    let (status, huge) = post(&chain, "application/json", HEALTH).expect("an answer");
    assert_eq!((status, huge.len()), (200, HUGE_BODY_BYTES));
    assert_eq!(health(&chain), healthy());
}

#[test]
fn should_choose_the_method_and_forget_when_cleared() {
    let chain = SolanaDev::start();
    let faults = chain.faults();
    faults.next_at("getSlot", 3, Fault::Http500);
    assert_eq!((health(&chain), faults.pending()), (healthy(), 3));
    let slot = br#"{"jsonrpc":"2.0","id":1,"method":"getSlot"}"#;
    assert_eq!(post(&chain, "application/json", slot).map(|answer| answer.0), Some(500));
    assert_eq!(faults.pending(), 2);
    faults.clear();
    assert_eq!(post(&chain, "application/json", slot).map(|answer| answer.0), Some(200));
}

/// A chain, a payer with 10 SOL and a signed transfer of 1 SOL.
fn transfer_of_one_sol() -> (SolanaDev, solana_transaction::versioned::VersionedTransaction) {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let tx = sign(&[&payer], &[transfer(&payer, Key::new("recipient").address(), SOL)], newest_hash(&chain));
    (chain, tx)
}

#[test]
fn should_drop_what_it_accepted() {
    let (chain, tx) = transfer_of_one_sol();
    chain.faults().next(1, Fault::DropSend);
    assert_eq!(newest_hash(&chain), *tx.message.recent_blockhash(), "other methods do not use the fault up");
    send(&chain, &tx);
    chain.advance(40);
    assert_eq!((chain.landed(), chain.received()), (vec![], vec![wire(&tx)]));
    send(&chain, &tx);
    chain.advance(1);
    assert_eq!(chain.landed(), [tx.signatures[0].to_string()]);
}

#[test]
fn should_land_what_it_answers_500_to() {
    let (chain, tx) = transfer_of_one_sol();
    chain.faults().next(1, Fault::LandButError);
    let params = json!([base64(&wire(&tx)), { "encoding": "base64", "skipPreflight": true }]);
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "sendTransaction", "params": params });
    let answer = post(&chain, "application/json", request.to_string().as_bytes());
    assert_eq!(answer, Some((500, b"Internal Server Error".to_vec())));
    chain.advance(1);
    assert_eq!(chain.landed(), [tx.signatures[0].to_string()]);
}

#[test]
fn should_answer_from_the_past() {
    let (chain, tx) = transfer_of_one_sol();
    let to = Key::new("recipient").text();
    let signature = send(&chain, &tx);
    chain.advance(60);
    let (slot, height) = (chain.slot(), chain.block_height());
    let stale = |slots| chain.faults().next(1, Fault::StaleNode { slots });

    assert_eq!(balance_at(&chain, &to, "finalized"), SOL);
    stale(128);
    assert_eq!(balance_at(&chain, &to, "finalized"), 0);
    stale(128);
    assert_eq!(status(&chain, &signature), Value::Null);
    // 44 slots are 40 blocks, for four are skipped.
    stale(44);
    assert_eq!(result(&chain, "getBlockHeight", json!([{ "commitment": "processed" }])), height - 40);
    stale(44);
    let fresh = call(&chain, "getBalance", json!([to, { "commitment": "processed", "minContextSlot": slot }]));
    assert_eq!(fresh["error"]["code"], -32016);
    assert_eq!(fresh["error"]["data"], json!({ "contextSlot": slot - 44 }));

    // A node that is a little behind says it is well.
    stale(128);
    assert_eq!(health(&chain), healthy());
    stale(129);
    let behind = call(&chain, "getHealth", json!([]))["error"].clone();
    let expected = json!({ "code": -32005, "message": "Node is behind by 129 slots", "data": { "numSlotsBehind": 129 } });
    assert_eq!(behind, expected);
}

#[test]
fn should_lie_as_told() {
    let (chain, tx) = transfer_of_one_sol();
    let payer = Key::new("payer").text();
    let faults = chain.faults();
    faults.next(2, Fault::FalseAnswer(FalseAnswer::Balance(7)));
    assert_eq!(balance_at(&chain, &payer, "finalized"), 7);
    assert_eq!(value(&chain, "getAccountInfo", json!([payer, { "encoding": "base64" }]))["lamports"], 7);
    assert_eq!(balance_at(&chain, &payer, "finalized"), 10 * SOL);

    faults.next(1, Fault::FalseAnswer(FalseAnswer::Blockhash));
    let invented = newest_hash(&chain);
    assert_eq!(value(&chain, "isBlockhashValid", json!([invented.to_string(), { "commitment": "processed" }])), false);
    faults.next(1, Fault::FalseAnswer(FalseAnswer::LastValidBlockHeight(1)));
    assert_eq!(value(&chain, "getLatestBlockhash", json!([]))["lastValidBlockHeight"], 1);

    faults.next(1, Fault::FalseAnswer(FalseAnswer::GenesisHash));
    assert_eq!(result(&chain, "getGenesisHash", json!([])), DEVNET_GENESIS_HASH);
    assert_eq!(result(&chain, "getGenesisHash", json!([])), chain.genesis_hash());

    let signature = send(&chain, &tx);
    chain.advance(1);
    faults.next(1, Fault::FalseAnswer(FalseAnswer::NotFound));
    assert_eq!(status(&chain, &signature), Value::Null);
    assert_eq!(status(&chain, &signature)["confirmationStatus"], "processed");
    faults.next_at("getSlot", 1, Fault::FalseAnswer(FalseAnswer::Value(json!("soon"))));
    assert_eq!(result(&chain, "getSlot", json!([])), "soon");
}

#[test]
fn should_roll_back_what_is_not_final() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let to = Key::new("recipient").address();
    let first = send(&chain, &sign(&[&payer], &[transfer(&payer, to, SOL)], newest_hash(&chain)));
    chain.advance(1);
    let old_hash = newest_hash(&chain);
    chain.advance(31);
    let second = sign(&[&payer], &[transfer(&payer, to, 2 * SOL)], old_hash);
    let third = sign(&[&payer], &[transfer(&payer, to, 3 * SOL)], newest_hash(&chain));
    send(&chain, &second);
    send(&chain, &third);
    chain.advance(2);
    let seen = |commitment| balance_at(&chain, &to.to_string(), commitment);
    assert_eq!((seen("confirmed"), seen("finalized")), (6 * SOL, SOL));
    let (height, slot) = (chain.block_height(), chain.slot());

    chain.faults().next(1, Fault::Reorg);
    assert_eq!(status(&chain, &second.signatures[0].to_string()), Value::Null);
    assert_eq!((chain.block_height(), chain.slot()), (height, slot), "the other fork is as long");
    assert_eq!((seen("processed"), seen("finalized")), (SOL, SOL));
    assert_eq!(chain.landed(), [first.as_str()]);
    assert_eq!(chain.balance(&payer.text()), 9 * SOL - 5_000);

    // The second can land again; the blockhash of the third never existed on this fork.
    send(&chain, &second);
    send(&chain, &third);
    chain.advance(1);
    assert_eq!(chain.landed(), [first, second.signatures[0].to_string()]);
}

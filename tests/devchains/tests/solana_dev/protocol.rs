//! Envelopes, parameters, chain data, and values that differ between calls.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use devchains::solana::SolanaDev;

use crate::client::*;

const SYSTEM: &str = "11111111111111111111111111111111";

#[test]
fn should_refuse_malformed_requests() {
    let chain = SolanaDev::start();
    let reply = |body: &str| -> Value {
        let (status, body) = post(&chain, "application/json", body.as_bytes()).expect("an answer");
        assert_eq!(status, 200);
        serde_json::from_slice(&body).expect("JSON")
    };
    assert_eq!(reply("{"), json!({ "jsonrpc": "2.0", "error": { "code": -32700, "message": "Parse error" }, "id": null }));
    assert_eq!(reply("[]")["error"], json!({ "code": -32600, "message": "Invalid request" }));
    assert_eq!(reply(r#"{"id":3,"method":"getSlot"}"#)["error"]["code"], -32600);
    assert_eq!(error(&chain, "getGold", json!([])), (-32601, "Method not found".into()));

    let post_status = |kind, body: &[u8]| post(&chain, kind, body).map(|answer| answer.0);
    assert_eq!(post_status("text/plain", b"{}"), Some(415));
    assert_eq!(post_status("application/json", &[b' '; 51_201]), Some(413));
    assert_eq!(chain.calls(), ["getGold"]);
}

#[test]
fn should_refuse_bad_parameters() {
    let chain = SolanaDev::start();
    let refused = |method, params| error(&chain, method, params);
    assert_eq!(refused("getBalance", json!([])), (-32602, "`params` should have at least 1 argument(s)".into()));
    assert_eq!(refused("getBalance", json!(["1111"])), (-32602, "Invalid param: WrongSize".into()));
    assert_eq!(refused("getBalance", json!(["0OIl"])), (-32602, "Invalid param: Invalid".into()));
    assert_eq!(refused("getBalance", json!([SYSTEM, { "commitment": "soon" }])).0, -32602);
    let many = vec![SYSTEM; 101];
    assert_eq!(refused("getMultipleAccounts", json!([many])), (-32602, "Too many inputs provided; max 100".into()));
    // The default encoding of a transaction is base58, in which this is no text at all.
    assert_eq!(refused("sendTransaction", json!(["AAAA+/=="])).0, -32602);
    let truncated = refused("sendTransaction", json!([base64(&[1; 65]), { "encoding": "base64" }]));
    assert!(truncated.1.starts_with("failed to deserialize solana_transaction::versioned::VersionedTransaction:"));
}

#[test]
fn should_answer_batches_in_order() {
    let chain = SolanaDev::start();
    let batch = json!([
        { "jsonrpc": "2.0", "id": "a", "method": "getGenesisHash" },
        { "jsonrpc": "2.0", "id": 2, "method": "getHealth", "params": [] },
        { "jsonrpc": "2.0", "id": 3, "method": "getGold" },
    ]);
    let (_, body) = post(&chain, "application/json", batch.to_string().as_bytes()).expect("an answer");
    let replies: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(replies[0], json!({ "jsonrpc": "2.0", "result": chain.genesis_hash(), "id": "a" }));
    assert_eq!(replies[1], json!({ "jsonrpc": "2.0", "result": "ok", "id": 2 }));
    assert_eq!((&replies[2]["error"]["code"], replies.as_array().map(Vec::len)), (&json!(-32601), Some(3)));
}

#[test]
fn should_move_the_context_between_calls_but_not_the_value() {
    let chain = SolanaDev::start();
    let address = Key::funded(&chain, "somebody", 42).text();
    let tip = chain.slot();
    let answers: Vec<Value> =
        (0..6).map(|_| result(&chain, "getBalance", json!([address, { "commitment": "processed" }]))).collect();
    assert!(answers.iter().all(|answer| answer["value"] == 42));
    let slots: BTreeSet<_> = answers.iter().map(|answer| answer["context"]["slot"].as_u64()).collect();
    assert_eq!(slots, BTreeSet::from([Some(tip - 2), Some(tip - 1), Some(tip)]));
    let versions: BTreeSet<_> = answers.iter().map(|answer| answer["context"]["apiVersion"].as_str()).collect();
    assert_eq!(versions, BTreeSet::from([Some("4.3.2"), Some("4.4.0")]));
    assert!(answers.windows(2).all(|pair| pair[0] != pair[1]));

    // A caller who names a slot never sees an older one.
    for _ in 0..3 {
        let config = json!({ "commitment": "processed", "minContextSlot": tip });
        assert_eq!(result(&chain, "getBalance", json!([address, config]))["context"]["slot"], tip);
    }
}

#[test]
fn should_serve_thirteen_replicas_at_once() {
    let chain = SolanaDev::start();
    let address = Key::funded(&chain, "somebody", 42).text();
    std::thread::scope(|scope| {
        let replicas: Vec<_> = (0..13).map(|_| scope.spawn(|| balance_at(&chain, &address, "finalized"))).collect();
        let balances: Vec<_> = replicas.into_iter().map(|replica| replica.join().expect("an answer")).collect();
        assert_eq!(balances, [42; 13]);
    });
    assert_eq!(chain.calls(), ["getBalance"; 13]);
}

#[test]
fn should_skip_slots_but_not_heights() {
    let chain = SolanaDev::start();
    let (height, slot) = (chain.block_height(), chain.slot());
    assert!(slot > height);
    chain.advance(20);
    assert_eq!((chain.block_height(), chain.slot()), (height + 20, slot + 22));
    let at = |method, commitment| result(&chain, method, json!([{ "commitment": commitment }])).as_u64().expect("a number");
    assert_eq!(at("getBlockHeight", "processed"), height + 20);
    assert_eq!(at("getBlockHeight", "confirmed"), height + 19);
    assert_eq!(at("getBlockHeight", "finalized"), height - 12);
    assert_eq!(result(&chain, "getBlockHeight", json!([])), height - 12);
    assert_eq!(at("getSlot", "processed"), slot + 22);

    let epoch = result(&chain, "getEpochInfo", json!([{ "commitment": "processed" }]));
    assert_eq!((&epoch["absoluteSlot"], &epoch["blockHeight"]), (&json!(slot + 22), &json!(height + 20)));
    let (number, index) = (epoch["epoch"].as_u64().expect("epoch"), epoch["slotIndex"].as_u64().expect("index"));
    assert_eq!(524_256 + (number - 14) * 432_000 + index, slot + 22);
}

#[test]
fn should_serve_blocks_by_slot() {
    let chain = SolanaDev::start();
    let tip = chain.slot();
    chain.advance(40);
    let config = json!({ "transactionDetails": "none", "rewards": false, "commitment": "confirmed" });
    let get = |slot: u64| call(&chain, "getBlock", json!([slot, config]));
    let mut previous = get(tip)["result"].clone();
    let mut skipped = 0;
    for slot in tip + 1..=tip + 30 {
        let reply = get(slot);
        if reply["error"]["code"] == -32007 {
            skipped += 1;
            continue;
        }
        let block = reply["result"].clone();
        assert_eq!(block["previousBlockhash"], previous["blockhash"]);
        assert_eq!(block["blockHeight"].as_u64(), previous["blockHeight"].as_u64().map(|height| height + 1));
        previous = block;
    }
    assert_eq!(skipped, 3);
    let newest = chain.slot();
    assert_eq!(get(newest)["error"], json!({ "code": -32004, "message": format!("Block not available for slot {newest}") }));
    assert_eq!(get(5)["error"]["code"], -32001);
}

#[test]
fn should_pass_time_on_polls_only_if_told_to() {
    let chain = SolanaDev::start();
    let height = chain.block_height();
    let poll = || result(&chain, "getBlockHeight", json!([{ "commitment": "processed" }]));
    assert_eq!((poll(), poll()), (json!(height), json!(height)));
    chain.auto_advance(true);
    assert_eq!((poll(), poll()), (json!(height + 1), json!(height + 2)));
    value(&chain, "getSignatureStatuses", json!([[]]));
    balance_at(&chain, SYSTEM, "processed");
    assert_eq!(chain.block_height(), height + 3);
}

#[test]
fn should_show_accounts_in_every_form() {
    let chain = SolanaDev::start();
    let key = Key::funded(&chain, "somebody", 42);
    let info = |config| value(&chain, "getAccountInfo", json!([key.text(), config]));
    let plain = json!({
        "data": ["", "base64"], "executable": false, "lamports": 42, "owner": SYSTEM, "rentEpoch": u64::MAX, "space": 0,
    });
    assert_eq!(info(json!({ "encoding": "base64" })), plain);
    assert_eq!(info(json!({ "encoding": "base58" }))["data"], json!(["", "base58"]));
    assert_eq!(info(json!({}))["data"], "");
    let list = json!([[key.text(), Key::new("nobody").text()], { "encoding": "base64" }]);
    assert_eq!(value(&chain, "getMultipleAccounts", list), json!([plain, null]));
    let token = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
    assert_eq!(value(&chain, "getAccountInfo", json!([token, { "encoding": "base64" }]))["executable"], true);
}

#[test]
fn should_name_its_version_and_its_market() {
    let chain = SolanaDev::start();
    assert_eq!(result(&chain, "getVersion", json!([]))["solana-core"], "4.3.2");
    let fees = result(&chain, "getRecentPrioritizationFees", json!([[SYSTEM]]));
    let fees = fees.as_array().expect("a list");
    let newest = fees.last().expect("an entry");
    assert_eq!(newest["slot"], chain.slot());
    assert_eq!(newest["prioritizationFee"], chain.slot() % 5 * 1_000);
    assert_eq!(fees.len(), 65, "the blocks since the chain began, at most 150");
}

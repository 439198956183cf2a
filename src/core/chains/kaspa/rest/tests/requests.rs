//! Tests of requests: methods, paths, bodies and limits on answers.

use super::super::submit;
use super::{ADDRESS, address, step, tx_id};
use crate::base::Amount;
use crate::chains::kaspa::rest::{AddressBatch, FeeBucket, MAX_TRANSACTION_IDS, Method, Request, TxIdBatch};
use crate::chains::kaspa::{Outpoint, Output, ScriptPublicKey, Transaction};
use serde_json::{Value, json};

fn json_body(request: &Request) -> Option<Value> {
    request.body().map(|body| serde_json::from_slice(&body).expect("JSON"))
}

/// A transaction with one signed input.
fn transaction() -> Transaction {
    let output = Output { amount: Amount::new(2_900_000_000_000_000_000), script: ScriptPublicKey::pay_to_script_hash(&[0x51]) };
    let mut transaction = Transaction::unsigned([Outpoint { transaction: tx_id(7), index: 3 }], vec![output]);
    transaction.set_signature(0, &[0xab; 64]).expect("an input");
    transaction
}

#[test]
fn methods_paths_and_bodies() {
    let (id, ids) = (tx_id(0x11), "11".repeat(32));
    let utxos = Request::Utxos { addresses: address().into(), max_daa_score: 5, expected: 1 };
    let transaction_path = format!("/transactions/{ids}?inputs=false&outputs=false");
    let expected = [
        (Request::Dag { step: step(1) }, "/info/blockdag", None),
        (Request::BlueScore { step: step(1) }, "/info/virtual-chain-blue-score", None),
        (utxos, "/addresses/utxos", Some(json!({ "addresses": [ADDRESS] }))),
        (Request::Balance { address: address() }, &format!("/addresses/{ADDRESS}/balance"), None),
        (Request::FeeEstimate { bucket: FeeBucket::Normal, step: step(1), most: u64::MAX }, "/info/fee-estimate", None),
        (
            Request::Acceptance { transactions: id.into(), max_blue_score: 5 },
            "/transactions/acceptance",
            Some(json!({ "transactionIds": [ids] })),
        ),
        (Request::Transaction { transaction: id, max_blue_score: 5 }, &transaction_path, None),
        (Request::UtxoCount { address: address(), most: 5 }, &format!("/addresses/{ADDRESS}/utxos/count"), None),
    ];
    for (request, path, body) in expected {
        assert_eq!(request.path(), path);
        assert_eq!(json_body(&request), body);
        assert_eq!(request.method(), if body.is_some() { Method::Post } else { Method::Get }, "{path}");
    }
}

#[test]
fn a_broadcast_carries_the_whole_transaction() {
    let request = Request::Submit(transaction());
    assert_eq!((request.method(), request.path()), (Method::Post, "/transactions".to_owned()));
    let expected = json!({
        "transaction": {
            "version": 0,
            "inputs": [{
                "previousOutpoint": { "transactionId": "07".repeat(32), "index": 3 },
                "signatureScript": format!("41{}01", "ab".repeat(64)),
                "sequence": 0,
                "sigOpCount": 1,
            }],
            "outputs": [{
                "amount": 2_900_000_000_000_000_000u64,
                "scriptPublicKey": {
                    "version": 0,
                    "scriptPublicKey": "aa20ce57216285125006ec18197bd8184221cefa559bb0798410d99a5bba5b07cd1d87",
                },
            }],
            "lockTime": 0,
            "subnetworkId": "00".repeat(20),
        },
        "allowOrphan": false,
    });
    assert_eq!(json_body(&request), Some(expected.clone()));
    let replacement = Request::Replace(transaction());
    assert_eq!((replacement.method(), replacement.path()), (Method::Post, "/transactions?replaceByFee=true".to_owned()));
    assert_eq!(json_body(&replacement), Some(expected));
    assert_eq!(replacement.transform_context(), request.transform_context());
}

#[test]
fn the_largest_broadcast_fits_the_servers_limit() {
    let mut largest = transaction();
    largest.inputs = vec![largest.inputs[0].clone(); crate::chains::kaspa::select::MAX_INPUTS];
    largest.outputs.push(largest.outputs[0].clone());
    let length = submit::body(&largest).len();
    assert!(length < 200_000, "{length}");
}

#[test]
fn answers_are_given_room() {
    let room = |expected| {
        let addresses = AddressBatch::from(address());
        Request::Utxos { addresses, max_daa_score: 0, expected }.max_response_bytes()
    };
    assert_eq!((room(0), room(100), room(u32::MAX)), (4_096, 44_096, 2_000_000));
    let acceptance = |count| {
        let transactions = TxIdBatch::new(vec![tx_id(1); count]).expect("within the limits");
        Request::Acceptance { transactions, max_blue_score: 0 }.max_response_bytes()
    };
    assert_eq!((acceptance(1), acceptance(MAX_TRANSACTION_IDS)), (4_416, 324_096));
    assert_eq!(Request::Submit(transaction()).max_response_bytes(), 4_096);
}

#[test]
fn batches_are_neither_empty_nor_too_large() {
    assert_eq!(TxIdBatch::new(Vec::new()), None);
    assert_eq!(TxIdBatch::new(vec![tx_id(1); MAX_TRANSACTION_IDS + 1]), None);
    assert_eq!(AddressBatch::new(Vec::new()), None);
    assert_eq!(AddressBatch::new(vec![address(); 65]), None);
    assert_eq!(AddressBatch::new(vec![address()]), Some(address().into()));
}

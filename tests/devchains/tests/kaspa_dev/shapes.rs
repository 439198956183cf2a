//! The REST API's shapes, orders and complaints.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::wallet::{ChainClient, ECDSA, KAS, SCHNORR, spend, submission};

#[test]
fn coins_and_balances_have_the_documented_shapes() {
    let client = ChainClient::start();
    let id = client.chain.faucet(SCHNORR, 10 * KAS);
    let daa = client.chain.virtual_daa_score();
    let coin = json!({
        "address": SCHNORR,
        "outpoint": {"transactionId": id, "index": 0},
        "utxoEntry": {
            "amount": "1000000000",
            "scriptPublicKey": {"scriptPublicKey": "207a7440ee783988a2e132bea6b22f991fb971c4eca2f3378e2a99aded7df353aeac"},
            "blockDaaScore": (daa - 1_000).to_string(),
            "isCoinbase": false,
        },
    });
    assert_eq!(client.get(&format!("/addresses/{SCHNORR}/utxos")), (200, json!([coin])));
    assert_eq!(client.get(&format!("/addresses/{}/utxos", SCHNORR.replace(':', "%3A"))), (200, json!([coin])));
    assert_eq!(client.post("/addresses/utxos", &json!({"addresses": [SCHNORR, ECDSA]})), (200, json!([coin])));
    assert_eq!(client.get(&format!("/addresses/{SCHNORR}/utxos/count")), (200, json!({"count": 1})));
    assert_eq!(
        client.get(&format!("/addresses/{SCHNORR}/balance")),
        (200, json!({"address": SCHNORR, "balance": 1_000_000_000u64}))
    );
    let both = json!([{"address": SCHNORR, "balance": 1_000_000_000u64}, {"address": ECDSA, "balance": 0}]);
    assert_eq!(client.post("/addresses/balances", &json!({"addresses": [SCHNORR, ECDSA]})), (200, both));

    client.chain.coinbase(ECDSA, 50 * KAS);
    let (_, coins) = client.get(&format!("/addresses/{ECDSA}/utxos"));
    assert_eq!(coins[0]["utxoEntry"]["isCoinbase"], true);
    let script = "21027a7440ee783988a2e132bea6b22f991fb971c4eca2f3378e2a99aded7df353aeab";
    assert_eq!(coins[0]["utxoEntry"]["scriptPublicKey"]["scriptPublicKey"], script);
}

#[test]
fn chain_information_has_the_documented_types() {
    let client = ChainClient::start();
    let daa = client.chain.virtual_daa_score();
    let (status, dag) = client.get("/info/blockdag");
    assert_eq!((status, &dag["networkName"], &dag["virtualDaaScore"]), (200, &json!("kaspa-simnet"), &json!(daa.to_string())));
    assert_eq!(dag["tipHashes"], json!([dag["sink"]]));
    assert_eq!(dag["sink"].as_str().unwrap().len(), 64);
    assert!(dag["pastMedianTime"].is_string() && dag["blockCount"].is_string() && dag["difficulty"].is_f64());
    assert!(client.get("/info/network").1["virtualDaaScore"].is_string());

    let blue = client.chain.blue_score();
    assert_eq!(client.get("/info/virtual-chain-blue-score"), (200, json!({"blueScore": blue})));
    let (_, fees) = client.get("/info/fee-estimate");
    assert_eq!(fees["priorityBucket"]["feerate"], 100);
    assert_eq!((fees["normalBuckets"].as_array().unwrap().len(), fees["lowBuckets"].as_array().unwrap().len()), (2, 1));
    assert!(fees["priorityBucket"]["estimatedSeconds"].is_f64());
    let (status, health) = client.get("/info/health");
    assert_eq!(
        (status, &health["kaspadServers"][0]["isSynced"], &health["database"]["isSynced"]),
        (200, &json!(true), &json!(true))
    );
    assert_eq!(client.get("/info/kaspad").1["mempoolSize"], "0");
    assert_eq!(client.get("/info/nothing"), (404, json!({"detail": "Not Found"})));
}

#[test]
fn a_transaction_is_unknown_until_it_is_accepted() {
    let client = ChainClient::start();
    let coin = client.fund(SCHNORR, 10 * KAS);
    let tx = spend(std::slice::from_ref(&coin), &[(ECDSA, 4 * KAS), (SCHNORR, 6 * KAS - 204_700)]);
    let id = client.send(&tx);
    assert_eq!(client.get("/info/kaspad").1["mempoolSize"], "1");
    assert_eq!(client.get(&format!("/transactions/{id}")), (404, json!({"detail": "Transaction not found"})));
    assert_eq!(client.post("/transactions/search", &json!({"transactionIds": [id]})), (200, json!([])));
    // A coin that a mempool transaction spends is still listed.
    assert_eq!(client.get(&format!("/addresses/{SCHNORR}/utxos")).1[0]["outpoint"]["transactionId"], coin.id);

    client.chain.mine(1);
    let (blue, daa) = (client.chain.blue_score(), client.chain.virtual_daa_score());
    let time = 1_700_000_000_000 + daa * 100;
    let (_, known) = client.get(&format!("/transactions/{id}"));
    let block = known["accepting_block_hash"].clone();
    let expected = json!({
        "subnetwork_id": "0000000000000000000000000000000000000000", "transaction_id": id, "hash": known["hash"], "mass": "2047",
        "payload": null, "block_hash": [block], "block_time": time, "version": 0,
        "inputs": [{
            "transaction_id": id, "index": 0, "previous_outpoint_hash": coin.id, "previous_outpoint_index": "0",
            "previous_outpoint_address": null, "previous_outpoint_amount": null,
            "signature_script": hex::encode(&tx.inputs[0].signature_script), "sig_op_count": "1",
        }],
        "outputs": [
            {
                "transaction_id": id, "index": 0, "amount": 400_000_000u64, "script_public_key_address": ECDSA,
                "script_public_key": "21027a7440ee783988a2e132bea6b22f991fb971c4eca2f3378e2a99aded7df353aeab",
                "script_public_key_type": "pubkeyecdsa",
            },
            {
                "transaction_id": id, "index": 1, "amount": 599_795_300u64, "script_public_key_address": SCHNORR,
                "script_public_key": "207a7440ee783988a2e132bea6b22f991fb971c4eca2f3378e2a99aded7df353aeac",
                "script_public_key_type": "pubkey",
            },
        ],
        "is_accepted": true, "accepting_block_hash": block, "accepting_block_blue_score": blue, "accepting_block_time": time,
    });
    assert_eq!(known, expected);
    assert_eq!(client.post("/transactions/search", &json!({"transactionIds": [id, "00".repeat(32)]})), (200, json!([expected])));
    let (_, short) = client.get(&format!("/transactions/{id}?inputs=false&outputs=false"));
    assert_eq!((&short["inputs"], &short["outputs"]), (&Value::Null, &Value::Null));

    // In the order of the request, the faucet's own transaction included.
    let asked = json!({"transactionIds": ["33".repeat(32), id, coin.id]});
    let (_, states) = client.post("/transactions/acceptance", &asked);
    let unknown = json!({
        "transactionId": "33".repeat(32), "accepted": false, "acceptingBlockHash": null, "acceptingBlueScore": null,
        "acceptingTimestamp": null,
    });
    let accepted = json!({
        "transactionId": id, "accepted": true, "acceptingBlockHash": block, "acceptingBlueScore": blue, "acceptingTimestamp": time,
    });
    assert_eq!((&states[0], &states[1]), (&unknown, &accepted));
    assert_eq!((&states[2]["transactionId"], &states[2]["accepted"]), (&json!(coin.id), &json!(true)));
}

#[test]
fn coins_come_in_another_order_each_time() {
    let client = ChainClient::start();
    for sompi in 1..=20 {
        client.chain.faucet(SCHNORR, sompi * KAS);
    }
    let list = || {
        client.get(&format!("/addresses/{SCHNORR}/utxos")).1.as_array().unwrap().iter().map(Value::to_string).collect::<Vec<_>>()
    };
    let lists: Vec<_> = (0..5).map(|_| list()).collect();
    assert_eq!(lists.iter().collect::<HashSet<_>>().len(), 5, "five calls, five orders");
    let sets: HashSet<Vec<_>> = lists
        .into_iter()
        .map(|mut list| {
            list.sort();
            list
        })
        .collect();
    assert_eq!(sets.len(), 1, "and the same 20 coins");
    assert_eq!(sets.iter().next().unwrap().len(), 20);
}

#[test]
fn scores_move_a_little_with_every_call() {
    let client = ChainClient::start();
    let scores: Vec<u64> = (0..60).map(|_| client.get("/info/virtual-chain-blue-score").1["blueScore"].as_u64().unwrap()).collect();
    let steps: HashSet<u64> = scores.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(steps, HashSet::from([0, 1, 2]));
}

#[test]
fn an_address_with_too_many_coins_is_answered_with_an_empty_list() {
    let client = ChainClient::start();
    for _ in 0..10_000 {
        client.chain.faucet(SCHNORR, KAS);
    }
    client.chain.faucet(ECDSA, KAS);
    let list = |address: &str| client.get(&format!("/addresses/{address}/utxos")).1.as_array().unwrap().len();
    assert_eq!(list(SCHNORR), 10_000);
    client.chain.faucet(SCHNORR, KAS);
    assert_eq!((list(SCHNORR), list(ECDSA)), (0, 1));
    assert_eq!(client.get(&format!("/addresses/{SCHNORR}/utxos/count")).1, json!({"count": 10_001}));
    assert_eq!(client.get(&format!("/addresses/{SCHNORR}/balance")).1["balance"], 10_001 * KAS);
}

#[test]
fn bad_addresses_are_complained_about() {
    let client = ChainClient::start();
    let mainnet = "kaspa:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uayhcthxq";
    let (status, body) = client.get(&format!("/addresses/{mainnet}/utxos"));
    assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["path", "kaspaAddress"])));
    // The last character changed: the form is right, the checksum is not.
    let typo = SCHNORR.replace("ehfcn", "ehfcm");
    let invalid = (400, json!({"detail": format!("Invalid address: {typo}")}));
    assert_eq!(client.get(&format!("/addresses/{typo}/balance")), invalid);
    assert_eq!(client.post("/addresses/utxos", &json!({"addresses": [SCHNORR, typo]})), invalid);
}

#[test]
fn malformed_submissions_are_complained_about() {
    let client = ChainClient::start();
    let tx = spend(&[client.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]);
    let changed = |pointer: &str, value: Value| {
        let mut body = submission(&tx);
        *body.pointer_mut(pointer).expect("a field") = value;
        client.post("/transactions", &body)
    };
    let raised = (500, json!({"message": "Internal server error"}));
    assert_eq!(client.post_text("/transactions", "{not json").0, 422);
    assert_eq!(
        client.post("/transactions", &json!({"transaction": {"version": 0}})),
        (
            422,
            json!({"detail": [{"loc": ["body", "transaction", "inputs"], "msg": "field required", "type": "value_error.missing"}]})
        )
    );
    let not_integer = json!([{
        "loc": ["body", "transaction", "outputs", "0", "amount"], "msg": "value is not a valid integer", "type": "type_error.integer",
    }]);
    assert_eq!(changed("/transaction/outputs/0/amount", json!("ten")), (422, json!({"detail": not_integer})));
    assert_eq!(changed("/transaction/outputs/0/amount", json!(-1)), raised);
    assert_eq!(changed("/transaction/inputs/0/sigOpCount", json!(256)), raised);
    assert_eq!(changed("/transaction/inputs/0/signatureScript", json!("zz")), raised);
    assert_eq!(changed("/transaction/inputs/0/previousOutpoint/transactionId", json!("ab")), raised);
    let too_long = "x".repeat(200_001);
    assert_eq!(client.post_text("/transactions", &too_long), (413, json!("")));
    // Numbers may come as strings, and fields that the model lacks are dropped.
    let mut loose = submission(&tx);
    loose["transaction"]["outputs"][0]["amount"] = json!("999837600");
    loose["transaction"]["payload"] = json!("00");
    loose["transaction"]["lockTime"] = Value::Null;
    assert_eq!(client.post("/transactions", &loose), (200, json!({"transactionId": tx.id().to_string()})));
}

#[test]
fn a_post_without_a_length_is_turned_away() {
    use std::io::{Read, Write};
    let client = ChainClient::start();
    let mut socket = std::net::TcpStream::connect(client.chain.url().trim_start_matches("http://")).unwrap();
    socket.write_all(b"POST /transactions HTTP/1.1\r\nHost: dev\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 411 "), "{answer}");
}

//! Ordered faults.

use std::time::Duration;

use devchains::kaspa::{Endpoint, FalseAnswer, Fault};
use serde_json::{Value, json};

use crate::wallet::{ChainClient, ECDSA, KAS, SCHNORR, spend, submission};

#[test]
fn a_fault_strikes_as_often_as_ordered_and_where_ordered() {
    let client = ChainClient::start();
    client.chain.faults().next_at(Endpoint::FeeEstimate, 2, Fault::Http500);
    client.chain.faults().next(1, Fault::Http429);
    assert_eq!(client.get("/info/virtual-chain-blue-score"), (429, json!("Too Many Requests")));
    assert_eq!(client.chain.faults().pending(), 2);
    assert_eq!(client.get("/info/virtual-chain-blue-score").0, 200);
    assert_eq!(client.get("/info/fee-estimate"), (500, json!({"message": "Internal server error"})));
    client.chain.faults().clear();
    assert_eq!(client.get("/info/fee-estimate").0, 200);
    assert_eq!(client.chain.calls().len(), 4);
}

#[test]
fn a_silent_or_broken_connection_is_an_error_and_the_server_lives_on() {
    let client = ChainClient::start();
    let body = submission(&spend(&[client.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)])).to_string();
    client.chain.faults().next_at(Endpoint::Submit, 1, Fault::Broken);
    assert!(client.try_post("/transactions", &body).is_err());
    assert!(client.chain.mempool().is_empty());

    // More silenced calls than the server has threads.
    client.chain.faults().next_at(Endpoint::Kaspad, 20, Fault::Hang);
    let hurried: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_millis(20))).build().into();
    for _ in 0..20 {
        let error = hurried.get(format!("{}/info/kaspad", client.chain.url())).call().unwrap_err();
        assert!(matches!(error, ureq::Error::Timeout(_)), "{error}");
    }
    // A client may have given up before its request arrived, and then its fault is still to come.
    client.chain.faults().clear();
    assert_eq!(client.get("/info/kaspad").0, 200);
}

#[test]
fn a_dropped_submission_is_answered_and_forgotten() {
    let client = ChainClient::start();
    let tx = spend(&[client.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]);
    client.chain.faults().next_at(Endpoint::Submit, 1, Fault::DropSubmit);
    client.send(&tx);
    client.chain.mine(1);
    assert!(client.chain.accepted().is_empty());
    assert_eq!(client.chain.received(), [submission(&tx)]);
    // The same bytes are taken the next time.
    client.send(&tx);
}

#[test]
fn a_submission_can_be_taken_although_the_answer_is_an_error() {
    for (fault, answer) in [
        (Fault::AcceptButError, (500, json!({"message": "Internal server error"}))),
        (Fault::AcceptButTimeout, (400, json!({"error": ""}))),
    ] {
        let client = ChainClient::start();
        let tx = spend(&[client.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]);
        client.chain.faults().next(1, fault);
        assert_eq!(client.submit(&tx), answer);
        assert_eq!(client.refusal(&tx), format!("transaction {} is already in the mempool", tx.id()));
        client.chain.mine(1);
        assert_eq!(client.chain.accepted(), [tx.id().to_string()]);
    }
}

#[test]
fn a_submission_can_be_refused_with_any_text() {
    let client = ChainClient::start();
    let tx = spend(&[client.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]);
    let full = "transaction could not be added to the mempool because it's full with transactions with higher priority";
    client.chain.faults().next_at(Endpoint::Submit, 1, Fault::RefuseSubmit(full.into()));
    assert_eq!(client.refusal(&tx), full);
    client.send(&tx);
}

#[test]
fn a_stale_node_answers_from_the_past() {
    let client = ChainClient::start();
    let (daa, blue) = (client.chain.virtual_daa_score(), client.chain.blue_score());
    let coin = client.fund(SCHNORR, 10 * KAS);
    let funded = client.chain.virtual_daa_score();
    let id = client.send(&spend(std::slice::from_ref(&coin), &[(ECDSA, 10 * KAS - 163_500)]));
    client.chain.mine(10);

    let stale = |daa, path: &str| {
        client.chain.faults().next(1, Fault::StaleNode { daa });
        client.get(path)
    };
    let balance = |address, sompi| (200, json!({"address": address, "balance": sompi}));
    assert_eq!(stale(daa, "/info/virtual-chain-blue-score"), (200, json!({"blueScore": blue})));
    assert_eq!(stale(daa, "/info/blockdag").1["virtualDaaScore"], daa.to_string());
    assert_eq!(stale(daa, &format!("/addresses/{SCHNORR}/balance")), balance(SCHNORR, 0));
    assert_eq!(stale(funded, &format!("/addresses/{SCHNORR}/balance")), balance(SCHNORR, 10 * KAS));
    assert_eq!(stale(funded, &format!("/addresses/{SCHNORR}/utxos")).1[0]["outpoint"]["transactionId"], coin.id);
    assert_eq!(stale(funded, &format!("/transactions/{id}")).0, 404);
    assert_eq!(client.get(&format!("/addresses/{SCHNORR}/balance")), balance(SCHNORR, 0));
    assert_eq!(client.get(&format!("/transactions/{id}")).0, 200);
}

#[test]
fn lies_are_well_formed() {
    let client = ChainClient::start();
    let id = client.chain.faucet(SCHNORR, 10 * KAS);
    let lying = |lie, call: &dyn Fn() -> (u16, Value)| {
        client.chain.faults().next(1, Fault::FalseAnswer(lie));
        let (status, body) = call();
        assert_eq!(status, 200, "{body}");
        body
    };
    let utxos = || client.get(&format!("/addresses/{SCHNORR}/utxos"));
    let amounts = |list: &Value| {
        let mut amounts: Vec<_> = list.as_array().unwrap().iter().map(|coin| coin["utxoEntry"]["amount"].clone()).collect();
        amounts.sort_by_key(Value::to_string);
        amounts
    };
    assert_eq!(amounts(&lying(FalseAnswer::PhantomUtxo { sompi: 77 }, &utxos)), [json!("1000000000"), json!("77")]);
    assert_eq!(amounts(&lying(FalseAnswer::UtxoAmount { sompi: 5 }, &utxos)), [json!("5")]);
    let script = lying(FalseAnswer::UtxoScript, &utxos)[0]["utxoEntry"]["scriptPublicKey"]["scriptPublicKey"].clone();
    assert_eq!(script, format!("20{}ac", "00".repeat(32)));
    assert_eq!(utxos().1[0]["outpoint"]["transactionId"], id);

    let balance = || client.get(&format!("/addresses/{SCHNORR}/balance"));
    assert_eq!(lying(FalseAnswer::Balance { sompi: 3 }, &balance)["balance"], 3);
    let acceptance = || client.post("/transactions/acceptance", &json!({"transactionIds": ["44".repeat(32)]}));
    assert_eq!(lying(FalseAnswer::Accepted, &acceptance)[0]["accepted"], true);
    assert_eq!(acceptance().1[0]["accepted"], false);
    let fees = || client.get("/info/fee-estimate");
    assert_eq!(lying(FalseAnswer::Feerate { sompi_per_gram: 1_000_000 }, &fees)["lowBuckets"][0]["feerate"], 1_000_000);
}

#[test]
fn a_call_can_find_the_chain_reorganised() {
    let client = ChainClient::start();
    let id = client.send(&spend(&[client.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]));
    client.chain.mine(1);
    client.chain.faults().next_at(Endpoint::Acceptance, 1, Fault::Reorg { depth: 10 });
    let asked = json!({"transactionIds": [id]});
    assert_eq!(client.post("/transactions/acceptance", &asked).1[0]["accepted"], false);
    client.chain.mine(1);
    assert_eq!(client.post("/transactions/acceptance", &asked).1[0]["accepted"], true);
}

#[test]
fn bodies_can_be_garbage_or_huge() {
    let client = ChainClient::start();
    client.chain.faults().next(1, Fault::GarbageBody);
    assert_eq!(client.get("/info/blockdag"), (200, json!("<html><body>Bad gateway</body></html>")));
    client.chain.faults().next(1, Fault::HugeBody { bytes: 3_000_000 });
    let mut answer = ureq::get(format!("{}/addresses/{SCHNORR}/utxos", client.chain.url())).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    assert_eq!((text.len(), text.trim_start_matches('[').trim()), (3_000_000, "]"));
}

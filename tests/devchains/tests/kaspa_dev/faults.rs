//! Ordered misbehaviour.

use std::time::Duration;

use devchains::kaspa::{Endpoint, Fault, Lie};
use serde_json::{Value, json};

use crate::wallet::{ECDSA, KAS, Net, SCHNORR, spend, submission};

#[test]
fn a_fault_strikes_as_often_as_ordered_and_where_ordered() {
    let net = Net::start();
    net.chain.faults().next_at(Endpoint::FeeEstimate, 2, Fault::Http500);
    net.chain.faults().next(1, Fault::Http429);
    assert_eq!(net.get("/info/virtual-chain-blue-score"), (429, json!("Too Many Requests")));
    assert_eq!(net.chain.faults().pending(), 2);
    assert_eq!(net.get("/info/virtual-chain-blue-score").0, 200);
    assert_eq!(net.get("/info/fee-estimate"), (500, json!({"message": "Internal server error"})));
    net.chain.faults().clear();
    assert_eq!(net.get("/info/fee-estimate").0, 200);
    assert_eq!(net.chain.calls().len(), 4);
}

#[test]
fn a_silent_or_broken_connection_is_an_error_and_the_server_lives_on() {
    let net = Net::start();
    let body = submission(&spend(&[net.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)])).to_string();
    net.chain.faults().next_at(Endpoint::Submit, 1, Fault::Broken);
    assert!(net.try_post("/transactions", &body).is_err());
    assert!(net.chain.mempool().is_empty());

    // More silenced calls than the server has threads.
    net.chain.faults().next_at(Endpoint::Kaspad, 20, Fault::Hang);
    let hurried: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_millis(20))).build().into();
    for _ in 0..20 {
        let error = hurried.get(format!("{}/info/kaspad", net.chain.url())).call().unwrap_err();
        assert!(matches!(error, ureq::Error::Timeout(_)), "{error}");
    }
    // A client may have given up before its request arrived, and then its fault is still to come.
    net.chain.faults().clear();
    assert_eq!(net.get("/info/kaspad").0, 200);
}

#[test]
fn a_dropped_submission_is_answered_and_forgotten() {
    let net = Net::start();
    let tx = spend(&[net.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]);
    net.chain.faults().next_at(Endpoint::Submit, 1, Fault::DropSubmit);
    net.send(&tx);
    net.chain.mine(1);
    assert!(net.chain.accepted().is_empty());
    assert_eq!(net.chain.received(), [submission(&tx)]);
    // The same bytes are taken the next time.
    net.send(&tx);
}

#[test]
fn a_submission_can_be_taken_although_the_answer_is_an_error() {
    for (fault, answer) in [
        (Fault::AcceptButError, (500, json!({"message": "Internal server error"}))),
        (Fault::AcceptButTimeout, (400, json!({"error": ""}))),
    ] {
        let net = Net::start();
        let tx = spend(&[net.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]);
        net.chain.faults().next(1, fault);
        assert_eq!(net.submit(&tx), answer);
        assert_eq!(net.refusal(&tx), format!("transaction {} is already in the mempool", tx.id()));
        net.chain.mine(1);
        assert_eq!(net.chain.accepted(), [tx.id().to_string()]);
    }
}

#[test]
fn a_submission_can_be_refused_with_any_text() {
    let net = Net::start();
    let tx = spend(&[net.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]);
    let full = "transaction could not be added to the mempool because it's full with transactions with higher priority";
    net.chain.faults().next_at(Endpoint::Submit, 1, Fault::RefuseSubmit(full.into()));
    assert_eq!(net.refusal(&tx), full);
    net.send(&tx);
}

#[test]
fn a_stale_node_answers_from_the_past() {
    let net = Net::start();
    let (daa, blue) = (net.chain.virtual_daa_score(), net.chain.blue_score());
    let coin = net.fund(SCHNORR, 10 * KAS);
    let funded = net.chain.virtual_daa_score();
    let id = net.send(&spend(std::slice::from_ref(&coin), &[(ECDSA, 10 * KAS - 163_500)]));
    net.chain.mine(10);

    let stale = |daa, path: &str| {
        net.chain.faults().next(1, Fault::StaleNode { daa });
        net.get(path)
    };
    let balance = |address, sompi| (200, json!({"address": address, "balance": sompi}));
    assert_eq!(stale(daa, "/info/virtual-chain-blue-score"), (200, json!({"blueScore": blue})));
    assert_eq!(stale(daa, "/info/blockdag").1["virtualDaaScore"], daa.to_string());
    assert_eq!(stale(daa, &format!("/addresses/{SCHNORR}/balance")), balance(SCHNORR, 0));
    assert_eq!(stale(funded, &format!("/addresses/{SCHNORR}/balance")), balance(SCHNORR, 10 * KAS));
    assert_eq!(stale(funded, &format!("/addresses/{SCHNORR}/utxos")).1[0]["outpoint"]["transactionId"], coin.id);
    assert_eq!(stale(funded, &format!("/transactions/{id}")).0, 404);
    assert_eq!(net.get(&format!("/addresses/{SCHNORR}/balance")), balance(SCHNORR, 0));
    assert_eq!(net.get(&format!("/transactions/{id}")).0, 200);
}

#[test]
fn lies_are_well_formed() {
    let net = Net::start();
    let id = net.chain.faucet(SCHNORR, 10 * KAS);
    let lying = |lie, call: &dyn Fn() -> (u16, Value)| {
        net.chain.faults().next(1, Fault::Lie(lie));
        let (status, body) = call();
        assert_eq!(status, 200, "{body}");
        body
    };
    let utxos = || net.get(&format!("/addresses/{SCHNORR}/utxos"));
    let amounts = |list: &Value| {
        let mut amounts: Vec<_> = list.as_array().unwrap().iter().map(|coin| coin["utxoEntry"]["amount"].clone()).collect();
        amounts.sort_by_key(Value::to_string);
        amounts
    };
    assert_eq!(amounts(&lying(Lie::PhantomUtxo { sompi: 77 }, &utxos)), [json!("1000000000"), json!("77")]);
    assert_eq!(amounts(&lying(Lie::UtxoAmount { sompi: 5 }, &utxos)), [json!("5")]);
    let script = lying(Lie::UtxoScript, &utxos)[0]["utxoEntry"]["scriptPublicKey"]["scriptPublicKey"].clone();
    assert_eq!(script, format!("20{}ac", "00".repeat(32)));
    assert_eq!(utxos().1[0]["outpoint"]["transactionId"], id);

    let balance = || net.get(&format!("/addresses/{SCHNORR}/balance"));
    assert_eq!(lying(Lie::Balance { sompi: 3 }, &balance)["balance"], 3);
    let acceptance = || net.post("/transactions/acceptance", &json!({"transactionIds": ["44".repeat(32)]}));
    assert_eq!(lying(Lie::Accepted, &acceptance)[0]["accepted"], true);
    assert_eq!(acceptance().1[0]["accepted"], false);
    let fees = || net.get("/info/fee-estimate");
    assert_eq!(lying(Lie::Feerate { sompi_per_gram: 1_000_000 }, &fees)["lowBuckets"][0]["feerate"], 1_000_000);
}

#[test]
fn a_call_can_find_the_chain_reorganised() {
    let net = Net::start();
    let id = net.send(&spend(&[net.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]));
    net.chain.mine(1);
    net.chain.faults().next_at(Endpoint::Acceptance, 1, Fault::Reorg { depth: 10 });
    let asked = json!({"transactionIds": [id]});
    assert_eq!(net.post("/transactions/acceptance", &asked).1[0]["accepted"], false);
    net.chain.mine(1);
    assert_eq!(net.post("/transactions/acceptance", &asked).1[0]["accepted"], true);
}

#[test]
fn bodies_can_be_garbage_or_huge() {
    let net = Net::start();
    net.chain.faults().next(1, Fault::GarbageBody);
    assert_eq!(net.get("/info/blockdag"), (200, json!("<html><body>Bad gateway</body></html>")));
    net.chain.faults().next(1, Fault::HugeBody { bytes: 3_000_000 });
    let mut answer = ureq::get(format!("{}/addresses/{SCHNORR}/utxos", net.chain.url())).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    assert_eq!((text.len(), text.trim_start_matches('[').trim()), (3_000_000, "]"));
}

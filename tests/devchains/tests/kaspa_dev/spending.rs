//! Transactions that are taken, and what the chain makes of them.

use serde_json::json;

use crate::wallet::{ChainClient, Coin, ECDSA, FLOOR, KAS, SCHNORR, SECRET, spend, submission};

#[test]
fn the_wallets_addresses_are_those_of_the_key() {
    use kaspa_addresses::{Address, Prefix, Version};
    let key = ic_secp256k1::PrivateKey::deserialize_sec1(&hex::decode(SECRET).unwrap()).unwrap().public_key().serialize_sec1(true);
    assert_eq!(Address::new(Prefix::Simnet, Version::PubKey, &key[1..]).to_string(), SCHNORR);
    assert_eq!(Address::new(Prefix::Simnet, Version::PubKeyECDSA, &key).to_string(), ECDSA);
}

#[test]
fn schnorr_and_ecdsa_spends_are_accepted_by_the_next_block() {
    let client = ChainClient::start();
    let schnorr = client.fund(SCHNORR, 10 * KAS);
    let ecdsa = client.fund(ECDSA, 5 * KAS);
    assert_eq!((client.chain.balance(SCHNORR), client.chain.balance(ECDSA)), (1_000_000_000, 500_000_000));

    // 1118 grams an input, 412 and 423 an output, 94 the rest: 2036 for two Schnorr outputs, 2058 for two ECDSA ones.
    let first = client.send(&spend(&[schnorr], &[(SCHNORR, 4 * KAS), (SCHNORR, 6 * KAS - 203_600)]));
    let second = client.send(&spend(&[ecdsa], &[(ECDSA, 2 * KAS), (ECDSA, 3 * KAS - 205_800)]));
    assert_eq!(client.chain.mempool(), [first.clone(), second.clone()]);
    // The UTXO set is that of the accepted chain: nothing has moved yet.
    assert_eq!((client.chain.balance(SCHNORR), client.chain.utxo_count(SCHNORR)), (1_000_000_000, 1));

    client.chain.mine(1);
    assert_eq!(client.chain.accepted(), [first, second]);
    assert_eq!((client.chain.balance(SCHNORR), client.chain.utxo_count(SCHNORR)), (999_796_400, 2));
    assert_eq!((client.chain.balance(ECDSA), client.chain.utxo_count(ECDSA)), (499_794_200, 2));
    assert_eq!(client.chain.received().len(), 2);
    assert_eq!(client.chain.calls(), ["POST /transactions", "POST /transactions"]);
}

#[test]
fn both_kinds_of_coin_can_be_spent_together_and_money_is_conserved() {
    let client = ChainClient::start();
    let coins = [client.fund(SCHNORR, 3 * KAS), client.fund(ECDSA, 2 * KAS)];
    // 94 + 2 * 1118 + 412 + 423 = 3165 grams.
    client.send(&spend(&coins, &[(SCHNORR, KAS), (ECDSA, 4 * KAS - 316_500)]));
    client.chain.mine(1);
    assert_eq!(client.chain.balance(SCHNORR) + client.chain.balance(ECDSA) + 316_500, 5 * KAS);
    assert_eq!((client.chain.balance(SCHNORR), client.chain.balance(ECDSA)), (100_000_000, 399_683_500));
}

#[test]
fn an_output_still_in_the_mempool_can_be_spent() {
    let client = ChainClient::start();
    let parent = spend(&[client.fund(SCHNORR, 10 * KAS)], &[(ECDSA, 4 * KAS), (SCHNORR, 6 * KAS - FLOOR)]);
    // One ECDSA output more than the floor accounts for: 11 grams.
    let parent_fee = client.refusal(&parent);
    assert_eq!(
        parent_fee,
        format!(
            "transaction {} is not standard: transaction has 203600 fees which is under the required amount of 204700 for compute mass 2047",
            parent.id()
        )
    );
    let coin = client.fund(SCHNORR, 10 * KAS);
    let parent = spend(&[coin], &[(ECDSA, 4 * KAS), (SCHNORR, 6 * KAS - 204_700)]);
    let parent_id = client.send(&parent);
    let child_coin = Coin { id: parent_id.clone(), index: 0, sompi: 4 * KAS, address: ECDSA.into() };
    let child_id = client.send(&spend(&[child_coin], &[(SCHNORR, 4 * KAS - 200_000)]));
    client.chain.mine(1);
    assert_eq!(client.chain.accepted(), [parent_id, child_id]);
    assert_eq!((client.chain.balance(ECDSA), client.chain.utxo_count(SCHNORR)), (0, 3));
}

#[test]
fn an_allowed_orphan_waits_for_its_parent() {
    let client = ChainClient::start();
    let parent = spend(&[client.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]);
    let coin = Coin { id: parent.id().to_string(), index: 0, sompi: 10 * KAS - 162_400, address: SCHNORR.into() };
    let child = spend(&[coin], &[(SCHNORR, 10 * KAS - 324_800)]);
    let mut body = submission(&child);
    body["allowOrphan"] = json!(true);
    assert_eq!(client.post("/transactions", &body), (200, json!({"transactionId": child.id().to_string()})));
    client.chain.mine(1);
    assert!(client.chain.accepted().is_empty());
    client.send(&parent);
    client.chain.mine(1);
    assert_eq!(client.chain.accepted(), [parent.id().to_string(), child.id().to_string()]);
}

#[test]
fn a_replacement_must_pay_more_and_conflict() {
    let client = ChainClient::start();
    let coin = client.fund(SCHNORR, 10 * KAS);
    let replace = |tx| client.post("/transactions?replaceByFee=true", &submission(tx));
    let low = spend(std::slice::from_ref(&coin), &[(SCHNORR, 10 * KAS - 162_400)]);
    let error = |tx: &kaspa_consensus_core::tx::Transaction, text: &str| {
        (400, json!({"error": format!("RPC Server (remote error) -> Rejected transaction {}: {text}", tx.id())}))
    };
    assert_eq!(replace(&low), error(&low, "replace by fee found no double spending transaction in the mempool"));
    client.send(&low);

    let equal = spend(std::slice::from_ref(&coin), &[(ECDSA, 10 * KAS - 163_500)]);
    // 163,500 over 1635 grams is the same feerate of 100.
    assert_eq!(
        replace(&equal),
        error(&equal, "fee rate per contextual mass gram is not greater than the fee rate of the replaced transaction")
    );
    let high = spend(&[coin], &[(SCHNORR, 10 * KAS - 162_401)]);
    assert_eq!(replace(&high), (200, json!({"transactionId": high.id().to_string()})));
    assert_eq!(client.chain.mempool(), [high.id().to_string()]);
}

#[test]
fn a_reorganisation_undoes_acceptance_until_the_transaction_is_mined_again() {
    let client = ChainClient::start();
    let tx = spend(&[client.fund(SCHNORR, 10 * KAS)], &[(ECDSA, 10 * KAS - 163_500)]);
    let id = client.send(&tx);
    client.chain.mine(1);
    let asked = json!({"transactionIds": [id]});
    let (_, before) = client.post("/transactions/acceptance", &asked);
    assert_eq!(before[0]["accepted"], true);
    client.chain.mine(20);

    let blue = client.chain.blue_score();
    client.chain.reorg(40);
    assert_eq!(client.chain.blue_score(), blue + 1);
    assert!(client.chain.accepted().is_empty());
    assert_eq!((client.chain.balance(SCHNORR), client.chain.balance(ECDSA)), (10 * KAS, 0));
    let undone = json!([{
        "transactionId": id, "accepted": false, "acceptingBlockHash": null, "acceptingBlueScore": null, "acceptingTimestamp": null,
    }]);
    assert_eq!(client.post("/transactions/acceptance", &asked), (200, undone));
    let (status, known) = client.get(&format!("/transactions/{id}"));
    assert_eq!((status, &known["is_accepted"]), (200, &json!(false)));
    assert_eq!(known.get("accepting_block_hash"), None);

    client.chain.mine(1);
    let (_, after) = client.post("/transactions/acceptance", &asked);
    assert_eq!(after[0]["acceptingBlueScore"], client.get(&format!("/transactions/{id}")).1["accepting_block_blue_score"]);
    assert_ne!(after[0]["acceptingBlockHash"], before[0]["acceptingBlockHash"]);
    assert_eq!(client.get(&format!("/transactions/{id}")).1["block_hash"].as_array().unwrap().len(), 2);
    assert_eq!(client.chain.balance(ECDSA), 10 * KAS - 163_500);
}

#[test]
fn a_shallow_reorganisation_leaves_older_blocks_alone() {
    let client = ChainClient::start();
    let first = client.send(&spend(&[client.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]));
    client.chain.mine(1);
    // Spends what the first made, so that the second alone is undone and the coin comes back.
    let coin = Coin { id: first.clone(), index: 0, sompi: 10 * KAS - 162_400, address: SCHNORR.into() };
    client.send(&spend(&[coin], &[(ECDSA, 10 * KAS - 325_900)]));
    client.chain.mine(1);
    client.chain.reorg(1);
    assert_eq!(client.chain.accepted(), [first]);
    assert_eq!((client.chain.balance(SCHNORR), client.chain.balance(ECDSA)), (10 * KAS - 162_400, 0));
}

#[test]
fn a_restarted_node_has_lost_its_mempool() {
    let client = ChainClient::start();
    let tx = spend(&[client.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]);
    client.send(&tx);
    client.chain.clear_mempool();
    client.chain.mine(1);
    assert!(client.chain.accepted().is_empty());
    let id = client.send(&tx);
    client.chain.mine(1);
    assert_eq!(client.chain.accepted(), [id]);
}

#[test]
fn auto_mining_accepts_between_calls() {
    let client = ChainClient::start();
    client.chain.auto_mine(true);
    let id = client.send(&spend(&[client.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]));
    assert_eq!(client.chain.accepted(), [id]);
}

#[test]
fn thirteen_replicas_submitting_at_once_admit_it_once() {
    let client = ChainClient::start();
    let tx = spend(&[client.fund(SCHNORR, 10 * KAS)], &[(SCHNORR, 10 * KAS - 162_400)]);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..13).map(|_| scope.spawn(|| client.submit(&tx))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let id = tx.id().to_string();
    let taken = answers.iter().filter(|answer| **answer == (200, json!({"transactionId": id}))).count();
    let error = format!("RPC Server (remote error) -> Rejected transaction {id}: transaction {id} is already in the mempool");
    let repeated = answers.iter().filter(|answer| **answer == (400, json!({"error": error}))).count();
    assert_eq!((taken, repeated), (1, 12));
    assert_eq!(client.chain.mempool(), [id]);
}

//! Tests of canonical bodies: the part of an answer that is kept, and the agreement of replicas on it.

use super::{ADDRESS, SCRIPT, address, reduce, step, tx_id};
use crate::base::Amount;
use crate::chains::kaspa::rest::{
    Acceptance, Failure, FeeBucket, MAX_BODY_BYTES, Request, SubmitOutcome, TxIdBatch, canonicalise, parse_acceptance,
    parse_balance, parse_blue_score, parse_bound, parse_count, parse_dag, parse_feerate, parse_submit, parse_transaction,
    parse_utxos, settled_blue_score,
};
use crate::chains::kaspa::{Network, Outpoint, ScriptPublicKey, Transaction, Utxo};
use proptest::prelude::*;
use serde_json::{Value, json};

const CUTOFF: u64 = 5_000;

fn utxos_request() -> Request {
    Request::Utxos { addresses: address().into(), max_daa_score: CUTOFF, expected: 10 }
}

/// An entry as the server writes it.
fn entry(id: u8, index: u32, amount: &str, score: &str) -> Value {
    json!({
        "address": ADDRESS,
        "outpoint": { "transactionId": tx_id(id), "index": index },
        "utxoEntry": {
            "amount": amount,
            "scriptPublicKey": { "scriptPublicKey": SCRIPT },
            "blockDaaScore": score,
            "isCoinbase": false,
        },
    })
}

fn parsed(entries: &Value) -> Result<Vec<Utxo>, Failure> {
    parse_utxos(&reduce(&utxos_request(), 200, entries), &[address()])
}

fn utxo(id: u8, index: u32, amount: u64, block_daa_score: u64) -> Utxo {
    let script = ScriptPublicKey::from_bytes(hex::decode(SCRIPT).expect("hex"));
    let outpoint = Outpoint { transaction: tx_id(id), index };
    Utxo { outpoint, amount: Amount::new(amount), script, block_daa_score, is_coinbase: false }
}

#[test]
fn unspent_outputs_are_sorted_and_those_above_the_cutoff_left_out() {
    let entries =
        json!([entry(2, 1, "300", "5000"), entry(9, 0, "400", "5001"), entry(2, 0, "200", "17"), entry(1, 256, "100", "0"),]);
    let expected = vec![utxo(1, 256, 100, 0), utxo(2, 0, 200, 17), utxo(2, 1, 300, 5_000)];
    assert_eq!(parsed(&entries), Ok(expected));
    assert_eq!(parsed(&json!([])), Ok(Vec::new()));
}

#[test]
fn replicas_agree_on_unspent_outputs() {
    let first = reduce(&utxos_request(), 200, &json!([entry(1, 0, "100", "10"), entry(2, 0, "200", "20")]));
    // Another order, numbers instead of text, fields added, other spaces, and a deposit that only this replica sees.
    let second = format!(
        r#" [{{"utxoEntry":{{"isCoinbase":false,"amount":200,"blockDaaScore":20,"extra":[1.5e300],
        "scriptPublicKey":{{"version":0,"scriptPublicKey":"{SCRIPT}"}}}},"outpoint":{{"index":0,"transactionId":"{}"}}}}, {}, {} ]"#,
        tx_id(2),
        entry(7, 0, "5", "5001"),
        entry(1, 0, "100", "10"),
    );
    let second = canonicalise(&utxos_request().transform_context(), 200, second.as_bytes());
    assert_eq!(String::from_utf8(first), String::from_utf8(second));
}

#[test]
fn a_mining_reward_is_marked() {
    let mut reward = entry(1, 0, "5000000000", "20");
    reward["utxoEntry"]["isCoinbase"] = json!(true);
    assert_eq!(parsed(&json!([reward])), Ok(vec![Utxo { is_coinbase: true, ..utxo(1, 0, 5_000_000_000, 20) }]));
}

#[test]
fn what_is_bound_to_a_covenant_is_left_out_and_summed() {
    let mut bound = entry(1, 0, "4000", "20");
    bound["utxoEntry"]["covenantId"] = json!("ab".repeat(32));
    let mut beside = entry(1, 1, "500", "20");
    beside["covenantId"] = json!("ab".repeat(32));
    let mut plain = entry(2, 0, "300", "20");
    plain["utxoEntry"]["covenantId"] = Value::Null;
    let entries = json!([bound, beside, plain, entry(3, 0, "200", "20")]);
    assert_eq!(parsed(&entries), Ok(vec![utxo(2, 0, 300, 20), utxo(3, 0, 200, 20)]));
    let bound = |entries| parse_bound(&reduce(&utxos_request(), 200, entries));
    assert_eq!(bound(&entries), Ok(Amount::new(4_500)));
    assert_eq!(bound(&json!([entry(3, 0, "200", "20")])), Ok(Amount::ZERO));
}

#[test]
fn unspent_outputs_that_contradict_the_question_or_each_other() {
    let with = |field: &str, value: Value| {
        let mut entry = entry(1, 0, "100", "10");
        entry["utxoEntry"][field] = value;
        json!([entry])
    };
    let foreign = json!({ "scriptPublicKey": SCRIPT.replace("7a74", "7a75") });
    assert_eq!(parsed(&with("scriptPublicKey", foreign)), Err(Failure::Inconsistent));
    assert_eq!(parsed(&with("amount", json!("0"))), Err(Failure::Inconsistent));
    assert_eq!(parsed(&with("amount", json!("2900000000000000001"))), Err(Failure::Inconsistent));
    assert_eq!(parsed(&json!([entry(1, 0, "100", "10"), entry(1, 0, "100", "10")])), Err(Failure::Inconsistent));
    assert_eq!(parsed(&json!([entry(1, 0, "100", "10"), entry(1, 0, "100", "11")])), Err(Failure::Inconsistent));
    let all_money = json!([entry(1, 0, "2900000000000000000", "10"), entry(1, 1, "1", "10")]);
    assert_eq!(parsed(&all_money), Err(Failure::Inconsistent));
}

#[test]
fn unspent_outputs_of_another_shape() {
    for (field, value) in [
        ("amount", json!("1e3")),
        ("amount", json!("")),
        ("amount", json!("+1")),
        ("amount", json!(-1)),
        ("amount", json!(1.5)),
        ("amount", json!("18446744073709551616")),
        ("amount", json!(["100"])),
        ("amount", Value::Null),
        ("blockDaaScore", json!("x")),
        ("isCoinbase", json!(0)),
        ("scriptPublicKey", json!(SCRIPT)),
        ("scriptPublicKey", json!({ "scriptPublicKey": "zz" })),
    ] {
        let mut wrong = entry(1, 0, "100", "10");
        wrong["utxoEntry"][field] = value.clone();
        assert_eq!(parsed(&json!([entry(2, 0, "1", "1"), wrong])), Err(Failure::Malformed), "{field}: {value}");
    }
    let mut wrong = entry(1, 0, "100", "10");
    wrong["outpoint"]["transactionId"] = json!(tx_id(0xab).to_string().to_uppercase());
    assert_eq!(parsed(&json!([wrong])), Err(Failure::Malformed));
    assert_eq!(parsed(&json!({ "detail": [] })), Err(Failure::Malformed));
}

fn dag(network: &str, score: &str, tip: &str) -> Value {
    json!({
        "networkName": network, "blockCount": "1", "headerCount": "1", "tipHashes": [tip], "difficulty": 1.5e9, "pastMedianTime": "9",
        "virtualParentHashes": [tip], "pruningPointHash": tip, "virtualDaaScore": score, "sink": tip,
    })
}

#[test]
fn replicas_agree_on_a_score_within_a_step() {
    let request = Request::Dag { step: step(300) };
    let first = reduce(&request, 200, &dag("kaspa-simnet", "474165900", "aa"));
    let second = reduce(&request, 200, &dag("kaspa-simnet", "474166199", "bb"));
    assert_eq!(first, second);
    assert_eq!(parse_dag(&first, Network::Simnet), Ok(474_165_900));
    let next = reduce(&request, 200, &dag("kaspa-simnet", "474166200", "bb"));
    assert_eq!(parse_dag(&next, Network::Simnet), Ok(474_166_200));
}

#[test]
fn a_server_of_another_network_is_found_out() {
    let request = Request::Dag { step: step(1) };
    let reduced = |network| reduce(&request, 200, &dag(network, "5", "aa"));
    assert_eq!(parse_dag(&reduced("kaspa-mainnet"), Network::Mainnet), Ok(5));
    assert_eq!(parse_dag(&reduced("kaspa-testnet-10"), Network::Mainnet), Err(Failure::WrongNetwork));
    assert_eq!(parse_dag(&reduced("kaspa-testnet-11"), Network::Mainnet), Err(Failure::WrongNetwork));
}

#[test]
fn blue_scores_balances_and_fee_rates() {
    let blue = Request::BlueScore { step: step(100) };
    assert_eq!(parse_blue_score(&reduce(&blue, 200, &json!({ "blueScore": 1_299 }))), Ok(1_200));

    let balance = |address: &str, sompi: Value| {
        let request = Request::Balance { address: super::address() };
        parse_balance(&reduce(&request, 200, &json!({ "address": address, "balance": sompi })))
    };
    assert_eq!(balance(ADDRESS, json!(38_240_000_000u64)), Ok(Amount::new(38_240_000_000)));
    assert_eq!(balance(&ADDRESS.replace("sim", ""), json!(1)), Err(Failure::Inconsistent));
    assert_eq!(balance(ADDRESS, json!(2_900_000_000_000_000_001u64)), Err(Failure::Inconsistent));
}

#[test]
fn a_fee_rate_is_rounded_up_and_never_under_the_floor() {
    let feerate = |bucket, priority: u64, normal: u64, low: u64| {
        let at = |feerate: u64, seconds: f64| json!({ "feerate": feerate, "estimatedSeconds": seconds });
        let body = json!({
            "priorityBucket": at(priority, 0.0031), "normalBuckets": [at(normal, 0.5), at(100, 9.0)], "lowBuckets": [at(low, 77.7)],
        });
        parse_feerate(&reduce(&Request::FeeEstimate { bucket, step: step(50), most: u64::MAX }, 200, &body))
    };
    assert_eq!(feerate(FeeBucket::Priority, 951, 301, 100), Ok(1_000));
    assert_eq!(feerate(FeeBucket::Normal, 951, 301, 100), Ok(350));
    assert_eq!(feerate(FeeBucket::Low, 951, 301, 150), Ok(150));
    assert_eq!(feerate(FeeBucket::Low, 951, 301, 0), Ok(100));
    assert_eq!(feerate(FeeBucket::Priority, u64::MAX, 301, 0), Ok(u64::MAX));
    // Replicas that see different spikes agree on what will be paid at most.
    let spike = |feerate: u64| {
        let bucket = json!({ "feerate": feerate, "estimatedSeconds": 0.1 });
        let body = json!({ "priorityBucket": bucket, "normalBuckets": [bucket], "lowBuckets": [bucket] });
        reduce(&Request::FeeEstimate { bucket: FeeBucket::Normal, step: step(50), most: 1_000 }, 200, &body)
    };
    assert_eq!(spike(12_345), spike(98_765));
    assert_eq!(parse_feerate(&spike(12_345)), Ok(1_000));
    let request = Request::FeeEstimate { bucket: FeeBucket::Normal, step: step(1), most: u64::MAX };
    let without = json!({ "priorityBucket": { "feerate": 1 }, "normalBuckets": [], "lowBuckets": [] });
    assert_eq!(parse_feerate(&reduce(&request, 200, &without)), Err(Failure::Malformed));
}

#[test]
fn a_fraction_of_a_fee_rate_is_rounded_up() {
    let feerate = |feerate: Value| {
        let bucket = json!({ "feerate": feerate, "estimatedSeconds": 0.1 });
        let body = json!({ "priorityBucket": bucket, "normalBuckets": [bucket], "lowBuckets": [bucket] });
        parse_feerate(&reduce(&Request::FeeEstimate { bucket: FeeBucket::Normal, step: step(1), most: 5_000 }, 200, &body))
    };
    for (rate, whole) in [
        (json!(108.000001), 108 + 1),
        (json!(108.0), 108),
        (json!(99.7), 100),
        (json!(0.5), 100),
        (json!(1e300), 5_000),
        (json!("250.25"), 251),
        (json!("300"), 300),
    ] {
        assert_eq!(feerate(rate.clone()), Ok(whole), "{rate}");
    }
    for wrong in [json!(-0.5), json!("NaN"), json!("inf"), json!(null), json!([1]), json!("")] {
        assert_eq!(feerate(wrong.clone()), Err(Failure::Malformed), "{wrong}");
    }
}

#[test]
fn a_number_of_outputs_is_capped() {
    let count = |count: Value| {
        parse_count(&reduce(&Request::UtxoCount { address: address(), most: 5_000 }, 200, &json!({ "count": count })))
    };
    assert_eq!(count(json!(17)), Ok(17));
    assert_eq!(count(json!(123_456)), Ok(5_000));
    assert_eq!(count(json!(-1)), Err(Failure::Malformed));
}

/// One entry of an answer about acceptance.
fn accepted(id: u8, accepted: bool, score: Option<u64>, time: u64) -> Value {
    json!({
        "transactionId": tx_id(id), "accepted": accepted, "acceptingBlockHash": score.map(|_| tx_id(0xbb)),
        "acceptingBlueScore": score, "acceptingTimestamp": time,
    })
}

#[test]
fn acceptances_above_the_cutoff_do_not_count_yet() {
    let ids = [tx_id(3), tx_id(1), tx_id(2), tx_id(4), tx_id(5)];
    let request = Request::Acceptance { transactions: TxIdBatch::new(ids.to_vec()).expect("five"), max_blue_score: 1_000 };
    let answer = |late: Option<u64>, time| {
        json!([
            accepted(3, true, Some(1_000), time),
            accepted(1, false, None, time),
            accepted(2, late.is_some(), late, time),
            accepted(4, true, Some(7), time),
            accepted(5, true, None, time),
        ])
    };
    let first = reduce(&request, 200, &answer(Some(1_001), 1));
    assert_eq!(first, reduce(&request, 200, &answer(None, 2)), "one replica sees a young acceptance, another does not");
    let at = |blue_score| Acceptance::Accepted { blue_score };
    let expected = vec![at(1_000), Acceptance::Unsettled, Acceptance::Unsettled, at(7), Acceptance::Unsettled];
    assert_eq!(parse_acceptance(&first, &ids), Ok(expected));
    assert_eq!(parse_acceptance(&first, &ids[1..]), Err(Failure::Inconsistent), "more than was asked for");
    let twice = reduce(&request, 200, &json!([accepted(1, true, Some(1), 1), accepted(1, true, Some(2), 1)]));
    assert_eq!(parse_acceptance(&twice, &ids[1..2]), Err(Failure::Inconsistent));
}

#[test]
fn one_transaction_by_its_id() {
    let request = Request::Transaction { transaction: tx_id(1), max_blue_score: 1_000 };
    let found = |id: u8, is_accepted: bool, score: Value| {
        let body = json!({
            "transaction_id": tx_id(id), "hash": "00", "mass": "2036", "block_hash": ["aa", "bb"], "is_accepted": is_accepted,
            "accepting_block_hash": "cc", "accepting_block_blue_score": score, "accepting_block_time": 5,
        });
        parse_transaction(&reduce(&request, 200, &body))
    };
    assert_eq!(found(1, true, json!(999)), Ok(Acceptance::Accepted { blue_score: 999 }));
    assert_eq!(found(1, true, json!("999")), Ok(Acceptance::Accepted { blue_score: 999 }), "as the node writes it");
    assert_eq!(found(1, true, json!(1_001)), Ok(Acceptance::Unsettled));
    assert_eq!(found(1, true, Value::Null), Ok(Acceptance::Unsettled));
    assert_eq!(found(1, false, json!(999)), Ok(Acceptance::Unsettled));
    assert_eq!(found(2, true, json!(999)), Err(Failure::Inconsistent));
    let in_block_only = json!({ "transaction_id": tx_id(1), "is_accepted": false });
    assert_eq!(parse_transaction(&reduce(&request, 200, &in_block_only)), Ok(Acceptance::Unsettled));
    let unknown = json!({ "detail": "Transaction not found" });
    assert_eq!(parse_transaction(&reduce(&request, 404, &unknown)), Ok(Acceptance::Unsettled));
    let wrong_path = json!({ "detail": "Not Found" });
    assert_eq!(parse_transaction(&reduce(&request, 404, &wrong_path)), Err(Failure::Http { status: 404 }));
}

#[test]
fn confirmations_count_the_accepting_block() {
    let acceptance = Acceptance::Accepted { blue_score: 1_000 };
    assert_eq!([999, 1_000, 1_099].map(|sink| acceptance.confirmations(sink)), [1, 1, 100]);
    assert_eq!(Acceptance::Unsettled.confirmations(u64::MAX), 0);
    let cutoff = settled_blue_score(1_099, 100).expect("long enough");
    assert_eq!(cutoff, 1_000);
    assert_eq!(settled_blue_score(98, 100), None);
    assert_eq!(settled_blue_score(5, 0), settled_blue_score(5, 1));
}

#[test]
fn statuses_and_bodies_that_are_no_answers() {
    let request = Request::BlueScore { step: step(1) };
    let context = request.transform_context();
    let failure = |status, body: &[u8]| parse_blue_score(&canonicalise(&context, status, body)).expect_err("no answer");
    assert_eq!(failure(429, b"{}"), Failure::RateLimited);
    assert_eq!(failure(503, br#"{"detail":"no database"}"#), Failure::Http { status: 503 });
    assert_eq!(failure(503, b"<h1>503 Too Many Requests</h1>"), Failure::RateLimited);
    assert_eq!(failure(200, br#"{"message":"API rate limit exceeded"}"#), Failure::RateLimited);
    assert_eq!(failure(301, br#"{"blueScore":5}"#), Failure::Http { status: 301 });
    assert_eq!(failure(200, b"<html>"), Failure::NotJson);
    assert_eq!(failure(200, b""), Failure::NotJson);
    assert_eq!(failure(200, br#"{"blueScore":5"#), Failure::NotJson);
    assert_eq!(failure(200, &[b'['; 100_000]), Failure::NotJson);
    assert_eq!(failure(200, br#"{"score":5}"#), Failure::Malformed);
    assert_eq!(failure(200, &vec![b' '; MAX_BODY_BYTES + 1]), Failure::TooLarge);
    assert_eq!(parse_blue_score(&canonicalise(b"{}", 200, br#"{"blueScore":5}"#)), Err(Failure::Context));
    assert_eq!(parse_blue_score(b""), Err(Failure::NotJson));
    assert_eq!(parse_blue_score(br#"{"ok":"5"}"#), Err(Failure::Malformed));
}

#[test]
fn which_failures_may_pass() {
    let passing = [Failure::RateLimited, Failure::NotJson, Failure::Http { status: 503 }, Failure::Http { status: 408 }];
    assert!(passing.into_iter().all(Failure::is_transient));
    let lasting =
        [Failure::Http { status: 404 }, Failure::Malformed, Failure::Inconsistent, Failure::WrongNetwork, Failure::TooLarge];
    assert!(!lasting.into_iter().any(Failure::is_transient));
}

fn is_unknown(outcome: &SubmitOutcome) -> bool {
    matches!(outcome, SubmitOutcome::Unknown { .. } | SubmitOutcome::RateLimited)
}

fn any_request() -> impl Strategy<Value = Request> {
    let cutoff = any::<u64>();
    let fee = |bucket| Request::FeeEstimate { bucket, step: step(7), most: u64::MAX };
    cutoff.prop_flat_map(move |cutoff| {
        prop_oneof![
            Just(Request::Dag { step: step(cutoff.max(1)) }),
            Just(Request::BlueScore { step: step(cutoff.max(1)) }),
            Just(Request::Utxos { addresses: address().into(), max_daa_score: cutoff, expected: 1 }),
            Just(Request::Balance { address: address() }),
            Just(fee(FeeBucket::Priority)),
            Just(Request::Acceptance { transactions: tx_id(1).into(), max_blue_score: cutoff }),
            Just(Request::Transaction { transaction: tx_id(1), max_blue_score: cutoff }),
            Just(Request::Submit(Transaction::unsigned([], Vec::new()))),
        ]
    })
}

/// Pieces of real answers, from which random bodies are made that resemble JSON.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "null",
        "true",
        "0",
        "-1",
        "1e999",
        "\"5\"",
        "\"blueScore\"",
        "\"networkName\"",
        "\"kaspa-simnet\"",
        "\"virtualDaaScore\"",
        "\"utxoEntry\"",
        "\"error\"",
        "\"transactionId\"",
        "\"\u{e9}\"",
    ];
    let phrase = proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..12);
    prop_oneof![phrase.prop_map(|words| words.concat().into_bytes()), proptest::collection::vec(any::<u8>(), 0..60)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_answer_is_reduced_to_something_readable(request in any_request(), status in 100..600u16, body in any_body()) {
        let canonical = canonicalise(&request.transform_context(), status, &body);
        let envelope: Value = serde_json::from_slice(&canonical).expect("a canonical body");
        let keys: Vec<_> = envelope.as_object().expect("an object").keys().map(String::as_str).collect();
        prop_assert!(matches!(keys[..], ["ok"] | ["failed"]), "{keys:?}");
        if let Request::Submit(_) = request {
            prop_assert!(is_unknown(&parse_submit(&canonical)));
        }
    }

    #[test]
    fn any_bytes_are_parsed_without_panic(canonical in any_body()) {
        prop_assert!(parse_utxos(&canonical, &[address()]).is_err());
        prop_assert!(parse_acceptance(&canonical, &[tx_id(1)]).is_err());
        prop_assert!(parse_dag(&canonical, Network::Simnet).is_err());
        prop_assert!(parse_transaction(&canonical).is_err());
        prop_assert!(is_unknown(&parse_submit(&canonical)));
    }

    #[test]
    fn the_order_of_unspent_outputs_does_not_matter(
        coins in proptest::collection::btree_map((any::<u8>(), 0..3u32), (1..1_000_000u64, 0..10_000u64), 0..30),
        shuffle in any::<[prop::sample::Index; 30]>(),
    ) {
        let mut entries: Vec<Value> =
            coins.iter().map(|((id, index), (sompi, score))| entry(*id, *index, &sompi.to_string(), &score.to_string())).collect();
        let first = reduce(&utxos_request(), 200, &Value::Array(entries.clone()));
        for (position, other) in (0..entries.len()).zip(&shuffle) {
            entries.swap(position, other.index(coins.len()));
        }
        // One replica sees outputs beyond the cutoff that another does not.
        entries.retain(|entry| entry["utxoEntry"]["blockDaaScore"].as_str().is_some_and(|score| score.len() < 4 || score <= "5000"));
        let second = reduce(&utxos_request(), 200, &Value::Array(entries));
        prop_assert_eq!(&first, &second);
        let expected: Vec<Utxo> = coins
            .into_iter()
            .filter(|(_, (_, score))| *score <= CUTOFF)
            .map(|((id, index), (sompi, score))| utxo(id, index, sompi, score))
            .collect();
        prop_assert_eq!(parse_utxos(&first, &[address()]), Ok(expected));
    }
}

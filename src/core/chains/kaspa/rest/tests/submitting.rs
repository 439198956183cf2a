//! Tests of the outcomes of a broadcast.
//!
//! The texts are those of a rusty-kaspa 2.1.0 node, as the REST server passes them on.

use super::{reduce, tx_id};
use crate::base::Amount;
use crate::chains::kaspa::rest::{Rejection, Request, SubmitOutcome, canonicalise, parse_submit};
use crate::chains::kaspa::{Outpoint, Output, ScriptPublicKey, Transaction, TxId};
use serde_json::{Value, json};

fn transaction() -> Transaction {
    let output = Output { amount: Amount::new(1), script: ScriptPublicKey::pay_to_script_hash(&[0x51]) };
    Transaction::unsigned([Outpoint { transaction: tx_id(7), index: 3 }], vec![output])
}

fn id() -> TxId {
    transaction().id()
}

fn outcome(status: u16, body: &Value) -> SubmitOutcome {
    parse_submit(&reduce(&Request::Submit(transaction()), status, body))
}

/// The outcome when the node's message is `text`.
fn refused(text: &str) -> SubmitOutcome {
    outcome(400, &json!({ "error": format!("RPC Server (remote error) -> Rejected transaction {}: {text}", id()) }))
}

#[test]
fn thirteen_replicas_agree_that_the_transaction_was_taken() {
    let request = Request::Submit(transaction());
    let taken = json!({ "transactionId": id() });
    let duplicate = json!({ "error": format!("RPC Server (remote error) -> Rejected transaction {0}: transaction {0} is already in the mempool", id()) });
    let accepted =
        json!({ "error": format!("Rejected transaction {0}: transaction {0} was already accepted by the consensus", id()) });
    let mut answers = vec![(200, taken), (400, accepted)];
    answers.resize(13, (400, duplicate));
    let mut reduced: Vec<_> = answers.iter().map(|(status, body)| reduce(&request, *status, body)).collect();
    reduced.dedup();
    assert_eq!(reduced.len(), 1);
    assert_eq!(parse_submit(&reduced[0]), SubmitOutcome::Accepted);
}

#[test]
fn an_input_spent_elsewhere() {
    let other = tx_id(0x5a);
    let text = format!("output ({}, 3) already spent by transaction {other} in the mempool", tx_id(7));
    assert_eq!(refused(&text), SubmitOutcome::Conflict { with: other });
    let orphan = format!("transaction {} is an orphan where orphan is disallowed", id());
    assert_eq!(refused(&orphan), SubmitOutcome::Orphan);
}

/// The texts of a rusty-kaspa 2.1.0 node about refused transactions, by class, recorded from a node where a test can cause them.
///
/// `{id}` is the transaction's own id.
const TEXTS: [(&str, Rejection); 36] = [
    (
        "transaction {id} is not standard: transaction has 1000 fees which is under the required amount of 204700 for compute mass 2047",
        Rejection::Fee,
    ),
    (
        "transaction {id} is not standard: transaction has 1000 fees which is under the required amount of 204700 for normalized transient mass 2047 (proportional to transaction byte size)",
        Rejection::Fee,
    ),
    ("transaction storage mass of 524318 is larger than max allowed size of 500000", Rejection::Mass),
    ("transaction compute mass of 500618 is larger than max allowed size of 500000", Rejection::Mass),
    ("transaction transient mass of 1000004 is larger than max allowed size of 1000000", Rejection::Mass),
    ("transaction transient (storage) mass of 1000004 is larger than max allowed size of 1000000", Rejection::Mass),
    ("transaction storage mass of 99999999999999999999999 is larger than max allowed size of 500000", Rejection::Mass),
    ("contextual mass (including storage mass) is incomputable", Rejection::Mass),
    ("Rejected tx {id} from mempool due to incomputable storage mass", Rejection::Mass),
    // A block holds it: the limit is the node's own, as before the Toccata fork.
    ("transaction storage mass of 120000 is larger than max allowed size of 100000", Rejection::RelayMass),
    ("transaction compute mass of 500000 is larger than max allowed size of 100000", Rejection::RelayMass),
    ("transaction transient mass of 900000 is larger than max allowed size of 400000", Rejection::RelayMass),
    ("fee rate per contextual mass gram is not greater than the fee rate of the replaced transaction", Rejection::ReplacementFee),
    ("replace by fee found no double spending transaction in the mempool", Rejection::NothingToReplace),
    ("replace by fee found more than one double spending transaction in the mempool", Rejection::ReplacesSeveral),
    (
        "transaction could not be added to the mempool because it's full with transactions with higher priority",
        Rejection::MempoolFull,
    ),
    ("at least one outpoint of the transaction is impossible to have a matching UTXO entry", Rejection::ImpossibleInput),
    (
        "one of the transaction inputs spends an immature UTXO: transaction input #0 tried to spend coinbase outpoint (07, 3) with daa score of 12 \n  while the merging block daa score is 17 and the coinbase maturity period of 1000 hasn't passed yet",
        Rejection::Immature,
    ),
    ("transaction tries to spend 8999999999 while its total inputs amount is 8000000000", Rejection::Overspent),
    ("transaction total inputs spending amount overflowed u64", Rejection::InputAmounts),
    ("transaction {id} is not standard: transaction output #1: non-standard script form", Rejection::NonStandard),
    ("transaction {id} is not standard: transaction input 0: non-standard script form", Rejection::NonStandard),
    ("failed to verify the signature script: false stack entry at end of script execution", Rejection::Signature),
    ("failed to verify empty signature script. Inner error: attempt to read from empty stack", Rejection::Signature),
    ("transaction output 0 has zero value", Rejection::OutputAmounts),
    ("transaction output 1 value is higher than the max allowed of 2900000000000000000", Rejection::OutputAmounts),
    ("transaction total outputs value is higher than the max allowed of 2900000000000000000", Rejection::OutputAmounts),
    ("transaction has 1001 outputs where the max allowed is 1000", Rejection::Form),
    ("transaction has 1001 inputs where the max allowed is 1000", Rejection::Form),
    ("transaction has duplicate inputs", Rejection::Form),
    ("transaction version 2 is unknown", Rejection::Form),
    ("transaction input #0 is not finalized", Rejection::NotFinal),
    ("one of the transaction sequence locks conditions was not met", Rejection::NotFinal),
    ("covenants error: the authorizing input 0 is not bound", Rejection::Covenant),
    ("transaction output #0 has covenant field but transaction version is 0", Rejection::Form),
    ("it does not please me", Rejection::Unrecognised),
];

fn rejected(text: &str) -> (Rejection, String) {
    match refused(&text.replace("{id}", &id().to_string())) {
        SubmitOutcome::Rejected { reason, diagnostic } => (reason, diagnostic),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn every_text_of_a_node_is_told_apart() {
    for (text, reason) in TEXTS {
        assert_eq!(rejected(text).0, reason, "{text}");
    }
}

#[test]
fn only_what_consensus_forbids_is_forever() {
    let bearing = |reason: Rejection| (reason.may_pass_later(), reason.is_permanent(), reason.is_caused_by_inputs());
    for (text, reason) in TEXTS {
        let expected = match reason {
            Rejection::Mass
            | Rejection::Signature
            | Rejection::Overspent
            | Rejection::ImpossibleInput
            | Rejection::InputAmounts
            | Rejection::Covenant => (false, true, true),
            // Other coins would make the same outputs.
            Rejection::OutputAmounts | Rejection::Form => (false, true, false),
            // Another miner may mine a transaction that a node keeps from its mempool.
            Rejection::Fee | Rejection::RelayMass | Rejection::NonStandard | Rejection::Unrecognised => (false, false, false),
            Rejection::Immature
            | Rejection::NotFinal
            | Rejection::MempoolFull
            | Rejection::ReplacementFee
            | Rejection::NothingToReplace
            | Rejection::ReplacesSeveral => (true, false, false),
        };
        assert_eq!(bearing(reason), expected, "{text}");
    }
}

#[test]
fn what_matters_of_a_nodes_words_is_kept() {
    for (text, _) in TEXTS {
        let (_, kept) = rejected(text);
        assert!(!kept.contains(&id().to_string()) && !kept.contains('\n'), "{kept}");
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        assert_eq!(digits(&kept), digits(&text.replace("{id}", "")), "the numbers stay: {kept}");
    }
    assert_eq!(
        rejected(TEXTS[0].0).1,
        "transaction has 1000 fees which is under the required amount of 204700 for compute mass 2047"
    );
    assert!(rejected(TEXTS[17].0).1.ends_with(
        "with daa score of 12 while the merging block daa score is 17 and the coinbase maturity period of 1000 hasn't passed yet"
    ));
    let coloured = format!("\u{1b}[31m{}", "caf\u{e9} ".repeat(100_000));
    let (_, kept) = rejected(&coloured);
    assert!(kept.len() <= 320 && kept.is_ascii() && !kept.contains('\u{1b}'), "{kept}");
    let SubmitOutcome::Unknown { diagnostic } = outcome(500, &json!({ "error": coloured })) else { panic!("no node's word") };
    assert!(diagnostic.len() <= 340 && diagnostic.is_ascii(), "{diagnostic}");
}

#[test]
fn a_server_that_limits_the_rate_says_nothing_about_the_transaction() {
    assert_eq!(outcome(429, &json!({})), SubmitOutcome::RateLimited);
    assert_eq!(outcome(503, &json!({ "detail": "Too Many Requests" })), SubmitOutcome::RateLimited);
    // A node's own words are no server's.
    assert_eq!(rejected("rate limit of the future exceeded").0, Rejection::Unrecognised);
}

#[test]
fn whatever_is_not_recognised_is_unknown() {
    let unknown = |status, body: Value| matches!(outcome(status, &body), SubmitOutcome::Unknown { .. });
    // The server's own wait for the node expired.
    assert!(unknown(400, json!({ "error": "" })));
    assert!(unknown(400, json!({ "error": null })));
    assert!(unknown(422, json!({ "detail": [{ "loc": ["body"], "msg": "field required", "type": "value_error" }] })));
    assert!(unknown(500, json!({ "message": "Internal server error" })));
    assert!(unknown(400, json!({ "error": "something new" })));
    // Success or conflict that speaks of another transaction.
    assert!(unknown(200, json!({ "transactionId": tx_id(1) })));
    assert!(unknown(200, json!({})));
    assert!(unknown(200, json!({ "error": format!("transaction {} is already in the mempool", id()) })));
    assert!(unknown(400, json!({ "error": format!("transaction {} is already in the mempool", tx_id(1)) })));
    assert!(unknown(400, json!({ "error": format!("output already spent by transaction {} in the mempool", id()) })));
    assert!(unknown(400, json!({ "error": "output already spent by transaction caf\u{e9} in the mempool" })));
    // Words about another transaction are no refusal of this one.
    assert!(unknown(400, json!({ "error": format!("Rejected transaction {}: it does not please me", tx_id(1)) })));
    let request = Request::Submit(transaction());
    for body in [&b"<html>Bad gateway</html>"[..], b"", &[0xff; 40]] {
        let reduced = canonicalise(&request.transform_context(), 502, body);
        assert!(matches!(parse_submit(&reduced), SubmitOutcome::Unknown { .. }));
    }
}

#[test]
fn a_server_that_wraps_the_text_otherwise_is_understood() {
    let text = format!("Rejected transaction {0}: transaction {0} is already in the mempool", id());
    assert_eq!(outcome(500, &json!({ "detail": text })), SubmitOutcome::Accepted);
}

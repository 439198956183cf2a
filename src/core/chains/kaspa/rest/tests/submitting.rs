//! What the answers to a broadcast mean. The texts are those of a rusty-kaspa 2.1.0 node, as the REST server passes them on.

use super::{reduce, tx_id};
use crate::chains::kaspa::rest::{Rejection, Request, SubmitOutcome, canonicalise, parse_submit};
use crate::chains::kaspa::{Outpoint, Output, ScriptPublicKey, Transaction, TxId};
use crate::primitives::Amount;
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

#[test]
fn definite_reasons() {
    let reason = |text: &str| match refused(text) {
        SubmitOutcome::Rejected { reason, .. } => Some(reason),
        _ => None,
    };
    let id = id();
    let not_standard = |text: &str| format!("transaction {id} is not standard: {text}");
    let fee = not_standard("transaction has 1000 fees which is under the required amount of 204700 for compute mass 2047");
    assert_eq!(reason(&fee), Some(Rejection::Fee));
    let transient =
        not_standard("transaction has 1000 fees which is under the required amount of 204700 for normalized transient mass 2047");
    assert_eq!(reason(&transient), Some(Rejection::Fee));
    for mass in ["storage", "compute", "transient (storage)"] {
        let text = format!("transaction {mass} mass of 526315 is larger than max allowed size of 500000");
        assert_eq!(reason(&text), Some(Rejection::Mass), "{mass}");
    }
    let incomputable = format!("Rejected tx {id} from mempool due to incomputable storage mass");
    assert_eq!(reason(&incomputable), Some(Rejection::Mass));
    assert_eq!(reason(&not_standard("transaction output #1: non-standard script form")), Some(Rejection::NonStandard));
    let immature = "one of the transaction inputs spends an immature UTXO: transaction input #0 tried to spend coinbase outpoint";
    assert_eq!(reason(immature), Some(Rejection::Immature));
    let signature = "failed to verify the signature script: false stack entry at end of script execution";
    assert_eq!(reason(signature), Some(Rejection::Signature));
    let overspent = "transaction tries to spend 8999999999 while its total inputs amount is 8000000000";
    assert_eq!(reason(overspent), Some(Rejection::Overspent));
    let full = "transaction could not be added to the mempool because it's full with transactions with higher priority";
    assert_eq!(reason(full), Some(Rejection::MempoolFull));
}

#[test]
fn diagnostics_are_the_nodes_message_without_what_moves() {
    let text = "one of the transaction inputs spends an immature UTXO: daa score of 12 while the merging block daa score is";
    let immature = |score: u64| refused(&format!("{text} {score}"));
    assert_eq!(immature(17), immature(18));
    let SubmitOutcome::Rejected { diagnostic, .. } = refused("transaction has 7 fees which is under the required amount of 9")
    else {
        panic!("expected a rejection");
    };
    assert_eq!(diagnostic, "transaction has 7 fees which is under the required amount of 9");
    let SubmitOutcome::Unknown { diagnostic } = refused(&format!("\u{1b}[31m{}", "caf\u{e9} ".repeat(100_000))) else {
        panic!("expected the unknown");
    };
    assert!(diagnostic.len() < 200 && diagnostic.is_ascii() && !diagnostic.contains('\u{1b}'), "{diagnostic}");
}

#[test]
fn whatever_is_not_recognised_is_unknown() {
    let unknown = |status, body: Value| matches!(outcome(status, &body), SubmitOutcome::Unknown { .. });
    // The server's own wait for the node expired.
    assert!(unknown(400, json!({ "error": "" })));
    assert!(unknown(400, json!({ "error": null })));
    assert!(unknown(422, json!({ "detail": [{ "loc": ["body"], "msg": "field required", "type": "value_error" }] })));
    assert!(unknown(500, json!({ "message": "Internal server error" })));
    assert!(unknown(429, json!({})));
    assert!(unknown(400, json!({ "error": "something new" })));
    // Success or conflict that speaks of another transaction.
    assert!(unknown(200, json!({ "transactionId": tx_id(1) })));
    assert!(unknown(200, json!({})));
    assert!(unknown(200, json!({ "error": format!("transaction {} is already in the mempool", id()) })));
    assert!(unknown(400, json!({ "error": format!("transaction {} is already in the mempool", tx_id(1)) })));
    assert!(unknown(400, json!({ "error": format!("output already spent by transaction {} in the mempool", id()) })));
    assert!(unknown(400, json!({ "error": "output already spent by transaction caf\u{e9} in the mempool" })));
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

#[test]
fn which_rejections_may_pass() {
    assert!([Rejection::Immature, Rejection::MempoolFull].into_iter().all(Rejection::may_pass_later));
    let lasting = [Rejection::Fee, Rejection::Mass, Rejection::NonStandard, Rejection::Signature, Rejection::Overspent];
    assert!(!lasting.into_iter().any(Rejection::may_pass_later));
}

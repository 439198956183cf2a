//! The body of a broadcast, and the classification of a server's answer to it.

use super::outcome::SubmitOutcome;
use super::refusal::{classify_text, message, printable};
use crate::chains::kaspa::script::ScriptPublicKey;
use crate::chains::kaspa::tx::{NATIVE_SUBNETWORK, TRANSACTION_VERSION, Transaction, TxId};
use serde_json::{Value, json};

/// Writes the JSON body of a broadcast.
///
/// Fields that the server ignores are left out; [`Transaction`] has neither gas nor payload.
pub(super) fn body(transaction: &Transaction) -> Vec<u8> {
    let inputs: Vec<Value> = transaction
        .inputs
        .iter()
        .map(|input| {
            json!({
                "previousOutpoint": { "transactionId": input.previous.transaction, "index": input.previous.index },
                "signatureScript": hex::encode(&input.signature_script),
                "sequence": input.sequence,
                "sigOpCount": input.sig_op_count,
            })
        })
        .collect();
    let outputs: Vec<Value> = transaction
        .outputs
        .iter()
        .map(|output| {
            json!({
                "amount": output.amount,
                "scriptPublicKey": { "version": ScriptPublicKey::VERSION, "scriptPublicKey": output.script },
            })
        })
        .collect();
    let transaction = json!({
        "version": TRANSACTION_VERSION,
        "inputs": inputs,
        "outputs": outputs,
        "lockTime": transaction.lock_time,
        "subnetworkId": hex::encode(NATIVE_SUBNETWORK),
    });
    json!({ "transaction": transaction, "allowOrphan": false }).to_string().into_bytes()
}

/// Classifies the answer to the broadcast of transaction `id`; an answer that is not recognised is unknown.
///
/// The node takes one replica's broadcast, and the others find the transaction already there. Both are [`SubmitOutcome::Accepted`],
/// so that replicas agree. A refusal is classified by its text alone, because the server uses different statuses for the same text.
pub(super) fn classify(id: TxId, status: u16, body: &[u8]) -> SubmitOutcome {
    if super::failure::limits_rate(status, body) {
        return SubmitOutcome::RateLimited;
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return SubmitOutcome::Unknown { diagnostic: format!("HTTP status {status}, not JSON") };
    };
    if (200..=299).contains(&status) {
        return match body.get("transactionId").and_then(Value::as_str) {
            Some(answered) if answered == id.to_string() => SubmitOutcome::Accepted,
            _ => SubmitOutcome::Unknown { diagnostic: "the server answered another id".to_owned() },
        };
    }
    let text = ["error", "detail"].iter().find_map(|field| body.get(field)).and_then(Value::as_str).unwrap_or_default();
    classify_text(id, text).unwrap_or_else(|| SubmitOutcome::Unknown {
        diagnostic: match printable(message(id, text)) {
            said if said.is_empty() => format!("HTTP status {status} without a reason"),
            said => format!("HTTP status {status}: {said}"),
        },
    })
}

//! The body of a broadcast, and what a server's answer to it means.

use crate::chains::kaspa::script::ScriptPublicKey;
use crate::chains::kaspa::tx::{NATIVE_SUBNETWORK, TRANSACTION_VERSION, Transaction, TxId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// The most characters kept of an error that a server reports.
const MAX_DIAGNOSTIC_CHARS: usize = 160;

/// What is known after a broadcast. None of these says that the transaction will never land: another node may have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitOutcome {
    /// The node took the transaction, or has it already in its mempool or among those lately accepted. That is no confirmation.
    Accepted,
    /// An input is being spent by another transaction in the node's mempool.
    Conflict {
        /// The other transaction.
        with: TxId,
    },
    /// An input does not exist, or no longer: it was never there, a conflicting transaction was accepted, or this one was, longer
    /// ago than the node remembers. Ask for the acceptance.
    Orphan,
    /// The node refuses the transaction for a reason it named.
    Rejected {
        /// The reason.
        reason: Rejection,
        /// What the server said, cut short, for the operator. Never decide on it.
        diagnostic: String,
    },
    /// It may or may not have been taken.
    Unknown {
        /// What came back, cut short, for the operator. Never decide on it.
        diagnostic: String,
    },
}

/// Why a node refuses a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The fee is under the relay floor.
    Fee,
    /// A mass is over its limit: too many inputs, or outputs that are too small.
    Mass,
    /// An output's script is of no standard form.
    NonStandard,
    /// An input is a mining reward that is not yet mature.
    Immature,
    /// A signature is wrong.
    Signature,
    /// The inputs hold less than the outputs pay: somebody lied about their amounts.
    Overspent,
    /// The node has no room for it at this fee.
    MempoolFull,
}

impl Rejection {
    /// Whether the same bytes may be taken later by the same node.
    pub const fn may_pass_later(self) -> bool {
        match self {
            Self::Immature | Self::MempoolFull => true,
            Self::Fee | Self::Mass | Self::NonStandard | Self::Signature | Self::Overspent => false,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fee => "the fee is under the relay floor",
            Self::Mass => "a mass is over its limit",
            Self::NonStandard => "a script is not of a standard form",
            Self::Immature => "an input is an immature mining reward",
            Self::Signature => "a signature is wrong",
            Self::Overspent => "the inputs hold less than is paid",
            Self::MempoolFull => "the node's mempool is full",
        })
    }
}

/// Parts of the node's messages (rusty-kaspa 2.1.0, mempool and transaction rule errors), and what they mean.
const REJECTIONS: [(&str, Rejection); 11] = [
    ("fees which is under the required amount", Rejection::Fee),
    ("compute mass of", Rejection::Mass),
    ("transient (storage) mass of", Rejection::Mass),
    ("storage mass of", Rejection::Mass),
    ("incomputable storage mass", Rejection::Mass),
    ("non-standard script form", Rejection::NonStandard),
    ("spends an immature UTXO", Rejection::Immature),
    ("failed to verify the signature script", Rejection::Signature),
    ("failed to verify empty signature script", Rejection::Signature),
    ("tries to spend", Rejection::Overspent),
    ("mempool because it's full", Rejection::MempoolFull),
];

/// The JSON of a broadcast. It leaves out what the server would ignore; gas and payload do not exist in [`Transaction`].
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

/// What an answer to the broadcast of transaction `id` means. Whatever is not recognised is unknown.
///
/// One replica's broadcast is taken and the others' find the transaction there: both are [`SubmitOutcome::Accepted`], so that they
/// agree. Only the text decides, because the server wraps it in different statuses.
pub(super) fn classify(id: TxId, status: u16, body: &[u8]) -> SubmitOutcome {
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
        diagnostic: format!("HTTP status {status}: {}", shorten(&without_digits(text))),
    })
}

fn classify_text(id: TxId, text: &str) -> Option<SubmitOutcome> {
    let about_us = |suffix: &str| text.contains(&format!("transaction {id} {suffix}"));
    if about_us("is already in the mempool") || about_us("was already accepted by the consensus") {
        return Some(SubmitOutcome::Accepted);
    }
    if about_us("is an orphan where orphan is disallowed") {
        return Some(SubmitOutcome::Orphan);
    }
    if let Some((_, rest)) = text.split_once("already spent by transaction ") {
        let with = rest.get(..64).filter(|_| rest.ends_with("in the mempool"))?.parse().ok()?;
        return (with != id).then_some(SubmitOutcome::Conflict { with });
    }
    let (_, reason) = REJECTIONS.iter().find(|(part, _)| text.contains(part))?;
    let diagnostic = if reason.may_pass_later() { shorten(&without_digits(text)) } else { shorten(text) };
    Some(SubmitOutcome::Rejected { reason: *reason, diagnostic })
}

/// A text without the scores, sizes and times that differ between replicas.
fn without_digits(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect()
}

/// The first characters of a text, printable ASCII only, so that it can go into a log as it is.
fn shorten(text: &str) -> String {
    // The message stands at the end, behind prefixes and the transaction's id.
    let message = text.rsplit_once("Rejected transaction ").map_or(text, |(_, tail)| tail.get(66..).unwrap_or(tail));
    message.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_DIAGNOSTIC_CHARS).collect()
}

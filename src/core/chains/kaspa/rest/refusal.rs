//! Classification of the node's messages about a transaction.
//!
//! The classes answer the three questions that decide about a refused transaction: whether the same node may take the same bytes
//! later ([`Rejection::may_pass_later`]), whether no block may contain them ([`Rejection::is_permanent`]), and whether other coins
//! would help ([`Rejection::is_caused_by_inputs`]).

use super::outcome::{Rejection, SubmitOutcome};
use crate::chains::kaspa::mass::{MAX_COMPUTE_MASS, MAX_STORAGE_MASS, MAX_TRANSIENT_MASS};
use crate::chains::kaspa::tx::TxId;

/// The number of characters kept of a node's message; its longest about a transaction of one input has some 270.
const MAX_DIAGNOSTIC_CHARS: usize = 320;

/// Parts of the node's messages and their classes, from the mempool and transaction rule errors of rusty-kaspa 2.1.0.
///
/// The first part found in a message decides. Limits on mass are classified by [`mass`], because there the numbers decide.
const REJECTIONS: [(&str, Rejection); 39] = [
    ("fees which is under the required amount", Rejection::Fee),
    ("contextual mass (including storage mass) is incomputable", Rejection::Mass),
    ("incomputable storage mass", Rejection::Mass),
    ("spends an immature UTXO", Rejection::Immature),
    ("failed to verify the signature script", Rejection::Signature),
    ("failed to verify empty signature script", Rejection::Signature),
    ("tries to spend", Rejection::Overspent),
    ("impossible to have a matching UTXO entry", Rejection::ImpossibleInput),
    ("total inputs spending amount", Rejection::InputAmounts),
    ("has zero value", Rejection::OutputAmounts),
    ("value is higher than the max allowed", Rejection::OutputAmounts),
    ("total outputs value", Rejection::OutputAmounts),
    ("non-standard script form", Rejection::NonStandard),
    ("signature operations which is more than", Rejection::NonStandard),
    ("version of the scriptPublicKey", Rejection::NonStandard),
    ("is not finalized", Rejection::NotFinal),
    ("sequence locks conditions", Rejection::NotFinal),
    ("mempool because it's full", Rejection::MempoolFull),
    ("fee rate per contextual mass gram is not greater", Rejection::ReplacementFee),
    ("replace by fee found no double spending", Rejection::NothingToReplace),
    ("replace by fee found more than one", Rejection::ReplacesSeveral),
    ("covenants error", Rejection::Covenant),
    ("has covenant field", Rejection::Form),
    ("has no inputs", Rejection::Form),
    ("inputs where the max allowed is", Rejection::Form),
    ("outputs where the max allowed is", Rejection::Form),
    ("duplicate inputs", Rejection::Form),
    ("signature script is above", Rejection::Form),
    ("script public key is above", Rejection::Form),
    ("transaction version", Rejection::Form),
    ("sig op count is", Rejection::Form),
    ("has a sig op count field", Rejection::Form),
    ("has a compute budget field", Rejection::Form),
    ("is neither native nor coinbase", Rejection::Form),
    ("non-zero gas", Rejection::Form),
    ("is not equal to the committed mass field", Rejection::Form),
    ("inputs while none are expected", Rejection::Form),
    ("outputs while at most", Rejection::Form),
    ("a non coinbase transaction has a payload", Rejection::Form),
];

/// Classifies a message about transaction `id`; `None` when the message is not recognised.
pub(super) fn classify_text(id: TxId, text: &str) -> Option<SubmitOutcome> {
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
    let known = REJECTIONS.iter().find(|(part, _)| text.contains(part)).map(|(_, reason)| *reason);
    // A message in unknown words is still a refusal if it names this transaction as rejected.
    let new = || text.contains(&format!("Rejected transaction {id}: ")).then_some(Rejection::Unrecognised);
    let reason = mass(text).or(known).or_else(new)?;
    Some(SubmitOutcome::Rejected { reason, diagnostic: printable(message(id, text)) })
}

/// Classifies a message about a mass over its limit: the limit of a block, or one of the node's own.
///
/// Older nodes refuse masses above 100,000 grams, although a block may contain them. The number in the
/// message decides: above the limit of a block, no block may contain the transaction.
fn mass(text: &str) -> Option<Rejection> {
    const LIMITS: [(&str, u64); 4] = [
        ("compute mass of ", MAX_COMPUTE_MASS),
        ("transient (storage) mass of ", MAX_TRANSIENT_MASS),
        ("transient mass of ", MAX_TRANSIENT_MASS),
        ("storage mass of ", MAX_STORAGE_MASS),
    ];
    let ((_, rest), limit) = LIMITS.iter().find_map(|(part, limit)| text.split_once(part).zip(Some(*limit)))?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    // A number beyond 64 bits is above every limit.
    let grams = if digits.is_empty() { 0 } else { digits.parse::<u64>().unwrap_or(u64::MAX) };
    rest.contains("larger than max allowed size").then_some(if grams > limit { Rejection::Mass } else { Rejection::RelayMass })
}

/// Returns the node's message as a server passes it on, without its prefixes and without the transaction id.
pub(super) fn message(id: TxId, text: &str) -> String {
    let said = text.split_once(&format!("Rejected transaction {id}: ")).map_or(text, |(_, said)| said);
    let said = said.strip_prefix(&format!("transaction {id} is not standard: ")).unwrap_or(said);
    said.replace(&format!("transaction {id}"), "the transaction").replace(&id.to_string(), "its id")
}

/// Returns the first characters of a text as printable ASCII in one line, safe for a log.
pub(super) fn printable(text: String) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_DIAGNOSTIC_CHARS).collect()
}

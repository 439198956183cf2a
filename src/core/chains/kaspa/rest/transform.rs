//! The reduction of a server's answer to the canonical body on which replicas agree.

use super::failure::limits_rate;
use super::response::{Canonical, CanonicalAcceptance, CanonicalDag, CanonicalUtxo};
use super::{Failure, Grid, submit};
use crate::chains::kaspa::fee::FLOOR_SOMPI_PER_GRAM;
use crate::chains::kaspa::{Network, ScriptPublicKey, TxId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The largest body that is read, in bytes; the Internet Computer allows no larger one.
pub const MAX_BODY_BYTES: usize = 2_000_000;

/// The part of an answer to keep, with the parameters of the reduction.
///
/// The Internet Computer passes it to the transform as bytes, beside the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Transform {
    /// The network and the virtual DAA score, rounded down.
    Dag {
        /// The grid of the score.
        step: Grid,
    },
    /// The sink's blue score, rounded down.
    BlueScore {
        /// The grid of the score.
        step: Grid,
    },
    /// The unspent outputs, in the order of their outpoints.
    Utxos {
        /// The highest DAA score of an output that is kept.
        max_daa_score: u64,
    },
    /// The balance of an address, in sompi.
    Balance {
        /// The address.
        address: String,
    },
    /// A fee rate, rounded up and at least the floor.
    FeeEstimate {
        /// The speed of the rate.
        bucket: FeeBucket,
        /// The grid of the rate, in sompi per gram.
        step: Grid,
        /// The highest rate, in sompi per gram; higher ones become this one.
        most: u64,
    },
    /// A number of unspent outputs.
    UtxoCount {
        /// The largest number; larger ones become this one.
        most: u64,
    },
    /// The acceptances, in the order of the transaction ids.
    Acceptance {
        /// The highest blue score of an acceptance that counts.
        max_blue_score: u64,
    },
    /// The acceptance of one transaction.
    Transaction {
        /// The transaction id.
        id: TxId,
        /// The highest blue score of an acceptance that counts.
        max_blue_score: u64,
    },
    /// The outcome of a broadcast.
    Submit {
        /// The transaction id.
        id: TxId,
    },
}

impl Transform {
    /// Encodes the transform as the context that [`canonicalise`] decodes.
    pub(super) fn encode(&self) -> Vec<u8> {
        to_bytes(self)
    }
}

/// Reduces a server's answer to its canonical body.
///
/// `context` is [`Request::transform_context`](super::Request::transform_context), `status` the HTTP status. Every input gives a
/// canonical body, if only with a failure. The caller drops the answer's headers and sets a constant status, because those may
/// differ between replicas.
pub fn canonicalise(context: &[u8], status: u16, body: &[u8]) -> Vec<u8> {
    let Ok(transform) = serde_json::from_slice(context) else {
        return to_bytes(&Canonical::<()>::Failed(Failure::Context));
    };
    if body.len() > MAX_BODY_BYTES {
        return to_bytes(&Canonical::<()>::Failed(Failure::TooLarge));
    }
    match transform {
        Transform::Dag { step } => canonical(read(status, body).and_then(|raw| dag(&raw, step))),
        Transform::BlueScore { step } => canonical(read(status, body).map(|raw: RawBlueScore| step.round_down(raw.blue_score.0))),
        Transform::Utxos { max_daa_score } => canonical(read(status, body).map(|raw| utxos(raw, max_daa_score))),
        Transform::Balance { address } => canonical(read(status, body).and_then(|raw| balance(&raw, &address))),
        Transform::FeeEstimate { bucket, step, most } => {
            canonical(read(status, body).and_then(|raw| feerate(&raw, bucket, step)).map(|feerate| feerate.min(most)))
        }
        Transform::UtxoCount { most } => canonical(read(status, body).map(|raw: RawCount| raw.count.0.min(most))),
        Transform::Acceptance { max_blue_score } => canonical(read(status, body).map(|raw| acceptances(raw, max_blue_score))),
        Transform::Transaction { id, max_blue_score } => canonical(transaction(status, body, id, max_blue_score)),
        Transform::Submit { id } => canonical(Ok(submit::classify(id, status, body))),
    }
}

fn canonical<T: Serialize>(result: Result<T, Failure>) -> Vec<u8> {
    match result {
        Ok(value) => to_bytes(&Canonical::Ok(value)),
        Err(failure) => to_bytes(&Canonical::<()>::Failed(failure)),
    }
}

/// Encodes a value as JSON.
///
/// The types used here have string keys only, so encoding cannot fail; an empty body would be parsed as a failure.
fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// Reads the JSON of a successful answer.
///
/// # Errors
/// [`Failure::RateLimited`] when the answer says so; otherwise [`Failure::Http`] outside 200–299, [`Failure::NotJson`] or
/// [`Failure::Malformed`].
fn read<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, Failure> {
    let failure = match status {
        200..=299 => match serde_json::from_slice(body) {
            Ok(result) => return Ok(result),
            Err(error) if error.is_data() => Failure::Malformed,
            Err(_) => Failure::NotJson,
        },
        _ => Failure::Http { status },
    };
    Err(if limits_rate(status, body) { Failure::RateLimited } else { failure })
}

/// An unsigned integer, which the server writes as a number in some places and as text in others.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "RawNumber")]
struct Number(u64);

#[derive(Deserialize)]
#[serde(untagged)]
enum RawNumber {
    Number(u64),
    Text(String),
}

impl TryFrom<RawNumber> for Number {
    type Error = &'static str;

    fn try_from(raw: RawNumber) -> Result<Self, Self::Error> {
        match raw {
            RawNumber::Number(number) => Ok(Self(number)),
            RawNumber::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map(Self).map_err(|_| "a number of more than 64 bits")
            }
            RawNumber::Text(_) => Err("not a number"),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDag {
    network_name: String,
    virtual_daa_score: Number,
}

fn dag(raw: &RawDag, step: Grid) -> Result<CanonicalDag, Failure> {
    let network = Network::from_rest_name(&raw.network_name).ok_or(Failure::WrongNetwork)?;
    Ok(CanonicalDag { network, virtual_daa_score: step.round_down(raw.virtual_daa_score.0) })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBlueScore {
    blue_score: Number,
}

/// An unspent output, of which the address is not read because the script determines it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawUtxo {
    outpoint: RawOutpoint,
    utxo_entry: RawUtxoEntry,
    /// The id of the output's covenant; null, empty or absent without one. Servers write it here or in the entry.
    #[serde(default, alias = "covenant_id")]
    covenant_id: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOutpoint {
    transaction_id: TxId,
    index: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawUtxoEntry {
    amount: Number,
    script_public_key: RawScript,
    block_daa_score: Number,
    is_coinbase: bool,
    /// The id of the output's covenant, as in [`RawUtxo`].
    #[serde(default, alias = "covenant_id")]
    covenant_id: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawScript {
    script_public_key: ScriptPublicKey,
}

fn utxos(raw: Vec<RawUtxo>, max_daa_score: u64) -> Vec<CanonicalUtxo> {
    let old = raw.into_iter().filter(|utxo| utxo.utxo_entry.block_daa_score.0 <= max_daa_score);
    let mut kept: Vec<_> = old
        .map(|RawUtxo { outpoint, utxo_entry, covenant_id }| {
            let script = utxo_entry.script_public_key.script_public_key;
            let score = utxo_entry.block_daa_score.0;
            let bound = [covenant_id, utxo_entry.covenant_id].iter().any(|id| !id.is_null() && id.as_str() != Some(""));
            CanonicalUtxo(
                outpoint.transaction_id,
                outpoint.index,
                utxo_entry.amount.0,
                script,
                score,
                utxo_entry.is_coinbase,
                bound,
            )
        })
        .collect();
    kept.sort_unstable();
    kept
}

#[derive(Deserialize)]
struct RawCount {
    count: Number,
}

#[derive(Deserialize)]
struct RawBalance {
    address: String,
    balance: Number,
}

fn balance(raw: &RawBalance, address: &str) -> Result<u64, Failure> {
    if raw.address == address { Ok(raw.balance.0) } else { Err(Failure::Inconsistent) }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFeeEstimate {
    priority_bucket: RawFeeBucket,
    normal_buckets: Vec<RawFeeBucket>,
    low_buckets: Vec<RawFeeBucket>,
}

#[derive(Deserialize)]
struct RawFeeBucket {
    feerate: Rate,
}

/// A fee rate in whole sompi per gram.
///
/// Nodes compute in fractions. A fraction is rounded up, so that the rate paid is never below the rate suggested.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "RawRate")]
struct Rate(u64);

#[derive(Deserialize)]
#[serde(untagged)]
enum RawRate {
    Whole(u64),
    Fraction(f64),
    Text(String),
}

impl TryFrom<RawRate> for Rate {
    type Error = &'static str;

    fn try_from(raw: RawRate) -> Result<Self, Self::Error> {
        let fraction = match raw {
            RawRate::Whole(rate) => return Ok(Self(rate)),
            RawRate::Fraction(rate) => rate,
            RawRate::Text(text) => match text.parse::<u64>() {
                Ok(rate) => return Ok(Self(rate)),
                Err(_) => text.parse::<f64>().map_err(|_| "not a number")?,
            },
        };
        // The conversion saturates: a rate beyond 64 bits becomes the largest number, and the request's maximum applies to it.
        if fraction.is_finite() && fraction >= 0.0 { Ok(Self(fraction.ceil() as u64)) } else { Err("not a rate") }
    }
}

fn feerate(raw: &RawFeeEstimate, bucket: FeeBucket, step: Grid) -> Result<u64, Failure> {
    let bucket = match bucket {
        FeeBucket::Priority => Some(&raw.priority_bucket),
        FeeBucket::Normal => raw.normal_buckets.first(),
        FeeBucket::Low => raw.low_buckets.first(),
    };
    let feerate = bucket.ok_or(Failure::Malformed)?.feerate.0.max(FLOOR_SOMPI_PER_GRAM);
    Ok(step.round_up(feerate))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAcceptance {
    transaction_id: TxId,
    accepted: bool,
    accepting_blue_score: Option<Number>,
}

/// Returns the blue score of an acceptance that counts; `None` if not accepted, of unknown score, or above the cutoff.
fn settled(accepted: bool, blue_score: Option<Number>, max_blue_score: u64) -> Option<u64> {
    blue_score.map(|score| score.0).filter(|&score| accepted && score <= max_blue_score)
}

fn acceptances(raw: Vec<RawAcceptance>, max_blue_score: u64) -> Vec<CanonicalAcceptance> {
    let reduce = |raw: RawAcceptance| {
        CanonicalAcceptance(raw.transaction_id, settled(raw.accepted, raw.accepting_blue_score, max_blue_score))
    };
    let mut kept: Vec<_> = raw.into_iter().map(reduce).collect();
    kept.sort_unstable();
    kept
}

#[derive(Deserialize)]
struct RawTransaction {
    transaction_id: TxId,
    is_accepted: bool,
    #[serde(default)]
    accepting_block_blue_score: Option<Number>,
}

fn transaction(status: u16, body: &[u8], id: TxId, max_blue_score: u64) -> Result<Option<u64>, Failure> {
    if status == 404 && is_not_found(body) {
        return Ok(None);
    }
    let raw: RawTransaction = read(status, body)?;
    match raw.transaction_id == id {
        true => Ok(settled(raw.is_accepted, raw.accepting_block_blue_score, max_blue_score)),
        false => Err(Failure::Inconsistent),
    }
}

/// Tells whether an answer with status 404 means an unknown transaction, and not an unknown path.
///
/// Otherwise a wrong base URL would look like a transaction that does not exist.
fn is_not_found(body: &[u8]) -> bool {
    let body = serde_json::from_slice::<Value>(body).ok();
    body.is_some_and(|body| body.get("detail").and_then(Value::as_str) == Some("Transaction not found"))
}

/// The speed for which a node's fee estimate suggests a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeBucket {
    /// The rate for the next block.
    Priority,
    /// The rate for acceptance within a minute.
    Normal,
    /// The rate for acceptance within an hour.
    Low,
}

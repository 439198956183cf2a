//! From a server's answer to the canonical body on which replicas agree.

use super::failure::limits_rate;
use super::response::{Canonical, CanonicalAcceptance, CanonicalDag, CanonicalUtxo};
use super::{Failure, Grid, submit};
use crate::chains::kaspa::fee::FLOOR_SOMPI_PER_GRAM;
use crate::chains::kaspa::{Network, ScriptPublicKey, TxId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The largest body that is read; the Internet Computer allows no larger one.
pub const MAX_BODY_BYTES: usize = 2_000_000;

/// What to keep of an answer. It travels as the context of the transform, so it is small and self-contained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Transform {
    /// The network and the virtual DAA score, rounded down.
    Dag {
        /// To a mark of this.
        step: Grid,
    },
    /// The sink's blue score, rounded down.
    BlueScore {
        /// To a mark of this.
        step: Grid,
    },
    /// Unspent outputs, in the order of their outpoints.
    Utxos {
        /// Those accepted above are left out.
        max_daa_score: u64,
    },
    /// An address's balance.
    Balance {
        /// The address.
        address: String,
    },
    /// A fee rate, rounded up and at least the floor.
    FeeEstimate {
        /// Which one.
        bucket: FeeBucket,
        /// To a mark of this.
        step: Grid,
        /// But not above this.
        most: u64,
    },
    /// A number of unspent outputs.
    UtxoCount {
        /// But not above this.
        most: u64,
    },
    /// Acceptances, in the order of the transactions' ids.
    Acceptance {
        /// Those above do not count yet.
        max_blue_score: u64,
    },
    /// The acceptance of one transaction.
    Transaction {
        /// Its id.
        id: TxId,
        /// One above does not count yet.
        max_blue_score: u64,
    },
    /// The outcome of a broadcast.
    Submit {
        /// The transaction's id.
        id: TxId,
    },
}

impl Transform {
    pub(super) fn encode(&self) -> Vec<u8> {
        to_bytes(self)
    }
}

/// Reduces a server's answer to its canonical body.
///
/// `context` is [`Request::transform_context`](super::Request::transform_context), `status` the HTTP status. Total: every input
/// gives a canonical body, at worst a failure. The caller drops the answer's headers and sets a constant status.
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

/// Serialises a value of our own types, which have string keys only and therefore cannot fail. An empty body is read as a failure.
fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

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

/// An unsigned integer, which the server writes as a number in some places and as decimal digits in others.
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

/// An unspent output. The address beside it is not read: the script says whose it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawUtxo {
    outpoint: RawOutpoint,
    utxo_entry: RawUtxoEntry,
    /// Null or absent for most coins, and with most servers for all.
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
    /// As beside the entry.
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

/// A fee rate in whole sompi per gram. Nodes reckon in fractions; a rate in between is taken for the next one above, so that what is
/// paid is never less than what was suggested.
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
        // A number beyond 64 bits becomes the highest one, which the request's bound is held against.
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

/// The blue score of an acceptance that counts: there is one, its depth is known, and it is old enough.
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

/// Whether a 404 speaks of the transaction and not of the path: a wrong base URL must not look like a transaction unknown.
fn is_not_found(body: &[u8]) -> bool {
    let body = serde_json::from_slice::<Value>(body).ok();
    body.is_some_and(|body| body.get("detail").and_then(Value::as_str) == Some("Transaction not found"))
}

/// Which of the fee estimate's rates to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeBucket {
    /// For the next block.
    Priority,
    /// For acceptance within a minute.
    Normal,
    /// For acceptance within an hour.
    Low,
}

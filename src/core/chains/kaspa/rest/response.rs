//! Canonical bodies: their types, and the parsers for the bodies that the replicas agreed on.

use super::{Failure, SubmitOutcome};
use crate::base::Amount;
use crate::chains::kaspa::tx::MAX_SOMPI;
use crate::chains::kaspa::{Address, Network, Outpoint, ScriptPublicKey, TxId, Utxo};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The envelope of every canonical body.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Canonical<T> {
    /// The result.
    Ok(T),
    /// The reason why there is no result.
    Failed(Failure),
}

/// The network of a server, and a lower bound of its virtual DAA score.
#[derive(Serialize, Deserialize)]
pub(super) struct CanonicalDag {
    pub(super) network: Network,
    pub(super) virtual_daa_score: u64,
}

/// An unspent output: transaction id, index, sompi, script, DAA score, whether a mining reward, whether bound to a covenant.
///
/// A tuple has no field names in JSON, which matters for thousands of outputs. The order of the tuples is that of the outpoints.
#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct CanonicalUtxo(
    pub(super) TxId,
    pub(super) u32,
    pub(super) u64,
    pub(super) ScriptPublicKey,
    pub(super) u64,
    pub(super) bool,
    pub(super) bool,
);

/// A transaction id, and the blue score of its acceptance if the acceptance is settled.
#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct CanonicalAcceptance(pub(super) TxId, pub(super) Option<u64>);

/// The acceptance of a transaction by the virtual chain.
///
/// A transaction in a block is not accepted by that alone, and an acceptance can be reversed until it has many confirmations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// No acceptance that counts.
    ///
    /// The server knows of none, or does not know its blue score, or the score is above the request's cutoff.
    Unsettled,
    /// An acceptance by a block of the virtual chain.
    Accepted {
        /// The blue score of the accepting block.
        blue_score: u64,
    },
}

impl Acceptance {
    /// Returns the number of confirmations, the accepting block included; zero without acceptance.
    ///
    /// `sink_blue_score` is the blue score of the sink or a lower bound of it; a bound gives a lower bound of the confirmations, at
    /// least one.
    pub const fn confirmations(self, sink_blue_score: u64) -> u64 {
        match self {
            Self::Unsettled => 0,
            Self::Accepted { blue_score } => sink_blue_score.saturating_sub(blue_score).saturating_add(1),
        }
    }

    /// Tells whether the transaction is accepted at a blue score of at most `cutoff`.
    pub const fn is_at_most(self, cutoff: u64) -> bool {
        match self {
            Self::Unsettled => false,
            Self::Accepted { blue_score } => blue_score <= cutoff,
        }
    }

    const fn from_score(blue_score: Option<u64>) -> Self {
        match blue_score {
            Some(blue_score) => Self::Accepted { blue_score },
            None => Self::Unsettled,
        }
    }
}

/// Returns the highest blue score of an acceptance that has at least `confirmations`.
///
/// `sink_blue_score` is a lower bound of the sink's blue score. `None` while the chain is too short for so many confirmations.
pub const fn settled_blue_score(sink_blue_score: u64, confirmations: u64) -> Option<u64> {
    match confirmations.checked_sub(1) {
        Some(depth) => sink_blue_score.checked_sub(depth),
        None => Some(sink_blue_score),
    }
}

/// Reads a canonical body.
///
/// # Errors
/// The failure in the body; [`Failure::NotJson`] when it is no JSON, [`Failure::Malformed`] when it has another shape.
fn parse<T: DeserializeOwned>(canonical: &[u8]) -> Result<T, Failure> {
    match serde_json::from_slice(canonical) {
        Ok(Canonical::Ok(value)) => Ok(value),
        Ok(Canonical::Failed(failure)) => Err(failure),
        Err(error) if error.is_data() => Err(Failure::Malformed),
        Err(_) => Err(Failure::NotJson),
    }
}

/// Parses the answer to [`Request::Dag`](super::Request::Dag): a lower bound of the virtual DAA score.
///
/// # Errors
/// [`Failure::WrongNetwork`] when the server is not of the `expected` network; otherwise the failure in the canonical body, or
/// [`Failure::NotJson`] or [`Failure::Malformed`] when it cannot be read.
pub fn parse_dag(canonical: &[u8], expected: Network) -> Result<u64, Failure> {
    let dag: CanonicalDag = parse(canonical)?;
    if dag.network == expected { Ok(dag.virtual_daa_score) } else { Err(Failure::WrongNetwork) }
}

/// Parses the answer to [`Request::BlueScore`](super::Request::BlueScore): a lower bound of the sink's blue score.
///
/// # Errors
/// The failure in the canonical body, or [`Failure::NotJson`] or [`Failure::Malformed`] when it cannot be read.
pub fn parse_blue_score(canonical: &[u8]) -> Result<u64, Failure> {
    parse(canonical)
}

/// Parses the answer to [`Request::Utxos`](super::Request::Utxos) for these addresses, sorted by outpoint.
///
/// An output that is bound to a covenant is left out: it has more mass than its script tells, and spending it would end the
/// covenant.
///
/// # Errors
/// [`Failure::Inconsistent`] when an output is not locked to one of the addresses, is listed twice or holds nothing, or when the
/// sum exceeds all money; otherwise the failure in the canonical body, or [`Failure::NotJson`] or [`Failure::Malformed`] when it
/// cannot be read.
pub fn parse_utxos(canonical: &[u8], addresses: &[Address]) -> Result<Vec<Utxo>, Failure> {
    let raw: Vec<CanonicalUtxo> = parse(canonical)?;
    let bound: BTreeSet<Outpoint> = raw.iter().filter(|utxo| utxo.is_bound()).map(|utxo| utxo.outpoint()).collect();
    let scripts: BTreeSet<ScriptPublicKey> = addresses.iter().map(Address::script_public_key).collect();
    let utxos: Vec<Utxo> = raw.into_iter().map(Utxo::from).collect();
    let ordered = utxos.windows(2).all(|pair| pair[0].outpoint < pair[1].outpoint);
    let plausible = utxos.iter().all(|utxo| scripts.contains(&utxo.script) && !utxo.amount.is_zero());
    let total = Amount::checked_sum(utxos.iter().map(|utxo| utxo.amount));
    let possible = total.is_some_and(|total| total.get() <= MAX_SOMPI);
    if !(ordered && plausible && possible) {
        return Err(Failure::Inconsistent);
    }
    Ok(utxos.into_iter().filter(|utxo| !bound.contains(&utxo.outpoint)).collect())
}

/// Parses the sum, in sompi, of the outputs that are bound to covenants, which [`parse_utxos`] leaves out.
///
/// # Errors
/// [`Failure::Inconsistent`] when the sum exceeds 64 bits; otherwise the failure in the canonical body, or [`Failure::NotJson`] or
/// [`Failure::Malformed`] when it cannot be read.
pub fn parse_bound(canonical: &[u8]) -> Result<Amount, Failure> {
    let raw: Vec<CanonicalUtxo> = parse(canonical)?;
    let bound = raw.iter().filter(|utxo| utxo.is_bound()).map(|utxo| Amount::new(utxo.2));
    Amount::checked_sum(bound).ok_or(Failure::Inconsistent)
}

impl CanonicalUtxo {
    const fn is_bound(&self) -> bool {
        self.6
    }

    const fn outpoint(&self) -> Outpoint {
        Outpoint { transaction: self.0, index: self.1 }
    }
}

impl From<CanonicalUtxo> for Utxo {
    fn from(raw: CanonicalUtxo) -> Self {
        let CanonicalUtxo(transaction, index, amount, script, block_daa_score, is_coinbase, _) = raw;
        Self { outpoint: Outpoint { transaction, index }, amount: Amount::new(amount), script, block_daa_score, is_coinbase }
    }
}

/// Parses the answer to [`Request::Balance`](super::Request::Balance), in sompi.
///
/// # Errors
/// [`Failure::Inconsistent`] when the balance exceeds all money; otherwise the failure in the canonical body, or
/// [`Failure::NotJson`] or [`Failure::Malformed`] when it cannot be read.
pub fn parse_balance(canonical: &[u8]) -> Result<Amount, Failure> {
    let balance = parse(canonical)?;
    if balance <= MAX_SOMPI { Ok(Amount::new(balance)) } else { Err(Failure::Inconsistent) }
}

/// Parses the answer to [`Request::UtxoCount`](super::Request::UtxoCount), at most the request's maximum.
///
/// # Errors
/// The failure in the canonical body, or [`Failure::NotJson`] or [`Failure::Malformed`] when it cannot be read.
pub fn parse_count(canonical: &[u8]) -> Result<u64, Failure> {
    parse(canonical)
}

/// Parses the answer to [`Request::FeeEstimate`](super::Request::FeeEstimate), in sompi per gram.
///
/// The rate is rounded up, from the relay floor at least, and at most the request's maximum. A server may suggest any rate, so
/// [`FeePolicy`](crate::chains::kaspa::FeePolicy) limits it once more.
///
/// # Errors
/// The failure in the canonical body, or [`Failure::NotJson`] or [`Failure::Malformed`] when it cannot be read.
pub fn parse_feerate(canonical: &[u8]) -> Result<u64, Failure> {
    parse(canonical)
}

/// Parses the answer to [`Request::Acceptance`](super::Request::Acceptance) for these transactions, in their order.
///
/// # Errors
/// [`Failure::Inconsistent`] when the answer does not have exactly one entry for each transaction; otherwise the failure in the
/// canonical body, or [`Failure::NotJson`] or [`Failure::Malformed`] when it cannot be read.
pub fn parse_acceptance(canonical: &[u8], transactions: &[TxId]) -> Result<Vec<Acceptance>, Failure> {
    let raw: Vec<CanonicalAcceptance> = parse(canonical)?;
    let asked: BTreeSet<TxId> = transactions.iter().copied().collect();
    if !raw.iter().map(|entry| entry.0).eq(asked) {
        return Err(Failure::Inconsistent);
    }
    let find = |id: &TxId| raw.binary_search_by_key(id, |entry| entry.0).map_err(|_| Failure::Inconsistent);
    transactions.iter().map(|id| find(id).map(|position| Acceptance::from_score(raw[position].1))).collect()
}

/// Parses the answer to [`Request::Transaction`](super::Request::Transaction).
///
/// A transaction that the server does not know is [`Acceptance::Unsettled`].
///
/// # Errors
/// The failure in the canonical body, or [`Failure::NotJson`] or [`Failure::Malformed`] when it cannot be read.
pub fn parse_transaction(canonical: &[u8]) -> Result<Acceptance, Failure> {
    parse(canonical).map(Acceptance::from_score)
}

/// Reads the failure that a canonical body of any request carries in the place of a result.
pub fn failure_of(canonical: &[u8]) -> Option<Failure> {
    // The outcome of a broadcast is a result in any case, also this one.
    if canonical == br#"{"ok":"rate_limited"}"# {
        return Some(Failure::RateLimited);
    }
    parse::<serde::de::IgnoredAny>(canonical).err()
}

/// Parses the answer to [`Request::Submit`](super::Request::Submit) or [`Request::Replace`](super::Request::Replace).
///
/// Every failure is an unknown outcome, because the transaction may have been taken.
pub fn parse_submit(canonical: &[u8]) -> SubmitOutcome {
    parse(canonical).unwrap_or_else(|failure| SubmitOutcome::Unknown { diagnostic: failure.to_string() })
}

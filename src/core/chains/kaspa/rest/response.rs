//! The canonical bodies: their types, and the parsers of what the replicas agreed on.

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
    /// Why there is none.
    Failed(Failure),
}

/// The network and its score.
#[derive(Serialize, Deserialize)]
pub(super) struct CanonicalDag {
    pub(super) network: Network,
    pub(super) virtual_daa_score: u64,
}

/// Transaction id, index, sompi, script, DAA score, whether it is a mining reward, whether it is bound to a covenant. A tuple, because
/// there may be thousands; its order is the order of the outpoints.
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

/// Transaction id, and the blue score of its acceptance if it counts.
#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct CanonicalAcceptance(pub(super) TxId, pub(super) Option<u64>);

/// Whether a transaction was accepted. Being in a block is not enough, and an acceptance can be reversed until it is deep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Not accepted, as far as the server knows; or accepted above the request's cutoff, or at a score the server does not know.
    Unsettled,
    /// Accepted by a block of the virtual chain.
    Accepted {
        /// That block's blue score.
        blue_score: u64,
    },
}

impl Acceptance {
    /// How deep the acceptance lies, itself included, under a sink of this blue score or a lower bound of it; zero if there is none.
    pub const fn confirmations(self, sink_blue_score: u64) -> u64 {
        match self {
            Self::Unsettled => 0,
            Self::Accepted { blue_score } => sink_blue_score.saturating_sub(blue_score).saturating_add(1),
        }
    }

    /// Whether there is one, at this blue score or under it.
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

/// The cutoff under which an acceptance has at least `confirmations`, given a lower bound of the sink's blue score; `None` while the
/// chain is shorter than that.
pub const fn settled_blue_score(sink_blue_score: u64, confirmations: u64) -> Option<u64> {
    match confirmations.checked_sub(1) {
        Some(depth) => sink_blue_score.checked_sub(depth),
        None => Some(sink_blue_score),
    }
}

fn parse<T: DeserializeOwned>(canonical: &[u8]) -> Result<T, Failure> {
    match serde_json::from_slice(canonical) {
        Ok(Canonical::Ok(value)) => Ok(value),
        Ok(Canonical::Failed(failure)) => Err(failure),
        Err(error) if error.is_data() => Err(Failure::Malformed),
        Err(_) => Err(Failure::NotJson),
    }
}

/// The answer to `Dag`, from a server of the `expected` network: a lower bound of the virtual DAA score.
pub fn parse_dag(canonical: &[u8], expected: Network) -> Result<u64, Failure> {
    let dag: CanonicalDag = parse(canonical)?;
    if dag.network == expected { Ok(dag.virtual_daa_score) } else { Err(Failure::WrongNetwork) }
}

/// The answer to `BlueScore`: a lower bound of the sink's blue score.
pub fn parse_blue_score(canonical: &[u8]) -> Result<u64, Failure> {
    parse(canonical)
}

/// The answer to `Utxos` for these addresses, sorted by outpoint. Refused if any output is not locked to one of them, is listed
/// twice, or holds nothing, or if all together are more than all the money there is.
///
/// An output that is bound to a covenant is left out: it weighs more than its script says, and spending it would end the covenant.
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

/// What the outputs hold that [`parse_utxos`] leaves out because they are bound to covenants, in sompi.
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

/// The answer to `Balance`, in sompi.
pub fn parse_balance(canonical: &[u8]) -> Result<Amount, Failure> {
    let balance = parse(canonical)?;
    if balance <= MAX_SOMPI { Ok(Amount::new(balance)) } else { Err(Failure::Inconsistent) }
}

/// The answer to `UtxoCount`.
pub fn parse_count(canonical: &[u8]) -> Result<u64, Failure> {
    parse(canonical)
}

/// The answer to `FeeEstimate`, in sompi per gram; never below the relay floor. A server may ask for anything: hold it against a
/// maximum, as [`FeePolicy`](crate::chains::kaspa::FeePolicy) does.
pub fn parse_feerate(canonical: &[u8]) -> Result<u64, Failure> {
    parse(canonical)
}

/// The answer to `Acceptance` for these transactions, in their order.
pub fn parse_acceptance(canonical: &[u8], transactions: &[TxId]) -> Result<Vec<Acceptance>, Failure> {
    let raw: Vec<CanonicalAcceptance> = parse(canonical)?;
    let asked: BTreeSet<TxId> = transactions.iter().copied().collect();
    if !raw.iter().map(|entry| entry.0).eq(asked) {
        return Err(Failure::Inconsistent);
    }
    let find = |id: &TxId| raw.binary_search_by_key(id, |entry| entry.0).map_err(|_| Failure::Inconsistent);
    transactions.iter().map(|id| find(id).map(|position| Acceptance::from_score(raw[position].1))).collect()
}

/// The answer to `Transaction`.
pub fn parse_transaction(canonical: &[u8]) -> Result<Acceptance, Failure> {
    parse(canonical).map(Acceptance::from_score)
}

/// The failure that a canonical body carries in the place of a result, whatever was asked.
pub fn failure_of(canonical: &[u8]) -> Option<Failure> {
    // The outcome of a broadcast is a result in any case, also this one.
    if canonical == br#"{"ok":"rate_limited"}"# {
        return Some(Failure::RateLimited);
    }
    parse::<serde::de::IgnoredAny>(canonical).err()
}

/// The answer to `Submit`. Every failure is an unknown outcome.
pub fn parse_submit(canonical: &[u8]) -> SubmitOutcome {
    parse(canonical).unwrap_or_else(|failure| SubmitOutcome::Unknown { diagnostic: failure.to_string() })
}

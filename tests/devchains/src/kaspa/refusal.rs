//! Refusals of transactions, in the node's own words (rusty-kaspa 2.1: `mining/errors/src/mempool.rs`).

use std::fmt;

use kaspa_consensus_core::{
    errors::tx::TxRuleError,
    tx::{TransactionId, TransactionOutpoint},
};

/// A refused submission. `Display` is the text that follows "Rejected transaction <id>: ".
pub(super) enum Refusal {
    AlreadyAccepted(TransactionId),
    InMempool(TransactionId),
    SpentInMempool(TransactionOutpoint, TransactionId),
    NothingToReplace,
    ReplacesSeveral,
    ImpossibleOutpoint,
    Orphan(TransactionId),
    ComputeMass { mass: u64, limit: u64 },
    TransientMass { mass: u64, limit: u64 },
    StorageMass { mass: u64, limit: u64 },
    NonStandard(TransactionId, NonStandard),
    Rule(TxRuleError),
}

/// Breaches of relay policy rather than of consensus.
pub(super) enum NonStandard {
    OutputScriptVersion(usize),
    OutputScript(usize),
    InputScript(usize),
    SignatureOperations { input: usize, count: u64, limit: u64 },
    ComputeFee { fee: u64, required: u64, mass: u64 },
    TransientFee { fee: u64, required: u64, mass: u64 },
}

impl From<TxRuleError> for Refusal {
    fn from(error: TxRuleError) -> Self {
        Self::Rule(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyAccepted(id) => write!(f, "transaction {id} was already accepted by the consensus"),
            Self::InMempool(id) => write!(f, "transaction {id} is already in the mempool"),
            Self::SpentInMempool(outpoint, id) => write!(f, "output {outpoint} already spent by transaction {id} in the mempool"),
            Self::NothingToReplace => f.write_str("replace by fee found no double spending transaction in the mempool"),
            Self::ReplacesSeveral => f.write_str("replace by fee found more than one double spending transaction in the mempool"),
            Self::ImpossibleOutpoint => {
                f.write_str("at least one outpoint of the transaction is impossible to have a matching UTXO entry")
            }
            Self::Orphan(id) => write!(f, "transaction {id} is an orphan where orphan is disallowed"),
            Self::ComputeMass { mass, limit } => {
                write!(f, "transaction compute mass of {mass} is larger than max allowed size of {limit}")
            }
            Self::TransientMass { mass, limit } => {
                write!(f, "transaction transient (storage) mass of {mass} is larger than max allowed size of {limit}")
            }
            Self::StorageMass { mass, limit } => {
                write!(f, "transaction storage mass of {mass} is larger than max allowed size of {limit}")
            }
            Self::NonStandard(id, why) => write!(f, "transaction {id} is not standard: {why}"),
            Self::Rule(immature @ TxRuleError::ImmatureCoinbaseSpend(..)) => {
                write!(f, "one of the transaction inputs spends an immature UTXO: {immature}")
            }
            Self::Rule(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for NonStandard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutputScriptVersion(index) => {
                write!(f, "transaction output #{index}: the version of the scriptPublicKey is higher than the known version")
            }
            Self::OutputScript(index) => write!(f, "transaction output #{index}: non-standard script form"),
            Self::InputScript(index) => write!(f, "transaction input {index}: non-standard script form"),
            Self::SignatureOperations { input, count, limit } => {
                write!(
                    f,
                    "transaction input #{input} has {count} signature operations which is more than the allowed max amount of {limit}"
                )
            }
            Self::ComputeFee { fee, required, mass } => {
                write!(f, "transaction has {fee} fees which is under the required amount of {required} for compute mass {mass}")
            }
            Self::TransientFee { fee, required, mass } => write!(
                f,
                "transaction has {fee} fees which is under the required amount of {required} for normalized transient mass {mass} (proportional to transaction byte size)"
            ),
        }
    }
}

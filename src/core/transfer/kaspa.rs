//! What only a transfer of KAS can say or have: how fast it should go, a consolidation of the wallet's own coins, signatures that came
//! one by one, and transactions that replaced one another; and several recipients, which a transfer on Solana has as well.

use super::batch::Batch;
use super::tx::{BuiltTx, SignedTx};
use crate::base::{Amount, Bytes};
use serde::{Deserialize, Serialize};

/// The most inputs of one transaction: each needs a threshold signature.
pub const MAX_KASPA_INPUTS: u32 = 84;
/// The most transactions that may replace one another in one transfer; each needs a signature per input.
pub const MAX_REPLACEMENTS: usize = 8;

/// Which of the network's suggested fee rates a transfer pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FeeSpeed {
    /// For the next block.
    Priority,
    /// For acceptance within a minute.
    #[default]
    Normal,
    /// For acceptance within an hour.
    Low,
}

/// What a request says about Kaspa beside payer, recipient and amount. All of it may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KaspaTransferParams {
    /// How fast; [`FeeSpeed::Normal`] when absent.
    pub speed: Option<FeeSpeed>,
    /// Several recipients in one transaction.
    pub batch: Option<Batch>,
    /// Not a payment: coins of the wallet become one.
    pub consolidation: Option<Consolidation>,
}

/// Making one coin of many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consolidation {
    /// The most coins to take, the smallest first.
    pub max_inputs: u32,
    /// These coins and no others, for a wallet that holds more than a server lists. What is said of their amounts goes into what is
    /// signed, so that a wrong number makes the signature worthless and nothing else.
    pub coins: Option<Vec<NamedCoin>>,
}

/// An unspent output as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCoin {
    /// 32-byte transaction id and 4-byte little-endian index.
    pub outpoint: Bytes,
    /// In sompi.
    pub amount: Amount,
}

/// How far a KAS transfer is beyond what every transfer knows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KaspaProgress {
    /// Signatures of the transaction that is being signed, never all of them: with the last one it is signed.
    pub signatures: Vec<InputSignature>,
    /// A transaction that is to replace the one that was submitted. It spends the same inputs, so only one of them can land.
    pub replacement: Option<BuiltTx>,
    /// Transactions that were replaced. Any of them may still land instead of the present one.
    pub superseded: Vec<Superseded>,
}

/// The signature of one input, verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSignature {
    /// The input's position.
    pub input: u32,
    /// 64 bytes.
    pub signature: Bytes,
}

/// A transaction that was submitted and then replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// What was signed.
    pub built: BuiltTx,
    /// What was submitted.
    pub signed: SignedTx,
}

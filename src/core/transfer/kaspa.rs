//! Parameters and progress that only Kaspa transfers have: fee speed, consolidation, signatures by input, replacements.

use super::batch::Batch;
use super::tx::{BuiltTx, SignedTx};
use crate::base::{Amount, Bytes};
use serde::{Deserialize, Serialize};

/// The most inputs of one transaction. Each needs a threshold signature of its own.
pub const MAX_KASPA_INPUTS: u32 = 84;
/// The most replacements of one transaction. Each needs a signature for every input.
pub const MAX_REPLACEMENTS: usize = 8;

/// The fee rate that a transfer pays, among those that the network suggests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FeeSpeed {
    /// The fee rate for the next block.
    Priority,
    /// The fee rate for acceptance within a minute.
    #[default]
    Normal,
    /// The fee rate for acceptance within an hour.
    Low,
}

/// The parameters of a Kaspa request beside payer, recipient and amount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferParams {
    /// The fee speed; [`FeeSpeed::Normal`] when absent.
    pub speed: Option<FeeSpeed>,
    /// The payments, when the transfer is a part of a batch.
    pub batch: Option<Batch>,
    /// The consolidation, when the transfer pays nobody.
    pub consolidation: Option<Consolidation>,
}

/// A transaction that makes one coin of several coins of the wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consolidation {
    /// The most coins to spend, smallest first.
    pub max_inputs: u32,
    /// The coins to spend and no others, for a wallet with more coins than a server lists.
    ///
    /// The named amounts are part of the signed bytes, so a wrong amount makes the signature invalid and does no other harm.
    pub coins: Option<Vec<NamedCoin>>,
}

/// An unspent output as a caller names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCoin {
    /// The outpoint: 32-byte transaction id and 4-byte little-endian index.
    pub outpoint: Bytes,
    /// The amount in sompi.
    pub amount: Amount,
}

/// The progress of a Kaspa transfer beyond its status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KaspaProgress {
    /// The signatures so far of the transaction that is being signed. Never all: the last one completes the transaction.
    pub signatures: Vec<InputSignature>,
    /// The transaction that is to replace the submitted one. It spends the same inputs, so only one of the two can land.
    pub replacement: Option<BuiltTx>,
    /// The transactions that were replaced. Any of them may still land instead of the current one.
    pub superseded: Vec<Superseded>,
}

/// A verified signature of one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSignature {
    /// The position of the input.
    pub input: u32,
    /// The signature, 64 bytes.
    pub signature: Bytes,
}

/// A submitted transaction that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// The transaction before its signature.
    pub built: BuiltTx,
    /// The signed transaction.
    pub signed: SignedTx,
}

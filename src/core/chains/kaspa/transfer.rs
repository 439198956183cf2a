//! Records of transfers that only Kaspa has: fee speed, consolidation, inputs, signatures by input, replacements.

use crate::base::{Amount, Bytes, TransferId};
use crate::chains::rules::Purpose;
use crate::chains::tx::{BuiltTx, SignedTx};
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<FeeSpeed>,
    /// The consolidation, when the transfer pays nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consolidation: Option<Consolidation>,
}

impl TransferParams {
    /// Returns the fee speed, or the default one.
    pub fn speed(&self) -> FeeSpeed {
        self.speed.unwrap_or_default()
    }

    /// Returns the purpose of the transfer.
    pub const fn purpose(&self) -> Purpose {
        if self.consolidation.is_some() { Purpose::Consolidation } else { Purpose::Payment }
    }
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

/// The record of a built Kaspa transaction beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KaspaBuilt {
    /// The outpoints that are spent (32-byte transaction id, 4-byte little-endian index), locked until the transfer ends.
    pub inputs: Vec<Bytes>,
}

/// The progress of a Kaspa transfer beyond its status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KaspaProgress {
    /// The signatures so far of the transaction that is being signed. Never all: the last one completes the transaction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<InputSignature>,
    /// The transaction that is to replace the submitted one. It spends the same inputs, so only one of the two can land.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<BuiltTx<KaspaBuilt>>,
    /// The transactions that were replaced. Any of them may still land instead of the current one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
    pub built: BuiltTx<KaspaBuilt>,
    /// The signed transaction.
    pub signed: SignedTx,
}

/// An event that only happens on Kaspa.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KaspaEvent {
    /// Signatures of some inputs were recorded, and those of others are still missing.
    InputsSigned {
        /// The transfer.
        id: TransferId,
        /// The verified signatures that were added.
        signatures: Vec<InputSignature>,
    },
    /// The bytes of a replacement were recorded. It spends the same inputs as the submitted transaction.
    ReplacementBuilt {
        /// The transfer.
        id: TransferId,
        /// The replacement before its signatures.
        built: BuiltTx<KaspaBuilt>,
    },
    /// The replacement was signed and is about to leave the canister. The transaction before it may still land instead.
    ReplacementSigned {
        /// The transfer.
        id: TransferId,
        /// The signed replacement, which may be broadcast.
        signed: SignedTx,
    },
    /// A superseded transaction landed instead of its replacement.
    SupersededLanded {
        /// The transfer.
        id: TransferId,
        /// The id of the transaction that landed.
        txid: String,
    },
}

impl KaspaEvent {
    /// Returns the transfer that the event is about.
    pub const fn transfer(&self) -> Option<TransferId> {
        match self {
            Self::InputsSigned { id, .. }
            | Self::ReplacementBuilt { id, .. }
            | Self::ReplacementSigned { id, .. }
            | Self::SupersededLanded { id, .. } => Some(*id),
        }
    }
}

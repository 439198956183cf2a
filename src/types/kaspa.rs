//! Fee speeds, consolidations, replacements and quotes, which only Kaspa has.

use crate::asset::Units;
use crate::named::Named;
use candid::CandidType;
use serde::{Deserialize, Serialize};

plain_enum! {
    /// A fee rate that the network suggests.
    pub enum FeeSpeed = purser_core::chains::kaspa::transfer::FeeSpeed {
        /// The rate for the next block.
        Priority,
        /// The rate for acceptance within a minute.
        Normal,
        /// The rate for acceptance within an hour.
        Low,
    }
}

plain_enum! {
    /// A Kaspa key of a wallet.
    pub enum KaspaKey = purser_core::chains::kaspa::KeyKind {
        /// The BIP340 key.
        Schnorr,
        /// The ECDSA key.
        Ecdsa,
    }
}

/// The parameters of a request that only Kaspa has.
#[derive(Clone, Debug, Default, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct KaspaTransferParams {
    /// The paying key; Schnorr when absent.
    pub key: Option<KaspaKey>,
    /// The fee rate; normal when absent.
    pub fee_speed: Option<FeeSpeed>,
}

/// The details of a transfer that only Kaspa has.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct KaspaDetails {
    /// The paying key.
    pub key: Named<KaspaKey>,
    /// The fee rate.
    pub fee_speed: Named<FeeSpeed>,
    /// The present transaction's fee, in sompi, once it is built.
    pub fee: Option<u64>,
    /// The number of coins that the present transaction spends, once it is built.
    pub inputs: Option<u32>,
    /// The number of those coins whose signatures are recorded.
    pub inputs_signed: u32,
    /// Whether it is a consolidation.
    pub consolidation: bool,
    /// The ids of replaced transactions; if one of them lands instead, it takes the place of `txid`.
    pub superseded: Vec<String>,
}

/// A consolidation: several coins of a key become one coin of the same key.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsolidateArgs {
    /// The wallet.
    pub wallet_id: u64,
    /// The key whose coins are taken; Schnorr when absent.
    pub kaspa_key: Option<KaspaKey>,
    /// The most coins to take, the smallest first, 2 to 84; when absent 40, or as many as are named.
    pub max_inputs: Option<u32>,
    /// The coins to take, for an address with more coins than providers list.
    pub coins: Option<Vec<NamedCoin>>,
    /// The most that it may pay in fees, in sompi; the configured cap when absent.
    pub max_fee: Option<u64>,
    /// The caller's name for the consolidation, 1 to 64 bytes.
    pub idempotency_key: String,
}

/// An unspent output.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct NamedCoin {
    /// The id of the transaction that made it, 64 hexadecimal digits.
    pub transaction_id: String,
    /// The output's position in that transaction.
    pub index: u32,
    /// The amount in sompi. A wrong amount makes the signature invalid, and nothing else.
    pub amount: u64,
}

/// A replacement of a submitted transaction by one with a higher fee.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ReplaceArgs {
    /// The transfer, which must be submitted.
    pub transfer_id: u64,
    /// The whole new fee in sompi, at most the transfer's cap; twice the present one when absent.
    pub fee: Option<u64>,
}

/// The cost of a KAS transfer.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct FeeQuote {
    /// The fee in sompi, dust included.
    pub fee: u64,
    /// The units of the amounts.
    pub units: Units,
    /// The fee rate in sompi per gram of mass.
    pub feerate: u64,
    /// The number of coins that the transaction spends.
    pub inputs: u32,
    /// The change that returns to the wallet, in sompi.
    pub change: u64,
    /// The part of the fee that is change too small for an output, in sompi.
    pub dust: u64,
    /// The compute mass in grams.
    pub compute_mass: u64,
    /// The storage mass in grams.
    pub storage_mass: u64,
    /// The time at which the coins were read, in nanoseconds since the epoch.
    ///
    /// Absent when no coins were read; the quote is then of the smallest transaction that could make the payment.
    pub observed_at: Option<u64>,
    /// Whether the transfer waits first: for young coins, for mining rewards, or for the change of other transfers.
    pub waits: bool,
}

//! Transactions of an attempt, as they are recorded.

use super::solana::SolanaBuilt;
use crate::base::{Amount, Bytes};
use serde::{Deserialize, Serialize};

/// A transaction before its signature, recorded before a threshold key is asked to sign it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltTx {
    /// The unsigned bytes.
    ///
    /// Solana: the serialised message. Kaspa: the transaction with the amounts of its inputs, in the durable encoding of
    /// `chains::kaspa`.
    pub unsigned: Bytes,
    /// The fee of these bytes in base units of the native asset. On Solana it includes the rent of new accounts.
    pub fee: Amount,
    /// Kaspa: the outpoints that are spent (32-byte transaction id, 4-byte little-endian index), locked until the transfer ends.
    pub inputs: Vec<Bytes>,
    /// Solana: rent, nonce, and the amount that arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solana: Option<SolanaBuilt>,
}

/// A signed transaction that may be broadcast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTx {
    /// The wire bytes (Solana) or the durable encoding (Kaspa). Every broadcast sends exactly these.
    pub signed: Bytes,
    /// The transaction id as the chain prints it.
    pub txid: String,
}

//! The transaction of an attempt, as it is recorded.

use super::solana::SolanaBuilt;
use crate::base::{Amount, Bytes};
use serde::{Deserialize, Serialize};

/// The bytes a threshold key is asked to sign, recorded before it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltTx {
    /// Solana: the serialised message. Kaspa: the unsigned transaction with the amounts of its inputs, in `chains::kaspa`'s
    /// durable encoding.
    pub unsigned: Bytes,
    /// The fee these bytes pay, in base units; on Solana with the rent of accounts they create.
    pub fee: Amount,
    /// Kaspa: the outpoints spent (32-byte transaction id, 4-byte little-endian index), locked until the transfer ends.
    pub inputs: Vec<Bytes>,
    /// Solana: rent, nonce, and what arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solana: Option<SolanaBuilt>,
}

/// What may be broadcast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTx {
    /// The wire bytes (Solana) or the durable encoding (Kaspa); re-broadcasts send exactly these.
    pub signed: Bytes,
    /// The transaction id as the chain prints it.
    pub txid: String,
}

//! Transactions of an attempt, as they are recorded.

use crate::base::{Amount, Bytes};
use serde::{Deserialize, Serialize};

/// A transaction before its signature, recorded before a key is asked to sign it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltTx<D> {
    /// The unsigned bytes, in the chain's durable encoding.
    pub unsigned: Bytes,
    /// The fee in base units of the native asset, with the rent of new accounts where the chain has any.
    pub fee: Amount,
    /// The chain's own record of the transaction.
    pub details: D,
}

impl<D> BuiltTx<D> {
    /// Returns the same transaction with its details in another form.
    pub fn map_details<E>(self, map: impl FnOnce(D) -> E) -> BuiltTx<E> {
        BuiltTx { unsigned: self.unsigned, fee: self.fee, details: map(self.details) }
    }
}

/// A signed transaction that may be broadcast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTx {
    /// The signed bytes, in the chain's durable encoding. Every broadcast sends exactly these.
    pub signed: Bytes,
    /// The transaction id as the chain prints it.
    pub txid: String,
}

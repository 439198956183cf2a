//! The contexts of the transform, which say which part of an answer is kept.

use super::{Reading, View};
use crate::chains::solana::{Blockhash, TxSignature};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// The part of an answer to keep, by method.
///
/// The value travels as the context of the transform, so it is small and self-contained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Transform {
    /// The hash of `getLatestBlockhash`, and the slot of the state that knows it.
    ///
    /// The height that the node claims beside it is dropped so that nothing can rely on it.
    LatestBlockhash {
        /// The slot that the node must have reached.
        min_slot: u64,
    },
    /// The lamports of `getBalance`, as a reading.
    Balance {
        /// The reading that reduces the lamports.
        reading: Reading,
    },
    /// The number of a method whose result is a bare one.
    Number,
    /// The block height and the slot of `getEpochInfo`, as readings.
    EpochInfo {
        /// The reading that reduces the block height.
        height: Reading,
        /// The reading that reduces the slot.
        slot: Reading,
        /// The slot that the node must have reached.
        min_slot: u64,
    },
    /// The comparison of the nonce account of `getAccountInfo` with a value.
    NonceChanged {
        /// The value that the nonce account is known to have had.
        value: Blockhash,
        /// The slot that the node must have reached.
        min_slot: u64,
        /// The multiple that the slot of a change is rounded up to.
        step: NonZeroU64,
    },
    /// The accounts of `getMultipleAccounts`, one view each.
    Accounts {
        /// The views, in the order of the accounts.
        views: Vec<View>,
        /// The slot that the node must have reached.
        min_slot: u64,
    },
    /// The error, units and slot of `simulateTransaction`.
    Simulation,
    /// The slot, success and cost of `getTransaction`.
    Charge,
    /// The 75th percentile of the prices of `getRecentPrioritizationFees`.
    PriorityPrice,
    /// The balances of `getTokenAccountsByOwner`, sorted by account.
    TokenBalances,
    /// The statuses of `getSignatureStatuses`.
    Statuses {
        /// The number of signatures asked for.
        count: usize,
        /// The slot that the node must have reached for its "unknown" to count.
        min_slot: u64,
    },
    /// The hash of `getGenesisHash`.
    GenesisHash,
    /// The outcome of `sendTransaction`.
    Send {
        /// The transaction's id, which the node must answer.
        txid: TxSignature,
    },
}

impl Transform {
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

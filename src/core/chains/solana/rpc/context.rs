//! What is kept of an answer, as the context of the transform says it.

use super::{Reading, View};
use crate::chains::solana::{Blockhash, TxSignature};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// What to keep of an answer. It travels as the context of the transform, so it is small and self-contained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Transform {
    /// `getLatestBlockhash`: the hash and the slot of the state that knows it. The height claimed beside it is dropped so that nobody can
    /// trust it.
    LatestBlockhash {
        /// The slot that the node must have reached.
        min_slot: u64,
    },
    /// `getBalance`.
    Balance {
        /// What to keep of the number.
        reading: Reading,
    },
    /// A bare number.
    Number,
    /// `getEpochInfo`.
    EpochInfo {
        /// What to keep of the block height.
        height: Reading,
        /// What to keep of the slot.
        slot: Reading,
        /// The slot that the node must have reached.
        min_slot: u64,
    },
    /// `getAccountInfo` of a nonce account.
    NonceChanged {
        /// The value that it had.
        value: Blockhash,
        /// The slot that the node must have reached.
        min_slot: u64,
        /// What the slot of a change is rounded up to.
        step: NonZeroU64,
    },
    /// `getMultipleAccounts`.
    Accounts {
        /// What to keep of each.
        views: Vec<View>,
        /// The slot that the node must have reached.
        min_slot: u64,
    },
    /// `simulateTransaction`.
    Simulation,
    /// `getTransaction`: what it cost.
    Charge,
    /// `getRecentPrioritizationFees`: one price.
    PriorityPrice,
    /// `getTokenAccountsByOwner`.
    TokenBalances,
    /// `getSignatureStatuses`.
    Statuses {
        /// How many were asked for.
        count: usize,
        /// The slot from which on the node's "unknown" counts.
        min_slot: u64,
    },
    /// `getGenesisHash`.
    GenesisHash,
    /// `sendTransaction`.
    Send {
        /// The id that the node must answer.
        txid: TxSignature,
    },
}

impl Transform {
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

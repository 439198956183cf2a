//! Payloads about the log itself.

use crate::base::{BlockIndex, Hash};
use serde::{Deserialize, Serialize};

/// The payload of [`Event::StateCheckpointed`](crate::event::Event::StateCheckpointed): the state just before its block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateCheckpoint {
    /// The digest of the state.
    pub digest: Hash,
    /// The number of records from which the digest was recomputed.
    pub records: u64,
    /// The number of wallets.
    pub wallets: u64,
    /// The number of transfers that were ever reserved.
    pub transfers: u64,
    /// The version of the module that computed the digest.
    pub version: String,
}

/// The payload of [`Event::LogPruned`](crate::event::Event::LogPruned): the link from the kept blocks to the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPruned {
    /// The first kept block.
    pub first: BlockIndex,
    /// The hash of the block before it, which is the last of the archive.
    pub hash: Hash,
    /// The number of blocks that were pruned this time.
    pub entries: u64,
    /// The digest of the state just before.
    pub digest: Hash,
}

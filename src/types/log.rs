//! The integrity and the digest of the log, and the types of ICRC-3 and ICRC-10.
//!
//! ICRC-3 calls an entry of the log a block.

use crate::named::Named;
use candid::{CandidType, Int, Nat, Principal};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

plain_enum! {
    /// The reason why a block does not fit its place in the chain of hashes.
    pub enum BreakReason = purser_core::audit::LinkError {
        /// The bytes are not a block.
        Unreadable,
        /// The block names another parent than the block before it.
        WrongParent,
        /// The block is the last one and has another hash than was recorded.
        WrongTip,
        /// The block has another hash than the next one names.
        WrongHash,
    }
}

/// The first block that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct BrokenAt {
    /// The block's index.
    pub index: u64,
    /// The reason.
    pub reason: Named<BreakReason>,
}

/// The result of a verification of the log.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct IntegrityReport {
    /// Whether every checked block fits.
    pub valid: bool,
    /// The number of checked blocks.
    pub entries_checked: u64,
    /// The first block that does not fit.
    pub first_broken_at: Option<BrokenAt>,
}

/// The digest of the durable state; replaying the log gives the same.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct StateDigest {
    /// The SHA-256 over all tables, 32 bytes.
    pub digest: ByteBuf,
    /// The number of blocks.
    pub log_length: u64,
    /// The last block's hash, 32 bytes.
    pub tip: Option<ByteBuf>,
}

/// A value of ICRC-3.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Value {
    /// A byte string.
    Blob(ByteBuf),
    /// A text.
    Text(String),
    /// A natural number.
    Nat(Nat),
    /// An integer.
    Int(Int),
    /// A sequence.
    Array(Vec<Value>),
    /// Named values.
    Map(Vec<(String, Value)>),
}

/// The place to continue a list of archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct GetArchivesArgs {
    /// The last archive seen.
    pub from: Option<Principal>,
}

/// An archive canister and the blocks that it holds.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Archive {
    /// The archive canister.
    pub canister_id: Principal,
    /// The first block.
    pub start: Nat,
    /// The last block.
    pub end: Nat,
}

/// A range of blocks.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct BlockRange {
    /// The first block.
    pub start: Nat,
    /// The number of blocks.
    pub length: Nat,
}

/// A block with its index.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct IndexedBlock {
    /// The block's index.
    pub id: Nat,
    /// The block.
    pub block: Value,
}

#[allow(missing_docs, reason = "the macro takes no documentation")]
mod callback {
    use super::{BlockRange, GetBlocksResult};
    candid::define_function!(pub GetBlocksCallback : (Vec<BlockRange>) -> (GetBlocksResult) query);
}
pub use callback::GetBlocksCallback;

/// Blocks that an archive canister holds, and the method that returns them.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct ArchivedBlocks {
    /// The blocks.
    pub args: Vec<BlockRange>,
    /// The method.
    pub callback: GetBlocksCallback,
}

/// The requested blocks, as many as fit one reply.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct GetBlocksResult {
    /// The number of blocks in the log.
    pub log_length: Nat,
    /// The blocks, in the order of the request.
    pub blocks: Vec<IndexedBlock>,
    /// The requested blocks that archive canisters hold.
    pub archived_blocks: Vec<ArchivedBlocks>,
}

/// The certificate of the last block; `hash_tree` holds `last_block_index` (unsigned LEB128) and `last_block_hash`.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct DataCertificate {
    /// The subnet's certificate over the tree's root.
    pub certificate: ByteBuf,
    /// The tree in CBOR.
    pub hash_tree: ByteBuf,
}

/// A type of block and the place of its description.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct BlockType {
    /// The block's `btype`.
    pub block_type: String,
    /// The address of the description.
    pub url: String,
}

/// A standard that the canister implements.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Standard {
    /// The standard's name.
    pub name: String,
    /// The address of the standard's text.
    pub url: String,
}

//! Integrity, digest and the types of ICRC-3 and ICRC-10.

use candid::{CandidType, Int, Nat, Principal};
use purser_core::audit;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// Why a block does not belong where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum BreakReason {
    /// Its bytes are not a block.
    Unreadable,
    /// It names another parent than the block before it.
    WrongParent,
    /// It is the last one and has another hash than was recorded.
    WrongTip,
    /// It has another hash than the next one names.
    WrongHash,
}

/// The first block that does not belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct BrokenAt {
    /// Where.
    pub index: u64,
    /// Why.
    pub reason: BreakReason,
}

/// The result of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct IntegrityReport {
    /// Whether every checked block belongs where it stands.
    pub valid: bool,
    /// How many were checked.
    pub entries_checked: u64,
    /// The first that does not.
    pub first_broken_at: Option<BrokenAt>,
}

/// One hash over everything durable.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct StateDigest {
    /// SHA-256 over all tables.
    pub digest: ByteBuf,
    /// The number of blocks.
    pub log_length: u64,
    /// The hash of the last one.
    pub tip: Option<ByteBuf>,
}

/// ICRC-3's value.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Value {
    /// Bytes.
    Blob(ByteBuf),
    /// Text.
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

/// Where a listing of archives goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct GetArchivesArgs {
    /// The last archive seen.
    pub from: Option<Principal>,
}

/// An archive and the blocks it holds.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Archive {
    /// The canister.
    pub canister_id: Principal,
    /// The first block.
    pub start: Nat,
    /// The last block.
    pub end: Nat,
}

/// A range of blocks.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct BlockRange {
    /// The first.
    pub start: Nat,
    /// How many.
    pub length: Nat,
}

/// A block with its index.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct IndexedBlock {
    /// Its index.
    pub id: Nat,
    /// Its content.
    pub block: Value,
}

#[allow(missing_docs, reason = "the macro takes no documentation")]
mod callback {
    use super::{BlockRange, GetBlocksResult};
    candid::define_function!(pub GetBlocksCallback : (Vec<BlockRange>) -> (GetBlocksResult) query);
}
pub use callback::GetBlocksCallback;

/// Blocks that another canister holds, and how to ask for them.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct ArchivedBlocks {
    /// Which.
    pub args: Vec<BlockRange>,
    /// Where.
    pub callback: GetBlocksCallback,
}

/// The blocks that were asked for, as many as fit one reply.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct GetBlocksResult {
    /// The number of blocks in the log.
    pub log_length: Nat,
    /// In the order they were asked for.
    pub blocks: Vec<IndexedBlock>,
    /// Those that an archive canister holds.
    pub archived_blocks: Vec<ArchivedBlocks>,
}

/// What proves the last block: `hash_tree` holds `last_block_index` (unsigned LEB128) and `last_block_hash`.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct DataCertificate {
    /// The subnet's certificate over the tree's root.
    pub certificate: ByteBuf,
    /// The tree, as CBOR.
    pub hash_tree: ByteBuf,
}

/// A type of block and where it is described.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct BlockType {
    /// The block's `btype`.
    pub block_type: String,
    /// Its description.
    pub url: String,
}

/// A standard that the canister keeps.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Standard {
    /// Its name.
    pub name: String,
    /// Its text.
    pub url: String,
}

impl From<audit::Value> for Value {
    fn from(value: audit::Value) -> Self {
        match value {
            audit::Value::Nat(n) => Self::Nat(n.into()),
            audit::Value::Int(i) => Self::Int(i.into()),
            audit::Value::Text(text) => Self::Text(text),
            audit::Value::Blob(bytes) => Self::Blob(ByteBuf::from(bytes.into_vec())),
            audit::Value::Array(values) => Self::Array(values.into_iter().map(Into::into).collect()),
            audit::Value::Map(entries) => Self::Map(entries.into_iter().map(|(key, value)| (key, value.into())).collect()),
        }
    }
}

impl From<audit::IntegrityReport> for IntegrityReport {
    fn from(report: audit::IntegrityReport) -> Self {
        let first_broken_at = report.first_broken_at.map(|(index, reason)| BrokenAt { index: index.get(), reason: reason.into() });
        Self { valid: report.valid, entries_checked: report.entries_checked, first_broken_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_core::audit::Break;
    use purser_core::base::{BlockIndex, Bytes};

    #[test]
    fn a_value_keeps_its_kinds_its_order_and_its_extremes() {
        let value = audit::Value::Map(vec![
            ("z".into(), audit::Value::Nat(u128::MAX)),
            ("a".into(), audit::Value::Int(i128::MIN)),
            ("m".into(), audit::Value::Array(vec![audit::Value::Text("t".into()), audit::Value::Blob(Bytes::new([1, 2]))])),
        ]);
        let expected = Value::Map(vec![
            ("z".into(), Value::Nat(Nat::from(u128::MAX))),
            ("a".into(), Value::Int(Int::from(i128::MIN))),
            ("m".into(), Value::Array(vec![Value::Text("t".into()), Value::Blob(ByteBuf::from([1, 2]))])),
        ]);
        assert_eq!(Value::from(value), expected);
    }

    #[test]
    fn a_report_names_the_broken_block() {
        let report = audit::IntegrityReport {
            valid: false,
            entries_checked: 3,
            first_broken_at: Some((BlockIndex::new(2), Break::WrongParent)),
        };
        let broken = BrokenAt { index: 2, reason: BreakReason::WrongParent };
        assert_eq!(
            IntegrityReport::from(report),
            IntegrityReport { valid: false, entries_checked: 3, first_broken_at: Some(broken) }
        );
    }
}

//! How the log is kept, watched and searched.

use super::log::{BreakReason, BrokenAt, IndexedBlock};
use candid::{CandidType, Principal};
use purser_core::audit;
use purser_core::base::{TransferId, WalletId};
use purser_core::governance::retention;
use purser_core::state::Filter;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// What admins decide about the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct AuditSettings {
    /// For how long an entry is kept at least, in days.
    pub retention_days: u32,
    /// How many bytes the kept entries may take before nothing more is spent.
    pub capacity: u64,
}

/// How the log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct AuditStatus {
    /// The number of blocks ever logged.
    pub log_length: u64,
    /// The first that is kept; earlier ones are archived.
    pub first_block: u64,
    /// The bytes that the kept ones take.
    pub bytes_kept: u64,
    /// What admins decided.
    pub settings: AuditSettings,
    /// The first block of which no archive is confirmed.
    pub archived_until: u64,
    /// When the state was last recomputed and recorded.
    pub checkpointed_at: Option<u64>,
    /// The next block to be verified in the present round.
    pub verified_until: u64,
    /// When a part of the log was last verified.
    pub verified_at: Option<u64>,
    /// When the last round through the whole log ended.
    pub round_ended_at: Option<u64>,
    /// The break that was found.
    pub broken_at: Option<BrokenAt>,
    /// Failures to append, in a row.
    pub append_failures: u32,
    /// When an older snapshot of the canister was last loaded, as far as is known.
    pub snapshot_loaded_at: Option<u64>,
}

/// What an auditor vouches for.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConfirmArchiveArgs {
    /// The last block of the copy.
    pub last: u64,
    /// Its hash.
    pub hash: ByteBuf,
    /// Where the copy is, for people.
    pub location: String,
    /// The canister that serves it through `icrc3_get_blocks`, when one does.
    pub canister: Option<Principal>,
}

/// A confirmed copy of a part of the log.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ArchiveInfo {
    /// Its first block.
    pub first: u64,
    /// Its last.
    pub last: u64,
    /// The hash of its last.
    pub hash: ByteBuf,
    /// Where it is.
    pub location: String,
    /// The canister that serves it, when one does.
    pub canister: Option<Principal>,
}

/// What blocks are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum BlockFilter {
    /// Anything.
    All,
    /// A wallet, its transfers included.
    Wallet(u64),
    /// On whose word.
    Actor(Principal),
    /// A transfer.
    Transfer(u64),
}

/// Which blocks are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct FindBlocksArgs {
    /// What they are about.
    pub filter: BlockFilter,
    /// No earlier block.
    pub from: Option<u64>,
    /// No block at or after this one.
    pub until: Option<u64>,
    /// None logged before, in nanoseconds since the epoch.
    pub from_time: Option<u64>,
    /// None logged at or after, in nanoseconds since the epoch.
    pub until_time: Option<u64>,
    /// Newest first.
    pub newest_first: bool,
    /// At most so many.
    pub limit: Option<u32>,
}

/// The blocks that were found.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct FoundBlocks {
    /// In the order asked for.
    pub blocks: Vec<IndexedBlock>,
    /// Where to go on: the next `from`, or `until` when the newest come first; null at the end.
    pub next: Option<u64>,
}

impl From<AuditSettings> for retention::AuditSettings {
    fn from(settings: AuditSettings) -> Self {
        Self { retention_days: settings.retention_days, capacity: settings.capacity }
    }
}

impl From<retention::AuditSettings> for AuditSettings {
    fn from(settings: retention::AuditSettings) -> Self {
        Self { retention_days: settings.retention_days, capacity: settings.capacity }
    }
}

impl From<retention::Archive> for ArchiveInfo {
    fn from(archive: retention::Archive) -> Self {
        Self {
            first: archive.first.get(),
            last: archive.last.get(),
            hash: ByteBuf::from(archive.hash.0),
            location: archive.location,
            canister: archive.canister,
        }
    }
}

impl From<BlockFilter> for Filter {
    fn from(filter: BlockFilter) -> Self {
        match filter {
            BlockFilter::All => Self::All,
            BlockFilter::Wallet(id) => Self::Wallet(WalletId::new(id)),
            BlockFilter::Actor(actor) => Self::Actor(actor),
            BlockFilter::Transfer(id) => Self::Transfer(TransferId::new(id)),
        }
    }
}

impl From<audit::Break> for BreakReason {
    fn from(reason: audit::Break) -> Self {
        match reason {
            audit::Break::Unreadable => Self::Unreadable,
            audit::Break::WrongParent => Self::WrongParent,
            audit::Break::WrongTip => Self::WrongTip,
            audit::Break::WrongHash => Self::WrongHash,
        }
    }
}

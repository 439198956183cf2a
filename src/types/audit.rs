//! Retention, status, archives and search of the audit log.

use crate::log::BrokenAt;
use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// The settings of the log, which admins change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct AuditSettings {
    /// The least time that an entry is kept, in days, 1 to 36,500.
    pub retention_days: u32,
    /// The most bytes of kept entries, 1 MiB to 16 GiB; beyond it nothing is spent.
    pub capacity: u64,
}

/// The state of the log; times are in nanoseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct AuditStatus {
    /// The number of entries ever logged.
    pub log_length: u64,
    /// The first entry that is kept; earlier ones are archived.
    pub first_block: u64,
    /// The bytes of the kept entries.
    pub bytes_kept: u64,
    /// The settings in force.
    pub settings: AuditSettings,
    /// The first entry that no confirmed archive holds.
    pub unarchived_from: u64,
    /// The last time that the state was recomputed and its digest recorded.
    pub checkpointed_at: Option<u64>,
    /// The next entry to verify in the present round.
    pub unverified_from: u64,
    /// The last time that a part of the log was verified.
    pub verified_at: Option<u64>,
    /// The end of the last round through the whole log.
    pub round_ended_at: Option<u64>,
    /// The first broken entry that verification found; an emergency has started then.
    pub broken_at: Option<BrokenAt>,
    /// The number of failures to append in a row; at 3 an emergency starts.
    pub append_failures: u32,
    /// The last time that an older snapshot of the canister was loaded, as far as is known.
    pub snapshot_loaded_at: Option<u64>,
}

/// A copy of a part of the log that an auditor vouches for.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConfirmArchiveArgs {
    /// The last entry of the copy, which begins where the archive before ends.
    pub last: u64,
    /// The last entry's hash, 32 bytes.
    pub hash: ByteBuf,
    /// The place of the copy, for people, 1 to 512 bytes.
    pub location: String,
    /// The canister that serves the copy through `icrc3_get_blocks`, when one does.
    pub canister: Option<Principal>,
}

/// A confirmed copy of a part of the log.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ArchiveInfo {
    /// The first entry.
    pub first: u64,
    /// The last entry.
    pub last: u64,
    /// The last entry's hash, 32 bytes.
    pub hash: ByteBuf,
    /// The place of the copy, for people.
    pub location: String,
    /// The canister that serves the copy through `icrc3_get_blocks`, when one does.
    pub canister: Option<Principal>,
}

/// The subject of entries that are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum BlockFilter {
    /// Every entry.
    All,
    /// Entries about a wallet and its transfers.
    Wallet(u64),
    /// Entries of a principal's commands.
    Actor(Principal),
    /// Entries about a transfer.
    Transfer(u64),
}

/// A search of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct FindBlocksArgs {
    /// The subject.
    pub filter: BlockFilter,
    /// The first entry, inclusive.
    pub from: Option<u64>,
    /// The entry to end before, exclusive.
    pub until: Option<u64>,
    /// The earliest time, inclusive, in nanoseconds since the epoch.
    pub from_at: Option<u64>,
    /// The time to end before, exclusive, in nanoseconds since the epoch.
    pub until_at: Option<u64>,
    /// Whether the newest entries come first.
    pub newest_first: bool,
    /// The `next` of the page before.
    pub cursor: Option<u64>,
    /// The most entries on the page.
    pub limit: Option<u32>,
}

//! Retention of the audit log: settings, archives, and the bounds of both.

use crate::base::{BlockIndex, DAY_NS, Hash, Timestamp};
use crate::governance::settings::rebase;
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The longest description of an archive's location, in bytes.
pub const MAX_LOCATION_BYTES: usize = 512;
/// The smallest capacity of the log, in bytes.
pub const MIN_CAPACITY: u64 = 1 << 20;
/// The largest capacity of the log, in bytes: what stable memory holds beside everything else.
pub const MAX_CAPACITY: u64 = 16 << 30;
/// The shortest retention of a block, in days. A shorter one would let a block vanish before anybody looked.
pub const MIN_RETENTION_DAYS: u32 = 1;
/// The longest retention of a block, in days: a century.
pub const MAX_RETENTION_DAYS: u32 = 36_500;
/// The most blocks that one message prunes.
pub const MAX_PRUNED_BLOCKS: u64 = 1_000;
/// The interval between two looks for blocks to prune, in nanoseconds.
pub const PRUNE_INTERVAL_NS: u64 = 7 * DAY_NS;
/// The interval between two checkpoints of the state, in nanoseconds.
pub const CHECKPOINT_INTERVAL_NS: u64 = DAY_NS;

/// The settings of the log, as admins decide them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditSettings {
    /// The least age of a block, in days, at which it may be pruned once it is archived.
    pub retention_days: u32,
    /// The most bytes of the kept blocks, beyond which nothing is spent. Events that end or stop spending are logged beyond it.
    pub capacity: u64,
}

impl AuditSettings {
    /// Returns these settings, which were proposed when `old` were in force, on top of those in force now.
    ///
    /// # Errors
    /// When a setting that was to change has changed since: its name in the interface.
    pub fn rebased(self, old: Self, now: Self) -> Result<Self, &'static str> {
        let Self { retention_days, capacity } = self;
        Ok(Self {
            retention_days: rebase("retention_days", &retention_days, &old.retention_days, &now.retention_days)?,
            capacity: rebase("capacity", &capacity, &old.capacity, &now.capacity)?,
        })
    }
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { retention_days: 90, capacity: 4 << 30 }
    }
}

/// A copy of a part of the log that an auditor confirmed. Each archive begins where the one before ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// The first block of the copy.
    pub first: BlockIndex,
    /// The last block of the copy.
    pub last: BlockIndex,
    /// The hash of the last block.
    pub hash: Hash,
    /// The location of the copy, for people, with what identifies it, such as the hash of a file.
    pub location: String,
    /// The canister that serves the copy by ICRC-3's `icrc3_get_blocks`, if one does.
    pub canister: Option<Principal>,
}

/// The record about the log in the state. It follows from the log alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// The settings.
    pub settings: AuditSettings,
    /// The first block that no confirmed archive holds.
    pub archived: BlockIndex,
    /// The first block that the last pruning kept.
    pub kept: BlockIndex,
    /// The time of the last checkpoint.
    pub checkpointed_at: Option<Timestamp>,
}

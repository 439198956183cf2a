//! How long the log is kept, and where the rest of it is.

use crate::base::{BlockIndex, DAY_NS, Hash, Timestamp};
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The longest description of where an archive is kept, in bytes.
pub const MAX_LOCATION_BYTES: usize = 512;
/// The least that the log may be allowed to take, in bytes.
pub const MIN_CAPACITY: u64 = 1 << 20;
/// The most, in bytes: what the stable memory can hold beside everything else.
pub const MAX_CAPACITY: u64 = 16 << 30;
/// The shortest time that an entry is kept, in days. A shorter one would let an entry vanish before anybody looked.
pub const MIN_RETENTION_DAYS: u32 = 1;
/// The longest, in days: a century.
pub const MAX_RETENTION_DAYS: u32 = 36_500;
/// The most blocks that are given up in one message.
pub const MAX_PRUNED: u64 = 1_000;
/// How often it is looked whether there is something to give up, in nanoseconds.
pub const PRUNE_INTERVAL_NS: u64 = 7 * DAY_NS;
/// How often the state is recomputed and recorded, in nanoseconds.
pub const CHECKPOINT_INTERVAL_NS: u64 = DAY_NS;

/// What admins decide about the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditSettings {
    /// For how long an entry is kept at least, in days, before it may be given up for its archived copy.
    pub retention_days: u32,
    /// How many bytes the kept entries may take before nothing more is spent. What ends or stops spending is logged beyond it.
    pub capacity: u64,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { retention_days: 90, capacity: 4 << 30 }
    }
}

/// A copy of the log from its beginning or from where the archive before ends, which an auditor vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// The first block in it.
    pub first: BlockIndex,
    /// The last.
    pub last: BlockIndex,
    /// The hash of the last.
    pub hash: Hash,
    /// Where it is, for people; and what else tells it from others, as the hash of the file.
    pub location: String,
    /// The canister that serves it by ICRC-3's `icrc3_get_blocks`, when one does.
    pub canister: Option<Principal>,
}

/// What the state remembers of its log beside the log itself. A function of the log, like everything else in the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// What admins decided.
    pub settings: AuditSettings,
    /// The first block of which no archive is confirmed.
    pub archived: BlockIndex,
    /// The first block that was kept at the last pruning.
    pub kept: BlockIndex,
    /// When the state was last recorded.
    pub checkpointed_at: Option<Timestamp>,
}

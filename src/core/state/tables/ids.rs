//! Memory ids of the tables. An id is never used again for another table.

use crate::state::digest::TableId;

/// Declares the ids, and an enum that does not compile when two tables share one: they would overwrite each other.
macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $id:literal,)*) => {
        $($(#[$doc])* pub const $name: TableId = $id;)*

        #[allow(dead_code, non_camel_case_types, clippy::upper_case_acronyms)]
        enum Distinct {
            $($name = $id,)*
        }
    };
}

tables! {
    HEAD = 0,
    CONFIG = 1,
    KEYS = 2,
    ROLES = 3,
    AGENTS = 4,
    WALLETS = 5,
    // 6 and 7 were the policies and counters of version 0.1.
    TRANSFERS = 8,
    ACTIVE = 9,
    TRANSFERS_BY_WALLET = 10,
    IDEMPOTENCY = 11,
    LOCKED_OUTPOINTS = 12,
    // 13 and 14 were the log before it could be pruned.
    BUILT = 15,
    WALLETS_BY_AGENT = 16,
    // Policies and governance: 20 to 39.
    SETTINGS = 20,
    POLICIES = 21,
    POLICY_HISTORY = 22,
    SPENT = 23,
    ACTIVITY = 24,
    GROUPS = 25,
    RATES = 26,
    SESSIONS = 27,
    OPEN_SESSIONS = 28,
    PROPOSALS = 29,
    OPEN_PROPOSALS = 30,
    WALLETS_BY_OWNER = 31,
    // 32 was an index of the blocks with requests, before 43 indexed every block.
    CHAIN_BREAKERS = 33,
    WALLETS_BY_KEY = 34,
    AWAITING = 35,
    SESSION_ENDS = 36,
    CLIENT_KEY = 38,
    // The log, the digest and the monitor: 40 to 49.
    SUM = 40,
    LOG_INDEX = 41,
    LOG_DATA = 42,
    BLOCKS_BY_SUBJECT = 43,
    RETENTION = 44,
    ARCHIVES = 45,
    WATCH = 46,
    // Tables of single chains: 55 to 59, and 12.
    NONCES = 55,
    LIFETIME_SETTINGS = 56,
    PROVIDER_CHAINS = 57,
    PROVIDER_KEYS = 58,
    LANDED_SLOT = 59,
    QUARANTINED = 60,
    VERSIONS = 61,
    TRANSFERS_BY_STATUS = 62,
    TRANSFERS_BY_AGENT = 63,
}

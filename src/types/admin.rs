//! Roles, the mode of operation, and the public part of the configuration.

use crate::kaspa_config::KaspaConfig;
use crate::named::{Named, name_variants};
use crate::solana_config::SolanaConfig;
use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};

plain_enum! {
    /// A power over the whole canister.
    pub enum Role = purser_core::access::Role {
        /// Creates wallets, sets policies, grants powers, ends an emergency, ends quarantines.
        Admin,
        /// Starts an emergency, cancels transfers and proposals, removes agents.
        Guardian,
        /// May be a member of groups that approve transfers.
        Approver,
        /// Reads what takes work to answer, and confirms archives.
        Auditor,
        /// Tries policies out, and has balances refreshed.
        Viewer,
    }
}

/// A principal with its roles.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Member {
    /// The principal.
    pub principal: Principal,
    /// The roles; at least one.
    pub roles: Vec<Named<Role>>,
}

/// An agent of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Agent {
    /// The principal that may ask for transfers of the wallet.
    pub agent: Principal,
    /// The agent's name, for people.
    pub label: Option<String>,
    /// The time at which the agent was added, in nanoseconds since the epoch.
    pub added_at: u64,
}

/// The powers of the caller.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Permissions {
    /// The caller's roles.
    pub roles: Vec<Named<Role>>,
    /// Whether the caller is an agent of the wallet that was named; false when none was.
    pub is_agent: bool,
}

/// The mode of operation, which says whether money may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Mode {
    /// Policies decide about transfers.
    Normal,
    /// Nothing is reserved, built, signed or broadcast.
    Emergency {
        /// The beginning, in nanoseconds since the epoch.
        started_at: u64,
    },
    /// Policies decide, with every limit of money reduced to a share, after an emergency.
    Limited {
        /// The end of the emergency, in nanoseconds since the epoch.
        started_at: u64,
        /// The share, in percent.
        percent: u8,
    },
}

/// The mode of operation, and the recoveries that wait.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ModeStatus {
    /// The name of the mode, which every client can read.
    pub name: String,
    /// The mode; absent for a client that does not know it.
    pub value: Option<Mode>,
    /// The open recoveries of the role Admin, oldest first. Every admin can cancel them.
    pub recoveries: Vec<PendingRecovery>,
}

/// A recovery of the role Admin that waits.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct PendingRecovery {
    /// The number of its proposal.
    pub proposal_id: u64,
    /// The principals who become admins.
    pub admins: Vec<Principal>,
    /// The time at which they do, in nanoseconds since the epoch; absent while too few members agree.
    pub ready_at: Option<u64>,
}

name_variants!(Mode { Normal, Emergency, Limited });

/// The configuration as clients need it; the rest is in the log's first block.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Config {
    /// The module's version.
    pub version: String,
    /// The name of the threshold keys.
    pub key_name: String,
    /// The configuration of Kaspa.
    pub kaspa: KaspaConfig,
    /// The configuration of Solana.
    pub solana: SolanaConfig,
    /// Whether the threshold public keys are known, so that wallets can be created.
    pub keys_ready: bool,
}

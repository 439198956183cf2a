//! Roles, mode and configuration.

use super::init::{KaspaNetwork, SolanaNetwork};
use super::solana::Execution;
use candid::{CandidType, Principal};
use purser_core::access::{Role as CoreRole, Roles};
use purser_core::governance::config::Config as CoreConfig;
use purser_core::policy::Mode as CoreMode;
use serde::{Deserialize, Serialize};

/// A power that holds for the whole canister.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Role {
    /// Creates wallets, sets policies, grants powers, ends an emergency.
    Admin,
    /// Starts an emergency, cancels transfers and proposals, removes agents.
    Guardian,
    /// May be a member of groups that approve transfers.
    Approver,
    /// Reads what takes work to answer; confirms archives.
    Auditor,
    /// Has balances refreshed and policies tried out.
    Viewer,
}

/// A principal with its roles.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub principal: Principal,
    /// At least one.
    pub roles: Vec<Role>,
}

/// What the caller may do.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Permissions {
    /// For the whole canister.
    pub roles: Vec<Role>,
    /// Whether the caller is an agent of the wallet that was asked about.
    pub is_agent: bool,
}

/// Whether money may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Mode {
    /// Transfers are decided by their policies.
    Normal,
    /// Nothing is reserved, built, signed or broadcast.
    Emergency {
        /// When it began, in nanoseconds since the epoch.
        since: u64,
    },
    /// After an emergency: every limit of money is reduced to a share.
    Limited {
        /// When the emergency ended, in nanoseconds since the epoch.
        since: u64,
        /// The share, in percent.
        percent: u8,
    },
}

/// What a client needs to know of the configuration; the rest stands in the log's first block.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Config {
    /// The module's version.
    pub version: String,
    /// The name of the threshold keys.
    pub key_name: String,
    /// The cluster.
    pub solana_network: SolanaNetwork,
    /// The network.
    pub kaspa_network: KaspaNetwork,
    /// In lamports.
    pub solana_max_fee: u64,
    /// In sompi.
    pub kaspa_max_fee: u64,
    /// In sompi per gram of mass.
    pub kaspa_feerate: u64,
    /// In blue score under the tip.
    pub kaspa_confirmations: u64,
    /// In sompi per gram of mass.
    pub kaspa_max_feerate: u64,
    /// How many Kaspa providers must say the same.
    pub kaspa_agreement: u32,
    /// Above how many coins of a key the canister makes them fewer of itself; 0 for never.
    pub kaspa_consolidate_above: u32,
    /// Whether wallets can be created.
    pub keys_ready: bool,
    /// Whether transfers on Solana are carried out.
    pub solana_execution: Execution,
    /// How many Solana providers must agree.
    pub solana_quorum: u32,
}

impl Config {
    /// The public part of a configuration.
    pub fn new(config: CoreConfig, keys_ready: bool) -> Self {
        Self {
            version: crate::VERSION.into(),
            key_name: config.key_name,
            solana_network: config.solana.network.into(),
            kaspa_network: config.kaspa.network.into(),
            solana_execution: config.solana.execution().into(),
            solana_quorum: u32::try_from(config.solana.quorum()).unwrap_or(u32::MAX),
            solana_max_fee: config.solana.max_fee.get(),
            kaspa_max_fee: config.kaspa.max_fee.get(),
            kaspa_feerate: config.kaspa.feerate,
            kaspa_confirmations: config.kaspa.confirmations,
            kaspa_max_feerate: config.kaspa.max_feerate(),
            kaspa_agreement: config.kaspa.agreement() as u32,
            kaspa_consolidate_above: config.kaspa.consolidate_above.unwrap_or_default(),
            keys_ready,
        }
    }
}

/// The roles as the interface lists them.
pub fn roles(roles: &Roles) -> Vec<Role> {
    roles.0.iter().copied().map(Into::into).collect()
}

impl From<Role> for CoreRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Guardian => Self::Guardian,
            Role::Approver => Self::Approver,
            Role::Auditor => Self::Auditor,
            Role::Viewer => Self::Viewer,
        }
    }
}

impl From<CoreRole> for Role {
    fn from(role: CoreRole) -> Self {
        match role {
            CoreRole::Admin => Self::Admin,
            CoreRole::Guardian => Self::Guardian,
            CoreRole::Approver => Self::Approver,
            CoreRole::Auditor => Self::Auditor,
            CoreRole::Viewer => Self::Viewer,
        }
    }
}

impl From<CoreMode> for Mode {
    fn from(mode: CoreMode) -> Self {
        match mode {
            CoreMode::Normal => Self::Normal,
            CoreMode::Emergency { since } => Self::Emergency { since: since.nanos() },
            CoreMode::Limited { since, percent } => Self::Limited { since: since.nanos(), percent },
        }
    }
}

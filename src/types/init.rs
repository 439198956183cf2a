//! The installation argument.

use crate::kaspa_config::KaspaInit;
use crate::settings::SettingsInit;
use crate::solana_config::SolanaInit;
use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};

/// The argument of an installation or an upgrade.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct InitArgs {
    /// The first admins; at least one.
    pub admins: Vec<Principal>,
    /// The first guardians; may be empty.
    pub guardians: Vec<Principal>,
    /// The name of the threshold keys; fixed at installation.
    pub key_name: String,
    /// The providers and caps of Solana.
    pub solana: SolanaInit,
    /// The providers and caps of Kaspa.
    pub kaspa: KaspaInit,
    /// The recovery of the role Admin; none when absent.
    pub recovery: Option<RecoveryInit>,
    /// The settings that differ from their defaults; installation only.
    pub settings: Option<SettingsInit>,
}

/// The principals who can name new admins when too few are left for the quorum.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct RecoveryInit {
    /// The members, 1 to 16, none of whom is one of the first admins.
    pub members: Vec<Principal>,
    /// The number of members who have to agree; all of them when absent.
    pub quorum: Option<u32>,
    /// The time that a recovery waits after that, a day to 90 days; 14 days when absent.
    pub time_lock_seconds: Option<u64>,
}

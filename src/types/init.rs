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

//! Roles, the mode and the configuration as answers show them.

use crate::admin::{Config, Mode, Role};
use crate::init::{KaspaNetwork, SolanaNetwork};
use crate::named::Named;
use crate::solana::Execution;
use purser_core::VERSION;
use purser_core::access::Roles;
use purser_core::governance::config;
use purser_core::policy;

impl Config {
    /// Returns the public part of a configuration. `keys_ready`: the threshold public keys are known.
    pub fn new(config: &config::Config, keys_ready: bool) -> Self {
        Self {
            version: VERSION.to_owned(),
            key_name: config.key_name.clone(),
            solana_network: SolanaNetwork::from(config.solana.network).into(),
            kaspa_network: KaspaNetwork::from(config.kaspa.network).into(),
            solana_execution: Execution::from(config.solana.execution()).into(),
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

/// Returns the roles of a principal in a list.
pub fn roles(roles: &Roles) -> Vec<Named<Role>> {
    roles.0.iter().map(|role| Role::from(*role).into()).collect()
}

impl From<policy::Mode> for Mode {
    fn from(mode: policy::Mode) -> Self {
        match mode {
            policy::Mode::Normal => Self::Normal,
            policy::Mode::Emergency { since } => Self::Emergency { since: since.nanos() },
            policy::Mode::Limited { since, percent } => Self::Limited { since: since.nanos(), percent },
        }
    }
}

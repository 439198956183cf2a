//! Roles, the mode and the configuration as answers show them.

use crate::admin::{Agent, Config, Mode, Role};
use crate::named::Named;
use candid::Principal;
use purser_core::VERSION;
use purser_core::access::{self, Roles};
use purser_core::governance::config;
use purser_core::policy;

impl Config {
    /// Returns the public part of a configuration. `keys_ready`: the threshold public keys are known.
    pub fn new(config: &config::Config, keys_ready: bool) -> Self {
        Self {
            version: VERSION.to_owned(),
            key_name: config.key_name.clone(),
            kaspa: (&config.chains.kaspa).into(),
            solana: (&config.chains.solana).into(),
            keys_ready,
        }
    }
}

impl Agent {
    /// Returns the record of an agent.
    pub fn new(agent: Principal, record: access::Agent) -> Self {
        Self { agent, label: record.label, added_at: record.added_at.nanos() }
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
            policy::Mode::Emergency { since } => Self::Emergency { started_at: since.nanos() },
            policy::Mode::Limited { since, percent } => Self::Limited { started_at: since.nanos(), percent },
        }
    }
}

//! Roles, the mode and the configuration as answers show them.

use crate::admin::{Agent, Config, Mode, ModeStatus, PendingRecovery, Role};
use crate::named::Named;
use candid::Principal;
use purser_core::VERSION;
use purser_core::access::{self, Roles};
use purser_core::base::Timestamp;
use purser_core::governance::{self, config};
use purser_core::policy;

impl ModeStatus {
    /// Returns a mode of the domain, with the recoveries that wait.
    pub fn new(mode: policy::Mode, recoveries: Vec<governance::Proposal>) -> Self {
        let Named { name, value } = Mode::from(mode).into();
        Self { name, value, recoveries: recoveries.into_iter().filter_map(PendingRecovery::new).collect() }
    }
}

impl PendingRecovery {
    /// Returns an open proposal of the recovery; `None` for another proposal.
    fn new(proposal: governance::Proposal) -> Option<Self> {
        let governance::Action::RecoverAdmins(admins) = proposal.action else { return None };
        let ready_at = proposal.ready_at.map(Timestamp::nanos);
        Some(Self { proposal_id: proposal.id.get(), admins: admins.into_iter().collect(), ready_at })
    }
}

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

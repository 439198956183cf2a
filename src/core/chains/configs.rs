//! Configurations of all chains.

use super::config::{ChainConfig, ConfigError};
use super::kaspa::config::KaspaConfig;
use super::solana::config::SolanaConfig;
use crate::base::Chain;
use serde::{Deserialize, Serialize};

/// The configurations of all chains, one of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainConfigs {
    /// The configuration of Kaspa.
    pub kaspa: KaspaConfig,
    /// The configuration of Solana.
    pub solana: SolanaConfig,
}

impl ChainConfigs {
    /// Returns the configuration of a chain.
    pub fn of(&self, chain: Chain) -> &dyn ChainConfig {
        match chain {
            Chain::Kaspa => &self.kaspa,
            Chain::Solana => &self.solana,
        }
    }

    /// Whether a provider of any chain is configured by this name.
    pub fn names_provider(&self, name: &str) -> bool {
        Chain::ALL.iter().any(|chain| self.of(*chain).providers().iter().any(|known| known == name))
    }

    /// Whether the network of any chain is a mainnet.
    pub fn has_mainnet(&self) -> bool {
        Chain::ALL.iter().any(|chain| self.of(*chain).is_mainnet())
    }

    /// Returns the name of the field whose network differs in other configurations; `None` when all networks are the same.
    pub fn changed_network(&self, other: &Self) -> Option<&'static str> {
        let changed = |chain: &&Chain| self.of(**chain).network_name() != other.of(**chain).network_name();
        Chain::ALL.iter().find(changed).map(|chain| self.of(*chain).network_field())
    }

    /// Checks every field of every configuration.
    ///
    /// # Errors
    /// When a field cannot be accepted: the first such field, with the values that would be accepted.
    pub fn validate(&self) -> Result<(), ConfigError> {
        Chain::ALL.iter().try_for_each(|chain| self.of(*chain).validate())
    }
}

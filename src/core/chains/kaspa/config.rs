//! Configuration of Kaspa: network, providers, fees and confirmations.

use super::address::Network;
use super::coin::COIN;
use super::fee::{FLOOR_SOMPI_PER_GRAM, MINIMUM_TRANSFER_FEE};
use crate::base::{Amount, Asset};
use crate::chains::config::{ChainConfig, ConfigError, Execution};
use crate::chains::providers::{is_endpoint, quorum, require_second_provider, validate_providers, validate_quorum};
use serde::{Deserialize, Serialize};

/// The most confirmations that may be demanded, in blue score: some hours. More would never be reached in practice.
pub const MAX_CONFIRMATIONS: u64 = 100_000;
/// The highest fee rate when the installer names none, in sompi per gram. A quiet network asks for a tenth of it.
pub const DEFAULT_MAX_FEERATE: u64 = 1_000;
/// The highest fee cap of a transfer, in sompi: one KAS, whatever is installed or asked for.
///
/// At the network's floor, a transaction of the size that one block takes costs half of it.
pub const MAX_FEE_CAP: u64 = 100_000_000;

/// The configuration of Kaspa: how it is reached, and what a transfer may cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KaspaConfig {
    /// The network. Fixed at installation, because it is part of the derivation path.
    pub network: Network,
    /// The URLs of REST servers, in order of preference.
    pub providers: Vec<String>,
    /// The fee cap of a transfer whose request names none, in sompi; at most [`MAX_FEE_CAP`].
    pub max_fee: Amount,
    /// The number of providers that must agree about coins and acceptance; see [`quorum`].
    pub quorum: Option<u32>,
    /// The execution gate; see [`Execution::default_of`].
    pub execution: Option<Execution>,
    /// The lowest fee rate of transfers, in sompi per gram of mass; at least the network's floor.
    pub feerate: u64,
    /// The highest fee rate of transfers, in sompi per gram, whatever a provider suggests.
    ///
    /// When absent: [`DEFAULT_MAX_FEERATE`], or `feerate` when that is more.
    pub max_feerate: Option<u64>,
    /// The depth of the accepting block below the tip, in blue score, from which on a transfer counts as confirmed.
    pub confirmations: u64,
    /// The number of coins of a threshold key above which the canister consolidates while the network is quiet.
    ///
    /// Never when it is 0 or absent.
    pub consolidate_above: Option<u32>,
}

impl KaspaConfig {
    /// Returns the highest fee rate of transfers, in sompi per gram.
    pub fn max_feerate(&self) -> u64 {
        self.max_feerate.unwrap_or(DEFAULT_MAX_FEERATE).max(self.feerate)
    }

    fn validate_max_fee(&self) -> Result<(), ConfigError> {
        let (least, most) = (Amount::new(MINIMUM_TRANSFER_FEE), Amount::new(MAX_FEE_CAP));
        if self.max_fee < least {
            let problem = format!("a transfer with one input and two outputs costs at least {}", COIN.text(least));
            return Err(ConfigError::new("kaspa.max_fee", problem));
        }
        if self.max_fee > most {
            let (named, most) = (COIN.text(self.max_fee), COIN.text(most));
            return Err(ConfigError::new("kaspa.max_fee", format!("{named} are more than any transfer may pay: at most {most}")));
        }
        Ok(())
    }

    fn validate_feerates(&self) -> Result<(), ConfigError> {
        if self.feerate < FLOOR_SOMPI_PER_GRAM {
            return Err(ConfigError::new("kaspa.feerate", "nodes relay nothing under 100 sompi per gram"));
        }
        if self.max_feerate.is_some_and(|most| most < self.feerate) {
            return Err(ConfigError::new("kaspa.max_feerate", "not under kaspa.feerate, which transfers pay at least"));
        }
        Ok(())
    }

    fn validate_confirmations(&self) -> Result<(), ConfigError> {
        let field = "kaspa.confirmations";
        if self.confirmations == 0 {
            return Err(ConfigError::new(field, "at least 1; acceptance in a block alone can be reversed"));
        }
        if self.confirmations > MAX_CONFIRMATIONS {
            return Err(ConfigError::new(field, format!("at most {MAX_CONFIRMATIONS}; a transfer would not end in time")));
        }
        Ok(())
    }
}

impl ChainConfig for KaspaConfig {
    fn network_name(&self) -> &'static str {
        self.network.name()
    }

    fn network_field(&self) -> &'static str {
        "kaspa.network"
    }

    fn is_mainnet(&self) -> bool {
        self.network == Network::Mainnet
    }

    fn providers(&self) -> &[String] {
        &self.providers
    }

    fn quorum(&self) -> usize {
        quorum(self.quorum, self.providers.len())
    }

    fn execution(&self) -> Execution {
        self.execution.unwrap_or(Execution::default_of(self.is_mainnet()))
    }

    fn fee_cap(&self, _: Asset, _: usize) -> Amount {
        self.max_fee
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let (field, providers) = ("kaspa.providers", self.providers.len());
        validate_providers(field, &self.providers, |url| is_endpoint(url, self.network == Network::Simnet))?;
        require_second_provider(field, providers, self.is_mainnet())?;
        self.validate_max_fee()?;
        self.validate_feerates()?;
        validate_quorum("kaspa.quorum", self.quorum, providers, self.is_mainnet())?;
        self.validate_confirmations()
    }
}

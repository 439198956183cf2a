//! Configuration of Kaspa: network, providers, fees and confirmations.

use super::error::{ConfigError, error};
use super::providers::{MIN_MAINNET_PROVIDERS, is_endpoint, require_second_provider, validate_providers};
use crate::base::{Amount, Asset, amount_text};
use crate::chains::kaspa::{FLOOR_SOMPI_PER_GRAM, MINIMUM_TRANSFER_FEE, Network};
use serde::{Deserialize, Serialize};

/// The most confirmations that may be demanded, in blue score: some hours. More would never be reached in practice.
pub const MAX_CONFIRMATIONS: u64 = 100_000;
/// The number of Kaspa providers that must agree when the installer names none.
pub const DEFAULT_AGREEMENT: u32 = 2;
/// The highest Kaspa fee rate when the installer names none, in sompi per gram. A quiet network asks for a tenth of it.
pub const DEFAULT_MAX_FEERATE: u64 = 1_000;
/// The highest fee cap of a transfer, in sompi: one KAS, whatever is installed or asked for.
///
/// At the network's floor, a transaction of the size that one block takes costs half of it.
pub const MAX_KASPA_MAX_FEE: u64 = 100_000_000;

/// The configuration of Kaspa: how it is reached, and what a transfer may cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KaspaConfig {
    /// The network. Fixed at installation, because it is part of the derivation path.
    pub network: Network,
    /// The URLs of REST servers, in order of preference.
    pub providers: Vec<String>,
    /// The fee cap of a transfer whose request names none, in sompi; at most [`MAX_KASPA_MAX_FEE`].
    pub max_fee: Amount,
    /// The lowest fee rate of transfers, in sompi per gram of mass; at least the network's floor.
    pub feerate: u64,
    /// The depth of the accepting block below the tip, in blue score, from which on a transfer counts as confirmed.
    pub confirmations: u64,
    /// The highest fee rate of transfers, in sompi per gram, whatever a provider suggests.
    ///
    /// When absent: [`DEFAULT_MAX_FEERATE`], or `feerate` when that is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_feerate: Option<u64>,
    /// The number of providers that must agree about coins and acceptance.
    ///
    /// When absent: [`DEFAULT_AGREEMENT`], or all providers when there are fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<u32>,
    /// The number of coins of a threshold key above which the canister consolidates while the network is quiet.
    ///
    /// Never when it is 0 or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consolidate_above: Option<u32>,
}

impl KaspaConfig {
    /// Returns the number of providers that must agree, from 1 to the number of providers.
    pub fn agreement(&self) -> usize {
        let wanted = self.agreement.unwrap_or(DEFAULT_AGREEMENT) as usize;
        wanted.clamp(1, self.providers.len().max(1))
    }

    /// Returns the highest fee rate of transfers, in sompi per gram.
    pub fn max_feerate(&self) -> u64 {
        self.max_feerate.unwrap_or(DEFAULT_MAX_FEERATE).max(self.feerate)
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let field = "kaspa.providers";
        validate_providers(field, &self.providers, |url| is_endpoint(url, self.network == Network::Simnet))?;
        require_second_provider(field, &self.providers, self.network == Network::Mainnet)?;
        self.validate_max_fee()?;
        if self.feerate < FLOOR_SOMPI_PER_GRAM {
            return Err(error("kaspa.feerate", "nodes relay nothing under 100 sompi per gram"));
        }
        if self.max_feerate.is_some_and(|most| most < self.feerate) {
            return Err(error("kaspa.max_feerate", "not under kaspa.feerate, which transfers pay at least"));
        }
        self.validate_agreement()?;
        if self.confirmations == 0 {
            return Err(error("kaspa.confirmations", "at least 1; acceptance in a block alone can be reversed"));
        }
        if self.confirmations > MAX_CONFIRMATIONS {
            return Err(error("kaspa.confirmations", format!("at most {MAX_CONFIRMATIONS}; a transfer would not end in time")));
        }
        Ok(())
    }

    fn validate_max_fee(&self) -> Result<(), ConfigError> {
        let (least, most) = (Amount::new(MINIMUM_TRANSFER_FEE), Amount::new(MAX_KASPA_MAX_FEE));
        let text = |amount| amount_text(Asset::Kas, amount);
        if self.max_fee < least {
            return Err(error(
                "kaspa.max_fee",
                format!("a transfer with one input and two outputs costs at least {}", text(least)),
            ));
        }
        if self.max_fee > most {
            let problem = format!("{} are more than any transfer may pay: at most {}", text(self.max_fee), text(most));
            return Err(error("kaspa.max_fee", problem));
        }
        Ok(())
    }

    fn validate_agreement(&self) -> Result<(), ConfigError> {
        let field = "kaspa.agreement";
        let Some(agreement) = self.agreement else { return Ok(()) };
        if agreement == 0 || agreement as usize > self.providers.len() {
            return Err(error(field, "between 1 and the number of providers"));
        }
        if self.network == Network::Mainnet && (agreement as usize) < MIN_MAINNET_PROVIDERS {
            return Err(error(field, "one provider's word is no proof; at least two must agree"));
        }
        Ok(())
    }
}

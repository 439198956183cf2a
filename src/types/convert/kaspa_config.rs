//! The installation argument of Kaspa as a configuration, and the configuration as answers show it.

use crate::execution::Execution;
use crate::kaspa_config::{DEFAULT_KASPA_FEERATE, DEFAULT_KASPA_MAX_FEE, KaspaConfig, KaspaInit, KaspaNetwork};
use purser_core::base::Amount;
use purser_core::chains::config::ChainConfig;
use purser_core::chains::kaspa::config as domain;

impl KaspaInit {
    /// Returns the configuration; an absent field has its value in `current` at an upgrade and its default at installation.
    pub fn into_config(self, current: Option<&domain::KaspaConfig>) -> domain::KaspaConfig {
        let is_public = matches!(self.network, KaspaNetwork::Mainnet | KaspaNetwork::Testnet10);
        let confirmations = if is_public { 100 } else { 10 };
        let default = Amount::new(DEFAULT_KASPA_MAX_FEE);
        domain::KaspaConfig {
            network: self.network.into(),
            providers: self.providers,
            max_fee: self.max_fee.map(Amount::new).or(current.map(|config| config.max_fee)).unwrap_or(default),
            quorum: self.quorum.or(current.and_then(|config| config.quorum)),
            execution: self.execution.map(Into::into).or(current.and_then(|config| config.execution)),
            feerate: self.feerate.or(current.map(|config| config.feerate)).unwrap_or(DEFAULT_KASPA_FEERATE),
            max_feerate: self.max_feerate.or(current.and_then(|config| config.max_feerate)),
            confirmations: self.confirmations.or(current.map(|config| config.confirmations)).unwrap_or(confirmations),
            consolidate_above: self.consolidate_above.or(current.and_then(|config| config.consolidate_above)),
        }
    }
}

impl From<&domain::KaspaConfig> for KaspaConfig {
    fn from(config: &domain::KaspaConfig) -> Self {
        Self {
            network: KaspaNetwork::from(config.network).into(),
            max_fee: config.max_fee.get(),
            quorum: u32::try_from(config.quorum()).unwrap_or(u32::MAX),
            execution: Execution::from(config.execution()).into(),
            feerate: config.feerate,
            max_feerate: config.max_feerate(),
            confirmations: config.confirmations,
            consolidate_above: config.consolidate_above.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn confirmations_depend_on_who_mines() {
        for (network, confirmations) in
            [(KaspaNetwork::Mainnet, 100), (KaspaNetwork::Testnet10, 100), (KaspaNetwork::Devnet, 10), (KaspaNetwork::Simnet, 10)]
        {
            let init = KaspaInit { network, ..fixture::init_args().kaspa };
            assert_eq!(init.into_config(None).confirmations, confirmations, "{network:?}");
        }
    }

    #[test]
    fn a_fee_cap_has_a_floor_and_a_ceiling() {
        let judged = |max_fee| {
            let init = KaspaInit { max_fee: Some(max_fee), ..fixture::init_args().kaspa };
            init.into_config(None).validate().map_err(|error| error.to_string())
        };
        assert_eq!((judged(205_800), judged(100_000_000)), (Ok(()), Ok(())));
        let above = "kaspa.max_fee: 1.00000001 KAS (100,000,001 sompi) are more than any transfer may pay: at most 1 KAS (100,000,000 sompi)";
        assert_eq!(judged(100_000_001), Err(above.to_owned()));
        assert!(judged(u64::MAX).is_err());
        let below = "kaspa.max_fee: a transfer with one input and two outputs costs at least 0.002058 KAS (205,800 sompi)";
        assert_eq!(judged(205_799), Err(below.to_owned()));
    }
}

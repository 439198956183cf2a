//! The installation argument of Solana as a configuration, and the configuration as answers show it.

use crate::execution::Execution;
use crate::solana_config::{DEFAULT_SOLANA_MAX_FEE, SolanaConfig, SolanaInit, SolanaNetwork};
use purser_core::base::{Amount, Bytes};
use purser_core::chains::config::ChainConfig;
use purser_core::chains::solana::{Blockhash, config as domain};

impl SolanaInit {
    /// Returns the configuration; an absent field has its value in `current` at an upgrade and its default at installation.
    pub fn into_config(self, current: Option<&domain::SolanaConfig>) -> domain::SolanaConfig {
        // A text that is no hash becomes one without bytes, which the check of the configuration refuses.
        let hash = |text: String| Blockhash::parse(&text).map_or_else(|_| Bytes::default(), |hash| Bytes::new(*hash.as_bytes()));
        let default = Amount::new(DEFAULT_SOLANA_MAX_FEE);
        domain::SolanaConfig {
            network: self.network.into(),
            providers: self.providers,
            max_fee: self.max_fee.map(Amount::new).or(current.map(|config| config.max_fee)).unwrap_or(default),
            quorum: self.quorum.or(current.and_then(|config| config.quorum)),
            execution: self.execution.map(Into::into).or(current.and_then(|config| config.execution)),
            max_unit_price: self.max_unit_price.or(current.and_then(|config| config.max_unit_price)),
            max_rent: self.max_rent.map(Amount::new).or(current.and_then(|config| config.max_rent)),
            genesis: self.genesis.map(hash).or(current.and_then(|config| config.genesis.clone())),
        }
    }
}

impl From<&domain::SolanaConfig> for SolanaConfig {
    fn from(config: &domain::SolanaConfig) -> Self {
        Self {
            network: SolanaNetwork::from(config.network).into(),
            max_fee: config.max_fee.get(),
            quorum: u32::try_from(config.quorum()).unwrap_or(u32::MAX),
            execution: Execution::from(config.execution()).into(),
            max_unit_price: config.max_unit_price(),
            max_rent: config.max_rent().get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use purser_core::chains::config::Execution as DomainExecution;

    fn init() -> SolanaInit {
        fixture::init_args().solana
    }

    #[test]
    fn what_is_not_named_stays() {
        let first = SolanaInit { quorum: Some(2), max_rent: Some(5), ..init() }.into_config(None);
        assert_eq!((first.quorum, first.max_rent, first.execution), (Some(2), Some(Amount::new(5)), None));
        let second = SolanaInit { execution: Some(Execution::Live), ..init() }.into_config(Some(&first));
        assert_eq!((second.quorum, second.execution), (Some(2), Some(DomainExecution::Live)));
        assert_eq!(init().into_config(Some(&first)), first);
    }

    #[test]
    fn a_genesis_that_is_no_hash_is_refused() {
        let wrong = SolanaInit { genesis: Some("zzz".into()), ..init() }.into_config(None);
        assert_eq!(wrong.validate().map_err(|error| error.field), Err("solana.genesis"));
    }
}

//! The installation argument as a configuration.

use super::solana::options;
use crate::init::{DEFAULT_KASPA_FEERATE, DEFAULT_KASPA_MAX_FEE, DEFAULT_SOLANA_MAX_FEE, InitArgs, KaspaNetwork};
use purser_core::base::Amount;
use purser_core::governance::config::{Config, KaspaConfig, SolanaConfig};

impl InitArgs {
    /// Returns the configuration; an absent field has its value in `current` at an upgrade and its default at installation.
    ///
    /// Nothing is checked here; `Config::validate` does that.
    pub fn into_config(self, current: Option<&Config>) -> Config {
        let Self { admins, guardians, key_name, solana, kaspa, settings: _ } = self;
        let is_public = matches!(kaspa.network, KaspaNetwork::Mainnet | KaspaNetwork::Testnet10);
        let confirmations = if is_public { 100 } else { 10 };
        let max_fee =
            |named: Option<u64>, held: Option<Amount>, default| named.map(Amount::new).or(held).unwrap_or(Amount::new(default));
        Config {
            admins,
            guardians,
            key_name,
            solana: SolanaConfig {
                network: solana.network.into(),
                providers: solana.providers,
                max_fee: max_fee(solana.max_fee, current.map(|c| c.solana.max_fee), DEFAULT_SOLANA_MAX_FEE),
                options: options(solana.options, current.and_then(|c| c.solana.options.clone())),
            },
            kaspa: KaspaConfig {
                network: kaspa.network.into(),
                providers: kaspa.providers,
                max_fee: max_fee(kaspa.max_fee, current.map(|c| c.kaspa.max_fee), DEFAULT_KASPA_MAX_FEE),
                feerate: kaspa.feerate.or(current.map(|c| c.kaspa.feerate)).unwrap_or(DEFAULT_KASPA_FEERATE),
                confirmations: kaspa.confirmations.or(current.map(|c| c.kaspa.confirmations)).unwrap_or(confirmations),
                max_feerate: kaspa.max_feerate.or(current.and_then(|c| c.kaspa.max_feerate)),
                agreement: kaspa.agreement.or(current.and_then(|c| c.kaspa.agreement)),
                consolidate_above: kaspa.consolidate_above.or(current.and_then(|c| c.kaspa.consolidate_above)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use purser_core::chains::{kaspa, solana};

    #[test]
    fn what_is_absent_has_the_documented_default() {
        let config = fixture::init_args().into_config(None);
        assert_eq!(config.solana.max_fee, Amount::new(10_000));
        assert_eq!(config.kaspa.max_fee, Amount::new(5_000_000));
        assert_eq!(config.kaspa.feerate, 100);
        assert_eq!(config.validate(), Ok(()));
    }

    #[test]
    fn a_fee_cap_has_a_floor_and_a_ceiling() {
        let judged = |max_fee| {
            let mut args = fixture::init_args();
            args.kaspa.max_fee = Some(max_fee);
            args.into_config(None).validate().map_err(|error| error.to_string())
        };
        assert_eq!((judged(205_800), judged(100_000_000)), (Ok(()), Ok(())));
        let above = "kaspa.max_fee: 1.00000001 KAS (100,000,001 sompi) are more than any transfer may pay: at most 1 KAS (100,000,000 sompi)";
        assert_eq!(judged(100_000_001), Err(above.to_owned()));
        assert!(judged(u64::MAX).is_err());
        let below = "kaspa.max_fee: a transfer with one input and two outputs costs at least 0.002058 KAS (205,800 sompi)";
        assert_eq!(judged(205_799), Err(below.to_owned()));
    }

    #[test]
    fn confirmations_depend_on_who_mines() {
        for (network, confirmations) in
            [(KaspaNetwork::Mainnet, 100), (KaspaNetwork::Testnet10, 100), (KaspaNetwork::Devnet, 10), (KaspaNetwork::Simnet, 10)]
        {
            let mut args = fixture::init_args();
            args.kaspa.network = network;
            assert_eq!(args.into_config(None).kaspa.confirmations, confirmations, "{network:?}");
        }
    }

    #[test]
    fn what_is_said_is_kept() {
        let mut args = fixture::init_args();
        args.solana.max_fee = Some(7_000);
        args.kaspa.max_fee = Some(300_000);
        args.kaspa.feerate = Some(250);
        args.kaspa.confirmations = Some(3);
        (args.kaspa.max_feerate, args.kaspa.agreement) = (Some(900), Some(1));
        let config = args.into_config(None);
        assert_eq!((config.solana.max_fee, config.kaspa.max_fee), (Amount::new(7_000), Amount::new(300_000)));
        assert_eq!((config.kaspa.feerate, config.kaspa.confirmations), (250, 3));
        assert_eq!((config.kaspa.max_feerate(), config.kaspa.agreement()), (900, 1));
        assert_eq!(config.solana.network, solana::Cluster::Local);
        assert_eq!(config.kaspa.network, kaspa::Network::Simnet);
    }

    #[test]
    fn an_upgrade_keeps_what_it_does_not_name() {
        let mut args = fixture::init_args();
        (args.solana.max_fee, args.kaspa.max_fee) = (Some(7_000), Some(300_000));
        (args.kaspa.feerate, args.kaspa.confirmations) = (Some(250), Some(3));
        (args.kaspa.max_feerate, args.kaspa.agreement) = (Some(900), Some(1));
        let current = args.into_config(None);
        assert_eq!(fixture::init_args().into_config(Some(&current)), current);
    }
}

//! The installation argument and its defaults.

use super::settings::SettingsInit;
use super::solana::{SolanaOptions, options};
use candid::{CandidType, Principal};
use purser_core::base::Amount;
use purser_core::chains::{kaspa, solana};
use purser_core::governance::config::{Config, KaspaConfig, SolanaConfig};
use serde::{Deserialize, Serialize};

/// The fee cap of a Solana transfer when the installer names none, in lamports: one signature costs 5000.
pub const DEFAULT_SOLANA_MAX_FEE: u64 = 10_000;
/// The fee cap of a Kaspa transfer when the installer names none, in sompi. The 1,000,000 of Kaspa's deployment guide are from the time
/// when nodes relayed for one sompi per gram. Since the Toccata fork they ask for 100, at which an input costs 111,800 sompi: 1,000,000
/// would not pay for nine coins, and 40 coins cost 4.5 million. The guide's ceiling holds: [`MAX_KASPA_MAX_FEE`].
///
/// [`MAX_KASPA_MAX_FEE`]: purser_core::governance::config::MAX_KASPA_MAX_FEE
pub const DEFAULT_KASPA_MAX_FEE: u64 = 5_000_000;
/// The relay floor, in sompi per gram.
pub const DEFAULT_KASPA_FEERATE: u64 = 100;

/// A Solana cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum SolanaNetwork {
    /// Real money.
    Mainnet,
    /// The validators' rehearsal cluster.
    Testnet,
    /// The developers' cluster.
    Devnet,
    /// A private cluster.
    Local,
}

/// A Kaspa network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum KaspaNetwork {
    /// Real money.
    Mainnet,
    /// The public test network.
    Testnet10,
    /// A private development network.
    Devnet,
    /// A simulation network.
    Simnet,
}

/// How Solana is reached.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaInit {
    /// Fixed at installation.
    pub network: SolanaNetwork,
    /// JSON-RPC endpoints in order of preference.
    pub providers: Vec<String>,
    /// In lamports; [`DEFAULT_SOLANA_MAX_FEE`] when absent.
    pub max_fee: Option<u64>,
    /// What has a default.
    pub options: Option<SolanaOptions>,
}

/// How Kaspa is reached.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct KaspaInit {
    /// Fixed at installation.
    pub network: KaspaNetwork,
    /// REST endpoints in order of preference.
    pub providers: Vec<String>,
    /// In sompi, at most 100,000,000; [`DEFAULT_KASPA_MAX_FEE`] when absent.
    pub max_fee: Option<u64>,
    /// In sompi per gram of mass; [`DEFAULT_KASPA_FEERATE`] when absent.
    pub feerate: Option<u64>,
    /// In blue score under the tip; when absent 100 where strangers mine, 10 on private networks.
    pub confirmations: Option<u64>,
    /// In sompi per gram of mass.
    pub max_feerate: Option<u64>,
    /// How many providers must say the same.
    pub agreement: Option<u32>,
    /// A key with more coins than this has them made fewer by the canister itself; 0 for never.
    pub consolidate_above: Option<u32>,
}

/// What an operator decides at installation.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct InitArgs {
    /// Principals that administer the canister from the start.
    pub admins: Vec<Principal>,
    /// Principals that may start an emergency from the start.
    pub guardians: Vec<Principal>,
    /// The name of the threshold keys.
    pub key_name: String,
    /// How Solana is reached.
    pub solana: SolanaInit,
    /// How Kaspa is reached.
    pub kaspa: KaspaInit,
    /// What admins tune later; what is absent has its default.
    pub settings: Option<SettingsInit>,
}

impl InitArgs {
    /// Fills in what is absent: what holds already at an upgrade, the defaults at installation. Nothing is judged here.
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

impl From<SolanaNetwork> for solana::Cluster {
    fn from(network: SolanaNetwork) -> Self {
        match network {
            SolanaNetwork::Mainnet => Self::Mainnet,
            SolanaNetwork::Testnet => Self::Testnet,
            SolanaNetwork::Devnet => Self::Devnet,
            SolanaNetwork::Local => Self::Local,
        }
    }
}

impl From<solana::Cluster> for SolanaNetwork {
    fn from(network: solana::Cluster) -> Self {
        match network {
            solana::Cluster::Mainnet => Self::Mainnet,
            solana::Cluster::Testnet => Self::Testnet,
            solana::Cluster::Devnet => Self::Devnet,
            solana::Cluster::Local => Self::Local,
        }
    }
}

impl From<KaspaNetwork> for kaspa::Network {
    fn from(network: KaspaNetwork) -> Self {
        match network {
            KaspaNetwork::Mainnet => Self::Mainnet,
            KaspaNetwork::Testnet10 => Self::Testnet10,
            KaspaNetwork::Devnet => Self::Devnet,
            KaspaNetwork::Simnet => Self::Simnet,
        }
    }
}

impl From<kaspa::Network> for KaspaNetwork {
    fn from(network: kaspa::Network) -> Self {
        match network {
            kaspa::Network::Mainnet => Self::Mainnet,
            kaspa::Network::Testnet10 => Self::Testnet10,
            kaspa::Network::Devnet => Self::Devnet,
            kaspa::Network::Simnet => Self::Simnet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture;

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

    #[test]
    fn networks_keep_their_names() {
        for network in kaspa::Network::ALL {
            assert_eq!(kaspa::Network::from(KaspaNetwork::from(network)), network);
            assert_eq!(format!("{:?}", KaspaNetwork::from(network)), format!("{network:?}"));
        }
        for network in [SolanaNetwork::Mainnet, SolanaNetwork::Testnet, SolanaNetwork::Devnet, SolanaNetwork::Local] {
            assert_eq!(SolanaNetwork::from(solana::Cluster::from(network)), network);
            assert_eq!(format!("{:?}", solana::Cluster::from(network)), format!("{network:?}"));
        }
    }
}

//! The installation argument and its defaults.

use crate::settings::SettingsInit;
use crate::solana::SolanaOptions;
use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};

/// The default cap on a Solana transfer's fee, in lamports. One signature costs 5,000.
pub const DEFAULT_SOLANA_MAX_FEE: u64 = 10_000;
/// The default cap on a Kaspa transfer's fee, in sompi.
///
/// The 1,000,000 of Kaspa's deployment guide are from the time when nodes relayed for one sompi per gram. Since the Toccata fork they ask
/// for 100, at which an input costs 111,800 sompi: 1,000,000 would not pay for nine coins, and 40 coins cost 4.5 million. The guide's
/// ceiling of 100,000,000 holds.
pub const DEFAULT_KASPA_MAX_FEE: u64 = 5_000_000;
/// The default lowest fee rate, in sompi per gram: the relay floor.
pub const DEFAULT_KASPA_FEERATE: u64 = 100;

plain_enum! {
    /// A Solana cluster.
    pub enum SolanaNetwork = purser_core::chains::solana::Cluster {
        /// The cluster whose lamports are money.
        Mainnet,
        /// The validators' rehearsal cluster.
        Testnet,
        /// The developers' cluster.
        Devnet,
        /// A private cluster.
        Local,
    }
}

plain_enum! {
    /// A Kaspa network.
    pub enum KaspaNetwork = purser_core::chains::kaspa::Network {
        /// The network whose sompi are money.
        Mainnet,
        /// The public test network.
        Testnet10,
        /// A private development network.
        Devnet,
        /// A simulation network, without proof of work.
        Simnet,
    }
}

/// The providers and caps of Solana.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaInit {
    /// The cluster; fixed at installation.
    pub network: SolanaNetwork,
    /// The JSON-RPC endpoints in order of preference, 1 to 8.
    pub providers: Vec<String>,
    /// The cap on fees when a request names none, in lamports; [`DEFAULT_SOLANA_MAX_FEE`] when absent.
    pub max_fee: Option<u64>,
    /// The options, each with a default.
    pub options: Option<SolanaOptions>,
}

/// The providers and caps of Kaspa.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct KaspaInit {
    /// The network; fixed at installation.
    pub network: KaspaNetwork,
    /// The REST endpoints in order of preference, 1 to 8.
    pub providers: Vec<String>,
    /// The cap on fees when a request names none, in sompi, 205,800 to 100,000,000; [`DEFAULT_KASPA_MAX_FEE`] when absent.
    pub max_fee: Option<u64>,
    /// The lowest fee rate, in sompi per gram of mass, at least 100; [`DEFAULT_KASPA_FEERATE`] when absent.
    pub feerate: Option<u64>,
    /// The depth at which a transfer is final, in blue score under the tip, 1 to 100,000.
    ///
    /// When absent 100 on Mainnet and Testnet10, where strangers mine, and 10 elsewhere.
    pub confirmations: Option<u64>,
    /// The highest fee rate, in sompi per gram of mass, at least `feerate`.
    pub max_feerate: Option<u64>,
    /// The number of providers that must give the same answer.
    pub agreement: Option<u32>,
    /// The number of coins of a key above which the canister consolidates them by itself; 0, the default, for never.
    pub consolidate_above: Option<u32>,
}

/// The argument of an installation or an upgrade.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct InitArgs {
    /// The first admins; at least one.
    pub admins: Vec<Principal>,
    /// The first guardians; may be empty.
    pub guardians: Vec<Principal>,
    /// The name of the threshold keys; fixed at installation.
    pub key_name: String,
    /// The providers and caps of Solana.
    pub solana: SolanaInit,
    /// The providers and caps of Kaspa.
    pub kaspa: KaspaInit,
    /// The settings that differ from their defaults; installation only.
    pub settings: Option<SettingsInit>,
}

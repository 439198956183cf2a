//! The installation argument of Kaspa, and its configuration as answers show it.

use crate::execution::Execution;
use crate::named::Named;
use candid::CandidType;
use serde::{Deserialize, Serialize};

/// The default cap on a Kaspa transfer's fee, in sompi.
///
/// The 1,000,000 of Kaspa's deployment guide are from the time when nodes relayed for one sompi per gram. Since the Toccata fork they ask
/// for 100, at which an input costs 111,800 sompi: 1,000,000 would not pay for nine coins, and 40 coins cost 4.5 million. The guide's
/// ceiling of 100,000,000 holds.
pub const DEFAULT_KASPA_MAX_FEE: u64 = 5_000_000;
/// The default lowest fee rate, in sompi per gram: the relay floor.
pub const DEFAULT_KASPA_FEERATE: u64 = 100;

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

/// The network, providers and caps of Kaspa; an upgrade keeps the optional fields that it does not name.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct KaspaInit {
    /// The network; fixed at installation.
    pub network: KaspaNetwork,
    /// The REST endpoints in order of preference, 1 to 8.
    pub providers: Vec<String>,
    /// The cap on fees when a request names none, in sompi, 205,800 to 100,000,000; [`DEFAULT_KASPA_MAX_FEE`] when absent.
    pub max_fee: Option<u64>,
    /// The number of providers that must give the same answer; 2 when absent, or 1 where there is one provider.
    pub quorum: Option<u32>,
    /// Whether transfers are carried out; Simulate on Mainnet and Live elsewhere when absent.
    pub execution: Option<Execution>,
    /// The lowest fee rate, in sompi per gram of mass, at least 100; [`DEFAULT_KASPA_FEERATE`] when absent.
    pub feerate: Option<u64>,
    /// The highest fee rate, in sompi per gram of mass, at least `feerate`.
    pub max_feerate: Option<u64>,
    /// The depth at which a transfer is final, in blue score under the tip, 1 to 100,000.
    ///
    /// When absent 100 on Mainnet and Testnet10, where strangers mine, and 10 elsewhere.
    pub confirmations: Option<u64>,
    /// The number of coins of a key above which the canister consolidates them by itself; 0, the default, for never.
    pub consolidate_above: Option<u32>,
}

/// The configuration of Kaspa as clients need it.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct KaspaConfig {
    /// The network.
    pub network: Named<KaspaNetwork>,
    /// The cap on a transfer's fee when the request names none, in sompi.
    pub max_fee: u64,
    /// The number of providers that must give the same answer.
    pub quorum: u32,
    /// Whether transfers are carried out or only simulated.
    pub execution: Named<Execution>,
    /// The lowest fee rate, in sompi per gram of mass.
    pub feerate: u64,
    /// The highest fee rate, in sompi per gram of mass.
    pub max_feerate: u64,
    /// The depth at which a transfer is final, in blue score under the tip.
    pub confirmations: u64,
    /// The number of coins of a key above which the canister consolidates them by itself; 0 for never.
    pub consolidate_above: u32,
}

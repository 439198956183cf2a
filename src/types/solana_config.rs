//! The installation argument of Solana, and its configuration as answers show it.

use crate::execution::Execution;
use crate::named::Named;
use candid::CandidType;
use serde::{Deserialize, Serialize};

/// The default cap on a Solana transfer's fee, in lamports. One signature costs 5,000.
pub const DEFAULT_SOLANA_MAX_FEE: u64 = 10_000;

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

/// The network, providers and caps of Solana; an upgrade keeps the optional fields that it does not name.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaInit {
    /// The cluster; fixed at installation.
    pub network: SolanaNetwork,
    /// The JSON-RPC endpoints in order of preference, 1 to 8.
    pub providers: Vec<String>,
    /// The cap on fees when a request names none, in lamports; [`DEFAULT_SOLANA_MAX_FEE`] when absent.
    pub max_fee: Option<u64>,
    /// The number of providers that must give the same answer; 2 when absent, or 1 where there is one provider.
    pub quorum: Option<u32>,
    /// Whether transfers are carried out; Simulate on Mainnet and Live elsewhere when absent.
    pub execution: Option<Execution>,
    /// The most offered per compute unit, in millionths of a lamport; 100,000 on Mainnet and 0 elsewhere when absent.
    pub max_unit_price: Option<u64>,
    /// The most paid for creating a recipient's token account, in lamports; 2,162,600 when absent.
    pub max_rent: Option<u64>,
    /// The genesis hash of a Local cluster, in base58; that of the first provider that answers when absent.
    pub genesis: Option<String>,
}

/// The configuration of Solana as clients need it.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaConfig {
    /// The cluster.
    pub network: Named<SolanaNetwork>,
    /// The cap on a transfer's fee when the request names none, in lamports.
    pub max_fee: u64,
    /// The number of providers that must give the same answer.
    pub quorum: u32,
    /// Whether transfers are carried out or only simulated.
    pub execution: Named<Execution>,
    /// The most offered per compute unit, in millionths of a lamport.
    pub max_unit_price: u64,
    /// The most paid for creating a recipient's token account, in lamports.
    pub max_rent: u64,
}

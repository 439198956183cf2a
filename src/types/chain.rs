//! The chains that wallets hold funds on, and the parts of requests and transfers that only one chain has.
//!
//! This is the one place of the interface that lists the chains. What a part consists of is in the file of its chain.

use crate::kaspa::{KaspaDetails, KaspaTransferParams};
use crate::named::name_variants;
use crate::solana::{SolanaDetails, SolanaTransferParams};
use candid::CandidType;
use serde::{Deserialize, Serialize};

plain_enum! {
    /// A blockchain.
    pub enum Chain = purser_core::base::Chain {
        /// The Kaspa BlockDAG.
        Kaspa,
        /// The Solana chain.
        Solana,
    }
}

/// The parameters of a request that only its asset's chain has.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum TransferParams {
    /// The parameters of Kaspa.
    Kaspa(KaspaTransferParams),
    /// The parameters of Solana.
    Solana(SolanaTransferParams),
}

name_variants!(TransferParams { Kaspa, Solana });

/// The parameters of one payment of a batch that only its asset's chain has.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum PaymentParams {
    /// The parameters of Solana.
    Solana(SolanaTransferParams),
}

name_variants!(PaymentParams { Solana });

/// The details of a transfer that only its chain has.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum TransferDetails {
    /// The details of Kaspa.
    Kaspa(KaspaDetails),
    /// The details of Solana.
    Solana(SolanaDetails),
}

//! Chains, their assets, and the parts of requests and transfers that only one chain has.
//!
//! This is the registry of the interface: the one place that lists the chains. What a part consists of is in the file of its chain.

use crate::kaspa::{KaspaDetails, KaspaTransferParams};
use crate::mint::MintText;
use crate::named::name_variants;
use crate::solana::{SolanaDetails, SolanaTransferParams};
use candid::CandidType;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

plain_enum! {
    /// A blockchain.
    pub enum Chain = purser_core::base::Chain {
        /// The Kaspa BlockDAG.
        Kaspa,
        /// The Solana chain.
        Solana,
    }
}

/// An asset of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Asset {
    /// Kaspa's native asset, in sompi.
    Kas,
    /// Solana's native asset, in lamports; wrapped SOL counts as SOL.
    Sol,
    /// A token on Solana, of either token program, in its own base units.
    Spl {
        /// The address of its mint.
        mint: MintText,
    },
}

name_variants!(Asset { Kas, Sol, Spl });

impl Asset {
    /// Returns the native asset of the chain, which pays the fees of the asset's transfers.
    pub const fn native_asset(self) -> Self {
        match self {
            Self::Kas => Self::Kas,
            Self::Sol | Self::Spl { .. } => Self::Sol,
        }
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

/// A public key that the owner of a client-side wallet registers.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum PublicKey {
    /// The secp256k1 key: 33 bytes (SEC1, compressed) for both of Kaspa's addresses, 32 (x-only) for the Schnorr one.
    Kaspa(ByteBuf),
    /// The Ed25519 key, 32 bytes.
    Solana(ByteBuf),
}

/// The details of a transfer that only its chain has.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum TransferDetails {
    /// The details of Kaspa.
    Kaspa(KaspaDetails),
    /// The details of Solana.
    Solana(SolanaDetails),
}

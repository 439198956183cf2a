//! Chains, assets and decoded destinations.

use super::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A blockchain Purser holds funds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Chain {
    /// The Kaspa BlockDAG.
    Kaspa,
    /// Solana.
    Solana,
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kaspa => "Kaspa",
            Self::Solana => "Solana",
        })
    }
}

/// What is counted by a limit. Limits are keyed by the asset itself, never by a ticker symbol (trap T9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Asset {
    /// Kaspa's coin; base unit sompi, 10^8 to the KAS.
    Kas,
    /// Solana's coin; base unit lamport, 10^9 to the SOL.
    Sol,
}

impl Asset {
    /// Every asset a rule can name.
    pub const ALL: [Self; 2] = [Self::Kas, Self::Sol];

    /// The chain the asset lives on.
    pub const fn chain(self) -> Chain {
        match self {
            Self::Kas => Chain::Kaspa,
            Self::Sol => Chain::Solana,
        }
    }

    /// How many digits of its base units stand after the point.
    pub const fn decimals(self) -> u8 {
        match self {
            Self::Kas => 8,
            Self::Sol => 9,
        }
    }

    /// The coin that pays fees on the asset's chain.
    pub const fn coin(self) -> Self {
        match self.chain() {
            Chain::Kaspa => Self::Kas,
            Chain::Solana => Self::Sol,
        }
    }

    /// The stored key. Frozen; new assets get new bytes.
    pub fn key_bytes(&self) -> Vec<u8> {
        match self {
            Self::Kas => vec![0],
            Self::Sol => vec![1],
        }
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kas => "KAS",
            Self::Sol => "SOL",
        })
    }
}

/// A recipient, decoded. Two destinations are equal exactly when the chain would pay the same script or account; text is never
/// compared (trap T17). The network is not part of it: a canister serves one network per chain and refuses addresses of others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// The chain the recipient lives on.
    pub chain: Chain,
    /// Kaspa: the version byte and the payload. Solana: the 32 bytes of the account's address.
    pub payload: Bytes,
}

impl Destination {
    /// A destination from its decoded parts.
    pub fn new(chain: Chain, payload: impl Into<Vec<u8>>) -> Self {
        Self { chain, payload: Bytes::new(payload) }
    }
}

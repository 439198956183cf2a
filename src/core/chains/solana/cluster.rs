//! The Solana clusters, and the check that a provider serves the right one.

use super::Blockhash;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A Solana cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cluster {
    /// The cluster whose lamports are money.
    Mainnet,
    /// The cluster on which validators test releases.
    Testnet,
    /// The cluster on which developers test programs.
    Devnet,
    /// A private cluster, such as the one of the test suite.
    Local,
}

/// The error of a provider that serves another cluster than the one configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongCluster {
    /// The cluster that was configured.
    pub expected: Cluster,
    /// The genesis hash that the provider reported.
    pub found: Blockhash,
}

impl fmt::Display for WrongCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the provider's genesis hash {} is not that of {}", self.found, self.expected.name())
    }
}

impl std::error::Error for WrongCluster {}

impl Cluster {
    /// Returns the cluster's name.
    ///
    /// The name is part of the derivation path of every wallet's key, so it never changes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Testnet => "testnet",
            Self::Devnet => "devnet",
            Self::Local => "local",
        }
    }

    const PUBLIC: [Self; 3] = [Self::Mainnet, Self::Testnet, Self::Devnet];

    /// Returns the genesis hash of a public cluster in base58; `None` for [`Cluster::Local`], which has no fixed one.
    pub const fn genesis_hash(self) -> Option<&'static str> {
        match self {
            Self::Mainnet => Some("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"),
            Self::Testnet => Some("4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY"),
            Self::Devnet => Some("EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"),
            Self::Local => None,
        }
    }

    /// Checks that a provider's genesis hash is this cluster's.
    ///
    /// A local cluster may have any hash but a public cluster's.
    ///
    /// # Errors
    /// [`WrongCluster`] when a public cluster's hash differs from `found`, or a local cluster's is that of a public one.
    pub fn check_genesis(self, found: Blockhash) -> Result<(), WrongCluster> {
        let text = found.to_string();
        let right = match self.genesis_hash() {
            Some(expected) => text == expected,
            None => Self::PUBLIC.iter().all(|public| public.genesis_hash() != Some(text.as_str())),
        };
        if right { Ok(()) } else { Err(WrongCluster { expected: self, found }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cluster_accepts_its_own_genesis_only() {
        for cluster in Cluster::PUBLIC {
            let genesis = Blockhash::parse(cluster.genesis_hash().expect("public")).expect("a hash");
            for other in [Cluster::Mainnet, Cluster::Testnet, Cluster::Devnet, Cluster::Local] {
                let expected = if other == cluster { Ok(()) } else { Err(WrongCluster { expected: other, found: genesis }) };
                assert_eq!(other.check_genesis(genesis), expected);
            }
        }
    }

    #[test]
    fn a_local_cluster_has_any_other_genesis() {
        let genesis = Blockhash::from_bytes([7; 32]);
        assert_eq!(Cluster::Local.check_genesis(genesis), Ok(()));
        assert_eq!(Cluster::Mainnet.check_genesis(genesis), Err(WrongCluster { expected: Cluster::Mainnet, found: genesis }));
    }
}

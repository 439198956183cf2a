//! Facts about assets that follow from their chain: native asset, units, the form under which limits count.

use super::{kaspa, solana};
use crate::base::{Asset, Chain, Coin, Mint, Units};
use std::fmt;

impl Asset {
    /// The native assets of all chains. Tokens are not listed: anybody can create another mint.
    pub const ALL: [Self; 2] = [Self::Kas, Self::Sol];

    /// Returns the asset under which limits and counters hold this one: SOL for wrapped SOL, else the asset itself.
    pub fn canonical_asset(self) -> Self {
        match self {
            Self::Spl { mint: solana::coin::WRAPPED_SOL } => Self::Sol,
            other => other,
        }
    }

    /// Returns the chain of the asset.
    pub const fn chain(self) -> Chain {
        match self {
            Self::Kas => Chain::Kaspa,
            Self::Sol | Self::Spl { .. } => Chain::Solana,
        }
    }

    /// Returns the native asset of the same chain, which pays its fees.
    pub const fn native_asset(self) -> Self {
        self.chain().native_asset()
    }

    /// Returns symbol, decimals and base unit; `None` for a token whose mint is not known.
    pub fn coin(self) -> Option<Coin> {
        match self {
            Self::Kas => Some(kaspa::coin::COIN),
            Self::Sol => Some(solana::coin::COIN),
            Self::Spl { mint } => solana::coin::token(mint),
        }
    }

    /// Returns the units in which people read the asset's amounts.
    pub fn units(self) -> Units {
        self.coin().into()
    }

    /// Returns the mint of a token; `None` for a native asset.
    pub const fn mint(self) -> Option<Mint> {
        match self {
            Self::Spl { mint } => Some(mint),
            Self::Kas | Self::Sol => None,
        }
    }

    /// Returns the asset's key in stored tables. Frozen: a new kind of asset gets a first byte of its own.
    pub fn key_bytes(&self) -> Vec<u8> {
        match self {
            Self::Kas => vec![0],
            Self::Sol => vec![1],
            Self::Spl { mint } => [&[2], &mint.0[..]].concat(),
        }
    }
}

impl Chain {
    /// All chains.
    pub const ALL: [Self; 2] = [Self::Kaspa, Self::Solana];

    /// Returns the chain's key in stored tables. Frozen: a new chain gets a new number.
    pub const fn key_byte(self) -> u8 {
        match self {
            Self::Kaspa => 0,
            Self::Solana => 1,
        }
    }

    /// Returns the native asset, which pays the fees.
    pub const fn native_asset(self) -> Asset {
        match self {
            Self::Kaspa => Asset::Kas,
            Self::Solana => Asset::Sol,
        }
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kaspa => "Kaspa",
            Self::Solana => "Solana",
        })
    }
}

/// Writes the symbol of a native asset; `the token` and the mint of any other.
impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.mint(), self.coin()) {
            (Some(mint), _) => write!(f, "the token {mint}"),
            (None, coin) => f.write_str(coin.map_or("", |coin| coin.symbol)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chains::solana::coin::WRAPPED_SOL;

    #[test]
    fn stored_keys_are_frozen_and_differ() {
        let token = |byte| Asset::Spl { mint: Mint([byte; 32]) }.key_bytes();
        assert_eq!((Asset::Kas.key_bytes(), Asset::Sol.key_bytes()), (vec![0], vec![1]));
        assert_eq!((token(7).len(), token(7)[0]), (33, 2));
        assert_ne!(token(7), token(8));
    }

    #[test]
    fn wrapped_sol_counts_as_sol() {
        let wrapped = Asset::Spl { mint: WRAPPED_SOL };
        assert_eq!(WRAPPED_SOL.to_string(), "So11111111111111111111111111111111111111112");
        assert_eq!((wrapped.canonical_asset(), wrapped.chain(), wrapped.native_asset()), (Asset::Sol, Chain::Solana, Asset::Sol));
        let other = Asset::Spl { mint: Mint([7; 32]) };
        assert_eq!(other.canonical_asset(), other);
    }

    #[test]
    fn every_chain_has_a_coin_with_units() {
        for chain in Chain::ALL {
            let coin = chain.native_asset();
            assert_eq!((coin.chain(), coin.mint()), (chain, None));
            assert!(coin.coin().is_some(), "{chain}");
        }
        assert_eq!(Asset::ALL.map(Asset::chain), Chain::ALL);
    }
}

//! Chains, assets and decoded destinations.

use super::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A blockchain on which wallets hold funds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Chain {
    /// The Kaspa blockDAG.
    Kaspa,
    /// The Solana blockchain.
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

/// An asset that transfers move and limits count: the native asset of a chain, or a token.
///
/// Limits are keyed by the asset itself, never by a ticker symbol: anybody can create a token with the symbol of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Asset {
    /// The native asset of Kaspa; base unit sompi, 10^8 to the KAS.
    Kas,
    /// The native asset of Solana; base unit lamport, 10^9 to the SOL.
    Sol,
    /// A token on Solana, in the base unit of its mint.
    Spl {
        /// The address of the token's mint. Limits never hold wrapped SOL: [`Asset::canonical_asset`] makes it SOL.
        mint: Mint,
    },
}

/// The address of a token's mint on Solana.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mint(pub [u8; 32]);

/// The mint of wrapped SOL: `So11111111111111111111111111111111111111112`.
pub const WRAPPED_SOL: Mint = Mint([
    6, 155, 136, 87, 254, 171, 129, 132, 251, 104, 127, 99, 70, 24, 192, 53, 218, 196, 57, 220, 26, 235, 59, 85, 152, 160, 240, 0,
    0, 0, 0, 1,
]);

impl fmt::Display for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bs58::encode(self.0).into_string())
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Mint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Mint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
        let len = bytes.len();
        <[u8; 32]>::try_from(bytes.into_vec()).map(Self).map_err(|_| de::Error::invalid_length(len, &"32 bytes"))
    }
}

impl Asset {
    /// The native assets of both chains. Tokens are not listed: anybody can create another mint.
    pub const ALL: [Self; 2] = [Self::Kas, Self::Sol];

    /// Returns the asset under which limits and counters hold this one: SOL for wrapped SOL, else the asset itself.
    pub fn canonical_asset(self) -> Self {
        if self == (Self::Spl { mint: WRAPPED_SOL }) { Self::Sol } else { self }
    }

    /// Returns the native asset of the same chain, which pays its fees.
    pub const fn native_asset(self) -> Self {
        match self.chain() {
            Chain::Kaspa => Self::Kas,
            Chain::Solana => Self::Sol,
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

    /// Returns the chain of the asset.
    pub const fn chain(self) -> Chain {
        match self {
            Self::Kas => Chain::Kaspa,
            Self::Sol | Self::Spl { .. } => Chain::Solana,
        }
    }

    /// Returns the number of decimal places between the asset and its base unit; `None` for a token.
    ///
    /// Only the mint on the chain knows the decimals of a token, so amounts of tokens are shown in base units.
    pub const fn decimals(self) -> Option<u8> {
        match self {
            Self::Kas => Some(8),
            Self::Sol => Some(9),
            Self::Spl { .. } => None,
        }
    }

    /// Returns the name of the base unit; `None` for a token, whose base unit has no name.
    pub const fn base_unit(self) -> Option<&'static str> {
        match self {
            Self::Kas => Some("sompi"),
            Self::Sol => Some("lamports"),
            Self::Spl { .. } => None,
        }
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kas => f.write_str("KAS"),
            Self::Sol => f.write_str("SOL"),
            Self::Spl { mint } => write!(f, "the token {mint}"),
        }
    }
}

/// A decoded address of a recipient.
///
/// Two destinations are equal exactly when the chain would pay the same script or account. Texts are never compared, because one
/// address has several spellings. The network is not part of it: a canister serves one network per chain and refuses the addresses of
/// others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// The chain of the recipient.
    pub chain: Chain,
    /// Kaspa: the version byte and the payload. Solana: the 32 bytes of the account's address.
    pub payload: Bytes,
}

impl Destination {
    /// Makes a destination from its decoded parts.
    pub fn new(chain: Chain, payload: impl Into<Vec<u8>>) -> Self {
        Self { chain, payload: Bytes::new(payload) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::codec::{from_record, from_value, to_record, to_value};

    #[test]
    fn a_token_comes_back_from_both_encodings() {
        let token = Asset::Spl { mint: Mint([7; 32]) };
        assert_eq!(from_record::<Asset>(&to_record(&token)).unwrap(), token);
        assert_eq!(from_value::<Asset>(to_value(&token).unwrap()).unwrap(), token);
    }

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
}

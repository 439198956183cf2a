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
        /// The address of the token's mint. Limits hold the canonical asset; see [`Asset::canonical_asset`].
        mint: Mint,
    },
}

/// The address of a token's mint on Solana.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mint(pub [u8; 32]);

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
}

//! The address of a token's mint, as text of bounded length.

use candid::CandidType;
use candid::types::{Serializer as CandidSerializer, Type, TypeInner};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// The address of a mint as text, at most 44 bytes.
///
/// A longer text is no address and is read as empty. The bytes are stored in place so that an asset can be copied like a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MintText {
    bytes: [u8; 44],
    length: u8,
}

impl MintText {
    /// Returns the text of a mint; empty when it has more than 44 bytes.
    pub fn new(text: &str) -> Self {
        let mut bytes = [0; 44];
        let fits = bytes.get_mut(..text.len()).map(|room| room.copy_from_slice(text.as_bytes()));
        let length = fits.map_or(0, |()| text.len() as u8);
        Self { bytes, length }
    }

    /// Returns the text, empty when it could not be an address.
    pub fn as_str(&self) -> &str {
        self.bytes.get(..usize::from(self.length)).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for MintText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl CandidType for MintText {
    fn _ty() -> Type {
        TypeInner::Text.into()
    }

    fn idl_serialize<S: CandidSerializer>(&self, serializer: S) -> Result<(), S::Error> {
        serializer.serialize_text(self.as_str())
    }
}

impl Serialize for MintText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

struct MintVisitor;

impl de::Visitor<'_> for MintVisitor {
    type Value = MintText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address of a mint")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<MintText, E> {
        Ok(MintText::new(text))
    }
}

impl<'de> Deserialize<'de> for MintText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(MintVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mint_is_text_to_everybody_else() {
        const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
        let text = MintText::new(USDC);
        assert_eq!(text.as_str(), USDC);
        let encoded = candid::encode_one(text).expect("it encodes");
        assert_eq!(encoded, candid::encode_one(USDC).expect("it encodes"));
        assert_eq!(candid::decode_one::<MintText>(&encoded).expect("it decodes"), text);
        assert_eq!(MintText::new(&format!("{USDC}1")).as_str(), "");
    }
}

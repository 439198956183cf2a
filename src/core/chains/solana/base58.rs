//! Byte strings of a fixed length whose only textual form is base58.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The prefixes of Kaspa addresses on its four networks, recognised only to give a better error.
const KASPA_PREFIXES: [&str; 4] = ["kaspa:", "kaspatest:", "kaspadev:", "kaspasim:"];

/// A reason why a text is not the base58 form of the expected number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// The text is empty.
    Empty,
    /// The text has more characters than the longest valid form; it is not decoded.
    TooLong {
        /// The length of the text in bytes.
        length: usize,
        /// The longest length that can be valid, in bytes.
        maximum: usize,
    },
    /// The text is a Kaspa address where a Solana one is expected.
    LooksLikeKaspa,
    /// The text has a character outside the alphabet, such as `0`, `O`, `I`, `l`, a space or any beyond ASCII.
    InvalidCharacter {
        /// The position of the character, from 0.
        index: usize,
        /// The character.
        character: char,
    },
    /// The text is valid base58 of another number of bytes.
    WrongLength {
        /// The number of bytes that were decoded.
        bytes: usize,
        /// The number of bytes that the type has.
        expected: usize,
    },
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the text is empty"),
            Self::TooLong { length, maximum } => write!(f, "the text has {length} bytes, at most {maximum} are possible"),
            Self::LooksLikeKaspa => write!(f, "this is a Kaspa address, not a Solana one"),
            Self::InvalidCharacter { index, character } => {
                write!(f, "character {} is {character:?} (U+{:04X}), which is not base58", index + 1, u32::from(*character))
            }
            Self::WrongLength { bytes, expected } => write!(f, "the text stands for {bytes} bytes instead of {expected}"),
        }
    }
}

impl std::error::Error for ParseError {}

/// Decodes `text` into exactly `N` bytes.
///
/// Base58 takes quadratic time, so a text longer than `maximum` is refused before any decoding starts.
fn decode<const N: usize>(text: &str, maximum: usize) -> Result<[u8; N], ParseError> {
    if text.is_empty() {
        return Err(ParseError::Empty);
    }
    if looks_like_kaspa(text) {
        return Err(ParseError::LooksLikeKaspa);
    }
    let invalid = |is_wrong: fn(char) -> bool| text.chars().take(maximum).enumerate().find(|(_, character)| is_wrong(*character));
    // Letters of other alphabets look like Latin ones and take more bytes: the length would be a false reason.
    if let Some((index, character)) = invalid(|character| !character.is_ascii()) {
        return Err(ParseError::InvalidCharacter { index, character });
    }
    if text.len() > maximum {
        return Err(ParseError::TooLong { length: text.len(), maximum });
    }
    if let Some((index, character)) = invalid(|character| !is_base58(character)) {
        return Err(ParseError::InvalidCharacter { index, character });
    }
    // The alphabet was checked above, so that decoding cannot fail for another reason than the one reported here.
    let bytes = bs58::decode(text).into_vec().map_err(|_| ParseError::WrongLength { bytes: 0, expected: N })?;
    <[u8; N]>::try_from(bytes.as_slice()).map_err(|_| ParseError::WrongLength { bytes: bytes.len(), expected: N })
}

fn is_base58(character: char) -> bool {
    character.is_ascii_alphanumeric() && !matches!(character, '0' | 'O' | 'I' | 'l')
}

fn looks_like_kaspa(text: &str) -> bool {
    KASPA_PREFIXES.iter().any(|prefix| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

macro_rules! base58_bytes {
    ($(#[$doc:meta])* $name:ident, $bytes:literal bytes, at most $maximum:literal characters) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The length of the longest base58 form, in characters.
            pub const MAX_TEXT_LEN: usize = $maximum;

            /// Wraps the raw bytes, whatever they are.
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Returns the raw bytes.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Parses the base58 form strictly: no spaces, no prefix, exactly the right number of bytes.
            ///
            /// The form is unique: two texts that parse to equal bytes are equal texts.
            ///
            /// # Errors
            /// A [`ParseError`] when the text is empty, longer than [`Self::MAX_TEXT_LEN`], a Kaspa address, not base58, or base58
            /// of another number of bytes.
            pub fn parse(text: &str) -> Result<Self, ParseError> {
                decode(text, Self::MAX_TEXT_LEN).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&bs58::encode(self.0).into_string())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseError;

            fn try_from(text: String) -> Result<Self, ParseError> {
                Self::parse(&text)
            }
        }
    };
}

base58_bytes! {
    /// The address of an account: 32 bytes.
    ///
    /// The text has no checksum, so a mistyped address is usually a valid one; and about half of all 32-byte strings are points of
    /// the curve. Parsing therefore proves nothing about the owner of the address: see [`known`](super::known) and
    /// [`account`](super::account).
    Address, 32 bytes, at most 44 characters
}

base58_bytes! {
    /// The hash of a block, or of a cluster's genesis: 32 bytes.
    Blockhash, 32 bytes, at most 44 characters
}

base58_bytes! {
    /// An Ed25519 signature: 64 bytes. The first signature of a transaction is its id.
    TxSignature, 64 bytes, at most 88 characters
}

impl Address {
    /// Returns whether the bytes are a point of the Ed25519 curve.
    ///
    /// Addresses off the curve have no private key: they are derived by programs, as those of multisig vaults are. A point of the
    /// curve is not therefore safe to pay, since most programs and mints are points too.
    pub fn is_on_curve(&self) -> bool {
        solana_address::bytes_are_curve_point(self.0)
    }
}

impl From<Address> for solana_address::Address {
    fn from(address: Address) -> Self {
        Self::from(address.0)
    }
}

impl From<&solana_address::Address> for Address {
    fn from(address: &solana_address::Address) -> Self {
        Self(address.to_bytes())
    }
}

#[cfg(test)]
mod tests;

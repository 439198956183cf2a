//! Addresses: networks, kinds, strict parsing and display.

use super::bech32;
use super::point;
use super::script::{ScriptForm, ScriptPublicKey};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The length of the longest address, in bytes: `kaspatest:` and the 63 characters of an ECDSA key.
const MAX_LENGTH: usize = 73;
const VERSION_PUB_KEY: u8 = 0;
const VERSION_PUB_KEY_ECDSA: u8 = 1;
const VERSION_SCRIPT_HASH: u8 = 8;

/// A Kaspa network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// The network with real money.
    Mainnet,
    /// Testnet 10, the public test network.
    Testnet10,
    /// A simulation network: no proof of work.
    Simnet,
    /// A private development network.
    Devnet,
}

impl Network {
    /// Every network.
    pub const ALL: [Self; 4] = [Self::Mainnet, Self::Testnet10, Self::Simnet, Self::Devnet];

    /// Returns the network's name, as derivation paths and REST servers use it.
    ///
    /// The names never change, because a key derived under another name would be another key.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Testnet10 => "testnet-10",
            Self::Simnet => "simnet",
            Self::Devnet => "devnet",
        }
    }

    /// Returns the text before the colon of this network's addresses.
    ///
    /// Kaspa uses `kaspatest` for every public testnet, so the prefix alone does not tell testnets apart.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Mainnet => "kaspa",
            Self::Testnet10 => "kaspatest",
            Self::Simnet => "kaspasim",
            Self::Devnet => "kaspadev",
        }
    }

    /// Returns the network whose REST servers report this `networkName`: `kaspa-` and the name.
    ///
    /// `None` for any other text.
    pub fn from_rest_name(text: &str) -> Option<Self> {
        let name = text.strip_prefix("kaspa-")?;
        Self::ALL.into_iter().find(|network| network.name() == name)
    }
}

/// The kind of key or hash that an address pays to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressKind {
    /// An x-only public key, spent with a BIP340 (Schnorr) signature.
    PubKey,
    /// A compressed public key, spent with an ECDSA signature.
    PubKeyEcdsa,
    /// The hash of a script.
    ScriptHash,
}

/// The reason why a text or key is no payable address of the expected network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// A text longer than 73 bytes, the longest address; the rest is not checked.
    TooLong {
        /// Length of the text in bytes.
        length: usize,
    },
    /// A text without a colon, hence without a prefix.
    MissingPrefix,
    /// A text with capital letters; Kaspa addresses are in lower case.
    NotLowerCase,
    /// A prefix of no Kaspa network.
    UnknownPrefix {
        /// The text before the colon.
        found: String,
    },
    /// An address of another network.
    WrongNetwork {
        /// The prefix that was expected.
        expected: &'static str,
        /// The prefix that was found.
        found: &'static str,
    },
    /// A character outside the address alphabet.
    InvalidCharacter {
        /// The character.
        character: char,
    },
    /// A checksum that does not match, as after a typing error.
    Checksum,
    /// A text whose unused last bits are not zero; only one spelling of each address is accepted.
    Padding,
    /// A version byte that stands for no kind of address.
    UnknownVersion {
        /// The version byte.
        version: u8,
    },
    /// A payload whose length is not that of its version.
    PayloadLength {
        /// The length that the version demands, in bytes.
        expected: usize,
        /// The length of the payload, in bytes.
        found: usize,
    },
    /// A public key that is no point of the curve; money sent there could never be spent.
    NotACurvePoint,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length } => write!(f, "{length} bytes are too long for an address"),
            Self::MissingPrefix => f.write_str("the network prefix is missing"),
            Self::NotLowerCase => f.write_str("the address must be in lower case"),
            Self::UnknownPrefix { found } => write!(f, "`{found}` is not a Kaspa network prefix"),
            Self::WrongNetwork { expected, found } => write!(f, "expected a `{expected}` address, found a `{found}` address"),
            Self::InvalidCharacter { character } => {
                write!(f, "the character {character:?} (U+{:04X}) is not one of an address", u32::from(*character))
            }
            Self::Checksum => f.write_str("the checksum does not match"),
            Self::Padding => f.write_str("the address is not in its canonical form"),
            Self::UnknownVersion { version } => write!(f, "unknown address version {version}"),
            Self::PayloadLength { expected, found } => write!(f, "the payload has {found} bytes instead of {expected}"),
            Self::NotACurvePoint => f.write_str("the public key is not a point of the curve"),
        }
    }
}

impl std::error::Error for AddressError {}

/// An address that can be paid: its public key, if it has one, is a point of the curve.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    network: Network,
    form: ScriptForm,
}

impl Address {
    /// Reads an address of the `expected` network.
    ///
    /// At most the first 73 characters are read, so the work is bounded for a text of any length.
    ///
    /// # Errors
    /// The first of these that applies: [`AddressError::InvalidCharacter`] beyond ASCII; [`AddressError::TooLong`] above 73 bytes; [`AddressError::MissingPrefix`] without a colon;
    /// [`AddressError::NotLowerCase`] with a capital letter; [`AddressError::UnknownPrefix`] or [`AddressError::WrongNetwork`] by
    /// the prefix; [`AddressError::InvalidCharacter`]; [`AddressError::Checksum`], also for a body too short for a checksum;
    /// [`AddressError::Padding`]; [`AddressError::UnknownVersion`]; [`AddressError::PayloadLength`]; and
    /// [`AddressError::NotACurvePoint`] for a key that nobody can sign with.
    pub fn parse(text: &str, expected: Network) -> Result<Self, AddressError> {
        // Letters of other alphabets look like Latin ones and take more bytes: the length would be a false reason.
        if let Some(character) = text.chars().take(MAX_LENGTH).find(|character| !character.is_ascii()) {
            return Err(AddressError::InvalidCharacter { character });
        }
        if text.len() > MAX_LENGTH {
            return Err(AddressError::TooLong { length: text.len() });
        }
        let (prefix, body) = text.split_once(':').ok_or(AddressError::MissingPrefix)?;
        if text.chars().any(char::is_uppercase) {
            return Err(AddressError::NotLowerCase);
        }
        let found = Network::ALL.into_iter().find(|network| network.prefix() == prefix);
        let found = found.ok_or_else(|| AddressError::UnknownPrefix { found: prefix.to_owned() })?;
        if found != expected {
            return Err(AddressError::WrongNetwork { expected: expected.prefix(), found: found.prefix() });
        }
        let bytes = bech32::decode(prefix, body).map_err(|error| match error {
            bech32::Error::Character(character) => AddressError::InvalidCharacter { character },
            bech32::Error::TooShort | bech32::Error::Checksum => AddressError::Checksum,
            bech32::Error::Padding => AddressError::Padding,
        })?;
        Self::payable(expected, read_payload(&bytes)?)
    }

    /// Returns the Schnorr address of a public key in compressed SEC1 form.
    ///
    /// The address contains the x-coordinate only; the parity byte is dropped and the key is not tweaked.
    ///
    /// # Errors
    /// [`AddressError::NotACurvePoint`] when `sec1` is no compressed point of the curve.
    pub fn from_schnorr_key(network: Network, sec1: &[u8; 33]) -> Result<Self, AddressError> {
        check_compressed(sec1)?;
        let [_, x_only @ ..] = *sec1;
        Ok(Self { network, form: ScriptForm::PubKey(x_only) })
    }

    /// Returns the ECDSA address of a public key in compressed SEC1 form.
    ///
    /// # Errors
    /// [`AddressError::NotACurvePoint`] when `sec1` is no compressed point of the curve.
    pub fn from_ecdsa_key(network: Network, sec1: &[u8; 33]) -> Result<Self, AddressError> {
        Self::payable(network, ScriptForm::PubKeyEcdsa(*sec1))
    }

    /// Returns the address that a locking script pays to.
    ///
    /// `None` unless the script has a standard form and its key, if any, is a point of the curve.
    pub fn from_script(network: Network, script: &ScriptPublicKey) -> Option<Self> {
        Self::payable(network, script.form()?).ok()
    }

    /// Returns the network of the address.
    pub fn network(&self) -> Network {
        self.network
    }

    /// Returns the kind of key or hash that the address pays to.
    pub fn kind(&self) -> AddressKind {
        match self.form {
            ScriptForm::PubKey(_) => AddressKind::PubKey,
            ScriptForm::PubKeyEcdsa(_) => AddressKind::PubKeyEcdsa,
            ScriptForm::ScriptHash(_) => AddressKind::ScriptHash,
        }
    }

    /// Returns the key or hash in the address: 32 bytes, or 33 for an ECDSA key.
    pub fn payload(&self) -> &[u8] {
        match &self.form {
            ScriptForm::PubKey(payload) | ScriptForm::ScriptHash(payload) => payload,
            ScriptForm::PubKeyEcdsa(payload) => payload,
        }
    }

    /// Returns the locking script of an output that pays to this address.
    pub fn script_public_key(&self) -> ScriptPublicKey {
        ScriptPublicKey::pay_to(self.form)
    }

    fn payable(network: Network, form: ScriptForm) -> Result<Self, AddressError> {
        match &form {
            ScriptForm::PubKey(x_only) => {
                k256::schnorr::VerifyingKey::from_slice(x_only).map_err(|_| AddressError::NotACurvePoint)?;
            }
            ScriptForm::PubKeyEcdsa(sec1) => check_compressed(sec1)?,
            ScriptForm::ScriptHash(_) => {}
        }
        Ok(Self { network, form })
    }
}

fn read_payload(bytes: &[u8]) -> Result<ScriptForm, AddressError> {
    let (&version, payload) = bytes.split_first().ok_or(AddressError::PayloadLength { expected: 33, found: 0 })?;
    match version {
        VERSION_PUB_KEY => sized(payload).map(ScriptForm::PubKey),
        VERSION_PUB_KEY_ECDSA => sized(payload).map(ScriptForm::PubKeyEcdsa),
        VERSION_SCRIPT_HASH => sized(payload).map(ScriptForm::ScriptHash),
        _ => Err(AddressError::UnknownVersion { version }),
    }
}

fn sized<const N: usize>(payload: &[u8]) -> Result<[u8; N], AddressError> {
    payload.try_into().map_err(|_| AddressError::PayloadLength { expected: N, found: payload.len() })
}

fn check_compressed(sec1: &[u8; 33]) -> Result<(), AddressError> {
    point::compressed_point(sec1).map(drop).ok_or(AddressError::NotACurvePoint)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = match self.kind() {
            AddressKind::PubKey => VERSION_PUB_KEY,
            AddressKind::PubKeyEcdsa => VERSION_PUB_KEY_ECDSA,
            AddressKind::ScriptHash => VERSION_SCRIPT_HASH,
        };
        let prefix = self.network.prefix();
        write!(f, "{prefix}:{}", bech32::encode(prefix, &[&[version], self.payload()].concat()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

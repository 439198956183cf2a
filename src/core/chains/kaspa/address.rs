//! Addresses: which network they belong to, what they pay to, and how they are read.

use super::bech32;
use super::point;
use super::script::{ScriptForm, ScriptPublicKey};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest address there is: `kaspatest:` and the 63 characters of an ECDSA key.
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

    /// The network's name, which never changes: key derivation may depend on it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Testnet10 => "testnet-10",
            Self::Simnet => "simnet",
            Self::Devnet => "devnet",
        }
    }

    /// What stands before the colon of this network's addresses. All test networks share one.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Mainnet => "kaspa",
            Self::Testnet10 => "kaspatest",
            Self::Simnet => "kaspasim",
            Self::Devnet => "kaspadev",
        }
    }

    /// The network whose REST servers report this `networkName`: `kaspa-` and the network's name.
    pub fn from_rest_name(text: &str) -> Option<Self> {
        let name = text.strip_prefix("kaspa-")?;
        Self::ALL.into_iter().find(|network| network.name() == name)
    }
}

/// What an address pays to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressKind {
    /// An x-only public key, spent with a BIP340 (Schnorr) signature.
    PubKey,
    /// A compressed public key, spent with an ECDSA signature.
    PubKeyEcdsa,
    /// The hash of a script.
    ScriptHash,
}

/// Why a text is not an address that may be paid on the expected network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// Longer than any address; nothing else was looked at.
    TooLong {
        /// Length of the text in bytes.
        length: usize,
    },
    /// There is no colon, hence no prefix.
    MissingPrefix,
    /// A capital letter, or several: Kaspa addresses are lower case throughout.
    NotLowerCase,
    /// The prefix is of no Kaspa network.
    UnknownPrefix {
        /// What stands before the colon.
        found: String,
    },
    /// An address of another network.
    WrongNetwork {
        /// The prefix that was expected.
        expected: &'static str,
        /// The prefix that was found.
        found: &'static str,
    },
    /// A character that no address contains.
    InvalidCharacter {
        /// The character.
        character: char,
    },
    /// The checksum is wrong: a typing error.
    Checksum,
    /// The spelling is not the canonical one: stray bits behind the payload.
    Padding,
    /// A version byte without a meaning.
    UnknownVersion {
        /// The version byte.
        version: u8,
    },
    /// The payload does not have its version's length.
    PayloadLength {
        /// Bytes the version demands.
        expected: usize,
        /// Bytes that were there.
        found: usize,
    },
    /// The public key is not a point of the curve: money sent there could never be spent.
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
            Self::InvalidCharacter { character } => write!(f, "invalid character {character:?}"),
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
    /// Reads an address of the `expected` network. The work is bounded whatever the length of the text.
    pub fn parse(text: &str, expected: Network) -> Result<Self, AddressError> {
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

    /// The Schnorr address of a public key in compressed SEC1 form; the parity byte is dropped, nothing is tweaked.
    pub fn from_schnorr_key(network: Network, sec1: &[u8; 33]) -> Result<Self, AddressError> {
        check_compressed(sec1)?;
        let [_, x_only @ ..] = *sec1;
        Ok(Self { network, form: ScriptForm::PubKey(x_only) })
    }

    /// The ECDSA address of a public key in compressed SEC1 form.
    pub fn from_ecdsa_key(network: Network, sec1: &[u8; 33]) -> Result<Self, AddressError> {
        Self::payable(network, ScriptForm::PubKeyEcdsa(*sec1))
    }

    /// The address that a locking script pays to; `None` unless the script is of a standard form with a valid key.
    pub fn from_script(network: Network, script: &ScriptPublicKey) -> Option<Self> {
        Self::payable(network, script.form()?).ok()
    }

    /// The network.
    pub fn network(&self) -> Network {
        self.network
    }

    /// What the address pays to.
    pub fn kind(&self) -> AddressKind {
        match self.form {
            ScriptForm::PubKey(_) => AddressKind::PubKey,
            ScriptForm::PubKeyEcdsa(_) => AddressKind::PubKeyEcdsa,
            ScriptForm::ScriptHash(_) => AddressKind::ScriptHash,
        }
    }

    /// The key or hash inside: 32 bytes, or 33 for an ECDSA key.
    pub fn payload(&self) -> &[u8] {
        match &self.form {
            ScriptForm::PubKey(payload) | ScriptForm::ScriptHash(payload) => payload,
            ScriptForm::PubKeyEcdsa(payload) => payload,
        }
    }

    /// The locking script of an output that pays to this address.
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

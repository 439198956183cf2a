//! Wallets, their keys and the derivation of these.

use crate::base::{Bytes, Chain, Timestamp, WalletId};
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The version of the layout of derivation paths. Part of every path: another version means other addresses.
pub const PATH_VERSION: u8 = 1;
/// The longest label of a wallet, in bytes.
pub const MAX_LABEL_BYTES: usize = 64;

/// One of the kinds of keys that a wallet can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyKind {
    /// An Ed25519 key, for Solana.
    Solana,
    /// A BIP340 Schnorr key, for Kaspa's version-0 addresses.
    KaspaSchnorr,
    /// An ECDSA key, for Kaspa's version-1 addresses.
    KaspaEcdsa,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Solana, Self::KaspaSchnorr, Self::KaspaEcdsa];

    /// Returns the chain on which the key pays.
    pub const fn chain(self) -> Chain {
        match self {
            Self::Solana => Chain::Solana,
            Self::KaspaSchnorr | Self::KaspaEcdsa => Chain::Kaspa,
        }
    }

    /// Returns the name of the kind, as the interface shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Solana => "solana",
            Self::KaspaSchnorr => "kaspa_schnorr",
            Self::KaspaEcdsa => "kaspa_ecdsa",
        }
    }
}

/// The canister's threshold public keys at the empty derivation path.
///
/// The keys of every wallet are derived from them by computation alone, without a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootKeys {
    /// The Ed25519 key.
    pub ed25519: RootKey,
    /// The BIP340 Schnorr key.
    pub schnorr: RootKey,
    /// The ECDSA key.
    pub ecdsa: RootKey,
}

/// A public key with the chain code that derivation needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootKey {
    /// The public key: 32 bytes for Ed25519, else 33 bytes, SEC1 compressed.
    pub public_key: Bytes,
    /// The chain code, 32 bytes.
    pub chain_code: Bytes,
}

impl RootKey {
    /// Returns the public key in a fixed length.
    ///
    /// # Errors
    /// When it has another length.
    pub fn public_key<const N: usize>(&self) -> Result<[u8; N], String> {
        fixed(&self.public_key)
    }

    /// Returns the chain code in a fixed length.
    ///
    /// # Errors
    /// When it has another length.
    pub fn chain_code<const N: usize>(&self) -> Result<[u8; N], String> {
        fixed(&self.chain_code)
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| format!("{} bytes, {N} are needed", bytes.len()))
}

/// A set of addresses on both chains, under one policy and one owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    /// The number of the wallet. Never reused: derivation paths contain it.
    pub id: WalletId,
    /// A name for people, at most [`MAX_LABEL_BYTES`].
    pub label: String,
    /// The admin who created the wallet.
    pub created_by: Principal,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The Ed25519 key, which is the Solana address: 32 bytes, or empty.
    pub solana_key: Bytes,
    /// The key of the Kaspa Schnorr address: 33 bytes, SEC1 compressed, or empty.
    pub kaspa_schnorr_key: Bytes,
    /// The key of the Kaspa ECDSA address: 33 bytes, SEC1 compressed, or empty.
    pub kaspa_ecdsa_key: Bytes,
    /// The owner; the creator when absent. Read it with [`Wallet::owner`].
    #[serde(default)]
    pub owner: Option<Principal>,
    /// The parent, whose policy binds this wallet too.
    #[serde(default)]
    pub parent: Option<WalletId>,
    /// The holder of the keys, who signs.
    #[serde(default)]
    pub signing: Signing,
    /// Whether the wallet is deactivated and takes no new transfers.
    #[serde(default)]
    pub deactivated: bool,
    /// Whether the wallet is the primary one of its owner.
    #[serde(default)]
    pub primary: bool,
}

/// The signer of a wallet's transactions.
///
/// A wallet never has both kinds of keys: each key is either derived for the canister or registered by the owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// The canister signs, with threshold keys that are derived for the wallet.
    #[default]
    Threshold,
    /// The owner signs, with keys that never leave the owner's device.
    ///
    /// The canister decides, reserves, says which bytes to sign, verifies the signature and broadcasts. A key that the owner has not
    /// registered is empty.
    ClientSide,
}

impl Wallet {
    /// Returns the owner: the recorded one, or the creator.
    pub fn owner(&self) -> Principal {
        self.owner.unwrap_or(self.created_by)
    }

    /// Returns the public key of a kind; empty when the owner has registered none.
    pub const fn key(&self, kind: KeyKind) -> &Bytes {
        match kind {
            KeyKind::Solana => &self.solana_key,
            KeyKind::KaspaSchnorr => &self.kaspa_schnorr_key,
            KeyKind::KaspaEcdsa => &self.kaspa_ecdsa_key,
        }
    }
}

/// The arguments of a new wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWallet {
    /// A name for people, at most [`MAX_LABEL_BYTES`].
    pub label: String,
    /// The owner; the creator when absent.
    pub owner: Option<Principal>,
    /// The parent, whose policy binds the wallet too.
    pub parent: Option<WalletId>,
    /// The signer and the origin of the keys.
    pub keys: NewKeys,
}

/// The origin of a new wallet's keys. There is no default: the signer is always chosen and recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewKeys {
    /// The canister derives threshold keys.
    Threshold,
    /// The owner holds the keys and registers at least one public key.
    ClientSide {
        /// The Ed25519 public key, 32 bytes.
        solana: Option<Bytes>,
        /// The secp256k1 public key: 33 bytes (SEC1 compressed) for both Kaspa addresses, or 32 (x-only) for the Schnorr address.
        kaspa: Option<Bytes>,
    },
}

/// Makes the arguments of a threshold wallet that its creator owns.
impl From<&str> for NewWallet {
    fn from(label: &str) -> Self {
        Self { label: label.to_owned(), owner: None, parent: None, keys: NewKeys::Threshold }
    }
}

/// A change of a wallet other than of its policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalletChange {
    /// The wallet takes new transfers again.
    Activate,
    /// The wallet and the wallets below it take no new transfers. Signed transfers are finished, the others are cancelled.
    Deactivate,
    /// The wallet becomes the primary one of its owner.
    MakePrimary,
    /// The wallet belongs to this owner from now on.
    Owner(Principal),
    /// The wallet stands under another parent, or under none, from now on.
    Parent(ParentChange),
}

/// The parent of a wallet after [`WalletChange::Parent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentChange {
    /// The parent, whose policy binds the wallet from now on; `None` for none.
    pub parent: Option<WalletId>,
}

/// Returns the derivation path of a wallet's key: layout version, purpose and network, wallet number.
///
/// The middle part names chain, key kind and network, so no two wallets, chains or networks share a key.
pub fn derivation_path(kind: KeyKind, network: &str, wallet: WalletId) -> Vec<Vec<u8>> {
    let purpose = match kind {
        KeyKind::Solana => "solana",
        KeyKind::KaspaSchnorr => "kaspa-schnorr",
        KeyKind::KaspaEcdsa => "kaspa-ecdsa",
    };
    vec![vec![PATH_VERSION], format!("{purpose}:{network}").into_bytes(), wallet.get().to_be_bytes().to_vec()]
}

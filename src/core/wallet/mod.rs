//! A wallet and the keys derived for it.

use crate::base::{Bytes, Chain, Timestamp, WalletId};
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The layout of derivation paths. Part of every path: changing the layout means new addresses, so it only ever grows.
pub const PATH_VERSION: u8 = 1;
/// The longest wallet label, in bytes.
pub const MAX_LABEL_BYTES: usize = 64;

/// Which of a wallet's keys is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyKind {
    /// Threshold Ed25519, for Solana.
    Solana,
    /// Threshold BIP340 Schnorr, for Kaspa's version-0 addresses.
    KaspaSchnorr,
    /// Threshold ECDSA, for Kaspa's version-1 addresses.
    KaspaEcdsa,
}

impl KeyKind {
    /// The chain that the key pays on.
    pub const fn chain(self) -> Chain {
        match self {
            Self::Solana => Chain::Solana,
            Self::KaspaSchnorr | Self::KaspaEcdsa => Chain::Kaspa,
        }
    }
}

/// The canister's public keys at the empty derivation path, from which every wallet's keys are derived offline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootKeys {
    /// Threshold Ed25519.
    pub ed25519: RootKey,
    /// Threshold BIP340.
    pub schnorr: RootKey,
    /// Threshold ECDSA.
    pub ecdsa: RootKey,
}

/// One public key with the chain code that derivation needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootKey {
    /// Ed25519: 32 bytes. The others: 33 bytes, SEC1 compressed.
    pub public_key: Bytes,
    /// 32 bytes.
    pub chain_code: Bytes,
}

/// One set of funds under one policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    /// Never reused.
    pub id: WalletId,
    /// For people; at most [`MAX_LABEL_BYTES`].
    pub label: String,
    /// The admin who created it.
    pub created_by: Principal,
    /// When.
    pub created_at: Timestamp,
    /// 32 bytes: the Solana address.
    pub solana_key: Bytes,
    /// 33 bytes, SEC1: the key of the Kaspa Schnorr address.
    pub kaspa_schnorr_key: Bytes,
    /// 33 bytes, SEC1: the key of the Kaspa ECDSA address.
    pub kaspa_ecdsa_key: Bytes,
    /// Whose wallet it is; the creator's when absent.
    #[serde(default)]
    pub owner: Option<Principal>,
    /// The wallet whose policy binds this one too.
    #[serde(default)]
    pub parent: Option<WalletId>,
    /// Who signs.
    #[serde(default)]
    pub signing: Signing,
    /// Whether new transfers are taken.
    #[serde(default)]
    pub deactivated: bool,
    /// Whether it stands first among its owner's wallets.
    #[serde(default)]
    pub primary: bool,
}

/// Who signs a wallet's transactions. Never both: a key is either derived for the canister or registered by its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// The canister, with threshold keys derived for the wallet. Chosen explicitly, and recorded.
    #[default]
    Threshold,
    /// The owner, with keys that never leave their device. The canister decides, reserves, says which bytes to sign, verifies the
    /// signature and broadcasts; a key the owner has not registered is empty.
    ClientSide,
}

impl Wallet {
    /// Whose wallet it is.
    pub fn owner(&self) -> Principal {
        self.owner.unwrap_or(self.created_by)
    }

    /// One of its public keys; empty when its owner has registered none of this kind.
    pub const fn key(&self, kind: KeyKind) -> &Bytes {
        match kind {
            KeyKind::Solana => &self.solana_key,
            KeyKind::KaspaSchnorr => &self.kaspa_schnorr_key,
            KeyKind::KaspaEcdsa => &self.kaspa_ecdsa_key,
        }
    }
}

/// What an admin says about a new wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWallet {
    /// For people; at most [`MAX_LABEL_BYTES`].
    pub label: String,
    /// Whose it is; its creator's when absent.
    pub owner: Option<Principal>,
    /// The wallet whose policy binds it too.
    pub parent: Option<WalletId>,
    /// Who signs, and with which keys.
    pub keys: NewKeys,
}

/// Where the keys of a new wallet come from. Neither is a default: who signs is always chosen, and recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewKeys {
    /// Threshold keys are derived for it.
    Threshold,
    /// Its owner holds them; at least one is named.
    ClientSide {
        /// An Ed25519 public key: 32 bytes.
        solana: Option<Bytes>,
        /// A secp256k1 public key: 33 bytes (SEC1, compressed) for both of Kaspa's addresses, or 32 (x-only) for the Schnorr one.
        kaspa: Option<Bytes>,
    },
}

/// A threshold wallet of its creator's own.
impl From<&str> for NewWallet {
    fn from(label: &str) -> Self {
        Self { label: label.to_owned(), owner: None, parent: None, keys: NewKeys::Threshold }
    }
}

/// A change of a wallet that is not its policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalletChange {
    /// New transfers are taken again.
    Activate,
    /// No new transfers, neither here nor in the wallets below; what was sent is finished, the rest is cancelled.
    Deactivate,
    /// First among its owner's wallets.
    MakePrimary,
    /// Whose wallet it is from now on.
    Owner(Principal),
    /// The wallet whose policy binds this one from now on; `None` for none.
    Parent(ParentChange),
}

/// See [`WalletChange::Parent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentChange {
    /// The wallet, or none.
    pub parent: Option<WalletId>,
}

/// The derivation path of one of a wallet's keys: layout version, what the key is for on which network, wallet number. Every part
/// has a fixed meaning and the middle one names chain and network, so no two wallets, chains or networks share a key.
pub fn derivation_path(kind: KeyKind, network: &str, wallet: WalletId) -> Vec<Vec<u8>> {
    let purpose = match kind {
        KeyKind::Solana => "solana",
        KeyKind::KaspaSchnorr => "kaspa-schnorr",
        KeyKind::KaspaEcdsa => "kaspa-ecdsa",
    };
    vec![vec![PATH_VERSION], format!("{purpose}:{network}").into_bytes(), wallet.get().to_be_bytes().to_vec()]
}

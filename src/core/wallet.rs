//! A wallet and the keys derived for it.

use crate::primitives::{Bytes, Chain, Timestamp, WalletId};
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

//! Wallets, balances, and usage of a limit.

use crate::asset::Units;
use crate::chain::{Asset, Chain, PublicKey};
use crate::named::Named;
use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};

/// A wallet: funds on both chains under one policy.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Wallet {
    /// The wallet's number, never reused.
    pub id: u64,
    /// The wallet's name, for people.
    pub label: String,
    /// The admin who created it.
    pub created_by: Principal,
    /// The time of its creation, in nanoseconds since the epoch.
    pub created_at: u64,
    /// The addresses of its keys; a key that the owner of a client-side wallet has not registered has none.
    pub addresses: Vec<WalletAddress>,
    /// The owner.
    pub owner: Principal,
    /// The wallet whose policy binds this one too.
    pub parent: Option<u64>,
    /// The party that signs.
    pub signing: Named<SigningMode>,
    /// Whether it takes new transfers.
    pub active: bool,
    /// Whether it is the first of its owner's wallets.
    pub primary: bool,
}

/// The address of one of a wallet's keys.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct WalletAddress {
    /// The name of the key's kind: `solana`, `kaspa_schnorr` or `kaspa_ecdsa`.
    pub key: String,
    /// The chain.
    pub chain: Named<Chain>,
    /// The address.
    pub address: String,
}

impl Wallet {
    /// Returns the address of a kind of key; empty when the wallet has no such key.
    pub fn address(&self, key: &str) -> &str {
        self.addresses.iter().find(|own| own.key == key).map_or("", |own| own.address.as_str())
    }
}

plain_enum! {
    /// The party that signs a wallet's transactions.
    pub enum SigningMode = purser_core::wallet::Signing {
        /// The canister, with threshold keys derived for the wallet.
        Threshold,
        /// The owner, with keys that never leave their device.
        ClientSide,
    }
}

/// The party that signs for a new wallet, with the owner's public keys.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Signing {
    /// The canister, with threshold keys derived for the wallet.
    Threshold,
    /// The owner, with at least one key.
    ClientSide {
        /// The public keys, at most one of each chain.
        keys: Vec<PublicKey>,
    },
}

/// A wallet to create.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct CreateWalletArgs {
    /// The wallet's name, for people, at most 64 bytes.
    pub label: String,
    /// The owner; the caller when absent.
    pub owner: Option<Principal>,
    /// The wallet whose policy binds the new one too.
    pub parent: Option<u64>,
    /// The party that signs.
    pub signing: Signing,
}

/// The number of an owner's wallets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct WalletCount {
    /// The wallets that take transfers.
    pub active: u64,
    /// All wallets.
    pub total: u64,
    /// The most active wallets of one owner.
    pub max_active: u64,
}

/// The balance of an address as the providers report it; spending never relies on it.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Balance {
    /// The name of the key's kind: `solana`, `kaspa_schnorr` or `kaspa_ecdsa`.
    pub key: String,
    /// The key's address.
    pub address: String,
    /// The asset.
    pub asset: Named<Asset>,
    /// The balance, in base units.
    pub amount: u64,
    /// The units of the balance.
    pub units: Units,
    /// The time of the answer, in nanoseconds since the epoch.
    pub observed_at: u64,
}

/// The usage of a scope's rolling limit of one asset, in base units.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Usage {
    /// The asset.
    pub asset: Named<Asset>,
    /// The money spent in the last 24 hours, fees included.
    pub posted: u64,
    /// The amounts and worst-case fees of unfinished transfers.
    pub reserved: u64,
    /// The limit over 24 hours, when the policy has one.
    pub limit: Option<u64>,
    /// The rest of that limit.
    pub remaining: Option<u64>,
    /// The units of the amounts.
    pub units: Units,
}

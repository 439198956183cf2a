//! Balances of a wallet's keys, as the chains report them.

use purser_core::base::{Amount, Asset, Chain, Timestamp};
use purser_core::wallet::KeyKind;

/// The observed balance of one key of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyBalance {
    /// The kind of the key.
    pub kind: KeyKind,
    /// The key's address, as text.
    pub address: String,
    /// The asset; the chain's coin.
    pub asset: Asset,
    /// The amount, in base units.
    pub amount: Amount,
    /// The canister's time when the answer arrived.
    pub observed_at: Timestamp,
}

/// A chain of which no provider gave a usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderError {
    /// The chain.
    pub chain: Chain,
    /// The problem with the provider that was asked last.
    pub problem: String,
}

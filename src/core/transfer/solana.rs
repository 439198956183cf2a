//! What only a transfer on Solana can say or have: a memo, a recipient off the curve, several recipients, the upkeep of nonce accounts, and what its
//! transaction costs beside its fee.

use super::batch::Batch;
use crate::base::{Amount, Bytes, TransferId, WalletId};
use serde::{Deserialize, Serialize};

/// The most nonce accounts one wallet may have: as many transactions can be under way on nonces at a time.
pub const MAX_NONCES: u16 = 32;
/// At least the rent-exempt minimum of a nonce account: what it was before 2026. It has only fallen since, and what was not needed is
/// given free again.
pub const NONCE_RENT_BOUND: Amount = Amount::new(1_447_680);

/// What a request says about Solana beside payer, recipient and amount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaTransferParams {
    /// What the chain's log says with the payment; of a batch each payment has its own.
    pub memo: Option<String>,
    /// Whether the recipient is known to be a program's vault: its address has no private key. Of a batch each payment has its own.
    #[serde(default)]
    pub off_curve: bool,
    /// Not a payment: the upkeep of nonce accounts.
    pub operation: Option<NonceOperation>,
    /// Several recipients in one transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Batch>,
}

/// What is said about one payment beside who is paid how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaymentTerms<'a> {
    /// What the chain's log says with it.
    pub memo: Option<&'a str>,
    /// Whether the recipient is known to be a program's vault.
    pub off_curve: bool,
}

/// What the canister does about nonce accounts. Each is a transfer of nothing, with its fee and rent held like any other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonceOperation {
    /// A new nonce account of the wallet.
    Create {
        /// Its number.
        index: u16,
    },
    /// The nonce that a transfer stands on is used up, so that the transfer can never land if it has not.
    Revoke {
        /// Which transfer.
        transfer: TransferId,
    },
}

/// What is recorded of a built Solana transaction beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaBuilt {
    /// The part of the fee that is rent for accounts it creates: spent only when it succeeds.
    pub rent: Amount,
    /// The nonce it stands on; a recent blockhash otherwise.
    pub nonce: Option<NonceUse>,
    /// Tokens whose mint takes a fee: the least that arrives.
    pub arrives: Option<Amount>,
    /// The nonce that a revocation uses up, without standing on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_up: Option<NonceUse>,
    /// The slot of a state that knows its recent blockhash or its nonce's value, as one node said. Only nodes that have come as far can tell
    /// until when it may land. None for what was built before slots were recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor_slot: Option<u64>,
}

/// A nonce account's value that a transaction stands on, or uses up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceUse {
    /// The account's number within the wallet.
    pub index: u16,
    /// 32 bytes.
    pub value: Bytes,
}

/// What is known of a Solana transfer beside its steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaProgress {
    /// The last operation that was to keep it from landing; see [`State::revocation_of`](crate::state::State::revocation_of).
    pub revoked_by: Option<TransferId>,
    /// Whether it was in quarantine when its revocation was built: it is followed to be proven dead, and never sent again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub was_quarantined: bool,
}

/// A nonce account of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceRecord {
    /// Whether it can be used.
    pub status: NonceStatus,
    /// The transfer whose transaction stands on its present value; after that one has ended, the revocation that may still use it up.
    pub holder: Option<TransferId>,
}

/// Whether a nonce account can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonceStatus {
    /// This transfer creates it.
    Creating {
        /// Which.
        transfer: TransferId,
    },
    /// It exists.
    Ready,
    /// The chain shows something else at its address than the wallet's nonce account.
    Broken {
        /// What was found.
        reason: String,
    },
}

/// How a wallet's transactions are bounded in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifetimeChoice {
    /// On a nonce when the wallet has nonce accounts that work, on a recent blockhash otherwise.
    #[default]
    Auto,
    /// Always on a recent blockhash.
    Blockhash,
}

/// What an admin decides about a wallet on Solana.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaSettings {
    /// How its transactions are bounded in time.
    pub lifetime: LifetimeChoice,
}

/// Whether transfers of a network are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// Everything up to the signature, and nothing after it. Nothing is held and nothing counts.
    Simulate,
    /// Carried out.
    Live,
}

/// What can happen on Solana only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SolanaEvent {
    /// A wallet's settings are these from now on.
    SettingsSet {
        /// Of which wallet.
        wallet: WalletId,
        /// Which.
        settings: SolanaSettings,
    },
    /// A transfer takes a recent blockhash because its nonce account cannot be used; nor is that account used again.
    FellBack {
        /// Which transfer.
        id: TransferId,
        /// The nonce account's number.
        index: u16,
        /// What was found.
        reason: String,
    },
    /// The nonce account that a transfer was to create is there and works.
    NonceFound {
        /// Which transfer.
        id: TransferId,
        /// The nonce account's number.
        index: u16,
    },
    /// The nonce that a transfer stands on was seen unchanged: until then it cannot have landed.
    StillLive {
        /// Which transfer.
        id: TransferId,
    },
    /// A provider's API key was replaced or taken away. The key itself is nowhere in the log.
    ProviderKeySet {
        /// The provider's address, with the placeholder.
        url: String,
        /// Whether it has a key now.
        present: bool,
    },
    /// A provider serves the chain of this genesis.
    ProviderPinned {
        /// Its address.
        url: String,
        /// 32 bytes.
        genesis: Bytes,
    },
}

//! Records of transfers that only Solana has: memos, nonce accounts, revocations, deadlines, providers.

use super::plan::MAX_MEMO_BYTES;
use crate::base::{Amount, Bytes, TransferId, WalletId};
use crate::chains::rules::{ParamsError, Purpose};
use serde::{Deserialize, Serialize};

/// The most nonce accounts of one wallet: the most transactions that can stand on nonces at the same time.
pub const MAX_NONCES: u16 = 32;
/// An upper bound of the rent-exempt minimum of a nonce account, in lamports: what it was before 2026.
///
/// The minimum has only fallen since. The reservation beyond the paid rent is released when the operation ends.
pub const NONCE_RENT_BOUND: Amount = Amount::new(1_447_680);

/// The parameters of a Solana request beside payer, recipient and amount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferParams {
    /// The parameters of the payment. The payments of a batch have parameters of their own.
    #[serde(default, skip_serializing_if = "PaymentParams::is_default")]
    pub payment: PaymentParams,
    /// The operation on a nonce account, when the transfer pays nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<NonceOperation>,
}

impl TransferParams {
    /// Returns the purpose of the transfer.
    pub const fn purpose(&self) -> Purpose {
        match self.operation {
            Some(NonceOperation::Create { .. }) => Purpose::Operation,
            Some(NonceOperation::Revoke { .. }) => Purpose::Revocation,
            None => Purpose::Payment,
        }
    }
}

/// The parameters of one payment beside recipient and amount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentParams {
    /// The memo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// Whether the requester expects a recipient off the curve, such as a program's vault, which has no private key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off_curve: bool,
}

impl PaymentParams {
    /// Checks the bounds of the memo.
    ///
    /// # Errors
    /// When the memo is empty or too long.
    pub fn check(&self) -> Result<(), ParamsError> {
        match &self.memo {
            Some(memo) if memo.is_empty() || memo.len() > MAX_MEMO_BYTES => {
                Err(ParamsError { field: "memo", problem: format!("between 1 and {MAX_MEMO_BYTES} bytes") })
            }
            _ => Ok(()),
        }
    }

    /// Whether the payment has no memo and an ordinary recipient.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// An operation of the canister on a nonce account: a transfer of amount zero.
///
/// Fee and rent are reserved like those of any other transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonceOperation {
    /// The operation creates a nonce account of the wallet.
    Create {
        /// The number of the account within the wallet.
        index: u16,
    },
    /// The operation uses up the nonce of a transfer, which can then never land.
    Revoke {
        /// The transfer that is revoked.
        transfer: TransferId,
    },
}

/// The record of a built Solana transaction beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaBuilt {
    /// The part of the fee that is rent of new accounts, in lamports. Spent only when the transaction succeeds.
    pub rent: Amount,
    /// The nonce on which the transaction stands; `None` for a recent blockhash.
    pub nonce: Option<NonceUse>,
    /// The least amount that arrives, for tokens whose mint takes a transfer fee.
    pub arrives: Option<Amount>,
    /// The nonce that a revocation advances without standing on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advances: Option<NonceUse>,
    /// The slot of the state, as one node reported it, that contains the recent blockhash or the nonce's value.
    ///
    /// Only a node that has reached this slot can tell until when the transaction may land.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent_hash_slot: Option<u64>,
}

/// A value of a nonce account that a transaction stands on or advances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceUse {
    /// The number of the account within the wallet.
    pub index: u16,
    /// The nonce, 32 bytes.
    pub value: Bytes,
}

/// The progress of a Solana transfer beyond its status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaProgress {
    /// The finalized block height after which the current attempt cannot land.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_height: Option<u64>,
    /// The last revocation of the transfer; see `State::revocation_of`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_by: Option<TransferId>,
    /// Whether the transfer was in quarantine when its revocation was built. It is then followed but never sent again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub was_quarantined: bool,
}

/// The record of a nonce account of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceRecord {
    /// The status of the account.
    pub status: NonceStatus,
    /// The transfer that stands on the current value. After its end, its revocation while that may use the value up.
    pub holder: Option<TransferId>,
}

/// The status of a nonce account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonceStatus {
    /// A transfer creates the account.
    Creating {
        /// The transfer.
        transfer: TransferId,
    },
    /// The account exists and works.
    Ready,
    /// The chain shows something other than the wallet's nonce account at the address.
    Broken {
        /// The difference, for people.
        reason: String,
    },
}

/// The choice of the recent hash that a wallet's transactions stand on, which bounds them in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifetimeChoice {
    /// Transactions stand on a nonce while the wallet has working nonce accounts, else on a recent blockhash.
    #[default]
    Auto,
    /// Transactions always stand on a recent blockhash.
    Blockhash,
}

/// The settings of a wallet on Solana, as an admin decides them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaSettings {
    /// The recent hash that the wallet's transactions stand on.
    pub lifetime: LifetimeChoice,
}

/// An event that only happens on Solana.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SolanaEvent {
    /// An admin set a wallet's settings.
    SettingsSet {
        /// The wallet.
        wallet: WalletId,
        /// The settings from now on.
        settings: SolanaSettings,
    },
    /// A transfer takes a recent blockhash, because its nonce account is broken and not used again.
    FellBack {
        /// The transfer.
        id: TransferId,
        /// The number of the nonce account.
        index: u16,
        /// The defect, for people.
        reason: String,
    },
    /// The nonce account that a transfer was to create exists and works.
    NonceFound {
        /// The transfer.
        id: TransferId,
        /// The number of the nonce account.
        index: u16,
    },
    /// The nonce of a transfer was seen unchanged, so the transfer had not landed by then.
    NonceUnchanged {
        /// The transfer.
        id: TransferId,
    },
    /// The finalized block height after which the current attempt of a transfer cannot land was recorded.
    DeadlineSet {
        /// The transfer.
        id: TransferId,
        /// The height.
        height: u64,
    },
    /// An admin replaced or removed the API key of a provider. No event holds the key itself.
    ProviderKeySet {
        /// The provider's URL, with the placeholder.
        url: String,
        /// Whether the provider has a key from now on.
        present: bool,
    },
    /// A provider is pinned to the chain with this genesis hash.
    ProviderPinned {
        /// The provider's URL.
        url: String,
        /// The genesis hash, 32 bytes.
        genesis: Bytes,
    },
}

impl SolanaEvent {
    /// Returns the transfer that the event is about.
    pub const fn transfer(&self) -> Option<TransferId> {
        match self {
            Self::FellBack { id, .. }
            | Self::NonceFound { id, .. }
            | Self::NonceUnchanged { id }
            | Self::DeadlineSet { id, .. } => Some(*id),
            Self::SettingsSet { .. } | Self::ProviderPinned { .. } | Self::ProviderKeySet { .. } => None,
        }
    }

    /// Returns the wallet that the event is about, unless it is about a transfer.
    pub const fn wallet(&self) -> Option<WalletId> {
        match self {
            Self::SettingsSet { wallet, .. } => Some(*wallet),
            _ => None,
        }
    }
}

/// The place of a landed Solana transaction in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandedIn {
    /// The slot, as a quorum of providers reported it.
    pub slot: u64,
}

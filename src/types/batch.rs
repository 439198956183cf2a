//! Several payments of one asset in one call, in KAS, SOL or a token.

use crate::asset::Asset;
use crate::kaspa::FeeSpeed;
use crate::named::{Named, name_variants};
use crate::policy::Evaluation;
use crate::wallet::KaspaKey;
use candid::CandidType;
use serde::{Deserialize, Serialize};

/// A recipient and an amount.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Payment {
    /// The recipient's address.
    pub to: String,
    /// The amount, in base units.
    pub amount: u64,
    /// Solana only: the memo in the chain's log, 1 to 256 bytes.
    pub memo: Option<String>,
    /// Solana only: whether the recipient may be a program's vault, an address without a private key.
    pub allow_off_curve: Option<bool>,
}

/// Several payments of one asset.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct BatchArgs {
    /// The wallet that pays.
    pub wallet_id: u64,
    /// The asset; KAS when absent.
    pub asset: Option<Asset>,
    /// KAS only: the paying key; Schnorr when absent.
    pub kaspa_key: Option<KaspaKey>,
    /// The payments, 1 to 500.
    pub payments: Vec<Payment>,
    /// The most that each transaction may pay in fees, in base units of the native asset.
    ///
    /// On Solana it includes the rent of new accounts. When absent the configured cap, which for tokens has room for an account of every
    /// recipient.
    pub max_fee: Option<u64>,
    /// KAS only: the fee rate; normal when absent.
    pub fee_speed: Option<FeeSpeed>,
    /// The caller's name for the whole batch, 1 to 64 bytes.
    pub idempotency_key: String,
    /// The reason, for the log and for people, at most 1,024 bytes.
    pub reason: Option<String>,
    /// The session that the request is made in.
    pub session_id: Option<u64>,
    /// The time of the request, in nanoseconds since the epoch.
    pub created_at: Option<u64>,
}

/// The outcome of one payment of a batch.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum ItemOutcome {
    /// A transfer makes the payment.
    Accepted {
        /// The transfer, which may make other payments too.
        transfer_id: u64,
    },
    /// A transfer that waits for approval makes the payment.
    Pending {
        /// The transfer, which may make other payments too.
        transfer_id: u64,
    },
    /// Nothing is reserved for the payment.
    Denied {
        /// The evaluation of the payment, or of the sum of all that passed by themselves.
        evaluation: Evaluation,
    },
    /// The same batch was requested before, and the payment was denied then.
    DeniedBefore,
}

name_variants!(ItemOutcome { Accepted, Pending, Denied, DeniedBefore });

/// The outcome of a batch.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct BatchOutcome {
    /// The outcome of each payment, in the order of the request.
    pub items: Vec<Named<ItemOutcome>>,
    /// The transfers, each of one transaction.
    pub transfer_ids: Vec<u64>,
}

impl Payment {
    /// Returns a payment without a memo to the holder of a private key.
    pub const fn new(to: String, amount: u64) -> Self {
        Self { to, amount, memo: None, allow_off_curve: None }
    }
}

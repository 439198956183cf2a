//! Several payments of one asset in one call, in KAS, SOL or a token.

use crate::chain::Asset;
use crate::chain::{PaymentParams, TransferParams};
use crate::named::{Named, name_variants};
use crate::policy::Evaluation;
use candid::CandidType;
use serde::{Deserialize, Serialize};

/// A recipient and an amount.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Payment {
    /// The recipient's address.
    pub to: String,
    /// The amount, in base units.
    pub amount: u64,
    /// The parameters that only the asset's chain has; those of another chain are refused.
    pub params: Option<PaymentParams>,
}

/// Several payments of one asset.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct BatchArgs {
    /// The wallet that pays.
    pub wallet_id: u64,
    /// The asset.
    pub asset: Asset,
    /// The payments, 1 to 500.
    pub payments: Vec<Payment>,
    /// The most that each transaction may pay in fees, in base units of the native asset.
    ///
    /// On Solana it includes the rent of new accounts. When absent the configured cap, which for tokens has room for an account of every
    /// recipient.
    pub max_fee: Option<u64>,
    /// The caller's name for the whole batch, 1 to 64 bytes.
    pub idempotency_key: String,
    /// The reason, for the log and for people, at most 1,024 bytes.
    pub reason: Option<String>,
    /// The session that the request is made in.
    pub session_id: Option<u64>,
    /// The time of the request, in nanoseconds since the epoch.
    pub created_at: Option<u64>,
    /// The parameters of every transaction that only the asset's chain has; those of one payment stand there.
    pub params: Option<TransferParams>,
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
    /// Returns a payment without parameters of its chain.
    pub const fn new(to: String, amount: u64) -> Self {
        Self { to, amount, params: None }
    }
}

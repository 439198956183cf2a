//! Several payments in one transaction.

use crate::base::{Amount, Destination, Hash};
use serde::{Deserialize, Serialize};

/// The most recipients that one transaction of KAS pays.
pub const MAX_BATCH_OUTPUTS: usize = 100;

/// The most payments that one batch asks for.
pub const MAX_BATCH_ITEMS: usize = 500;

/// The part of a batch that one transaction pays. The request's amount is the sum of the outputs and its recipient the first one's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// At least one, in the order of the batch.
    pub outputs: Vec<BatchOutput>,
    /// Which part this is, from 0. The parts of one batch are transfers with consecutive ids.
    pub part: u32,
    /// How many parts there are.
    pub parts: u32,
    /// What makes two batches the same: a hash over all that was asked for.
    pub request: Hash,
}

/// One payment of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchOutput {
    /// Its position in what was asked for; payments that the policy denied are missing.
    pub item: u32,
    /// Who receives it.
    pub to: Destination,
    /// In base units.
    pub amount: Amount,
    /// Solana only: what the chain's log says with this payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// Solana only: whether the recipient is known to be a program's vault.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off_curve: bool,
}

//! Batches: several payments in one transaction.

use crate::base::{Amount, Destination, Hash};
use crate::chains::registry::PaymentParams;
use serde::{Deserialize, Serialize};

/// The most payments of one batch.
pub const MAX_BATCH_ITEMS: usize = 500;

/// The part of a batch that one transaction pays.
///
/// The amount of the transfer's request is the sum of the outputs, and its recipient that of the first output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The payments, at least one, in the order of the batch.
    pub outputs: Vec<BatchOutput>,
    /// The position of this part, from 0. The parts of a batch are transfers with consecutive ids.
    pub part: u32,
    /// The number of parts.
    pub parts: u32,
    /// The hash of the whole batch as it was asked for. Two batches are the same when their hashes are.
    pub request: Hash,
}

/// One payment of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchOutput {
    /// The position in the batch as it was asked for. The positions of denied payments are missing.
    pub item: u32,
    /// The recipient.
    pub to: Destination,
    /// The amount in base units of the asset.
    pub amount: Amount,
    /// The parameters that only the chain's payments have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<PaymentParams>,
}

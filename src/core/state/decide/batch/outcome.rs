//! Answers to a request for a batch.

use crate::base::TransferId;
use crate::policy::Evaluation;

/// The answer to one payment of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemOutcome {
    /// The payment is part of a reserved transfer.
    Accepted {
        /// The transfer, which may pay others too.
        transfer: TransferId,
    },
    /// The payment is part of a transfer that waits for approval.
    Pending {
        /// The transfer, which may pay others too.
        transfer: TransferId,
    },
    /// The policy denied the payment, by itself or as part of the sum. Nothing is reserved for it.
    Denied {
        /// The findings of every rule.
        evaluation: Evaluation,
    },
    /// The batch was asked for before, and the payment was denied then.
    DeniedBefore,
}

/// The answer to a batch: one outcome for each payment, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchOutcome {
    /// The outcomes, in the order of the request.
    pub items: Vec<ItemOutcome>,
    /// The transfers that pay, ascending.
    pub transfers: Vec<TransferId>,
}

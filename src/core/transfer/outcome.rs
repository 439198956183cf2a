//! Answers to a request for a transfer.

use crate::base::TransferId;
use crate::policy::Evaluation;

/// The answer to a request for a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The transfer is reserved, and the canister drives it to its end.
    Accepted {
        /// The new transfer.
        transfer: TransferId,
        /// The findings of every rule.
        evaluation: Evaluation,
    },
    /// The transfer is reserved and waits for approval.
    Pending {
        /// The new transfer.
        transfer: TransferId,
        /// The findings of every rule, with the demanded approvals.
        evaluation: Evaluation,
    },
    /// The caller sent the same request under the same idempotency key before.
    Duplicate {
        /// The transfer of the first request.
        transfer: TransferId,
    },
    /// The policy or the mode denied the request. Nothing is reserved, and the idempotency key stays free.
    Denied {
        /// The findings of every rule.
        evaluation: Evaluation,
    },
}

impl Outcome {
    /// Returns the evaluation of a denied request.
    pub const fn denied(&self) -> Option<&Evaluation> {
        match self {
            Self::Denied { evaluation } => Some(evaluation),
            _ => None,
        }
    }
}

//! The meaning of a node's answer to a broadcast.

use crate::flows::error::FlowError;
use purser_core::chains::kaspa::rest::SubmitOutcome;

/// Whether the node looked at the transaction and will not take these bytes.
pub(super) fn is_refusal(outcome: &SubmitOutcome) -> bool {
    match outcome {
        SubmitOutcome::Conflict { .. } | SubmitOutcome::Orphan => true,
        SubmitOutcome::Rejected { reason, .. } => !reason.may_pass_later(),
        SubmitOutcome::Accepted | SubmitOutcome::RateLimited | SubmitOutcome::Unknown { .. } => false,
    }
}

/// The error for a transaction that was not taken. A refusal is about the transaction; an unknown outcome is a problem with the
/// provider.
pub(super) fn not_taken(outcome: &SubmitOutcome) -> FlowError {
    let problem = format!("the transaction was not taken: {}", describe(outcome));
    if matches!(outcome, SubmitOutcome::Unknown { .. }) { FlowError::Transient(problem) } else { FlowError::Deferred(problem) }
}

/// The outcome in words, for people.
pub(super) fn describe(outcome: &SubmitOutcome) -> String {
    match outcome {
        SubmitOutcome::Accepted => "taken".to_owned(),
        SubmitOutcome::Conflict { with } => format!("an input is being spent by transaction {with}"),
        SubmitOutcome::Orphan => "an input does not exist or is spent".to_owned(),
        SubmitOutcome::Rejected { reason, diagnostic } => format!("{reason} ({diagnostic})"),
        SubmitOutcome::RateLimited => "the server limits the rate of requests".to_owned(),
        SubmitOutcome::Unknown { diagnostic } => diagnostic.clone(),
    }
}

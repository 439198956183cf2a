//! Rejections of transfers that wait for approval.

use crate::base::TransferId;
use crate::event::{Event, TransferStopped};
use crate::policy::{Evaluation, ReasonCode};

/// Makes the event that rejects a transfer.
pub(super) fn rejected(id: TransferId, code: ReasonCode, note: impl Into<String>) -> Event {
    Event::TransferRejected(TransferStopped { id, code, note: Some(note.into()) })
}

/// The note of a transfer that was not approved before its session was over.
pub(super) const SESSION_OVER: &str = "its session was over before it was approved";

/// Returns code and message of the first denial of an evaluation.
pub(super) fn first_denial(evaluation: &Evaluation) -> (ReasonCode, String) {
    let finding = evaluation.denials().next();
    let code = finding.and_then(|finding| finding.code).unwrap_or(ReasonCode::PolicyDenied);
    (code, finding.map_or_else(|| "the policy does not allow it any more".to_owned(), |finding| finding.message.clone()))
}

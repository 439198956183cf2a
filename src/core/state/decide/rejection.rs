//! How a transfer ends that is not agreed to, and why.

use crate::base::TransferId;
use crate::event::{Event, TransferRejected};
use crate::policy::{Evaluation, ReasonCode};

pub(super) fn rejected(id: TransferId, code: ReasonCode, note: impl Into<String>) -> Event {
    Event::TransferRejected(TransferRejected { id, code, note: note.into() })
}

/// Why what people had not agreed to when its session was over is not paid.
pub(super) const SESSION_OVER: &str = "its session was over before it was approved";

/// The first reason of a denial.
pub(super) fn first_denial(evaluation: &Evaluation) -> (ReasonCode, String) {
    let finding = evaluation.denials().next();
    let code = finding.and_then(|finding| finding.code).unwrap_or(ReasonCode::PolicyDenied);
    (code, finding.map_or_else(|| "the policy does not allow it any more".to_owned(), |finding| finding.message.clone()))
}

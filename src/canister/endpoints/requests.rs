//! The steps that methods about transfers share: a decision is committed, a refusal counted, an outcome and a transfer shown.

use crate::store::{self, Store};
use crate::{jobs, metrics};
use candid::Principal;
use purser_core::base::{TransferId, WalletId};
use purser_core::policy;
use purser_core::state::{Decided, Refusal};
use purser_core::transfer::{self as domain, Outcome};
use purser_types::{Error, ErrorDetail, ToSign, Transfer, TransferAnswer, TransferOutcome};
use serde_bytes::ByteBuf;

/// Commits the decision about a request. A denial without an entry of its own is counted, and logged together with others.
pub(super) fn commit_decision(wallet: WalletId, caller: Principal, decided: Option<Decided>, denied: Option<&policy::Evaluation>) {
    match (decided, denied) {
        (Some(decided), _) => {
            jobs::log_denials_of(wallet, caller);
            store::commit(decided);
            jobs::audit::append_ended(true);
        }
        (None, Some(evaluation)) => jobs::count_denial(wallet, caller, evaluation),
        (None, None) => {}
    }
}

/// Returns the outcome of a request as the answer shows it, and wakes the transfer that waits for approval.
///
/// # Errors
/// `NOT_FOUND` when the transfer is not recorded, which only a bug could bring about.
pub(super) fn answer(outcome: Outcome) -> Result<TransferAnswer, Error> {
    let shown = match outcome {
        Outcome::Accepted { transfer, evaluation } => {
            TransferOutcome::Accepted { transfer_id: transfer.get(), evaluation: evaluation.into() }
        }
        Outcome::Pending { transfer: id, evaluation } => {
            jobs::wake(id);
            let transfer = store::read(|state| find(state, id))?;
            TransferOutcome::Pending { transfer: Box::new(transfer), evaluation: evaluation.into() }
        }
        Outcome::Duplicate { transfer } => {
            let transfer = store::read(|state| find(state, transfer))?;
            TransferOutcome::Duplicate { transfer: Box::new(transfer) }
        }
        Outcome::Denied { evaluation } => {
            metrics::denied();
            TransferOutcome::Denied { evaluation: evaluation.into() }
        }
    };
    Ok(shown.into())
}

/// Counts a refusal of the caller, by the argument that was refused.
pub(super) fn note_refusal(error: &Error) {
    let field = match &error.detail {
        Some(ErrorDetail::InvalidArgument { field, .. }) => Some(field.rsplit('.').next().unwrap_or(field)),
        _ => None,
    };
    metrics::refused(&error.code, field);
    if let Some(ErrorDetail::AuditUnavailable { .. }) = &error.detail {
        jobs::audit::append_ended(false);
    }
}

/// Returns a transfer as the answer shows it, with the messages that its owner has to sign.
///
/// # Errors
/// `NOT_FOUND` when there is no such transfer.
pub(super) fn find(state: &Store, id: TransferId) -> Result<Transfer, Error> {
    let transfer = state.transfer(id).ok_or_else(|| Refusal::NotFound { what: "transfer", id: id.to_string() })?;
    let to_sign = state.signing_request(&transfer).map(|(messages, until)| ToSign {
        messages: messages.into_iter().map(|message| ByteBuf::from(message.into_vec())).collect(),
        expires_at: until.nanos(),
    });
    Ok(Transfer { to_sign, ..shown(state, transfer) })
}

/// Returns a transfer as the answer shows it, with the reason why it waits.
pub(super) fn shown(state: &Store, transfer: domain::Transfer) -> Transfer {
    let note = jobs::note_of(state, &transfer);
    Transfer { note, ..Transfer::new(transfer, &state.config().chains) }
}

//! Transfers: asked for, looked up, cancelled.

use super::access;
use crate::api::kaspa::KaspaError;
use crate::api::policy::Evaluation;
use crate::api::transfer::{ToSign, Transfer, TransferArgs, TransferOutcome};
use crate::api::{Error, ErrorDetail, at_most, page};
use crate::store::{self, Store};
use crate::{jobs, metrics};
use candid::Principal;
use ic_cdk::api::msg_caller;
use purser_core::base::{Timestamp, TransferId, WalletId};
use purser_core::policy;
use purser_core::state::{Decided, Refusal};
use purser_core::transfer::{self as domain, MAX_REASON_BYTES, Outcome, TransferRequest};
use serde_bytes::ByteBuf;

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn transfer(args: TransferArgs) -> Result<TransferOutcome, Error> {
    let (caller, wallet) = (msg_caller(), WalletId::new(args.wallet_id));
    let decided = store::read(|state| decide(state, caller, args, store::now()));
    let (decided, outcome) = decided.inspect_err(note_refusal)?;
    commit_decision(wallet, caller, decided, outcome.denied());
    if let Outcome::Accepted { transfer, .. } = &outcome {
        jobs::wake(*transfer);
    }
    answer(outcome)
}

/// Commits what was decided about a request. A denial without an entry of its own is counted, and is logged with others.
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

/// The outcome as the caller sees it.
pub(super) fn answer(outcome: Outcome) -> Result<TransferOutcome, Error> {
    match outcome {
        Outcome::Accepted { transfer, evaluation } => {
            Ok(TransferOutcome::Accepted { transfer_id: transfer.get(), evaluation: evaluation.into() })
        }
        Outcome::Pending { transfer: id, evaluation } => {
            jobs::wake(id);
            let transfer = store::read(|state| find(state, id))?;
            Ok(TransferOutcome::Pending { transfer: Box::new(transfer), evaluation: evaluation.into() })
        }
        Outcome::Duplicate { transfer } => {
            let transfer = store::read(|state| find(state, transfer))?;
            Ok(TransferOutcome::Duplicate { transfer: Box::new(transfer) })
        }
        Outcome::Denied { evaluation } => {
            metrics::denied();
            Ok(TransferOutcome::Denied { evaluation: evaluation.into() })
        }
    }
}

/// Counts a refusal.
pub(super) fn note_refusal(error: &Error) {
    let field = match &error.detail {
        Some(ErrorDetail::InvalidArgument { field, .. } | ErrorDetail::Kaspa(KaspaError::ValidationError { field, .. })) => {
            Some(field.rsplit('.').next().unwrap_or(field))
        }
        Some(ErrorDetail::Kaspa(KaspaError::InvalidAddress { .. })) => Some("to"),
        _ => None,
    };
    metrics::refused(&error.code, field);
    if let Some(ErrorDetail::AuditUnavailable { .. }) = &error.detail {
        jobs::audit::append_ended(false);
    }
}

#[ic_cdk::query]
fn simulate_transfer(args: TransferArgs) -> Result<Evaluation, Error> {
    store::read(|state| simulate(state, msg_caller(), args, store::now()))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn cancel_transfer(transfer_id: u64, note: Option<String>) -> Result<Transfer, Error> {
    access::signed_in(msg_caller())?;
    at_most("note", note.as_deref().unwrap_or_default(), MAX_REASON_BYTES)?;
    let id = TransferId::new(transfer_id);
    let decided = store::read(|state| state.decide_cancel(msg_caller(), id, note))?;
    store::commit(decided);
    store::read(|state| find(state, id))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn quarantine_transfer(transfer_id: u64, note: String) -> Result<Transfer, Error> {
    let id = TransferId::new(transfer_id);
    let decided = store::read(|state| state.decide_quarantine(msg_caller(), id, note))?;
    store::commit(decided);
    store::read(|state| find(state, id))
}

#[ic_cdk::query]
fn get_transfer(transfer_id: u64) -> Result<Transfer, Error> {
    let id = TransferId::new(transfer_id);
    store::read(|state| {
        let shown = find(state, id)?;
        // What only the stage of operation holds back has no entry that says so.
        let held_back = state.held_back(id, store::now());
        Ok(Transfer { note: held_back.or(shown.note), ..shown })
    })
}

#[ic_cdk::query]
fn list_transfers(wallet_id: u64, before: Option<u64>, limit: Option<u32>) -> Result<Vec<Transfer>, Error> {
    let wallet = WalletId::new(wallet_id);
    store::read(|state| {
        access::exists(state, wallet)?;
        let transfers = state.transfers(wallet, before.map(TransferId::new), page(limit));
        Ok(transfers.into_iter().map(|transfer| shown(state, transfer)).collect())
    })
}

/// What becomes of a request; nothing has happened yet.
pub(super) fn decide(
    state: &Store,
    caller: Principal,
    args: TransferArgs,
    now: Timestamp,
) -> Result<(Option<Decided>, Outcome), Error> {
    Ok(state.decide_transfer(caller, read(state, caller, args)?, now)?)
}

/// The answer that [`decide`] would give.
pub(super) fn simulate(state: &Store, caller: Principal, args: TransferArgs, now: Timestamp) -> Result<Evaluation, Error> {
    let request = read(state, caller, args)?;
    let fee = super::kaspa::recalled(state, &request, now);
    Ok(Evaluation { fee, ..state.simulate(caller, request, now)?.into() })
}

fn read(state: &Store, caller: Principal, args: TransferArgs) -> Result<TransferRequest, Error> {
    access::agent(state, caller, WalletId::new(args.wallet_id))?;
    args.into_request(state.config())
}

pub(super) fn find(state: &Store, id: TransferId) -> Result<Transfer, Error> {
    let transfer = state.transfer(id).ok_or_else(|| Refusal::NotFound { what: "transfer", id: id.to_string() })?;
    let to_sign = state.to_sign(&transfer).map(|(messages, until)| ToSign {
        messages: messages.into_iter().map(|message| ByteBuf::from(message.into_vec())).collect(),
        until: until.nanos(),
    });
    Ok(Transfer { to_sign, ..shown(state, transfer) })
}

/// A transfer as the interface shows it: one that waits says why.
fn shown(state: &Store, transfer: domain::Transfer) -> Transfer {
    let note = jobs::note_of(state, &transfer);
    Transfer { note, ..Transfer::new(transfer, state.config().kaspa.network) }
}

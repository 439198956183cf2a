//! Transfers: asked for, looked up, called off.

use super::access;
use crate::api::policy::Evaluation;
use crate::api::transfer::{ToSign, Transfer, TransferArgs, TransferOutcome};
use crate::api::{Error, at_most, page};
use crate::jobs;
use crate::store::{self, Store};
use candid::Principal;
use ic_cdk::api::msg_caller;
use purser_core::primitives::{Timestamp, TransferId, WalletId};
use purser_core::state::{Decided, Refusal};
use purser_core::transfer::{MAX_REASON_BYTES, Outcome, TransferRequest};
use serde_bytes::ByteBuf;

#[ic_cdk::update(guard = "crate::endpoints::lockout::has_power_or_patience")]
fn transfer(args: TransferArgs) -> Result<TransferOutcome, Error> {
    let (caller, wallet) = (msg_caller(), WalletId::new(args.wallet_id));
    let (decided, outcome) = store::read(|state| decide(state, caller, args, store::now()))?;
    match (decided, &outcome) {
        (Some(decided), _) => {
            jobs::log_denials_of(wallet, caller);
            store::commit(decided);
        }
        (None, Outcome::Denied { evaluation }) => jobs::count_denial(wallet, caller, evaluation),
        (None, _) => {}
    }
    match outcome {
        Outcome::Accepted { transfer, evaluation } => {
            jobs::wake(transfer);
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
        Outcome::Denied { evaluation } => Ok(TransferOutcome::Denied { evaluation: evaluation.into() }),
    }
}

#[ic_cdk::query]
fn simulate_transfer(args: TransferArgs) -> Result<Evaluation, Error> {
    store::read(|state| simulate(state, msg_caller(), args, store::now()))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::has_power_or_patience")]
fn cancel_transfer(transfer_id: u64, note: Option<String>) -> Result<Transfer, Error> {
    access::signed_in(msg_caller())?;
    at_most("note", note.as_deref().unwrap_or_default(), MAX_REASON_BYTES)?;
    let id = TransferId::new(transfer_id);
    let decided = store::read(|state| state.decide_cancel(msg_caller(), id, note))?;
    store::commit(decided);
    store::read(|state| find(state, id))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::has_power_or_patience")]
fn quarantine_transfer(transfer_id: u64, note: String) -> Result<Transfer, Error> {
    let id = TransferId::new(transfer_id);
    let decided = store::read(|state| state.decide_quarantine(msg_caller(), id, note))?;
    store::commit(decided);
    store::read(|state| find(state, id))
}

#[ic_cdk::query]
fn get_transfer(transfer_id: u64) -> Result<Transfer, Error> {
    store::read(|state| find(state, TransferId::new(transfer_id)))
}

#[ic_cdk::query]
fn list_transfers(wallet_id: u64, before: Option<u64>, limit: Option<u32>) -> Result<Vec<Transfer>, Error> {
    let wallet = WalletId::new(wallet_id);
    store::read(|state| {
        access::exists(state, wallet)?;
        let network = state.config().kaspa.network;
        let transfers = state.transfers(wallet, before.map(TransferId::new), page(limit));
        Ok(transfers.into_iter().map(|transfer| Transfer::new(transfer, network)).collect())
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
    Ok(state.simulate(caller, read(state, caller, args)?, now)?.into())
}

fn read(state: &Store, caller: Principal, args: TransferArgs) -> Result<TransferRequest, Error> {
    access::agent(state, caller, WalletId::new(args.wallet_id))?;
    args.into_request(&state.config())
}

pub(super) fn find(state: &Store, id: TransferId) -> Result<Transfer, Error> {
    let transfer = state.transfer(id).ok_or_else(|| Refusal::NotFound { what: "transfer", id: id.to_string() })?;
    let to_sign = state.to_sign(&transfer).map(|(messages, until)| ToSign {
        messages: messages.into_iter().map(|message| ByteBuf::from(message.into_vec())).collect(),
        until: until.nanos(),
    });
    Ok(Transfer { to_sign, ..Transfer::new(transfer, state.config().kaspa.network) })
}

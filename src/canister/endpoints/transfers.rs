//! Transfers: requested, simulated, read, cancelled, quarantined.

use super::requests::{answer, commit_decision, find, note_refusal, shown};
use super::{access, kaspa};
use crate::jobs;
use crate::store::{self, Store};
use candid::Principal;
use ic_cdk::api::msg_caller;
use purser_core::base::{Timestamp, TransferId, WalletId};
use purser_core::state::Decided;
use purser_core::transfer::{MAX_REASON_BYTES, Outcome, TransferRequest};
use purser_types::{Error, Evaluation, Transfer, TransferAnswer, TransferArgs, at_most, page};

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn transfer(args: TransferArgs) -> Result<TransferAnswer, Error> {
    let (caller, wallet) = (msg_caller(), WalletId::new(args.wallet_id));
    let decided = store::read(|state| decide(state, caller, args, store::now()));
    let (decided, outcome) = decided.inspect_err(note_refusal)?;
    commit_decision(wallet, caller, decided, outcome.denied());
    if let Outcome::Accepted { transfer, .. } = &outcome {
        jobs::wake(*transfer);
    }
    answer(outcome)
}

#[ic_cdk::query]
fn simulate_transfer(args: TransferArgs) -> Result<Evaluation, Error> {
    store::read(|state| simulate(state, msg_caller(), args, store::now()))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn cancel_transfer(transfer_id: u64, note: Option<String>) -> Result<Transfer, Error> {
    access::require_authenticated(msg_caller())?;
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
        let wait_reason = state.wait_reason(id, store::now());
        Ok(Transfer { note: wait_reason.or(shown.note), ..shown })
    })
}

#[ic_cdk::query]
fn list_transfers(wallet_id: u64, before: Option<u64>, limit: Option<u32>) -> Result<Vec<Transfer>, Error> {
    let wallet = WalletId::new(wallet_id);
    store::read(|state| {
        access::require_wallet(state, wallet)?;
        let transfers = state.transfers(wallet, before.map(TransferId::new), page(limit));
        Ok(transfers.into_iter().map(|transfer| shown(state, transfer)).collect())
    })
}

/// Returns the decision about a request and its outcome; nothing is committed.
///
/// # Errors
/// When the caller is no agent of the wallet, an argument cannot be read, or the domain refuses the request.
pub(super) fn decide(
    state: &Store,
    caller: Principal,
    args: TransferArgs,
    now: Timestamp,
) -> Result<(Option<Decided>, Outcome), Error> {
    Ok(state.decide_transfer(caller, read(state, caller, args)?, now)?)
}

/// Returns the evaluation of the request that [`decide`] would make.
///
/// # Errors
/// As [`decide`].
pub(super) fn simulate(state: &Store, caller: Principal, args: TransferArgs, now: Timestamp) -> Result<Evaluation, Error> {
    let request = read(state, caller, args)?;
    let fee = kaspa::cached_quote(state, &request, now);
    Ok(Evaluation { fee, ..state.simulate(caller, request, now)?.into() })
}

fn read(state: &Store, caller: Principal, args: TransferArgs) -> Result<TransferRequest, Error> {
    access::require_agent(state, caller, WalletId::new(args.wallet_id))?;
    args.into_request(state.config())
}

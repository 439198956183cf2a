//! Transfers: requested, simulated, read, cancelled, quarantined.

use super::requests::{answer, commit_decision, find, note_refusal, shown};
use super::{access, kaspa};
use crate::jobs;
use crate::store::{self, Store};
use candid::Principal;
use ic_cdk::api::msg_caller;
use purser_core::base::text::echo;
use purser_core::base::{Timestamp, TransferId, WalletId};
use purser_core::state::{Decided, Refusal};
use purser_core::transfer::{MAX_IDEMPOTENCY_KEY_BYTES, MAX_REASON_BYTES, Outcome, TransferRequest};
use purser_types::{Error, Evaluation, Page, Transfer, TransferAnswer, TransferArgs, TransferFilter, at_most, page_size};

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
    store::read(|state| explained(state, TransferId::new(transfer_id)))
}

#[ic_cdk::query]
fn get_transfer_by_key(wallet_id: u64, agent: Principal, idempotency_key: String) -> Result<Transfer, Error> {
    store::read(|state| by_key(state, WalletId::new(wallet_id), agent, &idempotency_key))
}

#[ic_cdk::query]
fn list_transfers(filter: TransferFilter, cursor: Option<u64>, limit: Option<u32>) -> Result<Page<Transfer, u64>, Error> {
    store::read(|state| listed(state, filter, cursor, limit))
}

/// Returns the transfer of a wallet that an agent's idempotency key stands for.
///
/// # Errors
/// `NOT_FOUND` when there is no such wallet, or no transfer of it under the key; `VALIDATION_FAILED` for a key that is too long.
pub(super) fn by_key(state: &Store, wallet: WalletId, agent: Principal, key: &str) -> Result<Transfer, Error> {
    access::require_wallet(state, wallet)?;
    at_most("idempotency_key", key, MAX_IDEMPOTENCY_KEY_BYTES)?;
    let found = state.transfer_by_key(&agent, key).filter(|transfer| transfer.request.wallet == wallet);
    let found = found.ok_or_else(|| Refusal::NotFound { what: "transfer under the idempotency key", id: echo(key) })?;
    explained(state, found.id)
}

fn listed(state: &Store, filter: TransferFilter, cursor: Option<u64>, limit: Option<u32>) -> Result<Page<Transfer, u64>, Error> {
    access::require_wallet(state, WalletId::new(filter.wallet_id))?;
    let transfers = state.transfers_before(filter.into(), cursor.map(TransferId::new));
    Ok(Page::fill(page_size(limit), transfers.map(|transfer| (transfer.id.get(), shown(state, transfer)))))
}

/// Returns a transfer with the reason why it waits, also where only the mode of operation holds it back, which no entry says.
fn explained(state: &Store, id: TransferId) -> Result<Transfer, Error> {
    let shown = find(state, id)?;
    Ok(Transfer { note: state.wait_reason(id, store::now()).or(shown.note), ..shown })
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

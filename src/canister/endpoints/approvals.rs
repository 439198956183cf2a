//! The approval and the rejection of transfers that wait for it.

use super::access;
use super::requests::find;
use crate::jobs;
use crate::store;
use ic_cdk::api::msg_caller;
use purser_core::base::{Hash, TransferId, WalletId};
use purser_types::{ApprovalRequest, Error, Page, Transfer, page_size};
use serde_bytes::ByteBuf;

/// The most approvals on a page: for each, the limits of every scope of its transfer are read.
pub(crate) const MAX_APPROVALS: usize = 100;

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn approve_transfer(transfer_id: u64, intent_hash: ByteBuf) -> Result<Transfer, Error> {
    access::require_authenticated(msg_caller())?;
    let id = TransferId::new(transfer_id);
    let intent = <[u8; 32]>::try_from(intent_hash.into_vec()).map_err(|_| Error::invalid("intent_hash", "32 bytes are needed"))?;
    let decided = store::read(|state| state.decide_approve(msg_caller(), id, Hash(intent), store::now()))?;
    store::commit(decided);
    jobs::wake(id);
    store::read(|state| find(state, id))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn reject_transfer(transfer_id: u64, note: String) -> Result<Transfer, Error> {
    let id = TransferId::new(transfer_id);
    let decided = store::read(|state| state.decide_reject(msg_caller(), id, note, store::now()))?;
    store::commit(decided);
    store::read(|state| find(state, id))
}

#[ic_cdk::query]
fn list_approvals(wallet_id: Option<u64>, cursor: Option<u64>, limit: Option<u32>) -> Page<ApprovalRequest, u64> {
    let now = store::now();
    store::read(|state| {
        let pending = state.pending_approvals_after(wallet_id.map(WalletId::new), cursor.map(TransferId::new));
        let shown = |transfer: purser_core::transfer::Transfer| {
            let (id, note) = (transfer.id.get(), jobs::note_of(state, &transfer));
            let request = ApprovalRequest::new(state, transfer, now)?;
            Some((id, ApprovalRequest { transfer: Transfer { note, ..request.transfer }, ..request }))
        };
        Page::fill(page_size(limit).min(MAX_APPROVALS), pending.filter_map(shown))
    })
}

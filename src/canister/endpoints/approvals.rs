//! The approval and the rejection of transfers that wait for it.

use super::access;
use super::requests::find;
use crate::jobs;
use crate::store;
use ic_cdk::api::msg_caller;
use purser_core::base::{Hash, TransferId, WalletId};
use purser_types::{ApprovalRequest, Error, MAX_PAGE, Transfer};
use serde_bytes::ByteBuf;

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
fn list_approvals(wallet_id: Option<u64>) -> Vec<ApprovalRequest> {
    let now = store::now();
    store::read(|state| {
        let pending = state.pending_approvals(wallet_id.map(WalletId::new)).into_iter().take(MAX_PAGE);
        let shown = |transfer| {
            let note = jobs::note_of(state, &transfer);
            let request = ApprovalRequest::new(state, transfer, now)?;
            Some(ApprovalRequest { transfer: Transfer { note, ..request.transfer }, ..request })
        };
        pending.filter_map(shown).collect()
    })
}

//! Reasons for which transfers wait, as the interface shows them.
//!
//! Reasons are kept on the heap: the next run of a transfer finds its reason again.

use purser_core::base::TransferId;
use purser_core::transfer::{Status, Transfer};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 400;

thread_local! {
    static REASONS: RefCell<BTreeMap<TransferId, String>> = const { RefCell::new(BTreeMap::new()) };
}

/// The reason for which a transfer waits, from its last run or from its record. `None` for one that has ended.
pub fn reason(transfer: &Transfer) -> Option<String> {
    let by_record = transfer.note.clone().or_else(|| by_status(transfer).map(str::to_owned));
    match transfer.status {
        status if status.is_terminal() => None,
        Status::Quarantined => by_record,
        _ => by_last_run(transfer.id).or(by_record),
    }
}

/// The reason that the last run of a transfer found.
pub(super) fn by_last_run(id: TransferId) -> Option<String> {
    REASONS.with_borrow(|all| all.get(&id).cloned())
}

fn by_status(transfer: &Transfer) -> Option<&'static str> {
    let is_agreed = transfer.approval.as_ref().is_some_and(|approval| approval.ready_at.is_some());
    match transfer.status {
        Status::AwaitingApproval if is_agreed => Some("it is approved and waits for its time lock to end"),
        Status::AwaitingApproval => Some("it waits for approval"),
        Status::Reserved => Some("it waits to be built"),
        Status::Expired => Some("its last transaction cannot land any more; it waits to be built again"),
        Status::Built => Some("it waits to be signed"),
        Status::Signed => Some("it waits to be sent"),
        Status::Submitted => Some("it was sent and waits for the chain to make it final"),
        Status::Quarantined => Some("it waits for admins"),
        Status::Confirmed | Status::Failed | Status::Cancelled | Status::Rejected => None,
    }
}

/// Keeps the reason that a run found. `None` forgets the one before: the record says enough.
pub(super) fn record(id: TransferId, reason: Option<String>) {
    REASONS.with_borrow_mut(|all| match reason {
        Some(reason) => drop(all.insert(id, reason.chars().take(MAX_REASON_CHARS).collect())),
        None => drop(all.remove(&id)),
    });
}

/// Forgets the reasons of all transfers except the active ones.
pub fn retain(active: &BTreeSet<TransferId>) {
    REASONS.with_borrow_mut(|all| all.retain(|id, _| active.contains(id)));
}

//! Why each transfer waits. Kept on the heap: it is found out anew with the next look.

use purser_core::base::TransferId;
use purser_core::transfer::{Status, Transfer};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 400;

thread_local! {
    static REASONS: RefCell<BTreeMap<TransferId, String>> = const { RefCell::new(BTreeMap::new()) };
}

/// Why a transfer waits: what the last look at it found, or what its record says. `None` for one that has ended.
pub fn reason(transfer: &Transfer) -> Option<String> {
    let by_record = transfer.note.clone().or_else(|| by_status(transfer).map(str::to_owned));
    match transfer.status {
        status if status.is_terminal() => None,
        Status::Quarantined => by_record,
        _ => said(transfer.id).or(by_record),
    }
}

/// What the last look at a transfer found that had something to say.
pub(super) fn said(id: TransferId) -> Option<String> {
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

/// Keeps what a look at a transfer found; nothing when it found no more than the record says.
pub(super) fn note(id: TransferId, reason: Option<String>) {
    REASONS.with_borrow_mut(|all| match reason {
        Some(reason) => drop(all.insert(id, reason.chars().take(MAX_REASON_CHARS).collect())),
        None => drop(all.remove(&id)),
    });
}

/// Forgets every transfer that is no longer under way.
pub fn retain(active: &BTreeSet<TransferId>) {
    REASONS.with_borrow_mut(|all| all.retain(|id, _| active.contains(id)));
}

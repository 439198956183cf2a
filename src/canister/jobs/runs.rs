//! Runs: one attempt to take a transfer further, under its locks.

use super::locks::{self, Lock};
use super::schedule::{Dispatch, Schedule, TransferStep};
use super::{breaker, rollback_guard};
use crate::flows::{self, Progress};
use crate::metrics;
use crate::ports::Clock;
use crate::ports::ic::Ic;
use crate::store::{self, Store};
use ic_cdk_timers::set_timer;
use purser_core::base::{SECOND_NS, Timestamp, TransferId};
use purser_core::policy::ReasonCode;
use purser_core::transfer::{Status, Transfer};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

/// The most transfers that are driven at a time. The others wait for a later tick.
const MAX_RUNS: usize = 50;

thread_local! {
    static SCHEDULE: RefCell<Schedule> = RefCell::default();
    /// Whether the last tick drove nothing, because an older snapshot of the canister may have been loaded.
    static NOTHING_DRIVEN: Cell<bool> = const { Cell::new(false) };
}

/// Makes a transfer due at once.
pub fn wake(id: TransferId) {
    SCHEDULE.with_borrow_mut(|schedule| schedule.wake(id, store::now()));
}

/// Forgets all transfers except the active ones.
pub fn retain(active: &BTreeSet<TransferId>) {
    SCHEDULE.with_borrow_mut(|schedule| schedule.retain(active));
}

/// Picks the transfers to start now. None while an older snapshot of the canister may have been loaded.
pub fn pick(active: &[TransferId], now: Timestamp) -> Vec<TransferId> {
    NOTHING_DRIVEN.set(!rollback_guard::is_known(now));
    if NOTHING_DRIVEN.get() {
        return Vec::new();
    }
    let free = MAX_RUNS.saturating_sub(locks::transfers_held());
    let emergency = store::read(|state| state.mode().is_emergency());
    SCHEDULE.with_borrow_mut(|schedule| schedule.pick(active, now, free, emergency, Lock::is_held))
}

/// Reads a transfer and dispatches its run. `tick_soon` is called when a run leaves more to do at once.
///
/// The read has a message of its own: a record that cannot be read, or an end that cannot be recorded, stops no other transfer.
pub fn start(id: TransferId, tick_soon: fn()) {
    let Some(transfer) = store::read(|state| state.transfer(id)) else {
        return;
    };
    let (step, now) = (step_of(&transfer), store::now());
    let is_stopped = step.stops_in_emergency() && store::read(|state| state.mode().is_emergency());
    let is_behind = || SCHEDULE.with_borrow(|schedule| schedule.is_queued_behind(id, step, now));
    if is_stopped || (step.needs_wallet() && (Lock::Spending(step.spending).is_held() || is_behind())) {
        return SCHEDULE.with_borrow_mut(|schedule| schedule.postpone(id, step, now));
    }
    match SCHEDULE.with_borrow_mut(|schedule| schedule.dispatch(id, step, now)) {
        Dispatch::Drive { provider_offset } => {
            set_timer(Duration::ZERO, run(id, provider_offset, tick_soon));
        }
        Dispatch::Quarantine => {
            let note = format!("driving it from {:?} trapped again and again", step.status);
            match store::read(|state| state.decide_quarantine_by_canister(id, ReasonCode::RepeatedTraps, note)) {
                Ok(decided) => {
                    store::commit(decided);
                }
                Err(refusal) => ic_cdk::println!("transfer {id}: {refusal}"),
            }
        }
    }
}

fn step_of(transfer: &Transfer) -> TransferStep {
    store::read(|state| step_in(state, transfer))
}

fn step_in(state: &Store, transfer: &Transfer) -> TransferStep {
    let in_emergency = transfer.is_revocation() || state.revocation_of(transfer).is_some();
    TransferStep::of(transfer, flows::concurrency_key(state, transfer), in_emergency)
}

/// The reason for which a transfer waits or ended, for the interface, if there is one.
pub fn note_of(state: &Store, transfer: &Transfer) -> Option<String> {
    let Some(reason) = flows::why_waiting(transfer) else { return transfer.note.clone() };
    let is_stopped = || step_in(state, transfer).stops_in_emergency();
    Some(match transfer.status {
        Status::Quarantined | Status::AwaitingApproval => reason,
        _ if NOTHING_DRIVEN.get() => "the canister first makes sure that no older snapshot of it was loaded".to_owned(),
        _ if state.mode().is_emergency() && is_stopped() => flows::EMERGENCY.to_owned(),
        _ => reason,
    })
}

/// Drives one transfer as far as possible, under its locks.
async fn run(id: TransferId, provider_offset: usize, tick_soon: fn()) {
    let Some(_guard) = Lock::Transfer(id).acquire() else {
        return;
    };
    let Some(transfer) = store::read(|state| state.transfer(id)) else {
        return;
    };
    let step = step_of(&transfer);
    let Some(spending) = (if step.needs_wallet() { Lock::Spending(step.spending).acquire().map(Some) } else { Some(None) }) else {
        return SCHEDULE.with_borrow_mut(|schedule| schedule.undo_dispatch(id, step, store::now()));
    };
    let progress = drive(id, provider_offset, spending, tick_soon).await;
    if let Progress::Transient(problem) | Progress::RateLimited(problem) | Progress::Deferred(problem) = &progress {
        ic_cdk::println!("transfer {id}: {problem}");
    }
    let transfer = store::read(|state| state.transfer(id)).unwrap_or(transfer);
    if progress == Progress::Ended {
        metrics::ended(&transfer);
        follow_up(&transfer, tick_soon);
    }
    // A chain on which transfers are only simulated has no breaker to open.
    if !store::read(|state| state.is_simulated(&transfer)) {
        breaker::update(transfer.request.asset.chain(), &progress, transfer.status);
    }
    let age_seconds = Ic.now().nanos_since(transfer.updated_at) / SECOND_NS;
    SCHEDULE.with_borrow_mut(|schedule| schedule.report(id, &progress, step_of(&transfer), age_seconds, Ic.now()));
    if progress == Progress::Again {
        tick_soon();
    }
}

/// Drives a transfer, and releases its wallet after the build where no later step needs it.
///
/// So the next transaction is built while one is signed.
async fn drive(id: TransferId, provider_offset: usize, guard: Option<locks::Guard>, tick_soon: fn()) -> Progress {
    if guard.as_ref().is_some_and(locks::Guard::is_for_building) {
        let built = flows::build(&Ic, id, provider_offset).await;
        if built != Progress::Again {
            return built;
        }
        drop(guard);
        tick_soon();
    }
    flows::drive(&Ic, id, provider_offset).await
}

/// Begins the transfer that the end of another one calls for, if any.
fn follow_up(ended: &Transfer, tick_soon: fn()) {
    if let Some((decided, id)) = store::read(|state| flows::follow_up(state, ended, store::now())) {
        store::commit(decided);
        wake(id);
        tick_soon();
    }
}

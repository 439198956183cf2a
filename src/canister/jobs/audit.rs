//! The timer that checks the log.
//!
//! It verifies a part of the log, recomputes and records the state, prunes archived blocks, and keeps room for later entries. Each check has messages of its own, so that one that traps stops no other.

use super::rollback_guard;
use super::timers::start_once;
use crate::store;
use ic_cdk_timers::{TimerId, set_timer, set_timer_interval};
use purser_core::state::{Decided, LogMonitor};
use std::cell::Cell;
use std::time::Duration;

/// The period of the checks.
const PERIOD: Duration = Duration::from_secs(300);
/// The number of blocks that are verified each time, whatever the length of the log.
const VERIFIED: u64 = 1_000;
/// The number of records of a table that are recounted in one message.
const RECOUNTED: usize = 500;

thread_local! {
    static TIMER: Cell<Option<TimerId>> = const { Cell::new(None) };
}

/// Starts the timer unless it runs. `on_history_read` is called when the canister's history was read.
pub fn arm(on_history_read: fn()) {
    TIMER.with(|timer| start_once(timer, || set_timer_interval(PERIOD, move || async move { run_checks(on_history_read) })));
}

fn run_checks(on_history_read: fn()) {
    let now = store::now();
    rollback_guard::ask(on_history_read);
    set_timer(Duration::ZERO, async { keep_ready() });
    set_timer(Duration::ZERO, async { verify() });
    if store::read(|state| state.is_checkpoint_due(now)) {
        set_timer(Duration::ZERO, async { checkpoint() });
    }
    if store::read(|state| state.is_prune_due(now)) {
        set_timer(Duration::ZERO, async { prune() });
    }
}

/// Verifies the next part of the log.
fn verify() {
    let report = store::mutate_unlogged(|state| state.verify_next(VERIFIED, store::now()));
    ic_cdk::println!("[Integrity Check] Valid: {}", report.valid);
    ic_cdk::println!("[Integrity Check] Entries checked: {}", report.entries_checked);
    if let Some((index, reason)) = report.first_broken_at {
        ic_cdk::println!("[ALERT] Audit chain broken at entry: {index}");
        commit(store::read(|state| state.decide_chain_broken(index, reason, store::now())));
    }
}

/// Recomputes the state from all tables, a part in each message, and records it.
///
/// A timer that catches up after a halt of the subnet begins this several times. The others end when one has recorded the state.
fn checkpoint() {
    if !store::read(|state| state.is_checkpoint_due(store::now())) {
        return;
    }
    if !store::read(|state| state.recount(RECOUNTED)) {
        set_timer(Duration::ZERO, async { checkpoint() });
        return;
    }
    commit(store::read(|state| state.decide_checkpoint(store::now())));
}

/// Prunes the next of the oldest archived blocks, and begins again in another message while there are more.
fn prune() {
    let now = store::now();
    if let Some(decided) = store::read(|state| state.decide_prune(now)) {
        store::commit(decided);
        set_timer(Duration::ZERO, async { prune() });
        return;
    }
    store::mutate_unlogged(|state| {
        let monitor = state.log_monitor();
        state.set_log_monitor(&LogMonitor { pruned_at: Some(now), ..monitor });
    });
}

/// Takes memory for later log entries while there is some.
fn keep_ready() {
    let succeeded = store::mutate_unlogged(|state| state.reserve_log_room()).is_ok();
    append_ended(succeeded && store::read(|state| state.has_log_capacity()));
}

/// Counts failures to append to the log. After several consecutive ones spending stops, and calls that end or stop spending go on.
pub fn append_ended(succeeded: bool) {
    let failures = store::mutate_unlogged(|state| state.record_append(succeeded));
    if succeeded {
        return;
    }
    ic_cdk::println!("[ALERT] Audit append failed: {failures} in a row");
    commit(store::read(|state| state.decide_append_failing(failures, store::now())));
}

fn commit(decided: Option<Decided>) {
    if let Some(decided) = decided {
        store::commit(decided);
    }
}

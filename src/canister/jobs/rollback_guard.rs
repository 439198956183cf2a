//! The guard against loaded snapshots: with an older one the canister has forgotten its latest payments.
//!
//! Nothing inside a snapshot tells that it was loaded. The Internet Computer keeps a history of the changes to a canister, of which no
//! snapshot is a part. That history is read after every start and with every check of the log, and no transfer is driven while the last
//! answer is too old: after a snapshot was loaded, this is so before anything else happens. A snapshot that is not known yet starts the
//! emergency mode.

use super::timers::start_once;
use crate::ports::ic::{Ic, SnapshotLoaded};
use crate::store;
use ic_cdk_timers::{TimerId, clear_timer, set_timer};
use purser_core::base::{SECOND_NS, Timestamp};
use std::cell::Cell;
use std::time::Duration;

/// The time in seconds for which an answer counts: twice the period of the log's checks.
///
/// It is the least age of a snapshot that is noticed before any transfer is driven, when its memory goes on without an upgrade. A younger
/// snapshot is noticed with the next check.
const COUNTS_SECONDS: u64 = 600;
/// The time after which a question without an answer is repeated.
const LEASE: Duration = Duration::from_secs(30);

thread_local! {
    static ANSWERED: Cell<Option<Timestamp>> = const { Cell::new(None) };
    /// The timer that runs while a question is under way, and ends it when its answer was lost.
    static QUESTION: Cell<Option<TimerId>> = const { Cell::new(None) };
}

/// Whether the history was read lately, so that no snapshot was loaded unnoticed.
pub fn is_known(now: Timestamp) -> bool {
    ANSWERED.get().is_some_and(|at| now.nanos_since(at) < COUNTS_SECONDS * SECOND_NS)
}

/// Reads the history when no answer counts.
pub fn ask_unless_known(on_answer: fn()) {
    if !is_known(store::now()) {
        ask(on_answer);
    }
}

/// Reads the history, unless a read is under way. `on_answer` is called then, so that transfers that waited are driven.
pub fn ask(on_answer: fn()) {
    QUESTION.with(|question| {
        start_once(question, || {
            set_timer(Duration::ZERO, read_history(on_answer));
            set_timer(LEASE, async { QUESTION.set(None) })
        });
    });
}

async fn read_history(on_answer: fn()) {
    match Ic.last_snapshot_loaded().await {
        Ok(loaded) => {
            let now = store::now();
            let is_news =
                store::mutate_unlogged(|state| state.record_snapshot_load(loaded.map(|snapshot| snapshot.loaded_at), now));
            if let Some(SnapshotLoaded { loaded_at, taken_at }) = loaded.filter(|_| is_news) {
                ic_cdk::println!("[ALERT] An older snapshot of the canister was loaded");
                store::commit(store::read(|state| state.decide_snapshot_loaded(loaded_at, taken_at, now)));
            }
            ANSWERED.set(Some(now));
            on_answer();
        }
        Err(problem) => ic_cdk::println!("history of the canister: {problem}"),
    }
    if let Some(lease) = QUESTION.take() {
        clear_timer(lease);
    }
}

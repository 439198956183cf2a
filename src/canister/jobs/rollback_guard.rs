//! Whether the canister is where it was: a controller may have loaded an older snapshot of it, and then it has forgotten what it paid.
//!
//! Nothing inside a snapshot can tell that it was loaded. The Internet Computer can: it keeps a history of what was done to a canister,
//! of which no snapshot is part. It is asked after every start and with every watch over the log, and nothing is driven while the last
//! answer is too old: after a snapshot was loaded, that is before anything else happens. A snapshot that is not known yet starts the
//! emergency mode.

use super::{start_once, tick_soon};
use crate::ports::ic::{Ic, SnapshotLoaded};
use crate::store;
use ic_cdk_timers::{TimerId, clear_timer, set_timer};
use purser_core::base::{SECOND_NS, Timestamp};
use std::cell::Cell;
use std::time::Duration;

/// For how long an answer counts: twice the time from one watch over the log to the next. It bounds how old a snapshot must be to be
/// noticed before anything is driven, when its memory goes on without an upgrade; a younger one is noticed with the next watch.
const COUNTS_SECONDS: u64 = 600;
/// After this long without an answer it is asked again.
const LEASE: Duration = Duration::from_secs(30);

thread_local! {
    static ANSWERED: Cell<Option<Timestamp>> = const { Cell::new(None) };
    /// Runs while a question is under way, and ends it when its answer was lost.
    static ASKING: Cell<Option<TimerId>> = const { Cell::new(None) };
}

/// Whether it is known that nothing was forgotten.
pub fn is_known(now: Timestamp) -> bool {
    ANSWERED.get().is_some_and(|at| now.nanos_since(at) < COUNTS_SECONDS * SECOND_NS)
}

/// Asks when there is no answer that counts.
pub fn ask_unless_known() {
    if !is_known(store::now()) {
        ask();
    }
}

/// Asks, unless it is being asked. Transfers that waited for the answer are driven then.
pub fn ask() {
    ASKING.with(|asking| {
        start_once(asking, || {
            set_timer(Duration::ZERO, look());
            set_timer(LEASE, async { ASKING.set(None) })
        });
    });
}

async fn look() {
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
            tick_soon();
        }
        Err(problem) => ic_cdk::println!("history of the canister: {problem}"),
    }
    if let Some(lease) = ASKING.take() {
        clear_timer(lease);
    }
}

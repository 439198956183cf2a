//! The timer that ends sessions whose time is over.
//!
//! No decision depends on it: a session that is over takes no request. The end removes the session's counts, and is logged.

use crate::store;
use ic_cdk_timers::{TimerId, clear_timer, set_timer};
use std::cell::Cell;
use std::time::Duration;

/// The most sessions that are ended in one message. The next message follows at once.
const MAX_ENDS: usize = 100;
/// The time by which the timer is late, so that it ends several sessions in one message.
const SLACK: Duration = Duration::from_secs(5);

thread_local! {
    static TIMER: Cell<Option<TimerId>> = const { Cell::new(None) };
}

/// Waits for the end of the next session. Called when one was opened, and at the end of `post_upgrade`.
pub fn arm() {
    let next = store::read(|state| state.next_session_end());
    let timer = next.map(|end| {
        let delay = Duration::from_nanos(end.nanos_since(store::now())) + SLACK;
        set_timer(delay, async { end_some() })
    });
    if let Some(old) = TIMER.replace(timer) {
        clear_timer(old);
    }
}

fn end_some() {
    if let Some(decided) = store::read(|state| state.decide_expired_sessions(store::now(), MAX_ENDS)) {
        store::commit(decided);
    }
    arm();
}

//! The end of sessions whose time is over. Nothing depends on it: a session that is over takes no request. It removes what the session
//! counted, and writes its end into the log.

use crate::store;
use ic_cdk_timers::{TimerId, clear_timer, set_timer};
use std::cell::Cell;
use std::time::Duration;

/// How many are ended in one message; the next one follows at once.
const MAX_ENDS: usize = 100;
/// A timer that fires a little late ends several sessions in one message.
const SLACK: Duration = Duration::from_secs(5);

thread_local! {
    static TIMER: Cell<Option<TimerId>> = const { Cell::new(None) };
}

/// Sees to it that the next session to end is ended; to be called when one was opened and at the end of `post_upgrade`.
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

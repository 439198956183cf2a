//! The timer that ends proposals whose time has come.
//!
//! Admins can execute a proposal themselves; the timer ends those that no admin executes. It waits for the earliest, and each proposal is
//! ended in a message of its own, so that one that traps takes no other with it. It is tried again a minute later.

use crate::store;
use ic_cdk_timers::{TimerId, clear_timer, set_timer};
use purser_core::base::{ProposalId, SECOND_NS, Timestamp};
use std::cell::Cell;
use std::time::Duration;

/// The delay in seconds of a proposal that was due and did not end.
const RETRY_SECONDS: u64 = 60;

thread_local! {
    static TIMER: Cell<Option<TimerId>> = const { Cell::new(None) };
}

/// Waits for the next proposal that is due, if any waits. Called whenever one may have been made or changed.
///
/// `on_end` is called when a proposal has ended, which may have changed anything.
pub fn arm(on_end: fn()) {
    wait(0, on_end);
}

fn wait(at_least_seconds: u64, on_end: fn()) {
    let due = store::read(|state| state.next_proposal_due());
    let timer = due.map(|due| set_timer(delay(due, store::now(), at_least_seconds), async move { end_due(on_end) }));
    if let Some(previous) = TIMER.replace(timer) {
        clear_timer(previous);
    }
}

fn delay(due: Timestamp, now: Timestamp, at_least_seconds: u64) -> Duration {
    Duration::from_nanos(due.nanos_since(now).max(at_least_seconds.saturating_mul(SECOND_NS)))
}

fn end_due(on_end: fn()) {
    for id in store::read(|state| state.due_proposals(store::now())) {
        set_timer(Duration::ZERO, async move { end(id, on_end) });
    }
    wait(RETRY_SECONDS, on_end);
}

fn end(id: ProposalId, on_end: fn()) {
    match store::read(|state| state.decide_due_proposal(id, store::now())) {
        Ok(Some(decided)) => {
            store::commit(decided);
            on_end();
        }
        Ok(None) => {}
        Err(refusal) => ic_cdk::println!("{refusal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_is_waited_for_and_a_failed_one_retried_after_a_minute() {
        let at = |seconds: u64| Timestamp::from_nanos(seconds * SECOND_NS);
        assert_eq!(delay(at(100), at(40), 0), Duration::from_secs(60));
        assert_eq!(delay(at(100), at(100), 0), Duration::ZERO);
        assert_eq!(delay(at(40), at(100), RETRY_SECONDS), Duration::from_secs(60), "it was due and is still open");
        assert_eq!(delay(at(1_000), at(100), RETRY_SECONDS), Duration::from_secs(900));
    }
}

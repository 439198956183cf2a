//! Timers that run at most once at a time.

use ic_cdk_timers::TimerId;
use std::cell::Cell;

/// Starts a timer unless one is noted in its cell.
pub fn start_once(timer: &Cell<Option<TimerId>>, start: impl FnOnce() -> TimerId) {
    if timer.get().is_none() {
        timer.set(Some(start()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_that_runs_is_not_started_again() {
        let (timer, starts) = (Cell::new(None), Cell::new(0));
        let start = || {
            starts.set(starts.get() + 1);
            TimerId::default()
        };
        start_once(&timer, start);
        start_once(&timer, start);
        assert_eq!((timer.get().is_some(), starts.get()), (true, 1));
        timer.set(None);
        start_once(&timer, start);
        assert_eq!(starts.get(), 2, "a timer that was stopped is");
    }
}

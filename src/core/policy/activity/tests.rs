//! Tests of counts in sliding windows and of the circuit breaker.

use super::*;
use crate::base::codec::{from_record, to_record};

const fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(100 * DAY_NS + nanos)
}

#[test]
fn a_minute_slides() {
    let mut activity = Activity::default();
    for second in [0, 20, 40] {
        activity.note(true, at(second * SECOND_NS));
    }
    let count = |now: u64| activity.count(Counted::Executions, RateWindow::Minute, at(now));
    assert_eq!(count(40 * SECOND_NS), 3);
    assert_eq!(count(61 * SECOND_NS - 1), 3, "a bucket counts until all of it is a minute old");
    assert_eq!(count(61 * SECOND_NS), 2);
    assert_eq!(count(101 * SECOND_NS), 0);
    assert_eq!(activity.free_after(Counted::Executions, RateWindow::Minute, 3, at(41 * SECOND_NS)), Some(20 * SECOND_NS));
    assert_eq!(activity.free_after(Counted::Executions, RateWindow::Minute, 4, at(41 * SECOND_NS)), Some(0));
    assert_eq!(activity.free_after(Counted::Executions, RateWindow::Minute, 0, at(41 * SECOND_NS)), None);
}

#[test]
fn attempts_and_executions_are_counted_apart() {
    let mut activity = Activity::default();
    activity.note(false, at(0));
    activity.note(true, at(1));
    for window in [RateWindow::Minute, RateWindow::Hour, RateWindow::Day] {
        assert_eq!(activity.count(Counted::Attempts, window, at(2)), 2);
        assert_eq!(activity.count(Counted::Executions, window, at(2)), 1);
    }
}

#[test]
fn memory_is_bounded_and_survives_storage() {
    let mut activity = Activity::default();
    for second in 0..100_000 {
        activity.note(second % 2 == 0, at(second * SECOND_NS));
    }
    let sizes = [activity.minute.0.len(), activity.hour.0.len(), activity.day.0.len()];
    assert_eq!(sizes, [61, 61, 49], "one bucket more than fits the window");
    assert_eq!(activity.count(Counted::Attempts, RateWindow::Minute, at(99_999 * SECOND_NS)), 61);
    assert_eq!(from_record::<Activity>(&to_record(&activity)).unwrap(), activity);
}

#[test]
fn a_breaker_closes_by_itself() {
    let activity = Activity { open_until: Some(at(10)), ..Activity::default() };
    assert_eq!(activity.breaker_opens_for(at(0)), Some(10));
    assert_eq!(activity.breaker_opens_for(at(9)), Some(1));
    assert_eq!(activity.breaker_opens_for(at(10)), None);
}

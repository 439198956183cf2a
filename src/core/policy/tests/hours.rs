//! Tests of active hours as a rule.

use super::fixture::*;
use crate::base::{DAY_NS, HOUR_NS, MINUTE_NS, Timestamp};
use crate::policy::*;

const OUTSIDE: Result<Decision, (RuleKind, ReasonCode)> = Err((RuleKind::ActiveHours, ReasonCode::OutsideTimeWindow));

fn world(zone: &str, days: &[Weekday], start: &str, end: &str) -> World {
    let time = |text: &str| LocalTime::parse(text).expect("a time");
    let window = HoursWindow { days: days.iter().copied().collect(), start: time(start), end: time(end) };
    World::new(open_but([Rule::ActiveHours(ActiveHours { zone: TimeZone::parse(zone).expect("a zone"), windows: vec![window] })]))
}

#[test]
fn the_first_minute_is_inside_and_the_last_is_not() {
    let world = world("Etc/UTC", &[Weekday::Mon], "09:00", "17:30");
    let (opens, closes) = (9 * HOUR_NS, 17 * HOUR_NS + 30 * MINUTE_NS);
    for (time, expected) in
        [(opens - 1, OUTSIDE), (opens, ALLOWED), (closes - 1, ALLOWED), (closes, OUTSIDE), (DAY_NS + opens, OUTSIDE)]
    {
        assert_eq!(verdict(&world.clone().at(at(time)).sol(1, 0)), expected, "{time}");
    }
    let before = denial(&world.clone().at(at(opens - 7)).sol(1, 0));
    assert_eq!((before.code, before.retry_after_ns), (Some(ReasonCode::OutsideTimeWindow), Some(7)));
    assert_eq!(denial(&world.at(at(closes)).sol(1, 0)).retry_after_ns, Some(7 * DAY_NS - closes + opens), "next Monday");
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_it_starts_on() {
    let world = world("Etc/UTC", &[Weekday::Mon], "22:00", "06:00");
    for (time, expected) in [
        (0, OUTSIDE),
        (5 * HOUR_NS, OUTSIDE),
        (22 * HOUR_NS, ALLOWED),
        (DAY_NS + 6 * HOUR_NS - 1, ALLOWED),
        (DAY_NS + 6 * HOUR_NS, OUTSIDE),
        (DAY_NS + 22 * HOUR_NS, OUTSIDE),
    ] {
        assert_eq!(verdict(&world.clone().at(at(time)).sol(1, 0)), expected, "{time}");
    }
}

#[test]
fn midnight_can_end_a_day() {
    let world = world("Asia/Kolkata", &[Weekday::Mon], "00:00", "24:00");
    // Monday in Kolkata is Sunday 18:30 to Monday 18:30 UTC.
    let (end, length) = (18 * HOUR_NS + 30 * MINUTE_NS, DAY_NS);
    let start = Timestamp::from_nanos(at(end).nanos() - length);
    assert_eq!(verdict(&world.clone().at(start).sol(1, 0)), ALLOWED);
    assert_eq!(verdict(&world.clone().at(Timestamp::from_nanos(start.nanos() - 1)).sol(1, 0)), OUTSIDE);
    assert_eq!(verdict(&world.clone().at(at(end - 1)).sol(1, 0)), ALLOWED);
    assert_eq!(verdict(&world.at(at(end)).sol(1, 0)), OUTSIDE);
}

#[test]
fn an_hour_that_the_clocks_skip_does_not_open_and_one_they_repeat_opens_twice() {
    let world = world("Europe/London", &[Weekday::Sun], "01:00", "02:00");
    // 2026-03-29, day 20_541: 01:00 becomes 02:00 at 01:00 UTC. 2026-10-25, day 20_751: 02:00 becomes 01:00 at 01:00 UTC.
    let hour = |day: u64, minutes: u64| Timestamp::from_nanos(day * DAY_NS + minutes * MINUTE_NS);
    for (day, minutes, expected) in [
        (20_541, 59, OUTSIDE),
        (20_541, 60, OUTSIDE),
        (20_541, 119, OUTSIDE),
        (20_751, 0, ALLOWED),
        (20_751, 59, ALLOWED),
        (20_751, 60, ALLOWED),
        (20_751, 119, ALLOWED),
        (20_751, 120, OUTSIDE),
    ] {
        assert_eq!(verdict(&world.clone().at(hour(day, minutes)).sol(1, 0)), expected, "day {day}, minute {minutes}");
    }
}

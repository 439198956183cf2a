//! Local time in four zones, by the letter of their laws and with none of the calendar's code.

use super::Dice;
use crate::base::{DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS};
use crate::policy::{Period, TimeZone, Window};

/// Zones that are hours, half hours and a quarter of an hour away, with and without summer time, one of half an hour.
pub const ZONES: [&str; 4] = ["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu"];
const DAY: i64 = 86_400;

/// Days since 1970 of a date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years: i64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    years + lengths.iter().take(month as usize - 1).sum::<i64>() + day - 1
}

/// Year and month of a day.
fn month_of(day: i64) -> (i64, i64) {
    let mut year = 1970 + day / 366;
    while days(year + 1, 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).take_while(|month| days(year, *month, 1) <= day).last().unwrap();
    (year, month)
}

/// The `nth` Sunday of a month, as a day. The first of January 1970 was a Thursday.
fn sunday(year: i64, month: i64, nth: i64) -> i64 {
    let first = days(year, month, 1);
    first + (3 - first).rem_euclid(7) + 7 * (nth - 1)
}

/// How far a zone's clocks are ahead, in seconds.
fn offset(zone: &str, instant: i64) -> i64 {
    let year = month_of(instant.div_euclid(DAY)).0;
    let at = |day: i64, hour: i64| day * DAY + hour * 3_600;
    match zone {
        // From 2 in the morning, which is 7 in UTC, of the second Sunday in March to 2 in the morning, which is 6, of the first in November.
        "America/New_York" if (at(sunday(year, 3, 2), 7)..at(sunday(year, 11, 1), 6)).contains(&instant) => -4 * 3_600,
        "America/New_York" => -5 * 3_600,
        "Asia/Kolkata" => 5 * 3_600 + 1_800,
        // Summer ends at 2 in the morning, which is 15 in UTC the day before, of the first Sunday in April, and begins at 2, which is half
        // past 15 the day before, of the first in October.
        "Australia/Lord_Howe" if (at(sunday(year, 4, 1) - 1, 15)..at(sunday(year, 10, 1) - 1, 15) + 1_800).contains(&instant) => {
            10 * 3_600 + 1_800
        }
        "Australia/Lord_Howe" => 11 * 3_600,
        "Asia/Kathmandu" => 5 * 3_600 + 2_700,
        _ => unreachable!("no such zone"),
    }
}

/// The moment at which the clocks of a zone show midnight of a day. None of these zones changes its clocks at midnight.
fn midnight(zone: &str, day: i64) -> i64 {
    let local = day * DAY;
    let guess = local - offset(zone, local);
    local - offset(zone, guess)
}

/// The beginning of a calendar period and of the next, in nanoseconds.
pub fn period(zone: &str, period: Period, now: u64) -> (u64, u64) {
    let instant = (now / SECOND_NS) as i64;
    let today = (instant + offset(zone, instant)).div_euclid(DAY);
    let (first, next) = match period {
        Period::Day => (today, today + 1),
        Period::Week => {
            let monday = today - (today + 3).rem_euclid(7);
            (monday, monday + 7)
        }
        Period::Month => {
            let (year, month) = month_of(today);
            let next = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
            (days(year, month, 1), next)
        }
    };
    let nanos = |day| midnight(zone, day) as u64 * SECOND_NS;
    (nanos(first), nanos(next))
}

/// The last moment that does not count in a window, and the one that does not even if it is counted as long as a bucket allows.
pub fn since(window: &Window, now: u64) -> (u64, u64) {
    let rolling = |length: u64, bucket: u64| (now.saturating_sub(length), now.saturating_sub(length + bucket));
    match window {
        Window::Rolling24h => rolling(DAY_NS, 30 * MINUTE_NS),
        Window::Rolling7d => rolling(7 * DAY_NS, 6 * HOUR_NS),
        Window::Rolling30d => rolling(30 * DAY_NS, 6 * HOUR_NS),
        Window::Calendar { period: of, zone } => {
            let before = period(zone.name(), *of, now).0 - 1;
            (before, before)
        }
    }
}

impl Dice {
    /// Some calendar window, with what 24 hours allow stretched to it.
    pub fn calendar(&mut self, daily: u64) -> (Window, u64) {
        let zone = TimeZone::parse(self.pick(&ZONES)).unwrap();
        let (period, days) = self.pick(&[(Period::Day, 1), (Period::Week, 2), (Period::Month, 4), (Period::Month, 2)]);
        (Window::Calendar { period, zone }, daily * days)
    }

    /// The end of some calendar period of now.
    pub fn turn_of_a_page(&mut self, now: u64) -> u64 {
        let (zone, of) = (self.pick(&ZONES), self.pick(&[Period::Day, Period::Week, Period::Month]));
        period(zone, of, now).1
    }
}

#[test]
fn local_midnights_are_those_of_the_calendars() {
    // 2026-02-01 05:00 UTC, 2026-01-31 18:30, 13:00 and 18:15 are the first midnights of February.
    let utc = |day: i64, minutes: i64| (day * DAY + minutes * 60) as u64 * SECOND_NS;
    let noon = utc(days(2026, 2, 10), 720);
    let starts = ZONES.map(|zone| period(zone, Period::Month, noon).0);
    let january = days(2026, 1, 31);
    assert_eq!(starts, [utc(january + 1, 300), utc(january, 1_110), utc(january, 780), utc(january, 1_095)]);
    // The weeks of the changes: an hour shorter in New York in March, half an hour longer on Lord Howe Island in April.
    let length = |zone, day| {
        let (start, end) = period(zone, Period::Week, utc(day, 720));
        (end - start) / MINUTE_NS
    };
    assert_eq!(length(ZONES[0], days(2026, 3, 7)), 7 * 1_440 - 60);
    assert_eq!(length(ZONES[2], days(2026, 4, 3)), 7 * 1_440 + 30);
    assert_eq!(length(ZONES[0], days(2026, 5, 7)), 7 * 1_440);
}

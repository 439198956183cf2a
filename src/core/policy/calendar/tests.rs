//! Hours, periods and zones at instants worked out by hand from the IANA rules; `oracle` compares with another implementation.

mod hours;
mod oracle;
mod periods;

use super::*;
use crate::base::Timestamp;

/// An instant in UTC.
fn at(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().expect("an instant");
    Timestamp::from_nanos(u64::try_from(instant.as_nanosecond()).expect("after 1970"))
}

fn zone(name: &str) -> TimeZone {
    TimeZone::parse(name).expect("a zone")
}

fn time(text: &str) -> LocalTime {
    LocalTime::parse(text).expect("a time")
}

const WORKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
const ALL_DAYS: [Weekday; 7] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn window(days: &[Weekday], start: &str, end: &str) -> HoursWindow {
    HoursWindow { days: days.iter().copied().collect(), start: time(start), end: time(end) }
}

fn hours(name: &str, windows: &[HoursWindow]) -> ActiveHours {
    let hours = ActiveHours { zone: zone(name), windows: windows.to_vec() };
    hours.validate().expect("valid hours");
    hours
}

#[test]
fn a_zone_is_found_in_any_case_and_kept_in_the_spelling_of_the_database() {
    assert_eq!(zone("america/new_york").name(), "America/New_York");
    assert_eq!(zone("US/Eastern").name(), "US/Eastern");
    assert_eq!(zone("UTC").to_string(), "UTC");
}

#[test]
fn an_unknown_zone_is_refused_by_name_with_an_example() {
    let error = TimeZone::parse("Europe/Atlantis").expect_err("no such zone");
    assert_eq!(error, CalendarError::UnknownZone { name: "Europe/Atlantis".to_owned() });
    let text = error.to_string();
    assert!(text.contains("\"Europe/Atlantis\"") && text.contains("\"Europe/London\""), "{text}");
    for name in ["", " UTC", "Europe", "Europe/", "EST5EDT4", "Zürich"] {
        assert_eq!(TimeZone::parse(name), Err(CalendarError::UnknownZone { name: name.to_owned() }));
    }
    assert_eq!(TimeZone::parse(&"x".repeat(65)), Err(CalendarError::ZoneNameTooLong));
    assert_eq!(TimeZone::parse(&"x".repeat(64)), Err(CalendarError::UnknownZone { name: "x".repeat(64) }));
}

#[test]
fn times_are_two_digits_each_up_to_the_end_of_the_day() {
    assert_eq!(time("00:00").minutes(), 0);
    assert_eq!(time("09:05").minutes(), 545);
    assert_eq!(time("23:59").minutes(), 1_439);
    assert_eq!(time("24:00").minutes(), 1_440);
    assert_eq!(time("09:05").to_string(), "09:05");
    assert_eq!(time("24:00").to_string(), "24:00");
    for text in ["", "9:00", "09:0", "09:60", "24:01", "25:00", "0900", "09-00", "+9:00", "09:00 ", "09:00:00", "٠٩:٠٠"] {
        assert_eq!(LocalTime::parse(text), Err(CalendarError::MalformedTime), "{text:?}");
    }
}

#[test]
fn hours_that_mean_nothing_are_refused() {
    let refused = |window: HoursWindow| ActiveHours { zone: zone("UTC"), windows: vec![window] }.validate();
    assert_eq!(refused(window(&[], "09:00", "17:00")), Err(CalendarError::NoDays));
    assert_eq!(refused(window(&WORKDAYS, "09:00", "09:00")), Err(CalendarError::EmptyWindow));
    assert_eq!(refused(window(&WORKDAYS, "24:00", "24:00")), Err(CalendarError::EmptyWindow));
    assert_eq!(refused(window(&WORKDAYS, "24:00", "06:00")), Err(CalendarError::StartsAtDayEnd));
    assert_eq!(refused(window(&WORKDAYS, "00:00", "24:00")), Ok(()));
    assert_eq!(refused(window(&WORKDAYS, "22:00", "00:00")), Ok(()));
    for (count, expected) in [
        (0, Err(CalendarError::WindowCount { count: 0 })),
        (1, Ok(())),
        (16, Ok(())),
        (17, Err(CalendarError::WindowCount { count: 17 })),
    ] {
        let windows = vec![window(&WORKDAYS, "09:00", "17:00"); count];
        assert_eq!(ActiveHours { zone: zone("UTC"), windows }.validate(), expected);
    }
}

#[test]
fn stored_hours_are_read_back_and_a_zone_that_is_no_longer_known_fails_closed() {
    let hours = hours("Europe/London", &[window(&WORKDAYS, "09:00", "24:00"), window(&[Weekday::Sun], "22:00", "06:00")]);
    let stored = minicbor_serde::to_vec(&hours).expect("encodes");
    assert_eq!(minicbor_serde::from_slice::<ActiveHours>(&stored).expect("decodes"), hours);

    let lost: TimeZone = minicbor_serde::from_slice(&minicbor_serde::to_vec("Europe/Atlantis").expect("encodes")).expect("decodes");
    let always = ActiveHours { zone: lost.clone(), windows: vec![window(&ALL_DAYS, "00:00", "24:00")] };
    let now = at("2026-06-01T12:00:00Z");
    assert!(!always.is_open(now));
    assert_eq!(always.opens_after_ns(now), None);
    assert_eq!(period_start(&lost, Period::Day, now), Timestamp::from_nanos(0));
    assert_eq!(period_end(&lost, Period::Day, now), Timestamp::from_nanos(u64::MAX));
}

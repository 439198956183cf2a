//! Tests of active hours on local clocks.

use super::*;
use crate::base::{HOUR_NS, MINUTE_NS, SECOND_NS};

#[test]
fn the_start_is_inside_and_the_end_is_not_in_winter_and_in_summer() {
    let office = hours("America/New_York", &[window(&WORKDAYS, "09:00", "17:00")]);
    // Wednesday in January, five hours behind UTC.
    assert!(!office.is_open(at("2026-01-14T13:59:59.999999999Z")));
    assert!(office.is_open(at("2026-01-14T14:00:00Z")));
    assert!(office.is_open(at("2026-01-14T21:59:59.999999999Z")));
    assert!(!office.is_open(at("2026-01-14T22:00:00Z")));
    // Wednesday in July, four hours behind.
    assert!(!office.is_open(at("2026-07-15T12:59:59Z")));
    assert!(office.is_open(at("2026-07-15T13:00:00Z")));
    assert!(!office.is_open(at("2026-07-15T21:00:00Z")));
    // Saturday.
    assert!(!office.is_open(at("2026-07-18T15:00:00Z")));
}

#[test]
fn an_offset_of_half_an_hour_counts() {
    let office = hours("Asia/Kolkata", &[window(&WORKDAYS, "09:00", "17:00")]);
    assert!(!office.is_open(at("2026-01-14T03:29:59Z")));
    assert!(office.is_open(at("2026-01-14T03:30:00Z")));
    assert!(!office.is_open(at("2026-01-14T11:30:00Z")));
    // The local day is ahead: Sunday 18:30 UTC is Monday midnight.
    let monday = hours("Asia/Kolkata", &[window(&[Weekday::Mon], "00:00", "24:00")]);
    assert!(!monday.is_open(at("2026-01-11T18:29:59Z")));
    assert!(monday.is_open(at("2026-01-11T18:30:00Z")));
}

#[test]
fn an_overnight_window_belongs_to_the_day_on_which_it_starts() {
    let night = hours("UTC", &[window(&[Weekday::Mon], "22:00", "06:00")]);
    // 2026-01-12 is a Monday.
    assert!(!night.is_open(at("2026-01-12T03:00:00Z")));
    assert!(!night.is_open(at("2026-01-12T21:59:59Z")));
    assert!(night.is_open(at("2026-01-12T22:00:00Z")));
    assert!(night.is_open(at("2026-01-13T03:00:00Z")));
    assert!(night.is_open(at("2026-01-13T05:59:59Z")));
    assert!(!night.is_open(at("2026-01-13T06:00:00Z")));
    assert!(!night.is_open(at("2026-01-13T22:00:00Z")));
    // Across the end of the week.
    let sunday = hours("UTC", &[window(&[Weekday::Sun], "22:00", "06:00")]);
    assert!(sunday.is_open(at("2026-01-12T03:00:00Z")));
    assert!(!sunday.is_open(at("2026-01-11T03:00:00Z")));
}

#[test]
fn the_end_of_the_day_leaves_no_hole() {
    for end in ["24:00", "00:00"] {
        let evening = hours("UTC", &[window(&[Weekday::Mon], "18:00", end)]);
        assert!(evening.is_open(at("2026-01-12T23:59:59.999999999Z")), "{end}");
        assert!(!evening.is_open(at("2026-01-13T00:00:00Z")), "{end}");
    }
    let always = hours("UTC", &[window(&ALL_DAYS, "00:00", "24:00")]);
    assert!(always.is_open(at("2026-01-12T23:59:59.999999999Z")) && always.is_open(at("2026-01-13T00:00:00Z")));
}

#[test]
fn times_that_the_clock_skips_do_not_occur() {
    // New York, 2024-03-10: 01:59:59 is followed by 03:00:00 at 07:00 UTC.
    let skipped = hours("America/New_York", &[window(&[Weekday::Sun], "02:00", "03:00")]);
    assert!(!skipped.is_open(at("2024-03-10T06:59:59Z")) && !skipped.is_open(at("2024-03-10T07:00:00Z")));
    assert!(skipped.is_open(at("2024-03-03T07:00:00Z")) && skipped.is_open(at("2024-03-17T06:00:00Z")));
    // A window that is cut short by the skip: 01:30 to 03:30 lasts one hour.
    let cut = hours("America/New_York", &[window(&[Weekday::Sun], "01:30", "03:30")]);
    assert!(cut.is_open(at("2024-03-10T06:30:00Z")) && cut.is_open(at("2024-03-10T07:29:59Z")));
    assert!(!cut.is_open(at("2024-03-10T07:30:00Z")));
    // Lord Howe skips half an hour: 02:00 to 02:30 on 2024-10-06, at 15:30 UTC the day before.
    let half = hours("Australia/Lord_Howe", &[window(&[Weekday::Sun], "02:00", "02:30")]);
    assert!(!half.is_open(at("2024-10-05T15:29:59Z")) && !half.is_open(at("2024-10-05T15:30:00Z")));
    assert!(half.is_open(at("2024-10-12T15:00:00Z")));
}

#[test]
fn times_that_the_clock_shows_twice_are_open_twice() {
    // London, 2024-10-27: 01:00 to 02:00 is shown from 00:00 UTC in summer time and again from 01:00 UTC in winter time.
    let twice = hours("Europe/London", &[window(&[Weekday::Sun], "01:30", "01:45")]);
    let open = ["2024-10-27T00:30:00Z", "2024-10-27T00:44:59Z", "2024-10-27T01:30:00Z", "2024-10-27T01:44:59Z"];
    assert!(open.iter().all(|instant| twice.is_open(at(instant))));
    let shut = ["2024-10-27T00:29:59Z", "2024-10-27T00:45:00Z", "2024-10-27T01:29:59Z", "2024-10-27T01:45:00Z"];
    assert!(shut.iter().all(|instant| !twice.is_open(at(instant))));
    // Lord Howe repeats 01:30 to 02:00 on 2024-04-07, from 14:30 and from 15:00 UTC the day before.
    let half = hours("Australia/Lord_Howe", &[window(&[Weekday::Sun], "01:45", "01:50")]);
    assert!(half.is_open(at("2024-04-06T14:45:00Z")) && half.is_open(at("2024-04-06T15:15:00Z")));
    assert!(!half.is_open(at("2024-04-06T14:50:00Z")) && !half.is_open(at("2024-04-06T15:20:00Z")));
}

#[test]
fn the_next_opening_is_exact() {
    let office = hours("America/New_York", &[window(&WORKDAYS, "09:00", "17:00")]);
    assert_eq!(office.opens_after_ns(at("2026-01-14T14:00:00Z")), Some(0));
    assert_eq!(office.opens_after_ns(at("2026-01-14T13:59:59.999999999Z")), Some(1));
    assert_eq!(office.opens_after_ns(at("2026-01-14T13:00:00.5Z")), Some(HOUR_NS - SECOND_NS / 2));
    // Friday at closing time until Monday morning.
    assert_eq!(office.opens_after_ns(at("2026-01-16T22:00:00Z")), Some(64 * HOUR_NS));
    // The same over the weekend that is an hour short, and over the one that is an hour long.
    assert_eq!(office.opens_after_ns(at("2024-03-08T22:00:00Z")), Some(63 * HOUR_NS));
    assert_eq!(office.opens_after_ns(at("2024-11-01T21:00:00Z")), Some(65 * HOUR_NS));
    let weekly = hours("UTC", &[window(&[Weekday::Mon], "09:00", "10:00")]);
    assert_eq!(weekly.opens_after_ns(at("2026-01-12T10:00:00Z")), Some(167 * HOUR_NS));
}

#[test]
fn the_next_opening_may_be_a_change_of_the_clocks() {
    // The start is skipped: open from the first instant after the skip.
    let skipped_start = hours("America/New_York", &[window(&[Weekday::Sun], "02:30", "04:00")]);
    assert_eq!(skipped_start.opens_after_ns(at("2024-03-10T06:50:00Z")), Some(10 * MINUTE_NS));
    // Shut at 01:30 of the first round; the clock goes from 02:00 back to 01:00, which is inside.
    let repeated = hours("America/New_York", &[window(&[Weekday::Sun], "00:30", "01:30")]);
    assert_eq!(repeated.opens_after_ns(at("2024-11-03T05:30:00Z")), Some(30 * MINUTE_NS));
    // Shut at 01:45 of the first round, open at 01:30 of the second.
    let twice = hours("America/New_York", &[window(&[Weekday::Sun], "01:30", "01:45")]);
    assert_eq!(twice.opens_after_ns(at("2024-11-03T05:45:00Z")), Some(45 * MINUTE_NS));
    // The whole window is skipped, so that two weeks lie between two openings; nine days before the second it is in sight.
    let skipped = hours("America/New_York", &[window(&[Weekday::Sun], "02:00", "02:50")]);
    assert_eq!(skipped.opens_after_ns(at("2024-03-08T06:00:00Z")), Some(crate::policy::calendar::hours::SEARCH_NS));
    assert_eq!(skipped.opens_after_ns(at("2024-03-08T05:59:59Z")), None);
    // 02:00 summer time is not shown in autumn: the clock says 01:00 instead, and 02:00 an hour later.
    assert_eq!(skipped.opens_after_ns(at("2024-11-03T05:59:00Z")), Some(61 * MINUTE_NS));
    // Samoa had no Friday, 2011-12-30: from Thursday 23:00 the Saturday is an hour away.
    let saturday = hours("Pacific/Apia", &[window(&[Weekday::Sat], "00:00", "24:00")]);
    assert_eq!(saturday.opens_after_ns(at("2011-12-30T09:00:00Z")), Some(HOUR_NS));
    let friday = hours("Pacific/Apia", &[window(&[Weekday::Fri], "09:00", "17:00")]);
    // From Thursday 23:00 until Friday 2012-01-06 09:00, fourteen hours ahead of UTC: 2012-01-05 19:00 UTC.
    assert_eq!(friday.opens_after_ns(at("2011-12-30T09:00:00Z")), Some(154 * HOUR_NS));
}

#[test]
fn wider_hours_cover_narrower_ones_in_the_same_zone_only() {
    let covers = |outer: &[HoursWindow], inner: &[HoursWindow]| hours("UTC", outer).covers(&hours("UTC", inner));
    let office = [window(&WORKDAYS, "09:00", "17:00")];
    assert!(covers(&office, &office));
    assert!(covers(&office, &[window(&WORKDAYS, "10:00", "16:59")]));
    assert!(!covers(&office, &[window(&WORKDAYS, "09:00", "17:01")]));
    assert!(!covers(&office, &[window(&WORKDAYS, "08:59", "17:00")]));
    assert!(!covers(&office, &[window(&[Weekday::Sat], "10:00", "11:00")]));
    assert!(!covers(&office, &[window(&ALL_DAYS, "00:00", "24:00")]));
    assert!(covers(&[window(&ALL_DAYS, "00:00", "24:00")], &[window(&ALL_DAYS, "22:00", "06:00")]));
    // Put together from parts, and across the end of the week.
    assert!(covers(&[window(&WORKDAYS, "08:00", "12:00"), window(&WORKDAYS, "12:00", "18:00")], &office));
    assert!(!covers(&[window(&WORKDAYS, "08:00", "12:00"), window(&WORKDAYS, "12:01", "18:00")], &office));
    let sunday_night = [window(&[Weekday::Sun], "22:00", "06:00")];
    assert!(covers(&[window(&[Weekday::Sun], "20:00", "24:00"), window(&[Weekday::Mon], "00:00", "07:00")], &sunday_night));
    assert!(!covers(&[window(&[Weekday::Sun], "20:00", "24:00")], &sunday_night));

    assert!(!hours("Europe/London", &office).covers(&hours("Europe/Lisbon", &office)));
}

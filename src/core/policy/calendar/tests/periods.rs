//! Tests of calendar periods.

use super::*;

/// The period of `now`, and that its instants agree with one another.
fn bounds(name: &str, period: Period, now: &str) -> (Timestamp, Timestamp) {
    let (zone, now) = (zone(name), at(now));
    let bounds = (period_start(&zone, period, now), period_end(&zone, period, now));
    assert!(bounds.0 <= now && now < bounds.1, "{name} {period:?}");
    bounds
}

#[track_caller]
fn check(name: &str, period: Period, now: &str, start: &str, end: &str) {
    assert_eq!(bounds(name, period, now), (at(start), at(end)), "{name} {period:?} at {now}");
}

#[test]
fn days_weeks_and_months_begin_at_local_midnight() {
    // Thursday 2026-07-16, 22:00 in New York.
    let now = "2026-07-17T02:00:00Z";
    check("America/New_York", Period::Day, now, "2026-07-16T04:00:00Z", "2026-07-17T04:00:00Z");
    check("America/New_York", Period::Week, now, "2026-07-13T04:00:00Z", "2026-07-20T04:00:00Z");
    check("America/New_York", Period::Month, now, "2026-07-01T04:00:00Z", "2026-08-01T04:00:00Z");
    // The same instant is Friday in Kolkata.
    check("Asia/Kolkata", Period::Day, now, "2026-07-16T18:30:00Z", "2026-07-17T18:30:00Z");
    check("Asia/Kolkata", Period::Week, now, "2026-07-12T18:30:00Z", "2026-07-19T18:30:00Z");
    check("Asia/Kolkata", Period::Month, now, "2026-06-30T18:30:00Z", "2026-07-31T18:30:00Z");
}

#[test]
fn a_period_ends_exactly_where_the_next_begins() {
    check("UTC", Period::Day, "2026-02-28T23:59:59.999999999Z", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z");
    check("UTC", Period::Day, "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
    check("UTC", Period::Month, "2024-02-29T12:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z");
    check("UTC", Period::Month, "2100-02-28T12:00:00Z", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z");
    check("UTC", Period::Month, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
    check("UTC", Period::Week, "2026-01-04T23:59:59Z", "2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z");
}

#[test]
fn a_change_of_the_clocks_makes_a_day_shorter_or_longer() {
    check("America/New_York", Period::Day, "2024-03-10T12:00:00Z", "2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z");
    check("America/New_York", Period::Day, "2024-11-03T12:00:00Z", "2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z");
    check("Europe/London", Period::Week, "2024-03-31T12:00:00Z", "2024-03-25T00:00:00Z", "2024-03-31T23:00:00Z");
    check("Europe/London", Period::Month, "2024-10-27T00:30:00Z", "2024-09-30T23:00:00Z", "2024-11-01T00:00:00Z");
    // Half an hour: from eleven hours ahead of UTC to ten and a half.
    check("Australia/Lord_Howe", Period::Day, "2024-04-07T00:00:00Z", "2024-04-06T13:00:00Z", "2024-04-07T13:30:00Z");
}

#[test]
fn a_day_without_midnight_begins_with_its_first_instant() {
    // At the instant of its midnight each clock goes to 01:00; the day lasts 23 hours.
    check("America/Sao_Paulo", Period::Day, "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z");
    check("America/Sao_Paulo", Period::Day, "2018-11-04T02:59:59Z", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z");
    check("Asia/Beirut", Period::Day, "2022-03-27T12:00:00Z", "2022-03-26T22:00:00Z", "2022-03-27T21:00:00Z");
    check("Africa/Cairo", Period::Day, "2023-04-28T12:00:00Z", "2023-04-27T22:00:00Z", "2023-04-28T21:00:00Z");
}

#[test]
fn a_clock_put_back_at_midnight_shows_the_last_hour_of_the_day_twice() {
    // São Paulo, 2019-02-17 00:00 became 23:00 of the day before at 02:00 UTC; Cairo likewise on 2023-10-27 at 21:00 UTC.
    check("America/Sao_Paulo", Period::Day, "2019-02-17T02:30:00Z", "2019-02-16T02:00:00Z", "2019-02-17T03:00:00Z");
    check("Africa/Cairo", Period::Day, "2023-10-26T21:30:00Z", "2023-10-25T21:00:00Z", "2023-10-26T22:00:00Z");
}

#[test]
fn a_day_that_has_begun_stays_begun() {
    // St John's put its clock from 00:01 on Sunday 2010-11-07 back to 23:01 on Saturday, at 02:31 UTC.
    for now in ["2010-11-07T02:30:00Z", "2010-11-07T02:45:00Z", "2010-11-07T03:30:00Z"] {
        check("America/St_Johns", Period::Day, now, "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z");
    }
    check("America/St_Johns", Period::Day, "2010-11-07T02:29:59Z", "2010-11-06T02:30:00Z", "2010-11-07T02:30:00Z");
}

#[test]
fn a_skipped_day_has_no_period() {
    // Samoa went from Thursday 2011-12-29 24:00 to Saturday 2011-12-31 00:00 at 10:00 UTC on the 30th.
    check("Pacific/Apia", Period::Day, "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z");
    check("Pacific/Apia", Period::Day, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z");
    check("Pacific/Apia", Period::Week, "2011-12-30T10:00:00Z", "2011-12-26T10:00:00Z", "2012-01-01T10:00:00Z");
    check("Pacific/Apia", Period::Month, "2011-12-30T10:00:00Z", "2011-12-01T10:00:00Z", "2011-12-31T10:00:00Z");
}

#[test]
fn the_ends_of_time_are_the_ends_of_timestamps() {
    let zone = zone("America/New_York");
    let (first, last) = (Timestamp::from_nanos(0), Timestamp::from_nanos(u64::MAX));
    for period in [Period::Day, Period::Week, Period::Month] {
        assert_eq!(period_start(&zone, period, first), first);
        assert_eq!(period_end(&zone, period, last), last);
    }
    assert_eq!(period_end(&zone, Period::Day, first), at("1970-01-01T05:00:00Z"));
    // 2554-07-21 23:34:33 UTC, a Wednesday evening in New York.
    assert_eq!(period_start(&zone, Period::Day, last), at("2554-07-21T04:00:00Z"));
    let always = hours("America/New_York", &[window(&ALL_DAYS, "00:00", "24:00")]);
    assert!(always.is_open(first) && always.is_open(last));
}

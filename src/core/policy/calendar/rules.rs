//! The offsets of a time zone over time, from the tables that `build.rs` writes.
//!
//! All instants are seconds since 1970-01-01 UTC, all offsets seconds to add to get local time.

use super::civil::{DAY, days_since_monday, first_of_month, year_and_month};

include!(concat!(env!("OUT_DIR"), "/zones.rs"));

/// The release of the IANA time zone database that is compiled in.
pub const TZDB_VERSION: &str = VERSION;

/// The changes of a zone's offset.
pub(super) struct Rules {
    /// The offset before the first change.
    first: i32,
    /// The instants of changes, ascending, and the offset from each on. The last may repeat the offset before it: `yearly` begins
    /// there.
    changes: &'static [(u32, i32)],
    /// The rule after the last change; without it the last offset holds for good.
    yearly: Option<Yearly>,
}

/// Daylight saving time by the same rule every year.
struct Yearly {
    standard: i32,
    summer: i32,
    starts: ChangeDay,
    ends: ChangeDay,
}

/// The local time of a yearly change, on the clock that is in force before it.
struct ChangeDay {
    month: u8,
    /// The week of the month: 1 to 4 count from its start, 5 means the last.
    week: u8,
    /// The day of the week; 0 is Sunday.
    weekday: u8,
    /// The seconds after midnight; they may lie outside the day.
    time: i32,
}

/// Returns the canonical name and the rules of a zone, whatever the case of `name`.
pub(super) fn find(name: &str) -> Option<(&'static str, &'static Rules)> {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    let index = ZONES.binary_search_by(|(zone, _)| zone.bytes().map(lower).cmp(name.bytes().map(lower))).ok()?;
    let (canonical, number) = ZONES.get(index)?;
    Some((canonical, RULES.get(usize::from(*number))?))
}

impl Rules {
    /// Returns the offset in force at an instant.
    pub(super) fn offset_at(&self, instant: i64) -> i64 {
        let passed = self.changes.partition_point(|&(at, _)| i64::from(at) <= instant);
        match &self.yearly {
            Some(yearly) if passed == self.changes.len() => yearly.offset_at(instant),
            _ => i64::from(passed.checked_sub(1).map_or(self.first, |last| self.changes[last].1)),
        }
    }

    /// Returns the next instant after this one at which the offset may change; `None` when it never does again.
    pub(super) fn next_change(&self, instant: i64) -> Option<i64> {
        let passed = self.changes.partition_point(|&(at, _)| i64::from(at) <= instant);
        match self.changes.get(passed) {
            Some(&(at, _)) => Some(i64::from(at)),
            None => self.yearly.as_ref().and_then(|yearly| yearly.next_change(instant)),
        }
    }

    /// Returns the first instant at which the local clock shows `local` or later. `local` is in seconds since 1970-01-01 00:00 on
    /// that clock. When the clock skips it, this is the instant of the skip.
    pub(super) fn first_reaching(&self, local: i64) -> i64 {
        // No clock is ahead of UTC by a day or more (the most is 14 hours), so this is before `local` everywhere.
        let mut from = local - DAY;
        loop {
            let reached = from.max(local - self.offset_at(from));
            match self.next_change(from) {
                Some(change) if change <= reached => from = change,
                _ => return reached,
            }
        }
    }
}

impl Yearly {
    /// Returns the offset at an instant by the yearly rule.
    fn offset_at(&self, instant: i64) -> i64 {
        let changes = self.changes_around(instant);
        changes.iter().rev().find(|(at, _)| *at <= instant).map_or(i64::from(self.standard), |(_, offset)| *offset)
    }

    /// Returns the next instant after this one at which the yearly rule changes the offset.
    fn next_change(&self, instant: i64) -> Option<i64> {
        self.changes_around(instant).iter().map(|(at, _)| *at).find(|at| *at > instant)
    }

    /// Returns the changes of the year of `instant` and of its neighbours, ascending, each with the offset from then on. The
    /// neighbours hold the changes just before and just after.
    fn changes_around(&self, instant: i64) -> [(i64, i64); 6] {
        let (standard, summer) = (i64::from(self.standard), i64::from(self.summer));
        let (year, _) = year_and_month(instant.div_euclid(DAY));
        let starts = |year| (self.starts.local(year) - standard, summer);
        let ends = |year| (self.ends.local(year) - summer, standard);
        let mut changes = [starts(year - 1), ends(year - 1), starts(year), ends(year), starts(year + 1), ends(year + 1)];
        changes.sort_unstable();
        changes
    }
}

impl ChangeDay {
    /// Returns the local time of the change in a year, in seconds since 1970-01-01 00:00 on that clock.
    fn local(&self, year: i64) -> i64 {
        let month = i64::from(self.month);
        let first = first_of_month(year, month);
        let next = if month == 12 { first_of_month(year + 1, 1) } else { first_of_month(year, month + 1) };
        // Weekdays count from Sunday in the tables and from Monday in `civil`.
        let weekday = (i64::from(self.weekday) + 6) % 7;
        let mut day = first + (weekday - days_since_monday(first)).rem_euclid(7) + 7 * (i64::from(self.week) - 1);
        // Week 5 is the last one, also in a month that has only four of the weekday.
        if day >= next {
            day -= 7;
        }
        day * DAY + i64::from(self.time)
    }
}

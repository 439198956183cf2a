//! Weekly hours on a local clock.
//!
//! Hours are a set of minutes of the week as the clock on the wall shows them. A time that the clock skips in spring does not occur
//! that day; a time that it shows twice in autumn is open both times.

use super::civil::{DAY, days_since_monday};
use super::{CalendarError, TimeZone};
use crate::base::{DAY_NS, SECOND_NS, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The most windows that active hours can have.
pub const MAX_WINDOWS: usize = 16;
/// How far ahead [`ActiveHours::opens_after_ns`] looks, in nanoseconds: a week and the longest skip of a clock.
pub const SEARCH_NS: u64 = 9 * DAY_NS;

/// Minutes in a day of 24 hours.
const DAY_MINUTES: u16 = 1_440;
/// Seconds in a minute and in a week.
const MINUTE: i64 = 60;
const WEEK: i64 = 7 * DAY;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// A time on the clock, in minutes since midnight: 0 to 1440. 1440 is `24:00`, the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalTime(u16);

impl LocalTime {
    /// Reads `HH:MM`, two digits each, from `00:00` to `24:00`.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
        let minutes = match *text.as_bytes() {
            [h1, h0, b':', m1, m0] => {
                let read = || Some((digit(h1)? * 10 + digit(h0)?, digit(m1)? * 10 + digit(m0)?));
                read().filter(|&(_, minute)| minute < 60).map(|(hour, minute)| hour * 60 + minute)
            }
            _ => None,
        };
        minutes.filter(|&minutes| minutes <= DAY_MINUTES).map(Self).ok_or(CalendarError::MalformedTime)
    }

    /// Minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// The same hours on some days of the week.
///
/// `start` is inside, `end` is not. When `end` is not later than `start` the window runs past midnight and belongs to the day on
/// which it starts: 22:00 to 06:00 on Monday holds Tuesday 03:00 and not Monday 03:00.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoursWindow {
    /// The days on which the window starts.
    pub days: BTreeSet<Weekday>,
    /// The first minute inside.
    pub start: LocalTime,
    /// The first minute that is no longer inside.
    pub end: LocalTime,
}

impl HoursWindow {
    /// Refuses a window without days, of no length, or with a start at 24:00.
    pub fn validate(&self) -> Result<(), CalendarError> {
        if self.days.is_empty() {
            return Err(CalendarError::NoDays);
        }
        if self.start == self.end {
            return Err(CalendarError::EmptyWindow);
        }
        if self.start.0 >= DAY_MINUTES {
            return Err(CalendarError::StartsAtDayEnd);
        }
        Ok(())
    }

    /// The seconds from `start` to `end`.
    fn length(&self) -> i64 {
        let overnight = if self.end <= self.start { DAY } else { 0 };
        overnight + (i64::from(self.end.0) - i64::from(self.start.0)) * MINUTE
    }

    /// The seconds of the week, Monday 00:00 being 0, at which this window starts.
    fn starts(&self) -> impl Iterator<Item = i64> + '_ {
        self.days.iter().map(|day| *day as i64 * DAY + i64::from(self.start.0) * MINUTE)
    }

    /// How many seconds of local time pass from a second of the week to the next one inside; 0 when it is inside.
    fn seconds_until_open(&self, second: i64) -> Option<i64> {
        let until = |start: i64| {
            let since = (second - start).rem_euclid(WEEK);
            if since < self.length() { 0 } else { WEEK - since }
        };
        self.starts().map(until).min()
    }
}

/// When a wallet is open, in the local time of one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveHours {
    /// The zone whose clock counts.
    pub zone: TimeZone,
    /// 1 to [`MAX_WINDOWS`] windows; being inside any of them is being open.
    pub windows: Vec<HoursWindow>,
}

impl ActiveHours {
    /// Refuses a wrong number of windows, and every window that is wrong in itself.
    pub fn validate(&self) -> Result<(), CalendarError> {
        if !(1..=MAX_WINDOWS).contains(&self.windows.len()) {
            return Err(CalendarError::WindowCount { count: self.windows.len() });
        }
        self.windows.iter().try_for_each(HoursWindow::validate)
    }

    /// Whether `now` is inside the hours.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let instant = seconds(now);
        self.zone
            .rules()
            .is_some_and(|rules| self.seconds_until_open(second_of_week(instant + rules.offset_at(instant))) == Some(0))
    }

    /// Nanoseconds from `now` to the first instant at which the hours are open, 0 when they are; `None` when there is no such
    /// instant within [`SEARCH_NS`], as for hours that a change of the clocks skips entirely.
    pub fn opens_after_ns(&self, now: Timestamp) -> Option<u64> {
        let rules = self.zone.rules()?;
        let start = seconds(now);
        let mut from = start;
        // Local time runs evenly from one change of the clocks to the next, where it has to be read anew.
        let opens = loop {
            let opens = from + self.seconds_until_open(second_of_week(from + rules.offset_at(from)))?;
            match rules.next_change(from) {
                Some(change) if change <= opens && opens > from => from = change,
                _ => break opens,
            }
        };
        let wait = u64::try_from(opens - start).ok()?.checked_mul(SECOND_NS)?.saturating_sub(now.nanos() % SECOND_NS);
        (wait <= SEARCH_NS).then_some(wait)
    }

    /// Whether every minute of the week that `other` is open is open here too. Hours in different zones never cover each other,
    /// whatever their times.
    pub fn covers(&self, other: &Self) -> bool {
        let open = |second| self.seconds_until_open(second) == Some(0);
        let ends =
            || self.windows.iter().flat_map(|window| window.starts().map(|start| (start + window.length()).rem_euclid(WEEK)));
        let starts = || other.windows.iter().flat_map(HoursWindow::starts);
        // A stretch that only `other` has begins where `other` starts or where `self` ends.
        self.zone == other.zone && starts().chain(ends()).all(|second| open(second) || other.seconds_until_open(second) != Some(0))
    }

    fn seconds_until_open(&self, second: i64) -> Option<i64> {
        self.windows.iter().filter_map(|window| window.seconds_until_open(second)).min()
    }
}

/// Whole seconds since the epoch.
pub(super) fn seconds(at: Timestamp) -> i64 {
    (at.nanos() / SECOND_NS) as i64
}

/// Seconds since Monday 00:00 of a local time.
fn second_of_week(local: i64) -> i64 {
    days_since_monday(local.div_euclid(DAY)) * DAY + local.rem_euclid(DAY)
}

//! Weekly hours on a local clock.
//!
//! Hours are a set of minutes of the week as the local clock shows them. A time that the clock skips in spring does not occur that
//! day; a time that it shows twice in autumn is open both times.

use super::civil::{DAY, days_since_monday};
use super::{CalendarError, TimeZone};
use crate::base::{DAY_NS, SECOND_NS, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The most windows that active hours can have.
pub const MAX_WINDOWS: usize = 16;
/// The time that [`ActiveHours::opens_after_ns`] looks ahead, in nanoseconds: 9 days. That is more than a week and the longest skip
/// of a clock, one day.
pub const SEARCH_NS: u64 = 9 * DAY_NS;

/// Minutes in a day of 24 hours.
const DAY_MINUTES: u16 = 1_440;
/// Seconds in a minute and in a week.
const MINUTE: i64 = 60;
const WEEK: i64 = 7 * DAY;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Weekday {
    /// Monday, the first day of the week.
    Mon,
    /// Tuesday, the second day of the week.
    Tue,
    /// Wednesday, the third day of the week.
    Wed,
    /// Thursday, the fourth day of the week.
    Thu,
    /// Friday, the fifth day of the week.
    Fri,
    /// Saturday, the sixth day of the week.
    Sat,
    /// Sunday, the last day of the week.
    Sun,
}

/// A time on the clock, in minutes since midnight: 0 to 1,440. 1,440 is `24:00`, the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalTime(u16);

impl LocalTime {
    /// Reads `HH:MM`, two digits each, from `00:00` to `24:00`.
    ///
    /// # Errors
    /// [`CalendarError::MalformedTime`] when the text has another form, minutes above 59, or lies after `24:00`.
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

    /// Returns the minutes since midnight.
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
    /// The days on which the window starts; at least one.
    pub days: BTreeSet<Weekday>,
    /// The first minute inside, `00:00` to `23:59`.
    pub start: LocalTime,
    /// The first minute that is no longer inside, `00:00` to `24:00`; never equal to `start`.
    pub end: LocalTime,
}

impl HoursWindow {
    /// Checks that the window has days, a length and a start before `24:00`.
    ///
    /// # Errors
    /// * [`CalendarError::NoDays`] when no day is listed.
    /// * [`CalendarError::EmptyWindow`] when it starts and ends at the same time.
    /// * [`CalendarError::StartsAtDayEnd`] when it starts at `24:00`.
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

    /// Returns the seconds from `start` to `end`.
    fn length(&self) -> i64 {
        let overnight = if self.end <= self.start { DAY } else { 0 };
        overnight + (i64::from(self.end.0) - i64::from(self.start.0)) * MINUTE
    }

    /// Returns the seconds of the week at which the window starts, Monday 00:00 being 0.
    fn starts(&self) -> impl Iterator<Item = i64> + '_ {
        self.days.iter().map(|day| *day as i64 * DAY + i64::from(self.start.0) * MINUTE)
    }

    /// Returns the seconds of local time from a second of the week to the next one inside; 0 when it is inside. `None` without
    /// days.
    fn seconds_until_open(&self, second: i64) -> Option<i64> {
        let until = |start: i64| {
            let since = (second - start).rem_euclid(WEEK);
            if since < self.length() { 0 } else { WEEK - since }
        };
        self.starts().map(until).min()
    }
}

/// The hours in which requests pass, in the local time of one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveHours {
    /// The zone whose clock counts.
    pub zone: TimeZone,
    /// The windows, from 1 to [`MAX_WINDOWS`]; the hours are open when any of them is.
    pub windows: Vec<HoursWindow>,
}

impl ActiveHours {
    /// Checks the number of windows, and each window.
    ///
    /// # Errors
    /// [`CalendarError::WindowCount`] when there are not 1 to [`MAX_WINDOWS`] windows; otherwise the error of the first window that
    /// [`HoursWindow::validate`] refuses.
    pub fn validate(&self) -> Result<(), CalendarError> {
        if !(1..=MAX_WINDOWS).contains(&self.windows.len()) {
            return Err(CalendarError::WindowCount { count: self.windows.len() });
        }
        self.windows.iter().try_for_each(HoursWindow::validate)
    }

    /// Returns whether the hours are open at `now`. In a zone without rules they never are.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let instant = seconds(now);
        self.zone
            .rules()
            .is_some_and(|rules| self.seconds_until_open(second_of_week(instant + rules.offset_at(instant))) == Some(0))
    }

    /// Returns the nanoseconds from `now` until the hours are open, 0 when they are. `None` when they do not open within
    /// [`SEARCH_NS`], as when a change of the clocks skips them, and in a zone without rules.
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

    /// Returns whether every minute of the week that is open in `other` is open here too. Hours in different zones never cover each
    /// other, whatever their times: their clocks may change on different days.
    pub fn covers(&self, other: &Self) -> bool {
        let open = |second| self.seconds_until_open(second) == Some(0);
        let ends =
            || self.windows.iter().flat_map(|window| window.starts().map(|start| (start + window.length()).rem_euclid(WEEK)));
        let starts = || other.windows.iter().flat_map(HoursWindow::starts);
        // A stretch that only `other` has begins where a window of `other` starts or where one of `self` ends.
        self.zone == other.zone && starts().chain(ends()).all(|second| open(second) || other.seconds_until_open(second) != Some(0))
    }

    /// Returns the seconds of local time until any window is open; 0 when one is.
    fn seconds_until_open(&self, second: i64) -> Option<i64> {
        self.windows.iter().filter_map(|window| window.seconds_until_open(second)).min()
    }
}

/// Returns the whole seconds since the epoch.
pub(super) fn seconds(at: Timestamp) -> i64 {
    (at.nanos() / SECOND_NS) as i64
}

/// Returns the seconds of a local time since its Monday 00:00.
fn second_of_week(local: i64) -> i64 {
    days_since_monday(local.div_euclid(DAY)) * DAY + local.rem_euclid(DAY)
}

//! Calendar days, weeks and months on a local clock.

use super::TimeZone;
use super::civil::{DAY, days_since_monday, first_of_month, year_and_month};
use super::hours::seconds;
use super::rules::Rules;
use crate::base::{SECOND_NS, Timestamp};
use serde::{Deserialize, Serialize};

/// A calendar period. Unlike a rolling window it starts afresh at a fixed moment, so up to twice a limit can be spent around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Period {
    /// One day, from midnight to midnight.
    Day,
    /// One week, from Monday to Sunday.
    Week,
    /// One month, from its first day to its last.
    Month,
}

impl Period {
    /// Returns the first day, in days since 1970-01-01, of the period that holds `day`.
    const fn first_day(self, day: i64) -> i64 {
        match self {
            Self::Day => day,
            Self::Week => day - days_since_monday(day),
            Self::Month => {
                let (year, month) = year_and_month(day);
                first_of_month(year, month)
            }
        }
    }

    /// Returns the first day after the period that starts on `first`.
    const fn next_first_day(self, first: i64) -> i64 {
        match self {
            Self::Day => first + 1,
            Self::Week => first + 7,
            // 31 days after the first of any month is in the next month.
            Self::Month => self.first_day(first + 31),
        }
    }

    /// Returns the seconds at which the period of `instant` began and at which the next begins.
    fn bounds(self, rules: &Rules, instant: i64) -> (i64, i64) {
        let mut first = self.first_day((instant + rules.offset_at(instant)).div_euclid(DAY));
        loop {
            let next = self.next_first_day(first);
            let end = rules.first_reaching(next * DAY);
            // False only after the clock was put back past midnight, when it shows the old date within the new period.
            if instant < end {
                return (rules.first_reaching(first * DAY), end);
            }
            first = next;
        }
    }
}

/// Returns the first instant at which the local clock showed the first day of the present period. That is later than midnight where
/// the clock skips midnight. A period that has begun stays begun when the clock is put back past midnight.
///
/// At the earliest the epoch, since a [`Timestamp`] cannot be before it.
pub fn period_start(zone: &TimeZone, period: Period, now: Timestamp) -> Timestamp {
    // A zone without rules has one period, so that everything ever spent counts.
    zone.rules().map_or(Timestamp::from_nanos(0), |rules| timestamp(period.bounds(rules, seconds(now)).0))
}

/// Returns the instant at which the next calendar period begins, by the reading of [`period_start`].
///
/// At the latest the largest [`Timestamp`], in the year 2554.
pub fn period_end(zone: &TimeZone, period: Period, now: Timestamp) -> Timestamp {
    zone.rules().map_or(Timestamp::from_nanos(u64::MAX), |rules| timestamp(period.bounds(rules, seconds(now)).1))
}

/// Returns whether a calendar week or month may begin within a quarter of a day of UTC, in some time zone. A beginning at the
/// quarter's own start need not count: then no finer buckets are needed to tell what came before it. Clocks are at most 14 hours
/// ahead of UTC and 12 behind. The rules that are compiled in do not matter, so that counters keep the same buckets under every
/// release.
pub(in crate::policy) const fn may_hold_start(period: Period, quarter_day: u64) -> bool {
    let (day, quarter) = ((quarter_day / 4) as i64, quarter_day % 4);
    // Midnight of a day comes between 10:00 UTC of the day before and 12:00 UTC, and at 12:00 UTC a quarter begins.
    (quarter <= 1 && is_first(period, day)) || (quarter >= 1 && is_first(period, day + 1))
}

/// Returns whether a period begins on this day.
const fn is_first(period: Period, day: i64) -> bool {
    period.first_day(day) == day
}

/// Returns the timestamp nearest to a number of seconds since the epoch.
fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(u64::try_from(seconds).unwrap_or(0).saturating_mul(SECOND_NS))
}

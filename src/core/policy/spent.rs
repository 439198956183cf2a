//! Counters of spent money within windows of time, in bounded memory.

mod buckets;

use super::calendar::{Period, TimeZone, may_hold_start, period_end, period_start};
use crate::base::{Amount, DAY_NS, HOUR_NS, MINUTE_NS, Timestamp};
use buckets::Buckets;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A quarter of an hour: every calendar period of every time zone begins at a multiple of it.
const QUARTER_NS: u64 = 15 * MINUTE_NS;
/// Half an hour: the width of the buckets of the last day.
const FINE_NS: u64 = 30 * MINUTE_NS;
/// The time for which half hours are kept: a calendar day may have 25 hours, and a bucket more.
const FINE_KEPT_NS: u64 = DAY_NS + 3 * HOUR_NS;
/// The time for which half hours are kept in which a calendar week may have begun: a week, an hour of daylight saving, and a
/// bucket.
const WEEK_KEPT_NS: u64 = 7 * DAY_NS + 12 * HOUR_NS;
/// Six hours: the width of the buckets of the last month.
const COARSE_NS: u64 = 6 * HOUR_NS;
/// The time for which quarters of a day are kept: the longest month, an hour of daylight saving, and a bucket.
const COARSE_KEPT_NS: u64 = 31 * DAY_NS + 12 * HOUR_NS;

/// The length of time that a limit of money looks back on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The last 24 hours, sliding.
    Rolling24h,
    /// The last 7 days, sliding.
    Rolling7d,
    /// The last 30 days, sliding.
    Rolling30d,
    /// The current day, week or month of a time zone. Twice the maximum can be spent around the time when one period ends and the
    /// next begins; a rolling window prevents that.
    Calendar {
        /// The kind of period.
        period: Period,
        /// The zone whose local time the period follows.
        zone: TimeZone,
    },
}

impl Window {
    /// Returns the first moment that counts, and the length of a rolling window in nanoseconds.
    fn start(&self, now: Timestamp) -> (Timestamp, Option<u64>) {
        let rolling = |length: u64| (Timestamp::from_nanos(now.nanos().saturating_sub(length)), Some(length));
        match self {
            Self::Rolling24h => rolling(DAY_NS),
            Self::Rolling7d => rolling(7 * DAY_NS),
            Self::Rolling30d => rolling(30 * DAY_NS),
            Self::Calendar { period, zone } => (period_start(zone, *period, now), None),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rolling24h => f.write_str("rolling 24 hours"),
            Self::Rolling7d => f.write_str("rolling 7 days"),
            Self::Rolling30d => f.write_str("rolling 30 days"),
            Self::Calendar { period, zone } => {
                let period = match period {
                    Period::Day => "day",
                    Period::Week => "week",
                    Period::Month => "month",
                };
                write!(f, "calendar {period} in {}", zone.name())
            }
        }
    }
}

/// A counter of posted money, which has left, and reserved money, which may still leave.
///
/// Posted money is kept in buckets of time. In a rolling window it counts until its whole bucket has left the window: up to one
/// bucket too long, and never too short, so that rounding never lets a limit be exceeded. A calendar window counts exactly what was
/// posted since its period began, as long as no bucket is full. Reserved money counts at any age, since it may be posted at any
/// time. A clock that stands still or steps back frees no money either: buckets are dropped only when the present is past them.
///
/// Memory is bounded: half hours for 27 hours, quarters of a day for a month, and half hours for a week or a month in those
/// quarters of a day in which a week or a month may begin somewhere on Earth. That is at most 460 buckets of twelve bytes.
///
/// Money that has left can always be posted: a full bucket stays full and exceeds every limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The lower 64 bits of the amount reserved for transfers that have not ended.
    reserved: Amount,
    /// The posted amounts in half hours.
    fine: Buckets,
    /// The same amounts in quarters of a day.
    coarse: Buckets,
    /// The amounts of the first quarter of an hour of those half hours in the middle of which a day may begin.
    #[serde(default, skip_serializing_if = "Buckets::is_empty")]
    early: Buckets,
    /// The upper 64 bits of the reserved amount: the value of many transfers at an extreme rate does not fit into 64 bits.
    #[serde(default, skip_serializing_if = "is_zero")]
    reserved_above: u64,
}

/// Returns whether a number is 0; serde leaves such a field out.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference; where a pointer is as small, there is no such lint"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Spent {
    /// Returns the amount reserved for transfers that have not ended, or the largest amount when it is more than that.
    pub fn reserved(&self) -> Amount {
        if self.reserved_above > 0 { Amount::MAX } else { self.reserved }
    }

    /// Returns the amount posted within the window, or the largest amount when it is more than that.
    pub fn posted(&self, window: &Window, now: Timestamp) -> Amount {
        clamped(self.counted(window, now))
    }

    /// Returns posted and reserved amounts together, or the largest amount when they are more than that.
    pub fn used(&self, window: &Window, now: Timestamp) -> Amount {
        self.posted(window, now).checked_add(self.reserved()).unwrap_or(Amount::MAX)
    }

    /// Returns the nanoseconds until `needed` fits under `limit`, if only time passes. `None` when time alone never frees enough:
    /// `needed` exceeds `limit`, or reserved money fills it.
    pub fn free_after(&self, window: &Window, now: Timestamp, limit: Amount, needed: Amount) -> Option<u64> {
        let budget = u128::from(limit.checked_sub(needed)?.get());
        let mut used = self.counted(window, now).saturating_add(self.held());
        if used <= budget {
            return Some(0);
        }
        let (start, length) = window.start(now);
        let Some(length) = length else {
            // A calendar period forgets everything posted at once, when the next one begins.
            let Window::Calendar { period, zone } = window else { return None };
            let fresh = self.held() <= budget;
            return fresh.then(|| period_end(zone, *period, now).nanos().saturating_sub(now.nanos()));
        };
        let (buckets, width) = self.buckets(start, now);
        for (bucket, amount) in buckets.live(start.nanos() / width) {
            used = used.saturating_sub(u128::from(amount.get()));
            if used <= budget {
                let leaves_at = u64::from(bucket).checked_add(1)?.checked_mul(width)?.checked_add(length)?;
                return Some(leaves_at.saturating_sub(now.nanos()));
            }
        }
        None
    }

    /// Reserves an amount; `None` on overflow of 128 bits, which no number of transfers reaches.
    #[must_use]
    pub fn reserve(self, amount: Amount) -> Option<Self> {
        let held = self.held().checked_add(u128::from(amount.get()))?;
        Some(self.holding(held))
    }

    /// Releases a reserved amount; `None` when less is reserved.
    #[must_use]
    pub fn void(self, reserved: Amount) -> Option<Self> {
        let held = self.held().checked_sub(u128::from(reserved.get()))?;
        Some(self.holding(held))
    }

    /// Releases a reserved amount and posts another in its place. `None` when less than `reserved` is reserved. A sum that is too
    /// large for its bucket fills the bucket.
    #[must_use]
    pub fn post(self, reserved: Amount, posted: Amount, now: Timestamp) -> Option<Self> {
        let mut counter = self.void(reserved)?;
        counter.add(posted, now);
        Some(counter)
    }

    /// Posts an amount that was not reserved.
    #[must_use]
    pub fn with_unreserved(mut self, posted: Amount, now: Timestamp) -> Self {
        self.add(posted, now);
        self
    }

    /// Replaces the posted amounts: each comes with its time, oldest first. The reserved amount stays.
    #[must_use]
    pub fn with_posted(self, posted: impl IntoIterator<Item = (Timestamp, Amount)>) -> Self {
        let Self { reserved, reserved_above, .. } = self;
        let mut counter = Self { reserved, reserved_above, ..Self::default() };
        for (at, amount) in posted {
            counter.add(amount, at);
        }
        counter
    }

    /// Returns the amount posted within the window here less that in `other`, which counts a part of the same money.
    pub fn posted_outside(&self, other: &Self, window: &Window, now: Timestamp) -> Amount {
        self.posted(window, now).remaining_after(other.posted(window, now))
    }

    /// Returns the amount posted within the window, in 128 bits so that full buckets add up.
    fn counted(&self, window: &Window, now: Timestamp) -> u128 {
        let (start, length) = window.start(now);
        let (buckets, width) = self.buckets(start, now);
        let posted = buckets.since(start.nanos() / width);
        match length {
            Some(_) => posted,
            None => posted.saturating_sub(self.posted_before(start, width)),
        }
    }

    /// Posts an amount in the buckets of `now`, and drops the buckets that no window needs any more.
    fn add(&mut self, posted: Amount, now: Timestamp) {
        let now = now.nanos();
        let since = |kept: u64, width: u64| now.saturating_sub(kept) / width;
        let (fine, week, month) = (since(FINE_KEPT_NS, FINE_NS), since(WEEK_KEPT_NS, COARSE_NS), since(COARSE_KEPT_NS, COARSE_NS));
        let keep = |bucket: u64| {
            let coarse = bucket / (COARSE_NS / FINE_NS);
            let begins = |period| may_hold_start(period, coarse);
            bucket >= fine || (coarse >= week && begins(Period::Week)) || (coarse >= month && begins(Period::Month))
        };
        let current = now / FINE_NS;
        self.fine.add(current, keep, posted);
        // After a clock stepped back the amount went into a newer bucket; then the quarter of an hour of `now` says nothing about
        // it.
        let is_newest = self.fine.0.last().is_some_and(|(bucket, _)| u64::from(*bucket) == current);
        let is_early = is_newest && is_split(current) && now % FINE_NS < QUARTER_NS;
        self.early.add(current, keep, if is_early { posted } else { Amount::ZERO });
        self.coarse.add(now / COARSE_NS, |bucket| bucket >= month, posted);
    }

    /// Returns the part of the bucket that `start` lies in that is known to have been posted before `start`.
    fn posted_before(&self, start: Timestamp, width: u64) -> u128 {
        let (start, bucket) = (start.nanos(), start.nanos() / width);
        // The true sum of a full bucket is not known, so nothing of it can be taken off.
        if self.coarse.is_full(start / COARSE_NS) || self.fine.is_full(start / FINE_NS) {
            return 0;
        }
        let half = start / FINE_NS;
        let whole = self.fine.within(bucket * (width / FINE_NS)..half);
        let early = if start % FINE_NS >= QUARTER_NS { self.early.within(half..half + 1) } else { 0 };
        whole.saturating_add(early)
    }

    /// Returns the reserved amount in 128 bits.
    fn held(&self) -> u128 {
        (u128::from(self.reserved_above) << 64) | u128::from(self.reserved.get())
    }

    /// Returns the counter with another reserved amount.
    fn holding(self, held: u128) -> Self {
        Self { reserved: Amount::new(held as u64), reserved_above: (held >> 64) as u64, ..self }
    }

    /// Returns the finest buckets that reach back to `start`, and their width in nanoseconds.
    fn buckets(&self, start: Timestamp, now: Timestamp) -> (&Buckets, u64) {
        if now.nanos().saturating_sub(start.nanos()) <= FINE_KEPT_NS - FINE_NS {
            (&self.fine, FINE_NS)
        } else {
            (&self.coarse, COARSE_NS)
        }
    }
}

/// Returns the amount nearest to a sum.
fn clamped(sum: u128) -> Amount {
    u64::try_from(sum).map_or(Amount::MAX, Amount::new)
}

/// Returns whether a calendar day may begin in the middle of a half hour of UTC. The clocks of Nepal, Eucla and Chatham stand a
/// quarter of an hour off: a day begins there 5:45, 8:45 (9:45 in summer), 12:45 or 13:45 hours before the day of UTC. Elsewhere it
/// begins at a full or a half hour of UTC.
const fn is_split(half_hour: u64) -> bool {
    matches!(half_hour % 48, 20 | 22 | 28 | 30 | 36)
}

#[cfg(test)]
mod tests;

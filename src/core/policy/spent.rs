//! What was spent within a window of time, in bounded memory.

use super::calendar::{Period, TimeZone, period_end, period_start};
use crate::primitives::{Amount, DAY_NS, HOUR_NS, MINUTE_NS, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Half an hour: how exactly the last day and a half is known.
const FINE_NS: u64 = 30 * MINUTE_NS;
/// For how long half hours are kept: a calendar day may have 25 hours, and a bucket more.
const FINE_KEPT_NS: u64 = DAY_NS + 3 * HOUR_NS;
/// Six hours: how exactly the last month is known.
const COARSE_NS: u64 = 6 * HOUR_NS;
/// For how long quarters of a day are kept: the longest month, an hour of daylight saving, and a bucket.
const COARSE_KEPT_NS: u64 = 31 * DAY_NS + 12 * HOUR_NS;

/// The stretch of time that a limit looks back on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The last 24 hours, sliding.
    Rolling24h,
    /// The last 7 days, sliding.
    Rolling7d,
    /// The last 30 days, sliding.
    Rolling30d,
    /// The current day, week or month of a time zone. Twice the maximum can be spent around its turn; a rolling window cannot (trap T5).
    Calendar {
        /// Which period.
        period: Period,
        /// By whose clocks.
        zone: TimeZone,
    },
}

impl Window {
    /// The first moment that counts, and the length of a rolling window.
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

/// Money that left, and money that is promised to leave.
///
/// Posted money is kept in buckets and counts until its whole bucket has left the window: a window may count up to one bucket too long,
/// never too short (trap T6). Reserved money counts without an age, since it may still be posted any time. A clock that stands still or
/// steps back cannot free money either: buckets only ever leave once the present is past them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Held for transfers that have not ended.
    reserved: Amount,
    /// Posted, in half hours.
    fine: Buckets,
    /// The same, in quarters of a day.
    coarse: Buckets,
}

impl Spent {
    /// What is held for transfers that have not ended.
    pub fn reserved(&self) -> Amount {
        self.reserved
    }

    /// What was posted within the window.
    pub fn posted(&self, window: &Window, now: Timestamp) -> Amount {
        let (start, _) = window.start(now);
        let (buckets, width) = self.buckets(start, now);
        buckets.since(start.nanos() / width)
    }

    /// Posted and reserved together.
    pub fn used(&self, window: &Window, now: Timestamp) -> Amount {
        self.posted(window, now).checked_add(self.reserved).unwrap_or(Amount::MAX)
    }

    /// Nanoseconds until `needed` is free under `limit` by the mere passing of time; `None` when that never happens on its own.
    pub fn free_after(&self, window: &Window, now: Timestamp, limit: Amount, needed: Amount) -> Option<u64> {
        let budget = limit.checked_sub(needed)?;
        let mut used = self.used(window, now);
        if used <= budget {
            return Some(0);
        }
        let (start, length) = window.start(now);
        let Some(length) = length else {
            // A period forgets everything posted at once, when the last bucket that reaches into the next one is empty of it.
            let Window::Calendar { period, zone } = window else { return None };
            let fresh = self.reserved <= budget;
            return fresh.then(|| period_end(zone, *period, now).nanos().saturating_sub(now.nanos()));
        };
        let (buckets, width) = self.buckets(start, now);
        for (bucket, amount) in buckets.live(start.nanos() / width) {
            used = used.remaining_after(amount);
            if used <= budget {
                let leaves_at = u64::from(bucket).checked_add(1)?.checked_mul(width)?.checked_add(length)?;
                return Some(leaves_at.saturating_sub(now.nanos()));
            }
        }
        None
    }

    /// Holds an amount; `None` on overflow.
    #[must_use]
    pub fn reserve(mut self, amount: Amount) -> Option<Self> {
        self.reserved = self.reserved.checked_add(amount)?;
        Some(self)
    }

    /// Lets go of a held amount; `None` when less is held.
    #[must_use]
    pub fn void(mut self, reserved: Amount) -> Option<Self> {
        self.reserved = self.reserved.checked_sub(reserved)?;
        Some(self)
    }

    /// Turns a held amount into a posted one; what was held beyond it is let go. `None` when less is held or on overflow.
    #[must_use]
    pub fn post(self, reserved: Amount, posted: Amount, now: Timestamp) -> Option<Self> {
        let mut counter = self.void(reserved)?;
        counter.fine.add(now, FINE_NS, FINE_KEPT_NS, posted)?;
        counter.coarse.add(now, COARSE_NS, COARSE_KEPT_NS, posted)?;
        Some(counter)
    }

    /// The finest buckets that reach back to `start`, and their width.
    fn buckets(&self, start: Timestamp, now: Timestamp) -> (&Buckets, u64) {
        if now.nanos().saturating_sub(start.nanos()) <= FINE_KEPT_NS - FINE_NS {
            (&self.fine, FINE_NS)
        } else {
            (&self.coarse, COARSE_NS)
        }
    }
}

/// Amounts by number of the bucket they were posted in, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Buckets(Vec<(u32, Amount)>);

impl Buckets {
    fn live(&self, first: u64) -> impl Iterator<Item = (u32, Amount)> {
        self.0.iter().copied().filter(move |(bucket, _)| u64::from(*bucket) >= first)
    }

    /// Every posted amount was reserved against such a sum first, so it cannot overflow unless the counter is corrupt; and then the largest
    /// amount is the answer that lets nothing pass.
    fn since(&self, first: u64) -> Amount {
        Amount::checked_sum(self.live(first).map(|(_, amount)| amount)).unwrap_or(Amount::MAX)
    }

    fn add(&mut self, now: Timestamp, width: u64, kept: u64, posted: Amount) -> Option<()> {
        let first = now.nanos().saturating_sub(kept) / width;
        self.0.retain(|(bucket, _)| u64::from(*bucket) >= first);
        if posted.is_zero() {
            return Some(());
        }
        let current = u32::try_from(now.nanos() / width).unwrap_or(u32::MAX);
        match self.0.last_mut() {
            // A clock that stepped back posts into the newest bucket: counted longer, never shorter.
            Some((bucket, amount)) if *bucket >= current => *amount = amount.checked_add(posted)?,
            _ => self.0.push((current, posted)),
        }
        Some(())
    }
}

/// Twelve bytes per bucket: a counter is read and written with every transfer, and a list of numbers would cost ten times as much.
impl Serialize for Buckets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.0.len() * 12);
        for (bucket, amount) in &self.0 {
            bytes.extend_from_slice(&bucket.to_be_bytes());
            bytes.extend_from_slice(&amount.get().to_be_bytes());
        }
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Buckets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
        if bytes.len() % 12 != 0 {
            return Err(de::Error::invalid_length(bytes.len(), &"a multiple of 12 bytes"));
        }
        let (buckets, _) = bytes.as_chunks::<12>();
        let entry = |entry: &[u8; 12]| {
            let [a, b, c, d, amount @ ..] = *entry;
            (u32::from_be_bytes([a, b, c, d]), Amount::new(u64::from_be_bytes(amount)))
        };
        Ok(Self(buckets.iter().map(entry).collect()))
    }
}

#[cfg(test)]
mod tests;

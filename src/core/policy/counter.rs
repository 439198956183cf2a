//! What was spent within the last 24 hours, in bounded memory.

use crate::primitives::{Amount, DAY_NS, MINUTE_NS, Timestamp};
use serde::{Deserialize, Serialize};

/// The length of the window.
pub const WINDOW_NS: u64 = DAY_NS;
/// The width of a bucket, and so the most by which the window counts too long.
const BUCKET_NS: u64 = 30 * MINUTE_NS;

/// Money that left a wallet, and money that is promised to leave it.
///
/// Posted money is kept in buckets of 30 minutes and counts until its whole bucket is 24 hours old: the window may count up to 30
/// minutes too long, never too short (trap T6). Reserved money counts without an age, since it may still be posted any time.
/// A clock that stands still or steps back cannot free money either: buckets only ever leave once the present is past them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollingCounter {
    /// Held for transfers that have not ended.
    reserved: Amount,
    /// Posted, as (bucket number, amount), oldest first.
    buckets: Vec<(u64, Amount)>,
}

impl RollingCounter {
    /// What is held for transfers that have not ended.
    pub fn reserved(&self) -> Amount {
        self.reserved
    }

    /// What was posted within the window.
    pub fn posted(&self, now: Timestamp) -> Amount {
        let first = first_live_bucket(now);
        let live = self.buckets.iter().filter(|(bucket, _)| *bucket >= first).map(|(_, amount)| *amount);
        // Every posted amount was reserved against this sum first, so it cannot overflow unless the counter is corrupt; and then
        // the largest amount is the answer that lets nothing pass.
        Amount::checked_sum(live).unwrap_or(Amount::MAX)
    }

    /// Posted and reserved together.
    pub fn used(&self, now: Timestamp) -> Amount {
        self.posted(now).checked_add(self.reserved).unwrap_or(Amount::MAX)
    }

    /// Nanoseconds until `needed` is free under `limit` by the mere passing of time; `None` when that never happens on its own.
    pub fn free_after(&self, now: Timestamp, limit: Amount, needed: Amount) -> Option<u64> {
        let budget = limit.checked_sub(needed)?;
        let mut used = self.used(now);
        if used <= budget {
            return Some(0);
        }
        let first = first_live_bucket(now);
        for (bucket, amount) in self.buckets.iter().filter(|(bucket, _)| *bucket >= first) {
            used = used.remaining_after(*amount);
            if used <= budget {
                let leaves_at = bucket.checked_add(1)?.checked_mul(BUCKET_NS)?.checked_add(WINDOW_NS)?;
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
        let first = first_live_bucket(now);
        counter.buckets.retain(|(bucket, _)| *bucket >= first);
        if posted.is_zero() {
            return Some(counter);
        }
        let current = now.nanos() / BUCKET_NS;
        match counter.buckets.last_mut() {
            // A clock that stepped back posts into the newest bucket: counted longer, never shorter.
            Some((bucket, amount)) if *bucket >= current => *amount = amount.checked_add(posted)?,
            _ => counter.buckets.push((current, posted)),
        }
        Some(counter)
    }
}

/// The oldest bucket that still counts: the first whose end is not yet a whole window ago.
fn first_live_bucket(now: Timestamp) -> u64 {
    // A bucket b covers [b, b + 1) × width and counts while (b + 1) × width + window > now.
    now.nanos().saturating_sub(WINDOW_NS) / BUCKET_NS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::HOUR_NS;

    const fn at(nanos: u64) -> Timestamp {
        Timestamp::from_nanos(100 * DAY_NS + nanos)
    }

    fn posted(amount: u64, now: Timestamp) -> RollingCounter {
        let amount = Amount::new(amount);
        RollingCounter::default().reserve(amount).unwrap().post(amount, amount, now).unwrap()
    }

    #[test]
    fn money_counts_for_at_least_a_day_and_at_most_half_an_hour_more() {
        // (posted at, asked at, counts): the bucket of a post at 0 ends at 30 min and leaves 24 h later.
        let cases = [
            (0, 0, true),
            (0, DAY_NS - 1, true),
            (0, DAY_NS, true),
            (0, DAY_NS + 30 * MINUTE_NS - 1, true),
            (0, DAY_NS + 30 * MINUTE_NS, false),
            (30 * MINUTE_NS - 1, DAY_NS + 30 * MINUTE_NS - 2, true),
            (30 * MINUTE_NS - 1, DAY_NS + 30 * MINUTE_NS, false),
        ];
        for (posted_at, asked_at, counts) in cases {
            let used = posted(5, at(posted_at)).used(at(asked_at));
            assert_eq!(used, Amount::new(if counts { 5 } else { 0 }), "posted at {posted_at}, asked at {asked_at}");
        }
    }

    #[test]
    fn reserved_money_counts_however_old_it_is() {
        let counter = RollingCounter::default().reserve(Amount::new(9)).unwrap();
        assert_eq!(counter.used(at(30 * DAY_NS)), Amount::new(9));
        assert_eq!(counter.clone().void(Amount::new(10)), None, "more than was held");
        assert_eq!(counter.void(Amount::new(9)).unwrap().used(at(0)), Amount::ZERO);
    }

    #[test]
    fn posting_releases_what_was_held_beyond_it() {
        let counter =
            RollingCounter::default().reserve(Amount::new(10)).unwrap().post(Amount::new(10), Amount::new(7), at(0)).unwrap();
        assert_eq!((counter.reserved(), counter.posted(at(0))), (Amount::ZERO, Amount::new(7)));
    }

    #[test]
    fn a_clock_that_steps_back_frees_nothing() {
        let amount = Amount::new(4);
        let counter = posted(3, at(10 * HOUR_NS)).reserve(amount).unwrap().post(amount, amount, at(2 * HOUR_NS)).unwrap();
        assert_eq!(counter.used(at(2 * HOUR_NS)), Amount::new(7));
        assert_eq!(counter.used(at(10 * HOUR_NS + DAY_NS)), Amount::new(7));
    }

    #[test]
    fn memory_is_bounded_by_the_number_of_buckets() {
        let one = Amount::new(1);
        let mut counter = RollingCounter::default();
        for minute in 0..(7 * 24 * 60) {
            counter = counter.reserve(one).unwrap().post(one, one, at(minute * MINUTE_NS)).unwrap();
        }
        assert!(counter.buckets.len() <= 50, "{} buckets", counter.buckets.len());
        assert_eq!(counter.used(at((7 * 24 * 60 - 1) * MINUTE_NS)), Amount::new(24 * 60 + 30));
    }

    #[test]
    fn says_when_money_is_free_again() {
        let counter = posted(60, at(0));
        let limit = Amount::new(100);
        assert_eq!(counter.free_after(at(HOUR_NS), limit, Amount::new(40)), Some(0));
        assert_eq!(counter.free_after(at(HOUR_NS), limit, Amount::new(41)), Some(23 * HOUR_NS + 30 * MINUTE_NS));
        assert_eq!(counter.free_after(at(HOUR_NS), limit, Amount::new(101)), None, "never under this limit");
        let held = counter.reserve(Amount::new(30)).unwrap();
        assert_eq!(held.free_after(at(HOUR_NS), limit, Amount::new(71)), None, "held money does not leave with time");
    }

    #[test]
    fn overflow_is_refused_and_never_wraps() {
        let counter = RollingCounter::default().reserve(Amount::MAX).unwrap();
        assert_eq!(counter.clone().reserve(Amount::new(1)), None);
        assert_eq!(counter.used(at(0)), Amount::MAX);
    }
}

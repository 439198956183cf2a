//! Counts of requests in sliding windows, and the circuit breaker of agents.

use crate::base::{DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// The length of time that a rate limit looks back on, sliding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateWindow {
    /// The last 60 seconds.
    Minute,
    /// The last 60 minutes.
    Hour,
    /// The last 24 hours.
    Day,
}

impl RateWindow {
    /// Returns the length of the window, in nanoseconds.
    pub const fn length_ns(self) -> u64 {
        match self {
            Self::Minute => MINUTE_NS,
            Self::Hour => HOUR_NS,
            Self::Day => DAY_NS,
        }
    }

    /// Returns the width of a bucket in nanoseconds, which is the most by which a request counts too long.
    const fn width_ns(self) -> u64 {
        match self {
            Self::Minute => SECOND_NS,
            Self::Hour => MINUTE_NS,
            Self::Day => 30 * MINUTE_NS,
        }
    }
}

impl fmt::Display for RateWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "24 hours",
        })
    }
}

/// The kind of requests that a rate limit counts. The two have separate quotas, so that denied requests do not use up the quota of
/// those that pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Every request that was decided, whatever the decision.
    Attempts,
    /// Payments that were allowed, or that wait for an approval.
    Executions,
}

/// The recent requests of a scope, in buckets of time, and its circuit breaker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    minute: Tally,
    hour: Tally,
    day: Tally,
    /// The number of denials in a row that were the agent's own fault. An allowed payment and the opening of the breaker set it to
    /// 0. Only agents have a breaker.
    pub denials: u32,
    /// The time until which the circuit breaker rejects everything; `None` when it never opened.
    pub open_until: Option<Timestamp>,
}

impl Activity {
    /// Returns the number of requests that count at `now`. A request counts until its whole bucket has left the window, never too
    /// short.
    pub fn count(&self, counted: Counted, window: RateWindow, now: Timestamp) -> u64 {
        self.tally(window).since(first_live(window, now), counted)
    }

    /// Returns the nanoseconds until one more request fits under `max`; `None` when none ever does.
    pub fn free_after(&self, counted: Counted, window: RateWindow, max: u32, now: Timestamp) -> Option<u64> {
        if max == 0 {
            return None;
        }
        let first = first_live(window, now);
        let mut count = self.tally(window).since(first, counted);
        if count < u64::from(max) {
            return Some(0);
        }
        // Buckets leave in order of age, each as a whole when its end is one window ago.
        for slot in self.tally(window).0.iter().filter(|slot| u64::from(slot.bucket) >= first) {
            count = count.saturating_sub(u64::from(slot.of(counted)));
            if count < u64::from(max) {
                let leaves_at = (u64::from(slot.bucket) + 1).checked_mul(window.width_ns())?.checked_add(window.length_ns())?;
                return Some(leaves_at.saturating_sub(now.nanos()));
            }
        }
        None
    }

    /// Notes one request, at `now`. It counts as an execution too when `executed`.
    pub fn note(&mut self, executed: bool, now: Timestamp) {
        self.note_many(1, u16::from(executed), now);
    }

    /// Notes requests and executions at `now`. A batch is one request and as many executions as it has payments that passed.
    pub fn note_many(&mut self, attempts: u16, executions: u16, now: Timestamp) {
        for window in [RateWindow::Minute, RateWindow::Hour, RateWindow::Day] {
            let tally = match window {
                RateWindow::Minute => &mut self.minute,
                RateWindow::Hour => &mut self.hour,
                RateWindow::Day => &mut self.day,
            };
            tally.add(first_live(window, now), now.nanos() / window.width_ns(), attempts, executions);
        }
    }

    /// Returns the nanoseconds for which the circuit breaker still rejects everything; `None` when it is closed.
    pub fn breaker_opens_for(&self, now: Timestamp) -> Option<u64> {
        self.open_until.map(|until| until.nanos_since(now)).filter(|left| *left > 0)
    }

    const fn tally(&self, window: RateWindow) -> &Tally {
        match window {
            RateWindow::Minute => &self.minute,
            RateWindow::Hour => &self.hour,
            RateWindow::Day => &self.day,
        }
    }
}

/// Returns the oldest bucket that still counts: the first whose end is not yet a whole window ago.
const fn first_live(window: RateWindow, now: Timestamp) -> u64 {
    now.nanos().saturating_sub(window.length_ns()) / window.width_ns()
}

/// The numbers of requests by bucket, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tally(Vec<Slot>);

/// The requests of one bucket. `bucket` is its number since the epoch, in widths of the window's buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    bucket: u32,
    attempts: u16,
    executions: u16,
}

impl Slot {
    const fn of(self, counted: Counted) -> u16 {
        match counted {
            Counted::Attempts => self.attempts,
            Counted::Executions => self.executions,
        }
    }
}

impl Tally {
    fn since(&self, first: u64, counted: Counted) -> u64 {
        self.0.iter().filter(|slot| u64::from(slot.bucket) >= first).map(|slot| u64::from(slot.of(counted))).sum()
    }

    fn add(&mut self, first: u64, current: u64, attempts: u16, executions: u16) {
        self.0.retain(|slot| u64::from(slot.bucket) >= first);
        let current = u32::try_from(current).unwrap_or(u32::MAX);
        // A clock that stepped back counts into the newest bucket, so that requests count longer and never shorter.
        if self.0.last().is_none_or(|slot| slot.bucket < current) {
            self.0.push(Slot { bucket: current, attempts: 0, executions: 0 });
        }
        if let Some(slot) = self.0.last_mut() {
            // A full slot is beyond every maximum that a rule may name.
            slot.attempts = slot.attempts.saturating_add(attempts);
            slot.executions = slot.executions.saturating_add(executions);
        }
    }
}

/// Encodes eight bytes per bucket in one byte string, as the counters of money do.
impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.0.len() * 8);
        for slot in &self.0 {
            bytes.extend_from_slice(&slot.bucket.to_be_bytes());
            bytes.extend_from_slice(&slot.attempts.to_be_bytes());
            bytes.extend_from_slice(&slot.executions.to_be_bytes());
        }
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
        if bytes.len() % 8 != 0 {
            return Err(de::Error::invalid_length(bytes.len(), &"a multiple of 8 bytes"));
        }
        let slot = |slot: &[u8; 8]| {
            let [a, b, c, d, e, f, g, h] = *slot;
            Slot {
                bucket: u32::from_be_bytes([a, b, c, d]),
                attempts: u16::from_be_bytes([e, f]),
                executions: u16::from_be_bytes([g, h]),
            }
        };
        Ok(Self(bytes.as_chunks::<8>().0.iter().map(slot).collect()))
    }
}

#[cfg(test)]
mod tests;

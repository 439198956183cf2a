//! Points in time. The domain has no clock: its callers pass the time of the subnet.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Nanoseconds in a second.
pub const SECOND_NS: u64 = 1_000_000_000;
/// Nanoseconds in a minute.
pub const MINUTE_NS: u64 = 60 * SECOND_NS;
/// Nanoseconds in an hour.
pub const HOUR_NS: u64 = 60 * MINUTE_NS;
/// Nanoseconds in 24 hours.
pub const DAY_NS: u64 = 24 * HOUR_NS;

/// A point in time in nanoseconds since 1970-01-01 UTC, as the subnet reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Wraps nanoseconds since the epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the nanoseconds since the epoch.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Returns the point that many nanoseconds later, or the largest representable one.
    pub const fn saturating_add(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// Returns the nanoseconds from `earlier` to `self`; zero when `earlier` is later, as when the subnet's clock stands still.
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

//! Delays between the runs of a transfer.

use purser_core::base::{SECOND_NS, Timestamp};

/// The longest delay, in seconds.
pub(super) const MAX_DELAY_SECONDS: u64 = 60;

/// The delay in seconds after so many failures: doubled with each, up to one minute.
pub fn backoff(seconds: u64, failures: u32) -> u64 {
    doubled(seconds, failures).min(MAX_DELAY_SECONDS)
}

pub(super) fn doubled(seconds: u64, failures: u32) -> u64 {
    seconds.saturating_mul(1 << failures.min(16))
}

/// The time `seconds` after `now`.
pub fn later(now: Timestamp, seconds: u64) -> Timestamp {
    Timestamp::from_nanos(now.nanos().saturating_add(seconds.saturating_mul(SECOND_NS)))
}

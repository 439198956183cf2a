//! How the canister watches over its own log: the round of verification, and failures to append.
//!
//! This is the one thing that is kept without a log entry, because it is about whether there can be one. It moves no money and no
//! power, no decision but the ones below reads it, and losing it costs nothing but an early look.

use super::State;
use crate::audit::{Cursor, Exhausted, IntegrityReport, LinkError, verify_from};
use crate::base::{BlockIndex, Timestamp};
use ic_stable_structures::Memory;
use serde::{Deserialize, Serialize};

/// After so many failures to append in a row nothing more is spent.
pub const MAX_APPEND_FAILURES: u32 = 3;
/// The room that is kept ready, so that an entry never has to wait for memory: far more than one message can log.
const READY_BYTES: u64 = 4 << 20;
const READY_BLOCKS: u64 = 1_000;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogMonitor {
    /// How far the present round of verification has come.
    pub cursor: Cursor,
    /// When the last part was verified.
    pub verified_at: Option<Timestamp>,
    /// When the last whole round ended.
    pub round_ended_at: Option<Timestamp>,
    /// The break that was found and not yet seen to be gone.
    pub broken: Option<(BlockIndex, LinkError)>,
    /// Failures to append, in a row.
    pub append_failures: u32,
    /// When it was last looked whether something can be given up.
    pub pruned_at: Option<Timestamp>,
    /// When watching began.
    pub since: Option<Timestamp>,
    /// When the last snapshot of the canister was loaded that is known of. A snapshot that is loaded does not know of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_loaded_at: Option<Timestamp>,
}

impl<M: Memory> State<M> {
    /// How the log is watched.
    pub fn log_monitor(&self) -> LogMonitor {
        self.tables.log_monitor()
    }

    /// Notes when it was last looked for something to give up, and when watching began.
    pub fn set_log_monitor(&mut self, monitor: &LogMonitor) {
        self.tables.set_log_monitor(monitor);
    }

    /// Notes when a snapshot of the canister was last loaded, as the Internet Computer says, and returns whether that is news. What was
    /// done to a canister before watching began was done to another state.
    pub fn record_snapshot_load(&mut self, loaded_at: Option<Timestamp>, now: Timestamp) -> bool {
        let old = self.log_monitor();
        let since = old.since.unwrap_or(now);
        let is_news = loaded_at > Some(since).max(old.snapshot_loaded_at);
        let monitor = LogMonitor { since: Some(since), snapshot_loaded_at: old.snapshot_loaded_at.max(loaded_at), ..old.clone() };
        if monitor != old {
            self.tables.set_log_monitor(&monitor);
        }
        is_news
    }

    /// Verifies up to `limit` more blocks, going round and round, and notes how far it came. The last block is checked with every part.
    pub fn verify_next(&mut self, limit: u64, now: Timestamp) -> IntegrityReport {
        let mut monitor = self.log_monitor();
        let (log, tip) = (&self.tables.log, self.tables.head().tip);
        let (mut report, cursor) = verify_from(log, monitor.cursor, limit, tip);
        if report.valid && cursor.next.get() < log.len() {
            let last = BlockIndex::new(log.len().saturating_sub(1));
            let end = verify_from(log, Cursor { next: last, parent: None }, 1, tip).0;
            report = IntegrityReport { entries_checked: report.entries_checked + end.entries_checked, ..end };
        }
        monitor.verified_at = Some(now);
        monitor.broken = report.first_broken_at;
        monitor.cursor = cursor;
        if report.valid && cursor.next.get() >= log.len() {
            (monitor.cursor, monitor.round_ended_at) = (Cursor::default(), Some(now));
        }
        self.tables.set_log_monitor(&monitor);
        report
    }

    /// Makes sure that there is room for what may have to be logged before this is asked again.
    ///
    /// # Errors
    /// When stable memory cannot grow.
    pub fn reserve_log_room(&mut self) -> Result<(), Exhausted> {
        self.tables.log.reserve(READY_BLOCKS, READY_BYTES)
    }

    /// Notes whether an entry could be appended and returns how often in a row it could not.
    pub fn record_append(&mut self, succeeded: bool) -> u32 {
        let mut monitor = self.log_monitor();
        let failures = if succeeded { 0 } else { monitor.append_failures.saturating_add(1) };
        if failures != monitor.append_failures {
            monitor.append_failures = failures;
            self.tables.set_log_monitor(&monitor);
        }
        failures
    }
}

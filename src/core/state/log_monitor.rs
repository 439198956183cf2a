//! Monitor of the audit log: verification in rounds, failures to append, loaded snapshots.
//!
//! This is the only record that changes without an event, because it is about whether events can be appended. It moves no money and
//! no power, only decisions about the log read it, and its loss costs one early round of verification.

use super::State;
use crate::audit::{Cursor, IntegrityReport, LinkError, MemoryExhausted, verify_from};
use crate::base::{BlockIndex, Timestamp};
use ic_stable_structures::Memory;
use serde::{Deserialize, Serialize};

/// The number of failures to append in a row from which on nothing is spent.
pub const MAX_APPEND_FAILURES: u32 = 3;
/// The bytes that are kept allocated, so that appending never waits for memory: far more than one message can log.
const READY_BYTES: u64 = 4 << 20;
/// The number of blocks whose index entries are kept allocated.
const READY_BLOCKS: u64 = 1_000;

/// The record of the monitor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogMonitor {
    /// The progress of the current round of verification.
    pub cursor: Cursor,
    /// The time of the last part of a verification.
    pub verified_at: Option<Timestamp>,
    /// The end of the last whole round.
    pub round_ended_at: Option<Timestamp>,
    /// The broken block that was found, until a later part finds the chain valid.
    pub broken: Option<(BlockIndex, LinkError)>,
    /// The number of failures to append in a row.
    pub append_failures: u32,
    /// The time of the last look for blocks to prune.
    pub pruned_at: Option<Timestamp>,
    /// The time at which monitoring began.
    pub since: Option<Timestamp>,
    /// The load of the last known snapshot of the canister. The loaded state itself does not know of the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_loaded_at: Option<Timestamp>,
}

impl<M: Memory> State<M> {
    /// Returns the record of the monitor.
    pub fn log_monitor(&self) -> LogMonitor {
        self.tables.log_monitor()
    }

    /// Replaces the record of the monitor.
    pub fn set_log_monitor(&mut self, monitor: &LogMonitor) {
        self.tables.set_log_monitor(monitor);
    }

    /// Records the last load of a snapshot, as the Internet Computer reports it, and returns whether it was unknown.
    ///
    /// A load before monitoring began is not reported: it was done to another state.
    pub fn record_snapshot_load(&mut self, loaded_at: Option<Timestamp>, now: Timestamp) -> bool {
        let old = self.log_monitor();
        let since = old.since.unwrap_or(now);
        let is_new = loaded_at > Some(since).max(old.snapshot_loaded_at);
        let snapshot_loaded_at = old.snapshot_loaded_at.max(loaded_at);
        let monitor = LogMonitor { since: Some(since), snapshot_loaded_at, ..old.clone() };
        if monitor != old {
            self.tables.set_log_monitor(&monitor);
        }
        is_new
    }

    /// Verifies up to `limit` more blocks in rounds, and records the progress. The last block is checked with every part.
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

    /// Allocates memory for all blocks that may have to be logged before the next call.
    ///
    /// # Errors
    /// When stable memory cannot grow.
    pub fn reserve_log_room(&mut self) -> Result<(), MemoryExhausted> {
        self.tables.log.reserve(READY_BLOCKS, READY_BYTES)
    }

    /// Records whether a block could be appended, and returns the number of failures in a row.
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

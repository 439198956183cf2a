//! Tables about the log: the digest with its recount, retention, archives and the monitor.

use super::Tables;
use super::records::decode;
use crate::base::codec::to_record;
use crate::governance::retention::{Archive, Retention};
use crate::state::digest::RecountResult;
use crate::state::log_monitor::LogMonitor;
use ic_stable_structures::Memory;

impl<M: Memory> Tables<M> {
    /// Visits up to `limit` more records of each table. True when all records are visited.
    pub fn recount(&self, limit: usize) -> bool {
        !self.digested().into_iter().any(|table| table.recount(limit))
    }

    /// Ends the recount and returns its result; `None` when there was none.
    pub fn end_recount(&self) -> Option<RecountResult> {
        self.multiset_hash.end_recount()
    }

    /// Stores the sum of the digest when it has changed.
    pub(super) fn store_sum(&mut self) {
        if let Some(sum) = self.multiset_hash.take_changed() {
            self.sum.set(sum);
        }
    }

    pub fn retention(&self) -> Retention {
        let bytes = self.retention.get();
        if bytes.is_empty() { Retention::default() } else { decode("retention", bytes) }
    }

    pub fn set_retention(&mut self, retention: &Retention) {
        self.retention.set(to_record(retention));
    }

    /// Returns the confirmed archives that end at or after a block, ascending.
    pub fn archives_from(&self, last: u64) -> impl Iterator<Item = Archive> + '_ {
        self.archives.range(last..).map(|entry| decode("archives", &entry.value()))
    }

    pub fn add_archive(&mut self, archive: &Archive) {
        self.archives.insert(archive.last.get(), to_record(archive));
    }

    pub fn log_monitor(&self) -> LogMonitor {
        let bytes = self.log_monitor.get();
        if bytes.is_empty() { LogMonitor::default() } else { decode("watch", bytes) }
    }

    pub fn set_log_monitor(&mut self, monitor: &LogMonitor) {
        self.log_monitor.set(to_record(monitor));
    }
}

//! The digest's bookkeeping, and what is kept about the log beside its blocks.

use super::Tables;
use super::records::decode;
use crate::base::codec::to_record;
use crate::governance::retention::{Archive, Retention};
use crate::state::digest::Recounted;
use crate::state::watch::LogMonitor;
use ic_stable_structures::Memory;

impl<M: Memory> Tables<M> {
    /// Visits up to `limit` more records of every table for [`Tables::end_recount`]; true when that were all.
    pub fn recount(&self, limit: usize) -> bool {
        !self.recounted().into_iter().any(|table| table.recount(limit))
    }

    /// What the recount found; `None` when there was none.
    pub fn end_recount(&self) -> Option<Recounted> {
        self.multiset_hash.end_recount()
    }

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

    /// The confirmed archives that end at or after a block, ascending.
    pub fn archives_from(&self, last: u64) -> impl Iterator<Item = Archive> + '_ {
        self.archives.range(last..).map(|entry| decode("archives", &entry.value()))
    }

    pub fn add_archive(&mut self, archive: &Archive) {
        self.archives.insert(archive.last.get(), to_record(archive));
    }

    pub fn log_monitor(&self) -> LogMonitor {
        let bytes = self.watch.get();
        if bytes.is_empty() { LogMonitor::default() } else { decode("watch", bytes) }
    }

    pub fn set_log_monitor(&mut self, monitor: &LogMonitor) {
        self.watch.set(to_record(monitor));
    }
}

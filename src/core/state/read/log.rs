//! Queries about the audit log and the digest of the state.

use crate::audit::{IntegrityReport, Value, verify};
use crate::base::{BlockIndex, Hash, Timestamp};
use crate::governance::retention::Retention;
use crate::state::State;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns the time of the last block.
    pub fn last_at(&self) -> Timestamp {
        self.tables.head().last_at
    }

    /// Returns a time, or that of the last block when the clock stands before it.
    ///
    /// The time of the log never runs backwards, and so no window of a limit does.
    pub(in crate::state) fn monotonic_now(&self, now: Timestamp) -> Timestamp {
        now.max(self.tables.head().last_at)
    }

    /// Returns the number of blocks that were ever appended.
    pub fn log_len(&self) -> u64 {
        self.tables.log.len()
    }

    /// Returns index and hash of the last block.
    pub fn tip(&self) -> Option<(BlockIndex, Hash)> {
        let head = self.tables.head();
        Some((BlockIndex::new(head.blocks.checked_sub(1)?), head.tip?))
    }

    /// Returns a block as an ICRC-3 value.
    pub fn block(&self, index: BlockIndex) -> Option<Value> {
        self.tables.log.value(index)
    }

    /// Returns the bytes of a block as they were appended.
    pub fn block_bytes(&self, index: BlockIndex) -> Option<Vec<u8>> {
        self.tables.log.bytes(index)
    }

    /// Verifies up to `limit` kept blocks from `from` on.
    pub fn verify_log(&self, from: BlockIndex, limit: u64) -> IntegrityReport {
        verify(&self.tables.log, from, limit, self.tables.head().tip).0
    }

    /// Returns the index of the first kept block. Earlier blocks are archived.
    pub fn first_block(&self) -> BlockIndex {
        self.tables.log.first()
    }

    /// Returns the index of the first kept block at or after a time.
    pub fn first_block_at(&self, time: Timestamp) -> BlockIndex {
        self.tables.log.first_at(time)
    }

    /// Returns the number of bytes of the kept blocks.
    pub fn log_bytes(&self) -> u64 {
        self.tables.log.bytes_kept()
    }

    /// Returns retention and archives of the log as the state records them.
    pub fn retention(&self) -> Retention {
        self.tables.retention()
    }

    /// Returns one hash over all durable records. Equal states have equal digests.
    pub fn digest(&self) -> Hash {
        self.tables.digest()
    }
}

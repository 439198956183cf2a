//! Decisions about the log: settings, archives, pruning, checkpoints, and emergencies when the log breaks.

use crate::access::Role;
use crate::audit::LinkError;
use crate::base::{BlockIndex, DAY_NS, Hash, Timestamp};
use crate::event::{Event, LogPruned, ModeChanged, StateCheckpoint};
use crate::governance::retention::{Archive, AuditSettings};
use crate::governance::retention::{
    CHECKPOINT_INTERVAL_NS, MAX_CAPACITY, MAX_LOCATION_BYTES, MAX_PRUNED_BLOCKS, MAX_RETENTION_DAYS, MIN_CAPACITY,
    MIN_RETENTION_DAYS, PRUNE_INTERVAL_NS,
};
use crate::policy::Mode;
use crate::state::log_monitor::MAX_APPEND_FAILURES;
use crate::state::refusal::invalid;
use crate::state::{Decided, Refusal, State};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns the events of new settings of the log.
    pub(super) fn audit_settings_events(&self, settings: AuditSettings) -> Result<Vec<Event>, Refusal> {
        if !(MIN_RETENTION_DAYS..=MAX_RETENTION_DAYS).contains(&settings.retention_days) {
            return Err(invalid("retention_days", format!("between {MIN_RETENTION_DAYS} and {MAX_RETENTION_DAYS}")));
        }
        if !(MIN_CAPACITY..=MAX_CAPACITY).contains(&settings.capacity) {
            return Err(invalid("capacity", format!("between {MIN_CAPACITY} and {MAX_CAPACITY} bytes")));
        }
        if settings == self.retention().settings {
            return Err(Refusal::AlreadySo { what: "the settings are these already" });
        }
        Ok(vec![Event::AuditConfigured(settings)])
    }

    /// Decides an auditor's confirmation of an archive from the end of the last archive up to the block `last`.
    ///
    /// The hash of the last block shows that the auditor's copy is of this log.
    ///
    /// # Errors
    /// When the caller is no auditor, the location has a wrong length, the blocks are archived already, or no such block has the hash.
    pub fn decide_archive(
        &self,
        caller: Principal,
        last: BlockIndex,
        hash: Hash,
        location: String,
        canister: Option<Principal>,
    ) -> Result<Decided, Refusal> {
        self.require_role(caller, Role::Auditor)?;
        if location.is_empty() || location.len() > MAX_LOCATION_BYTES {
            return Err(invalid("location", format!("between 1 and {MAX_LOCATION_BYTES} bytes")));
        }
        let first = self.tables.retention().archived;
        if last < first {
            return Err(Refusal::AlreadySo { what: "the log is already archived up to there" });
        }
        match self.block(last).map(|block| block.hash()) {
            None => Err(invalid("last", format!("the log has {} blocks", self.log_len()))),
            Some(actual) if actual != hash => {
                Err(invalid("hash", format!("block {last} has another hash: the copy is not of this log")))
            }
            Some(_) => {
                let archive = Archive { first, last, hash, location, canister };
                Ok(Decided::by_caller(caller, Event::ArchiveConfirmed(archive)))
            }
        }
    }

    /// Decides to prune the oldest blocks that are archived and older than the retention; `None` when there are none.
    ///
    /// At most [`MAX_PRUNED_BLOCKS`] are pruned at once, so the caller decides again until there are none.
    pub fn decide_prune(&self, now: Timestamp) -> Option<Decided> {
        let retention = self.tables.retention();
        let kept_ns = u64::from(retention.settings.retention_days).saturating_mul(DAY_NS);
        let expired = self.first_block_at(Timestamp::from_nanos(now.nanos().saturating_sub(kept_ns)));
        let old_first = self.first_block();
        let most = BlockIndex::new(old_first.get().saturating_add(MAX_PRUNED_BLOCKS));
        let newest = BlockIndex::new(self.log_len().saturating_sub(1));
        let first = expired.min(retention.archived).min(most).min(newest);
        let entries = first.get().checked_sub(old_first.get()).filter(|entries| *entries > 0)?;
        let last = BlockIndex::new(first.get() - 1);
        let hash = self.block(last)?.hash();
        let pruned = LogPruned { first, hash, entries, digest: self.digest() };
        Some(Decided::by_canister(Event::LogPruned(pruned)))
    }

    /// Whether it is time to look for blocks to prune.
    pub fn is_prune_due(&self, now: Timestamp) -> bool {
        let monitor = self.log_monitor();
        let last = monitor.pruned_at.max(monitor.since);
        last.is_some_and(|last| now.nanos_since(last) >= PRUNE_INTERVAL_NS)
    }

    /// Whether it is time for a checkpoint of the state.
    pub fn is_checkpoint_due(&self, now: Timestamp) -> bool {
        let last = self.tables.retention().checkpointed_at.max(self.log_monitor().since);
        last.is_some_and(|last| now.nanos_since(last) >= CHECKPOINT_INTERVAL_NS)
    }

    /// Visits up to `limit` records of each table for the next checkpoint; true when all records are visited.
    pub fn recount(&self, limit: usize) -> bool {
        self.tables.recount(limit)
    }

    /// Decides a checkpoint from a recount that has visited all records; `None` when there was no recount.
    ///
    /// When the tables do not have the digest that the events gave them, this is an emergency instead; `None` when one is on.
    pub fn decide_checkpoint(&self, now: Timestamp) -> Option<Decided> {
        let recounted = self.tables.end_recount()?;
        if !recounted.agrees {
            return self.start_emergency("the state's tables are not what the log made of them".into(), now);
        }
        let head = self.tables.head();
        let checkpoint = StateCheckpoint {
            digest: self.digest(),
            records: recounted.records,
            wallets: head.next_wallet.get().saturating_sub(1),
            transfers: head.next_transfer.get().saturating_sub(1),
            version: crate::VERSION.into(),
        };
        Some(Decided::by_canister(Event::StateCheckpointed(checkpoint)))
    }

    /// Decides an emergency because of a broken chain; `None` when an emergency is on.
    pub fn decide_chain_broken(&self, index: BlockIndex, reason: LinkError, now: Timestamp) -> Option<Decided> {
        self.start_emergency(format!("the audit chain is broken at entry {index}: {reason}"), now)
    }

    /// Decides an emergency after [`MAX_APPEND_FAILURES`] failures to append in a row; `None` before, or when an emergency is on.
    pub fn decide_append_failing(&self, failures: u32, now: Timestamp) -> Option<Decided> {
        if failures < MAX_APPEND_FAILURES {
            return None;
        }
        self.start_emergency(format!("{failures} entries in a row could not be appended to the audit log"), now)
    }

    /// Decides an emergency because an older snapshot of the canister was loaded.
    ///
    /// It is logged even when an emergency is on: the state does not know of payments after the snapshot, and would make them again.
    pub fn decide_snapshot_loaded(&self, loaded_at: Timestamp, taken_at: Timestamp, now: Timestamp) -> Decided {
        let reason = format!(
            "a snapshot taken at {} was loaded at {} nanoseconds since the epoch: what happened in between is forgotten",
            taken_at.nanos(),
            loaded_at.nanos()
        );
        Decided::by_canister(Event::ModeChanged(ModeChanged { mode: Mode::Emergency { since: now }, reason }))
    }

    /// Decides an emergency because the state was replayed from its log; `None` when an emergency is on.
    ///
    /// The chains may be ahead of the last block.
    pub fn decide_restored(&self, now: Timestamp) -> Option<Decided> {
        self.start_emergency(format!("the state was restored from its log of {} entries", self.log_len()), now)
    }

    fn start_emergency(&self, reason: String, now: Timestamp) -> Option<Decided> {
        let mode = Mode::Emergency { since: now };
        (!self.mode().is_emergency()).then(|| Decided::by_canister(Event::ModeChanged(ModeChanged { mode, reason })))
    }

    /// Whether the log has capacity for events that spend.
    pub fn has_log_capacity(&self) -> bool {
        self.require_log_capacity().is_ok()
    }

    /// Refuses to spend when the log is full: a payment must not push events that end or stop spending out of the log.
    pub(in crate::state) fn require_log_capacity(&self) -> Result<(), Refusal> {
        let (kept, capacity) = (self.tables.log.bytes_kept(), self.tables.retention().settings.capacity);
        if kept < capacity { Ok(()) } else { Err(Refusal::AuditUnavailable { kept, capacity }) }
    }
}

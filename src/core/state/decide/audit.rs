//! What is decided about the log itself: its settings, its archives, what is given up, what happens when it breaks.

use super::{Decided, invalid};
use crate::access::Role;
use crate::audit::LinkError;
use crate::base::{BlockIndex, DAY_NS, Hash, Timestamp};
use crate::event::{Event, LogPruned, ModeChanged, StateCheckpoint};
use crate::governance::retention::{Archive, AuditSettings};
use crate::governance::retention::{
    CHECKPOINT_INTERVAL_NS, MAX_CAPACITY, MAX_LOCATION_BYTES, MAX_PRUNED, MAX_RETENTION_DAYS, MIN_CAPACITY, MIN_RETENTION_DAYS,
    PRUNE_INTERVAL_NS,
};
use crate::policy::Mode;
use crate::state::watch::MAX_APPEND_FAILURES;
use crate::state::{Refusal, State};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// What happens when admins decide for how long the log is kept and how large it may become.
    ///
    /// # Errors
    /// When a setting is out of bounds, or all are as they are already.
    pub(super) fn audit_effects(&self, settings: AuditSettings) -> Result<Vec<Event>, Refusal> {
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

    /// An auditor holds a copy of the log from where the archive before ends up to `last`, whose hash is the proof of having read it.
    ///
    /// # Errors
    /// When the caller is no auditor, or there is no such block with such a hash that is not archived yet.
    pub fn decide_archive(
        &self,
        caller: Principal,
        last: BlockIndex,
        hash: Hash,
        location: String,
        canister: Option<Principal>,
    ) -> Result<Decided, Refusal> {
        self.require(caller, Role::Auditor)?;
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
            Some(_) => Ok(Decided::by(caller, Event::ArchiveConfirmed(Archive { first, last, hash, location, canister }))),
        }
    }

    /// The next of the oldest blocks to be given up: archived, and older than what is kept; `None` when there are none. At most
    /// [`MAX_PRUNED`], so that it is to be asked again.
    pub fn decide_prune(&self, now: Timestamp) -> Option<Decided> {
        let retention = self.tables.retention();
        let kept_ns = u64::from(retention.settings.retention_days).saturating_mul(DAY_NS);
        let expired = self.first_block_at(Timestamp::from_nanos(now.nanos().saturating_sub(kept_ns)));
        let old_first = self.first_block();
        let most = BlockIndex::new(old_first.get().saturating_add(MAX_PRUNED));
        let newest = BlockIndex::new(self.log_len().saturating_sub(1));
        let first = expired.min(retention.archived).min(most).min(newest);
        let entries = first.get().checked_sub(old_first.get()).filter(|entries| *entries > 0)?;
        let last = BlockIndex::new(first.get() - 1);
        let hash = self.block(last)?.hash();
        let pruned = LogPruned { first, hash, entries, digest: self.digest() };
        Some(Decided::by_canister(Event::LogPruned(pruned)))
    }

    /// Whether it is time to look for blocks to give up.
    pub fn is_prune_due(&self, now: Timestamp) -> bool {
        let monitor = self.log_monitor();
        let last = monitor.pruned_at.max(monitor.since);
        last.is_some_and(|last| now.nanos_since(last) >= PRUNE_INTERVAL_NS)
    }

    /// Whether it is time to recompute the state and record it.
    pub fn is_checkpoint_due(&self, now: Timestamp) -> bool {
        let last = self.tables.retention().checkpointed_at.max(self.log_monitor().since);
        last.is_some_and(|last| now.nanos_since(last) >= CHECKPOINT_INTERVAL_NS)
    }

    /// Visits up to `limit` records of each table for the next checkpoint; true when it has visited all.
    pub fn recount(&self, limit: usize) -> bool {
        self.tables.recount(limit)
    }

    /// Records what a recount that has visited everything found. When the tables are not what the log made of them, that is an
    /// emergency instead; `None` when one is on, or nothing was counted.
    pub fn decide_checkpoint(&self, now: Timestamp) -> Option<Decided> {
        let recounted = self.tables.end_recount()?;
        if !recounted.agrees {
            return self.alarm("the state's tables are not what the log made of them".into(), now);
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

    /// What a broken chain leads to: an emergency; `None` when one is on.
    pub fn decide_chain_broken(&self, index: BlockIndex, reason: LinkError, now: Timestamp) -> Option<Decided> {
        self.alarm(format!("the audit chain is broken at entry {index}: {reason}"), now)
    }

    /// What failures to append lead to after [`MAX_APPEND_FAILURES`] in a row: an emergency; `None` before, or when one is on.
    pub fn decide_append_failing(&self, failures: u32, now: Timestamp) -> Option<Decided> {
        if failures < MAX_APPEND_FAILURES {
            return None;
        }
        self.alarm(format!("{failures} entries in a row could not be appended to the audit log"), now)
    }

    /// What follows when an older snapshot of the canister was loaded: an emergency with an entry of its own, even when one is on. What
    /// was paid after the snapshot was taken is forgotten, and would be paid again.
    pub fn decide_snapshot_loaded(&self, loaded_at: Timestamp, taken_at: Timestamp, now: Timestamp) -> Decided {
        let reason = format!(
            "a snapshot taken at {} was loaded at {} nanoseconds since the epoch: what happened in between is forgotten",
            taken_at.nanos(),
            loaded_at.nanos()
        );
        Decided::by_canister(Event::ModeChanged(ModeChanged { mode: Mode::Emergency { since: now }, reason }))
    }

    /// What follows when the state was made again from its log: an emergency, since the chains may be ahead of the last entry; `None`
    /// when one is on.
    pub fn decide_restored(&self, now: Timestamp) -> Option<Decided> {
        self.alarm(format!("the state was restored from its log of {} entries", self.log_len()), now)
    }

    fn alarm(&self, reason: String, now: Timestamp) -> Option<Decided> {
        let mode = Mode::Emergency { since: now };
        (!self.mode().is_emergency()).then(|| Decided::by_canister(Event::ModeChanged(ModeChanged { mode, reason })))
    }

    /// Whether the log has room for what spends.
    pub fn has_log_room(&self) -> bool {
        self.require_log_room().is_ok()
    }

    /// Nothing is spent that the log has no room for.
    pub(super) fn require_log_room(&self) -> Result<(), Refusal> {
        let (kept, capacity) = (self.tables.log.bytes_kept(), self.tables.retention().settings.capacity);
        if kept < capacity { Ok(()) } else { Err(Refusal::AuditUnavailable { kept, capacity }) }
    }
}

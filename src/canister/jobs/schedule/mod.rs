//! The schedule: the time of the next run of every transfer under way.
//!
//! The schedule lives on the heap: losing it costs no more than an early run.

mod delay;
mod entry;
mod queue;
mod step;

pub use delay::{backoff, later};
pub use step::TransferStep;

use super::locks::Lock;
use crate::flows::{ConcurrencyKey, Progress};
use entry::{Entry, Report};
use purser_core::base::{Timestamp, TransferId};
use queue::Queue;
use std::collections::{BTreeMap, BTreeSet};

/// The action for a transfer that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// A run drives the transfer.
    Drive {
        /// The place of the provider that is asked first. Each failure and each long wait advances it.
        provider_offset: usize,
    },
    /// The transfer goes into quarantine: it keeps trapping where money may be on its way.
    Quarantine,
}

/// The schedule of the transfers under way.
#[derive(Debug, Default)]
pub struct Schedule {
    entries: BTreeMap<TransferId, Entry>,
}

impl Schedule {
    /// Makes a transfer due at once, unless it is on its way. Its record is read again, because it may have changed.
    pub fn wake(&mut self, id: TransferId, now: Timestamp) {
        self.entry(id).wake(now);
    }

    /// Picks up to `free` transfers to start, those due for longest first. A transfer that was never seen is due.
    ///
    /// Left out are transfers that a run drives, and those that could not go on: in an emergency, while another one spends, or behind another
    /// one in the queue. Of those that need a wallet for themselves only the one that was requested first is picked.
    pub fn pick(
        &mut self,
        active: &[TransferId],
        now: Timestamp,
        free: usize,
        emergency: bool,
        is_held: impl Fn(Lock) -> bool,
    ) -> Vec<TransferId> {
        let due = |id: &TransferId| self.entries.get(id).map_or(Timestamp::default(), |entry| entry.due);
        let idle = active.iter().filter(|id| !is_held(Lock::Transfer(**id)));
        let mut waiting: Vec<_> = idle.map(|id| (due(id), *id)).filter(|(due, _)| now >= *due).collect();
        waiting.sort_unstable();
        let queue = Queue::of(&self.entries, now);
        let may_go_on = |id: &TransferId| match self.known(*id) {
            Some(step) if emergency && step.stops_in_emergency() => false,
            Some(step) if step.needs_wallet() => !is_held(Lock::Spending(step.spending)) && !queue.is_behind(*id, step),
            _ => true,
        };
        let waiting: Vec<TransferId> = waiting.into_iter().map(|(_, id)| id).filter(may_go_on).collect();
        let first = self.first_of_each_wallet(&waiting);
        let spends_first =
            |id: &TransferId| self.known(*id).is_none_or(|step| !step.needs_wallet() || first.get(&step.spending) == Some(id));
        let picked: Vec<_> = waiting.into_iter().filter(spends_first).take(free).collect();
        for id in &picked {
            self.entry(*id).pick(now);
        }
        picked
    }

    /// The transfer that may take each subject first: due for longest or, where the order is kept, requested first.
    fn first_of_each_wallet(&self, waiting: &[TransferId]) -> BTreeMap<ConcurrencyKey, TransferId> {
        let mut first: BTreeMap<ConcurrencyKey, TransferId> = BTreeMap::new();
        for id in waiting {
            let Some(step) = self.known(*id).filter(|step| step.needs_wallet()) else { continue };
            let first = first.entry(step.spending).or_insert(*id);
            if step.keeps_order() {
                *first = (*first).min(*id);
            }
        }
        first
    }

    /// Whether a transfer that was just read has to let another one of its wallet go first.
    pub fn is_queued_behind(&self, id: TransferId, step: TransferStep, now: Timestamp) -> bool {
        step.needs_wallet() && Queue::of(&self.entries, now).is_behind(id, step)
    }

    /// Takes a dispatch back: the run did not begin, because another one has the wallet. It counts as no trap.
    pub fn undo_dispatch(&mut self, id: TransferId, step: TransferStep, now: Timestamp) {
        self.postpone(id, step, now);
        self.entry(id).dispatched = None;
    }

    /// Notes that a picked transfer was read, but cannot go on now. It is picked as soon as it can.
    pub fn postpone(&mut self, id: TransferId, step: TransferStep, now: Timestamp) {
        self.entry(id).postpone(step, now);
    }

    /// Dispatches a picked transfer.
    pub fn dispatch(&mut self, id: TransferId, step: TransferStep, now: Timestamp) -> Dispatch {
        match self.entry(id).dispatch(step, now) {
            Some(provider_offset) => Dispatch::Drive { provider_offset },
            None => {
                self.entries.remove(&id);
                Dispatch::Quarantine
            }
        }
    }

    /// Notes the end of a run at `step`, where the transfer had not changed for `age_seconds`.
    pub fn report(&mut self, id: TransferId, progress: &Progress, step: TransferStep, age_seconds: u64, now: Timestamp) {
        if *progress == Progress::Ended {
            self.entries.remove(&id);
            self.release(step.spending, now);
            return;
        }
        let is_queued = *progress == Progress::Blocked && step.keeps_order() && self.is_under_way(id, step.spending);
        self.entry(id).end_run(&Report { progress, step, is_queued, age_seconds, now });
    }

    /// Whether another transfer that spends from the same wallet is on its way to the chain.
    fn is_under_way(&self, id: TransferId, spending: ConcurrencyKey) -> bool {
        let mut steps = self.entries.iter().filter(|(other, _)| **other != id).filter_map(|(_, entry)| entry.known);
        steps.any(|step| step.is_under_way() && step.spending.spends_with(spending))
    }

    /// Makes every transfer due that may have waited for another one of its wallet to end.
    fn release(&mut self, spending: ConcurrencyKey, now: Timestamp) {
        let blocked = self.entries.values_mut().filter(|entry| entry.is_blocked && entry.dispatched.is_none());
        for entry in blocked.filter(|entry| entry.known.is_some_and(|step| step.spending.spends_with(spending))) {
            entry.due = entry.due.min(now);
        }
    }

    /// Forgets all transfers except the active ones.
    pub fn retain(&mut self, active: &BTreeSet<TransferId>) {
        self.entries.retain(|id, _| active.contains(id));
    }

    fn entry(&mut self, id: TransferId) -> &mut Entry {
        self.entries.entry(id).or_default()
    }

    fn known(&self, id: TransferId) -> Option<TransferStep> {
        self.entries.get(&id).and_then(|entry| entry.known)
    }
}

#[cfg(test)]
mod tests;

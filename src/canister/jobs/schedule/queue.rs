//! The queue of a wallet: transfers that keep their place before others that need the same wallet.

use super::entry::Entry;
use super::step::TransferStep;
use crate::flows::ConcurrencyKey;
use purser_core::base::{Amount, SECOND_NS, Timestamp, TransferId};
use purser_core::wallet::KeyKind;
use std::collections::BTreeMap;

/// The time in seconds after the first block in which no other transfer passes. Then those may whose payment is smaller.
const STRICT_SECONDS: u64 = 60;
/// The most consecutive failures, half a minute of them, with which a transfer keeps its place in the same way.
const MAX_FAILURES: u32 = 5;

/// The queued transfers by the subject that they need, each list in the order of the requests.
pub(super) struct Queue(BTreeMap<ConcurrencyKey, Vec<Place>>);

/// The place of a transfer in the queue.
#[derive(Clone, Copy, Debug)]
struct Place {
    id: TransferId,
    pays: (KeyKind, Amount),
    /// Whether no transfer may pass. Otherwise those may that pay less from the same key, or pay from another one: a lack of money does not
    /// stop a transfer that needs less.
    is_strict: bool,
}

impl Place {
    /// Whether the other transfer needs at least as much from the same key.
    fn stops(self, other: TransferStep) -> bool {
        self.is_strict || (self.pays.0 == other.pays.0 && self.pays.1 <= other.pays.1)
    }
}

impl Queue {
    /// The queue of transfers that wait for another run after a reason that will pass soon.
    ///
    /// `entries` come in the order of the ids, which is that of the requests. A transfer that stops no more than those before is left out.
    pub(super) fn of(entries: &BTreeMap<TransferId, Entry>, now: Timestamp) -> Self {
        let mut queue: BTreeMap<ConcurrencyKey, Vec<Place>> = BTreeMap::new();
        for (id, entry) in entries {
            let Some(step) = entry.known.filter(|step| step.keeps_order() && step.needs_wallet()) else { continue };
            let failed = (1..=MAX_FAILURES).contains(&entry.failures);
            if entry.due <= now || !(entry.queued_since.is_some() || failed) {
                continue;
            }
            let is_strict = failed || entry.queued_since.is_some_and(|since| now.nanos_since(since) < STRICT_SECONDS * SECOND_NS);
            let places = queue.entry(step.spending).or_default();
            if !places.iter().any(|place| place.is_strict || (!is_strict && place.stops(step))) {
                places.push(Place { id: *id, pays: step.pays, is_strict });
            }
        }
        Self(queue)
    }

    /// Whether an earlier transfer keeps its place before this one.
    pub(super) fn is_behind(&self, id: TransferId, step: TransferStep) -> bool {
        let mut before = self.0.get(&step.spending).into_iter().flatten().filter(|place| place.id < id);
        before.any(|place| place.stops(step))
    }
}

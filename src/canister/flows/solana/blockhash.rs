//! Recent blockhashes: the provider that gave each, and the fate of the transaction that used it.
//!
//! One node's answer is enough for a blockhash, because the worst effect of a bad one is a transaction that never lands. The fate of the
//! transaction then counts for or against its provider: one whose blockhash died unseen, or was old on arrival, is asked after the others
//! for a while. The records are kept on the heap, like all health of providers.

use super::providers;
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::flows::providers::{Replication, record_bad_answer, record_good_answer};
use crate::ports::Runtime;
use purser_core::base::{Chain, SECOND_NS, Timestamp, TransferId};
use purser_core::chains::solana::rpc::{self, LatestBlockhash, Request};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The most blockhashes that are kept. Beyond, those of the oldest transfers are forgotten.
const MAX_SOURCES: usize = 1_000;
/// The highest rate of slots, in slots per second: one each 200 ms.
const SLOTS_PER_SECOND: u64 = 5;
/// The lag, in slots, from which on a blockhash counts as old on arrival: a third of its life.
const MAX_LAG_SLOTS: u64 = 50;
/// The time, in seconds, after which a blockhash that dies says nothing about its provider: it was sent late.
const MAX_BUILDING_SECONDS: u64 = 20;

thread_local! {
    static SOURCES: RefCell<BTreeMap<TransferId, Source>> = const { RefCell::new(BTreeMap::new()) };
}

/// The source of the blockhash that a transfer's transaction uses.
struct Source {
    /// The provider's URL.
    url: String,
    /// The slot that the provider named.
    slot: u64,
    /// The time of the answer.
    at: Timestamp,
}

/// Reads the latest blockhash from the first provider that has reached every slot in which a transaction landed.
///
/// # Errors
/// When the call fails, or no provider has come so far.
pub(super) async fn fetch<R: Runtime>(context: &TransferContext<'_, R>) -> Result<LatestBlockhash, FlowError> {
    let request = Request::LatestBlockhash { min_slot: providers::min_slot(context.rt) };
    let (url, body) = providers::of(context).first_unless(Replication::SingleNode, &request, providers::behind).await?;
    let latest = rpc::parse_latest_blockhash(&body)?;
    if !context.transfer.simulated {
        keep(context.transfer.id, Source { url, slot: latest.slot, at: context.rt.now() });
    }
    Ok(latest)
}

fn keep(id: TransferId, source: Source) {
    SOURCES.with_borrow_mut(|all| {
        all.insert(id, source);
        while all.len() > MAX_SOURCES {
            all.pop_first();
        }
    });
}

fn take(id: TransferId) -> Option<Source> {
    SOURCES.with_borrow_mut(|all| all.remove(&id))
}

/// Notes the broadcast of a transaction. After a long build its fate says nothing about the provider.
pub(super) fn on_broadcast(id: TransferId, now: Timestamp) {
    SOURCES.with_borrow_mut(|all| {
        if all.get(&id).is_some_and(|source| now.nanos_since(source.at) > MAX_BUILDING_SECONDS * SECOND_NS) {
            all.remove(&id);
        }
    });
}

/// Notes that the transaction is in a block.
pub(super) fn on_landed(id: TransferId) {
    if let Some(source) = take(id) {
        record_good_answer(Chain::Solana, &source.url);
    }
}

/// Notes that the transaction died, and no node has seen it in a block.
pub(super) fn on_died(id: TransferId, now: Timestamp) {
    if let Some(source) = take(id) {
        record_bad_answer(Chain::Solana, &source.url, now);
    }
}

/// Compares the source with a slot that a quorum of nodes has reached by now. One that was far behind gave an old blockhash.
pub(super) fn on_slot_reached(id: TransferId, reached: u64, now: Timestamp) {
    let is_late = |source: &Source| {
        let seconds = now.nanos_since(source.at) / SECOND_NS + 1;
        reached > source.slot.saturating_add(MAX_LAG_SLOTS).saturating_add(seconds.saturating_mul(SLOTS_PER_SECOND))
    };
    if SOURCES.with_borrow(|all| all.get(&id).is_some_and(is_late)) {
        on_died(id, now);
    }
}

//! Recent blockhashes: who gave one to which transfer, and what became of it.
//!
//! One node's word is enough for a blockhash, because the worst that a bad one does is that its transaction never lands. So what became of
//! it is the giver's merit: one whose blockhash died unseen, or was old when it came, is asked after the others for a while. It is kept on
//! the heap, like all that is known of how a provider is doing.

use crate::flows::{FlowError, TransferContext, providers};
use crate::ports::Runtime;
use purser_core::base::{SECOND_NS, Timestamp, TransferId};
use purser_core::chains::solana::rpc::{self, LatestBlockhash, Request};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// How many are remembered; of more than this the oldest transfers' are forgotten.
const MAX_GIVEN: usize = 1_000;
/// Slots in a second, at 200 ms.
const SLOTS_PER_SECOND: u64 = 5;
/// A giver that is further behind the others than this has given a blockhash of which a third of its life was over.
const MAX_LAG_SLOTS: u64 = 50;
/// What leaves the canister later than this may well die unseen, and the giver is not to blame.
const MAX_BUILDING_SECONDS: u64 = 20;

thread_local! {
    static GIVEN: RefCell<BTreeMap<TransferId, Given>> = const { RefCell::new(BTreeMap::new()) };
}

/// A blockhash that a transaction under way stands on.
struct Given {
    /// The provider.
    url: String,
    /// The slot that it named.
    slot: u64,
    /// When it came.
    at: Timestamp,
}

/// The latest blockhash of the first provider that has come as far as what has landed.
pub(super) async fn fetch<R: Runtime>(context: &TransferContext<'_, R>) -> Result<LatestBlockhash, FlowError> {
    let request = Request::LatestBlockhash { min_slot: providers::least_slot(context.rt) };
    let (url, body) = providers::ask_one_that_is_up_to_date(context.rt, context.provider_offset, &request).await?;
    let latest = rpc::parse_latest_blockhash(&body)?;
    if !context.transfer.simulated {
        remember(context.transfer.id, Given { url, slot: latest.slot, at: context.rt.now() });
    }
    Ok(latest)
}

fn remember(id: TransferId, given: Given) {
    GIVEN.with_borrow_mut(|all| {
        all.insert(id, given);
        while all.len() > MAX_GIVEN {
            all.pop_first();
        }
    });
}

fn forget(id: TransferId) -> Option<Given> {
    GIVEN.with_borrow_mut(|all| all.remove(&id))
}

/// The transaction leaves. If that took long, what becomes of it says nothing about the giver.
pub(super) fn leaves(id: TransferId, now: Timestamp) {
    GIVEN.with_borrow_mut(|all| {
        if all.get(&id).is_some_and(|given| now.nanos_since(given.at) > MAX_BUILDING_SECONDS * SECOND_NS) {
            all.remove(&id);
        }
    });
}

/// The transaction is in a block.
pub(super) fn landed(id: TransferId) {
    if let Some(given) = forget(id) {
        providers::praise(&given.url);
    }
}

/// The transaction has died, and nobody has seen it.
pub(super) fn died(id: TransferId, now: Timestamp) {
    if let Some(given) = forget(id) {
        providers::blame(&given.url, now);
    }
}

/// As many nodes as must agree have reached this slot: whether the giver was far behind them.
pub(super) fn compare(id: TransferId, reached: u64, now: Timestamp) {
    let is_late = |given: &Given| {
        let seconds = now.nanos_since(given.at) / SECOND_NS + 1;
        reached > given.slot.saturating_add(MAX_LAG_SLOTS).saturating_add(seconds.saturating_mul(SLOTS_PER_SECOND))
    };
    if GIVEN.with_borrow(|all| all.get(&id).is_some_and(is_late)) {
        died(id, now);
    }
}

//! The lifetime of a sent transaction: its bounds, and the record of its deadline.

use super::providers;
use super::{blockhash, record};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::chains::solana::rpc::{Commitment, EpochInfo, Reading};
use purser_core::chains::solana::{Blockhash, Lifetime, RecentHash, SignedTx, UNBOUND_MARGIN_BLOCKS};
use std::num::NonZeroU64;

/// The step to which heights and slots are rounded. Both advance five times a second; rounded to 20 seconds, replicas that ask within a
/// second of each other mostly agree.
pub(super) const STEP: NonZeroU64 = NonZeroU64::new(100).unwrap();
/// The largest difference between the heights of two providers, in blocks: about four minutes. Beyond, they are not on the same chain, or
/// one of them stands still.
const MAX_HEIGHT_DIFFERENCE: u64 = 1_000;
/// The shortest life of a transaction on a blockhash, in seconds, whatever heights providers claim.
///
/// A blockhash lives for 30 seconds, and only the subnet's clock cannot be lied about.
const LEAST_LIFETIME_SECONDS: u64 = 90;
/// The longest time, in seconds, for which an unknown signature proves something.
///
/// A node that has pruned its history does not know what landed. So the signature must be looked up within this time: from the broadcast to
/// the deadline, and from the deadline to the proof. Both together are an hour, which nodes without an archive keep too. On a nonce it is the
/// time since the nonce was last seen unchanged.
pub(super) const PROOF_SECONDS: u64 = 1_800;

/// The bounds of a transaction's life as they are recorded.
pub(super) enum Bounds {
    /// The lifetime, which may be over.
    Recorded(Lifetime),
    /// The transaction was sent so lately that it cannot have died.
    TooYoung,
    /// No deadline is recorded for this blockhash.
    NoDeadline(Blockhash),
}

/// The recorded bounds of the present transaction.
pub(super) fn bounds<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx) -> Bounds {
    match (&signed.plan().recent_hash, context.transfer.deadline_height()) {
        (RecentHash::Nonce { value, .. }, _) => Bounds::Recorded(Lifetime::Nonce { value: *value }),
        (RecentHash::Blockhash(blockhash), None) => Bounds::NoDeadline(*blockhash),
        (RecentHash::Blockhash(_), Some(_)) if context.age_seconds() < LEAST_LIFETIME_SECONDS => Bounds::TooYoung,
        (RecentHash::Blockhash(blockhash), Some(last_valid_block_height)) => {
            let lifetime = Lifetime::Blockhash { blockhash: *blockhash, last_valid_block_height };
            // Without a slot of the blockhash, the nodes that gave the deadline's height may have been behind.
            let margin = if record::recent_hash_slot(context).is_some() { 0 } else { UNBOUND_MARGIN_BLOCKS };
            Bounds::Recorded(lifetime.prolonged(margin))
        }
    }
}

/// Records the deadline of the attempt, from the greatest height of nodes that have reached the slot of its blockhash.
///
/// The height of a node that is behind says nothing about a blockhash that it cannot know. Until enough nodes have come so far, there is no
/// deadline. Of the single node that gave the blockhash only the slot is used: too low a slot lets nodes answer that are behind, as if it
/// were not known, and too high a one leaves the transaction without a deadline.
///
/// # Errors
/// When too few nodes answer, their heights contradict each other, or the transfer has changed.
pub(super) async fn record_deadline<R: Runtime>(context: &TransferContext<'_, R>, blockhash: Blockhash) -> Result<(), FlowError> {
    let reached = providers::min_slot(context.rt);
    let min_slot = record::recent_hash_slot(context).map_or(reached, |slot| slot.max(reached));
    // Confirmed is as fresh as the blockhash; the finalized height lies several seconds behind it. Height and slot are of the same block, even
    // where several nodes stand behind one address.
    let step = Reading::RoundDown { step: STEP };
    let request = providers::epoch_request(Commitment::Confirmed, step, step, min_slot);
    let Some(positions) = providers::positions(context, &request).await? else { return Ok(()) };
    let greatest = greatest_height(&positions)?;
    let Some(Lifetime::Blockhash { last_valid_block_height, .. }) = Lifetime::recorded_after(blockhash, greatest, STEP) else {
        return Err(FlowError::Transient("the providers claim an impossible block height".to_owned()));
    };
    context.unchanged()?;
    if let Some(reached) = positions.iter().map(|position| position.slot).min() {
        blockhash::on_slot_reached(context.transfer.id, reached, context.rt.now());
    }
    context.commit(|state| state.decide_deadline(context.transfer.id, last_valid_block_height))
}

/// The greatest height of several nodes, which must be close together.
fn greatest_height(positions: &[EpochInfo]) -> Result<u64, FlowError> {
    let heights = || positions.iter().map(|position| position.height);
    let (Some(least), Some(greatest)) = (heights().min(), heights().max()) else {
        return Err(FlowError::Transient("no provider tells the block height".to_owned()));
    };
    if least.abs_diff(greatest) > MAX_HEIGHT_DIFFERENCE {
        return Err(FlowError::Transient(format!("providers disagree about the block height: {least} and {greatest}")));
    }
    Ok(greatest)
}

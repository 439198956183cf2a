//! The first read of a proof: whether a node shows the end of a transaction's lifetime.
//!
//! Only a status that is read afterwards, of the same node and in a state that has reached the slot of this read, completes the proof. In
//! the other order the transaction could land between the two reads.

use super::lifetime::STEP;
use super::record;
use super::{nonce_changes, providers};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::chains::config::ChainConfig;
use purser_core::chains::solana::rpc::{self, Commitment, Failure, NonceState, Reading, Request};
use purser_core::chains::solana::{Blockhash, Evidence, Lifetime, RecentHash, SignedTx};

/// The end of a lifetime as one node shows it.
pub(super) enum LifetimeEnd {
    /// The lifetime is over.
    Over {
        /// The height or the nonce that shows it.
        evidence: Evidence,
        /// The slot that the node had reached. The status must be read of a state that has reached it too.
        ///
        /// With a height it is rounded down, by less than the margin of the deadline. With a nonce it is rounded up, because the proof is
        /// about the very slot in which the nonce had another value.
        slot: u64,
    },
    /// The transaction may land yet.
    Open,
    /// The node has not come as far as the value of the nonce.
    Behind,
}

/// Reads the end of a lifetime at one node.
///
/// # Errors
/// When the node gives no usable answer.
pub(super) async fn lifetime_end<R: Runtime>(
    context: &TransferContext<'_, R>,
    node: &str,
    signed: &SignedTx,
    lifetime: &Lifetime,
) -> Result<LifetimeEnd, FlowError> {
    match lifetime {
        Lifetime::Blockhash { .. } => height(context, node, lifetime).await,
        Lifetime::Nonce { value } => nonce(context, node, signed, *value).await,
    }
}

/// Reads whether the finalized height has passed the deadline. The answer is a bound, so that replicas agree on it.
async fn height<R: Runtime>(context: &TransferContext<'_, R>, node: &str, lifetime: &Lifetime) -> Result<LifetimeEnd, FlowError> {
    let Some(threshold) = lifetime.dead_from() else { return Ok(LifetimeEnd::Open) };
    let (height, slot) = (Reading::AtLeast { threshold }, Reading::RoundDown { step: STEP });
    let request = providers::epoch_request(Commitment::Finalized, height, slot, 0);
    let info = rpc::parse_epoch(&providers::of(context).result_of(node, &request).await?)?;
    let evidence = Evidence::HeightAtLeast(info.height);
    Ok(if lifetime.is_over(evidence) { LifetimeEnd::Over { evidence, slot: info.slot } } else { LifetimeEnd::Open })
}

/// Reads whether the nonce account has another value at finalized commitment.
async fn nonce<R: Runtime>(
    context: &TransferContext<'_, R>,
    node: &str,
    signed: &SignedTx,
    value: Blockhash,
) -> Result<LifetimeEnd, FlowError> {
    let RecentHash::Nonce { account, .. } = signed.plan().recent_hash else {
        return Err(FlowError::unreadable("it stands on no nonce"));
    };
    let request = Request::NonceChanged { account, value, min_slot: min_slot_of_nonce(context), step: STEP };
    let read = rpc::parse_nonce(&providers::of(context).answer_of(node, &request).await?);
    if read.is_err_and(Failure::is_behind) {
        return Ok(LifetimeEnd::Behind);
    }
    match read? {
        NonceState::Unchanged => {
            nonce_changes::nonce_unchanged(node, &account);
            Ok(LifetimeEnd::Open)
        }
        NonceState::Changed { by_slot } => {
            let slot = nonce_changes::nonce_changed_by(node, &account, value, by_slot, context.rt.now());
            Ok(LifetimeEnd::Over { evidence: Evidence::NonceChanged(true), slot })
        }
        // A missing account proves nothing: only another value does.
        NonceState::NoNonce => Err(FlowError::Transient("the nonce account cannot be read".to_owned())),
    }
}

/// The slot that a node must have reached to show that a nonce is used up.
///
/// A node that is behind the transaction's value shows the value before it, which is another one as well. Where several providers must
/// agree, the slot in which the value was set is in the log. The slot that a single node named counts only where one provider's answer
/// is enough for everything.
fn min_slot_of_nonce<R: Runtime>(context: &TransferContext<'_, R>) -> u64 {
    match context.rt.read(|state| state.config().chains.solana.quorum()) {
        1 => record::recent_hash_slot(context).unwrap_or(0),
        _ => providers::min_slot(context.rt),
    }
}

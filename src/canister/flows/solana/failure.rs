//! The end of a transaction that failed, as a finalized block says.
//!
//! The failure alone is no end. A block may hold a transaction that was left out because its payer could not pay or its nonce was used up
//! (SIMD-0290, SIMD-0297), and then the same bytes may land in a later block. The money is released when they cannot land any more and the
//! chain still reports the failure.

use super::evidence::{LifetimeEnd, lifetime_end};
use super::lifetime::{Bounds, bounds, record_deadline};
use super::providers;
use super::{charge, record, send, status};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::flows::progress::Progress;
use crate::ports::Runtime;
use purser_core::chains::config::ChainConfig;
use purser_core::chains::solana::{Lifetime, RecentHash, SignatureStatus, SignedTx, StatusLookup};
use purser_core::policy::ReasonCode;

/// Ends a transfer whose transaction failed in `slot`, once it can land no more. Until then its money stays reserved.
///
/// # Errors
/// When the transaction may land yet, a call fails, the nodes contradict each other, or the transfer has changed.
pub(super) async fn fail<R: Runtime>(
    context: &TransferContext<'_, R>,
    signed: SignedTx,
    slot: u64,
    error: &str,
) -> Result<Progress, FlowError> {
    if !is_over(context, &signed, slot).await? {
        return Err(keep_waiting(context, signed, error).await);
    }
    let (fee, unread) = charge::charged(context, &signed, slot, true).await?;
    context.unchanged()?;
    let note = format!("the transaction failed on chain: {error}");
    let note = unread.map_or(note.clone(), |unread| format!("{note}; {unread}"));
    let (id, code) = (context.transfer.id, ReasonCode::TransactionFailed);
    context.commit(|state| Ok(record::in_slot(context, state.decide_failed(id, fee, code, note)?, slot)))?;
    Ok(Progress::Ended)
}

/// The reason for which a failed transaction still waits. One on a nonce is sent again: its nonce stands, so that it would never end.
async fn keep_waiting<R: Runtime>(context: &TransferContext<'_, R>, signed: SignedTx, error: &str) -> FlowError {
    let why = format!("the transaction failed on chain ({error}), but the same bytes may land yet");
    let offered = match signed.plan().recent_hash {
        RecentHash::Nonce { .. } => send::rebroadcast(context, signed).await,
        RecentHash::Blockhash(_) => Ok(()),
    };
    match offered {
        Ok(()) => FlowError::Waiting(why),
        Err(FlowError::Transient(problem)) => FlowError::Transient(format!("{why}; {problem}")),
        Err(error) => error,
    }
}

/// The end of a failed transaction as one node shows it.
enum Shown {
    /// The transaction can land no more, and failed in that very slot.
    Over,
    /// The transaction may land yet.
    Open,
    /// The node reports another fate.
    Otherwise,
    /// The node may not know yet.
    Unknown,
}

/// Whether enough nodes show, each for itself, that the transaction can land no more and that it failed.
///
/// A quorum has to, and at least two nodes where two answer; a single node has to show it twice.
async fn is_over<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx, slot: u64) -> Result<bool, FlowError> {
    let lifetime = match bounds(context, signed) {
        Bounds::Recorded(lifetime) => lifetime,
        Bounds::TooYoung => return Ok(false),
        Bounds::NoDeadline(blockhash) => return record_deadline(context, blockhash).await.map(|()| false),
    };
    let (nodes, needed) = (providers::nodes(context), context.rt.read(|state| state.config().chains.solana.quorum().max(2)));
    let (mut over, mut open, mut problem) = (0, false, None);
    for node in nodes.iter().cycle().take(nodes.len().max(needed)) {
        match observe(context, node, signed, &lifetime, slot).await {
            Ok(Shown::Over) => over += 1,
            Ok(Shown::Open) => open = true,
            Ok(Shown::Otherwise) => return Err(FlowError::Transient("providers disagree about the failure".to_owned())),
            Ok(Shown::Unknown) => {
                problem = Some(FlowError::Transient("the provider cannot prove that it is up to date".to_owned()));
            }
            Err(error) if error.may_pass() => problem = Some(error),
            Err(error) => return Err(error),
        }
        if over == needed {
            context.unchanged()?;
            return Ok(true);
        }
    }
    context.unchanged()?;
    match problem {
        Some(problem) if !open => Err(problem),
        _ => Ok(false),
    }
}

/// Observes a failed transaction at one node: the end of its lifetime first, and only then its status.
async fn observe<R: Runtime>(
    context: &TransferContext<'_, R>,
    node: &str,
    signed: &SignedTx,
    lifetime: &Lifetime,
    slot: u64,
) -> Result<Shown, FlowError> {
    let min_slot = match lifetime_end(context, node, signed, lifetime).await? {
        LifetimeEnd::Over { slot, .. } => slot,
        LifetimeEnd::Open => return Ok(Shown::Open),
        LifetimeEnd::Behind => return Ok(Shown::Unknown),
    };
    Ok(match status::at_node(context, node, signed, min_slot).await? {
        StatusLookup::Found(SignatureStatus::Finalized { slot: also, error: Some(_) }) if also == slot => Shown::Over,
        StatusLookup::Unavailable => Shown::Unknown,
        StatusLookup::Found(_) | StatusLookup::NotFound => Shown::Otherwise,
    })
}

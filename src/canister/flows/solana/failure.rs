//! A transaction that failed, as a finalized block says.
//!
//! It is not over with that: a block may hold a transaction that was left out because its payer could not pay or its nonce was used up
//! (SIMD-0290, SIMD-0297), and nothing then keeps the same bytes from landing in a later one. The money is free when they cannot land any
//! more, and the chain has still not let them succeed.

use super::{charge, proof};
use crate::flows::{FlowError, Progress, TransferContext, providers};
use crate::ports::Runtime;
use purser_core::chains::solana::{Lifetime, RecentHash, SignatureStatus, SignedTx, StatusLookup};

/// Ends a transfer whose transaction failed, once it can land no more. Until then its money stays held.
pub(super) async fn fail<R: Runtime>(
    context: &TransferContext<'_, R>,
    signed: SignedTx,
    slot: u64,
    error: &str,
) -> Result<Progress, FlowError> {
    if !is_over(context, &signed, slot).await? {
        let why = format!("the transaction failed on chain ({error}), but the same bytes may land yet");
        // Its nonce stands, so it lands when the reason is gone, or never ends.
        let offered = match signed.plan().recent_hash {
            RecentHash::Nonce { .. } => proof::offer_again(context, signed).await,
            RecentHash::Blockhash(_) => Ok(()),
        };
        return Err(match offered {
            Ok(()) => FlowError::Waiting(why),
            Err(FlowError::Transient(problem)) => FlowError::Transient(format!("{why}; {problem}")),
            Err(error) => error,
        });
    }
    let (fee, unread) = charge::charged(context, &signed, slot, true).await?;
    context.unchanged()?;
    let note = format!("the transaction failed on chain: {error}");
    let note = unread.map_or(note.clone(), |unread| format!("{note}; {unread}"));
    context.commit(|state| Ok(proof::landed_in(context, state.decide_failed(context.transfer.id, fee, Some(note))?, slot)))?;
    Ok(Progress::Ended)
}

/// What a node shows.
enum Shown {
    /// It can land no more, and failed in that very slot.
    Over,
    /// It may land yet.
    Lives,
    /// Something else became of it.
    Otherwise,
    /// The node may not know yet.
    Behind,
}

/// Whether as many nodes as must agree, but two at least where there are two that answer, show each for itself that it can land no more, and
/// afterwards that it failed. One alone has to do so twice.
async fn is_over<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx, slot: u64) -> Result<bool, FlowError> {
    let Some(lifetime) = lifetime(context, signed).await? else { return Ok(false) };
    let (nodes, needed) =
        (providers::nodes(context.rt, context.provider_offset), context.rt.read(|state| state.config().solana.quorum().max(2)));
    let (mut over, mut lives, mut problem) = (0, false, None);
    for node in nodes.iter().cycle().take(nodes.len().max(needed)) {
        match look(context, node, signed, &lifetime, slot).await {
            Ok(Shown::Over) => over += 1,
            Ok(Shown::Lives) => lives = true,
            Ok(Shown::Otherwise) => return Err(FlowError::Transient("providers disagree about the failure".to_owned())),
            Ok(Shown::Behind) => problem = Some(FlowError::Transient("the provider cannot prove that it is up to date".to_owned())),
            Err(passing @ (FlowError::Transient(_) | FlowError::RateLimited(_))) => problem = Some(passing),
            Err(error) => return Err(error),
        }
        if over == needed {
            context.unchanged()?;
            return Ok(true);
        }
    }
    context.unchanged()?;
    match problem {
        Some(problem) if !lives => Err(problem),
        _ => Ok(false),
    }
}

/// What bounds its life; `None` as long as it cannot be over.
async fn lifetime<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx) -> Result<Option<Lifetime>, FlowError> {
    Ok(match (&signed.plan().recent_hash, context.transfer.deadline_height) {
        (RecentHash::Nonce { value, .. }, _) => Some(Lifetime::Nonce { value: *value }),
        (RecentHash::Blockhash(blockhash), Some(last_valid_block_height)) => {
            let is_old = context.age_seconds() >= proof::LEAST_LIFETIME_SECONDS;
            is_old.then(|| proof::blockhash_lifetime(context, *blockhash, last_valid_block_height))
        }
        (RecentHash::Blockhash(blockhash), None) => {
            proof::record_deadline(context, *blockhash).await?;
            None
        }
    })
}

/// First whether it can land no more, and only then what became of it.
async fn look<R: Runtime>(
    context: &TransferContext<'_, R>,
    node: &str,
    signed: &SignedTx,
    lifetime: &Lifetime,
    slot: u64,
) -> Result<Shown, FlowError> {
    let Some((evidence, min_slot)) = proof::evidence(context, node, signed, lifetime).await? else { return Ok(Shown::Behind) };
    if !lifetime.is_over(evidence) {
        return Ok(Shown::Lives);
    }
    let request = proof::statuses(signed, min_slot)?;
    Ok(match proof::the_status(&providers::ask_node(context.rt, node, &request).await?)? {
        StatusLookup::Found(SignatureStatus::Finalized { slot: also, error: Some(_) }) if also == slot => Shown::Over,
        StatusLookup::Unavailable => Shown::Behind,
        StatusLookup::Found(_) | StatusLookup::NotFound => Shown::Otherwise,
    })
}

//! The sent transaction, from its broadcast to the end of the transfer or of the attempt.

use super::proof::is_dead;
use super::{blockhash, charge, failure, record, send, status};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::flows::progress::Progress;
use crate::ports::Runtime;
use purser_core::chains::solana::{SignatureStatus, SignedTx, StatusLookup};
use purser_core::policy::ReasonCode;

/// Asks the chain for the status of the transaction, and sends it again while it may land.
///
/// # Errors
/// When a call fails, the record cannot be used, the transaction still waits, or the transfer has changed.
pub(super) async fn follow<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    let signed = record::signed(context)?;
    // The status is read first: a known one decides, whatever the heights are.
    let known = status::agreed(context, &signed).await?;
    context.unchanged()?;
    if matches!(known, StatusLookup::Found(_)) {
        blockhash::on_landed(context.transfer.id);
    }
    match known {
        StatusLookup::Found(SignatureStatus::Finalized { slot, error: None }) => confirm(context, &signed, slot).await,
        StatusLookup::Found(SignatureStatus::Finalized { slot, error: Some(error) }) => {
            failure::fail(context, signed, slot, &error).await
        }
        StatusLookup::Found(SignatureStatus::Pending) => {
            Err(FlowError::Waiting("it is in a block that is not final yet".to_owned()))
        }
        StatusLookup::Unavailable => Err(FlowError::Transient("the provider cannot prove that it is up to date".to_owned())),
        StatusLookup::NotFound => rebroadcast_or_expire(context, signed).await,
    }
}

async fn confirm<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx, slot: u64) -> Result<Progress, FlowError> {
    let (fee, note) = charge::charged(context, signed, slot, false).await?;
    context.unchanged()?;
    context.commit(|state| Ok(record::in_slot(context, state.decide_confirmed(context.transfer.id, fee, note)?, slot)))?;
    Ok(Progress::Ended)
}

/// Expires a transaction that the chain does not know if it is proven dead; otherwise sends it again.
///
/// It is sent again even when the reads that could prove its death fail.
async fn rebroadcast_or_expire<R: Runtime>(context: &TransferContext<'_, R>, signed: SignedTx) -> Result<Progress, FlowError> {
    let problem = match is_dead(context, &signed).await {
        Ok(true) => return record_expired(context),
        Ok(false) => None,
        Err(error) if error.may_pass() => Some(error),
        Err(error) => return Err(error),
    };
    context.unchanged()?;
    send::rebroadcast(context, signed).await?;
    problem.map_or(Ok(Progress::Waiting), Err)
}

/// Records a proven death. A revoked transfer ends with it, and so does one that was in quarantine: neither is to be tried again.
fn record_expired<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    context.unchanged()?;
    let note = match context.transfer.deadline_height() {
        Some(deadline) => format!("the finalized block height has passed {deadline} without it"),
        None => "its nonce was used up without it".to_owned(),
    };
    let id = context.transfer.id;
    context.commit(|state| state.decide_expired(id, ReasonCode::TransactionExpired, note))?;
    blockhash::on_died(id, context.rt.now());
    let (code, why) = match context.revocation() {
        Some(revocation) => (ReasonCode::Revoked, format!("revoked by transfer {revocation}")),
        None if record::was_quarantined(context) => {
            (ReasonCode::TransactionExpired, "it was in quarantine, and is proven dead".to_owned())
        }
        None => return Ok(Progress::Again),
    };
    context.commit(|state| state.decide_cancel_by_canister(id, code, why))?;
    Ok(Progress::Ended)
}

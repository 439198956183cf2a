//! The broadcast of the signed transaction, and its repetitions.

use super::lifetime::PROOF_SECONDS;
use super::providers;
use super::{blockhash, record};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::flows::providers::Replication;
use crate::ports::Runtime;
use purser_core::chains::solana::SignedTx;
use purser_core::chains::solana::rpc::{self, Request, SendOutcome};
use purser_core::policy::ReasonCode;

/// The time in seconds for which the same provider is given the bytes again.
const SAME_RECEIVER_SECONDS: u64 = 10;

/// Records the broadcast, then sends the bytes. They may have arrived whatever the answer is.
///
/// # Errors
/// When the record cannot be used, the transfer is being revoked, or the call fails.
pub(super) async fn submit<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    let signed = record::signed(context)?;
    signed.verify().map_err(FlowError::unreadable)?;
    if context.revocation().is_some() {
        // Its own bytes are to stay here. Once the revocation is built, the transfer is followed as if it had been sent.
        return Err(FlowError::blocked("it is being revoked and is not sent"));
    }
    if context.age_seconds() > PROOF_SECONDS {
        // The bytes stand in the log, so that anybody who reads it may have sent them long ago.
        let why = "signed, but held back for so long that a node may have forgotten what became of it";
        return Err(FlowError::NeedsOperator(ReasonCode::OutcomeUnknown, why.to_owned()));
    }
    context.commit(|state| state.decide_submitted(context.transfer.id))?;
    blockhash::on_broadcast(context.transfer.id, context.rt.now());
    let (_, answer) = providers::of(context).first(Replication::SingleNode, &Request::Send(signed)).await?;
    sent(&answer)
}

/// Sends a transaction again that may land, unless it is being revoked or an emergency is on.
///
/// # Errors
/// When the call fails, or the transfer was in quarantine and its revocation is over.
pub(super) async fn rebroadcast<R: Runtime>(context: &TransferContext<'_, R>, signed: SignedTx) -> Result<(), FlowError> {
    // A transaction that is being revoked is not helped to land.
    let is_revoked = context.revocation().is_some();
    if !is_revoked && record::was_quarantined(context) {
        // It was followed for its revocation only.
        let why = "its revocation ended without effect; it was in quarantine before";
        return Err(FlowError::NeedsOperator(ReasonCode::RevocationFailed, why.to_owned()));
    }
    if is_revoked || (context.is_emergency() && !context.transfer.is_revocation()) {
        return Ok(());
    }
    // No node has shown the transaction yet. So each provider gets the bytes in turn, around and around.
    let places = usize::try_from(context.age_seconds() / SAME_RECEIVER_SECONDS + 1).unwrap_or(1);
    sent(&providers::of(context).next(places, &Request::Send(signed)).await?)
}

/// The result of a broadcast. A bad answer does not mean that the bytes did not arrive, so it only leads to another provider next time.
fn sent(body: &[u8]) -> Result<(), FlowError> {
    match rpc::parse_send(body) {
        SendOutcome::Accepted { .. } => Ok(()),
        SendOutcome::Rejected { diagnostic } | SendOutcome::Unknown { diagnostic } => {
            Err(FlowError::Transient(format!("the broadcast was not taken: {diagnostic}")))
        }
    }
}

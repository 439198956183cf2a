//! The build of a transaction, from the reads to the recorded message.

use super::draft::Draft;
use super::preflight::{self, Offer, PreflightResult};
use super::{blockhash, creation, intent, nonce, payment, revocation};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::Bytes;
use purser_core::chains::registry::Built;
use purser_core::chains::solana::transfer::{NonceOperation, SolanaBuilt};
use purser_core::chains::solana::{Plan, RecentHash, describe_message};
use purser_core::transfer::BuiltTx;
use std::fmt::Display;

/// Reads the chain, checks that the operation can succeed, builds its transaction and records it.
///
/// # Errors
/// When the chain cannot be read, the operation would fail, or the transfer may not go on.
pub(super) async fn build<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    let drafted = match context.transfer.request.nonce_operation() {
        None => Some(payment::draft(context).await?),
        Some(NonceOperation::Create { index }) => creation::draft(context, index).await?,
        Some(NonceOperation::Revoke { transfer }) => Some(revocation::draft(context, transfer).await?),
    };
    // Without a draft the nonce account to be created is there, and the transfer has ended.
    let Some(mut draft) = drafted else { return Ok(()) };
    let offer = simulate(context, &mut draft).await?;
    // The blockhash is read last: it lives for half a minute, and the signature is still to come.
    let (recent_hash, recent_hash_slot) = match draft.nonce() {
        Some(nonce) => (nonce.recent_hash(), offer.slot),
        None => {
            let latest = blockhash::fetch(context).await?;
            (RecentHash::Blockhash(latest.blockhash), latest.slot)
        }
    };
    record(context, draft.plan(intent::payer(context)?, recent_hash, offer.budget), draft.record(recent_hash_slot))
}

/// Simulates a draft. Where the network takes no transaction on its nonce, it is simulated once more without.
async fn simulate<R: Runtime>(context: &TransferContext<'_, R>, draft: &mut Draft) -> Result<Offer, FlowError> {
    let payer = intent::payer(context)?;
    loop {
        match preflight::simulate(context, &draft.preview(payer), draft.rent()).await? {
            PreflightResult::Success(offer) => return Ok(offer),
            PreflightResult::NonceRefused => {
                let refused = draft.take_nonce().ok_or_else(|| unbuildable("it stands on no nonce"))?;
                let reason = "the network takes no transaction that stands on it";
                nonce::fall_back(context, refused.index, reason.to_owned())?;
            }
        }
    }
}

/// Encodes the message, reads it back, and records it if it says what the request wants.
///
/// The comparison uses the bytes alone, so that a defect of the encoding cannot pay anything else.
fn record<R: Runtime>(context: &TransferContext<'_, R>, plan: Plan, solana: SolanaBuilt) -> Result<(), FlowError> {
    let fee = plan.fee().and_then(|fee| fee.checked_add(solana.rent));
    let fee = fee.ok_or_else(|| FlowError::unbuildable("the fee overflows"))?;
    let unsigned = plan.clone().build().map_err(FlowError::unbuildable)?;
    let described = describe_message(unsigned.message_bytes()).map_err(unbuildable)?;
    if described != plan {
        return Err(unbuildable("it reads differently"));
    }
    intent::require(context, &described).map_err(unbuildable)?;
    context.recheck()?;
    let built = BuiltTx { unsigned: Bytes::new(unsigned.message_bytes()), fee, details: Built::Solana(solana) };
    context.commit(|state| state.decide_built(context.transfer.id, built))
}

fn unbuildable(error: impl Display) -> FlowError {
    FlowError::unbuildable(format!("the transaction was not built as intended: {error}"))
}

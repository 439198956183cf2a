//! The threshold signature over the recorded message.

use super::revocation::{self, NOTHING_TO_REVOKE};
use super::{intent, record};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::{Amount, Bytes};
use purser_core::chains::solana::transfer::NonceOperation;
use purser_core::chains::solana::{TxSignature, UnsignedTx};
use purser_core::policy::ReasonCode;
use purser_core::transfer::SignedTx;

/// Signs exactly the recorded bytes and records the result.
///
/// A signature whose answer was lost is requested again: the chain takes a message once, whichever signature it bears.
///
/// # Errors
/// When the record cannot be used, the signature fails, or the transfer may not go on.
pub(super) async fn sign<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    if let Some(NonceOperation::Revoke { transfer }) = context.transfer.request.nonce_operation()
        && revocation::revocable(context, transfer).is_none()
    {
        // The nonce may belong to another transfer from now on, which the revocation would stop.
        let (id, code) = (context.transfer.id, ReasonCode::NothingToRevoke);
        return context.commit(|state| state.decide_failed(id, Amount::ZERO, code, NOTHING_TO_REVOKE));
    }
    let built = record::built(context)?;
    let unsigned = UnsignedTx::decode(&built.unsigned).map_err(FlowError::unreadable)?;
    intent::require(context, unsigned.plan()).map_err(FlowError::unreadable)?;
    if unsigned.plan().fee().and_then(|fee| fee.checked_add(record::rent(built))) != Some(built.fee) {
        return Err(FlowError::unreadable("its fee is another"));
    }
    let signature = context.signature(unsigned.message_bytes()).await?;
    context.recheck()?;
    let signature =
        <[u8; 64]>::try_from(signature).map_err(|_| FlowError::Transient("the signature has not 64 bytes".to_owned()))?;
    let attached = unsigned.attach(TxSignature::from_bytes(signature));
    let attached = attached.map_err(|error| FlowError::Transient(error.to_string()))?;
    let signed = SignedTx { signed: Bytes::new(attached.wire_bytes()), txid: attached.txid().to_string() };
    context.commit(|state| state.decide_signed(context.transfer.id, signed))
}

//! The recorded transaction of a transfer.

use super::intent;
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::Amount;
use purser_core::chains::config::ChainConfig;
use purser_core::chains::registry::LandedIn;
use purser_core::chains::solana::SignedTx;
use purser_core::chains::solana::transfer::LandedIn as Place;
use purser_core::state::Decided;
use purser_core::transfer::BuiltTx;

/// The recorded message with its fee.
///
/// # Errors
/// When there is none.
pub(super) fn built<'a, R>(context: &'a TransferContext<'_, R>) -> Result<&'a BuiltTx, FlowError> {
    context.transfer.built.as_ref().ok_or_else(|| FlowError::unreadable("there is none"))
}

/// The recorded signed transaction, which must still make exactly the intended transfer.
///
/// # Errors
/// When there is none, its bytes cannot be read, or they say anything else.
pub(super) fn signed<R: Runtime>(context: &TransferContext<'_, R>) -> Result<SignedTx, FlowError> {
    let signed = context.transfer.signed.as_ref().ok_or_else(|| FlowError::unreadable("there is none"))?;
    let decoded = SignedTx::decode(&signed.signed).map_err(FlowError::unreadable)?;
    intent::require(context, decoded.plan()).map_err(FlowError::unreadable)?;
    Ok(decoded)
}

/// The rent that was recorded with the message, in lamports. It is a part of the recorded fee.
pub(super) fn rent(built: &BuiltTx) -> Amount {
    built.details.solana().map_or(Amount::ZERO, |solana| solana.rent)
}

/// The slot in which the transaction's blockhash or nonce was read, where that was recorded.
pub(super) fn recent_hash_slot<R>(context: &TransferContext<'_, R>) -> Option<u64> {
    context.transfer.built.as_ref()?.details.solana()?.recent_hash_slot
}

/// Whether the transfer was in quarantine when its revocation was built.
pub(super) fn was_quarantined<R>(context: &TransferContext<'_, R>) -> bool {
    context.transfer.progress.solana().is_some_and(|progress| progress.was_quarantined)
}

/// The decision with the slot of the transaction's block, when more than one provider named it.
///
/// No node is believed afterwards that has not reached this slot. So a single provider, which may lie, must not set it.
pub(super) fn in_slot<R: Runtime>(context: &TransferContext<'_, R>, decided: Decided, slot: u64) -> Decided {
    if context.rt.read(|state| state.config().chains.solana.quorum()) > 1 {
        decided.with_landed_in(LandedIn::Solana(Place { slot }))
    } else {
        decided
    }
}

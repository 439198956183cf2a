//! Transfers of wallets whose owners hold the keys: built here, signed elsewhere.

use super::context::TransferContext;
use super::error::FlowError;
use super::progress::Progress;
use crate::ports::Runtime;

/// Waits for the owner's signatures, which arrive by another call, and ends a transfer that stays unsigned for too long.
///
/// # Errors
/// When the transfer still waits, or the state refuses its end.
pub(super) fn await_signature<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    let id = context.transfer.id;
    match context.rt.read(|state| state.decide_signing_timeout(id, context.rt.now()))? {
        Some(decided) => {
            context.rt.commit(decided);
            Ok(Progress::Ended)
        }
        None => Err(FlowError::Waiting("it waits for its owner to sign it".to_owned())),
    }
}

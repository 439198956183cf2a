//! Transfers of wallets whose keys their owners hold: built here, signed elsewhere.

use super::{FlowError, Progress, TransferContext};
use crate::ports::Runtime;

/// Waits for the owner's signatures, which arrive by another call, and ends what nobody signs in time.
pub(super) fn wait<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    let id = context.transfer.id;
    match context.rt.read(|state| state.decide_unsigned(id, context.rt.now()))? {
        Some(decided) => {
            context.rt.commit(decided);
            Ok(Progress::Ended)
        }
        None => Err(FlowError::Waiting("it waits for its owner to sign it".to_owned())),
    }
}

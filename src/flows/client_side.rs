//! Transfers of wallets whose keys their owners hold: built here, signed elsewhere.

use super::{Halt, Progress, Run};
use crate::ports::Runtime;

/// Waits for the owner's signatures, which arrive by another call, and ends what nobody signs in time.
pub(super) fn wait<R: Runtime>(run: &Run<'_, R>) -> Result<Progress, Halt> {
    let id = run.transfer.id;
    match run.rt.read(|state| state.decide_unsigned(id, run.rt.now()))? {
        Some(decided) => {
            run.rt.commit(decided);
            Ok(Progress::Ended)
        }
        None => Err(Halt::Waits("it waits for its owner to sign it".to_owned())),
    }
}

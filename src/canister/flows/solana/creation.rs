//! The draft of a nonce account's creation.

use super::accounts::{self, LamportReadings};
use super::draft::Draft;
use super::{funds, intent};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::chains::solana::NONCE_BYTES;

/// Drafts the creation of the wallet's nonce account `index`.
///
/// `None` when the account is there and works, which ends the transfer: its creation was taken for failed before, or the network took no
/// nonces for a while.
///
/// # Errors
/// When the accounts cannot be read or do not allow the creation, or the transfer may not go on.
pub(super) async fn draft<R: Runtime>(context: &TransferContext<'_, R>, index: u16) -> Result<Option<Draft>, FlowError> {
    let account = intent::nonce_account(context, index)?;
    let max_required = funds::max_required_balance(context)?;
    let accounts = accounts::read(context, LamportReadings::at_least(max_required), Some(account)).await?;
    let lamports = funds::rent_minimum(context, NONCE_BYTES).await?;
    funds::check(context, &accounts, max_required, lamports).await?;
    if accounts.nonce_value().is_ok() {
        context.recheck()?;
        let note = "the nonce account is there and works".to_owned();
        context.commit(|state| state.decide_nonce_found(context.transfer.id, note))?;
        return Ok(None);
    }
    Ok(Some(Draft::Creation { index, lamports }))
}

//! The draft of a revocation, which uses up the nonce of a transaction so that it can never land.

use super::accounts::{self, LamportReadings};
use super::draft::Draft;
use super::{funds, intent, status};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::{Amount, TransferId};
use purser_core::chains::solana::transfer::NonceUse;
use purser_core::chains::solana::{Blockhash, SignedTx, StatusLookup};
use purser_core::policy::ReasonCode;
use purser_core::transfer::{Status, Transfer};

/// The note of a revocation whose transfer has ended.
pub(super) const NOTHING_TO_REVOKE: &str = "the transfer has ended; there is nothing to revoke";
/// The reason for which a revocation waits whose transfer has landed or is dead, but not finally.
const LANDED_OR_DEAD: &str = "the transfer to be revoked is in a block, or its nonce is used up; it waits until that is final";

/// Drafts the revocation of a transfer.
///
/// # Errors
/// When the transfer has ended, landed or died, or the accounts cannot be read or do not allow the revocation.
pub(super) async fn draft<R: Runtime>(context: &TransferContext<'_, R>, revoked: TransferId) -> Result<Draft, FlowError> {
    let index = revocable(context, revoked).and_then(|revoked| revoked.nonce_index()).ok_or_else(nothing_to_revoke)?;
    let nonce_account = intent::nonce_account(context, index)?;
    let max_required = funds::max_required_balance(context)?;
    let accounts = accounts::read(context, LamportReadings::at_least(max_required), Some(nonce_account)).await?;
    let account = intent::operated(context)?;
    funds::check(context, &accounts, max_required, Amount::ZERO).await?;
    let advances = to_advance(context, revoked, accounts.nonce_value())?;
    check_unseen(context, revoked).await?;
    Ok(Draft::Revocation { account, advances })
}

/// The transfer to be revoked, as long as it can be.
pub(super) fn revocable<R: Runtime>(context: &TransferContext<'_, R>, id: TransferId) -> Option<Transfer> {
    context.rt.read(|state| state.transfer(id)).filter(Transfer::is_revocable)
}

fn nothing_to_revoke() -> FlowError {
    FlowError::Refused(ReasonCode::NothingToRevoke, NOTHING_TO_REVOKE.to_owned())
}

/// The value that the revocation advances: the very one that the revoked transaction uses.
///
/// Fails when the nonce has another value: the revoked transaction has landed or never can. A transaction that is followed will show which,
/// and its revocation counts until then.
fn to_advance<R: Runtime>(
    context: &TransferContext<'_, R>,
    id: TransferId,
    value: Result<Blockhash, String>,
) -> Result<NonceUse, FlowError> {
    let revoked = revocable(context, id).ok_or_else(nothing_to_revoke)?;
    let value = value.map_err(|reason| FlowError::Transient(format!("the nonce account cannot be used: {reason}")))?;
    let status = revoked.status;
    let used = revoked.built.as_ref().and_then(|built| built.details.solana()?.nonce.clone());
    match used.filter(|used| used.value[..] == value.as_bytes()[..]) {
        Some(used) => Ok(used),
        None if status == Status::Submitted => Err(FlowError::blocked(LANDED_OR_DEAD)),
        None => Err(FlowError::Refused(ReasonCode::NothingToRevoke, "the transfer's nonce is used up already".to_owned())),
    }
}

/// Checks that no provider has seen the revoked transaction in a block.
///
/// The nonce is read at finalized commitment, some seconds behind. A revocation of a transaction that is in a block by now would come too
/// late and cost its fee for nothing.
async fn check_unseen<R: Runtime>(context: &TransferContext<'_, R>, id: TransferId) -> Result<(), FlowError> {
    let revoked = revocable(context, id).ok_or_else(nothing_to_revoke)?;
    // Recorded bytes that cannot be read may land all the same, and have no status to ask for.
    let Some(Ok(signed)) = revoked.signed.map(|signed| SignedTx::decode(&signed.signed)) else { return Ok(()) };
    match status::agreed(context, &signed).await? {
        StatusLookup::Found(_) if revoked.status == Status::Submitted => Err(FlowError::blocked(LANDED_OR_DEAD)),
        StatusLookup::Found(_) => {
            Err(FlowError::Refused(ReasonCode::NothingToRevoke, "the transfer is in a block already".to_owned()))
        }
        StatusLookup::NotFound | StatusLookup::Unavailable => Ok(()),
    }
}

//! Recorded transactions: decoded, and compared with the request.

use super::payment::{key, network, payments};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::Amount;
use purser_core::chains::kaspa::intent::{self, Intent};
use purser_core::chains::kaspa::mass::DEFAULT_STORAGE_MASS_CAP;
use purser_core::chains::kaspa::transfer::Superseded;
use purser_core::chains::kaspa::{Output, ScriptPublicKey, Transaction, UnsignedTx};
use purser_core::chains::tx::{BuiltTx, SignedTx};

/// The fee of a transaction that makes exactly the transfer, in sompi.
///
/// # Errors
/// The deviation from the request.
pub(super) fn check<R: Runtime>(context: &TransferContext<'_, R>, unsigned: &UnsignedTx) -> Result<Amount, String> {
    let (Ok(key), request) = (key(context), &context.transfer.request) else {
        return Err("the payer cannot be used".to_owned());
    };
    let own = key.script_public_key();
    let (first, more) = match request.is_consolidation() {
        true => (consolidated(unsigned, &own)?, Vec::new()),
        false => payments(request, network(context)).map_err(|_| "a recipient cannot be used".to_owned())?,
    };
    let intent = Intent {
        spent: &unsigned.spent,
        recipient: &first.script,
        amount: first.amount,
        more: &more,
        change: &own,
        max_fee: request.max_fee,
        storage_mass_cap: DEFAULT_STORAGE_MASS_CAP,
    };
    intent::check(&unsigned.transaction, &intent).map(|summary| summary.fee).map_err(|deviation| deviation.to_string())
}

/// The one output of a consolidation, which pays all but the fee to the key itself.
fn consolidated(unsigned: &UnsignedTx, own: &ScriptPublicKey) -> Result<Output, String> {
    match &unsigned.transaction.outputs[..] {
        [only] if only.script == *own => Ok(only.clone()),
        _ => Err("a consolidation has one output, to the wallet itself".to_owned()),
    }
}

/// A recorded unsigned transaction.
///
/// # Errors
/// When there is none, or its bytes cannot be read.
pub(super) fn decode<D>(built: Option<&BuiltTx<D>>) -> Result<UnsignedTx, FlowError> {
    let built = built.ok_or_else(|| FlowError::unreadable("there is none"))?;
    UnsignedTx::from_bytes(&built.unsigned).map_err(FlowError::unreadable)
}

/// A recorded signed transaction, which must be the recorded unsigned one with signatures.
///
/// # Errors
/// When one of them is missing, its bytes cannot be read, or they are not of the same transaction.
pub(super) fn recorded<D>(built: Option<&BuiltTx<D>>, signed: Option<&SignedTx>) -> Result<Transaction, FlowError> {
    let signed = signed.ok_or_else(|| FlowError::unreadable("there is none"))?;
    let unsigned = decode(built)?;
    let transaction = Transaction::from_bytes(&signed.signed).map_err(FlowError::unreadable)?;
    let same = transaction.id() == unsigned.transaction.id() && transaction.id().to_string() == signed.txid;
    if same && transaction.is_signed() { Ok(transaction) } else { Err(FlowError::unreadable("it is not the one that was signed")) }
}

/// The earlier transactions of a transfer, which the present one replaced.
pub(super) fn superseded<'a, R>(context: &'a TransferContext<'_, R>) -> &'a [Superseded] {
    context.transfer.progress.kaspa().map_or(&[], |progress| &progress.superseded)
}

//! The draft of a payment in SOL or in a token.

use super::accounts::{self, Accounts, LamportReadings};
use super::draft::{Draft, DurableNonce};
use super::intent::{self, Wanted};
use super::nonce::{self, ChosenNonce};
use super::{funds, tokens};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::{Amount, Asset};
use purser_core::chains::solana::{Payment, PaymentKind};

/// Reads the accounts and refuses a payment that would fail on chain at the price of its fee.
///
/// # Errors
/// When the accounts cannot be read or do not allow the payment, or all nonce accounts of the wallet are in use.
pub(super) async fn draft<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Draft, FlowError> {
    let chosen = nonce::choose(context)?;
    let account = chosen.as_ref().map(|chosen| intent::nonce_account(context, chosen.index)).transpose()?;
    let max_required = funds::max_required_balance(context)?;
    let accounts = accounts::read(context, LamportReadings::at_least(max_required), account).await?;
    let wanted = intent::payments(context)?;
    funds::recipient_states(context, &accounts)?;
    let (kinds, rent, arrives) = match context.transfer.request.asset {
        Asset::Spl { mint } => {
            let paid = tokens::plan(context, &accounts, mint, &wanted).await?;
            (paid.payments.into_iter().map(PaymentKind::Tokens).collect(), paid.rent, paid.arrives)
        }
        _ => (wanted.iter().map(lamports).collect::<Vec<_>>(), Amount::ZERO, None),
    };
    funds::check(context, &accounts, max_required, rent).await?;
    let nonce = chosen.map(|chosen| on_nonce(context, chosen, &accounts)).transpose()?.flatten();
    // Each payment carries its own memo.
    let memos = wanted.iter().map(|wanted| wanted.terms.memo.clone());
    let payments = kinds.into_iter().zip(memos).map(|(kind, memo)| Payment { kind, memo }).collect();
    Ok(Draft::Payment { payments, rent, arrives, nonce })
}

fn lamports(wanted: &Wanted) -> PaymentKind {
    PaymentKind::Lamports { to: wanted.to, lamports: wanted.amount }
}

/// The nonce that the transaction uses. `None` where the account cannot be used, which is recorded.
fn on_nonce<R: Runtime>(
    context: &TransferContext<'_, R>,
    chosen: ChosenNonce,
    accounts: &Accounts,
) -> Result<Option<DurableNonce>, FlowError> {
    match accounts.nonce_value() {
        Ok(value) => {
            let account = intent::nonce_account(context, chosen.index)?;
            Ok(Some(DurableNonce { index: chosen.index, account, value, _claim: chosen.claim }))
        }
        Err(reason) => nonce::fall_back(context, chosen.index, reason).map(|()| None),
    }
}

//! The balances that a transaction needs, on both sides.

use super::accounts::{self, Accounts, LamportReadings, RENT_UPPER_BOUND};
use super::concurrent::concurrent_transfers;
use super::intent::{self, Wanted};
use super::providers;
use crate::flows::context::{MONEY_OF_OTHERS, TransferContext};
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::{Amount, Asset};
use purser_core::chains::solana::account::{
    Account, Balance, Funds, FundsRefusal, OffCurve, RecipientState, check_funds, check_recipient,
};
use purser_core::chains::solana::rpc::{self, Request};
use purser_core::chains::solana::{Address, signature_fee};
use purser_core::policy::ReasonCode;

/// The balance, in lamports, with which the payer certainly has enough.
///
/// It covers everything reserved for this transfer and the concurrent ones, and the balance that the payer has to keep.
///
/// # Errors
/// When the sum overflows.
pub(super) fn max_required_balance<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Amount, FlowError> {
    let request = &context.transfer.request;
    let lamports = if request.asset == Asset::Sol { request.amount } else { Amount::ZERO };
    let others = concurrent_transfers(context);
    let reserved =
        others.iter().map(|other| if other.request.asset == Asset::Sol { other.reserved } else { other.request.max_fee });
    let kept = RENT_UPPER_BOUND.max(context.minimum_balance());
    let all = Amount::checked_sum(reserved.chain([lamports, request.max_fee, kept]));
    all.ok_or_else(|| FlowError::unbuildable("amount and fee overflow"))
}

/// Checks that the transaction leaves both sides in a state that the chain accepts. Balances close to the minimum are read exactly.
///
/// # Errors
/// When the balances do not allow the transaction, may change by other transfers under way, or cannot be read.
pub(super) async fn check<R: Runtime>(
    context: &TransferContext<'_, R>,
    accounts: &Accounts,
    max_required_balance: Amount,
    rent: Amount,
) -> Result<(), FlowError> {
    let request = &context.transfer.request;
    let pays_lamports = request.asset == Asset::Sol && !request.is_operation();
    let amount = if pays_lamports { request.amount } else { Amount::ZERO };
    let payer_is_safe = accounts.lamports() >= max_required_balance;
    let is_safe = |(state, amount): &(RecipientState, Amount)| match state {
        RecipientState::New => *amount >= RENT_UPPER_BOUND,
        RecipientState::Existing { lamports } => *lamports >= RENT_UPPER_BOUND || *amount >= RENT_UPPER_BOUND,
    };
    let recipients_are_safe = !pays_lamports || recipient_states(context, accounts)?.iter().all(is_safe);
    if payer_is_safe && recipients_are_safe {
        return Ok(());
    }
    // The balance that the transfers under way leave shows only once they have ended.
    if !payer_is_safe && !concurrent_transfers(context).is_empty() {
        return Err(FlowError::blocked(MONEY_OF_OTHERS));
    }
    let rent_minimum = rent_minimum(context, 0).await?;
    let accounts = accounts::read(context, LamportReadings::EXACT, None).await?;
    let received = if pays_lamports { recipient_states(context, &accounts)? } else { Vec::new() };
    let (balance, fee) = (accounts.lamports(), fee_bound(context, rent)?);
    context.keeps_minimum(balance, amount.checked_add(fee).unwrap_or(Amount::MAX))?;
    let funds = Funds { balance: Balance::Exact(balance), amount, fee, rent_minimum };
    check_funds(&funds, &received).map(drop).map_err(|refusal| match refusal {
        FundsRefusal::Insufficient { .. } => FlowError::insufficient(refusal.to_string()),
        FundsRefusal::RecipientBelowRent { .. } | FundsRefusal::PayerBelowRent { .. } => {
            FlowError::Refused(ReasonCode::AmountNotPayable, refusal.to_string())
        }
        FundsRefusal::Overflow => FlowError::unbuildable(refusal),
    })
}

/// The state of each payment's recipient, with the amount that it receives from all payments, in base units.
///
/// # Errors
/// When an account cannot be a recipient.
pub(super) fn recipient_states<R: Runtime>(
    context: &TransferContext<'_, R>,
    accounts: &Accounts,
) -> Result<Vec<(RecipientState, Amount)>, FlowError> {
    let payments = intent::payments(context)?;
    let received = |recipient: &Address| {
        let theirs = payments.iter().filter(|payment| payment.to == *recipient).map(|payment| payment.amount);
        Amount::checked_sum(theirs).unwrap_or(Amount::MAX)
    };
    let state = |(payment, account): (&Wanted, &Option<Account>)| {
        let (to, off_curve) = (&payment.to, if payment.terms.off_curve { OffCurve::Accept } else { OffCurve::Refuse });
        let state = check_recipient(to, account.as_ref(), off_curve);
        Ok((
            state.map_err(|refusal| {
                with_recipient(context, to, FlowError::Refused(ReasonCode::RecipientNotPayable, refusal.to_string()))
            })?,
            received(to),
        ))
    };
    payments.iter().zip(&accounts.recipients).map(state).collect()
}

/// The error with the name of the recipient that it is about, where there are several.
pub(super) fn with_recipient<R: Runtime>(context: &TransferContext<'_, R>, recipient: &Address, error: FlowError) -> FlowError {
    match error {
        FlowError::Refused(code, problem) if context.transfer.request.batch.is_some() => {
            FlowError::Refused(code, format!("{recipient}: {problem}"))
        }
        other => other,
    }
}

/// The rent-exempt minimum of an account with so many bytes of data, in lamports.
///
/// # Errors
/// When the providers do not agree on it.
pub(super) async fn rent_minimum<R: Runtime>(context: &TransferContext<'_, R>, space: u64) -> Result<Amount, FlowError> {
    let body = providers::of(context).agreed(&Request::RentExemptMinimum { space }).await?;
    Ok(rpc::parse_amount(&body)?)
}

/// The highest sum of fee and rent, in lamports. Exact when no priority fee is offered, otherwise all that the transfer may pay.
fn fee_bound<R: Runtime>(context: &TransferContext<'_, R>, rent: Amount) -> Result<Amount, FlowError> {
    if context.rt.read(|state| state.config().chains.solana.max_unit_price()) > 0 {
        return Ok(context.transfer.request.max_fee);
    }
    let fee = signature_fee(1).and_then(|fee| fee.checked_add(rent));
    fee.ok_or_else(|| FlowError::unbuildable("the fee overflows"))
}

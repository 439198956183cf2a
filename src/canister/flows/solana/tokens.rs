//! Payments in a token: the mint and the accounts of both sides.

use super::accounts::Accounts;
use super::concurrent::tokens_needed;
use super::funds::{rent_minimum, with_recipient};
use super::intent::{self, Wanted};
use crate::flows::context::{MONEY_OF_OTHERS, TransferContext};
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::{self, Amount, amount_text};
use purser_core::chains::solana::rpc::AccountView;
use purser_core::chains::solana::token::{Mint, TokenRefusal};
use purser_core::chains::solana::{Address, TokenPayment, known, signature_fee};
use purser_core::policy::ReasonCode;

/// The payments in a token, with what they cost beside the fee.
pub(super) struct TokenPayments {
    /// The payments, in the order of the request.
    pub payments: Vec<TokenPayment>,
    /// The rent of the token accounts that they create, in lamports.
    pub rent: Amount,
    /// The least that arrives, in base units of the token, when the mint takes a transfer fee.
    pub arrives: Option<Amount>,
}

/// Plans the payments in a token. A recipient without a token account gets one by its first payment.
///
/// # Errors
/// When the mint or an account does not allow the payments, or the rent is too high or cannot be read.
pub(super) async fn plan<R: Runtime>(
    context: &TransferContext<'_, R>,
    accounts: &Accounts,
    mint: base::Mint,
    wanted: &[Wanted],
) -> Result<TokenPayments, FlowError> {
    let read = accounts.token.as_ref().ok_or_else(|| FlowError::Transient("the token's accounts were not read".to_owned()))?;
    let address = intent::mint_address(mint);
    let mint = readable_mint(&read.mint)?;
    let own = read.of(mint.program);
    check_source(context, &own.source)?;
    let mut payments: Vec<TokenPayment> = Vec::new();
    for (wanted, destination) in wanted.iter().zip(&own.destinations) {
        let payment = token_payment(address, &mint, wanted, destination);
        let payment = payment.map_err(|error| with_recipient(context, &wanted.to, error))?;
        // The first payment to a recipient creates the account for the others.
        let created = payments.iter().any(|before| before.destination == payment.destination);
        payments.push(TokenPayment { create_for: payment.create_for.filter(|_| !created), ..payment });
    }
    let new = payments.iter().filter(|payment| payment.create_for.is_some()).count();
    let rent = if new == 0 { Amount::ZERO } else { token_rent(context, &mint, new).await? };
    let arrives = match mint.fees.is_empty() {
        true => None,
        false => Amount::checked_sum(payments.iter().map(|payment| mint.arrives(payment.amount))),
    };
    Ok(TokenPayments { payments, rent, arrives })
}

/// One payment, which creates the recipient's account where there is none.
fn token_payment(address: Address, mint: &Mint, wanted: &Wanted, destination: &AccountView) -> Result<TokenPayment, FlowError> {
    let (recipient, amount) = (wanted.to, wanted.amount);
    let exists = check_destination(&recipient, destination, wanted.terms.memo.is_some())?;
    if mint.arrives(amount).is_zero() {
        return Err(token_refused("the mint's transfer fee would take all of it"));
    }
    Ok(TokenPayment {
        program: mint.program,
        mint: address,
        destination: intent::token_account(&recipient, &address, mint.program)?,
        create_for: (!exists).then_some(recipient),
        amount,
        decimals: mint.decimals,
    })
}

fn token_refused(why: impl Into<String>) -> FlowError {
    FlowError::Refused(ReasonCode::TokenNotPayable, why.into())
}

fn readable_mint(seen: &AccountView) -> Result<Mint, FlowError> {
    match seen {
        AccountView::Mint(mint) => Ok(mint.clone()),
        AccountView::Refused(refusal) => Err(token_refused(format!("the mint cannot be paid: {refusal}"))),
        _ => Err(token_refused("there is no such mint")),
    }
}

/// Checks that the wallet's token account holds the amount that this transfer and the concurrent ones move.
fn check_source<R: Runtime>(context: &TransferContext<'_, R>, seen: &AccountView) -> Result<(), FlowError> {
    let token = context.transfer.request.asset;
    let needed = tokens_needed(context)?;
    let kept = context.minimum_tokens();
    let enough = needed.checked_add(kept).unwrap_or(Amount::MAX);
    match seen {
        AccountView::Holding(holding) if holding.frozen => Err(token_refused("the wallet's token account is frozen")),
        AccountView::Holding(holding) if holding.amount >= enough => Ok(()),
        AccountView::Refused(refusal) => Err(token_refused(format!("the wallet's token account cannot be used: {refusal}"))),
        // The amount that the transfers under way leave shows only once they have ended.
        _ if needed > context.transfer.request.amount => Err(FlowError::blocked(MONEY_OF_OTHERS)),
        _ => {
            let required = amount_text(token, enough);
            let why = match kept.is_zero() {
                true => format!("{required} are required; the wallet holds less"),
                false => {
                    let kept = amount_text(token, kept);
                    format!("{required} are required, {kept} of them to be kept as the minimum balance; the wallet holds less")
                }
            };
            Err(FlowError::insufficient(why))
        }
    }
}

/// Whether the recipient's token account exists. Fails when it would not take the payment.
fn check_destination(recipient: &Address, seen: &AccountView, has_memo: bool) -> Result<bool, FlowError> {
    let refused = |problem: &str| {
        Err(FlowError::Refused(ReasonCode::RecipientNotPayable, format!("the recipient's token account {problem}")))
    };
    match seen {
        AccountView::Missing => Ok(false),
        // Anybody can send lamports to the address. Creating the account then takes them as a part of its rent, which is counted as paid
        // all the same.
        AccountView::Refused(TokenRefusal::NotToken { owner }) if *owner == known::SYSTEM_PROGRAM => Ok(false),
        AccountView::Holding(holding) if holding.owner != *recipient => refused("belongs to somebody else by now"),
        AccountView::Holding(holding) if holding.frozen => refused("is frozen"),
        AccountView::Holding(holding) if holding.needs_memo && !has_memo => refused("takes nothing without a memo"),
        AccountView::Holding(_) => Ok(true),
        AccountView::Refused(refusal) => refused(&format!("cannot be paid: {refusal}")),
        _ => refused("cannot be told apart"),
    }
}

/// The rent of so many new token accounts, in lamports.
async fn token_rent<R: Runtime>(context: &TransferContext<'_, R>, mint: &Mint, accounts: usize) -> Result<Amount, FlowError> {
    let each = rent_minimum(context, mint.program.account_bytes(!mint.fees.is_empty())).await?;
    let cap = context.rt.read(|state| state.config().chains.solana.max_rent());
    let rent = Amount::checked_sum(std::iter::repeat_n(each, accounts)).unwrap_or(Amount::MAX);
    let total = signature_fee(1).and_then(|fee| fee.checked_add(rent));
    if each > cap || total.is_none_or(|total| total > context.transfer.request.max_fee) {
        let what = if accounts == 1 { "the recipient's token account".to_owned() } else { format!("{accounts} token accounts") };
        let (rent, most) = (amount_text(base::Asset::Sol, rent), amount_text(base::Asset::Sol, context.transfer.request.max_fee));
        let why = format!("creating {what} takes {rent}, more than the transfer may pay: at most {most} with the fee");
        return Err(FlowError::Refused(ReasonCode::FeeCapExceeded, why));
    }
    Ok(rent)
}

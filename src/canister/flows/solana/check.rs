//! Reading the chain before a transaction is built: whether the payment can succeed, and what it takes.
//!
//! Everything is read at finalized commitment, by the quorum of providers and from nodes that have reached every slot that was seen.

use super::intent::{self, Wanted};
use crate::flows::reserve::insufficient;
use crate::flows::{FlowError, MONEY_OF_OTHERS, TransferContext, providers};
use crate::ports::Runtime;
use purser_core::base::{Amount, Asset, Chain};
use purser_core::chains::solana::account::{
    Account, Balance, Funds, FundsRefusal, OffCurve, RecipientState, check_funds, check_recipient,
};
use purser_core::chains::solana::rpc::{self, AccountView, Commitment, Reading, Request, View};
use purser_core::chains::solana::token::{Mint, TokenRefusal};
use purser_core::chains::solana::{
    Address, Blockhash, NONCE_BYTES, Operation, Payment, PaymentKind, TokenPayment, TokenProgram, derived, known, signature_fee,
};
use purser_core::transfer::solana::NonceOperation;
use purser_core::transfer::{Status, Transfer};

/// At least the rent-exempt minimum of an account without data. The minimum moves, but has not been above this and no proposal raises
/// it beyond: whoever has this much need not ask.
const RENT_UPPER_BOUND: Amount = Amount::new(890_880);

/// What a transaction may be built from.
pub(super) struct Checked {
    /// What it does.
    pub operation: Operation,
    /// The rent of accounts that it creates.
    pub rent: Amount,
    /// The least that arrives, when the mint takes a fee.
    pub arrives: Option<Amount>,
    /// The value of the nonce account that was asked about, or why it has none.
    pub nonce: Option<Result<Blockhash, String>>,
}

/// The accounts of a transfer, as they were read.
struct Accounts {
    payer: Option<Account>,
    /// In the order of the payments.
    recipients: Vec<Option<Account>>,
    /// Mint, then for each program the source and the destinations in the order of the payments.
    token: Vec<AccountView>,
    nonce: Option<AccountView>,
}

/// Refuses a payment that would fail on chain at the price of its fee. `nonce` is the account that the transaction is to stand on.
pub(super) async fn check<R: Runtime>(context: &TransferContext<'_, R>, nonce: Option<Address>) -> Result<Checked, FlowError> {
    let max_required_balance = max_required_balance(context)?;
    let accounts = read(context, at_least(max_required_balance), at_least(RENT_UPPER_BOUND), nonce).await?;
    let found = accounts.nonce.as_ref().map(|seen| nonce_value(context, seen)).transpose()?;
    let Need { operation, rent, arrives } = need(context, &accounts).await?;
    check_funds_of(context, &accounts, max_required_balance, rent).await?;
    Ok(Checked { operation, rent, arrives, nonce: found })
}

/// What the payer needs if it need not be known exactly what it has: all that is held for this transfer and the others under way, and
/// what it has to keep.
fn max_required_balance<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Amount, FlowError> {
    let request = &context.transfer.request;
    let lamports = if request.asset == Asset::Sol { request.amount } else { Amount::ZERO };
    let others = concurrent_transfers(context);
    let held = others.iter().map(|other| if other.request.asset == Asset::Sol { other.reserved } else { other.request.max_fee });
    let kept = RENT_UPPER_BOUND.max(context.minimum_balance());
    let all = Amount::checked_sum(held.chain([lamports, request.max_fee, kept]));
    all.ok_or_else(|| FlowError::Unbuildable("amount and fee overflow".to_owned()))
}

async fn read<R: Runtime>(
    context: &TransferContext<'_, R>,
    payer_lamports: Reading,
    recipient_lamports: Reading,
    nonce: Option<Address>,
) -> Result<Accounts, FlowError> {
    let (payer, payments) = (intent::payer(context)?, intent::payments(context)?);
    let view = |address, lamports| rpc::Wanted { address, view: View::Account { lamports } };
    let mut wanted = vec![view(payer, payer_lamports)];
    wanted.extend(payments.iter().map(|payment| view(payment.to, recipient_lamports)));
    if let Asset::Spl { mint } = context.transfer.request.asset {
        let mint = intent::mint_address(mint);
        wanted.push(rpc::Wanted { address: mint, view: View::Mint });
        let enough = tokens_needed(context)?.checked_add(context.minimum_tokens()).unwrap_or(Amount::MAX);
        let held = Reading::AtLeast { threshold: enough.get() };
        for program in [TokenProgram::Classic, TokenProgram::Token2022] {
            let anything = Reading::AtLeast { threshold: 0 };
            for (owner, amount) in [(payer, held)].into_iter().chain(payments.iter().map(|payment| (payment.to, anything))) {
                let address = token_account(&owner, &mint, program)?;
                wanted.push(rpc::Wanted { address, view: View::Holding { amount } });
            }
        }
    }
    wanted.extend(nonce.map(|address| rpc::Wanted { address, view: View::Nonce }));
    let request = Request::Accounts { wanted, commitment: Commitment::Finalized, min_slot: providers::least_slot(context.rt) };
    let mut seen = rpc::parse_accounts(&providers::agreed(context.rt, context.provider_offset, &request).await?)?.into_iter();
    let account = |seen: Option<AccountView>| match seen {
        Some(AccountView::Account(account)) => Some(account),
        _ => None,
    };
    let payer = account(seen.next());
    let recipients = payments.iter().map(|_| account(seen.next())).collect();
    let mut token: Vec<AccountView> = seen.collect();
    let nonce = nonce.and_then(|_| token.pop());
    Ok(Accounts { payer, recipients, token, nonce })
}

fn token_account(owner: &Address, mint: &Address, program: TokenProgram) -> Result<Address, FlowError> {
    derived::token_account(owner, mint, program)
        .ok_or_else(|| FlowError::Unbuildable("there is no token account for this owner".to_owned()))
}

/// What else may move the same money. Nothing concerns a revocation: it pays a fee and nobody, and what waits for money may itself wait
/// for what is to be revoked. Otherwise it is what is under way and, where several transactions are built at a time, what waits to be. The one
/// that has waited longest leaves the latter out: when there is not enough for all, it goes first and they wait for it.
fn concurrent_transfers<R: Runtime>(context: &TransferContext<'_, R>) -> Vec<Transfer> {
    if context.transfer.is_revocation() {
        return Vec::new();
    }
    let id = context.transfer.id;
    let (build_slots, mut others) =
        context.rt.read(|state| (state.build_slots(context.wallet.id), state.active_transfers_of(context.wallet.id)));
    others
        .retain(|other| other.id != id && other.request.asset.chain() == Chain::Solana && other.status != Status::AwaitingApproval);
    let waits = |other: &Transfer| other.status.is_before_building();
    if build_slots == 1 || others.iter().all(|other| !waits(other) || other.id > id) {
        others.retain(|other| !waits(other));
    }
    others
}

/// What this transfer and the others under way move of the same token.
fn tokens_needed<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Amount, FlowError> {
    let same = |asset: Asset| asset == context.transfer.request.asset;
    let others =
        concurrent_transfers(context).into_iter().filter(|other| same(other.request.asset)).map(|other| other.request.amount);
    let all = Amount::checked_sum(others.chain([context.transfer.request.amount]));
    all.ok_or_else(|| FlowError::Unbuildable("the amounts overflow".to_owned()))
}

/// The value of the wallet's nonce account, or what stands in its place.
fn nonce_value<R: Runtime>(context: &TransferContext<'_, R>, seen: &AccountView) -> Result<Result<Blockhash, String>, FlowError> {
    Ok(match seen {
        AccountView::Nonce { authority, value } if *authority == intent::payer(context)? => Ok(*value),
        AccountView::Nonce { authority, .. } => Err(format!("its authority is {authority}")),
        AccountView::Missing => Err("there is no account".to_owned()),
        _ => Err("the account holds no nonce".to_owned()),
    })
}

/// What a transaction does and takes beside its fee.
struct Need {
    operation: Operation,
    rent: Amount,
    arrives: Option<Amount>,
}

async fn need<R: Runtime>(context: &TransferContext<'_, R>, accounts: &Accounts) -> Result<Need, FlowError> {
    let request = &context.transfer.request;
    let plain = |operation, rent| Need { operation, rent, arrives: None };
    match request.nonce_operation() {
        Some(NonceOperation::Create { index }) => {
            let lamports = rent_minimum(context, NONCE_BYTES).await?;
            return Ok(plain(Operation::CreateNonce { index, lamports }, lamports));
        }
        Some(NonceOperation::Revoke { .. }) => {
            return Ok(plain(Operation::Revoke { account: intent::operated(context)? }, Amount::ZERO));
        }
        None => {}
    }
    let payments = intent::payments(context)?;
    recipient_states(context, accounts)?;
    let Asset::Spl { mint } = request.asset else {
        let paid = payments.iter().map(|wanted| PaymentKind::Lamports { to: wanted.to, lamports: wanted.amount });
        return Ok(plain(pay(&payments, paid), Amount::ZERO));
    };
    let tokens = TokenAccounts::of(accounts, payments.len())?;
    check_source(context, tokens.source)?;
    let mut paid: Vec<TokenPayment> = Vec::new();
    for (wanted, destination) in payments.iter().zip(tokens.destinations) {
        let payment = token_payment(intent::mint_address(mint), &tokens.mint, wanted, destination);
        let payment = payment.map_err(|error| with_recipient(context, &wanted.to, error))?;
        // The first payment to a recipient creates the account for the others.
        let created = paid.iter().any(|before| before.destination == payment.destination);
        paid.push(TokenPayment { create_for: payment.create_for.filter(|_| !created), ..payment });
    }
    let new = paid.iter().filter(|payment| payment.create_for.is_some()).count();
    let rent = if new == 0 { Amount::ZERO } else { token_rent(context, &tokens.mint, new).await? };
    let arrives =
        (!tokens.mint.fees.is_empty()).then(|| Amount::checked_sum(paid.iter().map(|paid| tokens.mint.arrives(paid.amount))));
    Ok(Need { operation: pay(&payments, paid.into_iter().map(PaymentKind::Tokens)), rent, arrives: arrives.flatten() })
}

/// The payments, each with its own memo.
fn pay(wanted: &[Wanted<'_>], paid: impl Iterator<Item = PaymentKind>) -> Operation {
    let memos = wanted.iter().map(|wanted| wanted.terms.memo.map(str::to_owned));
    Operation::Pay(paid.zip(memos).map(|(kind, memo)| Payment { kind, memo }).collect())
}

/// What was read for the program that owns the mint.
struct TokenAccounts<'a> {
    mint: Mint,
    source: Option<&'a AccountView>,
    destinations: &'a [AccountView],
}

impl<'a> TokenAccounts<'a> {
    fn of(accounts: &'a Accounts, payments: usize) -> Result<Self, FlowError> {
        let mint = readable_mint(accounts.token.first())?;
        let each = payments + 1;
        let skipped = match mint.program {
            TokenProgram::Classic => 1,
            TokenProgram::Token2022 => 1 + each,
        };
        let own = accounts.token.get(skipped..skipped + each).and_then(<[AccountView]>::split_first);
        let (source, destinations) = own.ok_or_else(|| FlowError::Transient("the providers named too few accounts".to_owned()))?;
        Ok(Self { mint, source: Some(source), destinations })
    }
}

/// One payment of tokens; it creates the recipient's account where there is none.
fn token_payment(address: Address, mint: &Mint, wanted: &Wanted<'_>, destination: &AccountView) -> Result<TokenPayment, FlowError> {
    let (recipient, amount) = (wanted.to, wanted.amount);
    let exists = check_destination(&recipient, destination, wanted.terms.memo.is_some())?;
    if mint.arrives(amount).is_zero() {
        return Err(FlowError::Unbuildable("the mint's transfer fee would take all of it".to_owned()));
    }
    Ok(TokenPayment {
        program: mint.program,
        mint: address,
        destination: token_account(&recipient, &address, mint.program)?,
        create_for: (!exists).then_some(recipient),
        amount,
        decimals: mint.decimals,
    })
}

/// Says which recipient of several a problem is about.
fn with_recipient<R: Runtime>(context: &TransferContext<'_, R>, recipient: &Address, error: FlowError) -> FlowError {
    match error {
        FlowError::Unbuildable(problem) if context.transfer.request.batch().is_some() => {
            FlowError::Unbuildable(format!("{recipient}: {problem}"))
        }
        other => other,
    }
}

fn readable_mint(seen: Option<&AccountView>) -> Result<Mint, FlowError> {
    match seen {
        Some(AccountView::Mint(mint)) => Ok(mint.clone()),
        Some(AccountView::Refused(refusal)) => Err(FlowError::Unbuildable(format!("the mint cannot be paid: {refusal}"))),
        _ => Err(FlowError::Unbuildable("there is no such mint".to_owned())),
    }
}

/// The wallet's own token account must hold what this and the other transfers under way move.
fn check_source<R: Runtime>(context: &TransferContext<'_, R>, seen: Option<&AccountView>) -> Result<(), FlowError> {
    let needed = tokens_needed(context)?;
    let kept = context.minimum_tokens();
    let enough = needed.checked_add(kept).unwrap_or(Amount::MAX);
    match seen {
        Some(AccountView::Holding(holding)) if holding.frozen => {
            Err(FlowError::Unbuildable("the wallet's token account is frozen".to_owned()))
        }
        Some(AccountView::Holding(holding)) if holding.amount >= enough => Ok(()),
        Some(AccountView::Refused(refusal)) => {
            Err(FlowError::Unbuildable(format!("the wallet's token account cannot be used: {refusal}")))
        }
        // What the transfers under way leave of it shows only once they have ended.
        _ if needed > context.transfer.request.amount => Err(FlowError::blocked(MONEY_OF_OTHERS)),
        _ => Err(insufficient(format!(
            "{enough} base units of the token are required, {kept} of them to be kept as the minimum balance; the wallet holds less"
        ))),
    }
}

/// Whether the recipient's token account exists.
fn check_destination(recipient: &Address, seen: &AccountView, has_memo: bool) -> Result<bool, FlowError> {
    let unbuildable = |problem: &str| Err(FlowError::Unbuildable(format!("the recipient's token account {problem}")));
    match seen {
        AccountView::Missing => Ok(false),
        // Anybody can send lamports there, and creating the account takes them as a part of its rent, which is counted as paid all the
        // same.
        AccountView::Refused(TokenRefusal::NotToken { owner }) if *owner == known::SYSTEM_PROGRAM => Ok(false),
        AccountView::Holding(holding) if holding.owner != *recipient => unbuildable("belongs to somebody else by now"),
        AccountView::Holding(holding) if holding.frozen => unbuildable("is frozen"),
        AccountView::Holding(holding) if holding.needs_memo && !has_memo => unbuildable("takes nothing without a memo"),
        AccountView::Holding(_) => Ok(true),
        AccountView::Refused(refusal) => unbuildable(&format!("cannot be paid: {refusal}")),
        _ => unbuildable("cannot be told apart"),
    }
}

/// What creating so many recipients' token accounts takes.
async fn token_rent<R: Runtime>(context: &TransferContext<'_, R>, mint: &Mint, accounts: usize) -> Result<Amount, FlowError> {
    let each = rent_minimum(context, mint.program.account_bytes(!mint.fees.is_empty())).await?;
    let cap = context.rt.read(|state| state.config().solana.max_rent());
    let rent = Amount::checked_sum(std::iter::repeat_n(each, accounts)).unwrap_or(Amount::MAX);
    let total = signature_fee(1).and_then(|fee| fee.checked_add(rent));
    if each > cap || total.is_none_or(|total| total > context.transfer.request.max_fee) {
        let what = if accounts == 1 { "the recipient's token account".to_owned() } else { format!("{accounts} token accounts") };
        return Err(FlowError::Unbuildable(format!("creating {what} takes {rent} lamports, more than the transfer may pay")));
    }
    Ok(rent)
}

async fn rent_minimum<R: Runtime>(context: &TransferContext<'_, R>, space: u64) -> Result<Amount, FlowError> {
    let body = providers::agreed(context.rt, context.provider_offset, &Request::RentExemptMinimum { space }).await?;
    Ok(rpc::parse_amount(&body)?)
}

/// What each recipient is, with what it gets in all.
fn recipient_states<R: Runtime>(
    context: &TransferContext<'_, R>,
    accounts: &Accounts,
) -> Result<Vec<(RecipientState, Amount)>, FlowError> {
    let payments = intent::payments(context)?;
    let received = |recipient: &Address| {
        let theirs = payments.iter().filter(|payment| payment.to == *recipient).map(|payment| payment.amount);
        Amount::checked_sum(theirs).unwrap_or(Amount::MAX)
    };
    let state = |(payment, account): (&Wanted<'_>, &Option<Account>)| {
        let (to, off_curve) = (&payment.to, if payment.terms.off_curve { OffCurve::Accept } else { OffCurve::Refuse });
        let state = check_recipient(to, account.as_ref(), off_curve);
        Ok((state.map_err(|refusal| with_recipient(context, to, FlowError::Unbuildable(refusal.to_string())))?, received(to)))
    };
    payments.iter().zip(&accounts.recipients).map(state).collect()
}

/// Whether both sides are left in a state that the chain accepts. What is close to the minimum is read exactly.
async fn check_funds_of<R: Runtime>(
    context: &TransferContext<'_, R>,
    accounts: &Accounts,
    max_required_balance: Amount,
    rent: Amount,
) -> Result<(), FlowError> {
    let request = &context.transfer.request;
    let pays_lamports = request.asset == Asset::Sol && request.nonce_operation().is_none();
    let amount = if pays_lamports { request.amount } else { Amount::ZERO };
    let payer_is_safe = lamports(accounts) >= max_required_balance;
    let is_safe = |(state, amount): &(RecipientState, Amount)| match state {
        RecipientState::New => *amount >= RENT_UPPER_BOUND,
        RecipientState::Existing { lamports } => *lamports >= RENT_UPPER_BOUND || *amount >= RENT_UPPER_BOUND,
    };
    let recipients_are_safe = !pays_lamports || recipient_states(context, accounts)?.iter().all(is_safe);
    if payer_is_safe && recipients_are_safe {
        return Ok(());
    }
    // What the transfers under way leave of the balance shows only once they have ended.
    if !payer_is_safe && !concurrent_transfers(context).is_empty() {
        return Err(FlowError::blocked(MONEY_OF_OTHERS));
    }
    let rent_minimum = rent_minimum(context, 0).await?;
    let accounts = read(context, Reading::EXACT, Reading::EXACT, None).await?;
    let received = if pays_lamports { recipient_states(context, &accounts)? } else { Vec::new() };
    let (balance, fee) = (lamports(&accounts), fee_bound(context, rent)?);
    context.keeps_minimum(balance, amount.checked_add(fee).unwrap_or(Amount::MAX))?;
    let funds = Funds { balance: Balance::Exact(balance), amount, fee, rent_minimum };
    check_funds(&funds, &received).map(drop).map_err(|refusal| match refusal {
        FundsRefusal::Insufficient { .. } => insufficient(refusal.to_string()),
        _ => FlowError::Unbuildable(refusal.to_string()),
    })
}

/// The most that fee and rent come to: what they are when no priority is offered, otherwise all that may be paid.
fn fee_bound<R: Runtime>(context: &TransferContext<'_, R>, rent: Amount) -> Result<Amount, FlowError> {
    if context.rt.read(|state| state.config().solana.max_unit_price()) > 0 {
        return Ok(context.transfer.request.max_fee);
    }
    let fee = signature_fee(1).and_then(|fee| fee.checked_add(rent));
    fee.ok_or_else(|| FlowError::Unbuildable("the fee overflows".to_owned()))
}

fn lamports(accounts: &Accounts) -> Amount {
    accounts.payer.map_or(Amount::ZERO, |account| account.lamports)
}

fn at_least(threshold: Amount) -> Reading {
    Reading::AtLeast { threshold: threshold.get() }
}

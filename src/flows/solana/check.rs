//! Reading the chain before a transaction is built: whether the payment can succeed, and what it takes.
//!
//! Everything is read at finalized commitment, by the quorum of providers and from nodes that have reached every slot that was seen.

use super::intent::{self, Wanted};
use crate::flows::reserve::insufficient;
use crate::flows::{Halt, MONEY_OF_OTHERS, Run, providers};
use crate::ports::Runtime;
use purser_core::chains::solana::account::{
    Account, Balance, Funds, FundsRefusal, OffCurve, RecipientState, check_funds, check_recipient,
};
use purser_core::chains::solana::rpc::{self, Commitment, Reading, Request, Seen, View};
use purser_core::chains::solana::token::{Mint, TokenRefusal};
use purser_core::chains::solana::{
    Act, Address, Blockhash, NONCE_BYTES, Paid, Payment, TokenPayment, TokenProgram, derived, known, signature_fee,
};
use purser_core::primitives::{Amount, Asset, Chain};
use purser_core::solana_terms::NonceOperation;
use purser_core::transfer::{Status, Transfer};

/// At least the rent-exempt minimum of an account without data. The minimum moves, but has not been above this and no proposal raises
/// it beyond: whoever has this much need not ask.
const RENT_UPPER_BOUND: Amount = Amount::new(890_880);

/// What a transaction may be built from.
pub(super) struct Checked {
    /// What it does.
    pub act: Act,
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
    token: Vec<Seen>,
    nonce: Option<Seen>,
}

/// Refuses a payment that would fail on chain at the price of its fee. `nonce` is the account that the transaction is to stand on.
pub(super) async fn check<R: Runtime>(run: &Run<'_, R>, nonce: Option<Address>) -> Result<Checked, Halt> {
    let ample = ample(run)?;
    let accounts = read(run, at_least(ample), at_least(RENT_UPPER_BOUND), nonce).await?;
    let found = accounts.nonce.as_ref().map(|seen| nonce_value(run, seen)).transpose()?;
    let Need { act, rent, arrives } = need(run, &accounts).await?;
    check_funds_of(run, &accounts, ample, rent).await?;
    Ok(Checked { act, rent, arrives, nonce: found })
}

/// What the payer needs if it need not be known exactly what it has: all that is held for this transfer and the others under way, and
/// what it has to keep.
fn ample<R: Runtime>(run: &Run<'_, R>) -> Result<Amount, Halt> {
    let request = &run.transfer.request;
    let lamports = if request.asset == Asset::Sol { request.amount } else { Amount::ZERO };
    let others = competitors(run);
    let held = others.iter().map(|other| if other.request.asset == Asset::Sol { other.reserved } else { other.request.max_fee });
    let kept = RENT_UPPER_BOUND.max(run.minimum_balance());
    let all = Amount::checked_sum(held.chain([lamports, request.max_fee, kept]));
    all.ok_or_else(|| Halt::Hopeless("amount and fee overflow".to_owned()))
}

async fn read<R: Runtime>(
    run: &Run<'_, R>,
    payer_lamports: Reading,
    recipient_lamports: Reading,
    nonce: Option<Address>,
) -> Result<Accounts, Halt> {
    let (payer, payments) = (intent::payer(run)?, intent::payments(run)?);
    let view = |address, lamports| rpc::Wanted { address, view: View::Account { lamports } };
    let mut wanted = vec![view(payer, payer_lamports)];
    wanted.extend(payments.iter().map(|payment| view(payment.to, recipient_lamports)));
    if let Asset::Spl { mint } = run.transfer.request.asset {
        let mint = intent::mint_address(mint);
        wanted.push(rpc::Wanted { address: mint, view: View::Mint });
        let enough = tokens_needed(run)?.checked_add(run.minimum_tokens()).unwrap_or(Amount::MAX);
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
    let request = Request::Accounts { wanted, commitment: Commitment::Finalized, min_slot: providers::least_slot(run.rt) };
    let mut seen = rpc::parse_accounts(&providers::agreed(run.rt, run.turn, &request).await?)?.into_iter();
    let account = |seen: Option<Seen>| match seen {
        Some(Seen::Account(account)) => Some(account),
        _ => None,
    };
    let payer = account(seen.next());
    let recipients = payments.iter().map(|_| account(seen.next())).collect();
    let mut token: Vec<Seen> = seen.collect();
    let nonce = nonce.and_then(|_| token.pop());
    Ok(Accounts { payer, recipients, token, nonce })
}

fn token_account(owner: &Address, mint: &Address, program: TokenProgram) -> Result<Address, Halt> {
    derived::token_account(owner, mint, program)
        .ok_or_else(|| Halt::Hopeless("there is no token account for this owner".to_owned()))
}

/// What else may move the same money. Nothing concerns a revocation: it pays a fee and nobody, and what waits for money may itself wait
/// for what is to be revoked. Otherwise it is what is under way and, where several transactions are built at a time, what waits to be. The one
/// that has waited longest leaves the latter out: when there is not enough for all, it goes first and they wait for it.
fn competitors<R: Runtime>(run: &Run<'_, R>) -> Vec<Transfer> {
    if run.transfer.is_revocation() {
        return Vec::new();
    }
    let id = run.transfer.id;
    let (lanes, mut others) = run.rt.read(|state| (state.lanes(run.wallet.id), state.active_transfers_of(run.wallet.id)));
    others
        .retain(|other| other.id != id && other.request.asset.chain() == Chain::Solana && other.status != Status::AwaitingApproval);
    let waits = |other: &Transfer| other.status.is_before_building();
    if lanes == 1 || others.iter().all(|other| !waits(other) || other.id > id) {
        others.retain(|other| !waits(other));
    }
    others
}

/// What this transfer and the others under way move of the same token.
fn tokens_needed<R: Runtime>(run: &Run<'_, R>) -> Result<Amount, Halt> {
    let same = |asset: Asset| asset == run.transfer.request.asset;
    let others = competitors(run).into_iter().filter(|other| same(other.request.asset)).map(|other| other.request.amount);
    let all = Amount::checked_sum(others.chain([run.transfer.request.amount]));
    all.ok_or_else(|| Halt::Hopeless("the amounts overflow".to_owned()))
}

/// The value of the wallet's nonce account, or what stands in its place.
fn nonce_value<R: Runtime>(run: &Run<'_, R>, seen: &Seen) -> Result<Result<Blockhash, String>, Halt> {
    Ok(match seen {
        Seen::Nonce { authority, value } if *authority == intent::payer(run)? => Ok(*value),
        Seen::Nonce { authority, .. } => Err(format!("its authority is {authority}")),
        Seen::Missing => Err("there is no account".to_owned()),
        _ => Err("the account holds no nonce".to_owned()),
    })
}

/// What a transaction does and takes beside its fee.
struct Need {
    act: Act,
    rent: Amount,
    arrives: Option<Amount>,
}

async fn need<R: Runtime>(run: &Run<'_, R>, accounts: &Accounts) -> Result<Need, Halt> {
    let request = &run.transfer.request;
    let plain = |act, rent| Need { act, rent, arrives: None };
    match request.nonce_operation() {
        Some(NonceOperation::Create { index }) => {
            let lamports = rent_minimum(run, NONCE_BYTES).await?;
            return Ok(plain(Act::CreateNonce { index, lamports }, lamports));
        }
        Some(NonceOperation::Revoke { .. }) => {
            return Ok(plain(Act::Revoke { account: intent::operated(run)? }, Amount::ZERO));
        }
        None => {}
    }
    let payments = intent::payments(run)?;
    recipient_states(run, accounts)?;
    let Asset::Spl { mint } = request.asset else {
        let paid = payments.iter().map(|wanted| Paid::Lamports { to: wanted.to, lamports: wanted.amount });
        return Ok(plain(pay(&payments, paid), Amount::ZERO));
    };
    let tokens = TokenAccounts::of(accounts, payments.len())?;
    check_source(run, tokens.source)?;
    let mut paid: Vec<TokenPayment> = Vec::new();
    for (wanted, destination) in payments.iter().zip(tokens.destinations) {
        let payment = token_payment(intent::mint_address(mint), &tokens.mint, wanted, destination);
        let payment = payment.map_err(|halt| about(run, &wanted.to, halt))?;
        // The first payment to a recipient creates the account for the others.
        let created = paid.iter().any(|before| before.destination == payment.destination);
        paid.push(TokenPayment { create_for: payment.create_for.filter(|_| !created), ..payment });
    }
    let new = paid.iter().filter(|payment| payment.create_for.is_some()).count();
    let rent = if new == 0 { Amount::ZERO } else { token_rent(run, &tokens.mint, new).await? };
    let arrives =
        (!tokens.mint.fees.is_empty()).then(|| Amount::checked_sum(paid.iter().map(|paid| tokens.mint.arrives(paid.amount))));
    Ok(Need { act: pay(&payments, paid.into_iter().map(Paid::Tokens)), rent, arrives: arrives.flatten() })
}

/// The payments, each with its own memo.
fn pay(wanted: &[Wanted<'_>], paid: impl Iterator<Item = Paid>) -> Act {
    let memos = wanted.iter().map(|wanted| wanted.terms.memo.map(str::to_owned));
    Act::Pay(paid.zip(memos).map(|(what, memo)| Payment { what, memo }).collect())
}

/// What was read for the program that owns the mint.
struct TokenAccounts<'a> {
    mint: Mint,
    source: Option<&'a Seen>,
    destinations: &'a [Seen],
}

impl<'a> TokenAccounts<'a> {
    fn of(accounts: &'a Accounts, payments: usize) -> Result<Self, Halt> {
        let mint = readable_mint(accounts.token.first())?;
        let each = payments + 1;
        let skipped = match mint.program {
            TokenProgram::Classic => 1,
            TokenProgram::Token2022 => 1 + each,
        };
        let own = accounts.token.get(skipped..skipped + each).and_then(<[Seen]>::split_first);
        let (source, destinations) = own.ok_or_else(|| Halt::Trouble("the providers named too few accounts".to_owned()))?;
        Ok(Self { mint, source: Some(source), destinations })
    }
}

/// One payment of tokens; it creates the recipient's account where there is none.
fn token_payment(address: Address, mint: &Mint, wanted: &Wanted<'_>, destination: &Seen) -> Result<TokenPayment, Halt> {
    let (recipient, amount) = (wanted.to, wanted.amount);
    let exists = check_destination(&recipient, destination, wanted.terms.memo.is_some())?;
    if mint.arrives(amount).is_zero() {
        return Err(Halt::Hopeless("the mint's transfer fee would take all of it".to_owned()));
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
fn about<R: Runtime>(run: &Run<'_, R>, recipient: &Address, halt: Halt) -> Halt {
    match halt {
        Halt::Hopeless(problem) if run.transfer.request.batch().is_some() => Halt::Hopeless(format!("{recipient}: {problem}")),
        other => other,
    }
}

fn readable_mint(seen: Option<&Seen>) -> Result<Mint, Halt> {
    match seen {
        Some(Seen::Mint(mint)) => Ok(mint.clone()),
        Some(Seen::Refused(refusal)) => Err(Halt::Hopeless(format!("the mint cannot be paid: {refusal}"))),
        _ => Err(Halt::Hopeless("there is no such mint".to_owned())),
    }
}

/// The wallet's own token account must hold what this and the other transfers under way move.
fn check_source<R: Runtime>(run: &Run<'_, R>, seen: Option<&Seen>) -> Result<(), Halt> {
    let needed = tokens_needed(run)?;
    let kept = run.minimum_tokens();
    let enough = needed.checked_add(kept).unwrap_or(Amount::MAX);
    match seen {
        Some(Seen::Holding(holding)) if holding.frozen => Err(Halt::Hopeless("the wallet's token account is frozen".to_owned())),
        Some(Seen::Holding(holding)) if holding.amount >= enough => Ok(()),
        Some(Seen::Refused(refusal)) => Err(Halt::Hopeless(format!("the wallet's token account cannot be used: {refusal}"))),
        // What the transfers under way leave of it shows only once they have ended.
        _ if needed > run.transfer.request.amount => Err(Halt::held(MONEY_OF_OTHERS)),
        _ => Err(insufficient(format!(
            "{enough} base units of the token are required, {kept} of them to be kept as the minimum balance; the wallet holds less"
        ))),
    }
}

/// Whether the recipient's token account exists.
fn check_destination(recipient: &Address, seen: &Seen, has_memo: bool) -> Result<bool, Halt> {
    let hopeless = |problem: &str| Err(Halt::Hopeless(format!("the recipient's token account {problem}")));
    match seen {
        Seen::Missing => Ok(false),
        // Anybody can send lamports there, and creating the account takes them as a part of its rent, which is counted as paid all the
        // same.
        Seen::Refused(TokenRefusal::NotToken { owner }) if *owner == known::SYSTEM_PROGRAM => Ok(false),
        Seen::Holding(holding) if holding.owner != *recipient => hopeless("belongs to somebody else by now"),
        Seen::Holding(holding) if holding.frozen => hopeless("is frozen"),
        Seen::Holding(holding) if holding.needs_memo && !has_memo => hopeless("takes nothing without a memo"),
        Seen::Holding(_) => Ok(true),
        Seen::Refused(refusal) => hopeless(&format!("cannot be paid: {refusal}")),
        _ => hopeless("cannot be told apart"),
    }
}

/// What creating so many recipients' token accounts takes.
async fn token_rent<R: Runtime>(run: &Run<'_, R>, mint: &Mint, accounts: usize) -> Result<Amount, Halt> {
    let each = rent_minimum(run, mint.program.account_bytes(!mint.fees.is_empty())).await?;
    let cap = run.rt.read(|state| state.config()).solana.max_rent();
    let rent = Amount::checked_sum(std::iter::repeat_n(each, accounts)).unwrap_or(Amount::MAX);
    let total = signature_fee(1).and_then(|fee| fee.checked_add(rent));
    if each > cap || total.is_none_or(|total| total > run.transfer.request.max_fee) {
        let what = if accounts == 1 { "the recipient's token account".to_owned() } else { format!("{accounts} token accounts") };
        return Err(Halt::Hopeless(format!("creating {what} takes {rent} lamports, more than the transfer may pay")));
    }
    Ok(rent)
}

async fn rent_minimum<R: Runtime>(run: &Run<'_, R>, space: u64) -> Result<Amount, Halt> {
    let body = providers::agreed(run.rt, run.turn, &Request::RentExemptMinimum { space }).await?;
    Ok(rpc::parse_amount(&body)?)
}

/// What each recipient is, with what it gets in all.
fn recipient_states<R: Runtime>(run: &Run<'_, R>, accounts: &Accounts) -> Result<Vec<(RecipientState, Amount)>, Halt> {
    let payments = intent::payments(run)?;
    let received = |recipient: &Address| {
        let theirs = payments.iter().filter(|payment| payment.to == *recipient).map(|payment| payment.amount);
        Amount::checked_sum(theirs).unwrap_or(Amount::MAX)
    };
    let state = |(payment, account): (&Wanted<'_>, &Option<Account>)| {
        let (to, off_curve) = (&payment.to, if payment.terms.off_curve { OffCurve::Accept } else { OffCurve::Refuse });
        let state = check_recipient(to, account.as_ref(), off_curve);
        Ok((state.map_err(|refusal| about(run, to, Halt::Hopeless(refusal.to_string())))?, received(to)))
    };
    payments.iter().zip(&accounts.recipients).map(state).collect()
}

/// Whether both sides are left in a state that the chain accepts. What is close to the minimum is read exactly.
async fn check_funds_of<R: Runtime>(run: &Run<'_, R>, accounts: &Accounts, ample: Amount, rent: Amount) -> Result<(), Halt> {
    let request = &run.transfer.request;
    let pays_lamports = request.asset == Asset::Sol && request.nonce_operation().is_none();
    let amount = if pays_lamports { request.amount } else { Amount::ZERO };
    let payer_is_safe = lamports(accounts) >= ample;
    let is_safe = |(state, amount): &(RecipientState, Amount)| match state {
        RecipientState::New => *amount >= RENT_UPPER_BOUND,
        RecipientState::Existing { lamports } => *lamports >= RENT_UPPER_BOUND || *amount >= RENT_UPPER_BOUND,
    };
    let recipients_are_safe = !pays_lamports || recipient_states(run, accounts)?.iter().all(is_safe);
    if payer_is_safe && recipients_are_safe {
        return Ok(());
    }
    // What the transfers under way leave of the balance shows only once they have ended.
    if !payer_is_safe && !competitors(run).is_empty() {
        return Err(Halt::held(MONEY_OF_OTHERS));
    }
    let rent_minimum = rent_minimum(run, 0).await?;
    let accounts = read(run, Reading::EXACT, Reading::EXACT, None).await?;
    let received = if pays_lamports { recipient_states(run, &accounts)? } else { Vec::new() };
    let (balance, fee) = (lamports(&accounts), fee_bound(run, rent)?);
    run.keeps_minimum(balance, amount.checked_add(fee).unwrap_or(Amount::MAX))?;
    let funds = Funds { balance: Balance::Exact(balance), amount, fee, rent_minimum };
    check_funds(&funds, &received).map(drop).map_err(|refusal| match refusal {
        FundsRefusal::Insufficient { .. } => insufficient(refusal.to_string()),
        _ => Halt::Hopeless(refusal.to_string()),
    })
}

/// The most that fee and rent come to: what they are when no priority is offered, otherwise all that may be paid.
fn fee_bound<R: Runtime>(run: &Run<'_, R>, rent: Amount) -> Result<Amount, Halt> {
    if run.rt.read(|state| state.config()).solana.max_unit_price() > 0 {
        return Ok(run.transfer.request.max_fee);
    }
    let fee = signature_fee(1).and_then(|fee| fee.checked_add(rent));
    fee.ok_or_else(|| Halt::Hopeless("the fee overflows".to_owned()))
}

fn lamports(accounts: &Accounts) -> Amount {
    accounts.payer.map_or(Amount::ZERO, |account| account.lamports)
}

fn at_least(threshold: Amount) -> Reading {
    Reading::AtLeast { threshold: threshold.get() }
}

//! What a transfer wants to happen, and whether bytes say exactly that.

use crate::flows::{Halt, Run};
use crate::ports::Runtime;
use purser_core::chains::solana::{Act, Address, Anchor, Blockhash, Paid, Plan, TokenProgram, derived};
use purser_core::primitives::{Amount, Asset, Mint};
use purser_core::solana_terms::{NonceOperation, PaymentTerms};

/// The wallet's address.
pub(super) fn payer<R: Runtime>(run: &Run<'_, R>) -> Result<Address, Halt> {
    address(&run.wallet.solana_key, "payer")
}

/// A payment as the request says.
pub(super) struct Wanted<'a> {
    /// Who receives it.
    pub to: Address,
    /// How much.
    pub amount: Amount,
    /// What else is said about it.
    pub terms: PaymentTerms<'a>,
}

/// The payments that the request asks for: one, or all of a batch in its order.
pub(super) fn payments<'a, R: Runtime>(run: &'a Run<'_, R>) -> Result<Vec<Wanted<'a>>, Halt> {
    let request = &run.transfer.request;
    let payments = request.payments().into_iter().zip(request.payment_terms());
    payments.map(|((to, amount), terms)| Ok(Wanted { to: address(&to.payload, "recipient")?, amount, terms })).collect()
}

fn address(bytes: &[u8], whose: &str) -> Result<Address, Halt> {
    let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| Halt::Hopeless(format!("the {whose}'s address has not 32 bytes")))?;
    Ok(Address::from_bytes(bytes))
}

/// The address of a mint.
pub(super) fn mint_address(mint: Mint) -> Address {
    Address::from_bytes(mint.0)
}

/// The nonce account that an operation is about, as its request says.
pub(super) fn operated<R: Runtime>(run: &Run<'_, R>) -> Result<Address, Halt> {
    address(&run.transfer.request.to.payload, "nonce account")
}

/// The wallet's nonce account of this number.
pub(super) fn nonce_account<R: Runtime>(run: &Run<'_, R>, index: u16) -> Result<Address, Halt> {
    Ok(derived::nonce_account(&payer(run)?, index))
}

/// Demands that a plan does exactly what the transfer wants, and pays what was recorded for it.
///
/// Decimals are the one thing taken from the plan: the token program itself refuses wrong ones.
///
/// # Errors
/// What differs.
pub(super) fn require<R: Runtime>(run: &Run<'_, R>, plan: &Plan) -> Result<(), String> {
    let payer = payer(run).map_err(|_| "the payer is no address")?;
    if plan.payer != payer {
        return Err(format!("paid by {} instead of {payer}", plan.payer));
    }
    require_anchor(run, plan)?;
    let request = &run.transfer.request;
    match (&plan.act, request.nonce_operation()) {
        (Act::Pay(payments), None) => {
            let wanted = self::payments(run).map_err(|_| "a recipient is no address")?;
            if payments.len() != wanted.len() {
                return Err(format!("{} payments instead of {}", payments.len(), wanted.len()));
            }
            payments.iter().zip(wanted).try_for_each(|(payment, wanted)| {
                if payment.memo.as_deref() != wanted.terms.memo {
                    return Err(format!("another memo with the payment to {}", wanted.to));
                }
                require_paid(request.asset, &payer, &payment.what, &wanted)
            })
        }
        (Act::CreateNonce { index, lamports }, Some(NonceOperation::Create { index: wanted })) => {
            let rent = built(run).map(|built| built.rent);
            let same = *index == wanted && rent.is_none_or(|rent| rent == *lamports);
            if same { Ok(()) } else { Err("another nonce account".to_owned()) }
        }
        (Act::Revoke { account }, Some(NonceOperation::Revoke { .. })) => {
            let used_up = built(run).and_then(|built| built.uses_up.as_ref());
            let is_recorded = used_up.is_none_or(|used| nonce_account(run, used.index) == Ok(*account));
            if operated(run) == Ok(*account) && is_recorded { Ok(()) } else { Err("another nonce account".to_owned()) }
        }
        _ => Err("it does something else".to_owned()),
    }
}

fn built<'a, R: Runtime>(run: &'a Run<'_, R>) -> Option<&'a purser_core::solana_terms::SolanaBuilt> {
    run.transfer.built.as_ref()?.solana.as_ref()
}

fn require_paid(asset: Asset, payer: &Address, paid: &Paid, wanted: &Wanted<'_>) -> Result<(), String> {
    let (recipient, amount) = (wanted.to, wanted.amount);
    match (paid, asset) {
        (Paid::Lamports { to, .. }, Asset::Sol) if *to != recipient => Err(format!("paid to {to} instead of {recipient}")),
        (Paid::Lamports { lamports, .. }, Asset::Sol) if *lamports != amount => {
            Err(format!("{lamports} lamports instead of {amount}"))
        }
        (Paid::Lamports { .. }, Asset::Sol) => Ok(()),
        (Paid::Tokens(tokens), Asset::Spl { mint }) => {
            let account = |program: TokenProgram| derived::token_account(&recipient, &mint_address(mint), program);
            let same = tokens.mint == mint_address(mint)
                && account(tokens.program) == Some(tokens.destination)
                && tokens.create_for.is_none_or(|owner| owner == recipient)
                && tokens.amount == amount
                && *payer != recipient;
            if same { Ok(()) } else { Err("another payment of tokens".to_owned()) }
        }
        _ => Err("another asset".to_owned()),
    }
}

/// Once something is recorded, the plan stands on what was recorded.
fn require_anchor<R: Runtime>(run: &Run<'_, R>, plan: &Plan) -> Result<(), String> {
    let recorded = match run.transfer.status.is_before_building() {
        true => return Ok(()),
        false => built(run).and_then(|built| built.nonce.as_ref()),
    };
    let same = match (&plan.anchor, recorded) {
        (Anchor::Blockhash(_), None) => true,
        (Anchor::Nonce { account, value }, Some(used)) => {
            let value_is = |value: &Blockhash| value.as_bytes()[..] == used.value[..];
            nonce_account(run, used.index) == Ok(*account) && value_is(value)
        }
        _ => false,
    };
    if same { Ok(()) } else { Err("it stands on another hash".to_owned()) }
}

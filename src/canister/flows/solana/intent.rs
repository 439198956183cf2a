//! The intent of a transfer, and whether a message says exactly that.

use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::{Amount, Asset, Mint, amount_text};
use purser_core::chains::solana::transfer::{NonceOperation, PaymentParams, SolanaBuilt};
use purser_core::chains::solana::{Address, Blockhash, Operation, Payment, PaymentKind, Plan, RecentHash, TokenProgram, derived};

/// The wallet's address.
///
/// # Errors
/// When the wallet's key has not 32 bytes.
pub(super) fn payer<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Address, FlowError> {
    address(&context.wallet.solana_key, "payer")
}

/// A payment that the request asks for.
pub(super) struct Wanted {
    /// The recipient's address.
    pub to: Address,
    /// The amount, in base units of the request's asset.
    pub amount: Amount,
    /// The memo, and whether the recipient may be a program's vault.
    pub terms: PaymentParams,
}

/// The payments that the request asks for: one, or all of a batch in its order.
///
/// # Errors
/// When a recipient's address has not 32 bytes.
pub(super) fn payments<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Vec<Wanted>, FlowError> {
    let request = &context.transfer.request;
    let payments = request.payments().into_iter().zip(request.solana_payments());
    payments.map(|((to, amount), terms)| Ok(Wanted { to: address(&to.payload, "recipient")?, amount, terms })).collect()
}

fn address(bytes: &[u8], whose: &str) -> Result<Address, FlowError> {
    let bytes =
        <[u8; 32]>::try_from(bytes).map_err(|_| FlowError::unbuildable(format!("the {whose}'s address has not 32 bytes")))?;
    Ok(Address::from_bytes(bytes))
}

/// The address of a mint.
pub(super) fn mint_address(mint: Mint) -> Address {
    Address::from_bytes(mint.0)
}

/// The nonce account of an operation on nonces, as its request says.
///
/// # Errors
/// When the account's address has not 32 bytes.
pub(super) fn operated<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Address, FlowError> {
    address(&context.transfer.request.to.payload, "nonce account")
}

/// The address of a token account under one program.
///
/// # Errors
/// When no address follows from owner and mint.
pub(super) fn token_account(owner: &Address, mint: &Address, program: TokenProgram) -> Result<Address, FlowError> {
    derived::token_account(owner, mint, program).ok_or_else(|| FlowError::unbuildable("there is no token account for this owner"))
}

/// The wallet's nonce account of this number.
///
/// # Errors
/// As [`payer`].
pub(super) fn nonce_account<R: Runtime>(context: &TransferContext<'_, R>, index: u16) -> Result<Address, FlowError> {
    Ok(derived::nonce_account(&payer(context)?, index))
}

/// Checks that a plan does exactly what the transfer wants, with the recorded hash and rent.
///
/// Only a token's decimals are taken from the plan: the token program itself refuses wrong ones.
///
/// # Errors
/// The deviation.
pub(super) fn require<R: Runtime>(context: &TransferContext<'_, R>, plan: &Plan) -> Result<(), String> {
    let payer = payer(context).map_err(|_| "the payer is no address")?;
    if plan.payer != payer {
        return Err(format!("paid by {} instead of {payer}", plan.payer));
    }
    require_recent_hash(context, plan)?;
    match (&plan.operation, context.transfer.request.nonce_operation()) {
        (Operation::Pay(payments), None) => require_payments(context, &payer, payments),
        (Operation::CreateNonce { index, lamports }, Some(NonceOperation::Create { index: wanted })) => {
            let rent = built(context).map(|built| built.rent);
            let same = *index == wanted && rent.is_none_or(|rent| rent == *lamports);
            if same { Ok(()) } else { Err("another nonce account".to_owned()) }
        }
        (Operation::Revoke { account }, Some(NonceOperation::Revoke { .. })) => {
            let advanced = built(context).and_then(|built| built.advances.as_ref());
            let is_recorded = advanced.is_none_or(|used| nonce_account(context, used.index) == Ok(*account));
            if operated(context) == Ok(*account) && is_recorded { Ok(()) } else { Err("another nonce account".to_owned()) }
        }
        _ => Err("it does something else".to_owned()),
    }
}

fn built<'a, R: Runtime>(context: &'a TransferContext<'_, R>) -> Option<&'a SolanaBuilt> {
    context.transfer.built.as_ref()?.details.solana()
}

fn require_payments<R: Runtime>(context: &TransferContext<'_, R>, payer: &Address, payments: &[Payment]) -> Result<(), String> {
    let wanted = self::payments(context).map_err(|_| "a recipient is no address")?;
    if payments.len() != wanted.len() {
        return Err(format!("{} payments instead of {}", payments.len(), wanted.len()));
    }
    payments.iter().zip(wanted).try_for_each(|(payment, wanted)| {
        if payment.memo != wanted.terms.memo {
            return Err(format!("another memo with the payment to {}", wanted.to));
        }
        require_paid(context.transfer.request.asset, payer, &payment.kind, &wanted)
    })
}

fn require_paid(asset: Asset, payer: &Address, paid: &PaymentKind, wanted: &Wanted) -> Result<(), String> {
    let (recipient, amount) = (wanted.to, wanted.amount);
    match (paid, asset) {
        (PaymentKind::Lamports { to, .. }, Asset::Sol) if *to != recipient => Err(format!("paid to {to} instead of {recipient}")),
        (PaymentKind::Lamports { lamports, .. }, Asset::Sol) if *lamports != amount => {
            Err(format!("{} instead of {}", amount_text(Asset::Sol, *lamports), amount_text(Asset::Sol, amount)))
        }
        (PaymentKind::Lamports { .. }, Asset::Sol) => Ok(()),
        (PaymentKind::Tokens(tokens), Asset::Spl { mint }) => {
            let mint = mint_address(mint);
            let same = tokens.mint == mint
                && derived::token_account(&recipient, &mint, tokens.program) == Some(tokens.destination)
                && tokens.create_for.is_none_or(|owner| owner == recipient)
                && tokens.amount == amount
                && *payer != recipient;
            if same { Ok(()) } else { Err("another payment of tokens".to_owned()) }
        }
        _ => Err("another asset".to_owned()),
    }
}

/// Checks that the plan of a recorded transaction uses the recorded nonce, or a recent blockhash where none is recorded.
fn require_recent_hash<R: Runtime>(context: &TransferContext<'_, R>, plan: &Plan) -> Result<(), String> {
    let recorded = match context.transfer.status.awaits_build() {
        true => return Ok(()),
        false => built(context).and_then(|built| built.nonce.as_ref()),
    };
    let same = match (&plan.recent_hash, recorded) {
        (RecentHash::Blockhash(_), None) => true,
        (RecentHash::Nonce { account, value }, Some(used)) => {
            let value_is = |value: &Blockhash| value.as_bytes()[..] == used.value[..];
            nonce_account(context, used.index) == Ok(*account) && value_is(value)
        }
        _ => false,
    };
    if same { Ok(()) } else { Err("it stands on another hash".to_owned()) }
}

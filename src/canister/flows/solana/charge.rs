//! The fee and rent that the chain charged for a transaction in a finalized block.

use super::providers;
use super::record;
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::{Amount, Asset, SECOND_NS, Timestamp, TransferId, amount_text};
use purser_core::chains::solana::rpc::{self, Charge, Request};
use purser_core::chains::solana::{Operation, PaymentKind, SignedTx, signature_fee};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The time in seconds for which the providers are asked for a charge. After that the highest possible one counts.
const ASK_SECONDS: u64 = 600;
/// The time in seconds after which a question is forgotten. Its transfer is no longer under way, or is asked about anew.
const FORGET_SECONDS: u64 = 86_400;

thread_local! {
    /// The time of the first question about each transfer's charge. Losing it makes the canister ask longer.
    static ASKED: RefCell<BTreeMap<TransferId, Timestamp>> = const { RefCell::new(BTreeMap::new()) };
}

/// The time since the first question about a transfer's charge, in seconds.
fn asked_for(id: TransferId, now: Timestamp) -> u64 {
    let age = |since: Timestamp| now.nanos_since(since) / SECOND_NS;
    ASKED.with_borrow_mut(|asked| {
        asked.retain(|_, since| age(*since) < FORGET_SECONDS);
        age(*asked.entry(id).or_insert(now))
    })
}

/// The fee and rents that were paid, in lamports, with a note where they are an upper bound.
///
/// The transaction itself tells its cost, except for two parts: whether a recipient's token account had to be created, which another
/// transaction may have done before it landed, and whether a failed transaction paid its fee.
///
/// # Errors
/// When the quorum of providers does not report the charge yet.
pub(super) async fn charged<R: Runtime>(
    context: &TransferContext<'_, R>,
    signed: &SignedTx,
    slot: u64,
    failed: bool,
) -> Result<(Amount, Option<String>), FlowError> {
    let most = most(context, failed)?;
    if !failed && !creates_token_accounts(signed) {
        return Ok((most, None));
    }
    let asked_for = asked_for(context.transfer.id, context.rt.now());
    let charged = match ask(context, signed).await.and_then(|charge| plausible(charge, slot, failed, most)) {
        Ok(paid) => (paid, None),
        Err(error) if error.may_pass() && asked_for >= ASK_SECONDS => {
            let text = amount_text(Asset::Sol, most);
            let note = format!("no provider told what the transaction cost; the most that it can be, {text}, is counted");
            (most, Some(note))
        }
        Err(FlowError::Transient(problem)) => {
            return Err(FlowError::Transient(format!("it is in a block, but what it cost is not known yet: {problem}")));
        }
        Err(error) => return Err(error),
    };
    ASKED.with_borrow_mut(|asked| asked.remove(&context.transfer.id));
    Ok(charged)
}

/// The highest possible charge, in lamports: the recorded one. A failed transaction created no accounts.
fn most<R: Runtime>(context: &TransferContext<'_, R>, failed: bool) -> Result<Amount, FlowError> {
    let built = record::built(context)?;
    Ok(if failed { built.fee.remaining_after(record::rent(built)) } else { built.fee })
}

fn creates_token_accounts(signed: &SignedTx) -> bool {
    let creates = |kind: &PaymentKind| matches!(kind, PaymentKind::Tokens(tokens) if tokens.create_for.is_some());
    matches!(&signed.plan().operation, Operation::Pay(payments) if payments.iter().any(|payment| creates(&payment.kind)))
}

async fn ask<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx) -> Result<Charge, FlowError> {
    let payments = if let Operation::Pay(payments) = &signed.plan().operation { payments.len() } else { 1 };
    let request = Request::Transaction { signature: signed.txid(), payments: payments as u64 };
    let found = rpc::parse_charge(&providers::of(context).agreed(&request).await?)?;
    found.ok_or_else(|| FlowError::Transient("the provider does not show the transaction".to_owned()))
}

/// The charge in lamports, if it is possible. The payer spent lamports on nothing else: it paid tokens, or the transaction failed.
fn plausible(charge: Charge, slot: u64, failed: bool, most: Amount) -> Result<Amount, FlowError> {
    let is_same = charge.slot == slot && charge.failed == failed;
    // A successful transaction has paid for its signature at least.
    let least = if failed { Some(charge.fee) } else { signature_fee(1).map(|fee| fee.max(charge.fee)) };
    let is_possible = least.is_some_and(|least| least <= charge.spent) && charge.spent <= most;
    match is_same && is_possible {
        true => Ok(charge.spent),
        false => Err(FlowError::Transient("the providers contradict themselves about the transaction".to_owned())),
    }
}

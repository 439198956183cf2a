//! What the chain charged for a transaction that is in a finalized block.

use super::proof;
use crate::flows::{FlowError, TransferContext, providers};
use crate::ports::Runtime;
use purser_core::base::{Amount, SECOND_NS, Timestamp, TransferId};
use purser_core::chains::solana::rpc::{self, Charge, Request};
use purser_core::chains::solana::{Operation, PaymentKind, SignedTx, signature_fee};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// For how long it is asked what a transaction cost. After that the most that it can have cost counts.
const ASK_SECONDS: u64 = 600;
/// What was asked for longer ago than this is no longer under way, or is asked for anew.
const FORGET_SECONDS: u64 = 86_400;

thread_local! {
    /// When it was first asked what a transfer's transaction cost. Losing it makes the canister ask longer.
    static ASKED: RefCell<BTreeMap<TransferId, Timestamp>> = const { RefCell::new(BTreeMap::new()) };
}

/// For how many seconds it has been asked.
fn asked_for(id: TransferId, now: Timestamp) -> u64 {
    let age = |since: Timestamp| now.nanos_since(since) / SECOND_NS;
    ASKED.with_borrow_mut(|asked| {
        asked.retain(|_, since| age(*since) < FORGET_SECONDS);
        age(*asked.entry(id).or_insert(now))
    })
}

/// Fee and rents that were paid, and what is to be said about them.
///
/// What a transaction costs stands in it, but for two things: whether a recipient's token account had to be created, which somebody else may
/// have done before it landed, and whether one that failed paid its fee.
///
/// # Errors
/// When the quorum of providers does not say it yet.
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
    let told = match ask(context, signed).await.and_then(|charge| believed(charge, slot, failed, most)) {
        Ok(paid) => (paid, None),
        Err(FlowError::Transient(_) | FlowError::RateLimited(_)) if asked_for >= ASK_SECONDS => {
            let note = format!("no provider told what the transaction cost; the most that it can be, {most} lamports, is counted");
            (most, Some(note))
        }
        Err(FlowError::Transient(problem)) => {
            return Err(FlowError::Transient(format!("it is in a block, but what it cost is not known yet: {problem}")));
        }
        Err(error) => return Err(error),
    };
    ASKED.with_borrow_mut(|asked| asked.remove(&context.transfer.id));
    Ok(told)
}

/// What was recorded when it was built; what failed created nothing.
fn most<R: Runtime>(context: &TransferContext<'_, R>, failed: bool) -> Result<Amount, FlowError> {
    let fee = proof::built_fee(context)?;
    let rent = context.transfer.built.as_ref().and_then(|built| built.solana.as_ref()).map_or(Amount::ZERO, |built| built.rent);
    Ok(if failed { fee.remaining_after(rent) } else { fee })
}

fn creates_token_accounts(signed: &SignedTx) -> bool {
    let creates = |kind: &PaymentKind| matches!(kind, PaymentKind::Tokens(tokens) if tokens.create_for.is_some());
    matches!(&signed.plan().operation, Operation::Pay(payments) if payments.iter().any(|payment| creates(&payment.kind)))
}

async fn ask<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx) -> Result<Charge, FlowError> {
    let payments = if let Operation::Pay(payments) = &signed.plan().operation { payments.len() } else { 1 };
    let request = Request::Transaction { signature: signed.txid(), payments: payments as u64 };
    let found = rpc::parse_charge(&providers::agreed(context.rt, context.provider_offset, &request).await?)?;
    found.ok_or_else(|| FlowError::Transient("the provider does not show the transaction".to_owned()))
}

/// What the payer paid beside lamports for others, of which there are none: tokens are paid, or it failed.
fn believed(charge: Charge, slot: u64, failed: bool, most: Amount) -> Result<Amount, FlowError> {
    let is_same = charge.slot == slot && charge.failed == failed;
    // What succeeded has paid for its signature at least.
    let least = if failed { Some(charge.fee) } else { signature_fee(1).map(|fee| fee.max(charge.fee)) };
    let is_possible = least.is_some_and(|least| least <= charge.spent) && charge.spent <= most;
    match is_same && is_possible {
        true => Ok(charge.spent),
        false => Err(FlowError::Transient("the providers contradict themselves about the transaction".to_owned())),
    }
}

//! What the chain charged for a transaction that is in a finalized block.

use super::proof;
use crate::flows::{Halt, Run, providers};
use crate::ports::Runtime;
use purser_core::chains::solana::rpc::{self, Charge, Request};
use purser_core::chains::solana::{Act, Paid, SignedTx, signature_fee};
use purser_core::primitives::{Amount, SECOND_NS, Timestamp, TransferId};
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
    run: &Run<'_, R>,
    signed: &SignedTx,
    slot: u64,
    failed: bool,
) -> Result<(Amount, Option<String>), Halt> {
    let most = most(run, failed)?;
    if !failed && !creates_token_accounts(signed) {
        return Ok((most, None));
    }
    let asked_for = asked_for(run.transfer.id, run.rt.now());
    let told = match ask(run, signed).await.and_then(|charge| believed(charge, slot, failed, most)) {
        Ok(paid) => (paid, None),
        Err(Halt::Trouble(_) | Halt::Rests(_)) if asked_for >= ASK_SECONDS => {
            let note = format!("no provider told what the transaction cost; the most that it can be, {most} lamports, is counted");
            (most, Some(note))
        }
        Err(Halt::Trouble(problem)) => {
            return Err(Halt::Trouble(format!("it is in a block, but what it cost is not known yet: {problem}")));
        }
        Err(halt) => return Err(halt),
    };
    ASKED.with_borrow_mut(|asked| asked.remove(&run.transfer.id));
    Ok(told)
}

/// What was recorded when it was built; what failed created nothing.
fn most<R: Runtime>(run: &Run<'_, R>, failed: bool) -> Result<Amount, Halt> {
    let fee = proof::built_fee(run)?;
    let rent = run.transfer.built.as_ref().and_then(|built| built.solana.as_ref()).map_or(Amount::ZERO, |built| built.rent);
    Ok(if failed { fee.remaining_after(rent) } else { fee })
}

fn creates_token_accounts(signed: &SignedTx) -> bool {
    let creates = |what: &Paid| matches!(what, Paid::Tokens(tokens) if tokens.create_for.is_some());
    matches!(&signed.plan().act, Act::Pay(payments) if payments.iter().any(|payment| creates(&payment.what)))
}

async fn ask<R: Runtime>(run: &Run<'_, R>, signed: &SignedTx) -> Result<Charge, Halt> {
    let payments = if let Act::Pay(payments) = &signed.plan().act { payments.len() } else { 1 };
    let request = Request::Transaction { signature: signed.txid(), payments: payments as u64 };
    let found = rpc::parse_charge(&providers::agreed(run.rt, run.turn, &request).await?)?;
    found.ok_or_else(|| Halt::Trouble("the provider does not show the transaction".to_owned()))
}

/// What the payer paid beside lamports for others, of which there are none: tokens are paid, or it failed.
fn believed(charge: Charge, slot: u64, failed: bool, most: Amount) -> Result<Amount, Halt> {
    let is_same = charge.slot == slot && charge.failed == failed;
    // What succeeded has paid for its signature at least.
    let least = if failed { Some(charge.fee) } else { signature_fee(1).map(|fee| fee.max(charge.fee)) };
    let is_possible = least.is_some_and(|least| least <= charge.spent) && charge.spent <= most;
    match is_same && is_possible {
        true => Ok(charge.spent),
        false => Err(Halt::Trouble("the providers contradict themselves about the transaction".to_owned())),
    }
}

//! The end of transactions that no block can contain, and of their transfers.
//!
//! Before another transaction is signed for the same payment, or its money is released, the bytes that have left the canister must be
//! unable to land. A Kaspa transaction does not expire, so that only two things make this certain: one of its coins is spent by another
//! transaction, or consensus forbids the bytes. This module establishes the second, by all of these conditions:
//!
//! * The reason is one of consensus ([`Rejection::is_permanent`](purser_core::chains::kaspa::rest::Rejection::is_permanent)). A refusal by a
//!   node's policy alone (a fee, a standard form, a mass under a block's limit) proves nothing, because a miner with another policy may
//!   hold the bytes. Such a transfer goes into quarantine, and its money stays reserved.
//! * Every configured server gives such a reason, in an answer on which the replicas agree. One answer to the contrary is enough to go
//!   on, and so is one that is missing: the silent server may be the only honest one, and it may have the bytes.
//! * No transaction of the transfer is accepted, and each one that it replaced is dead by the same conditions: it may land as well.
//!
//! The next transaction may spend any coins except those that were refused together.

use super::outcome::describe;
use super::questions::questions;
use super::record::{decode, recorded, superseded};
use super::refused_coins;
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::flows::progress::Progress;
use crate::ports::Runtime;
use purser_core::base::Amount;
use purser_core::chains::kaspa::Transaction;
use purser_core::chains::kaspa::rest::{Rejection, SubmitOutcome};
use purser_core::policy::ReasonCode;

/// Ends the present attempt if no block may ever contain it, nor any transaction that it replaced. `None` when that is not certain.
///
/// Other coins are tried next, unless the reason does not lie with the coins.
///
/// # Errors
/// When a question gets no answer, a record cannot be read, or the transfer has changed.
pub(super) async fn end_if_dead<R: Runtime>(
    context: &TransferContext<'_, R>,
    present: &Transaction,
) -> Result<Option<Progress>, FlowError> {
    let before = superseded(context).iter().map(|other| recorded(Some(&other.built), Some(&other.signed)));
    let mut why = None;
    for transaction in [Ok(present.clone())].into_iter().chain(before) {
        let transaction = transaction?;
        match verdict(context, &transaction).await {
            Verdict::Forever(reason, said) => why = why.or(Some((reason, said))),
            // A node has the transaction after all: the transfer is followed.
            Verdict::Taken => return Ok(Some(Progress::Waiting)),
            Verdict::Open => return Ok(None),
        }
        // An acceptance, however lately, outweighs every refusal.
        if questions(context).is_known_accepted(transaction.id()).await? {
            return Ok(Some(Progress::Waiting));
        }
    }
    context.unchanged()?;
    let Some((reason, said)) = why else { return Ok(None) };
    let (id, note) = (context.transfer.id, format!("no block can contain the transaction that was signed: {said}"));
    if !reason.is_caused_by_inputs() {
        context.commit(|state| state.decide_failed(id, Amount::ZERO, ReasonCode::TransactionInvalid, note))?;
        return Ok(Some(Progress::Ended));
    }
    let spent = decode(context.transfer.built.as_ref())?.spent;
    refused_coins::record(context.wallet.id, id, &spent);
    context.commit(|state| state.decide_expired(id, ReasonCode::TransactionInvalid, note))?;
    Ok(Some(Progress::Again))
}

/// The outcome of a transaction as all servers together report it.
enum Verdict {
    /// No block may contain the transaction.
    Forever(Rejection, String),
    /// A node has the transaction.
    Taken,
    /// Neither is certain.
    Open,
}

async fn verdict<R: Runtime>(context: &TransferContext<'_, R>, transaction: &Transaction) -> Verdict {
    let outcomes = questions(context).offer_everywhere(transaction).await;
    if outcomes.contains(&Some(SubmitOutcome::Accepted)) {
        return Verdict::Taken;
    }
    let forever = |outcome: &Option<SubmitOutcome>| match outcome {
        Some(said @ SubmitOutcome::Rejected { reason, .. }) if reason.is_permanent() => Some((*reason, describe(said))),
        _ => None,
    };
    let reasons: Option<Vec<_>> = outcomes.iter().map(forever).collect();
    match reasons.and_then(|reasons| reasons.into_iter().next()) {
        Some((reason, said)) => Verdict::Forever(reason, said),
        None => Verdict::Open,
    }
}

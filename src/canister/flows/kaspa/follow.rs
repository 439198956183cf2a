//! The signed transaction, from its broadcast to an acceptance that is deep enough.

use super::dead;
use super::outcome::{describe, is_refusal, not_taken};
use super::questions::{Route, questions};
use super::record::{check, decode, recorded, superseded};
use super::sign;
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::flows::progress::Progress;
use crate::flows::waiting;
use crate::metrics;
use crate::ports::Runtime;
use purser_core::base::Amount;
use purser_core::chains::kaspa::rest::{self, Rejection, Request, SubmitOutcome, TxIdBatch};
use purser_core::chains::kaspa::transfer::KaspaBuilt;
use purser_core::chains::kaspa::{Transaction, TxId};
use purser_core::chains::tx::BuiltTx;
use purser_core::policy::ReasonCode;

/// The time in seconds that bytes are left to spread before they are offered again.
const REBROADCAST_AFTER_SECONDS: u64 = 20;
/// The time in seconds without an acceptance after which the server's second route is asked too.
const SECOND_ROUTE_AFTER_SECONDS: u64 = 120;
/// The time in seconds for which a transaction that nodes refuse is offered before it goes into quarantine.
const QUARANTINE_AFTER_SECONDS: u64 = 3_600;

/// Records the broadcast, then sends the bytes. They may have arrived whatever the answer is.
///
/// # Errors
/// When the record cannot be used, the call fails, or the node does not take the transaction.
pub(super) async fn submit<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    let transaction = recorded(context.transfer.built.as_ref(), context.transfer.signed.as_ref())?;
    context.commit(|state| state.decide_submitted(context.transfer.id))?;
    send(&context.reloaded()?, transaction).await
}

/// Confirms a transfer of which a transaction is accepted deep enough, and offers the last one again while none is.
///
/// A replacement that waits for its signatures is signed first.
///
/// # Errors
/// When a call fails, a record cannot be used, a node does not take the transaction, or the transfer has changed.
pub(super) async fn follow<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    let transaction = recorded(context.transfer.built.as_ref(), context.transfer.signed.as_ref())?;
    if let Some(landed) = landed(context, transaction.id()).await? {
        confirm(context, landed)?;
        return Ok(Progress::Ended);
    }
    if let Some(replacement) = context.transfer.progress.kaspa().and_then(|progress| progress.replacement.as_ref())
        && context.rt.read(|state| state.may_replace(context.transfer.id))
    {
        return replace(context, replacement).await;
    }
    if context.is_emergency() || context.age_seconds() < REBROADCAST_AFTER_SECONDS {
        return Ok(Progress::Waiting);
    }
    send(context, transaction).await
}

/// The transaction of the transfer that is accepted deep enough: the present one, or one that it replaced.
async fn landed<R: Runtime>(context: &TransferContext<'_, R>, present: TxId) -> Result<Option<TxId>, FlowError> {
    let confirmations = context.rt.read(|state| state.config().chains.kaspa.confirmations);
    let before = superseded(context).iter().map(|other| other.signed.txid.parse::<TxId>().map_err(FlowError::unreadable));
    let ids: Vec<TxId> = [Ok(present)].into_iter().chain(before).collect::<Result<_, FlowError>>()?;
    let questions = questions(context);
    // The score is read first. So an acceptance that is read afterwards, below the cutoff, is at least that deep. A chain that is shorter
    // than the demanded depth settles nothing.
    let Some(cutoff) = rest::settled_blue_score(questions.blue_score().await?, confirmations) else {
        context.unchanged()?;
        return Ok(None);
    };
    let transactions = TxIdBatch::new(ids.clone()).ok_or_else(|| FlowError::unreadable("it has no id"))?;
    let request = Request::Acceptance { transactions, max_blue_score: cutoff };
    let mut settled = questions.settled(&request, &ids, cutoff, Route::Batch).await?;
    if !settled.contains(&true) && context.age_seconds() > SECOND_ROUTE_AFTER_SECONDS {
        // The batch forgets blue scores that this route still knows.
        settled = Vec::new();
        for id in &ids {
            let request = Request::Transaction { transaction: *id, max_blue_score: cutoff };
            settled.extend(questions.settled(&request, &[*id], cutoff, Route::Single).await?);
        }
    }
    context.unchanged()?;
    Ok(ids.into_iter().zip(settled).find(|(_, settled)| *settled).map(|(id, _)| id))
}

fn confirm<R: Runtime>(context: &TransferContext<'_, R>, landed: TxId) -> Result<(), FlowError> {
    let txid = landed.to_string();
    let before = superseded(context).iter().find(|other| other.signed.txid == txid);
    let present = || context.transfer.built.as_ref().map(|built| built.fee);
    let fee: Amount =
        before.map(|other| other.built.fee).or_else(present).ok_or_else(|| FlowError::unreadable("its fee is missing"))?;
    if before.is_some() {
        context.commit(|state| state.decide_superseded_landed(context.transfer.id, txid))?;
    }
    context.commit(|state| state.decide_confirmed(context.transfer.id, fee, None))
}

/// Signs the replacement, records it and sends it.
async fn replace<R: Runtime>(context: &TransferContext<'_, R>, replacement: &BuiltTx<KaspaBuilt>) -> Result<Progress, FlowError> {
    let unsigned = decode(Some(replacement))?;
    check(context, &unsigned).map_err(FlowError::unreadable)?;
    let may_go_on = || match context.rt.read(|state| state.may_replace(context.transfer.id)) {
        true => Ok(()),
        false => Err(FlowError::blocked("the replacement waits: an emergency is on, or the transfer has moved on")),
    };
    let transaction = sign::complete(context, &unsigned, may_go_on).await?;
    let signed = sign::to_record(&transaction)?;
    context.commit(|state| state.decide_replacement_signed(context.transfer.id, signed))?;
    send(&context.reloaded()?, transaction).await
}

/// Offers the present transaction and acts on the node's answer.
///
/// A transaction that replaces another is offered as a replacement first, and then like any other: the node may have lost the first one.
async fn send<R: Runtime>(context: &TransferContext<'_, R>, transaction: Transaction) -> Result<Progress, FlowError> {
    let replaces = !superseded(context).is_empty();
    if replaces && questions(context).offer(&Request::Replace(transaction.clone())).await? == SubmitOutcome::Accepted {
        return Ok(on_node(context));
    }
    let outcome = questions(context).offer(&Request::Submit(transaction.clone())).await?;
    if let SubmitOutcome::Rejected { reason: Rejection::Unrecognised, .. } = outcome {
        metrics::unrecognised_refusal(context.chain());
    }
    match outcome {
        SubmitOutcome::Accepted => Ok(on_node(context)),
        // A node that keeps the replaced transaction refuses nothing: one of the two will land.
        SubmitOutcome::Conflict { with } if is_superseded(context, with) => {
            let why = format!("the node keeps transaction {with}, which this one is to replace");
            waiting::record(context.transfer.id, Some(why));
            Ok(Progress::Waiting)
        }
        refusal => refused(context, &transaction, &refusal).await,
    }
}

/// The progress of a transfer whose transaction a node has. The reason of an earlier refusal is over.
fn on_node<R: Runtime>(context: &TransferContext<'_, R>) -> Progress {
    waiting::record(context.transfer.id, None);
    Progress::Waiting
}

fn is_superseded<R>(context: &TransferContext<'_, R>, transaction: TxId) -> bool {
    superseded(context).iter().any(|other| other.signed.txid == transaction.to_string())
}

async fn refused<R: Runtime>(
    context: &TransferContext<'_, R>,
    transaction: &Transaction,
    refusal: &SubmitOutcome,
) -> Result<Progress, FlowError> {
    if matches!(refusal, SubmitOutcome::Rejected { reason, .. } if reason.is_permanent()) {
        // The reason is shown already while all servers are asked.
        waiting::record(context.transfer.id, Some(describe(refusal)));
        if let Some(progress) = dead::end_if_dead(context, transaction).await? {
            return Ok(progress);
        }
    }
    match is_refusal(refusal) && context.age_seconds() >= QUARANTINE_AFTER_SECONDS {
        true => quarantine_unless_accepted(context, transaction.id(), refusal).await,
        false => Err(not_taken(refusal)),
    }
}

/// Puts a transfer that nodes keep refusing into quarantine, unless a transaction of it was accepted, however lately.
async fn quarantine_unless_accepted<R: Runtime>(
    context: &TransferContext<'_, R>,
    id: TxId,
    refusal: &SubmitOutcome,
) -> Result<Progress, FlowError> {
    let mut accepted = questions(context).is_known_accepted(id).await?;
    for other in superseded(context) {
        accepted |= questions(context).is_known_accepted(other.signed.txid.parse().map_err(FlowError::unreadable)?).await?;
    }
    context.unchanged()?;
    if accepted {
        return Ok(Progress::Waiting);
    }
    let why = format!("not accepted within an hour, and refused by the node: {}", describe(refusal));
    Err(FlowError::NeedsOperator(ReasonCode::RefusedByNodes, why))
}

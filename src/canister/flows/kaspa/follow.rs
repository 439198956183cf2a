//! From the signed transaction to its acceptance, deep enough.

use super::agree::Route;
use super::{check, client, dead, decode, recorded, sign};
use crate::flows::{FlowError, Progress, TransferContext, unreadable, waits};
use crate::metrics;
use crate::ports::Runtime;
use purser_core::base::Amount;
use purser_core::chains::kaspa::rest::{self, Rejection, Request, SubmitOutcome, TxIdBatch};
use purser_core::chains::kaspa::{Transaction, TxId};
use purser_core::transfer::BuiltTx;
use purser_core::transfer::kaspa::Superseded;

/// How long bytes are left to spread before they are offered again.
const REBROADCAST_AFTER_SECONDS: u64 = 20;
/// After this long without an acceptance, the other route through the server's database is asked too.
const SECOND_ROUTE_AFTER_SECONDS: u64 = 120;
/// How long a transaction that nodes refuse is offered before it is left to people.
const PATIENCE_SECONDS: u64 = 3_600;

/// Records that the bytes leave, then sends them. Whatever comes back, they may have arrived.
pub async fn submit<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    let transaction = recorded(context.transfer.built.as_ref(), context.transfer.signed.as_ref())?;
    context.commit(|state| state.decide_submitted(context.transfer.id))?;
    let transfer = context.rt.read(|state| state.transfer(context.transfer.id)).ok_or(FlowError::Changed)?;
    let context =
        TransferContext { rt: context.rt, transfer, wallet: context.wallet.clone(), provider_offset: context.provider_offset };
    send(&context, transaction).await
}

/// Asks whether one of the transfer's transactions is accepted deep enough; offers the last one again while none is. One that waits to
/// take its place is signed first.
pub async fn follow<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    let transaction = recorded(context.transfer.built.as_ref(), context.transfer.signed.as_ref())?;
    if let Some(landed) = landed(context, transaction.id()).await? {
        confirm(context, landed)?;
        return Ok(Progress::Ended);
    }
    if let Some(replacement) = context.transfer.kaspa.as_ref().and_then(|progress| progress.replacement.as_ref())
        && context.rt.read(|state| state.may_replace(context.transfer.id))
    {
        return replace(context, replacement).await;
    }
    if context.is_emergency() || context.age_seconds() < REBROADCAST_AFTER_SECONDS {
        return Ok(Progress::Waiting);
    }
    send(context, transaction).await
}

/// Which of the transfer's transactions is accepted deep enough, if one is: the present one, or one that it replaced.
async fn landed<R: Runtime>(context: &TransferContext<'_, R>, present: TxId) -> Result<Option<TxId>, FlowError> {
    let confirmations = context.rt.read(|state| state.config().kaspa.confirmations);
    let before = superseded(context).iter().map(|other| other.signed.txid.parse::<TxId>().map_err(unreadable));
    let ids: Vec<TxId> = [Ok(present)].into_iter().chain(before).collect::<Result<_, FlowError>>()?;
    let client = client(context);
    // The score first: what is accepted below the cutoff afterwards is at least that deep. A chain shorter than the demanded depth
    // settles nothing.
    let Some(cutoff) = rest::settled_blue_score(client.blue_score().await?, confirmations) else {
        context.unchanged()?;
        return Ok(None);
    };
    let transactions = TxIdBatch::new(ids.clone()).ok_or_else(|| unreadable("it has no id"))?;
    let request = Request::Acceptance { transactions, max_blue_score: cutoff };
    let mut settled = client.settled(&request, &ids, cutoff, Route::Batch).await?;
    if !settled.contains(&true) && context.age_seconds() > SECOND_ROUTE_AFTER_SECONDS {
        // The batch forgets blue scores that this route still knows.
        settled = Vec::new();
        for id in &ids {
            let request = Request::Transaction { transaction: *id, max_blue_score: cutoff };
            settled.extend(client.settled(&request, &[*id], cutoff, Route::Single).await?);
        }
    }
    context.unchanged()?;
    Ok(ids.into_iter().zip(settled).find(|(_, settled)| *settled).map(|(id, _)| id))
}

fn confirm<R: Runtime>(context: &TransferContext<'_, R>, landed: TxId) -> Result<(), FlowError> {
    let txid = landed.to_string();
    let before = superseded(context).iter().find(|other| other.signed.txid == txid);
    let built: Option<&BuiltTx> = before.map(|other| &other.built).or(context.transfer.built.as_ref());
    let fee: Amount = built.map(|built| built.fee).ok_or_else(|| unreadable("its fee is missing"))?;
    if before.is_some() {
        context.commit(|state| state.decide_superseded_landed(context.transfer.id, txid))?;
    }
    context.commit(|state| state.decide_confirmed(context.transfer.id, fee, None))
}

/// Signs the replacement, records it and sends it.
async fn replace<R: Runtime>(context: &TransferContext<'_, R>, replacement: &BuiltTx) -> Result<Progress, FlowError> {
    let unsigned = decode(Some(replacement))?;
    check(context, &unsigned).map_err(unreadable)?;
    let may_go_on = || match context.rt.read(|state| state.may_replace(context.transfer.id)) {
        true => Ok(()),
        false => Err(FlowError::blocked("the replacement waits: an emergency is on, or the transfer has moved on")),
    };
    let transaction = sign::complete(context, &unsigned, may_go_on).await?;
    let signed = sign::to_record(&transaction)?;
    context.commit(|state| state.decide_replacement_signed(context.transfer.id, signed))?;
    let transfer = context.rt.read(|state| state.transfer(context.transfer.id)).ok_or(FlowError::Changed)?;
    let context =
        TransferContext { rt: context.rt, transfer, wallet: context.wallet.clone(), provider_offset: context.provider_offset };
    send(&context, transaction).await
}

/// Leaves to people what nodes keep refusing, unless a transaction of the transfer was accepted, however lately.
async fn give_up<R: Runtime>(context: &TransferContext<'_, R>, id: TxId, refusal: &SubmitOutcome) -> Result<Progress, FlowError> {
    let mut accepted = client(context).is_known_accepted(id).await?;
    for other in superseded(context) {
        accepted |= client(context).is_known_accepted(other.signed.txid.parse().map_err(unreadable)?).await?;
    }
    context.unchanged()?;
    if accepted {
        return Ok(Progress::Waiting);
    }
    Err(FlowError::NeedsOperator(format!("not accepted within an hour, and refused by the node: {}", describe(refusal))))
}

pub(super) fn superseded<'a, R>(context: &'a TransferContext<'_, R>) -> &'a [Superseded] {
    context.transfer.kaspa.as_ref().map_or(&[], |progress| &progress.superseded)
}

/// Offers the present transaction and draws the consequence of what the node says. One that replaces another is offered in its place
/// first, and then like any other: the node may have lost the one before it.
async fn send<R: Runtime>(context: &TransferContext<'_, R>, transaction: Transaction) -> Result<Progress, FlowError> {
    let replaces = !superseded(context).is_empty();
    if replaces && client(context).offer(&Request::Replace(transaction.clone())).await? == SubmitOutcome::Accepted {
        return Ok(taken(context));
    }
    let outcome = client(context).offer(&Request::Submit(transaction.clone())).await?;
    if let SubmitOutcome::Rejected { reason: Rejection::Unrecognised, .. } = outcome {
        metrics::unrecognised_refusal();
    }
    match outcome {
        SubmitOutcome::Accepted => Ok(taken(context)),
        // A node that keeps what this one is to replace refuses nothing: one of the two will land.
        SubmitOutcome::Conflict { with } if is_superseded(context, with) => {
            let why = format!("the node keeps transaction {with}, which this one is to replace");
            waits::note(context.transfer.id, Some(why));
            Ok(Progress::Waiting)
        }
        refusal => refused(context, &transaction, &refusal).await,
    }
}

/// A node has the present transaction, or one of the transfer's.
fn taken<R: Runtime>(context: &TransferContext<'_, R>) -> Progress {
    waits::note(context.transfer.id, None);
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
        // Said already while everybody is asked.
        waits::note(context.transfer.id, Some(describe(refusal)));
        if let Some(progress) = dead::end_of(context, transaction).await? {
            return Ok(progress);
        }
    }
    match is_refusal(refusal) && context.age_seconds() >= PATIENCE_SECONDS {
        true => give_up(context, transaction.id(), refusal).await,
        false => Err(not_taken(refusal)),
    }
}

/// Whether the node looked at the transaction and will not take these bytes.
fn is_refusal(outcome: &SubmitOutcome) -> bool {
    match outcome {
        SubmitOutcome::Conflict { .. } | SubmitOutcome::Orphan => true,
        SubmitOutcome::Rejected { reason, .. } => !reason.may_pass_later(),
        SubmitOutcome::Accepted | SubmitOutcome::RateLimited | SubmitOutcome::Unknown { .. } => false,
    }
}

/// A node's refusal is its word about the transaction; anything else is trouble with the provider.
fn not_taken(outcome: &SubmitOutcome) -> FlowError {
    let problem = format!("the transaction was not taken: {}", describe(outcome));
    if matches!(outcome, SubmitOutcome::Unknown { .. }) { FlowError::Transient(problem) } else { FlowError::Deferred(problem) }
}

pub(super) fn describe(outcome: &SubmitOutcome) -> String {
    match outcome {
        SubmitOutcome::Accepted => "taken".to_owned(),
        SubmitOutcome::Conflict { with } => format!("an input is being spent by transaction {with}"),
        SubmitOutcome::Orphan => "an input does not exist or is spent".to_owned(),
        SubmitOutcome::Rejected { reason, diagnostic } => format!("{reason} ({diagnostic})"),
        SubmitOutcome::RateLimited => "the server limits the rate of requests".to_owned(),
        SubmitOutcome::Unknown { diagnostic } => diagnostic.clone(),
    }
}

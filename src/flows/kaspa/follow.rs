//! From the signed transaction to its acceptance, deep enough.

use super::agree::Route;
use super::{check, dead, decode, panel, recorded, sign};
use crate::flows::{Halt, Progress, Run, unreadable, waits};
use crate::metrics;
use crate::ports::Runtime;
use purser_core::chains::kaspa::rest::{self, Rejection, Request, SubmitOutcome, TxIdBatch};
use purser_core::chains::kaspa::{Transaction, TxId};
use purser_core::primitives::Amount;
use purser_core::terms::Superseded;
use purser_core::transfer::BuiltTx;

/// How long bytes are left to spread before they are offered again.
const REBROADCAST_AFTER_SECONDS: u64 = 20;
/// After this long without an acceptance, the other route through the server's database is asked too.
const SECOND_ROUTE_AFTER_SECONDS: u64 = 120;
/// How long a transaction that nodes refuse is offered before it is left to people.
const PATIENCE_SECONDS: u64 = 3_600;

/// Records that the bytes leave, then sends them. Whatever comes back, they may have arrived.
pub async fn submit<R: Runtime>(run: &Run<'_, R>) -> Result<Progress, Halt> {
    let transaction = recorded(run.transfer.built.as_ref(), run.transfer.signed.as_ref())?;
    run.commit(|state| state.decide_submitted(run.transfer.id))?;
    let transfer = run.rt.read(|state| state.transfer(run.transfer.id)).ok_or(Halt::Changed)?;
    let run = Run { rt: run.rt, transfer, wallet: run.wallet.clone(), turn: run.turn };
    send(&run, transaction).await
}

/// Asks whether one of the transfer's transactions is accepted deep enough; offers the last one again while none is. One that waits to
/// take its place is signed first.
pub async fn follow<R: Runtime>(run: &Run<'_, R>) -> Result<Progress, Halt> {
    let transaction = recorded(run.transfer.built.as_ref(), run.transfer.signed.as_ref())?;
    if let Some(landed) = landed(run, transaction.id()).await? {
        confirm(run, landed)?;
        return Ok(Progress::Ended);
    }
    if let Some(replacement) = run.transfer.kaspa.as_ref().and_then(|progress| progress.replacement.as_ref())
        && run.rt.read(|state| state.may_replace(run.transfer.id))
    {
        return replace(run, replacement).await;
    }
    if run.is_emergency() || run.age_seconds() < REBROADCAST_AFTER_SECONDS {
        return Ok(Progress::Waiting);
    }
    send(run, transaction).await
}

/// Which of the transfer's transactions is accepted deep enough, if one is: the present one, or one that it replaced.
async fn landed<R: Runtime>(run: &Run<'_, R>, present: TxId) -> Result<Option<TxId>, Halt> {
    let confirmations = run.rt.read(|state| state.config().kaspa.confirmations);
    let before = superseded(run).iter().map(|other| other.signed.txid.parse::<TxId>().map_err(unreadable));
    let ids: Vec<TxId> = [Ok(present)].into_iter().chain(before).collect::<Result<_, Halt>>()?;
    let panel = panel(run);
    // The score first: what is accepted below the cutoff afterwards is at least that deep. A chain shorter than the demanded depth
    // settles nothing.
    let Some(cutoff) = rest::settled_blue_score(panel.blue_score().await?, confirmations) else {
        run.unchanged()?;
        return Ok(None);
    };
    let transactions = TxIdBatch::new(ids.clone()).ok_or_else(|| unreadable("it has no id"))?;
    let request = Request::Acceptance { transactions, max_blue_score: cutoff };
    let mut settled = panel.settled(&request, &ids, cutoff, Route::Batch).await?;
    if !settled.contains(&true) && run.age_seconds() > SECOND_ROUTE_AFTER_SECONDS {
        // The batch forgets blue scores that this route still knows.
        settled = Vec::new();
        for id in &ids {
            let request = Request::Transaction { transaction: *id, max_blue_score: cutoff };
            settled.extend(panel.settled(&request, &[*id], cutoff, Route::Single).await?);
        }
    }
    run.unchanged()?;
    Ok(ids.into_iter().zip(settled).find(|(_, settled)| *settled).map(|(id, _)| id))
}

fn confirm<R: Runtime>(run: &Run<'_, R>, landed: TxId) -> Result<(), Halt> {
    let txid = landed.to_string();
    let before = superseded(run).iter().find(|other| other.signed.txid == txid);
    let built: Option<&BuiltTx> = before.map(|other| &other.built).or(run.transfer.built.as_ref());
    let fee: Amount = built.map(|built| built.fee).ok_or_else(|| unreadable("its fee is missing"))?;
    if before.is_some() {
        run.commit(|state| state.decide_superseded_landed(run.transfer.id, txid))?;
    }
    run.commit(|state| state.decide_confirmed(run.transfer.id, fee, None))
}

/// Signs the replacement, records it and sends it.
async fn replace<R: Runtime>(run: &Run<'_, R>, replacement: &BuiltTx) -> Result<Progress, Halt> {
    let unsigned = decode(Some(replacement))?;
    check(run, &unsigned).map_err(unreadable)?;
    let may_go_on = || match run.rt.read(|state| state.may_replace(run.transfer.id)) {
        true => Ok(()),
        false => Err(Halt::held("the replacement waits: an emergency is on, or the transfer has moved on")),
    };
    let transaction = sign::complete(run, &unsigned, may_go_on).await?;
    let signed = sign::to_record(&transaction)?;
    run.commit(|state| state.decide_replacement_signed(run.transfer.id, signed))?;
    let transfer = run.rt.read(|state| state.transfer(run.transfer.id)).ok_or(Halt::Changed)?;
    let run = Run { rt: run.rt, transfer, wallet: run.wallet.clone(), turn: run.turn };
    send(&run, transaction).await
}

/// Leaves to people what nodes keep refusing, unless a transaction of the transfer was accepted, however lately.
async fn give_up<R: Runtime>(run: &Run<'_, R>, id: TxId, refusal: &SubmitOutcome) -> Result<Progress, Halt> {
    let mut accepted = panel(run).is_known_accepted(id).await?;
    for other in superseded(run) {
        accepted |= panel(run).is_known_accepted(other.signed.txid.parse().map_err(unreadable)?).await?;
    }
    run.unchanged()?;
    if accepted {
        return Ok(Progress::Waiting);
    }
    Err(Halt::Stuck(format!("not accepted within an hour, and refused by the node: {}", describe(refusal))))
}

pub(super) fn superseded<'a, R>(run: &'a Run<'_, R>) -> &'a [Superseded] {
    run.transfer.kaspa.as_ref().map_or(&[], |progress| &progress.superseded)
}

/// Offers the present transaction and draws the consequence of what the node says. One that replaces another is offered in its place
/// first, and then like any other: the node may have lost the one before it.
async fn send<R: Runtime>(run: &Run<'_, R>, transaction: Transaction) -> Result<Progress, Halt> {
    let replaces = !superseded(run).is_empty();
    if replaces && panel(run).offer(&Request::Replace(transaction.clone())).await? == SubmitOutcome::Accepted {
        return Ok(taken(run));
    }
    let outcome = panel(run).offer(&Request::Submit(transaction.clone())).await?;
    if let SubmitOutcome::Rejected { reason: Rejection::Unrecognised, .. } = outcome {
        metrics::unrecognised_refusal();
    }
    match outcome {
        SubmitOutcome::Accepted => Ok(taken(run)),
        // A node that keeps what this one is to replace refuses nothing: one of the two will land.
        SubmitOutcome::Conflict { with } if is_superseded(run, with) => {
            let why = format!("the node keeps transaction {with}, which this one is to replace");
            waits::note(run.transfer.id, Some(why));
            Ok(Progress::Waiting)
        }
        refusal => refused(run, &transaction, &refusal).await,
    }
}

/// A node has the present transaction, or one of the transfer's.
fn taken<R: Runtime>(run: &Run<'_, R>) -> Progress {
    waits::note(run.transfer.id, None);
    Progress::Waiting
}

fn is_superseded<R>(run: &Run<'_, R>, transaction: TxId) -> bool {
    superseded(run).iter().any(|other| other.signed.txid == transaction.to_string())
}

async fn refused<R: Runtime>(run: &Run<'_, R>, transaction: &Transaction, refusal: &SubmitOutcome) -> Result<Progress, Halt> {
    if matches!(refusal, SubmitOutcome::Rejected { reason, .. } if reason.is_forever()) {
        // Said already while everybody is asked.
        waits::note(run.transfer.id, Some(describe(refusal)));
        if let Some(progress) = dead::end_of(run, transaction).await? {
            return Ok(progress);
        }
    }
    match is_refusal(refusal) && run.age_seconds() >= PATIENCE_SECONDS {
        true => give_up(run, transaction.id(), refusal).await,
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
fn not_taken(outcome: &SubmitOutcome) -> Halt {
    let problem = format!("the transaction was not taken: {}", describe(outcome));
    if matches!(outcome, SubmitOutcome::Unknown { .. }) { Halt::Trouble(problem) } else { Halt::NotNow(problem) }
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

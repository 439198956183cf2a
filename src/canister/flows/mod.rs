//! Flows: all code that awaits calls on behalf of a transfer.
//!
//! A flow takes one transfer from its recorded status as far as possible. Each step is recorded before the call that makes it real. So the
//! next run continues from the record after a trap, an upgrade or a lost answer.
//!
//! ```text
//! Reserved | Expired  read the chain, build, compare with the request     → Built      (Failed when it cannot be built)
//! Built               sign exactly the recorded bytes, verify             → Signed     (client-side wallets: wait for the owner)
//! Signed              record first, then broadcast                        → Submitted
//! Submitted           ask the chain; send the same bytes again            → Confirmed | Failed | Expired
//! ```
//!
//! | file | subject |
//! |---|---|
//! | `context` | the transfer that a run works on, and the checks after each await |
//! | `error`, `progress` | reasons to stop, and the result of a run |
//! | `chain_flow` | the trait of the steps that every chain has to offer |
//! | `registry` | the one selection of a chain's code |
//! | `kaspa`, `solana` | the steps on each chain |
//! | `providers` | the providers of every chain: order, quorum, health, the calls themselves |
//! | `transform` | the reduction of answers on which the replicas then agree |
//! | `balances` | the record of a balance as a chain reports it |
//! | `minimum_balance` | the part of a balance that a wallet keeps |
//! | `client_side` | transfers that the wallet's owner signs |
//! | `waiting` | reasons for which transfers wait |

mod balances;
mod chain_flow;
mod client_side;
mod context;
mod error;
pub mod kaspa;
mod minimum_balance;
mod progress;
mod providers;
mod registry;
pub mod solana;
mod transform;
mod waiting;

pub use balances::{KeyBalance, ProviderError};
pub use chain_flow::{ConcurrencyKey, Exclusion};
pub use context::EMERGENCY;
pub use progress::Progress;
pub use providers::{Health, ProviderStatus};
pub use registry::{concurrency_key, follow_up, list_providers, refresh};
pub use waiting::{reason as why_waiting, retain as retain_reasons};

use crate::ports::Runtime;
use context::TransferContext;
use error::{AnswerCause, FlowError};
use progress::StopAfter;
use providers::Budget;
use purser_core::base::TransferId;
use purser_core::policy::ReasonCode;
use purser_core::state::{Decided, Refusal};
use purser_core::transfer::{Status, Transfer};
use purser_core::wallet::Signing;

/// The most transactions built for one transfer. Each that is proven dead costs a signature; after these the agent has to ask again.
pub(crate) const MAX_ATTEMPTS: u32 = 8;
/// The time within which a transfer has to be built, in seconds. No transaction of it can land, so that its end is safe.
pub(crate) const BUILD_WITHIN_SECONDS: u64 = 86_400;

/// Takes a transfer as far as possible. `provider_offset` is the place of the provider that is asked first.
pub async fn drive<R: Runtime>(rt: &R, id: TransferId, provider_offset: usize) -> Progress {
    drive_until(rt, id, provider_offset, StopAfter::Waiting).await
}

/// Builds a transfer's transaction and goes no further. [`Progress::Again`] when there is one to be signed.
pub async fn build<R: Runtime>(rt: &R, id: TransferId, provider_offset: usize) -> Progress {
    drive_until(rt, id, provider_offset, StopAfter::Built).await
}

async fn drive_until<R: Runtime>(rt: &R, id: TransferId, provider_offset: usize, stop_after: StopAfter) -> Progress {
    let Some(transfer) = rt.read(|state| state.transfer(id)) else {
        waiting::record(id, None);
        return Progress::Ended;
    };
    let (chain, before) = (transfer.request.asset.chain(), step_of(&transfer));
    let result = advance(rt, transfer, provider_offset, stop_after).await;
    let stood_still = || rt.read(|state| state.transfer(id)).as_ref().map(step_of) == Some(before);
    // Where not every run offers the bytes again, the reason that a node gave stands until the next offer.
    let keeps_reason = registry::keeps_reason(chain) && result == Ok(Progress::Waiting) && stood_still();
    if !keeps_reason {
        waiting::record(id, result.as_ref().err().and_then(FlowError::waiting_reason));
    }
    settle(rt, id, result)
}

fn step_of(transfer: &Transfer) -> (Status, u32) {
    (transfer.status, transfer.attempt)
}

/// Takes the steps of a transfer, one after another, until one has to wait. The transfer is read again after each.
async fn advance<R: Runtime>(
    rt: &R,
    mut transfer: Transfer,
    provider_offset: usize,
    stop_after: StopAfter,
) -> Result<Progress, FlowError> {
    let (id, budget) = (transfer.id, Budget::default());
    loop {
        let wallet = rt.read(|state| state.wallet(transfer.request.wallet));
        let wallet = wallet.ok_or_else(|| FlowError::Transient("the transfer's wallet is unknown".to_owned()))?;
        let context = TransferContext { rt, transfer, wallet, provider_offset, budget: budget.clone() };
        match context.transfer.status {
            Status::Reserved | Status::Expired | Status::Built if context.must_cancel() => {
                return context.end_simulation("simulated: transfers on this chain are only tried out since an upgrade");
            }
            Status::Reserved | Status::Expired => build_transaction(&context).await?,
            Status::Built if stop_after == StopAfter::Built => return Ok(Progress::Again),
            Status::Built if context.transfer.simulated => {
                return context.end_simulation("simulated: everything but the signature");
            }
            Status::Built if context.wallet.signing == Signing::ClientSide => return client_side::await_signature(&context),
            Status::Built => sign(&context).await?,
            Status::Signed => return submit(&context).await,
            Status::Submitted => return registry::follow(&context).await,
            Status::AwaitingApproval => return await_approval(&context),
            Status::Confirmed | Status::Failed | Status::Cancelled | Status::Rejected | Status::Quarantined => {
                return Ok(Progress::Ended);
            }
        }
        let Some(advanced) = rt.read(|state| state.transfer(id)) else { return Ok(Progress::Ended) };
        transfer = advanced;
    }
}

/// Lets an approved transfer go on, or ends one that was not approved in time.
fn await_approval<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    let (rt, id) = (context.rt, context.transfer.id);
    match rt.read(|state| state.decide_pending_approval(id, rt.now()))? {
        Some(decided) => {
            rt.commit(decided);
            Ok(Progress::Again)
        }
        None => Ok(Progress::Waiting),
    }
}

async fn build_transaction<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    context.recheck()?;
    if context.transfer.attempt >= MAX_ATTEMPTS {
        let why = format!("{MAX_ATTEMPTS} transactions were built and none landed; all are provably dead");
        return Err(FlowError::Refused(ReasonCode::AttemptsExhausted, why));
    }
    if context.age_seconds() >= BUILD_WITHIN_SECONDS {
        return Err(FlowError::Refused(ReasonCode::NotBuiltInTime, "not built within a day".to_owned()));
    }
    registry::build(context).await
}

async fn sign<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    context.recheck()?;
    registry::sign(context).await
}

async fn submit<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    context.recheck()?;
    registry::submit(context).await
}

/// Turns the result of a run into progress, and records the end of a transfer that the run ends.
fn settle<R: Runtime>(rt: &R, id: TransferId, result: Result<Progress, FlowError>) -> Progress {
    match result {
        Ok(progress) => progress,
        Err(FlowError::Changed) => Progress::Again,
        Err(FlowError::Blocked(_)) => Progress::Blocked,
        Err(FlowError::Waiting(_)) => Progress::Waiting,
        Err(FlowError::Transient(problem)) => Progress::Transient(problem),
        Err(FlowError::RateLimited(problem)) => Progress::RateLimited(problem),
        Err(FlowError::Deferred(problem)) => Progress::Deferred(problem),
        Err(FlowError::Unusable(answer)) if answer.cause == AnswerCause::RateLimited => Progress::RateLimited(answer.to_string()),
        Err(FlowError::Unusable(answer)) => Progress::Transient(answer.to_string()),
        Err(FlowError::Refused(code, note)) if nothing_may_land(rt, id) => {
            end(rt, rt.read(|state| state.decide_abandoned(id, code, note)))
        }
        Err(FlowError::Refused(code, note) | FlowError::NeedsOperator(code, note)) => {
            end(rt, rt.read(|state| state.decide_quarantine_by_canister(id, code, note)))
        }
    }
}

/// Whether the transfer has no transaction that could land. Only then may its end release the money.
fn nothing_may_land<R: Runtime>(rt: &R, id: TransferId) -> bool {
    let status = rt.read(|state| state.transfer(id)).map(|transfer| transfer.status);
    matches!(status, Some(Status::Reserved | Status::Expired))
}

fn end<R: Runtime>(rt: &R, decided: Result<Decided, Refusal>) -> Progress {
    match decided {
        Ok(decided) => {
            rt.commit(decided);
            Progress::Ended
        }
        Err(refusal) => Progress::Transient(refusal.to_string()),
    }
}

#[cfg(test)]
mod tests;

//! Everything that awaits. A flow takes one transfer from its durable status as far as it gets, recording every step before the call
//! that makes it real, so that whoever comes after a trap, an upgrade or a lost answer continues from the record.
//!
//! ```text
//! Reserved | Expired  read the chain, build, compare with the intent      → Built      (Failed when it cannot be built)
//! Built               sign exactly the recorded bytes, verify             → Signed    (client-side wallets: wait for the owner)
//! Signed              record first, then broadcast                        → Submitted
//! Submitted           ask the chain; send the same bytes again            → Confirmed | Failed | Expired
//! ```

mod balances;
mod client_side;
pub mod kaspa;
mod outcalls;
mod providers;
mod reserve;
mod solana;
pub mod transform;
mod waits;

pub use balances::{Balances, Observed, ProviderError, TokenHolding, refresh, token_balances};
pub use providers::{Health, health};
pub use waits::{reason as why_waiting, retain as retain_reasons};

use crate::metrics;
use crate::ports::{CallError, Runtime, SigningKey};
use purser_core::base::{Amount, Chain, SECOND_NS, TransferId};
use purser_core::chains::kaspa::rest::Failure;
use purser_core::policy::ReasonCode;
use purser_core::state::{Decided, Recheck, Refusal};
use purser_core::transfer::{Status, Transfer};
use purser_core::wallet::{Signing, Wallet, derivation_path};

/// The most transactions built for one transfer. Each proven dead costs a signature; past this an agent has to ask anew.
const MAX_ATTEMPTS: u32 = 8;
/// How long a transfer without an attempt that could land is tried. Giving it up then is safe; whoever still wants it asks anew.
const BUILD_WITHIN_SECONDS: u64 = 86_400;
/// Why everything waits in an emergency.
pub const EMERGENCY: &str = "an emergency is on; it waits for that to end";
/// Why a transfer waits for the money that others of the same wallet may move.
const MONEY_OF_OTHERS: &str = "the wallet's other transfers under way may take the money; it waits for them to end";

/// How far a transfer got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has ended, or is left to people.
    Ended,
    /// Something moved; there is more to do at once.
    Again,
    /// The chain has to move first.
    Waiting,
    /// An emergency or an earlier transfer of the same wallet has to end first, or money has to show that is there.
    Blocked,
    /// A call failed or an answer is of no use. Another provider may do better.
    Transient(String),
    /// Too many providers ask for fewer questions; it is tried again as after a trouble, and nobody is to blame.
    RateLimited(String),
    /// The chain answers, and what it says is that this cannot be done now: the fee rate is too high for what can wait, a node does not
    /// take the transaction. No provider is to blame; it is tried again as after a trouble.
    Deferred(String),
}

/// Why a flow stops.
#[derive(Clone, Debug, PartialEq, Eq)]
enum FlowError {
    /// Somebody else changed the transfer during an await.
    Changed,
    /// See [`Progress::Blocked`]; with what it waits for.
    Blocked(String),
    /// See [`Progress::Waiting`]; with what the chain has shown so far.
    Waiting(String),
    /// See [`Progress::Transient`].
    Transient(String),
    /// See [`Progress::RateLimited`].
    RateLimited(String),
    /// See [`Progress::Deferred`].
    Deferred(String),
    /// A Kaspa provider answered something of no use; otherwise as trouble.
    UnusableAnswer(Failure),
    /// The transfer cannot be built, ever; nothing of it can land.
    Unbuildable(String),
    /// The same, for a reason that programs can tell.
    Refused(ReasonCode, String),
    /// The transfer may land, but people have to look.
    NeedsOperator(String),
}

impl From<CallError> for FlowError {
    fn from(error: CallError) -> Self {
        if error.is_rate_limited() { Self::RateLimited(error.to_string()) } else { Self::Transient(error.to_string()) }
    }
}

/// What the canister's own state refuses is no provider's fault, and no reason to open a chain's breaker.
impl From<Refusal> for FlowError {
    fn from(refusal: Refusal) -> Self {
        Self::Deferred(refusal.to_string())
    }
}

impl FlowError {
    /// Stops until something else has happened.
    fn blocked(why: impl Into<String>) -> Self {
        Self::Blocked(why.into())
    }

    /// Why a transfer waits that stops like this; `None` when it goes on or ends.
    fn why_it_waits(&self) -> Option<String> {
        match self {
            Self::Blocked(why) | Self::Waiting(why) => Some(why.clone()),
            Self::Transient(problem) | Self::RateLimited(problem) | Self::Deferred(problem) => {
                Some(format!("{problem}; it is tried again"))
            }
            Self::UnusableAnswer(failure) => Some(format!("Kaspa: {failure}; it is tried again")),
            Self::Changed | Self::Unbuildable(_) | Self::Refused(..) | Self::NeedsOperator(_) => None,
        }
    }
}

/// What one run of a flow works with.
struct TransferContext<'a, R> {
    rt: &'a R,
    /// The transfer as it stood when the step began.
    transfer: Transfer,
    wallet: Wallet,
    /// Picks the provider; the next run gets a higher one after trouble.
    provider_offset: usize,
}

/// Takes a transfer as far as it gets. `provider_offset` picks the provider: the next one after each that failed.
pub async fn drive<R: Runtime>(rt: &R, id: TransferId, provider_offset: usize) -> Progress {
    drive_until(rt, id, provider_offset, StopAfter::Waiting).await
}

async fn drive_until<R: Runtime>(rt: &R, id: TransferId, provider_offset: usize, stop_after: StopAfter) -> Progress {
    let stands = || rt.read(|state| state.transfer(id)).map(|transfer| (transfer.status, transfer.attempt));
    let before = stands();
    let came_to = advance(rt, id, provider_offset, stop_after).await;
    let on_kaspa = rt.read(|state| state.transfer(id)).is_some_and(|transfer| transfer.request.asset.chain() == Chain::Kaspa);
    // On Kaspa not every look sends again: what a node said of the bytes stands until they are sent again.
    if !(on_kaspa && came_to == Ok(Progress::Waiting) && stands() == before) {
        waits::note(id, came_to.as_ref().err().and_then(FlowError::why_it_waits));
    }
    settle(rt, id, came_to)
}

/// Records what a run came to, when it came to an end.
fn settle<R: Runtime>(rt: &R, id: TransferId, came_to: Result<Progress, FlowError>) -> Progress {
    match came_to {
        Ok(progress) => progress,
        Err(FlowError::Changed) => Progress::Again,
        Err(FlowError::Blocked(_)) => Progress::Blocked,
        Err(FlowError::Waiting(_)) => Progress::Waiting,
        Err(FlowError::Transient(problem)) => Progress::Transient(problem),
        Err(FlowError::RateLimited(problem)) => Progress::RateLimited(problem),
        Err(FlowError::Deferred(problem)) => Progress::Deferred(problem),
        Err(FlowError::UnusableAnswer(failure @ Failure::RateLimited)) => Progress::RateLimited(format!("Kaspa: {failure}")),
        Err(FlowError::UnusableAnswer(failure)) => Progress::Transient(format!("Kaspa: {failure}")),
        Err(FlowError::Unbuildable(note)) if nothing_built(rt, id) => {
            end(rt, rt.read(|state| state.decide_failed(id, Amount::ZERO, Some(note))))
        }
        Err(FlowError::Refused(code, note)) if nothing_built(rt, id) => {
            end(rt, rt.read(|state| state.decide_abandoned(id, code, note)))
        }
        Err(FlowError::Unbuildable(note) | FlowError::Refused(_, note) | FlowError::NeedsOperator(note)) => {
            end(rt, rt.read(|state| state.decide_quarantined(id, Some(note))))
        }
    }
}

/// Builds a transfer's transaction and goes no further: [`Progress::Again`] when there is one to be signed.
pub async fn build<R: Runtime>(rt: &R, id: TransferId, provider_offset: usize) -> Progress {
    drive_until(rt, id, provider_offset, StopAfter::Built).await
}

/// Whether there is no attempt that could land. Only then does an unbuildable transfer give its money free.
fn nothing_built<R: Runtime>(rt: &R, id: TransferId) -> bool {
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

/// How far a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopAfter {
    /// To a built transaction.
    Built,
    /// As far as it gets.
    Waiting,
}

async fn advance<R: Runtime>(rt: &R, id: TransferId, provider_offset: usize, stop_after: StopAfter) -> Result<Progress, FlowError> {
    loop {
        let Some(transfer) = rt.read(|state| state.transfer(id)) else {
            return Ok(Progress::Ended);
        };
        let wallet = rt.read(|state| state.wallet(transfer.request.wallet));
        let wallet = wallet.ok_or_else(|| FlowError::Transient("the transfer's wallet is unknown".to_owned()))?;
        let status = transfer.status;
        let context = TransferContext { rt, transfer, wallet, provider_offset };
        match status {
            Status::Reserved | Status::Expired | Status::Built if context.must_cancel() => {
                return context.end_simulation("simulated: transfers on this chain are only tried out since an upgrade");
            }
            Status::Reserved | Status::Expired => context.build().await?,
            Status::Built if stop_after == StopAfter::Built => return Ok(Progress::Again),
            Status::Built if context.transfer.simulated => {
                return context.end_simulation("simulated: everything but the signature");
            }
            Status::Built if context.wallet.signing == Signing::ClientSide => return client_side::wait(&context),
            Status::Built => context.sign().await?,
            Status::Signed => return context.submit().await,
            Status::Submitted => return context.follow().await,
            Status::AwaitingApproval => return context.wait_for_approval(),
            Status::Confirmed | Status::Failed | Status::Cancelled | Status::Rejected | Status::Quarantined => {
                return Ok(Progress::Ended);
            }
        }
    }
}

impl<R: Runtime> TransferContext<'_, R> {
    fn chain(&self) -> Chain {
        self.transfer.request.asset.chain()
    }

    /// Lets the transfer go on, or ends it, once its time has come.
    fn wait_for_approval(&self) -> Result<Progress, FlowError> {
        let id = self.transfer.id;
        match self.rt.read(|state| state.decide_waiting(id, self.rt.now()))? {
            Some(decided) => {
                self.rt.commit(decided);
                Ok(Progress::Again)
            }
            None => Ok(Progress::Waiting),
        }
    }

    async fn build(&self) -> Result<(), FlowError> {
        self.recheck()?;
        if self.transfer.attempt >= MAX_ATTEMPTS {
            return Err(FlowError::Unbuildable(format!(
                "{MAX_ATTEMPTS} transactions were built and none landed; all are provably dead"
            )));
        }
        if self.age_seconds() >= BUILD_WITHIN_SECONDS {
            return Err(FlowError::Unbuildable("not built within a day".to_owned()));
        }
        match self.chain() {
            Chain::Solana => solana::build(self).await,
            Chain::Kaspa => kaspa::build(self).await,
        }
    }

    /// The policies once more, before anything is built and again right before it is recorded: what they do not allow any more is called
    /// off. What only the stage of operation holds back waits for the next one.
    fn judge_again(&self) -> Result<(), FlowError> {
        match self.rt.read(|state| state.recheck(self.transfer.id, self.rt.now())) {
            Recheck::Passed => Ok(()),
            Recheck::Deferred(why) => Err(FlowError::blocked(format!("it waits for the mode of operation to change: {why}"))),
            Recheck::Denied(code, why) => Err(FlowError::Refused(code, format!("not allowed any more: {why}"))),
        }
    }

    /// Whether the transfer was to be carried out when it was asked for, and its chain is only simulated by now.
    fn must_cancel(&self) -> bool {
        !self.transfer.simulated && self.rt.read(|state| state.is_simulated(&self.transfer))
    }

    /// What is only simulated goes no further than its bytes.
    fn end_simulation(&self, note: &str) -> Result<Progress, FlowError> {
        self.commit(|state| state.decide_cancel_by_canister(self.transfer.id, note.to_owned()))?;
        Ok(Progress::Ended)
    }

    /// The revocation that the transfer has been given by now, if one counts. It may have come during an await.
    fn revocation(&self) -> Option<TransferId> {
        self.rt.read(|state| state.transfer(self.transfer.id).and_then(|transfer| state.revocation_of(&transfer)))
    }

    async fn sign(&self) -> Result<(), FlowError> {
        self.recheck()?;
        match self.chain() {
            Chain::Solana => solana::sign(self).await,
            Chain::Kaspa => kaspa::sign(self).await,
        }
    }

    async fn submit(&self) -> Result<Progress, FlowError> {
        self.recheck()?;
        match self.chain() {
            Chain::Solana => solana::submit(self).await.map(|()| Progress::Waiting),
            Chain::Kaspa => kaspa::submit(self).await,
        }
    }

    async fn follow(&self) -> Result<Progress, FlowError> {
        match self.chain() {
            Chain::Solana => solana::follow(self).await,
            Chain::Kaspa => kaspa::follow(self).await,
        }
    }

    /// Decides again, after an await and before anything irreversible: is this still the same attempt, and may it go on?
    fn recheck(&self) -> Result<(), FlowError> {
        self.unchanged()?;
        if !self.rt.read(|state| state.may_progress(self.transfer.id)) {
            return Err(FlowError::blocked(EMERGENCY));
        }
        // What is built has to run its course.
        if self.transfer.status.is_before_building() { self.judge_again() } else { Ok(()) }
    }

    /// Whether the transfer stands where it stood when this step began.
    fn unchanged(&self) -> Result<(), FlowError> {
        let now = self.rt.read(|state| state.transfer(self.transfer.id)).ok_or(FlowError::Changed)?;
        let same = now.status == self.transfer.status && now.attempt == self.transfer.attempt;
        if same { Ok(()) } else { Err(FlowError::Changed) }
    }

    /// Decides and commits in one message.
    fn commit(
        &self,
        decide: impl FnOnce(&purser_core::state::State<R::Memory>) -> Result<Decided, Refusal>,
    ) -> Result<(), FlowError> {
        let decided = self.rt.read(decide)?;
        self.rt.commit(decided);
        Ok(())
    }

    /// The threshold signature of the transfer's source key. Never for a wallet whose keys its owner holds: the derived key would be
    /// another one, and the owner alone decides what those wallets sign.
    async fn signature(&self, message: &[u8]) -> Result<Vec<u8>, FlowError> {
        if self.wallet.signing != Signing::Threshold {
            return Err(FlowError::NeedsOperator("a threshold signature was asked for though the wallet's owner signs".to_owned()));
        }
        let kind = self.transfer.request.source;
        let config = self.rt.read(|state| state.config().clone());
        let derivation_path = derivation_path(kind, config.path_name(kind.chain()), self.wallet.id);
        let key = SigningKey { kind, name: config.key_name, derivation_path };
        let answer = self.rt.sign(&key, message).await;
        metrics::signature(answer.is_ok());
        Ok(answer?)
    }

    /// What other transfers of this wallet on this chain have under way: they may move the same money.
    fn others_in_flight(&self) -> Vec<Transfer> {
        let mut others = self.rt.read(|state| state.active_transfers_of(self.wallet.id));
        others.retain(|other| {
            other.id != self.transfer.id
                && other.request.asset.chain() == self.chain()
                && matches!(other.status, Status::Built | Status::Signed | Status::Submitted)
        });
        others
    }

    fn is_emergency(&self) -> bool {
        self.rt.read(|state| state.mode().is_emergency())
    }

    /// Seconds since the transfer last changed.
    fn age_seconds(&self) -> u64 {
        self.rt.now().nanos_since(self.transfer.updated_at) / SECOND_NS
    }
}

/// A record the canister made itself does not read back: nothing may be signed or sent on it.
fn unreadable(error: impl std::fmt::Display) -> FlowError {
    FlowError::NeedsOperator(format!("the recorded transaction cannot be used: {error}"))
}

#[cfg(test)]
mod tests;

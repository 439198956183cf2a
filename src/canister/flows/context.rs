//! Data and checks that every step of a transfer's flow works with.

use super::error::FlowError;
use super::progress::Progress;
use super::providers::Budget;
use crate::metrics;
use crate::ports::{Runtime, SigningKey};
use purser_core::base::{Chain, SECOND_NS, TransferId};
use purser_core::policy::ReasonCode;
use purser_core::state::{Decided, Recheck, Refusal, State};
use purser_core::transfer::{Status, Transfer};
use purser_core::wallet::{Signing, Wallet, derivation_path};

/// The reason for which transfers wait in an emergency.
pub const EMERGENCY: &str = "an emergency is on; it waits for that to end";
/// The reason for which a transfer waits for money that other transfers of the wallet may take.
pub(super) const MONEY_OF_OTHERS: &str = "the wallet's other transfers under way may take the money; it waits for them to end";

/// The transfer that a run works on, with its wallet.
pub(super) struct TransferContext<'a, R> {
    /// The access to the outside.
    pub(super) rt: &'a R,
    /// The transfer as it stood when the step began.
    pub(super) transfer: Transfer,
    /// The wallet that pays.
    pub(super) wallet: Wallet,
    /// The place of the provider that is asked first. The schedule advances it after each failure.
    pub(super) provider_offset: usize,
    /// The calls to providers that the run may still make.
    pub(super) budget: Budget,
}

impl<R: Runtime> TransferContext<'_, R> {
    /// The chain of the transfer's asset.
    pub(super) fn chain(&self) -> Chain {
        self.transfer.request.asset.chain()
    }

    /// The same context with the transfer as it is recorded now.
    ///
    /// # Errors
    /// When the transfer is no longer recorded.
    pub(super) fn reloaded(&self) -> Result<Self, FlowError> {
        let transfer = self.rt.read(|state| state.transfer(self.transfer.id)).ok_or(FlowError::Changed)?;
        Ok(Self {
            rt: self.rt,
            transfer,
            wallet: self.wallet.clone(),
            provider_offset: self.provider_offset,
            budget: self.budget.clone(),
        })
    }

    /// Checks after an await, before anything irreversible, that the transfer is unchanged and may still go on.
    ///
    /// # Errors
    /// When the transfer was changed, an emergency is on, or the policies do not allow a transfer that is not built yet.
    pub(super) fn recheck(&self) -> Result<(), FlowError> {
        self.unchanged()?;
        if !self.rt.read(|state| state.may_progress(self.transfer.id)) {
            return Err(FlowError::blocked(EMERGENCY));
        }
        // A built transaction may be signed and sent already, so that a changed policy could not stop it.
        if self.transfer.status.awaits_build() { self.recheck_policies() } else { Ok(()) }
    }

    /// Checks that the transfer has the status and the attempt with which the step began.
    ///
    /// # Errors
    /// When another message changed the transfer.
    pub(super) fn unchanged(&self) -> Result<(), FlowError> {
        let now = self.rt.read(|state| state.transfer(self.transfer.id)).ok_or(FlowError::Changed)?;
        let same = now.status == self.transfer.status && now.attempt == self.transfer.attempt;
        if same { Ok(()) } else { Err(FlowError::Changed) }
    }

    /// Evaluates the policies once more, before the build and again right before its record.
    fn recheck_policies(&self) -> Result<(), FlowError> {
        match self.rt.read(|state| state.recheck(self.transfer.id, self.rt.now())) {
            Recheck::Passed => Ok(()),
            Recheck::Deferred(why) => Err(FlowError::blocked(format!("it waits for the mode of operation to change: {why}"))),
            Recheck::Denied(code, why) => Err(FlowError::Refused(code, format!("not allowed any more: {why}"))),
        }
    }

    /// Decides and commits in one message.
    ///
    /// # Errors
    /// When the state refuses the decision.
    pub(super) fn commit(&self, decide: impl FnOnce(&State<R::Memory>) -> Result<Decided, Refusal>) -> Result<(), FlowError> {
        let decided = self.rt.read(decide)?;
        self.rt.commit(decided);
        Ok(())
    }

    /// The threshold signature of a message by the transfer's source key.
    ///
    /// # Errors
    /// When the signer gives none, or the owner of the wallet holds its keys: the derived key would be another one.
    pub(super) async fn signature(&self, message: &[u8]) -> Result<Vec<u8>, FlowError> {
        if self.wallet.signing != Signing::Threshold {
            let why = "a threshold signature was asked for though the wallet's owner signs";
            return Err(FlowError::NeedsOperator(ReasonCode::SignerError, why.to_owned()));
        }
        let kind = self.transfer.request.source;
        let config = self.rt.read(|state| state.config().clone());
        let derivation_path = derivation_path(kind, config.path_name(kind.chain()), self.wallet.id);
        let key = SigningKey { kind, name: config.key_name, derivation_path };
        let answer = self.rt.sign(&key, message).await;
        metrics::signature(answer.is_ok());
        Ok(answer?)
    }

    /// Whether the transfer was requested to be carried out, but its chain is only simulated since an upgrade.
    pub(super) fn must_cancel(&self) -> bool {
        !self.transfer.simulated && self.rt.read(|state| state.is_simulated(&self.transfer))
    }

    /// Cancels a transfer that is only simulated, before its signature.
    ///
    /// # Errors
    /// When the state refuses the cancellation.
    pub(super) fn end_simulation(&self, note: &str) -> Result<Progress, FlowError> {
        self.commit(|state| state.decide_cancel_by_canister(self.transfer.id, ReasonCode::SimulationOnly, note.to_owned()))?;
        Ok(Progress::Ended)
    }

    /// The revocation that counts for the transfer now. It may have been requested during an await.
    pub(super) fn revocation(&self) -> Option<TransferId> {
        self.rt.read(|state| state.transfer(self.transfer.id).and_then(|transfer| state.revocation_of(&transfer)))
    }

    /// The other transfers of this wallet on this chain with a transaction that may land. They may move the same money.
    pub(super) fn others_in_flight(&self) -> Vec<Transfer> {
        let mut others = self.rt.read(|state| state.active_transfers_of(self.wallet.id));
        others.retain(|other| {
            other.id != self.transfer.id
                && other.request.asset.chain() == self.chain()
                && matches!(other.status, Status::Built | Status::Signed | Status::Submitted)
        });
        others
    }

    /// Whether an emergency is on.
    pub(super) fn is_emergency(&self) -> bool {
        self.rt.read(|state| state.mode().is_emergency())
    }

    /// The time since the transfer last changed, in seconds.
    pub(super) fn age_seconds(&self) -> u64 {
        self.rt.now().nanos_since(self.transfer.updated_at) / SECOND_NS
    }
}

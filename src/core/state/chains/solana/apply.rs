//! Effects of events about Solana: settings, providers, and the nonce accounts that transfers stand on.

use crate::base::Timestamp;
use crate::chains::registry::Progress;
use crate::chains::solana::transfer::{NonceOperation, NonceRecord, NonceStatus, SolanaEvent, SolanaProgress};
use crate::state::State;
use crate::transfer::{BuiltTx, Status, Transfer};
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Applies an event of Solana.
    pub(in crate::state) fn apply_solana(&mut self, event: &SolanaEvent, at: Timestamp) {
        match event {
            SolanaEvent::SettingsSet { wallet, settings } => self.tables.chains.solana.set_settings(*wallet, settings),
            SolanaEvent::FellBack { id, index, reason } => {
                let wallet = self.existing_transfer(*id).request.wallet;
                let broken = NonceRecord { status: NonceStatus::Broken { reason: reason.clone() }, holder: None };
                self.tables.chains.solana.set_nonce(wallet, *index, Some(&broken));
            }
            SolanaEvent::NonceFound { id, index } => {
                let wallet = self.existing_transfer(*id).request.wallet;
                self.tables.chains.solana.set_nonce(
                    wallet,
                    *index,
                    Some(&NonceRecord { status: NonceStatus::Ready, holder: None }),
                );
            }
            // The key is a secret and is stored beside the log.
            SolanaEvent::ProviderKeySet { .. } => {}
            SolanaEvent::NonceUnchanged { id } => {
                let mut transfer = self.existing_transfer(*id);
                transfer.updated_at = at;
                self.tables.set_transfer(&transfer);
            }
            SolanaEvent::DeadlineSet { id, height } => {
                let mut transfer = self.existing_transfer(*id);
                progress_mut(&mut transfer).deadline_height = Some(*height);
                transfer.updated_at = at;
                self.tables.set_transfer(&transfer);
            }
            SolanaEvent::ProviderPinned { url, genesis } => {
                let genesis = genesis[..].try_into().expect("BUG: a genesis hash that is none");
                self.tables.chains.solana.set_provider_genesis(url, genesis);
            }
        }
    }

    /// Records the nonce account that a new transfer creates, or the revocation of another transfer.
    pub(super) fn nonce_reserved(&mut self, transfer: &Transfer) {
        match transfer.request.nonce_operation() {
            Some(NonceOperation::Create { index }) => {
                let record = NonceRecord { status: NonceStatus::Creating { transfer: transfer.id }, holder: None };
                self.tables.chains.solana.set_nonce(transfer.request.wallet, index, Some(&record));
            }
            Some(NonceOperation::Revoke { transfer: id }) => {
                let mut revoked = self.existing_transfer(id);
                progress_mut(&mut revoked).revoked_by = Some(transfer.id);
                self.tables.set_transfer(&revoked);
            }
            None => {}
        }
    }

    /// Makes a built transfer the holder of the nonce on which it stands, unless it is only simulated.
    pub(super) fn nonce_built(&mut self, transfer: &Transfer, built: &BuiltTx) {
        let used = built.details.solana().and_then(|built| built.nonce.as_ref());
        let takes = !transfer.request.is_operation() && !transfer.simulated;
        let Some(used) = used.filter(|_| takes) else { return };
        let wallet = transfer.request.wallet;
        let record = NonceRecord { status: NonceStatus::Ready, holder: Some(transfer.id) };
        self.tables.chains.solana.set_nonce(wallet, used.index, Some(&record));
    }

    /// Releases the nonce of a transfer that has landed or is proven dead.
    ///
    /// A revocation of it that may still land holds the nonce until it has ended too: it would use up whatever value it finds, and with
    /// it the nonce on which another transfer stands.
    pub(super) fn nonce_released(&mut self, transfer: &Transfer) {
        let Some(index) = transfer.nonce_index().or(transfer.advanced_nonce_index()) else { return };
        let wallet = transfer.request.wallet;
        if let Some(record) = self.tables.chains.solana.nonce(wallet, index).filter(|record| record.holder == Some(transfer.id)) {
            let revocation =
                transfer.progress.solana().and_then(|progress| progress.revoked_by).map(|id| self.existing_transfer(id));
            let may_land = |other: &Transfer| !other.status.is_terminal() && !other.status.awaits_build();
            let holder =
                revocation.filter(|other| may_land(other) && other.advanced_nonce_index() == Some(index)).map(|other| other.id);
            self.tables.chains.solana.set_nonce(wallet, index, Some(&NonceRecord { holder, ..record }));
        }
    }

    /// Releases the nonce of a settled transfer, and records the result of one that was to create a nonce account.
    pub(super) fn nonce_settled(&mut self, transfer: &Transfer, status: Status) {
        self.nonce_released(transfer);
        if let Some(NonceOperation::Create { index }) = transfer.request.nonce_operation() {
            let (wallet, creating) = (transfer.request.wallet, NonceStatus::Creating { transfer: transfer.id });
            let ready = NonceRecord { status: NonceStatus::Ready, holder: None };
            let record = (status == Status::Confirmed && !transfer.simulated).then_some(&ready);
            // Another status means that the account was found to work meanwhile, and the record is not this operation's any more.
            if self.tables.chains.solana.nonce(wallet, index).is_some_and(|record| record.status == creating) {
                self.tables.chains.solana.set_nonce(wallet, index, record);
            }
        }
    }
}

fn progress_mut(transfer: &mut Transfer) -> &mut SolanaProgress {
    match &mut transfer.progress {
        Progress::Solana(progress) => progress,
        _ => panic!("BUG: an event of another chain"),
    }
}

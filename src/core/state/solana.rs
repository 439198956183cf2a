//! What is durable on Solana only: nonce accounts, wallets' settings and pinned providers.

use super::State;
use super::tables::decode;
use crate::base::codec::to_record;
use crate::base::{Bytes, Timestamp, TransferId, WalletId};
use crate::event::TransferBuilt;
use crate::transfer::solana::{Execution, LifetimeChoice, NonceOperation, NonceRecord, NonceStatus, SolanaEvent, SolanaSettings};
use crate::transfer::{Status, Transfer};
use ic_stable_structures::Memory;
use sha2::{Digest, Sha256};

/// More at a time would only wait for the same providers.
const MAX_BUILD_SLOTS: u16 = 8;

fn provider_key(url: &str) -> [u8; 32] {
    Sha256::digest(url).into()
}

impl<M: Memory> State<M> {
    pub(super) fn apply_solana(&mut self, event: &SolanaEvent, at: Timestamp) {
        match event {
            SolanaEvent::SettingsSet { wallet, settings } => {
                self.tables.solana.settings.insert(wallet.get(), to_record(settings));
            }
            SolanaEvent::FellBack { id, index, reason } => {
                let wallet = self.existing_transfer(*id).request.wallet;
                let broken = NonceRecord { status: NonceStatus::Broken { reason: reason.clone() }, holder: None };
                self.tables.solana.set_nonce(wallet, *index, Some(&broken));
            }
            SolanaEvent::NonceFound { id, index } => {
                let wallet = self.existing_transfer(*id).request.wallet;
                self.tables.solana.set_nonce(wallet, *index, Some(&NonceRecord { status: NonceStatus::Ready, holder: None }));
            }
            // The key is kept beside the log.
            SolanaEvent::ProviderKeySet { .. } => {}
            SolanaEvent::StillLive { id } => {
                let mut transfer = self.existing_transfer(*id);
                transfer.updated_at = at;
                self.tables.set_transfer(&transfer);
            }
            SolanaEvent::ProviderPinned { url, genesis } => {
                let genesis = genesis[..].try_into().expect("BUG: a genesis hash that is none");
                self.tables.solana.providers.insert(provider_key(url), genesis);
            }
        }
    }

    /// What a new transfer does to nonce accounts.
    pub(super) fn nonce_reserved(&mut self, transfer: &Transfer) {
        match transfer.request.nonce_operation() {
            Some(NonceOperation::Create { index }) => {
                let record = NonceRecord { status: NonceStatus::Creating { transfer: transfer.id }, holder: None };
                self.tables.solana.set_nonce(transfer.request.wallet, index, Some(&record));
            }
            Some(NonceOperation::Revoke { transfer: id }) => {
                let mut revoked = self.existing_transfer(id);
                revoked.solana.get_or_insert_default().revoked_by = Some(transfer.id);
                self.tables.set_transfer(&revoked);
            }
            None => {}
        }
    }

    /// A built transaction takes the nonce that it stands on, unless it is only simulated.
    pub(super) fn nonce_built(&mut self, built: &TransferBuilt) {
        let transfer = self.existing_transfer(built.id);
        let used = built.built.solana.as_ref().and_then(|built| built.nonce.as_ref());
        let takes = transfer.request.nonce_operation().is_none() && !transfer.simulated;
        let Some(used) = used.filter(|_| takes) else { return };
        let wallet = transfer.request.wallet;
        let record = NonceRecord { status: NonceStatus::Ready, holder: Some(built.id) };
        self.tables.solana.set_nonce(wallet, used.index, Some(&record));
    }

    /// A transaction that cannot land any more, or has landed, gives its nonce free. A revocation of it that may still land keeps the
    /// nonce until that is over too: it would use up whatever value it finds, and with it what another transfer stands on.
    pub(super) fn nonce_released(&mut self, transfer: &Transfer) {
        let Some(index) = transfer.nonce_index().or(transfer.used_up_index()) else { return };
        let wallet = transfer.request.wallet;
        if let Some(record) = self.tables.solana.nonce(wallet, index).filter(|record| record.holder == Some(transfer.id)) {
            let revocation = transfer.solana.as_ref().and_then(|progress| progress.revoked_by).map(|id| self.existing_transfer(id));
            let may_land = |other: &Transfer| !other.status.is_terminal() && !other.status.is_before_building();
            let holder = revocation.filter(|other| may_land(other) && other.used_up_index() == Some(index)).map(|other| other.id);
            self.tables.solana.set_nonce(wallet, index, Some(&NonceRecord { holder, ..record }));
        }
    }

    /// The end of an operation that creates a nonce account.
    pub(super) fn nonce_settled(&mut self, transfer: &Transfer, status: Status) {
        self.nonce_released(transfer);
        if let Some(NonceOperation::Create { index }) = transfer.request.nonce_operation() {
            let (wallet, creating) = (transfer.request.wallet, NonceStatus::Creating { transfer: transfer.id });
            let ready = NonceRecord { status: NonceStatus::Ready, holder: None };
            let record = (status == Status::Confirmed && !transfer.simulated).then_some(&ready);
            // One that was found to work is not this operation's any more.
            if self.tables.solana.nonce(wallet, index).is_some_and(|record| record.status == creating) {
                self.tables.solana.set_nonce(wallet, index, record);
            }
        }
    }

    /// The revocation that keeps a transfer from landing, or has done so. One that ended without landing counts no more: the transfer is as
    /// it was before, and may be revoked again.
    pub fn revocation_of(&self, transfer: &Transfer) -> Option<TransferId> {
        let revocation = self.tables.transfer(transfer.solana.as_ref()?.revoked_by?)?;
        let counts = !revocation.status.is_terminal() || revocation.status == Status::Confirmed;
        counts.then_some(revocation.id)
    }

    /// Whether a transfer goes no further than its bytes: it was asked for when its chain was only simulated, or the chain is by now. What
    /// takes a transfer back is no payment and always carried out.
    pub fn is_simulated(&self, transfer: &Transfer) -> bool {
        let simulates = || self.config().execution(transfer.request.asset.chain()) == Execution::Simulate;
        transfer.simulated || (!transfer.is_revocation() && simulates())
    }

    /// A wallet's nonce accounts by number.
    pub fn nonces(&self, wallet: WalletId) -> Vec<(u16, NonceRecord)> {
        self.tables.solana.nonces(wallet).collect()
    }

    /// One of a wallet's nonce accounts.
    pub fn nonce(&self, wallet: WalletId, index: u16) -> Option<NonceRecord> {
        self.tables.solana.nonce(wallet, index)
    }

    /// A wallet's nonce accounts that carry transactions: those that exist, but for one that waits for people with its transfer.
    pub fn working_nonces(&self, wallet: WalletId) -> Vec<(u16, NonceRecord)> {
        let works = |record: &NonceRecord| {
            let under_way = |id: TransferId| self.tables.active.contains(&(wallet.get(), id.get()));
            record.status == NonceStatus::Ready && record.holder.is_none_or(under_way)
        };
        self.tables.solana.nonces(wallet).filter(|(_, record)| works(record)).collect()
    }

    /// How many of a wallet's transactions may be built at a time: as many as it has nonce accounts, and without nonce accounts one
    /// follows the other.
    pub fn build_slots(&self, wallet: WalletId) -> u16 {
        if self.solana_settings(wallet).lifetime == LifetimeChoice::Blockhash {
            return 1;
        }
        u16::try_from(self.working_nonces(wallet).len()).unwrap_or(MAX_BUILD_SLOTS).clamp(1, MAX_BUILD_SLOTS)
    }

    /// The build slot that a transfer is built in; see [`State::build_slots`]. It has nothing to do with the nonce account that the transaction stands
    /// on, which is any free one.
    pub fn build_slot(&self, transfer: &Transfer) -> u16 {
        let build_slots = u64::from(self.build_slots(transfer.request.wallet));
        u16::try_from(transfer.id.get() % build_slots).unwrap_or(0)
    }

    /// A wallet's settings.
    pub fn solana_settings(&self, wallet: WalletId) -> SolanaSettings {
        self.tables.solana.settings.get(&wallet.get()).map(|bytes| decode("solana settings", &bytes)).unwrap_or_default()
    }

    /// The API key of a provider. A secret: it may go into the outcall's address and nowhere else.
    pub fn provider_key(&self, url: &str) -> Option<String> {
        self.tables.solana.provider_keys.get(&provider_key(url)).and_then(|key| String::from_utf8(key).ok())
    }

    /// Keeps or forgets a provider's API key, as [`State::decide_provider_key`] allowed it. Beside [`State::commit`], because a secret
    /// must not enter the log: a state that was rebuilt from its log needs the keys again.
    pub fn keep_provider_key(&mut self, url: &str, key: Option<&str>) {
        match key {
            Some(key) => self.tables.solana.provider_keys.insert(provider_key(url), key.as_bytes().to_vec()),
            None => self.tables.solana.provider_keys.remove(&provider_key(url)),
        };
    }

    /// The highest slot in which a transaction of this canister landed, as a quorum of providers said; 0 before the first. Whoever has not
    /// reached it shows nonces that are used up already.
    pub fn reached_slot(&self) -> u64 {
        self.tables.solana.slot()
    }

    /// The genesis hash of the chain that a provider was seen to serve.
    pub fn provider_genesis(&self, url: &str) -> Option<Bytes> {
        self.tables.solana.providers.get(&provider_key(url)).map(Bytes::new)
    }
}

impl Transfer {
    /// The nonce account that the current attempt stands on.
    pub fn nonce_index(&self) -> Option<u16> {
        Some(self.built.as_ref()?.solana.as_ref()?.nonce.as_ref()?.index)
    }

    /// The nonce account whose value the current attempt uses up without standing on it.
    pub fn used_up_index(&self) -> Option<u16> {
        Some(self.built.as_ref()?.solana.as_ref()?.uses_up.as_ref()?.index)
    }

    /// Whether there are signed bytes on a nonce that may land: as long as that is not used up, whoever reads the log can send them.
    pub fn may_be_revoked(&self) -> bool {
        let is_out = matches!(self.status, Status::Signed | Status::Submitted | Status::Quarantined) && self.signed.is_some();
        is_out && self.nonce_index().is_some() && !self.is_revocation()
    }

    /// Whether the transfer only uses a nonce up, which moves no money and which no emergency should stop.
    pub fn is_revocation(&self) -> bool {
        matches!(self.request.nonce_operation(), Some(NonceOperation::Revoke { .. }))
    }
}

//! Queries about Solana: nonce accounts, settings, providers.

use crate::base::{Bytes, TransferId, WalletId};
use crate::chains::solana::transfer::{LifetimeChoice, NonceRecord, NonceStatus, SolanaSettings};
use crate::state::State;
use crate::transfer::{Status, Transfer};
use ic_stable_structures::Memory;

/// The most build slots of a wallet. More transactions built at a time would only wait for the same providers.
const MAX_BUILD_SLOTS: u16 = 8;

impl<M: Memory> State<M> {
    /// Returns the revocation that keeps a transfer from landing.
    ///
    /// A revocation that ended without landing does not count: the transfer may be revoked again.
    pub fn revocation_of(&self, transfer: &Transfer) -> Option<TransferId> {
        let revocation = self.tables.transfer(transfer.progress.solana()?.revoked_by?)?;
        let counts = !revocation.status.is_terminal() || revocation.status == Status::Confirmed;
        counts.then_some(revocation.id)
    }

    /// Returns the nonce accounts of a wallet by number.
    pub fn nonces(&self, wallet: WalletId) -> Vec<(u16, NonceRecord)> {
        self.tables.chains.solana.nonces(wallet).collect()
    }

    /// Returns a nonce account of a wallet.
    pub fn nonce(&self, wallet: WalletId, index: u16) -> Option<NonceRecord> {
        self.tables.chains.solana.nonce(wallet, index)
    }

    /// Returns the nonce accounts of a wallet that work, except those held by a quarantined transfer.
    pub fn working_nonces(&self, wallet: WalletId) -> Vec<(u16, NonceRecord)> {
        let works = |record: &NonceRecord| {
            let is_active = |id: TransferId| self.tables.active.contains(&(wallet.get(), id.get()));
            record.status == NonceStatus::Ready && record.holder.is_none_or(is_active)
        };
        self.tables.chains.solana.nonces(wallet).filter(|(_, record)| works(record)).collect()
    }

    /// Returns the number of a wallet's build slots: the most transactions that are built at the same time.
    ///
    /// There are as many as working nonce accounts. On blockhashes, transactions are built one after the other.
    pub fn build_slots(&self, wallet: WalletId) -> u16 {
        if self.solana_settings(wallet).lifetime == LifetimeChoice::Blockhash {
            return 1;
        }
        u16::try_from(self.working_nonces(wallet).len()).unwrap_or(MAX_BUILD_SLOTS).clamp(1, MAX_BUILD_SLOTS)
    }

    /// Returns the build slot of a transfer; see [`State::build_slots`].
    ///
    /// It is no nonce account: the transaction takes any free one.
    pub fn build_slot(&self, transfer: &Transfer) -> u16 {
        let build_slots = u64::from(self.build_slots(transfer.request.wallet));
        u16::try_from(transfer.id.get() % build_slots).unwrap_or(0)
    }

    /// Returns the settings of a wallet on Solana.
    pub fn solana_settings(&self, wallet: WalletId) -> SolanaSettings {
        self.tables.chains.solana.settings(wallet)
    }

    /// Returns the highest slot in which a quorum of providers saw a transaction of this canister; 0 before the first.
    ///
    /// A node that has not reached the slot still shows nonces that are used up.
    pub fn highest_landed_slot(&self) -> u64 {
        self.tables.chains.solana.highest_landed_slot()
    }

    /// Returns the genesis hash of the chain that a provider is pinned to.
    pub fn provider_genesis(&self, url: &str) -> Option<Bytes> {
        self.tables.chains.solana.provider_genesis(url).map(Bytes::new)
    }
}

//! Queries about transfers.

use crate::access::Session;
use crate::base::{TransferId, WalletId};
use crate::chains::config::Execution;
use crate::policy::Scope;
use crate::state::State;
use crate::transfer::Transfer;
use ic_stable_structures::Memory;

/// The newest transfers of a wallet that a query of recent ones reads.
pub(in crate::state) const RECENT_TRANSFERS: usize = 50;

impl<M: Memory> State<M> {
    /// Whether a transfer ends before its signature: it was simulated from the start, or its chain is by now.
    ///
    /// A revocation is always carried out, because it pays nobody.
    pub fn is_simulated(&self, transfer: &Transfer) -> bool {
        let simulates = || self.config().execution(transfer.request.asset.chain()) == Execution::Simulate;
        transfer.simulated || (!transfer.is_revocation() && simulates())
    }

    /// Returns a transfer.
    pub fn transfer(&self, id: TransferId) -> Option<Transfer> {
        self.tables.transfer(id)
    }

    /// Returns the number of transfers that were ever reserved.
    pub fn transfer_count(&self) -> u64 {
        self.tables.head().next_transfer.get().saturating_sub(1)
    }

    /// Returns up to `limit` transfers of a wallet with smaller ids than `before`, newest first.
    pub fn transfers(&self, wallet: WalletId, before: Option<TransferId>, limit: usize) -> Vec<Transfer> {
        let end = (wallet.get(), before.map_or(u64::MAX, TransferId::get));
        let ids = self.tables.transfers_by_wallet.keys_range((wallet.get(), 0)..end).rev();
        ids.take(limit).filter_map(|(_, id)| self.tables.transfer(TransferId::new(id))).collect()
    }

    /// Returns the ids of all active transfers, by wallet, oldest first.
    ///
    /// A transfer is active from its reservation to its end, except in quarantine.
    pub fn active_transfers(&self) -> Vec<TransferId> {
        self.tables.active.iter().map(|(_, id)| TransferId::new(id)).collect()
    }

    /// Returns the active transfers of a wallet, oldest first.
    pub fn active_transfers_of(&self, wallet: WalletId) -> Vec<Transfer> {
        let keys = self.tables.active.range((wallet.get(), 0)..=(wallet.get(), u64::MAX));
        keys.filter_map(|(_, id)| self.tables.transfer(TransferId::new(id))).collect()
    }

    /// Returns the active transfers in a scope, oldest first.
    pub(in crate::state) fn active_transfers_in(&self, scope: Scope) -> Vec<Transfer> {
        let mut transfers = match scope {
            Scope::Agent { wallet, agent } => {
                let mut transfers = self.active_transfers_of(wallet);
                transfers.retain(|transfer| transfer.agent == agent);
                transfers
            }
            Scope::Session(id) => {
                let of = |session: Session| self.active_transfers_of(session.wallet);
                let mut transfers = self.session(id).map_or_else(Vec::new, of);
                transfers.retain(|transfer| transfer.request.session == Some(id));
                transfers
            }
            Scope::Wallet(_) | Scope::User(_) => {
                let ids = self.active_ids_where(|scopes| scopes.contains(&scope)).into_iter();
                ids.filter_map(|(_, id)| self.tables.transfer(id)).collect()
            }
        };
        transfers.sort_unstable_by_key(|transfer| transfer.id);
        transfers
    }

    /// Returns the ids of the active transfers of those wallets whose scopes are wanted, by wallet.
    ///
    /// No transfer is decoded, and the scopes of each wallet are read once.
    pub(in crate::state) fn active_ids_where(&self, is_wanted: impl Fn(&[Scope]) -> bool) -> Vec<(WalletId, TransferId)> {
        let mut last: Option<(WalletId, bool)> = None;
        let mut is_wanted = |id: WalletId| match last {
            Some((same, wanted)) if same == id => wanted,
            _ => {
                let wanted = is_wanted(&self.wallet_scopes(id));
                last = Some((id, wanted));
                wanted
            }
        };
        let active = self.tables.active.iter().map(|(wallet, id)| (WalletId::new(wallet), TransferId::new(id)));
        active.filter(|(wallet, _)| is_wanted(*wallet)).collect()
    }

    /// Returns the ids of the quarantined transfers of a wallet and of the wallets below it.
    pub(in crate::state) fn quarantined_in_and_below(&self, wallet: WalletId) -> Vec<TransferId> {
        let all = self.tables.quarantined.keys().map(|(wallet, id)| (WalletId::new(wallet), TransferId::new(id)));
        let within = all.filter(|(paying, _)| self.wallet_scopes(*paying).contains(&Scope::Wallet(wallet)));
        within.map(|(_, id)| id).collect()
    }

    /// Returns the ids of the quarantined transfers of a wallet.
    pub(in crate::state) fn quarantined_of(&self, wallet: WalletId) -> Vec<TransferId> {
        let keys = self.tables.quarantined.keys_range((wallet.get(), 0)..=(wallet.get(), u64::MAX));
        keys.map(|(_, id)| TransferId::new(id)).collect()
    }

    /// Returns the transfers that wait for approval, oldest first: those of one wallet, or all by wallet.
    pub fn pending_approvals(&self, wallet: Option<WalletId>) -> Vec<Transfer> {
        let keys = match wallet {
            Some(wallet) => self.tables.awaiting.range((wallet.get(), 0)..=(wallet.get(), u64::MAX)),
            None => self.tables.awaiting.range(..),
        };
        keys.filter_map(|(_, id)| self.tables.transfer(TransferId::new(id))).collect()
    }
}

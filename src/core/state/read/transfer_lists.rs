//! Lists of a wallet's transfers, and transfers by their idempotency keys.

use crate::base::{TransferId, WalletId};
use crate::state::State;
use crate::state::idempotency::idempotency_key;
use crate::transfer::{Status, Transfer};
use candid::Principal;
use ic_stable_structures::Memory;

/// A choice among the transfers of one wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferFilter {
    /// The wallet.
    pub wallet: WalletId,
    /// The agent who asked; any agent when absent.
    pub agent: Option<Principal>,
    /// The status; any status when absent.
    pub status: Option<Status>,
}

impl<M: Memory> State<M> {
    /// Returns the transfers that pass a filter, with smaller ids than `before`, newest first.
    ///
    /// An index leads to each of them: no other transfer is read.
    pub fn transfers_before(&self, filter: TransferFilter, before: Option<TransferId>) -> impl Iterator<Item = Transfer> + '_ {
        let TransferFilter { wallet, agent, status } = filter;
        let before = before.map_or(u64::MAX, TransferId::get);
        let ids: Box<dyn Iterator<Item = TransferId> + '_> = match (agent, status) {
            (None, None) => {
                let keys = self.tables.transfers_by_wallet.keys_range((wallet.get(), 0)..(wallet.get(), before));
                Box::new(keys.rev().map(|(_, id)| TransferId::new(id)))
            }
            (None, Some(status)) => Box::new(self.tables.transfer_lists.in_status(wallet, status, before)),
            (Some(agent), None) => Box::new(self.tables.transfer_lists.of_agent(wallet, agent, before)),
            (Some(agent), Some(status)) => Box::new(self.tables.transfer_lists.of_agent_in_status(wallet, agent, status, before)),
        };
        ids.filter_map(|id| self.tables.transfer(id))
    }

    /// Returns the transfer that an agent's idempotency key stands for; the first one of a batch.
    ///
    /// A denied or simulated request uses no key up, and so has none.
    pub fn transfer_by_key(&self, agent: &Principal, key: &str) -> Option<Transfer> {
        let entry = self.tables.idempotency(&idempotency_key(agent, key))?;
        self.tables.transfer(entry.transfer)
    }
}

//! Indexes of the transfers: by wallet and status, and by wallet, agent and status.
//!
//! They follow from the records of the transfers, which are in the digest.

use super::ids::{TRANSFERS_BY_AGENT, TRANSFERS_BY_STATUS};
use crate::base::{TransferId, WalletId};
use crate::state::tracked::TableOpener;
use crate::transfer::{Status, Transfer};
use candid::Principal;
use ic_stable_structures::memory_manager::VirtualMemory;
use ic_stable_structures::{Memory, StableBTreeMap};
use std::iter::Peekable;

/// Every status, each at the place of its number.
const STATUSES: [Status; 11] = [
    Status::Reserved,
    Status::Built,
    Status::Signed,
    Status::Submitted,
    Status::Expired,
    Status::Confirmed,
    Status::Failed,
    Status::Cancelled,
    Status::Quarantined,
    Status::AwaitingApproval,
    Status::Rejected,
];

/// Returns the stored number of a status. Frozen: a new status gets a new number, and a place in [`STATUSES`].
const fn number(status: Status) -> u8 {
    match status {
        Status::Reserved => 0,
        Status::Built => 1,
        Status::Signed => 2,
        Status::Submitted => 3,
        Status::Expired => 4,
        Status::Confirmed => 5,
        Status::Failed => 6,
        Status::Cancelled => 7,
        Status::Quarantined => 8,
        Status::AwaitingApproval => 9,
        Status::Rejected => 10,
    }
}

/// A key of the index by status: wallet, and the status before the transfer.
type StatusKey = [u8; 17];
/// A key of the index by agent: wallet, agent with its length, status, transfer.
type AgentKey = [u8; 47];

/// The indexes, without values.
pub struct TransferLists<M: Memory> {
    by_status: StableBTreeMap<StatusKey, (), VirtualMemory<M>>,
    by_agent: StableBTreeMap<AgentKey, (), VirtualMemory<M>>,
}

fn status_key(wallet: WalletId, status: Status, id: u64) -> StatusKey {
    let mut key = [0; 17];
    key[..8].copy_from_slice(&wallet.get().to_be_bytes());
    key[8] = number(status);
    key[9..].copy_from_slice(&id.to_be_bytes());
    key
}

fn agent_key(wallet: WalletId, agent: &Principal, status: Status, id: u64) -> AgentKey {
    let (mut key, bytes) = ([0; 47], agent.as_slice());
    key[..8].copy_from_slice(&wallet.get().to_be_bytes());
    key[8] = bytes.len() as u8;
    key[9..9 + bytes.len()].copy_from_slice(bytes);
    key[38] = number(status);
    key[39..].copy_from_slice(&id.to_be_bytes());
    key
}

/// Returns the transfer that a key ends with.
fn transfer_of(key: &[u8]) -> TransferId {
    TransferId::new(key.last_chunk().map_or(0, |id| u64::from_be_bytes(*id)))
}

impl<M: Memory> TransferLists<M> {
    /// Opens the indexes in their memories.
    pub fn open(open: &TableOpener<'_, M>) -> Self {
        Self {
            by_status: StableBTreeMap::init(open.memory(TRANSFERS_BY_STATUS)),
            by_agent: StableBTreeMap::init(open.memory(TRANSFERS_BY_AGENT)),
        }
    }

    /// Adds a transfer to the indexes, and removes it where its earlier status had it.
    pub fn insert(&mut self, transfer: &Transfer, earlier: Option<Status>) {
        let (wallet, agent, id) = (transfer.request.wallet, &transfer.agent, transfer.id.get());
        if let Some(earlier) = earlier {
            self.by_status.remove(&status_key(wallet, earlier, id));
            self.by_agent.remove(&agent_key(wallet, agent, earlier, id));
        }
        self.by_status.insert(status_key(wallet, transfer.status, id), ());
        self.by_agent.insert(agent_key(wallet, agent, transfer.status, id), ());
    }

    /// Returns the transfers of a wallet in a status with smaller ids than `before`, newest first.
    pub fn in_status(&self, wallet: WalletId, status: Status, before: u64) -> impl Iterator<Item = TransferId> + '_ {
        let keys = self.by_status.keys_range(status_key(wallet, status, 0)..status_key(wallet, status, before));
        keys.rev().map(|key| transfer_of(&key))
    }

    /// Returns an agent's transfers of a wallet in a status with smaller ids than `before`, newest first.
    pub fn of_agent_in_status(
        &self,
        wallet: WalletId,
        agent: Principal,
        status: Status,
        before: u64,
    ) -> impl Iterator<Item = TransferId> + '_ {
        let key = |id| agent_key(wallet, &agent, status, id);
        self.by_agent.keys_range(key(0)..key(before)).rev().map(|key| transfer_of(&key))
    }

    /// Returns an agent's transfers of a wallet with smaller ids than `before`, newest first.
    pub fn of_agent(&self, wallet: WalletId, agent: Principal, before: u64) -> impl Iterator<Item = TransferId> + '_ {
        let of = |status| self.of_agent_in_status(wallet, agent, status, before).peekable();
        merge(STATUSES.map(of))
    }
}

/// Merges lists that descend into one that descends.
fn merge<I: Iterator<Item = TransferId>, const N: usize>(mut lists: [Peekable<I>; N]) -> impl Iterator<Item = TransferId> {
    std::iter::from_fn(move || {
        let heads = lists.iter_mut().filter_map(|list| list.peek().copied().map(|head| (head, list)));
        heads.max_by_key(|(head, _)| *head)?.1.next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_number_of_its_own() {
        for (place, status) in (0..).zip(STATUSES) {
            assert_eq!(number(status), place);
        }
    }

    #[test]
    fn descending_lists_are_merged_into_one() {
        let list = |ids: &'static [u64]| ids.iter().map(|id| TransferId::new(*id)).peekable();
        let merged: Vec<u64> = merge([list(&[9, 4, 1]), list(&[]), list(&[8, 7, 2])]).map(TransferId::get).collect();
        assert_eq!(merged, [9, 8, 7, 4, 2, 1]);
    }
}

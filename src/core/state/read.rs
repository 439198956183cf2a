//! Reading the state. Nothing here changes anything.

use super::State;
use crate::audit::{IntegrityReport, Value};
use crate::config::Config;
use crate::mode::Mode;
use crate::policy::Policy;
use crate::primitives::{Amount, Asset, BlockIndex, Bytes, Hash, Timestamp, TransferId, WalletId};
use crate::roles::Roles;
use crate::transfer::Transfer;
use crate::wallet::{RootKeys, Wallet};
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeSet;

/// What counts against a wallet's rolling limit of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Spent within the window, fees included.
    pub posted: Amount,
    /// Held for transfers that have not ended.
    pub reserved: Amount,
}

impl<M: Memory> State<M> {
    /// What the operator decided.
    ///
    /// # Panics
    /// Before the state was initialised.
    pub fn config(&self) -> Config {
        self.tables.config().expect("BUG: the state was never initialised")
    }

    /// Whether money may leave.
    pub fn mode(&self) -> Mode {
        self.tables.head().mode
    }

    /// The root public keys, once fetched.
    pub fn keys(&self) -> Option<RootKeys> {
        self.tables.keys()
    }

    /// One wallet.
    pub fn wallet(&self, id: WalletId) -> Option<Wallet> {
        self.tables.wallet(id)
    }

    /// Up to `limit` wallets with greater ids than `after`, ascending.
    pub fn wallets(&self, after: Option<WalletId>, limit: usize) -> Vec<Wallet> {
        self.tables.wallets_after(after.map_or(0, WalletId::get)).take(limit).collect()
    }

    /// The policy of a wallet, if it has one.
    pub fn policy(&self, wallet: WalletId) -> Option<Policy> {
        self.tables.policy(wallet)
    }

    /// One transfer.
    pub fn transfer(&self, id: TransferId) -> Option<Transfer> {
        self.tables.transfer(id)
    }

    /// Up to `limit` transfers of a wallet with smaller ids than `before`, newest first.
    pub fn transfers(&self, wallet: WalletId, before: Option<TransferId>, limit: usize) -> Vec<Transfer> {
        let end = (wallet.get(), before.map_or(u64::MAX, TransferId::get));
        let ids = self.tables.transfers_by_wallet.keys_range((wallet.get(), 0)..end).rev();
        ids.take(limit).filter_map(|(_, id)| self.tables.transfer(TransferId::new(id))).collect()
    }

    /// Every transfer that has somewhere to go, by wallet, oldest first.
    pub fn active_transfers(&self) -> Vec<TransferId> {
        self.tables.active.iter().map(|(_, id)| TransferId::new(id)).collect()
    }

    /// The transfers of one wallet that have somewhere to go, oldest first.
    pub fn active_transfers_of(&self, wallet: WalletId) -> Vec<Transfer> {
        let keys = self.tables.active.range((wallet.get(), 0)..=(wallet.get(), u64::MAX));
        keys.filter_map(|(_, id)| self.tables.transfer(TransferId::new(id))).collect()
    }

    /// The roles of a principal.
    pub fn roles_of(&self, principal: &Principal) -> Roles {
        self.tables.roles(principal)
    }

    /// Every principal with a role.
    pub fn members(&self) -> Vec<(Principal, Roles)> {
        self.tables.all_roles().collect()
    }

    /// The agents of a wallet.
    pub fn agents(&self, wallet: WalletId) -> Vec<Principal> {
        self.tables.agents_of(wallet).collect()
    }

    /// Whether a principal is an agent of a wallet.
    pub fn is_agent(&self, wallet: WalletId, principal: &Principal) -> bool {
        self.tables.is_agent(wallet, principal)
    }

    /// Whether a principal is an agent of any wallet.
    pub fn is_agent_of_any(&self, principal: &Principal) -> bool {
        self.tables.is_agent_of_any(principal)
    }

    /// What counts against a wallet's rolling limit.
    pub fn usage(&self, wallet: WalletId, asset: Asset, now: Timestamp) -> Usage {
        let counter = self.tables.counter(wallet, asset);
        Usage { posted: counter.posted(now), reserved: counter.reserved() }
    }

    /// The outpoints that transfers of a wallet under way spend: 32-byte transaction id and 4-byte little-endian index.
    pub fn locked_outpoints(&self, wallet: WalletId) -> BTreeSet<Bytes> {
        let range = (wallet.get(), [0; 36])..=(wallet.get(), [0xff; 36]);
        self.tables.locked_outpoints.keys_range(range).map(|(_, outpoint)| Bytes::new(outpoint)).collect()
    }

    /// The number of blocks in the audit log.
    pub fn log_len(&self) -> u64 {
        self.tables.log.len()
    }

    /// The last block's index and hash.
    pub fn tip(&self) -> Option<(BlockIndex, Hash)> {
        let head = self.tables.head();
        Some((BlockIndex::new(head.blocks.checked_sub(1)?), head.tip?))
    }

    /// A block as an ICRC-3 value.
    pub fn block(&self, index: BlockIndex) -> Option<Value> {
        self.tables.log.value(index)
    }

    /// A block's bytes as they were appended.
    pub fn block_bytes(&self, index: BlockIndex) -> Option<Vec<u8>> {
        self.tables.log.bytes(index)
    }

    /// Checks up to `limit` blocks from `from` on.
    pub fn verify_log(&self, from: BlockIndex, limit: u64) -> IntegrityReport {
        self.tables.log.verify(from, limit, self.tables.head().tip)
    }

    /// One hash over everything durable. Equal states have equal digests.
    pub fn digest(&self) -> Hash {
        self.tables.digest()
    }
}

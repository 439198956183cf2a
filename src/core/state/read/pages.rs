//! Lists of the state in pages.
//!
//! Each list begins behind a key and reads one record at a time, so that a page costs what stands on it, however long the list is.

use crate::access::{Agent, Roles, Session};
use crate::base::{BlockIndex, ProposalId, SessionId, Timestamp, TransferId, WalletId};
use crate::governance::retention::Archive;
use crate::governance::{Group, Proposal, Rate};
use crate::policy::{Policy, Scope};
use crate::state::State;
use crate::transfer::Transfer;
use crate::wallet::Wallet;
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns the wallets with greater ids than `after`, ascending.
    pub fn wallets_after(&self, after: Option<WalletId>) -> impl Iterator<Item = Wallet> + '_ {
        self.tables.wallets_after(after.map_or(0, WalletId::get))
    }

    /// Returns the wallets of an owner with greater ids than `after`, deactivated ones included, ascending.
    pub fn wallets_of_after(&self, owner: &Principal, after: Option<WalletId>) -> impl Iterator<Item = Wallet> + '_ {
        let first = after.map_or(0, |after| after.get().saturating_add(1));
        let ids = self.tables.wallets_by_owner.range((*owner, first)..=(*owner, u64::MAX));
        ids.filter_map(|(_, id)| self.tables.wallet(WalletId::new(id)))
    }

    /// Returns the open sessions of a wallet with smaller ids than `before`, newest first.
    pub fn open_sessions_before(
        &self,
        wallet: WalletId,
        before: Option<SessionId>,
        now: Timestamp,
    ) -> impl Iterator<Item = Session> + '_ {
        let end = (wallet.get(), before.map_or(u64::MAX, SessionId::get));
        // A wallet has at most 100 of them.
        let ids: Vec<u64> = self.tables.open_sessions.range((wallet.get(), 0)..end).map(|(_, id)| id).collect();
        ids.into_iter().rev().filter_map(|id| self.tables.session(SessionId::new(id))).filter(move |session| session.is_open(now))
    }

    /// Returns the transfers that wait for approval and follow the transfer `after`.
    ///
    /// Those of one wallet come oldest first, all of them by wallet.
    pub fn pending_approvals_after(
        &self,
        wallet: Option<WalletId>,
        after: Option<TransferId>,
    ) -> impl Iterator<Item = Transfer> + '_ {
        let of = |id: TransferId| self.tables.transfer(id).map_or(u64::MAX, |transfer| transfer.request.wallet.get());
        let first = match after {
            Some(id) => (of(id), id.get().saturating_add(1)),
            None => (wallet.map_or(0, WalletId::get), 0),
        };
        let keys = self.tables.awaiting.range(first..);
        let wanted = move |key: &(u64, u64)| wallet.is_none_or(|wallet| wallet.get() == key.0);
        keys.take_while(wanted).filter_map(|(_, id)| self.tables.transfer(TransferId::new(id)))
    }

    /// Returns the principals with a role that follow `after`, with their roles.
    pub fn members_after(&self, after: Option<Principal>) -> impl Iterator<Item = (Principal, Roles)> + '_ {
        self.tables.roles_after(after)
    }

    /// Returns the agents of a wallet that follow `after`, with their records.
    pub fn agents_after(&self, wallet: WalletId, after: Option<Principal>) -> impl Iterator<Item = (Principal, Agent)> + '_ {
        self.tables.agents_after(wallet, after)
    }

    /// Returns the groups whose names follow `after`.
    pub fn groups_after(&self, after: Option<&str>) -> impl Iterator<Item = Group> + '_ {
        self.tables.groups_after(after)
    }

    /// Returns the rates of the assets whose [`crate::base::Asset::key_bytes`] follow `after`, expired ones included.
    pub fn rates_after(&self, after: Option<Vec<u8>>) -> impl Iterator<Item = Rate> + '_ {
        self.tables.rates_after(after)
    }

    /// Returns the proposals with smaller ids than `before`, newest first, the open ones as they stand now.
    pub fn proposals_before(&self, before: Option<ProposalId>) -> impl Iterator<Item = Proposal> + '_ {
        let proposals = self.tables.proposals_before(before.map_or(u64::MAX, ProposalId::get));
        proposals.map(|proposal| self.as_it_stands(proposal))
    }

    /// Returns the confirmed archives that hold blocks after the block `after`, ascending.
    pub fn archives_after(&self, after: Option<BlockIndex>) -> impl Iterator<Item = Archive> + '_ {
        self.tables.archives_from(after.map_or(0, |after| after.get().saturating_add(1)))
    }

    /// Returns the policies of a scope with smaller versions than `before`, newest first, each with its time.
    ///
    /// The policy in force is among them, and a removal is one without rules.
    pub fn policy_versions_before(&self, scope: &Scope, before: Option<u64>) -> impl Iterator<Item = (Policy, Timestamp)> + '_ {
        let past = self.tables.past_policies(scope, before.unwrap_or(u64::MAX));
        past.map(|past| (past.policy, past.at))
    }
}

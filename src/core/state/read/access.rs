//! Queries about configuration, settings, roles, agents, groups, sessions and proposals.

use crate::access::{Agent, Role, Roles, Session};
use crate::base::{Chain, ProposalId, SessionId, Timestamp, WalletId};
use crate::governance::config::Config;
use crate::governance::settings::Settings;
use crate::governance::{Action, Group, Proposal};
use crate::policy::Mode;
use crate::state::State;
use crate::wallet::RootKeys;
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns the configuration.
    ///
    /// # Panics
    /// Before the state was initialised.
    pub fn config(&self) -> &Config {
        self.tables.config().expect("BUG: the state was never initialised")
    }

    /// Returns the settings.
    pub fn settings(&self) -> Settings {
        self.tables.settings().cloned().unwrap_or_else(|| Settings::new(self.config()))
    }

    /// Returns the mode of operation.
    pub fn mode(&self) -> Mode {
        self.tables.head().mode
    }

    /// Returns the root public keys, once they are fetched.
    pub fn keys(&self) -> Option<RootKeys> {
        self.tables.keys()
    }

    /// Returns the time at which a chain's breaker closes; it may be in the past.
    pub fn chain_breaker(&self, chain: Chain) -> Option<Timestamp> {
        self.tables.chain_breaker(chain)
    }

    /// Returns the roles of a principal.
    pub fn roles_of(&self, principal: &Principal) -> Roles {
        self.tables.roles(principal)
    }

    /// Returns the agents of a wallet.
    pub fn agents(&self, wallet: WalletId) -> Vec<Principal> {
        self.tables.agents_of(wallet).collect()
    }

    /// Returns the record of an agent of a wallet.
    pub fn agent(&self, wallet: WalletId, agent: &Principal) -> Option<Agent> {
        self.tables.agent(wallet, agent)
    }

    /// Whether a principal is an agent of a wallet.
    pub fn is_agent(&self, wallet: WalletId, principal: &Principal) -> bool {
        self.tables.is_agent(wallet, principal)
    }

    /// Whether a principal is an agent of any wallet.
    pub fn is_agent_of_any(&self, principal: &Principal) -> bool {
        self.tables.is_agent_of_any(principal)
    }

    /// Whether a principal is a member of the recovery.
    pub fn is_recovery_member(&self, principal: &Principal) -> bool {
        self.config().recovery.as_ref().is_some_and(|recovery| recovery.members.contains(principal))
    }

    /// Returns the open proposals of the recovery, oldest first.
    pub fn open_recoveries(&self) -> Vec<Proposal> {
        let recoveries = self.recorded_proposals().filter(|proposal| matches!(proposal.action, Action::RecoverAdmins(_)));
        recoveries.map(|proposal| self.as_it_stands(proposal)).collect()
    }

    /// Whether a principal has a role, is in the recovery, or is an agent or an owner of a wallet. Nobody else can command anything.
    pub fn has_power(&self, principal: &Principal) -> bool {
        !self.tables.roles(principal).0.is_empty()
            || self.is_recovery_member(principal)
            || self.is_agent_of_any(principal)
            || self.wallets_of(principal).next().is_some()
    }

    /// Returns a group of approvers.
    pub fn group(&self, name: &str) -> Option<Group> {
        self.tables.group(name)
    }

    /// Returns the members of a group who may approve the request of a principal: the requester never may.
    pub(in crate::state) fn approvers_of(&self, group: &str, requester: Principal) -> impl Iterator<Item = Principal> {
        let members = self.tables.group(group).map(|group| group.members).unwrap_or_default();
        let may = move |member: &Principal| *member != requester && self.tables.roles(member).has(Role::Approver);
        members.into_iter().filter(may)
    }

    /// Returns a session.
    pub fn session(&self, id: SessionId) -> Option<Session> {
        self.tables.session(id)
    }

    /// Returns the sessions of a wallet without a recorded end, oldest first. Some may have expired.
    pub fn open_sessions(&self, wallet: WalletId) -> Vec<Session> {
        let keys = self.tables.open_sessions.range((wallet.get(), 0)..=(wallet.get(), u64::MAX));
        keys.filter_map(|(_, id)| self.tables.session(SessionId::new(id))).collect()
    }

    /// Returns the time at which the next session expires.
    pub fn next_session_end(&self) -> Option<Timestamp> {
        self.tables.session_ends.first().map(|(end, _)| Timestamp::from_nanos(end))
    }

    /// Returns a proposal as it stands now.
    pub fn proposal(&self, id: ProposalId) -> Option<Proposal> {
        self.tables.proposal(id).map(|proposal| self.as_it_stands(proposal))
    }

    /// Returns the open proposals as they stand now, oldest first.
    pub fn open_proposals(&self) -> Vec<Proposal> {
        self.recorded_proposals().map(|proposal| self.as_it_stands(proposal)).collect()
    }

    /// Returns the open proposals that the canister has to act on by now.
    pub fn due_proposals(&self, now: Timestamp) -> Vec<ProposalId> {
        let due = self.recorded_proposals().filter(|proposal| self.due_at(proposal) <= now);
        due.map(|proposal| proposal.id).collect()
    }

    /// Returns the time at which the canister has to act on the next open proposal.
    pub fn next_proposal_due(&self) -> Option<Timestamp> {
        self.recorded_proposals().map(|proposal| self.due_at(&proposal)).min()
    }

    fn recorded_proposals(&self) -> impl Iterator<Item = Proposal> {
        self.tables.open_proposals.iter().filter_map(|id| self.tables.proposal(ProposalId::new(id)))
    }
}

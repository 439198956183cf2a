//! Effects of events about roles, sessions, breakers and proposals.

use crate::access::{Agent, LabelledAgent, Role};
use crate::base::{ProposalId, Timestamp};
use crate::event::{
    BreakerOpened, ProposalApprovalWithdrawn, ProposalApproved, ProposalClosed, ProposalReady, SessionClosed, SessionOpened,
};
use crate::governance::config::Config;
use crate::governance::settings::Settings;
use crate::governance::{Group, Proposal};
use crate::policy::{Policy, Scope};
use crate::state::tables::Head;
use crate::state::{State, VersionedRecord};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    pub(super) fn apply_initialised(&mut self, config: &Config) {
        self.tables.set_config(config);
        config.admins.iter().for_each(|admin| self.grant_role(*admin, Role::Admin));
        config.guardians.iter().for_each(|guardian| self.grant_role(*guardian, Role::Guardian));
    }

    pub(super) fn grant_role(&mut self, principal: Principal, role: Role) {
        let mut roles = self.tables.roles(&principal);
        roles.0.insert(role);
        self.tables.set_roles(principal, &roles);
    }

    pub(super) fn revoke_role(&mut self, principal: Principal, role: Role) {
        let mut roles = self.tables.roles(&principal);
        roles.0.remove(&role);
        self.tables.set_roles(principal, &roles);
    }

    pub(super) fn apply_agent_added(&mut self, added: &LabelledAgent, at: Timestamp) {
        let LabelledAgent { wallet, agent, label } = added;
        self.tables.set_agent(*wallet, *agent, &Agent { label: label.clone(), added_at: at });
    }

    pub(super) fn apply_agent_labelled(&mut self, labelled: &LabelledAgent) {
        let LabelledAgent { wallet, agent, label } = labelled;
        let record = self.tables.agent(*wallet, agent).expect("BUG: an event labels somebody who is no agent");
        self.tables.set_agent(*wallet, *agent, &Agent { label: label.clone(), ..record });
    }

    pub(super) fn apply_settings(&mut self, settings: &Settings) {
        self.tables.set_settings(settings);
        self.tables.count_version(&VersionedRecord::Settings);
    }

    pub(super) fn apply_group(&mut self, group: &Group) {
        self.tables.set_group(group);
        self.tables.count_version(&VersionedRecord::Group(&group.name));
    }

    pub(super) fn apply_session_opened(&mut self, opened: &SessionOpened, at: Timestamp) {
        let SessionOpened { session, rules } = opened;
        self.tables.set_session(session);
        if !rules.is_empty() {
            let policy = Policy { version: 1, name: session.label.clone(), rules: rules.clone() };
            self.tables.set_policy(&Scope::Session(session.id), policy, at);
        }
        self.tables.set_head(Head { next_session: session.id.next(), ..self.tables.head() });
    }

    pub(super) fn apply_session_closed(&mut self, closed: &SessionClosed) {
        let SessionClosed { id, end } = closed;
        let mut session = self.tables.session(*id).unwrap_or_else(|| panic!("BUG: an event names the unknown session {id}"));
        session.ended = Some(*end);
        self.tables.set_session(&session);
        self.tables.remove_session_policy(*id);
    }

    pub(super) fn apply_proposal_made(&mut self, proposal: &Proposal) {
        self.tables.set_proposal(proposal);
        self.tables.set_head(Head { next_proposal: proposal.id.next(), ..self.tables.head() });
    }

    pub(super) fn apply_proposal_approved(&mut self, approved: &ProposalApproved, at: Timestamp) {
        let ProposalApproved { id, admin, ready_at } = approved;
        self.update_proposal(*id, |proposal| {
            proposal.approved_by.insert(*admin);
            proposal.quorum_at = proposal.quorum_at.or(ready_at.map(|_| at));
            proposal.ready_at = *ready_at;
        });
    }

    pub(super) fn apply_proposal_ready(&mut self, ready: &ProposalReady, at: Timestamp) {
        let ProposalReady { id, ready_at } = ready;
        self.update_proposal(*id, |proposal| {
            proposal.quorum_at = Some(at);
            proposal.ready_at = Some(*ready_at);
        });
    }

    pub(super) fn apply_approval_withdrawn(&mut self, withdrawn: &ProposalApprovalWithdrawn) {
        let ProposalApprovalWithdrawn { id, admin } = withdrawn;
        self.update_proposal(*id, |proposal| {
            proposal.approved_by.remove(admin);
        });
    }

    pub(super) fn apply_proposal_closed(&mut self, closed: &ProposalClosed) {
        let ProposalClosed { id, outcome, note: _ } = closed;
        self.update_proposal(*id, |proposal| proposal.closed = Some(*outcome));
    }

    fn update_proposal(&mut self, id: ProposalId, change: impl FnOnce(&mut Proposal)) {
        let mut proposal = self.tables.proposal(id).unwrap_or_else(|| panic!("BUG: an event names the unknown proposal {id}"));
        change(&mut proposal);
        self.tables.set_proposal(&proposal);
    }

    pub(super) fn apply_breaker_opened(&mut self, opened: &BreakerOpened) {
        let scope = Scope::Agent { wallet: opened.wallet, agent: opened.agent };
        let mut activity = self.tables.activity(&scope);
        activity.open_until = Some(opened.until);
        activity.denials = 0;
        self.tables.set_activity(&scope, &activity);
    }
}

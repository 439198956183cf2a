//! Standing of open proposals: present action, admins who count, and end of the time lock.
//!
//! A proposal waits while settings, roles and records change. Nothing of that is copied into it: everything is asked again when it
//! matters, so that the last word is that of the present state.

use super::requirement::ChangeRequirement;
use crate::access::Role;
use crate::base::codec::to_record;
use crate::base::{Hash, ProposalId, Timestamp};
use crate::event::{Event, ProposalApprovalWithdrawn, ProposalClosed};
use crate::governance::{Action, PolicyChange, Proposal, ProposalOutcome, ReplacedRecord};
use crate::policy::{self, Policy};
use crate::state::State;
use crate::state::decide::changes::with_usable_from;
use crate::wallet::WalletChange;
use candid::Principal;
use ic_stable_structures::Memory;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

impl<M: Memory> State<M> {
    /// Returns a proposal as it stands now. A closed proposal stays as it was.
    ///
    /// The action of an open one names what would be in force if it took effect now, and its time lock is the longer one of the time of its
    /// quorum and of now.
    pub(in crate::state) fn as_it_stands(&self, proposal: Proposal) -> Proposal {
        if proposal.closed.is_some() {
            return proposal;
        }
        let ready_at = self.ready_at(&proposal);
        let action = self.action_as_it_stands(&proposal);
        Proposal { action, ready_at, ..proposal }
    }

    /// Returns the time at which the canister acts on an open proposal: it takes effect, expires, or its time lock begins.
    pub(in crate::state) fn due_at(&self, proposal: &Proposal) -> Timestamp {
        match self.ready_at(proposal) {
            Some(ready_at) => ready_at,
            // The quorum became smaller while it waited: nobody has to approve it again.
            None if self.count_approvals_of(proposal) >= self.largest_quorum(&proposal.action) => proposal.made_at,
            None => proposal.expires_at,
        }
    }

    /// Returns the end of a proposal's time lock, once its quorum was reached.
    ///
    /// A time lock that was made longer binds what waits; one that was made shorter does not bring forward what is announced.
    fn ready_at(&self, proposal: &Proposal) -> Option<Timestamp> {
        let (quorum_at, ready_at) = (proposal.quorum_at?, proposal.ready_at?);
        // No requirement of admins is longer than the settings' time lock, and comparing whole policies is dear.
        let is_of_admins = !matches!(proposal.action, Action::RecoverAdmins(_));
        if is_of_admins && quorum_at.saturating_add(self.settings().time_lock_ns) <= ready_at {
            return Some(ready_at);
        }
        Some(ready_at.max(quorum_at.saturating_add(self.proposal_requirement(proposal).time_lock_ns)))
    }

    /// Returns the requirement of a proposal's action as it would take effect now.
    pub(super) fn proposal_requirement(&self, proposal: &Proposal) -> ChangeRequirement {
        self.requirement(&self.action_as_it_stands(proposal))
    }

    /// Returns a proposal's action as it would take effect now, or as it was proposed where it cannot any more.
    fn action_as_it_stands(&self, proposal: &Proposal) -> Action {
        self.current_action(proposal).unwrap_or_else(|_| proposal.action.clone())
    }

    /// Returns a quorum that is enough for an action, without a look at what it changes.
    fn largest_quorum(&self, action: &Action) -> u32 {
        match action {
            Action::RecoverAdmins(_) => self.requirement(action).quorum,
            _ => self.settings().quorum,
        }
    }

    /// Returns the number of admins who approved a proposal, still are admins, and have a say about it; of a recovery, of its members.
    pub(super) fn count_approvals_of(&self, proposal: &Proposal) -> u32 {
        let silent = self.admins_without_say(&proposal.action);
        let counts = |by: &&Principal| self.decides_about(by, &proposal.action) && !silent.contains(*by);
        u32::try_from(proposal.approved_by.iter().filter(counts).count()).unwrap_or(u32::MAX)
    }

    /// Whether a principal is one of those who agree to an action: an admin, or a member of the recovery.
    pub(super) fn decides_about(&self, principal: &Principal, action: &Action) -> bool {
        match action {
            Action::RecoverAdmins(_) => self.is_recovery_member(principal),
            _ => self.tables.roles(principal).has(Role::Admin),
        }
    }

    /// Returns the admins who lose power by an action, and neither approve nor cancel it.
    ///
    /// Where the other admins are too few for the quorum, all of them count: else such a power could never be given back.
    pub(super) fn admins_without_say(&self, action: &Action) -> BTreeSet<Principal> {
        let losing = self.principals_losing_power(action);
        if losing.is_empty() {
            return losing;
        }
        let others = self.tables.all_roles().filter(|(admin, roles)| roles.has(Role::Admin) && !losing.contains(admin)).count();
        if others as u64 >= u64::from(self.settings().quorum) { losing } else { BTreeSet::new() }
    }

    /// Returns the principals who lose a role or a membership by an action.
    pub(super) fn principals_losing_power(&self, action: &Action) -> BTreeSet<Principal> {
        match action {
            Action::RevokeRole(change) => BTreeSet::from([change.principal]),
            Action::RemovePrincipal(principal) => BTreeSet::from([*principal]),
            Action::SetGroup(group) => {
                let members = self.tables.group(&group.name).map(|group| group.members).unwrap_or_default();
                members.difference(&group.members).copied().collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// Returns the record that an action replaces, as those who approve it see it.
    ///
    /// A record with two states only is compared when the events are computed, and the versions of a policy are kept.
    pub(super) fn replaced_record(&self, action: &Action) -> ReplacedRecord {
        match action {
            Action::ChangeSettings(_) => ReplacedRecord::Settings(Box::new(self.settings())),
            Action::ConfigureAudit(_) => ReplacedRecord::Audit(self.retention().settings),
            Action::SetGroup(group) => hashed(&self.tables.group(&group.name)),
            Action::SetRate(rate) => hashed(&self.tables.rate(rate.asset)),
            Action::EndEmergency { .. } => hashed(&self.mode()),
            // Only the part that changes: the owner of a wallet may change others at any time.
            Action::ChangeWallet { wallet, change } => {
                let wallet = self.tables.wallet(*wallet);
                match change {
                    WalletChange::Owner(_) => hashed(&wallet.map(|wallet| wallet.owner())),
                    WalletChange::Parent(_) => hashed(&wallet.map(|wallet| wallet.parent)),
                    WalletChange::Activate | WalletChange::Deactivate | WalletChange::MakePrimary => ReplacedRecord::None,
                }
            }
            Action::SetPolicy(_)
            | Action::GrantRole(_)
            | Action::RevokeRole(_)
            | Action::AddAgent(_)
            | Action::RemovePrincipal(_)
            | Action::RecoverAdmins(_)
            | Action::ResolveQuarantine(_) => ReplacedRecord::None,
        }
    }

    /// Returns a proposal's action as it would take effect now: what it changes, on top of what has changed since it was made.
    ///
    /// # Errors
    /// When what it changes has itself changed since: it would undo a change that its approvers never saw.
    pub(super) fn current_action(&self, proposal: &Proposal) -> Result<Action, String> {
        match (&proposal.action, &proposal.replaced) {
            (Action::ChangeSettings(new), ReplacedRecord::Settings(old)) => {
                let settings = new.rebased(old, &self.settings());
                settings.map(|settings| Action::ChangeSettings(Box::new(settings))).map_err(changed_since)
            }
            (Action::ConfigureAudit(new), ReplacedRecord::Audit(old)) => {
                let settings = new.rebased(*old, self.retention().settings);
                settings.map(Action::ConfigureAudit).map_err(changed_since)
            }
            (Action::SetPolicy(change), _) => self.current_policy_change(change).map(Action::SetPolicy),
            (action, replaced) if *replaced == self.replaced_record(action) => Ok(action.clone()),
            _ => Err(changed_since("what it replaces")),
        }
    }

    /// Returns a change of a policy on top of the version in force.
    fn current_policy_change(&self, change: &PolicyChange) -> Result<PolicyChange, String> {
        let version = self.tables.last_policy_version(&change.scope);
        if version == change.replaces {
            return Ok(change.clone());
        }
        let old = self.policy_version(&change.scope, change.replaces);
        let current = self.tables.policy(&change.scope);
        // The times of listed recipients are the canister's: they are no difference.
        let new = with_usable_from(&change.rules, old.as_ref(), Timestamp::default());
        let rules = |policy: &Option<Policy>| policy.as_ref().map_or_else(Vec::new, |policy| policy.rules.clone());
        let rules = policy::rebase(&rules(&old), &new, &rules(&current)).ok_or_else(|| changed_since("a rule that it changes"))?;
        let old_name = old.and_then(|policy| policy.name);
        let name = if change.name == old_name { current.and_then(|policy| policy.name) } else { change.name.clone() };
        Ok(PolicyChange { replaces: version, name, rules, ..change.clone() })
    }

    /// Returns the consequences for the open proposals when a principal loses the role Admin.
    ///
    /// Its own proposals end, so that somebody else can propose the same. Its approvals of others are void, also if it becomes an admin again.
    pub(super) fn on_admin_removed(&self, admin: Principal) -> Vec<Event> {
        let open = self.open_proposals().into_iter();
        let end = |proposal: Proposal| {
            if proposal.proposer == admin {
                Some(proposal_closed(proposal.id, ProposalOutcome::Stale, "its proposer is no admin any more"))
            } else {
                let withdrawn = ProposalApprovalWithdrawn { id: proposal.id, admin };
                proposal.approved_by.contains(&admin).then_some(Event::ProposalApprovalWithdrawn(withdrawn))
            }
        };
        open.filter_map(end).collect()
    }
}

/// Returns the proposal that an event ends or takes an approval from.
pub(super) const fn affected_proposal(event: &Event) -> Option<ProposalId> {
    match event {
        Event::ProposalClosed(closed) => Some(closed.id),
        Event::ProposalApprovalWithdrawn(withdrawn) => Some(withdrawn.id),
        _ => None,
    }
}

fn changed_since(what: &str) -> String {
    format!("{what} has changed since")
}

fn hashed(record: &impl Serialize) -> ReplacedRecord {
    ReplacedRecord::Hash(Hash(Sha256::digest(to_record(record)).into()))
}

/// Makes the event that closes a proposal.
pub(super) fn proposal_closed(id: ProposalId, outcome: ProposalOutcome, note: impl Into<String>) -> Event {
    Event::ProposalClosed(ProposalClosed { id, outcome, note: Some(note.into()) })
}

//! Decisions about actions of admins: at once when they narrow power, else through a proposal.
//!
//! Both ways end in the same events: [`State::decide_change`] and an executed proposal use the same `action_events`.

use super::require_authenticated;
use super::requirement::ChangeRequirement;
use crate::access::Role;
use crate::base::codec::to_record;
use crate::base::{Hash, ProposalId, Timestamp};
use crate::event::{Event, ProposalApproved, ProposalClosed};
use crate::governance::{Action, MAX_OPEN_PROPOSALS, MAX_OPEN_PROPOSALS_PER_ADMIN, Proposal, ProposalOutcome};
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use crate::transfer::MAX_REASON_BYTES;
use crate::wallet::WalletChange;
use candid::Principal;
use ic_stable_structures::Memory;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The outcome of a command for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// The change is in force.
    Applied,
    /// The change is proposed, and waits for other admins or for its time lock.
    Proposed(ProposalId),
}

impl<M: Memory> State<M> {
    /// Decides an admin's command for an action: it takes effect, or becomes a proposal when it widens power.
    ///
    /// The owner of a wallet may command an action that narrows power over the wallet.
    ///
    /// # Errors
    /// When the caller may not, the action is not possible in the current state, the same action is proposed already, or too many
    /// proposals are open.
    pub fn decide_change(&self, caller: Principal, action: Action, now: Timestamp) -> Result<(Decided, ChangeOutcome), Refusal> {
        let now = self.monotonic_now(now);
        let requirement = self.requirement(&action);
        self.require_proposer(caller, &action, requirement)?;
        let events = self.action_events(&action, now)?;
        if requirement.is_immediate() {
            return Ok((Decided { actor: Some(caller), events }, ChangeOutcome::Applied));
        }
        self.check_proposal_limits(caller, &action, now)?;
        let id = self.tables.head().next_proposal;
        let proposal = Proposal {
            id,
            basis: self.basis_hash(&action),
            action,
            proposer: caller,
            made_at: now,
            expires_at: now.saturating_add(self.settings().proposal_ttl_ns),
            approved_by: BTreeSet::from([caller]),
            ready_at: (requirement.quorum <= 1).then(|| now.saturating_add(requirement.time_lock_ns)),
            closed: None,
        };
        Ok((Decided::by_caller(caller, Event::ProposalMade(Box::new(proposal))), ChangeOutcome::Proposed(id)))
    }

    /// Decides an admin's approval of a proposal. When the quorum is reached and there is no time lock, the action takes effect too.
    ///
    /// # Errors
    /// When the caller is no admin or has approved already, or the proposal is closed or expired.
    pub fn decide_approve_proposal(&self, caller: Principal, id: ProposalId, now: Timestamp) -> Result<Decided, Refusal> {
        self.require_role(caller, Role::Admin)?;
        let now = self.monotonic_now(now);
        let mut proposal = self.open_proposal(id)?;
        if is_expired(&proposal, now) {
            return Err(proposal_status(id, "it has expired without its quorum; propose it again"));
        }
        if !proposal.approved_by.insert(caller) {
            return Err(Refusal::AlreadySo { what: "you have approved this proposal already" });
        }
        let requirement = self.requirement(&proposal.action);
        if proposal.ready_at.is_none() && self.count_approving_admins(&proposal) >= requirement.quorum {
            proposal.ready_at = Some(now.saturating_add(requirement.time_lock_ns));
        }
        let ready_at = proposal.ready_at;
        let approved = ProposalApproved { id, admin: caller, ready_at };
        let mut decided = Decided::by_caller(caller, Event::ProposalApproved(approved));
        if ready_at.is_some_and(|ready_at| ready_at <= now) {
            decided.events.extend(self.execution_events(&proposal, now));
        }
        Ok(decided)
    }

    /// Decides the command of a proposal's proposer or of a guardian to cancel the proposal.
    ///
    /// A guardian cannot cancel the proposal of its own removal, or a malicious one could never be removed.
    ///
    /// # Errors
    /// When the caller may not, the note is too long, or the proposal is closed.
    pub fn decide_cancel_proposal(&self, caller: Principal, id: ProposalId, note: Option<String>) -> Result<Decided, Refusal> {
        require_authenticated(caller)?;
        if note.as_ref().is_some_and(|note| note.len() > MAX_REASON_BYTES) {
            return Err(invalid("note", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        let proposal = self.tables.proposal(id).ok_or_else(|| not_found("proposal", id))?;
        let is_about_caller = match &proposal.action {
            Action::RevokeRole(change) => change.principal == caller,
            Action::RemovePrincipal(principal) => *principal == caller,
            _ => false,
        };
        let may_cancel = self.tables.roles(&caller).has(Role::Guardian) && !is_about_caller;
        if proposal.proposer != caller && !may_cancel {
            return Err(Refusal::Unauthorized { needs: "the admin who proposed it, or a Guardian whom it is not about" });
        }
        self.open_proposal(id)?;
        Ok(Decided::by_caller(caller, Event::ProposalClosed(ProposalClosed { id, closing: ProposalOutcome::Cancelled, note })))
    }

    /// Decides an admin's command to execute a proposal whose quorum is reached and whose time lock is over.
    ///
    /// A proposal that does not fit the state any more is closed as stale instead.
    ///
    /// # Errors
    /// When the caller is no admin, or the proposal is closed, expired or not ready.
    pub fn decide_execute_proposal(&self, caller: Principal, id: ProposalId, now: Timestamp) -> Result<Decided, Refusal> {
        self.require_role(caller, Role::Admin)?;
        let now = self.monotonic_now(now);
        let proposal = self.open_proposal(id)?;
        match proposal.ready_at {
            Some(ready_at) if ready_at <= now => Ok(Decided { actor: Some(caller), events: self.execution_events(&proposal, now) }),
            Some(ready_at) => {
                Err(proposal_status(id, format!("its time lock ends at {} nanoseconds since the epoch", ready_at.nanos())))
            }
            None if is_expired(&proposal, now) => Err(proposal_status(id, "it has expired without its quorum; propose it again")),
            None => {
                let (approving, quorum) = (self.count_approving_admins(&proposal), self.requirement(&proposal.action).quorum);
                Err(proposal_status(id, format!("{approving} of {quorum} admins agree; approve it")))
            }
        }
    }

    /// Decides whether a proposal is executed or has expired by now; `None` while it has to wait.
    ///
    /// # Errors
    /// When the proposal is closed.
    pub fn decide_due_proposal(&self, id: ProposalId, now: Timestamp) -> Result<Option<Decided>, Refusal> {
        let now = self.monotonic_now(now);
        let proposal = self.open_proposal(id)?;
        if is_expired(&proposal, now) {
            let expired = proposal_closed(id, ProposalOutcome::Expired, "not enough admins agreed in time");
            return Ok(Some(Decided::by_canister(expired)));
        }
        let is_due = proposal.ready_at.is_some_and(|ready_at| ready_at <= now);
        Ok(is_due.then(|| Decided { actor: None, events: self.execution_events(&proposal, now) }))
    }

    /// Returns the events of a proposal that is due.
    ///
    /// Everything is checked again: an approver may be no admin any more, the quorum may be larger, and the record that the action replaces
    /// may be another.
    fn execution_events(&self, proposal: &Proposal, now: Timestamp) -> Vec<Event> {
        let stale = |note: &str| vec![proposal_closed(proposal.id, ProposalOutcome::Stale, note)];
        let (approving, quorum) = (self.count_approving_admins(proposal), self.requirement(&proposal.action).quorum);
        if approving < quorum {
            return stale(&format!("only {approving} of those who agreed still are admins; {quorum} are needed"));
        }
        if proposal.basis != self.basis_hash(&proposal.action) {
            return stale("what it replaces has changed since");
        }
        match self.action_events(&proposal.action, now) {
            Ok(events) => {
                let executed = ProposalClosed { id: proposal.id, closing: ProposalOutcome::Executed, note: None };
                [vec![Event::ProposalClosed(executed)], events].concat()
            }
            Err(refusal) => stale(&refusal.to_string()),
        }
    }

    /// Returns the number of principals that approved a proposal and still are admins.
    fn count_approving_admins(&self, proposal: &Proposal) -> u32 {
        let admins = proposal.approved_by.iter().filter(|admin| self.tables.roles(admin).has(Role::Admin)).count();
        u32::try_from(admins).unwrap_or(u32::MAX)
    }

    fn require_proposer(&self, caller: Principal, action: &Action, requirement: ChangeRequirement) -> Result<(), Refusal> {
        if let Action::ChangeWallet { wallet, change: WalletChange::Deactivate | WalletChange::MakePrimary } = action {
            require_authenticated(caller)?;
            let owner = self.tables.wallet(*wallet).map(|wallet| wallet.owner());
            if owner == Some(caller) && requirement.is_immediate() {
                return Ok(());
            }
        }
        self.require_role(caller, Role::Admin)
    }

    /// Refuses a second proposal of the same action, and one too many.
    fn check_proposal_limits(&self, caller: Principal, action: &Action, now: Timestamp) -> Result<(), Refusal> {
        let open: Vec<Proposal> = self.open_proposals().into_iter().filter(|proposal| !is_expired(proposal, now)).collect();
        if open.iter().any(|proposal| proposal.action == *action) {
            return Err(Refusal::AlreadySo { what: "the same change is proposed already; approve that proposal" });
        }
        let own = open.iter().filter(|proposal| proposal.proposer == caller).count();
        let limits = [
            ("open proposals", MAX_OPEN_PROPOSALS, open.len()),
            ("open proposals of one admin", MAX_OPEN_PROPOSALS_PER_ADMIN, own),
        ];
        match limits.into_iter().find(|(_, max, current)| current >= max) {
            Some((what, max, current)) => Err(Refusal::LimitReached { what, max: max as u64, current: current as u64 }),
            None => Ok(()),
        }
    }

    fn open_proposal(&self, id: ProposalId) -> Result<Proposal, Refusal> {
        let proposal = self.tables.proposal(id).ok_or_else(|| not_found("proposal", id))?;
        match proposal.closed {
            None => Ok(proposal),
            Some(ProposalOutcome::Executed) => Err(proposal_status(id, "it has taken effect")),
            Some(ProposalOutcome::Cancelled) => Err(proposal_status(id, "it was cancelled; propose it again")),
            Some(ProposalOutcome::Expired) => Err(proposal_status(id, "it has expired without its quorum; propose it again")),
            Some(ProposalOutcome::Stale) => Err(proposal_status(id, "it was out of date; look again and propose what fits now")),
        }
    }

    /// Returns the hash of the record that an action replaces.
    ///
    /// A policy has a version that the action names itself. A record with two states only is compared when the events are computed.
    fn basis_hash(&self, action: &Action) -> Hash {
        let replaced = match action {
            Action::SetGroup(group) => to_record(&self.tables.group(&group.name)),
            Action::SetRate(rate) => to_record(&self.tables.rate(rate.asset)),
            Action::ChangeSettings(_) => to_record(&self.settings()),
            Action::ConfigureAudit(_) => to_record(&self.retention().settings),
            Action::EndEmergency { .. } => to_record(&self.mode()),
            Action::ChangeWallet { wallet, .. } => to_record(&self.tables.wallet(*wallet)),
            Action::RemovePrincipal(principal) => to_record(&self.tables.roles(principal)),
            Action::SetPolicy(_)
            | Action::GrantRole(_)
            | Action::RevokeRole(_)
            | Action::AddAgent(_)
            | Action::ResolveQuarantine(_) => Vec::new(),
        };
        Hash(Sha256::digest(replaced).into())
    }
}

/// Whether a proposal has expired. One that reached its quorum in time waits for its time lock and does not expire.
fn is_expired(proposal: &Proposal, now: Timestamp) -> bool {
    proposal.ready_at.is_none() && now >= proposal.expires_at
}

/// Makes the event that closes a proposal.
pub(super) fn proposal_closed(id: ProposalId, closing: ProposalOutcome, note: impl Into<String>) -> Event {
    Event::ProposalClosed(ProposalClosed { id, closing, note: Some(note.into()) })
}

fn proposal_status(proposal: ProposalId, problem: impl Into<String>) -> Refusal {
    Refusal::ProposalStatus { proposal, problem: problem.into() }
}

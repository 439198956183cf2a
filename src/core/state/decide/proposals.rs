//! Decisions about actions of admins: at once when they narrow power, else through a proposal.
//!
//! Both ways end in the same events: [`State::decide_change`] and an executed proposal use the same `action_events`.

use super::require_authenticated;
use super::requirement::ChangeRequirement;
use super::standing::{affected_proposal, proposal_closed};
use crate::access::Role;
use crate::base::{ProposalId, Timestamp};
use crate::event::{Event, ProposalApproved, ProposalClosed, ProposalReady};
use crate::governance::{
    Action, MAX_EMERGENCY_VETO_NS, MAX_OPEN_PROPOSALS, MAX_OPEN_PROPOSALS_PER_ADMIN, Proposal, ProposalOutcome,
};
use crate::policy::Mode;
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use crate::transfer::MAX_REASON_BYTES;
use crate::wallet::WalletChange;
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeSet;

/// The refusal of a guardian who would stop the removal of a guardian.
const NO_GUARDIAN: Refusal =
    Refusal::Unauthorized { needs: "the admin who proposed it: no guardian can stop the removal of a guardian" };

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
        let mut proposal = Proposal {
            id,
            replaced: self.replaced_record(&action),
            action,
            proposer: caller,
            made_at: now,
            expires_at: now.saturating_add(self.settings().proposal_ttl_ns),
            approved_by: BTreeSet::from([caller]),
            quorum_at: None,
            ready_at: None,
            closed: None,
        };
        if self.count_approvals_of(&proposal) >= requirement.quorum {
            proposal.quorum_at = Some(now);
            proposal.ready_at = Some(now.saturating_add(requirement.time_lock_ns));
        }
        Ok((Decided::by_caller(caller, Event::ProposalMade(Box::new(proposal))), ChangeOutcome::Proposed(id)))
    }

    /// Decides an admin's approval of a proposal, or the approval of a recovery by one of its members. When the quorum is reached and there is no time lock, the action takes effect too.
    ///
    /// # Errors
    /// When the caller is not one of those who decide, loses power by the proposal, or has approved already, or the proposal is closed or
    /// expired.
    pub fn decide_approve_proposal(&self, caller: Principal, id: ProposalId, now: Timestamp) -> Result<Decided, Refusal> {
        self.require_decider(caller, id)?;
        let now = self.monotonic_now(now);
        let mut proposal = self.open_proposal(id)?;
        if is_expired(&proposal, now) {
            return Err(proposal_status(id, "it has expired without its quorum; propose it again"));
        }
        if self.admins_without_say(&proposal.action).contains(&caller) {
            return Err(Refusal::Unauthorized { needs: "an Admin whom the proposal is not about" });
        }
        if !proposal.approved_by.insert(caller) {
            return Err(Refusal::AlreadySo { what: "you have approved this proposal already" });
        }
        let requirement = self.proposal_requirement(&proposal);
        if proposal.ready_at.is_none() && self.count_approvals_of(&proposal) >= requirement.quorum {
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
    /// The proposer may while nobody else has agreed: afterwards the proposal is not theirs alone, and nobody else could propose the same.
    /// A guardian cannot cancel the removal of a guardian, or malicious ones could never be removed, nor the end of an emergency for more
    /// than [`MAX_EMERGENCY_VETO_NS`].
    ///
    /// # Errors
    /// When the caller may not, the note is too long, or the proposal is closed.
    pub fn decide_cancel_proposal(
        &self,
        caller: Principal,
        id: ProposalId,
        note: Option<String>,
        now: Timestamp,
    ) -> Result<Decided, Refusal> {
        require_authenticated(caller)?;
        if note.as_ref().is_some_and(|note| note.len() > MAX_REASON_BYTES) {
            return Err(invalid("note", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        let proposal = self.tables.proposal(id).ok_or_else(|| not_found("proposal", id))?;
        self.require_canceller(caller, &proposal, self.monotonic_now(now))?;
        self.open_proposal(id)?;
        Ok(Decided::by_caller(caller, Event::ProposalClosed(ProposalClosed { id, outcome: ProposalOutcome::Cancelled, note })))
    }

    /// Refuses a caller who may not cancel a proposal.
    fn require_canceller(&self, caller: Principal, proposal: &Proposal, now: Timestamp) -> Result<(), Refusal> {
        let roles = self.tables.roles(&caller);
        let is_about_caller = self.principals_losing_power(&proposal.action).contains(&caller);
        let is_recovery = matches!(proposal.action, Action::RecoverAdmins(_));
        // Admins who are there need no recovery.
        if is_recovery && roles.has(Role::Admin) {
            return Ok(());
        }
        let is_own = proposal.proposer == caller && self.decides_about(&caller, &proposal.action) && !is_about_caller;
        if is_own && proposal.approved_by.iter().all(|admin| *admin == caller) {
            return Ok(());
        }
        if !roles.has(Role::Guardian) || is_about_caller {
            let needs = "a Guardian whom the proposal is not about, or the admin who proposed it while no other has agreed";
            return Err(Refusal::Unauthorized { needs });
        }
        match &proposal.action {
            Action::RecoverAdmins(_) => Err(Refusal::Unauthorized { needs: "an Admin, or the member who proposed it alone" }),
            Action::RevokeRole(change) if change.role == Role::Guardian => Err(NO_GUARDIAN),
            Action::RemovePrincipal(principal) if self.tables.roles(principal).has(Role::Guardian) => Err(NO_GUARDIAN),
            Action::EndEmergency { .. } if self.is_veto_over(now) => Err(Refusal::Unauthorized {
                needs: "the admin who proposed it: guardians can stop the end of an emergency in its first 7 days only",
            }),
            _ => Ok(()),
        }
    }

    /// Whether guardians can no longer stop the end of the present mode.
    fn is_veto_over(&self, now: Timestamp) -> bool {
        match self.mode() {
            Mode::Emergency { since } | Mode::Limited { since, .. } => now.nanos_since(since) >= MAX_EMERGENCY_VETO_NS,
            Mode::Normal => false,
        }
    }

    /// Decides an admin's command to execute a proposal whose quorum is reached and whose time lock is over.
    ///
    /// A proposal that does not fit the state any more is closed as stale instead. When the quorum became smaller meanwhile and is reached
    /// by that, the time lock begins.
    ///
    /// # Errors
    /// When the caller is no admin, or the proposal is closed, expired or not ready.
    pub fn decide_execute_proposal(&self, caller: Principal, id: ProposalId, now: Timestamp) -> Result<Decided, Refusal> {
        self.require_decider(caller, id)?;
        let now = self.monotonic_now(now);
        let proposal = self.open_proposal(id)?;
        if is_expired(&proposal, now) {
            return Err(proposal_status(id, "it has expired without its quorum; propose it again"));
        }
        if let Some(ready_at) = proposal.ready_at.filter(|ready_at| *ready_at > now) {
            return Err(proposal_status(id, format!("its time lock ends at {} nanoseconds since the epoch", ready_at.nanos())));
        }
        let events = self.due_events(&proposal, now).ok_or_else(|| {
            let (approving, quorum) = (self.count_approvals_of(&proposal), self.proposal_requirement(&proposal).quorum);
            proposal_status(id, format!("{approving} of {quorum} admins agree; approve it"))
        })?;
        Ok(Decided { actor: Some(caller), events })
    }

    /// Decides whether a proposal is executed, has expired, or has its quorum by now; `None` while it has to wait.
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
        Ok(self.due_events(&proposal, now).map(|events| Decided { actor: None, events }))
    }

    /// Returns the events of an open proposal that has not expired; `None` while it has to wait.
    fn due_events(&self, proposal: &Proposal, now: Timestamp) -> Option<Vec<Event>> {
        if let Some(ready_at) = proposal.ready_at {
            return (ready_at <= now).then(|| self.execution_events(proposal, now));
        }
        let requirement = self.proposal_requirement(proposal);
        if self.count_approvals_of(proposal) < requirement.quorum {
            return None;
        }
        let ready = ProposalReady { id: proposal.id, ready_at: now.saturating_add(requirement.time_lock_ns) };
        let has_no_lock = requirement.time_lock_ns == 0;
        Some(if has_no_lock { self.execution_events(proposal, now) } else { vec![Event::ProposalReady(ready)] })
    }

    /// Returns the events of a proposal that is due.
    ///
    /// Everything is checked again: an approver may be no admin any more, the quorum may be larger, and what the action changes may be
    /// another.
    fn execution_events(&self, proposal: &Proposal, now: Timestamp) -> Vec<Event> {
        let id = proposal.id;
        let stale = |note: &str| vec![proposal_closed(id, ProposalOutcome::Stale, note)];
        let action = match self.current_action(proposal) {
            Ok(action) => action,
            Err(problem) => return stale(&problem),
        };
        let (approving, quorum) = (self.count_approvals_of(proposal), self.requirement(&action).quorum);
        if approving < quorum {
            return stale(&format!("only {approving} of those who agreed still are admins; {quorum} are needed"));
        }
        match self.action_events(&action, now) {
            Ok(events) => {
                let executed = ProposalClosed { id, outcome: ProposalOutcome::Executed, note: None };
                // The proposal ends once, also when its own action ends the proposals of its proposer.
                let others = events.into_iter().filter(|event| affected_proposal(event) != Some(id));
                [Event::ProposalClosed(executed)].into_iter().chain(others).collect()
            }
            Err(refusal) => stale(&refusal.to_string()),
        }
    }

    /// Refuses a caller who is not one of those who agree to a proposal.
    ///
    /// Who is neither an admin nor a member of the recovery does not learn whether there is such a proposal.
    fn require_decider(&self, caller: Principal, id: ProposalId) -> Result<(), Refusal> {
        let is_recovery = self.tables.proposal(id).is_some_and(|proposal| matches!(proposal.action, Action::RecoverAdmins(_)));
        if is_recovery { self.require_recovery_member(caller) } else { self.require_role(caller, Role::Admin) }
    }

    fn require_recovery_member(&self, caller: Principal) -> Result<(), Refusal> {
        require_authenticated(caller)?;
        if self.is_recovery_member(&caller) {
            return Ok(());
        }
        Err(Refusal::Unauthorized { needs: "a member of the recovery" })
    }

    fn require_proposer(&self, caller: Principal, action: &Action, requirement: ChangeRequirement) -> Result<(), Refusal> {
        if matches!(action, Action::RecoverAdmins(_)) {
            return self.require_recovery_member(caller);
        }
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
    ///
    /// A principal that proposes to lose power itself does not take the place of others who propose the same.
    fn check_proposal_limits(&self, caller: Principal, action: &Action, now: Timestamp) -> Result<(), Refusal> {
        // Neither admins nor the recovery can keep the other from proposing.
        let is_recovery = |action: &Action| matches!(action, Action::RecoverAdmins(_));
        let of_kind = |proposal: &Proposal| is_recovery(&proposal.action) == is_recovery(action);
        let open = self.open_proposals().into_iter().filter(|proposal| of_kind(proposal) && !is_expired(proposal, now));
        let open: Vec<Proposal> = open.collect();
        let losing = self.principals_losing_power(action);
        if open
            .iter()
            .any(|proposal| proposal.action == *action && (proposal.proposer == caller || !losing.contains(&proposal.proposer)))
        {
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
        let proposal = self.proposal(id).ok_or_else(|| not_found("proposal", id))?;
        match proposal.closed {
            None => Ok(proposal),
            Some(ProposalOutcome::Executed) => Err(proposal_status(id, "it has taken effect")),
            Some(ProposalOutcome::Cancelled) => Err(proposal_status(id, "it was cancelled; propose it again")),
            Some(ProposalOutcome::Expired) => Err(proposal_status(id, "it has expired without its quorum; propose it again")),
            Some(ProposalOutcome::Stale) => Err(proposal_status(id, "it was out of date; look again and propose what fits now")),
        }
    }
}

/// Whether a proposal has expired. One that reached its quorum in time waits for its time lock and does not expire.
fn is_expired(proposal: &Proposal, now: Timestamp) -> bool {
    proposal.ready_at.is_none() && now >= proposal.expires_at
}

fn proposal_status(proposal: ProposalId, problem: impl Into<String>) -> Refusal {
    Refusal::ProposalStatus { proposal, problem: problem.into() }
}

//! Changes that admins make: at once when they narrow power, else through a proposal, a quorum and a time lock.
//!
//! Both ways end in the same events: [`State::decide_change`] and an executed proposal ask the same `effects` of the action.

use super::changes::ChangeRequirement;
use super::{Decided, authenticated, invalid, not_found};
use crate::access::Role;
use crate::base::codec::to_record;
use crate::base::{Hash, ProposalId, Timestamp};
use crate::event::{Event, ProposalApproved, ProposalClosed};
use crate::governance::{Action, MAX_OPEN_PROPOSALS, MAX_OPEN_PROPOSALS_PER_ADMIN, Proposal, ProposalOutcome};
use crate::state::{Refusal, State};
use crate::transfer::MAX_REASON_BYTES;
use crate::wallet::WalletChange;
use candid::Principal;
use ic_stable_structures::Memory;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// What has become of a change that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is in force.
    Applied,
    /// It waits for other admins, or for its time lock.
    Proposed(ProposalId),
}

impl<M: Memory> State<M> {
    /// An admin changes something. What narrows power, and what needs nobody else and no delay, happens at once; for the rest there is a
    /// proposal afterwards. An owner may narrow what concerns their own wallet.
    ///
    /// # Errors
    /// When the caller may not, the change cannot be made in the state as it is, or too many proposals are open.
    pub fn decide_change(&self, caller: Principal, action: Action, now: Timestamp) -> Result<(Decided, Change), Refusal> {
        let now = self.monotonic_now(now);
        let need = self.requirement(&action);
        self.require_proposer(caller, &action, need)?;
        let events = self.effects(&action, now)?;
        if need.is_met_by_one() {
            return Ok((Decided { actor: Some(caller), events }, Change::Applied));
        }
        self.check_room(caller, &action, now)?;
        let id = self.tables.head().next_proposal;
        let proposal = Proposal {
            id,
            basis: self.basis(&action),
            action,
            proposer: caller,
            made_at: now,
            expires_at: now.saturating_add(self.settings().proposal_ttl_ns),
            approved_by: BTreeSet::from([caller]),
            ready_at: (need.quorum <= 1).then(|| now.saturating_add(need.time_lock_ns)),
            closed: None,
        };
        Ok((Decided::by(caller, Event::ProposalMade(Box::new(proposal))), Change::Proposed(id)))
    }

    /// Another admin agrees to a proposal. When the quorum is reached and there is no time lock, it takes effect in the same commit.
    ///
    /// # Errors
    /// When the caller is no admin or has agreed already, or the proposal is over.
    pub fn decide_approve_proposal(&self, caller: Principal, id: ProposalId, now: Timestamp) -> Result<Decided, Refusal> {
        self.require(caller, Role::Admin)?;
        let now = self.monotonic_now(now);
        let mut proposal = self.open_proposal(id)?;
        if is_late(&proposal, now) {
            return Err(problem(id, "it has expired without its quorum; propose it again"));
        }
        if !proposal.approved_by.insert(caller) {
            return Err(Refusal::AlreadySo { what: "you have approved this proposal already" });
        }
        let need = self.requirement(&proposal.action);
        if proposal.ready_at.is_none() && self.agreeing(&proposal) >= need.quorum {
            proposal.ready_at = Some(now.saturating_add(need.time_lock_ns));
        }
        let ready_at = proposal.ready_at;
        let mut decided = Decided::by(caller, Event::ProposalApproved(ProposalApproved { id, admin: caller, ready_at }));
        if ready_at.is_some_and(|ready_at| ready_at <= now) {
            decided.events.extend(self.execution(&proposal, now));
        }
        Ok(decided)
    }

    /// The proposer takes a proposal back, or a guardian stops it. A guardian has no say in its own removal: one that has gone bad could
    /// never be removed.
    ///
    /// # Errors
    /// When the caller is neither, the note too long, or the proposal over.
    pub fn decide_cancel_proposal(&self, caller: Principal, id: ProposalId, note: Option<String>) -> Result<Decided, Refusal> {
        authenticated(caller)?;
        if note.as_ref().is_some_and(|note| note.len() > MAX_REASON_BYTES) {
            return Err(invalid("note", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        let proposal = self.tables.proposal(id).ok_or_else(|| not_found("proposal", id))?;
        let is_about_the_caller = match &proposal.action {
            Action::RevokeRole(change) => change.principal == caller,
            Action::RemovePrincipal(principal) => *principal == caller,
            _ => false,
        };
        let may_stop = self.tables.roles(&caller).has(Role::Guardian) && !is_about_the_caller;
        if proposal.proposer != caller && !may_stop {
            return Err(Refusal::Unauthorized { needs: "the admin who proposed it, or a Guardian whom it is not about" });
        }
        self.open_proposal(id)?;
        Ok(Decided::by(caller, Event::ProposalClosed(ProposalClosed { id, closing: ProposalOutcome::Cancelled, note })))
    }

    /// An admin has a proposal take effect whose quorum is reached and whose time lock is over. When it does not fit what is in force
    /// any more, it is closed instead.
    ///
    /// # Errors
    /// When the caller is no admin, or the proposal is over or has to wait.
    pub fn decide_execute_proposal(&self, caller: Principal, id: ProposalId, now: Timestamp) -> Result<Decided, Refusal> {
        self.require(caller, Role::Admin)?;
        let now = self.monotonic_now(now);
        let proposal = self.open_proposal(id)?;
        match proposal.ready_at {
            Some(ready_at) if ready_at <= now => Ok(Decided { actor: Some(caller), events: self.execution(&proposal, now) }),
            Some(ready_at) => Err(problem(id, format!("its time lock ends at {} nanoseconds since the epoch", ready_at.nanos()))),
            None if is_late(&proposal, now) => Err(problem(id, "it has expired without its quorum; propose it again")),
            None => {
                let (agreeing, quorum) = (self.agreeing(&proposal), self.requirement(&proposal.action).quorum);
                Err(problem(id, format!("{agreeing} of {quorum} admins agree; approve it")))
            }
        }
    }

    /// What the canister itself does with a proposal whose time has come: it takes effect, or it is over. `None` while it has to wait.
    ///
    /// # Errors
    /// When it is not open.
    pub fn decide_due_proposal(&self, id: ProposalId, now: Timestamp) -> Result<Option<Decided>, Refusal> {
        let now = self.monotonic_now(now);
        let proposal = self.open_proposal(id)?;
        if is_late(&proposal, now) {
            return Ok(Some(Decided::by_canister(closed(id, ProposalOutcome::Expired, "not enough admins agreed in time"))));
        }
        let is_due = proposal.ready_at.is_some_and(|ready_at| ready_at <= now);
        Ok(is_due.then(|| Decided { actor: None, events: self.execution(&proposal, now) }))
    }

    /// When something has to be done about a proposal next.
    pub fn next_proposal_due(&self) -> Option<Timestamp> {
        self.open_proposals().iter().map(Proposal::due_at).min()
    }

    /// The end of a proposal that is due. Everything is asked again: who agreed may be no admin any more (trap T40), the quorum may be
    /// larger, and what the change replaces may be another (trap T41).
    fn execution(&self, proposal: &Proposal, now: Timestamp) -> Vec<Event> {
        let stale = |note: &str| vec![closed(proposal.id, ProposalOutcome::Stale, note)];
        let (agreeing, quorum) = (self.agreeing(proposal), self.requirement(&proposal.action).quorum);
        if agreeing < quorum {
            return stale(&format!("only {agreeing} of those who agreed still are admins; {quorum} are needed"));
        }
        if proposal.basis != self.basis(&proposal.action) {
            return stale("what it replaces has changed since");
        }
        match self.effects(&proposal.action, now) {
            Ok(effects) => {
                let executed = ProposalClosed { id: proposal.id, closing: ProposalOutcome::Executed, note: None };
                [vec![Event::ProposalClosed(executed)], effects].concat()
            }
            Err(refusal) => stale(&refusal.to_string()),
        }
    }

    /// How many of those who agreed are admins.
    fn agreeing(&self, proposal: &Proposal) -> u32 {
        let admins = proposal.approved_by.iter().filter(|admin| self.tables.roles(admin).has(Role::Admin)).count();
        u32::try_from(admins).unwrap_or(u32::MAX)
    }

    fn require_proposer(&self, caller: Principal, action: &Action, need: ChangeRequirement) -> Result<(), Refusal> {
        if let Action::ChangeWallet { wallet, change: WalletChange::Deactivate | WalletChange::MakePrimary } = action {
            authenticated(caller)?;
            let owner = self.tables.wallet(*wallet).map(|wallet| wallet.owner());
            if owner == Some(caller) && need.is_met_by_one() {
                return Ok(());
            }
        }
        self.require(caller, Role::Admin)
    }

    /// Whether one more proposal can be made.
    fn check_room(&self, caller: Principal, action: &Action, now: Timestamp) -> Result<(), Refusal> {
        let open: Vec<Proposal> = self.open_proposals().into_iter().filter(|proposal| !is_late(proposal, now)).collect();
        if open.iter().any(|proposal| proposal.action == *action) {
            return Err(Refusal::AlreadySo { what: "the same change is proposed already; approve that proposal" });
        }
        let own = open.iter().filter(|proposal| proposal.proposer == caller).count();
        let bounds = [
            ("open proposals", MAX_OPEN_PROPOSALS, open.len()),
            ("open proposals of one admin", MAX_OPEN_PROPOSALS_PER_ADMIN, own),
        ];
        match bounds.into_iter().find(|(_, max, current)| current >= max) {
            Some((what, max, current)) => Err(Refusal::LimitReached { what, max: max as u64, current: current as u64 }),
            None => Ok(()),
        }
    }

    fn open_proposal(&self, id: ProposalId) -> Result<Proposal, Refusal> {
        let proposal = self.tables.proposal(id).ok_or_else(|| not_found("proposal", id))?;
        match proposal.closed {
            None => Ok(proposal),
            Some(ProposalOutcome::Executed) => Err(problem(id, "it has taken effect")),
            Some(ProposalOutcome::Cancelled) => Err(problem(id, "it was cancelled; propose it again")),
            Some(ProposalOutcome::Expired) => Err(problem(id, "it has expired without its quorum; propose it again")),
            Some(ProposalOutcome::Stale) => Err(problem(id, "it was out of date; look again and propose what fits now")),
        }
    }

    /// The hash of what an action would replace. A policy is compared by its version, which the action names itself; what has two
    /// states only is compared when its effects are asked for.
    fn basis(&self, action: &Action) -> Hash {
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

/// Whether the quorum was not reached in time. A proposal that reached it only waits for its time lock.
fn is_late(proposal: &Proposal, now: Timestamp) -> bool {
    proposal.ready_at.is_none() && now >= proposal.expires_at
}

pub(super) fn closed(id: ProposalId, closing: ProposalOutcome, note: impl Into<String>) -> Event {
    Event::ProposalClosed(ProposalClosed { id, closing, note: Some(note.into()) })
}

fn problem(proposal: ProposalId, problem: impl Into<String>) -> Refusal {
    Refusal::ProposalStatus { proposal, problem: problem.into() }
}

//! Changes that one admin makes, and changes that take more.

mod agents;
mod cascades;
mod emergencies;
mod proposals;
mod recovery;
mod standing;
mod versions;
mod widening;

use super::fixture::*;
use crate::access::Role;
use crate::access::{LabelledAgent, RoleChange};
use crate::base::{BlockIndex, HOUR_NS, ProposalId, Timestamp};
use crate::governance::settings::Settings;
use crate::governance::{Action, Group, PolicyChange, Proposal, ProposalOutcome};
use crate::policy::{Rule, Scope};
use crate::state::{ChangeOutcome, Decided, Refusal, State};
use candid::Principal;
use ic_stable_structures::VectorMemory;
use std::collections::BTreeSet;

/// The time lock of [`council`].
const LOCK: u64 = HOUR_NS;

fn second_admin() -> Principal {
    principal(11)
}

fn third_admin() -> Principal {
    principal(12)
}

/// Three admins, of whom `quorum` have to agree, and a time lock.
fn council(quorum: u32, time_lock_ns: u64) -> TestState {
    let mut state = installed();
    for other in [second_admin(), third_admin()] {
        apply(&mut state, grant(other, Role::Admin), at(0));
    }
    govern(&mut state, quorum, time_lock_ns);
    state
}

/// Makes changes harder from now on.
fn govern(state: &mut TestState, quorum: u32, time_lock_ns: u64) {
    let settings = Settings { quorum, time_lock_ns, ..state.settings() };
    if settings != state.settings() {
        apply(state, Action::ChangeSettings(Box::new(settings)), at(0));
    }
}

fn grant(principal: Principal, role: Role) -> Action {
    Action::GrantRole(RoleChange { principal, role })
}

fn revoke(principal: Principal, role: Role) -> Action {
    Action::RevokeRole(RoleChange { principal, role })
}

fn add_agent(agent: Principal) -> Action {
    Action::AddAgent(LabelledAgent { wallet: WALLET, agent, label: None })
}

fn group(name: &str, members: &[Principal]) -> Action {
    Action::SetGroup(Group { name: name.into(), members: members.iter().copied().collect() })
}

fn policy(state: &TestState, scope: Scope, rules: Vec<Rule>) -> Action {
    Action::SetPolicy(PolicyChange { scope, replaces: state.last_policy_version(&scope), name: None, rules })
}

/// Less than the fixture's policy allows, and still enough for a fee.
fn tight() -> Vec<Rule> {
    rules(1, 1_000_000)
}

/// What the first admin's change comes to, without making it.
fn asked(state: &TestState, action: Action) -> Result<ChangeOutcome, &'static str> {
    state.decide_change(admin(), action, at(1)).map(|(_, change)| change).map_err(|refusal| refusal.code())
}

/// Makes a change that needs nobody else.
fn apply(state: &mut TestState, action: Action, now: Timestamp) {
    let (decided, change) = state.decide_change(admin(), action, now).unwrap();
    assert_eq!(change, ChangeOutcome::Applied);
    state.commit(decided, now);
}

/// Makes a change that takes a proposal.
fn propose(state: &mut TestState, action: Action, now: Timestamp) -> ProposalId {
    propose_by(state, admin(), action, now)
}

fn propose_by(state: &mut TestState, by: Principal, action: Action, now: Timestamp) -> ProposalId {
    let (decided, change) = state.decide_change(by, action, now).unwrap();
    let ChangeOutcome::Proposed(id) = change else { panic!("{change:?}") };
    state.commit(decided, now);
    id
}

fn approve(state: &mut TestState, by: Principal, id: ProposalId, now: Timestamp) -> Proposal {
    let decided = state.decide_approve_proposal(by, id, now);
    done(state, decided, now);
    state.proposal(id).unwrap()
}

fn execute(state: &mut TestState, id: ProposalId, now: Timestamp) -> Option<ProposalOutcome> {
    let decided = state.decide_execute_proposal(admin(), id, now);
    done(state, decided, now);
    state.proposal(id).unwrap().closed
}

/// Decides to cancel a proposal, without a note.
fn cancel(state: &TestState, by: Principal, id: ProposalId, now: Timestamp) -> Result<Decided, Refusal> {
    state.decide_cancel_proposal(by, id, None, now)
}

fn code(decided: Result<Decided, Refusal>) -> &'static str {
    decided.map_or_else(|refusal| refusal.code(), |_| "OK")
}

/// What is in the log is all there is.
fn assert_replays(state: &TestState) {
    let blocks: Vec<Vec<u8>> = (0..state.log_len()).map(|index| state.block_bytes(BlockIndex::new(index)).unwrap()).collect();
    let replayed = State::replay(VectorMemory::default(), &blocks, state.tip().unwrap().1).unwrap();
    assert_eq!(replayed.digest(), state.digest());
}

fn members(state: &TestState, name: &str) -> BTreeSet<Principal> {
    state.group(name).map(|group| group.members).unwrap_or_default()
}

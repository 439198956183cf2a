//! What was let through and has not left, when something changes above it.

mod approvals;
mod endings;
mod limited;
mod scopes;

use super::fixture::*;
use super::wallets::{assert_replays, create};
use crate::access::Role;
use crate::access::RoleChange;
use crate::base::{Amount, Asset, DAY_NS, HOUR_NS, MINUTE_NS, SessionId, TransferId, WalletId};
use crate::governance::{Action, Group, PolicyChange};
use crate::policy::{ApprovalRule, ReasonCode, Rule, Scope, Window};
use crate::state::{NewSession, Recheck, Refusal};
use crate::transfer::{BuiltTx, Outcome, Status, TransferRequest};
use crate::wallet::{NewWallet, ParentChange, WalletChange};
use candid::Principal;

/// What the fixture's transfers cost beside their amount.
const FEE: u64 = 5_000;

fn act(state: &mut TestState, action: Action, now: u64) {
    let decided = state.applied(admin(), action, at(now));
    done(state, decided, at(now));
}

fn change(state: &mut TestState, wallet: WalletId, change: WalletChange, now: u64) {
    act(state, Action::ChangeWallet { wallet, change }, now);
}

fn below(parent: impl Into<Option<WalletId>>) -> WalletChange {
    WalletChange::Parent(ParentChange { parent: parent.into() })
}

fn set(state: &mut TestState, scope: Scope, rules: Vec<Rule>, now: u64) {
    let replaces = state.last_policy_version(&scope);
    act(state, Action::SetPolicy(PolicyChange { scope, replaces, name: None, rules }), now);
}

/// A limit of SOL over 24 hours and nothing else.
fn daily(max: u64) -> Vec<Rule> {
    vec![Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling24h, max: Amount::new(max) }]
}

/// A wallet with the fixture's agent and policy.
fn another(state: &mut TestState, owner: Principal) -> WalletId {
    let wallet = create(state, NewWallet { owner: Some(owner), ..NewWallet::from("x") });
    let decided = state.decide_add_agent(admin(), wallet, agent());
    done(state, decided, at(0));
    set(state, Scope::Wallet(wallet), rules(PER_TRANSACTION, DAILY), 0);
    wallet
}

/// A parent with a limit of its own over 24 hours.
fn parent(state: &mut TestState, max: u64) -> WalletId {
    let parent = create(state, NewWallet { owner: Some(principal(50)), ..NewWallet::from("parent") });
    set(state, Scope::Wallet(parent), rules(PER_TRANSACTION, max), 0);
    parent
}

fn queue(state: &mut TestState, wallet: WalletId, amounts: &[u64], name: &str) -> Vec<TransferId> {
    let request = |(n, amount): (usize, &u64)| TransferRequest { wallet, ..sol(*amount, &format!("{name} {n}")) };
    amounts.iter().enumerate().map(|each| accepted(state, request(each), at(1))).collect()
}

fn statuses(state: &TestState, ids: &[TransferId]) -> Vec<Status> {
    ids.iter().map(|id| state.transfer(*id).unwrap().status).collect()
}

fn staying(state: &TestState, ids: &[TransferId]) -> Vec<usize> {
    let stays = |(_, id): &(usize, &TransferId)| state.transfer(**id).unwrap().status == Status::Reserved;
    ids.iter().enumerate().filter(stays).map(|(n, _)| n).collect()
}

fn note(state: &TestState, id: TransferId) -> String {
    state.transfer(id).unwrap().note.unwrap_or_default()
}

/// Held and posted of SOL in a scope.
fn counts(state: &TestState, scope: Scope, now: u64) -> (u64, u64) {
    let usage = state.usage_of(scope, Asset::Sol, &Window::Rolling24h, at(now));
    (usage.reserved.get(), usage.posted.get())
}

fn confirm(state: &mut TestState, id: TransferId, now: u64) {
    let decided = state.decide_confirmed(id, Amount::new(FEE), None);
    done(state, decided, at(now));
}

fn approval(threshold: u64, quorum: u32) -> ApprovalRule {
    ApprovalRule {
        asset: Some(Asset::Sol),
        threshold: Amount::new(threshold),
        cumulative_24h: None,
        group: "ops".into(),
        quorum,
        timeout_ns: 30 * DAY_NS,
        time_lock_ns: 0,
    }
}

/// The fixture's rules, and people to be asked from a threshold on.
fn asking(threshold: u64, quorum: u32) -> Vec<Rule> {
    [rules(PER_TRANSACTION, DAILY), vec![Rule::Approval(approval(threshold, quorum))]].concat()
}

fn approvers() -> [Principal; 2] {
    [principal(30), principal(31)]
}

/// An installation with a group of two.
fn with_group() -> TestState {
    let mut state = installed();
    for member in approvers() {
        act(&mut state, Action::GrantRole(RoleChange { principal: member, role: Role::Approver }), 0);
    }
    act(&mut state, Action::SetGroup(Group { name: "ops".into(), members: approvers().into() }), 0);
    state
}

fn pending(state: &mut TestState, request: TransferRequest, now: u64) -> TransferId {
    match state.decide_transfer(agent(), request, at(now)).unwrap() {
        (Some(decided), Outcome::Pending { transfer, .. }) => {
            state.commit(decided, at(now));
            transfer
        }
        other => panic!("not pending: {other:?}"),
    }
}

fn approve(state: &mut TestState, by: Principal, id: TransferId, now: u64) -> Result<Status, Refusal> {
    let intent = state.transfer(id).unwrap().approval.unwrap().intent;
    let decided = state.decide_approve(by, id, intent, at(now))?;
    state.commit(decided, at(now));
    Ok(state.transfer(id).unwrap().status)
}

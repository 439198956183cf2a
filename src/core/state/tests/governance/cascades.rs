//! Events that follow when a principal loses a power.

use super::*;
use crate::access::{Session, SessionEnd};
use crate::base::{Amount, Asset, Chain, MINUTE_NS, SessionId, TransferId};
use crate::event::{Event, SessionOpened};
use crate::policy::{ApprovalRule, ReasonCode, Window};
use crate::transfer::{Outcome, Status, TransferRequest};

/// A council of which one admin is enough, with the groups `board` (20, 21) and `desk` (21, 22), and a policy that asks the board about
/// SOL and the desk about KAS.
fn organisation() -> TestState {
    let mut state = council(1, 0);
    for n in 20..23 {
        apply(&mut state, grant(principal(n), Role::Approver), at(0));
    }
    apply(&mut state, group("board", &[principal(20), principal(21)]), at(0));
    apply(&mut state, group("desk", &[principal(21), principal(22)]), at(0));
    let ask = |asset, group: &str| {
        Rule::Approval(ApprovalRule {
            asset: Some(asset),
            threshold: Amount::new(100),
            cumulative_24h: None,
            group: group.into(),
            quorum: 1,
            timeout_ns: 5 * MINUTE_NS,
            time_lock_ns: 0,
        })
    };
    let mut rules = rules(PER_TRANSACTION, DAILY);
    rules.extend([ask(Asset::Sol, "board"), ask(Asset::Kas, "desk")]);
    let action = policy(&state, Scope::Wallet(WALLET), rules);
    apply(&mut state, action, at(0));
    state
}

fn kas(amount: u64, key: &str) -> TransferRequest {
    TransferRequest {
        asset: Asset::Kas,
        params: kaspa_params(),
        to: recipient(Chain::Kaspa, 5),
        max_fee: Amount::new(1_000_000),
        source: crate::wallet::KeyKind::KaspaSchnorr,
        ..sol(amount, key)
    }
}

/// Asks for a transfer that has to be approved.
fn pending(state: &mut TestState, by: Principal, request: TransferRequest) -> TransferId {
    match state.decide_transfer(by, request, at(0)).unwrap() {
        (Some(decided), Outcome::Pending { transfer, .. }) => {
            state.commit(decided, at(0));
            transfer
        }
        other => panic!("not pending: {other:?}"),
    }
}

fn status(state: &TestState, id: TransferId) -> (Status, Option<ReasonCode>) {
    let transfer = state.transfer(id).unwrap();
    (transfer.status, transfer.code)
}

const REJECTED: (Status, Option<ReasonCode>) = (Status::Rejected, Some(ReasonCode::ApprovalOutdated));
const WAITING: (Status, Option<ReasonCode>) = (Status::AwaitingApproval, None);

fn reserved(state: &TestState, asset: Asset) -> u64 {
    state.usage_of(Scope::Wallet(WALLET), asset, &Window::Rolling24h, at(0)).reserved.get()
}

#[test]
fn a_group_that_changed_is_asked_anew() {
    let mut state = organisation();
    let (of_board, of_desk) = (pending(&mut state, agent(), sol(100, "1")), pending(&mut state, agent(), kas(100, "2")));
    apply(&mut state, group("board", &[principal(20)]), at(1));
    assert_eq!((status(&state, of_board), status(&state, of_desk)), (REJECTED, WAITING));
    assert_eq!(reserved(&state, Asset::Sol), 0, "and its money is free");
    assert_replays(&state);
}

#[test]
fn an_approver_who_is_none_leaves_every_group() {
    let mut state = organisation();
    let (of_board, of_desk) = (pending(&mut state, agent(), sol(100, "1")), pending(&mut state, agent(), kas(100, "2")));
    apply(&mut state, revoke(principal(20), Role::Approver), at(1));
    assert_eq!(members(&state, "board"), BTreeSet::from([principal(21)]));
    assert_eq!((status(&state, of_board), status(&state, of_desk)), (REJECTED, WAITING));
    apply(&mut state, revoke(principal(21), Role::Approver), at(2));
    assert_eq!(state.group("board"), None, "without members there is no group");
    assert_eq!(members(&state, "desk"), BTreeSet::from([principal(22)]));
    assert_eq!(status(&state, of_desk), REJECTED);
    assert_replays(&state);
}

fn open_session(state: &mut TestState, agent: Principal) -> SessionId {
    let id = SessionId::new(state.open_sessions(WALLET).len() as u64 + 1);
    let session = Session {
        id,
        wallet: WALLET,
        agent,
        opened_by: agent,
        opened_at: at(0),
        expires_at: at(HOUR_NS),
        label: None,
        ended: None,
    };
    let event = Event::SessionOpened(SessionOpened { session, rules: Vec::new() });
    state.commit(Decided { actor: Some(agent), events: vec![event] }, at(0));
    id
}

#[test]
fn an_agent_that_is_removed_takes_its_sessions_and_transfers_along() {
    let mut state = organisation();
    apply(&mut state, add_agent(principal(40)), at(0));
    let (own, other) = (open_session(&mut state, agent()), open_session(&mut state, principal(40)));
    let small = accepted(&mut state, sol(1, "small"), at(0));
    let waiting = pending(&mut state, agent(), sol(100, "waiting"));
    let others = pending(&mut state, principal(40), sol(100, "others"));
    let decided = state.decide_remove_agent(guardian(), WALLET, agent());
    done(&mut state, decided, at(1));
    assert_eq!(state.session(own).unwrap().ended, Some(SessionEnd::EndedByParent));
    assert_eq!(state.session(other).unwrap().ended, None);
    let statuses = [small, waiting, others].map(|id| state.transfer(id).unwrap().status);
    assert_eq!(statuses, [Status::Cancelled, Status::Cancelled, Status::AwaitingApproval]);
    assert_eq!(code(state.decide_remove_agent(guardian(), WALLET, agent())), "NOT_FOUND");
    assert_replays(&state);
}

/// Somebody who is everything at once: approver, agent, and about to become more.
#[test]
fn a_principal_is_removed_from_everything() {
    let mut state = organisation();
    let gone = principal(20);
    apply(&mut state, add_agent(gone), at(0));
    apply(&mut state, grant(gone, Role::Viewer), at(0));
    let session = open_session(&mut state, gone);
    // The principal's own request asks the group it is in: it ends once, not twice.
    let own = pending(&mut state, gone, sol(100, "own"));
    let of_board = pending(&mut state, agent(), sol(100, "1"));
    let of_desk = pending(&mut state, agent(), kas(100, "2"));
    let two = Settings { quorum: 2, ..state.settings() };
    apply(&mut state, Action::ChangeSettings(Box::new(two)), at(0));
    let rise = propose(&mut state, grant(gone, Role::Admin), at(0));
    let joins = propose(&mut state, group("desk", &[gone, principal(21), principal(22)]), at(0));
    let unrelated = propose(&mut state, grant(stranger(), Role::Viewer), at(0));
    // Others of its group remain, so it takes the quorum.
    let removal = propose(&mut state, Action::RemovePrincipal(gone), at(1));
    assert_eq!(approve(&mut state, second_admin(), removal, at(1)).closed, Some(ProposalOutcome::Executed));
    assert_eq!(state.roles_of(&gone), crate::access::Roles::default());
    assert!(!state.is_agent_of_any(&gone));
    assert_eq!(state.session(session).unwrap().ended, Some(SessionEnd::EndedByParent));
    assert_eq!(members(&state, "board"), BTreeSet::from([principal(21)]));
    assert_eq!(status(&state, own).0, Status::Cancelled);
    assert_eq!((status(&state, of_board), status(&state, of_desk)), (REJECTED, WAITING));
    let closings = [rise, joins, unrelated].map(|id| state.proposal(id).unwrap().closed);
    assert_eq!(closings, [Some(ProposalOutcome::Stale), Some(ProposalOutcome::Stale), None]);
    assert_eq!(asked(&state, Action::RemovePrincipal(gone)), Err("NOT_FOUND"), "nothing is left");
    assert_replays(&state);
}

#[test]
fn there_are_always_admins_enough_for_the_quorum() {
    let mut state = council(2, 0);
    let id = propose(&mut state, revoke(third_admin(), Role::Admin), at(0));
    assert_eq!(approve(&mut state, second_admin(), id, at(0)).closed, Some(ProposalOutcome::Executed));
    for action in [revoke(second_admin(), Role::Admin), Action::RemovePrincipal(second_admin()), revoke(admin(), Role::Admin)] {
        assert_eq!(asked(&state, action), Err("VALIDATION_FAILED"), "two of one could never agree");
    }
    let alone = installed();
    assert_eq!(asked(&alone, Action::RemovePrincipal(admin())), Err("VALIDATION_FAILED"));
    let settings = Settings { quorum: 2, ..Settings::new(&config()) };
    let refused = State::new(VectorMemory::default()).decide_init(stranger(), config(), settings).unwrap_err();
    assert!(matches!(refused, Refusal::InvalidArgument { field: "quorum", .. }), "{refused:?}");
}

/// Two removals that were both possible when they were proposed are not both carried out.
#[test]
fn a_quorum_is_not_undercut_by_two_proposals() {
    let mut state = council(2, 0);
    let first = propose(&mut state, revoke(second_admin(), Role::Admin), at(0));
    let second = propose(&mut state, revoke(third_admin(), Role::Admin), at(0));
    assert_eq!(approve(&mut state, third_admin(), first, at(1)).closed, Some(ProposalOutcome::Executed));
    assert_eq!(approve(&mut state, third_admin(), second, at(2)).closed, Some(ProposalOutcome::Stale));
    assert!(state.roles_of(&third_admin()).has(Role::Admin));
}

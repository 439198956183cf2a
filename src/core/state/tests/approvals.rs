//! What waits for people: who counts, what they say yes to, and how it ends.

use super::fixture::*;
use crate::access::Role;
use crate::access::RoleChange;
use crate::base::{Amount, Asset, Chain, HOUR_NS, Hash, TransferId};
use crate::event::Event;
use crate::governance::Group;
use crate::policy::{ApprovalRule, DEFAULT_APPROVAL_TIMEOUT_NS, Decision, ReasonCode, Rule};
use crate::state::{Decided, Refusal, State};
use crate::transfer::{Outcome, Status, Transfer, TransferRequest};
use candid::Principal;
use ic_stable_structures::VectorMemory;

const THRESHOLD: u64 = 1_000_000;
const TIMEOUT: u64 = DEFAULT_APPROVAL_TIMEOUT_NS;

fn approver(n: u8) -> Principal {
    principal(20 + n)
}

fn happen(state: &mut TestState, events: impl Into<Vec<Event>>, now: u64) {
    state.commit(Decided { actor: Some(admin()), events: events.into() }, at(now));
}

fn grant(state: &mut TestState, principal: Principal, role: Role) {
    happen(state, [Event::RoleGranted(RoleChange { principal, role })], 0);
}

/// Makes exactly these the members of `ops`; each is an Approver.
fn group(state: &mut TestState, members: &[Principal]) {
    for member in members {
        grant(state, *member, Role::Approver);
    }
    happen(state, [Event::GroupSet(Group { name: "ops".into(), members: members.iter().copied().collect() })], 0);
}

fn rule(quorum: u32) -> ApprovalRule {
    ApprovalRule {
        asset: Some(Asset::Sol),
        threshold: Amount::new(THRESHOLD),
        cumulative_24h: None,
        group: "ops".into(),
        quorum,
        timeout_ns: TIMEOUT,
        time_lock_ns: 0,
    }
}

fn set_rules(state: &mut TestState, rule: ApprovalRule, now: u64) {
    let rules = [rules(PER_TRANSACTION, DAILY), vec![Rule::Approval(rule)]].concat();
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules, at(now)).unwrap();
    state.commit(decided, at(now));
}

/// Three approvers, and the rule.
fn asking(rule: ApprovalRule) -> TestState {
    let mut state = installed();
    group(&mut state, &[approver(1), approver(2), approver(3)]);
    set_rules(&mut state, rule, 0);
    state
}

fn pending(state: &mut TestState, request: TransferRequest, now: u64) -> Transfer {
    match state.decide_transfer(agent(), request, at(now)).unwrap() {
        (Some(decided), Outcome::Pending { transfer, evaluation }) => {
            assert_eq!(evaluation.decision, Decision::RequireApproval);
            state.commit(decided, at(now));
            state.transfer(transfer).unwrap()
        }
        other => panic!("not pending: {other:?}"),
    }
}

fn approve(state: &mut TestState, by: Principal, id: TransferId, now: u64) -> Result<Status, Refusal> {
    let intent = state.transfer(id).and_then(|transfer| transfer.approval).map_or(Hash([0; 32]), |approval| approval.intent);
    let decided = state.decide_approve(by, id, intent, at(now))?;
    state.commit(decided, at(now));
    Ok(state.transfer(id).unwrap().status)
}

/// What the ticker makes of it.
fn look(state: &mut TestState, id: TransferId, now: u64) -> Status {
    if let Some(decided) = state.decide_pending_approval(id, at(now)).unwrap() {
        state.commit(decided, at(now));
    }
    state.transfer(id).unwrap().status
}

fn held(state: &TestState, now: u64) -> u64 {
    state.usage(WALLET, Asset::Sol, at(now)).reserved.get()
}

fn code(state: &TestState, id: TransferId) -> Option<ReasonCode> {
    state.transfer(id).unwrap().code
}

#[test]
fn amounts_from_the_threshold_on_wait_and_are_held() {
    let mut state = asking(rule(1));
    accepted(&mut state, sol(THRESHOLD - 1, "under"), at(1));
    let transfer = pending(&mut state, sol(THRESHOLD, "at"), 1);
    assert_eq!(transfer.status, Status::AwaitingApproval);
    assert_eq!(held(&state, 1), THRESHOLD - 1 + THRESHOLD + 2 * 5_000);
    assert!(!state.may_progress(transfer.id), "nothing is built for it");
    assert!(matches!(state.decide_built(transfer.id, built(transfer.id)), Err(Refusal::WrongStatus { .. })));
    let approval = transfer.approval.unwrap();
    assert_eq!((approval.expires_at, approval.ready_at), (at(1 + TIMEOUT), None));
    assert_eq!(state.pending_approvals(Some(WALLET)).iter().map(|pending| pending.id).collect::<Vec<_>>(), [transfer.id]);
}

#[test]
fn a_quorum_of_members_lets_it_go_on_and_nobody_counts_twice() {
    let mut state = asking(rule(2));
    let id = pending(&mut state, sol(THRESHOLD, "a"), 1).id;
    assert_eq!(approve(&mut state, approver(1), id, 2), Ok(Status::AwaitingApproval));
    assert!(matches!(approve(&mut state, approver(1), id, 3), Err(Refusal::AlreadySo { .. })));
    assert_eq!(approve(&mut state, approver(2), id, 4), Ok(Status::Reserved));
    let refusal = approve(&mut state, approver(3), id, 5).unwrap_err();
    assert!(matches!(refusal, Refusal::WrongStatus { status: Status::Reserved, .. }), "it is answered once");
    submit(&mut state, id, at(6));
}

#[test]
fn those_who_are_not_asked_do_not_count() {
    let mut state = asking(rule(1));
    grant(&mut state, principal(40), Role::Approver);
    let id = pending(&mut state, sol(THRESHOLD, "a"), 1).id;
    for caller in [admin(), guardian(), agent(), stranger(), principal(40)] {
        assert!(matches!(approve(&mut state, caller, id, 2), Err(Refusal::Unauthorized { .. })), "{caller}");
    }
    assert_eq!(approve(&mut state, Principal::anonymous(), id, 2), Err(Refusal::Anonymous));
    happen(&mut state, [Event::RoleRevoked(RoleChange { principal: approver(1), role: Role::Approver })], 2);
    assert!(matches!(approve(&mut state, approver(1), id, 3), Err(Refusal::Unauthorized { .. })), "a member without the role");
}

#[test]
fn the_requester_never_counts() {
    let mut state = asking(rule(1));
    group(&mut state, &[agent(), approver(1)]);
    let id = pending(&mut state, sol(THRESHOLD, "a"), 1).id;
    assert!(matches!(approve(&mut state, agent(), id, 2), Err(Refusal::Unauthorized { .. })));
    assert_eq!(approve(&mut state, approver(1), id, 2), Ok(Status::Reserved));
    // A quorum that only the requester could fill is no quorum: it is denied, not lowered.
    group(&mut state, &[approver(1), approver(2)]);
    set_rules(&mut state, rule(2), 3);
    group(&mut state, &[agent(), approver(1)]);
    let evaluation = state.simulate(agent(), sol(THRESHOLD, "b"), at(3)).unwrap();
    assert_eq!(evaluation.decision, Decision::Deny);
    assert!(evaluation.approvals.is_empty());
}

#[test]
fn a_yes_is_to_one_request_only() {
    let mut state = asking(rule(1));
    let first = pending(&mut state, sol(THRESHOLD, "a"), 1);
    let second = pending(&mut state, sol(THRESHOLD, "b"), 1);
    let intent = |transfer: &Transfer| transfer.approval.as_ref().unwrap().intent;
    assert_ne!(intent(&first), intent(&second));
    for wrong in [intent(&second), Hash([0; 32])] {
        let refusal = state.decide_approve(approver(1), first.id, wrong, at(2)).unwrap_err();
        assert!(matches!(refusal, Refusal::InvalidArgument { field: "intent_hash", .. }), "{refusal}");
    }
}

#[test]
fn nobody_in_time_means_no_whether_or_not_anybody_looked() {
    let mut state = asking(rule(2));
    let id = pending(&mut state, sol(THRESHOLD, "a"), 0).id;
    assert_eq!(approve(&mut state, approver(1), id, TIMEOUT - 1), Ok(Status::AwaitingApproval));
    assert_eq!(look(&mut state, id, TIMEOUT - 1), Status::AwaitingApproval);
    assert!(matches!(approve(&mut state, approver(2), id, TIMEOUT), Err(Refusal::WrongStatus { .. })), "without any ticker");
    assert_eq!(look(&mut state, id, TIMEOUT), Status::Rejected);
    assert_eq!((code(&state, id), held(&state, TIMEOUT)), (Some(ReasonCode::ApprovalTimeout), 0));
    assert!(state.decide_pending_approval(id, at(TIMEOUT)).is_err(), "it ends once");
}

#[test]
fn money_of_a_late_approval_is_free_for_the_next_request_at_once() {
    let mut state = asking(rule(1));
    set_rules(&mut state, ApprovalRule { threshold: Amount::new(1), ..rule(1) }, 0);
    let late: Vec<TransferId> = (0..3).map(|n| pending(&mut state, sol(PER_TRANSACTION, &format!("{n}")), 0).id).collect();
    let full = state.simulate(agent(), sol(PER_TRANSACTION, "next"), at(TIMEOUT - 1)).unwrap();
    assert_eq!(full.decision, Decision::Deny);
    let next = pending(&mut state, sol(PER_TRANSACTION, "next"), TIMEOUT);
    assert!(late.iter().all(|id| code(&state, *id) == Some(ReasonCode::ApprovalTimeout)));
    assert_eq!(held(&state, TIMEOUT), next.reserved.get());
}

#[test]
fn late_approvals_take_no_place_among_those_that_wait() {
    let mut state = asking(rule(1));
    let max = state.settings().max_pending_per_agent;
    for n in 0..max {
        pending(&mut state, sol(THRESHOLD, &format!("{n}")), 0);
    }
    let refusal = state.decide_transfer(agent(), sol(THRESHOLD, "more"), at(TIMEOUT - 1)).unwrap_err();
    assert!(matches!(refusal, Refusal::LimitReached { max: 10, current: 10, .. }), "{refusal:?}");
    assert_eq!(state.simulate(agent(), sol(THRESHOLD, "more"), at(TIMEOUT - 1)), Err(refusal));
    pending(&mut state, sol(THRESHOLD, "more"), TIMEOUT);
}

#[test]
fn one_no_is_enough_from_whoever_is_asked_an_admin_or_a_guardian() {
    for (n, caller) in [approver(3), admin(), guardian()].into_iter().enumerate() {
        let mut state = asking(rule(2));
        let id = pending(&mut state, sol(THRESHOLD, "a"), 1).id;
        approve(&mut state, approver(1), id, 2).unwrap();
        let decided = state.decide_reject(caller, id, if n == 0 { "no".into() } else { String::new() }, at(3));
        done(&mut state, decided, at(3));
        let transfer = state.transfer(id).unwrap();
        assert_eq!((transfer.status, transfer.code), (Status::Rejected, Some(ReasonCode::ApprovalRejected)));
        assert_eq!(transfer.note.unwrap(), if n == 0 { "no".to_owned() } else { format!("{caller} said no") });
        assert_eq!(held(&state, 3), 0);
        assert!(matches!(approve(&mut state, approver(2), id, 4), Err(Refusal::WrongStatus { status: Status::Rejected, .. })));
    }
    let mut state = asking(rule(1));
    let id = pending(&mut state, sol(THRESHOLD, "a"), 1).id;
    for caller in [agent(), stranger()] {
        assert!(matches!(state.decide_reject(caller, id, String::new(), at(2)), Err(Refusal::Unauthorized { .. })));
    }
    let decided = state.decide_cancel(agent(), id, None);
    done(&mut state, decided, at(2));
    assert_eq!((state.transfer(id).unwrap().status, held(&state, 2)), (Status::Cancelled, 0), "its agent calls it off");
}

#[test]
fn the_time_lock_runs_from_the_quorum_and_leaves_time_to_object() {
    let locked = ApprovalRule { time_lock_ns: HOUR_NS, ..rule(2) };
    let mut state = asking(locked.clone());
    let id = pending(&mut state, sol(THRESHOLD, "a"), 0).id;
    approve(&mut state, approver(1), id, 1).unwrap();
    assert_eq!(approve(&mut state, approver(2), id, 2), Ok(Status::AwaitingApproval));
    let ready_at = |state: &TestState| state.transfer(id).unwrap().approval.unwrap().ready_at;
    assert_eq!(ready_at(&state), Some(at(2 + HOUR_NS)));
    assert_eq!(approve(&mut state, approver(3), id, HOUR_NS), Ok(Status::AwaitingApproval), "past the time to agree");
    assert_eq!(ready_at(&state), Some(at(2 + HOUR_NS)), "one more yes does not put it off");
    assert_eq!(look(&mut state, id, 1 + HOUR_NS), Status::AwaitingApproval);
    assert_eq!(look(&mut state, id, 2 + HOUR_NS), Status::Reserved);

    let mut state = asking(locked);
    let id = pending(&mut state, sol(THRESHOLD, "a"), 0).id;
    approve(&mut state, approver(1), id, 1).unwrap();
    approve(&mut state, approver(2), id, 2).unwrap();
    let decided = state.decide_reject(guardian(), id, "stolen".into(), at(HOUR_NS));
    done(&mut state, decided, at(HOUR_NS));
    assert_eq!(state.transfer(id).unwrap().status, Status::Rejected);
}

#[test]
fn a_yes_is_counted_again_when_the_money_moves() {
    let mut state = asking(ApprovalRule { time_lock_ns: HOUR_NS, ..rule(2) });
    let id = pending(&mut state, sol(THRESHOLD, "a"), 0).id;
    approve(&mut state, approver(1), id, 1).unwrap();
    approve(&mut state, approver(2), id, 2).unwrap();
    happen(&mut state, [Event::RoleRevoked(RoleChange { principal: approver(2), role: Role::Approver })], 3);
    assert_eq!(look(&mut state, id, 2 + HOUR_NS), Status::Rejected);
    assert_eq!(code(&state, id), Some(ReasonCode::ApprovalOutdated));

    let mut state = asking(rule(2));
    let id = pending(&mut state, sol(THRESHOLD, "a"), 0).id;
    approve(&mut state, approver(1), id, 1).unwrap();
    happen(&mut state, [Event::RoleRevoked(RoleChange { principal: approver(1), role: Role::Approver })], 2);
    assert_eq!(approve(&mut state, approver(2), id, 3), Ok(Status::AwaitingApproval), "the first yes is worth nothing any more");
    assert_eq!(approve(&mut state, approver(3), id, 4), Ok(Status::Reserved));
}

#[test]
fn a_new_policy_ends_what_was_asked_under_the_old_one() {
    let mut state = asking(rule(1));
    let id = pending(&mut state, sol(THRESHOLD, "a"), 0).id;
    set_rules(&mut state, rule(1), 1);
    let transfer = state.transfer(id).unwrap();
    assert_eq!((transfer.status, transfer.code), (Status::Rejected, Some(ReasonCode::ApprovalOutdated)));
    assert_eq!(transfer.note.as_deref(), Some("the policy it was asked under changed"));
    assert_eq!(held(&state, 1), 0);
}

#[test]
fn what_is_approved_is_judged_again_before_it_goes_on() {
    let mut state = asking(rule(1));
    let id = pending(&mut state, sol(THRESHOLD, "a"), 0).id;
    let decided = state.decide_emergency(guardian(), true, "drill".into(), at(1));
    done(&mut state, decided, at(1));
    assert_eq!(approve(&mut state, approver(1), id, 2), Ok(Status::Rejected));
    assert_eq!(code(&state, id), Some(ReasonCode::EmergencyMode));

    let mut state = asking(rule(1));
    let mut limited = rules(PER_TRANSACTION, DAILY);
    for rule in &mut limited {
        if let Rule::Allowlist { chain: Chain::Solana, entries, .. } = rule {
            entries[0].expires_at = Some(at(100));
        }
    }
    limited.push(Rule::Approval(rule(1)));
    let (decided, _) = state.decide_set_policy(admin(), WALLET, limited, at(0)).unwrap();
    state.commit(decided, at(0));
    let id = pending(&mut state, sol(THRESHOLD, "a"), 0).id;
    assert_eq!(approve(&mut state, approver(1), id, 100), Ok(Status::Rejected), "the recipient expired while it waited");
    assert_eq!((code(&state, id), held(&state, 100)), (Some(ReasonCode::AddressNotAllowed), 0));
}

#[test]
fn splitting_under_the_threshold_is_noticed_by_the_sum() {
    let mut state = asking(ApprovalRule { cumulative_24h: Some(Amount::new(2_000_000)), ..rule(1) });
    // Fees count in the day's sum, not in the request's.
    accepted(&mut state, sol(900_000, "1"), at(0));
    let left = 2_000_000 - 905_000;
    accepted(&mut state, sol(left - 100_000 - 1, "2"), at(0));
    let rest = 2_000_000 - 905_000 - (left - 100_001 + 5_000);
    accepted(&mut state, sol(1, "2a"), at(0));
    pending(&mut state, sol(rest - 5_001, "3"), 0);
}

#[test]
fn the_same_request_again_is_the_same_question() {
    let mut state = asking(rule(1));
    let id = pending(&mut state, sol(THRESHOLD, "a"), 0).id;
    let again = |state: &TestState, now| state.decide_transfer(agent(), sol(THRESHOLD, "a"), at(now)).unwrap();
    assert!(matches!(again(&state, 1), (None, Outcome::Duplicate { transfer }) if transfer == id));
    let other = state.decide_transfer(agent(), sol(THRESHOLD + 1, "a"), at(1)).unwrap_err();
    assert!(matches!(other, Refusal::IdempotencyConflict { .. }));
    look(&mut state, id, TIMEOUT);
    assert!(matches!(again(&state, TIMEOUT), (None, Outcome::Duplicate { transfer }) if transfer == id), "a no stays a no");
}

#[test]
fn waiting_says_nothing_about_the_agent_and_a_new_module_finds_it_waiting() {
    let mut state = asking(rule(1));
    let scope = crate::policy::Scope::Agent { wallet: WALLET, agent: agent() };
    for n in 0..4 {
        let denied = TransferRequest { to: recipient(Chain::Solana, 6), ..sol(1, &format!("denied {n}")) };
        let (decided, _) = state.decide_transfer(agent(), denied, at(n)).unwrap();
        state.commit(decided.unwrap(), at(n));
    }
    let id = pending(&mut state, sol(THRESHOLD, "a"), 5).id;
    assert_eq!(state.activity(&scope).denials, 4, "neither one more denial nor forgotten ones (trap T31)");
    let blocks: Vec<Vec<u8>> =
        (0..state.log_len()).map(|index| state.block_bytes(crate::base::BlockIndex::new(index)).unwrap()).collect();
    let mut replayed = State::replay(VectorMemory::default(), &blocks, state.tip().unwrap().1).unwrap();
    assert_eq!(replayed.digest(), state.digest());
    assert_eq!(approve(&mut replayed, approver(1), id, 6), Ok(Status::Reserved));
}

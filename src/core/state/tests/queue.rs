//! What was let through and has not left, when something changes above it.

use super::fixture::*;
use super::wallets::{assert_replays, create};
use crate::access::Role;
use crate::access::RoleChange;
use crate::base::{Amount, Asset, DAY_NS, HOUR_NS, MINUTE_NS, SessionId, TransferId, WalletId};
use crate::governance::{Action, Group, PolicyChange};
use crate::policy::{ApprovalRule, ReasonCode, Rule, Scope, Window};
use crate::state::{MAX_MOVED_TRANSFERS, NewSession, Recheck, Refusal};
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

#[test]
fn a_queue_that_comes_under_a_parent_is_bound_by_its_limit_and_counts_there() {
    let mut state = installed();
    let parent = parent(&mut state, 1_100_000);
    let ids = queue(&mut state, WALLET, &[1_000_000; 10], "k");
    change(&mut state, WALLET, below(parent), 2);
    assert_eq!(staying(&state, &ids), [0], "the oldest that fits");
    let why = note(&state, ids[1]);
    assert!(why.starts_with("the policies that bind its wallet now do not allow it: ") && why.contains("95000 are left"), "{why}");
    assert_eq!(counts(&state, Scope::Wallet(parent), 2), (1_005_000, 0));
    assert_eq!(counts(&state, Scope::Wallet(WALLET), 2), (1_005_000, 0), "once in each");
    let (_, outcome) = state.decide_transfer(agent(), sol(1_000_000, "new"), at(3)).unwrap();
    assert!(matches!(outcome, Outcome::Denied { .. }), "the parent's budget is used: {outcome:?}");
    submit(&mut state, ids[0], at(3));
    confirm(&mut state, ids[0], 3);
    assert_eq!(counts(&state, Scope::Wallet(parent), 4), (0, 1_005_000));
    assert_replays(&state);
}

#[test]
fn a_small_one_behind_a_large_one_that_does_not_fit_stays() {
    let mut state = installed();
    let parent = parent(&mut state, 1_100_000);
    let ids = queue(&mut state, WALLET, &[300_000, 2_000_000, 400_000, 300_000, 50_000], "k");
    change(&mut state, WALLET, below(parent), 2);
    assert_eq!(staying(&state, &ids), [0, 2, 3, 4]);
    assert_eq!(counts(&state, Scope::Wallet(parent), 2), (1_050_000 + 4 * FEE, 0));
    assert_replays(&state);
}

#[test]
fn what_is_on_its_way_counts_above_and_takes_the_place_of_what_is_older() {
    let mut state = installed();
    let parent = parent(&mut state, 1_100_000);
    let ids = queue(&mut state, WALLET, &[1_000_000; 3], "k");
    submit(&mut state, ids[2], at(1));
    change(&mut state, WALLET, below(parent), 2);
    assert_eq!(statuses(&state, &ids), [Status::Cancelled, Status::Cancelled, Status::Submitted]);
    assert_eq!(counts(&state, Scope::Wallet(parent), 2), (1_005_000, 0));
    // Back and forth it counts once, and where it was let through it goes on counting until it ends.
    change(&mut state, WALLET, below(None), 3);
    assert_eq!(counts(&state, Scope::Wallet(parent), 3), (1_005_000, 0));
    change(&mut state, WALLET, below(parent), 4);
    assert_eq!(counts(&state, Scope::Wallet(parent), 4), (1_005_000, 0));
    confirm(&mut state, ids[2], 5);
    assert_eq!(counts(&state, Scope::Wallet(parent), 5), (0, 1_005_000));
    assert_replays(&state);
}

/// Nobody knows whether it has landed, so it has to count wherever it would.
#[test]
fn what_is_in_quarantine_counts_above_too() {
    let mut state = installed();
    let parent = parent(&mut state, 1_100_000);
    let ids = queue(&mut state, WALLET, &[1_000_000; 2], "k");
    submit(&mut state, ids[0], at(1));
    let decided = state.decide_quarantined(ids[0], None);
    done(&mut state, decided, at(1));
    change(&mut state, WALLET, below(parent), 2);
    assert_eq!(statuses(&state, &ids), [Status::Quarantined, Status::Cancelled]);
    assert_eq!(counts(&state, Scope::Wallet(parent), 2), (1_005_000, 0));
    let new_owner = WalletChange::Owner(principal(77));
    change(&mut state, WALLET, new_owner, 3);
    assert_eq!(counts(&state, Scope::User(principal(77)), 3), (1_005_000, 0));
    let decided = state.decide_resolve_quarantine(admin(), ids[0], true, Amount::new(5_000), String::new());
    done(&mut state, decided, at(4));
    assert_eq!(counts(&state, Scope::Wallet(parent), 4), (0, 1_005_000));
    assert_eq!(counts(&state, Scope::User(principal(77)), 4), (0, 1_005_000));
    // What has ended is in no list any more.
    change(&mut state, WALLET, below(None), 5);
    assert_eq!(counts(&state, Scope::Wallet(parent), 5), (0, 1_005_000));
    assert_replays(&state);
}

#[test]
fn what_waits_leaves_a_parent_with_its_wallet() {
    let mut state = installed();
    let (above, first) = (parent(&mut state, DAILY), parent(&mut state, DAILY));
    let second = create(&mut state, NewWallet { owner: Some(principal(51)), ..NewWallet::from("second") });
    change(&mut state, first, below(above), 0);
    change(&mut state, WALLET, below(first), 0);
    let ids = queue(&mut state, WALLET, &[1_000_000; 2], "k");
    let held = |state: &TestState| [above, first, second, WALLET].map(|wallet| counts(state, Scope::Wallet(wallet), 2).0);
    assert_eq!(held(&state), [2_010_000, 2_010_000, 0, 2_010_000]);
    change(&mut state, WALLET, below(second), 2);
    assert_eq!(held(&state), [0, 0, 2_010_000, 2_010_000]);
    change(&mut state, second, below(above), 2);
    assert_eq!(held(&state), [2_010_000, 0, 2_010_000, 2_010_000], "with the wallet between");
    change(&mut state, WALLET, below(None), 3);
    assert_eq!(held(&state), [0, 0, 0, 2_010_000]);
    for id in ids {
        submit(&mut state, id, at(4));
        confirm(&mut state, id, 4);
    }
    assert_eq!(held(&state), [0; 4]);
    assert_eq!(counts(&state, Scope::Wallet(WALLET), 4), (0, 2_010_000));
    assert_replays(&state);
}

#[test]
fn wallets_below_come_along_and_the_oldest_of_all_stay() {
    let mut state = installed();
    let (parent, child) = (parent(&mut state, 2_100_000), another(&mut state, principal(52)));
    change(&mut state, child, below(WALLET), 0);
    let first = queue(&mut state, child, &[1_000_000], "a");
    let second = queue(&mut state, WALLET, &[1_000_000], "b");
    let third = queue(&mut state, child, &[1_000_000], "c");
    change(&mut state, WALLET, below(parent), 2);
    let ends = [first, second, third].map(|ids| statuses(&state, &ids)[0]);
    assert_eq!(ends, [Status::Reserved, Status::Reserved, Status::Cancelled]);
    assert_eq!(counts(&state, Scope::Wallet(parent), 2), (2_010_000, 0));
    assert_replays(&state);
}

#[test]
fn a_new_owners_policy_binds_the_queue_and_the_old_owners_counts_it_no_more() {
    let mut state = installed();
    let owner = Scope::User(principal(53));
    set(&mut state, owner, daily(1_100_000), 0);
    let ids = queue(&mut state, WALLET, &[1_000_000; 3], "k");
    submit(&mut state, ids[0], at(1));
    assert_eq!(counts(&state, Scope::User(admin()), 1), (3_015_000, 0));
    change(&mut state, WALLET, WalletChange::Owner(principal(53)), 2);
    assert_eq!(statuses(&state, &ids), [Status::Submitted, Status::Cancelled, Status::Cancelled]);
    assert_eq!((counts(&state, owner, 2), counts(&state, Scope::User(admin()), 2)), ((1_005_000, 0), (1_005_000, 0)));
    confirm(&mut state, ids[0], 3);
    assert_eq!(counts(&state, owner, 3), (0, 1_005_000));
    let primary = |state: &mut TestState| {
        let ids = queue(state, WALLET, &[10_000], "p");
        let other = another(state, principal(53));
        change(state, other, WalletChange::MakePrimary, 3);
        (statuses(state, &ids), counts(state, owner, 3).0)
    };
    assert_eq!(primary(&mut state), (vec![Status::Reserved], 15_000), "which wallet stands first binds nothing");
    assert_replays(&state);
}

#[test]
fn more_than_one_change_can_move_are_refused_and_nothing_moves() {
    let mut state = installed();
    let parent = parent(&mut state, DAILY);
    let settings =
        crate::governance::settings::Settings { attempts_per_minute: 10_000, attempts_per_hour: 10_000, ..state.settings() };
    act(&mut state, Action::ChangeSettings(Box::new(settings)), 0);
    queue(&mut state, WALLET, &[1], "own");
    for n in 0..MAX_MOVED_TRANSFERS / 100 {
        let child = another(&mut state, principal(100 + n as u8));
        change(&mut state, child, below(WALLET), 0);
        queue(&mut state, child, &[1; 100], &format!("{n}"));
    }
    let moved = state.decide_change_wallet(admin(), WALLET, below(parent)).map(drop);
    let what = "transfers under way in the wallet and below it";
    assert_eq!(moved, Err(Refusal::LimitReached { what, max: 500, current: 501 }));
    let decided = state.decide_cancel(agent(), TransferId::new(1), None);
    done(&mut state, decided, at(2));
    change(&mut state, WALLET, below(parent), 2);
    assert_eq!(counts(&state, Scope::Wallet(parent), 2).0, 500 * (1 + FEE));
    assert_replays(&state);
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

#[test]
fn a_policy_that_asks_people_calls_off_what_they_were_not_asked_about() {
    let mut state = with_group();
    let ids = queue(&mut state, WALLET, &[999_999, 1_000_000, 1_000_000, 1_000_000], "k");
    let decided = state.decide_built(ids[2], built(ids[2]));
    done(&mut state, decided, at(1));
    submit(&mut state, ids[3], at(1));
    set(&mut state, Scope::Wallet(WALLET), asking(1_000_000, 1), 2);
    assert_eq!(statuses(&state, &ids), [Status::Reserved, Status::Cancelled, Status::Cancelled, Status::Submitted]);
    let why = "the new policy of wallet 1 (version 2) wants 1 of the group ops to approve it; ask for it again";
    assert_eq!(note(&state, ids[1]), why);
    pending(&mut state, sol(1_000_000, "again"), 3);
    assert_replays(&state);
}

/// It could not be cancelled when the policy came, because its transaction might have landed.
#[test]
fn what_has_proven_dead_is_not_built_again_unasked() {
    let mut state = with_group();
    let ids = queue(&mut state, WALLET, &[1_000_000, 10_000], "k");
    ids.iter().for_each(|id| submit(&mut state, *id, at(1)));
    set(&mut state, Scope::Wallet(WALLET), asking(500_000, 1), 2);
    assert_eq!(statuses(&state, &ids), [Status::Submitted; 2]);
    for id in &ids {
        let decided = state.decide_expired(*id, None);
        done(&mut state, decided, at(3));
    }
    let Recheck::Over(_, why) = state.recheck(ids[0], at(4)) else { panic!("it would be built unasked") };
    assert!(why.contains("would have to approve it"), "{why}");
    assert_eq!(state.recheck(ids[1], at(4)), Recheck::Passed, "under the threshold");
    // What was agreed to before its transaction was sent stays agreed to.
    let id = pending(&mut state, sol(1_000_000, "asked"), 5);
    assert_eq!(approve(&mut state, approvers()[0], id, 6), Ok(Status::Reserved));
    submit(&mut state, id, at(7));
    let decided = state.decide_expired(id, None);
    done(&mut state, decided, at(8));
    assert_eq!(state.recheck(id, at(9)), Recheck::Passed);
}

#[test]
fn what_people_agreed_to_stays_as_long_as_their_answer_is_enough() {
    let mut state = with_group();
    set(&mut state, Scope::Wallet(WALLET), asking(1_000_000, 1), 0);
    let id = pending(&mut state, sol(1_000_000, "a"), 1);
    assert_eq!(approve(&mut state, approvers()[0], id, 2), Ok(Status::Reserved));
    let tighter = [rules(PER_TRANSACTION, DAILY - 1), vec![Rule::Approval(approval(1_000_000, 1))]].concat();
    set(&mut state, Scope::Wallet(WALLET), tighter, 3);
    set(&mut state, Scope::Wallet(WALLET), asking(1, 1), 3);
    assert_eq!(statuses(&state, &[id]), [Status::Reserved], "the same people are asked");
    set(&mut state, Scope::Wallet(WALLET), asking(1, 2), 4);
    assert_eq!(statuses(&state, &[id]), [Status::Cancelled], "one of two");
    // Nor do other people's words count, or a yes without the time to object that is wanted now.
    let mut state = with_group();
    set(&mut state, Scope::Wallet(WALLET), asking(1_000_000, 1), 0);
    let id = pending(&mut state, sol(1_000_000, "a"), 1);
    approve(&mut state, approvers()[0], id, 2).unwrap();
    let locked = Rule::Approval(ApprovalRule { time_lock_ns: HOUR_NS, ..approval(1, 1) });
    set(&mut state, Scope::Wallet(WALLET), [rules(PER_TRANSACTION, DAILY), vec![locked]].concat(), 3);
    assert_eq!(statuses(&state, &[id]), [Status::Cancelled]);
    assert_replays(&state);
}

#[test]
fn an_owner_or_a_parent_who_wants_people_to_agree_calls_the_queue_off_too() {
    for by_parent in [true, false] {
        let mut state = with_group();
        let above = parent(&mut state, DAILY);
        let scope = if by_parent { Scope::Wallet(above) } else { Scope::User(principal(53)) };
        let rules = if by_parent { asking(1_000_000, 1) } else { vec![Rule::Approval(approval(1_000_000, 1))] };
        set(&mut state, scope, rules, 0);
        let ids = queue(&mut state, WALLET, &[999_999, 1_000_000], "k");
        let how = if by_parent { below(above) } else { WalletChange::Owner(principal(53)) };
        change(&mut state, WALLET, how, 2);
        assert_eq!(statuses(&state, &ids), [Status::Reserved, Status::Cancelled]);
        let why = "the policies that bind its wallet now want 1 of the group ops to approve it; ask for it again";
        assert_eq!(note(&state, ids[1]), why);
        assert_eq!(counts(&state, scope, 2).0, 999_999 + FEE);
        assert_replays(&state);
    }
}

/// Operation with a tenth of every limit.
fn limited(state: &mut TestState, now: u64) {
    let decided = state.decide_start_emergency(guardian(), String::new(), at(now));
    done(state, decided, at(now));
    act(state, Action::EndEmergency { reason: String::new() }, now);
}

fn moving(state: &TestState, ids: &[TransferId], now: u64) -> Vec<usize> {
    let moves = |(_, id): &(usize, &TransferId)| state.objection(&state.transfer(**id).unwrap(), at(now)).is_none();
    ids.iter().enumerate().filter(moves).map(|(n, _)| n).collect()
}

#[test]
fn the_oldest_that_fit_a_reduced_limit_move_and_the_rest_waits_and_says_why() {
    let mut state = installed();
    let ids = queue(&mut state, WALLET, &[300_000; 10], "k");
    limited(&mut state, 2);
    assert_eq!(moving(&state, &ids, 3), [0, 1, 2, 3, 4, 5], "six of 305,000 are within 2,000,000");
    let Recheck::Waits(why) = state.recheck(ids[6], at(3)) else { panic!("it is not over") };
    assert!(why.contains("170000 are left of 2000000") && why.contains("limits are reduced"), "{why}");
    assert_eq!(state.held_back(ids[6], at(3)), Some(format!("waits: {why}")));
    assert_eq!((state.held_back(ids[0], at(3)), state.recheck(ids[0], at(3))), (None, Recheck::Passed));
    for id in &ids[..6] {
        submit(&mut state, *id, at(3));
    }
    assert_eq!(moving(&state, &ids[6..], 3), [0; 0], "what has left counts whether it is older or not");
    let decided = state.decide_failed(ids[0], Amount::new(FEE), None);
    done(&mut state, decided, at(3));
    assert_eq!(moving(&state, &ids[6..], 3), [0], "room for one more");
    act(&mut state, Action::EndEmergency { reason: String::new() }, 4);
    assert_eq!(moving(&state, &ids[6..], 4), [0, 1, 2, 3]);
}

#[test]
fn what_does_not_fit_by_itself_keeps_nothing_behind_it_from_moving() {
    let mut state = installed();
    // 3,000,000 at once is too much now, and so is the third of 450,000 beside the two before it and what was sent.
    let mut ids = queue(&mut state, WALLET, &[3_000_000, 450_000, 450_000], "a");
    let sent = queue(&mut state, WALLET, &[450_000], "sent");
    ids.extend(queue(&mut state, WALLET, &[450_000, 450_000, 100_000], "b"));
    submit(&mut state, sent[0], at(1));
    limited(&mut state, 2);
    assert_eq!(moving(&state, &ids, 3), [1, 2, 3, 5], "1,820,000 and then 105,000 of 2,000,000");
}

#[test]
fn wallets_under_one_parent_move_by_age() {
    let mut state = installed();
    let other = another(&mut state, principal(52));
    let parent = parent(&mut state, 10_000_000);
    for wallet in [WALLET, other] {
        change(&mut state, wallet, below(parent), 0);
    }
    let first = queue(&mut state, other, &[490_000], "a");
    let second = queue(&mut state, WALLET, &[490_000], "b");
    let third = queue(&mut state, other, &[490_000], "c");
    limited(&mut state, 2);
    assert_eq!([first, second, third].map(|ids| moving(&state, &ids, 3).len()), [1, 1, 0], "1,000,000 of the parent's");
}

#[test]
fn what_is_not_allowed_in_any_stage_is_over_and_does_not_wait() {
    let mut state = installed();
    let closed = queue(&mut state, WALLET, &[1_000], "k")[0];
    limited(&mut state, 2);
    assert_eq!(state.recheck(closed, at(3)), Recheck::Passed);
    let mut until = rules(PER_TRANSACTION, DAILY);
    for rule in &mut until {
        if let Rule::Allowlist { entries, .. } = rule {
            entries[0].expires_at = Some(at(10));
        }
    }
    set(&mut state, Scope::Wallet(WALLET), until, 4);
    assert_eq!(state.recheck(closed, at(9)), Recheck::Passed);
    let over = state.recheck(closed, at(10));
    assert!(matches!(over, Recheck::Over(ReasonCode::AddressNotAllowed, _)), "{over:?}");
}

fn session(state: &mut TestState, ttl_ns: u64) -> SessionId {
    let new = NewSession { wallet: WALLET, agent: agent(), ttl_ns, label: None, rules: Vec::new() };
    let (decided, session) = state.decide_open_session(admin(), new, at(0)).unwrap();
    state.commit(decided, at(0));
    session.id
}

#[test]
fn what_people_agree_to_after_its_session_is_not_paid() {
    let mut state = with_group();
    set(&mut state, Scope::Wallet(WALLET), asking(1_000_000, 1), 0);
    let session = session(&mut state, HOUR_NS);
    let request = |key| TransferRequest { session: Some(session), ..sol(1_000_000, key) };
    let [in_time, late, swept] = ["a", "b", "c"].map(|key| pending(&mut state, request(key), 1));
    assert_eq!(approve(&mut state, approvers()[0], in_time, HOUR_NS - 1), Ok(Status::Reserved));
    assert!(state.decide_waiting(late, at(HOUR_NS - 1)).unwrap().is_none());
    assert_eq!(approve(&mut state, approvers()[0], late, HOUR_NS), Ok(Status::Rejected));
    let looked_at = state.decide_waiting(swept, at(HOUR_NS)).unwrap();
    assert!(looked_at.is_some(), "it is over before anybody says anything");
    let decided = state.decide_expired_sessions(at(HOUR_NS), 10).unwrap();
    state.commit(decided, at(HOUR_NS));
    for id in [late, swept] {
        let transfer = state.transfer(id).unwrap();
        assert_eq!((transfer.status, transfer.code), (Status::Rejected, Some(ReasonCode::ApprovalTimeout)));
        assert_eq!(transfer.note.as_deref(), Some("its session was over before it was approved"));
    }
    assert_eq!(counts(&state, Scope::Wallet(WALLET), HOUR_NS).0, 1_005_000, "what was approved in time goes on");
    assert_eq!(state.recheck(in_time, at(HOUR_NS)), Recheck::Passed);
    assert_replays(&state);
}

#[test]
fn a_time_lock_that_ends_after_the_session_lets_nothing_go() {
    let mut state = with_group();
    let locked = Rule::Approval(ApprovalRule { time_lock_ns: HOUR_NS, ..approval(1, 1) });
    set(&mut state, Scope::Wallet(WALLET), [rules(PER_TRANSACTION, DAILY), vec![locked]].concat(), 0);
    let session = session(&mut state, HOUR_NS);
    let id = pending(&mut state, TransferRequest { session: Some(session), ..sol(1_000, "a") }, 1);
    assert_eq!(approve(&mut state, approvers()[0], id, 2), Ok(Status::AwaitingApproval));
    let decided = state.decide_waiting(id, at(HOUR_NS + 2)).unwrap().unwrap();
    state.commit(decided, at(HOUR_NS + 2));
    assert_eq!(statuses(&state, &[id]), [Status::Rejected]);
}

#[test]
fn a_deactivated_wallet_calls_off_what_waits_or_is_reserved_there_and_below() {
    for above in [false, true] {
        let mut state = with_group();
        set(&mut state, Scope::Wallet(WALLET), asking(1_000_000, 1), 0);
        let parent = create(&mut state, NewWallet { owner: Some(principal(50)), ..NewWallet::from("parent") });
        change(&mut state, WALLET, below(parent), 0);
        let waiting = pending(&mut state, sol(1_000_000, "waiting"), 1);
        let ids = queue(&mut state, WALLET, &[1_000; 3], "k");
        let decided = state.decide_built(ids[1], built(ids[1]));
        done(&mut state, decided, at(1));
        submit(&mut state, ids[2], at(1));
        change(&mut state, if above { parent } else { WALLET }, WalletChange::Deactivate, 2);
        let transfer = state.transfer(waiting).unwrap();
        assert_eq!((transfer.status, transfer.code), (Status::Rejected, Some(ReasonCode::WalletDraining)));
        assert!(matches!(approve(&mut state, approvers()[0], waiting, 3), Err(Refusal::WrongStatus { .. })));
        assert_eq!(statuses(&state, &ids), [Status::Cancelled, Status::Cancelled, Status::Submitted]);
        assert_eq!(note(&state, ids[0]).contains("above"), above);
        let evaluation = state.simulate(agent(), sol(1, "new"), at(3)).unwrap();
        assert_eq!(evaluation.denials().next().unwrap().code, Some(ReasonCode::WalletDraining));
        // What was sent is followed; when it is proven dead, nothing is built in its place.
        let decided = state.decide_expired(ids[2], None);
        done(&mut state, decided, at(4));
        let over = state.recheck(ids[2], at(4));
        assert!(matches!(over, Recheck::Over(ReasonCode::WalletDraining, _)), "{over:?}");
        change(&mut state, if above { parent } else { WALLET }, WalletChange::Activate, 5);
        assert_eq!(state.recheck(ids[2], at(5)), Recheck::Passed);
        assert_replays(&state);
    }
}

#[test]
fn nothing_is_built_again_for_an_agent_or_a_session_that_is_gone() {
    let mut state = installed();
    let session = session(&mut state, HOUR_NS);
    let ids = ["a", "b"].map(|key| accepted(&mut state, TransferRequest { session: Some(session), ..sol(1_000, key) }, at(1)));
    for id in ids {
        submit(&mut state, id, at(1));
    }
    let decided = state.decide_close_session(agent(), session, at(2));
    done(&mut state, decided, at(2));
    let decided = state.decide_expired(ids[0], None);
    done(&mut state, decided, at(3));
    let why = |state: &TestState, id| match state.recheck(id, at(3)) {
        Recheck::Over(_, why) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(&state, ids[0]), "its session was closed");
    let decided = state.decide_remove_agent(guardian(), WALLET, agent());
    done(&mut state, decided, at(3));
    assert_eq!(statuses(&state, &ids), [Status::Cancelled, Status::Submitted]);
    let decided = state.decide_expired(ids[1], None);
    done(&mut state, decided, at(4));
    assert_eq!(why(&state, ids[1]), "the agent who asked for it was removed from the wallet");
    assert_eq!(why(&state, ids[0]), "the transfer has ended");
}

#[test]
fn bytes_of_a_transfer_that_ended_without_a_signature_bind_nothing() {
    let same = || BuiltTx { unsigned: crate::base::Bytes::new([7; 10]), ..built(TransferId::new(1)) };
    let two = || {
        let mut state = installed();
        let ids = queue(&mut state, WALLET, &[1_000; 2], "k");
        let decided = state.decide_built(ids[0], same());
        done(&mut state, decided, at(2));
        (state, ids[0], ids[1])
    };
    let (mut state, first, second) = two();
    let decided = state.decide_cancel(agent(), first, None);
    done(&mut state, decided, at(3));
    let decided = state.decide_built(second, same());
    done(&mut state, decided, at(4));
    let third = accepted(&mut state, sol(1_000, "third"), at(4));
    assert!(matches!(state.decide_built(third, same()), Err(Refusal::AlreadySo { .. })), "they are the second's now");
    assert_replays(&state);

    let (mut state, first, second) = two();
    let decided = state.decide_failed(first, Amount::ZERO, Some("nobody signed".into()));
    done(&mut state, decided, at(3));
    assert!(state.decide_built(second, same()).is_ok());

    // A signature binds for ever: whoever reads the log can send what bears it.
    type End = fn(&mut TestState, TransferId);
    let ends: [End; 3] = [
        |state, id| {
            let decided = state.decide_expired(id, None);
            done(state, decided, at(4));
            let decided = state.decide_cancel(agent(), id, None);
            done(state, decided, at(4));
        },
        |state, id| {
            let decided = state.decide_quarantined(id, None);
            done(state, decided, at(4));
            let decided = state.decide_resolve_quarantine(admin(), id, false, Amount::ZERO, String::new());
            done(state, decided, at(4));
        },
        |state, id| {
            let decided = state.decide_submitted(id);
            done(state, decided, at(4));
            confirm(state, id, 4);
        },
    ];
    for end in ends {
        let (mut state, first, second) = two();
        let decided = state.decide_signed(first, signed());
        done(&mut state, decided, at(3));
        end(&mut state, first);
        assert!(state.transfer(first).unwrap().status.is_terminal());
        assert!(matches!(state.decide_built(second, same()), Err(Refusal::AlreadySo { .. })));
    }
    // So does an admin's word that they landed.
    let (mut state, first, second) = two();
    let decided = state.decide_quarantined(first, None);
    done(&mut state, decided, at(3));
    assert!(matches!(state.decide_built(second, same()), Err(Refusal::AlreadySo { .. })), "left to people, it may be signed yet");
    let decided = state.decide_resolve_quarantine(admin(), first, true, Amount::ZERO, String::new());
    done(&mut state, decided, at(3 + MINUTE_NS));
    assert!(matches!(state.decide_built(second, same()), Err(Refusal::AlreadySo { .. })));
}

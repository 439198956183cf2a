//! Reserved transfers and new demands for approvals.

use super::*;

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
    assert_eq!(state.transfer(ids[1]).unwrap().code, Some(ReasonCode::ApprovalRequired));
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
        let decided = state.decide_expired(*id, ReasonCode::TransactionExpired, "it is dead");
        done(&mut state, decided, at(3));
    }
    let Recheck::Denied(_, why) = state.recheck(ids[0], at(4)) else { panic!("it would be built unasked") };
    assert!(why.contains("would have to approve it"), "{why}");
    assert_eq!(state.recheck(ids[1], at(4)), Recheck::Passed, "under the threshold");
    // What was agreed to before its transaction was sent stays agreed to.
    let id = pending(&mut state, sol(1_000_000, "asked"), 5);
    assert_eq!(approve(&mut state, approvers()[0], id, 6), Ok(Status::Reserved));
    submit(&mut state, id, at(7));
    let decided = state.decide_expired(id, ReasonCode::TransactionExpired, "it is dead");
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

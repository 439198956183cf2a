//! From the proposal to its end.

use super::*;
use crate::base::DAY_NS;
use crate::governance::{MAX_OPEN_PROPOSALS, MAX_OPEN_PROPOSALS_PER_ADMIN};
use crate::policy::Mode;

#[test]
fn a_change_takes_effect_with_the_last_of_its_quorum() {
    let mut state = council(2, 0);
    let id = propose(&mut state, grant(principal(20), Role::Guardian), at(1));
    let made = state.proposal(id).unwrap();
    assert_eq!((made.proposer, made.ready_at, made.closed), (admin(), None, None));
    assert_eq!(made.approved_by, BTreeSet::from([admin()]), "who proposes agrees");
    assert_eq!(made.expires_at, at(1 + 7 * DAY_NS));
    assert!(!state.roles_of(&principal(20)).has(Role::Guardian));
    assert_eq!(code(state.decide_approve_proposal(admin(), id, at(2))), "ALREADY_SO");
    for nobody in [guardian(), agent(), stranger(), Principal::anonymous()] {
        assert_eq!(code(state.decide_approve_proposal(nobody, id, at(2))), "AUTH_FAILED");
    }
    assert_eq!(code(state.decide_execute_proposal(admin(), id, at(2))), "WRONG_STATUS", "one of two agrees");
    assert_eq!(approve(&mut state, second_admin(), id, at(2)).closed, Some(ProposalOutcome::Executed));
    assert!(state.roles_of(&principal(20)).has(Role::Guardian));
    assert_eq!(code(state.decide_approve_proposal(third_admin(), id, at(3))), "WRONG_STATUS");
    assert_replays(&state);
}

#[test]
fn both_ways_end_in_the_same_events() {
    let change = |state: &TestState| policy(state, Scope::Wallet(WALLET), rules(PER_TRANSACTION + 1, DAILY));
    let at_once = {
        let mut state = council(1, 0);
        accepted(&mut state, sol(1, "k"), at(0));
        state.decide_change(admin(), change(&state), at(9)).unwrap().0.events
    };
    let mut state = council(2, 0);
    accepted(&mut state, sol(1, "k"), at(0));
    let action = change(&state);
    let id = propose(&mut state, action, at(1));
    let proposed = state.decide_approve_proposal(second_admin(), id, at(9)).unwrap().events;
    assert_eq!(proposed[2..], at_once[..]);
}

#[test]
fn a_time_lock_begins_with_the_quorum_and_ends_to_the_nanosecond() {
    let mut state = council(2, LOCK);
    let id = propose(&mut state, add_agent(principal(20)), at(0));
    assert_eq!(state.next_proposal_due(), Some(at(7 * DAY_NS)));
    assert_eq!(approve(&mut state, second_admin(), id, at(5)).ready_at, Some(at(5 + LOCK)));
    assert_eq!(state.next_proposal_due(), Some(at(5 + LOCK)));
    assert_eq!(approve(&mut state, third_admin(), id, at(9)).ready_at, Some(at(5 + LOCK)), "one more does not start it anew");
    assert_eq!(code(state.decide_execute_proposal(admin(), id, at(4 + LOCK))), "WRONG_STATUS");
    assert!(state.decide_due_proposal(id, at(4 + LOCK)).unwrap().is_none());
    assert!(!state.is_agent(WALLET, &principal(20)));
    assert_eq!(code(state.decide_execute_proposal(guardian(), id, at(5 + LOCK))), "AUTH_FAILED");
    let due = state.decide_due_proposal(id, at(5 + LOCK)).unwrap().expect("it is due");
    assert_eq!(due.actor, None);
    state.commit(due, at(5 + LOCK));
    assert!(state.is_agent(WALLET, &principal(20)));
    assert_eq!(state.next_proposal_due(), None);
    assert_replays(&state);
}

#[test]
fn one_admin_waits_for_the_time_lock_too() {
    let mut state = installed();
    let locked = Settings { time_lock_ns: LOCK, ..state.settings() };
    apply(&mut state, Action::ChangeSettings(Box::new(locked)), at(0));
    let id = propose(&mut state, add_agent(principal(20)), at(1));
    assert_eq!(state.proposal(id).unwrap().ready_at, Some(at(1 + LOCK)));
    assert_eq!(execute(&mut state, id, at(1 + LOCK)), Some(ProposalOutcome::Executed));
    // The way back is as long.
    let unlocked = Settings { time_lock_ns: 0, ..state.settings() };
    assert!(matches!(asked(&state, Action::ChangeSettings(Box::new(unlocked))), Ok(ChangeOutcome::Proposed(_))));
}

#[test]
fn guardians_and_the_proposer_stop_a_change() {
    let mut state = council(2, LOCK);
    let first = propose(&mut state, add_agent(principal(20)), at(0));
    approve(&mut state, second_admin(), first, at(1));
    for nobody in [second_admin(), agent(), stranger(), Principal::anonymous()] {
        assert_eq!(code(cancel(&state, nobody, first, at(3))), "AUTH_FAILED");
    }
    let decided = state.decide_cancel_proposal(guardian(), first, Some("never heard of it".into()), at(2));
    done(&mut state, decided, at(2));
    assert_eq!(state.proposal(first).unwrap().closed, Some(ProposalOutcome::Cancelled));
    assert_eq!(code(state.decide_execute_proposal(admin(), first, at(2 + LOCK))), "WRONG_STATUS");
    assert_eq!(code(cancel(&state, guardian(), first, at(3))), "WRONG_STATUS", "once");
    let second = propose(&mut state, add_agent(principal(21)), at(3));
    assert_eq!(code(cancel(&state, admin(), second, at(3))), "OK");
    assert_eq!(code(cancel(&state, admin(), ProposalId::new(99), at(3))), "NOT_FOUND");
    let long = Some("x".repeat(1_025));
    assert_eq!(code(state.decide_cancel_proposal(admin(), second, long, at(3))), "VALIDATION_FAILED");
}

#[test]
fn a_guardian_has_no_say_in_its_own_removal() {
    let mut state = council(1, 0);
    apply(&mut state, grant(principal(20), Role::Guardian), at(0));
    let locked = Settings { quorum: 2, time_lock_ns: LOCK, ..state.settings() };
    apply(&mut state, Action::ChangeSettings(Box::new(locked)), at(0));
    for action in [revoke(guardian(), Role::Guardian), Action::RemovePrincipal(guardian())] {
        let id = propose(&mut state, action, at(1));
        assert_eq!(code(cancel(&state, guardian(), id, at(3))), "AUTH_FAILED");
        assert_eq!(code(cancel(&state, principal(20), id, at(3))), "AUTH_FAILED", "nor has another guardian");
    }
}

#[test]
fn a_proposal_without_its_quorum_is_void_in_time() {
    let mut state = council(2, 0);
    let ttl = state.settings().proposal_ttl_ns;
    let id = propose(&mut state, add_agent(principal(20)), at(0));
    assert_eq!(code(state.decide_approve_proposal(second_admin(), id, at(ttl - 1))), "OK");
    assert!(state.decide_due_proposal(id, at(ttl - 1)).unwrap().is_none());
    assert_eq!(code(state.decide_approve_proposal(second_admin(), id, at(ttl))), "WRONG_STATUS", "whether or not anybody noticed");
    assert!(matches!(state.decide_change(admin(), add_agent(principal(20)), at(ttl)), Ok((_, ChangeOutcome::Proposed(_)))));
    let late = state.decide_due_proposal(id, at(ttl)).unwrap().expect("it is late");
    state.commit(late, at(ttl));
    assert_eq!(state.proposal(id).unwrap().closed, Some(ProposalOutcome::Expired));
    assert!(state.decide_due_proposal(id, at(ttl)).is_err(), "once");
}

#[test]
fn who_agreed_counts_while_they_are_admins() {
    let mut state = council(2, LOCK);
    let id = propose(&mut state, add_agent(principal(20)), at(0));
    approve(&mut state, second_admin(), id, at(1));
    let out = propose(&mut state, revoke(second_admin(), Role::Admin), at(2));
    assert_eq!(approve(&mut state, third_admin(), out, at(3)).closed, Some(ProposalOutcome::Executed), "no time lock for that");
    assert_eq!(execute(&mut state, id, at(1 + LOCK)), Some(ProposalOutcome::Stale));
    assert!(!state.is_agent(WALLET, &principal(20)));

    let mut state = council(2, LOCK);
    let id = propose(&mut state, add_agent(principal(20)), at(0));
    approve(&mut state, second_admin(), id, at(1));
    let larger = Settings { quorum: 3, ..state.settings() };
    let more = propose(&mut state, Action::ChangeSettings(Box::new(larger)), at(2));
    assert_eq!(approve(&mut state, third_admin(), more, at(2)).closed, Some(ProposalOutcome::Executed));
    assert_eq!(execute(&mut state, id, at(1 + LOCK)), Some(ProposalOutcome::Stale), "the quorum is another");
}

/// What nobody spoke about stays as it is: each proposal was made before something else changed what it replaces.
#[test]
fn a_change_that_is_out_of_date_does_not_take_effect() {
    let mut state = council(1, 0);
    for approver in [principal(20), principal(21), principal(22)] {
        apply(&mut state, grant(approver, Role::Approver), at(0));
    }
    apply(&mut state, group("board", &[principal(20), principal(21)]), at(0));
    govern(&mut state, 2, LOCK);
    let looser = policy(&state, Scope::Wallet(WALLET), rules(PER_TRANSACTION, DAILY + 1));
    let more = Settings { max_wallets_per_owner: 9, ..state.settings() };
    let actions = [looser, Action::ChangeSettings(Box::new(more)), group("board", &[principal(20), principal(21), principal(22)])];
    let ids = actions.map(|action| {
        let id = propose(&mut state, action, at(1));
        assert_eq!(approve(&mut state, third_admin(), id, at(1)).closed, None);
        id
    });
    let tighter = rules(PER_TRANSACTION, DAILY - 1);
    let narrowed = policy(&state, Scope::Wallet(WALLET), tighter.clone());
    apply(&mut state, narrowed, at(1));
    let fewer = Settings { max_wallets_per_owner: 2, ..state.settings() };
    apply(&mut state, Action::ChangeSettings(Box::new(fewer)), at(1));
    apply(&mut state, group("board", &[]), at(1));
    for id in ids {
        assert_eq!(execute(&mut state, id, at(1 + LOCK)), Some(ProposalOutcome::Stale), "{:?}", state.proposal(id).unwrap().action);
    }
    let in_force = state.policy(WALLET).unwrap();
    assert_eq!((in_force.version, &in_force.rules[1]), (2, &tighter[1]));
    assert_eq!(state.settings().max_wallets_per_owner, 2);
    assert_eq!(members(&state, "board"), BTreeSet::new());
    assert_replays(&state);
}

#[test]
fn the_end_of_one_emergency_is_not_the_end_of_the_next() {
    let mut state = council(2, LOCK);
    let start = |state: &mut TestState, now| {
        let decided = state.decide_start_emergency(guardian(), "drill".into(), at(now));
        done(state, decided, at(now));
    };
    let end = |reason: &str| Action::EndEmergency { reason: reason.into() };
    start(&mut state, 1);
    let id = propose(&mut state, end("over"), at(2));
    approve(&mut state, second_admin(), id, at(2));
    assert_eq!(execute(&mut state, id, at(2 + LOCK)), Some(ProposalOutcome::Executed));
    assert_eq!(state.mode(), Mode::Limited { since: at(2 + LOCK), percent: 10 });
    let early = propose(&mut state, end("all is well"), at(3 + LOCK));
    approve(&mut state, second_admin(), early, at(3 + LOCK));
    start(&mut state, 4 + LOCK);
    assert_eq!(execute(&mut state, early, at(3 + 2 * LOCK)), Some(ProposalOutcome::Stale));
    assert_eq!(state.mode(), Mode::Emergency { since: at(4 + LOCK) });
    assert_replays(&state);
}

#[test]
fn proposals_are_bounded_and_none_is_made_twice() {
    let mut state = council(1, 0);
    let admins = [admin(), second_admin(), third_admin(), principal(13), principal(14), principal(15)];
    for new in &admins[3..] {
        apply(&mut state, grant(*new, Role::Admin), at(0));
    }
    govern(&mut state, 3, 0);
    let mut numbers = 0..u8::MAX;
    for by in &admins[..5] {
        for n in numbers.by_ref().take(MAX_OPEN_PROPOSALS_PER_ADMIN) {
            let action = add_agent(Principal::from_slice(&[7, n, 7]));
            let (decided, _) = state.decide_change(*by, action, at(1)).unwrap();
            state.commit(decided, at(1));
        }
        let same = state.decide_change(*by, add_agent(Principal::from_slice(&[7, 0, 7])), at(1)).unwrap_err();
        assert_eq!(same.code(), "ALREADY_SO");
        let more = state.decide_change(*by, add_agent(principal(20)), at(1)).unwrap_err();
        assert!(matches!(more, Refusal::LimitReached { .. }), "{more:?}");
    }
    let full = state.decide_change(admins[5], add_agent(principal(20)), at(1)).unwrap_err();
    assert_eq!(full, Refusal::LimitReached { what: "open proposals", max: MAX_OPEN_PROPOSALS as u64, current: 100 });
    // What narrows power needs no room.
    assert_eq!(asked(&state, policy(&state, Scope::Wallet(WALLET), tight())), Ok(ChangeOutcome::Applied));
}

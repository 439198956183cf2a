//! The start of an emergency, its end, and the guardians who may delay it.

use super::*;
use crate::base::DAY_NS;
use crate::governance::MAX_EMERGENCY_VETO_NS;
use crate::policy::Mode;

fn start(state: &mut TestState, now: Timestamp) {
    let decided = state.decide_start_emergency(guardian(), "drill".into(), now);
    done(state, decided, now);
}

fn end() -> Action {
    Action::EndEmergency { reason: "over".into() }
}

/// Two people who press the button at once have both stopped the payments.
#[test]
fn an_emergency_in_an_emergency_changes_nothing() {
    let mut state = installed();
    start(&mut state, at(1));
    let blocks = state.log_len();
    for by in [guardian(), admin()] {
        let decided = state.decide_start_emergency(by, "me too".into(), at(2));
        done(&mut state, decided, at(2));
    }
    assert_eq!(state.log_len(), blocks, "no entry");
    assert_eq!(state.mode(), Mode::Emergency { since: at(1) });
    assert_eq!(code(state.decide_start_emergency(agent(), String::new(), at(3))), "AUTH_FAILED");
    assert_eq!(code(state.decide_start_emergency(admin(), "x".repeat(1_025), at(3))), "VALIDATION_FAILED");
}

#[test]
fn guardians_do_not_keep_each_other() {
    let mut state = council(1, 0);
    let other = principal(20);
    apply(&mut state, grant(other, Role::Guardian), at(0));
    govern(&mut state, 2, LOCK);
    for (whom, ally) in [(guardian(), other), (other, guardian())] {
        for action in [revoke(whom, Role::Guardian), Action::RemovePrincipal(whom)] {
            let id = propose(&mut state, action, at(1));
            for by in [whom, ally] {
                assert_eq!(code(cancel(&state, by, id, at(2))), "AUTH_FAILED");
            }
        }
    }
    let id = propose(&mut state, grant(principal(21), Role::Guardian), at(1));
    assert_eq!(code(cancel(&state, other, id, at(2))), "OK", "whatever else widens they stop");
}

#[test]
fn guardians_delay_the_end_of_an_emergency_for_a_week() {
    let mut state = council(2, LOCK);
    start(&mut state, at(1));
    let id = propose(&mut state, end(), at(2));
    approve(&mut state, second_admin(), id, at(2));
    let last = at(MAX_EMERGENCY_VETO_NS);
    let decided = cancel(&state, guardian(), id, last);
    done(&mut state, decided, last);
    let over = at(1 + MAX_EMERGENCY_VETO_NS);
    let id = propose(&mut state, end(), over);
    approve(&mut state, second_admin(), id, over);
    assert_eq!(code(cancel(&state, guardian(), id, over)), "AUTH_FAILED");
    let ready = over.saturating_add(LOCK);
    assert_eq!(execute(&mut state, id, ready), Some(ProposalOutcome::Executed));
    assert!(matches!(state.mode(), Mode::Limited { .. }));
    // The week counts from the stage: limited operation has its own.
    let id = propose(&mut state, end(), ready);
    assert_eq!(code(cancel(&state, guardian(), id, ready)), "OK");
    assert_eq!(code(cancel(&state, guardian(), id, ready.saturating_add(7 * DAY_NS))), "AUTH_FAILED");
    assert_replays(&state);
}

//! Changes that one person tries to keep from happening.

use super::proposals::{advance_time, approve, env_with_quorum, executed, proposal, proposed, second_admin, third_admin};
use candid::Principal;
use purser_it::test_env::Actor;
use purser_types::{Change, Mode, ProposalOutcome, Role, SettingsInit};

const DAY: u64 = 86_400;
const TIME_LOCK: u64 = 3_600;

fn second_guardian() -> Principal {
    Principal::self_authenticating([40])
}

#[test]
fn two_guardians_are_removed_although_both_object() {
    let mut env = env_with_quorum();
    executed(&mut env, |admin| admin.grant_role(second_guardian(), Role::Guardian));
    for (whom, ally) in [(second_guardian(), Actor::Guardian.principal()), (Actor::Guardian.principal(), second_guardian())] {
        let id = proposed(&mut env, |admin| admin.revoke_role(whom, Role::Guardian));
        approve(&mut env, id);
        for by in [whom, ally] {
            let refused = env.as_principal(by).cancel_proposal(id, None).expect_err("no guardian stops it");
            assert_eq!(refused.code, "AUTH_FAILED");
        }
        advance_time(&mut env, TIME_LOCK);
        assert_eq!(proposal(&mut env, id).outcome, Some(ProposalOutcome::Executed.into()));
    }
}

#[test]
fn a_guardian_delays_the_end_of_an_emergency_for_a_week() {
    let mut env = env_with_quorum();
    env.as_actor(Actor::Guardian).start_emergency("drill").expect("a guardian");
    env.as_actor(Actor::Guardian).start_emergency("again").expect("it has what it wants");
    let first = proposed(&mut env, |admin| admin.end_emergency("over"));
    env.as_actor(Actor::Guardian).cancel_proposal(first, None).expect("in the first week");
    advance_time(&mut env, 7 * DAY);
    let second = proposed(&mut env, |admin| admin.end_emergency("over"));
    approve(&mut env, second);
    let refused = env.as_actor(Actor::Guardian).cancel_proposal(second, None).expect_err("later");
    assert_eq!(refused.code, "AUTH_FAILED");
    advance_time(&mut env, TIME_LOCK);
    assert!(matches!(env.as_actor(Actor::Stranger).get_mode(), Mode::Limited { .. }));
}

#[test]
fn a_removed_admin_stops_nothing_and_others_carry_its_proposal() {
    let mut env = env_with_quorum();
    let wanted = Principal::self_authenticating([50]);
    let id = proposed(&mut env, |admin| admin.grant_role(wanted, Role::Viewer));
    approve(&mut env, id);
    let out = match env.as_principal(second_admin()).remove_principal(Actor::Admin.principal()) {
        Ok(Change::Proposed(out)) => out,
        other => panic!("{other:?}"),
    };
    let gone = env.as_principal(third_admin()).approve_proposal(out).expect("another admin");
    assert_eq!(gone.outcome, Some(ProposalOutcome::Executed.into()), "without a time lock");
    assert_eq!(proposal(&mut env, id).outcome, Some(ProposalOutcome::Stale.into()));
    assert_eq!(env.as_actor(Actor::Admin).cancel_proposal(id, None).expect_err("no admin").code, "AUTH_FAILED");
    let again = match env.as_principal(second_admin()).grant_role(wanted, Role::Viewer) {
        Ok(Change::Proposed(again)) => again,
        other => panic!("{other:?}"),
    };
    env.as_principal(third_admin()).approve_proposal(again).expect("another admin");
    advance_time(&mut env, TIME_LOCK);
    assert_eq!(proposal(&mut env, again).outcome, Some(ProposalOutcome::Executed.into()));
}

#[test]
fn an_admin_does_not_keep_its_own_removal_from_happening() {
    let mut env = env_with_quorum();
    let own = proposed(&mut env, |admin| admin.remove_principal(Actor::Admin.principal()));
    let others = env.as_principal(second_admin()).remove_principal(Actor::Admin.principal());
    assert!(matches!(others, Ok(Change::Proposed(_))), "the place is free: {others:?}");
    assert_eq!(approve(&mut env, own).outcome, None, "the admin itself does not count");
    assert_eq!(env.as_actor(Actor::Admin).cancel_proposal(own, None).expect_err("about itself").code, "AUTH_FAILED");
    let gone = env.as_principal(third_admin()).approve_proposal(own).expect("the second of two");
    assert_eq!(gone.outcome, Some(ProposalOutcome::Executed.into()));
}

#[test]
fn a_smaller_quorum_and_a_longer_time_lock_bind_what_waits() {
    let mut env = env_with_quorum();
    let waiting = proposed(&mut env, |admin| admin.grant_role(Principal::self_authenticating([51]), Role::Viewer));
    let single = SettingsInit { quorum: Some(1), ..SettingsInit::default() };
    executed(&mut env, |admin| admin.set_settings(&single));
    let ready_at = proposal(&mut env, waiting).ready_at.expect("its proposer is enough now");
    let longer = SettingsInit { time_lock_seconds: Some(2 * DAY), ..SettingsInit::default() };
    assert_eq!(env.as_actor(Actor::Admin).set_settings(&longer), Ok(Change::Applied));
    assert_eq!(proposal(&mut env, waiting).ready_at, Some(ready_at + (2 * DAY - TIME_LOCK) * 1_000_000_000));
    advance_time(&mut env, TIME_LOCK);
    assert_eq!(proposal(&mut env, waiting).outcome, None);
    advance_time(&mut env, 2 * DAY);
    assert_eq!(proposal(&mut env, waiting).outcome, Some(ProposalOutcome::Executed.into()));
}

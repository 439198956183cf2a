//! Tests of rate limits and circuit breakers.

use super::fixture::*;
use crate::base::{Amount, Asset, SECOND_NS};
use crate::policy::*;

const TOO_OFTEN: Result<Decision, (RuleKind, ReasonCode)> = Err((RuleKind::RateLimit, ReasonCode::RateLimitExceeded));

fn world(counted: Counted, max: u32) -> World {
    World::new(open_but([Rule::RateLimit { counted, window: RateWindow::Minute, max }]))
}

#[test]
fn the_maximum_holds_this_request_too() {
    for (counted, made, max, expected) in [
        (Counted::Executions, 2, 3, ALLOWED),
        (Counted::Executions, 3, 3, TOO_OFTEN),
        (Counted::Executions, 3, 4, ALLOWED),
        (Counted::Attempts, 5, 6, ALLOWED),
        (Counted::Attempts, 5, 5, TOO_OFTEN),
    ] {
        let mut world = world(counted, max);
        (0..made).for_each(|_| world.policies[0].activity.note(true, at(0)));
        assert_eq!(verdict(&world.sol(1, 0)), expected, "{made} of {max}");
    }
}

#[test]
fn requests_leave_the_window_with_their_second() {
    let mut world = world(Counted::Executions, 1);
    world.policies[0].activity.note(true, at(0));
    assert_eq!(verdict(&world.clone().at(at(61 * SECOND_NS - 1)).sol(1, 0)), TOO_OFTEN);
    assert_eq!(verdict(&world.clone().at(at(61 * SECOND_NS)).sol(1, 0)), ALLOWED);
    let denied = denial(&world.at(at(SECOND_NS)).sol(1, 0));
    assert_eq!((denied.limit, denied.used, denied.remaining), (Some(Amount::new(1)), Some(Amount::new(1)), Some(Amount::ZERO)));
    assert_eq!(denied.retry_after_ns, Some(60 * SECOND_NS));
}

#[test]
fn denied_requests_use_up_attempts_and_no_executions() {
    for (counted, expected) in [(Counted::Attempts, TOO_OFTEN), (Counted::Executions, ALLOWED)] {
        let mut world = world(counted, 2);
        (0..5).for_each(|_| world.policies[0].activity.note(false, at(0)));
        assert_eq!(verdict(&world.sol(1, 0)), expected, "{counted:?}");
    }
}

#[test]
fn an_open_breaker_ends_the_evaluation_before_any_policy() {
    let mut world = World::new(Vec::new()).with(Scope::Agent { wallet: WALLET, agent: agent() }, Vec::new());
    world.policies[1].activity.open_until = Some(at(300));
    let denied = denial(&world.clone().at(at(299)).sol(1, 0));
    assert_eq!((denied.rule, denied.code), (RuleKind::CircuitBreaker, Some(ReasonCode::CircuitBreakerOpen)));
    assert_eq!(denied.retry_after_ns, Some(1));
    let after = world.clone().at(at(300)).sol(1, 0);
    assert!(after.denials().all(|finding| finding.code == Some(ReasonCode::PolicyDenied)), "the policies are looked at again");
    world.context.is_recheck = true;
    assert!(world.at(at(0)).sol(1, 0).denials().all(|finding| finding.rule != RuleKind::CircuitBreaker), "not on a second look");
}

#[test]
fn a_chains_breaker_stops_its_own_chain() {
    let mut world = World::new(open());
    world.context.chain_open_until = Some(at(10));
    let stopped = Err((RuleKind::CircuitBreaker, ReasonCode::ChainError));
    assert_eq!(verdict(&world.clone().at(at(9)).sol(1, 0)), stopped);
    assert_eq!(verdict(&world.clone().at(at(10)).sol(1, 0)), ALLOWED);
    assert!(!world.at(at(9)).judge_to(Asset::Sol, &sol_recipient(1), 1, 0).is_agent_fault());
}

//! Properties that hold for every policy.

use super::fixture::*;
use super::generators::{SCOPES, Scene, rules, scene, variation};
use crate::policy::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::cell::Cell;

/// Runs a property; answers how many cases it said something about.
fn check<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value) -> Result<bool, TestCaseError>) -> u32 {
    let told = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&strategy, |value| {
        if property(value)? {
            told.set(told.get() + 1);
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    told.get()
}

/// The paying wallet's rules beside those of a scope, which are its own when the scope is the wallet's.
fn policies(scope: Scope, rules: &[Rule]) -> Vec<(Scope, Vec<Rule>)> {
    let mut policies = vec![(scope, rules.to_vec())];
    if scope != PAYING {
        policies.push((PAYING, open()));
    }
    policies
}

/// Whether every approval that `old` demands is demanded by `new` at least as strictly.
fn asks_no_less(old: &Evaluation, new: &Evaluation) -> bool {
    let covers = |old: &ApprovalDemand, new: &ApprovalDemand| {
        new.group == old.group
            && new.quorum >= old.quorum
            && new.time_lock_ns >= old.time_lock_ns
            && new.timeout_ns <= old.timeout_ns
    };
    old.approvals.iter().all(|old| new.approvals.iter().any(|new| covers(old, new)))
}

fn scope() -> impl Strategy<Value = Scope> {
    prop::sample::select(SCOPES.to_vec())
}

/// The open rules with some of their own, so that a paying wallet allows often.
fn mixed() -> impl Strategy<Value = Vec<Rule>> {
    (rules(6), any::<bool>()).prop_map(|(rules, opened)| if opened { open_but(rules) } else { rules })
}

#[test]
fn what_is_not_called_widening_never_lets_more_pass() {
    let pairs = mixed().prop_flat_map(|rules| (Just(rules.clone()), variation(rules)));
    let told = check(6_000, (scope(), pairs, scene()), |(scope, (old, new), scene): (Scope, (Vec<Rule>, Vec<Rule>), Scene)| {
        let policy = (!old.is_empty()).then(|| Policy { version: 1, name: None, rules: old.clone() });
        if widens(&scope, policy.as_ref(), &new) {
            return Ok(false);
        }
        let (before, after) = (scene.evaluate(&policies(scope, &old)), scene.evaluate(&policies(scope, &new)));
        prop_assert!(after.decision >= before.decision, "{before:?}\n{after:?}");
        prop_assert!(after.decision != Decision::RequireApproval || asks_no_less(&before, &after), "{before:?}\n{after:?}");
        Ok(before.decision != Decision::Deny)
    });
    assert!(told > 100, "only {told} cases let anything pass before");
}

#[test]
fn one_more_policy_never_turns_a_denial_into_anything_else() {
    check(3_000, (mixed(), scope(), rules(6), scene()), |(paying, scope, more, scene): (Vec<Rule>, Scope, Vec<Rule>, Scene)| {
        let before = scene.evaluate(&[(PAYING, paying.clone())]);
        if scope == PAYING {
            return Ok(false);
        }
        let after = scene.evaluate(&[(scope, more), (PAYING, paying)]);
        prop_assert!(after.decision >= before.decision && asks_no_less(&before, &after) | (after.decision == Decision::Deny));
        Ok(true)
    });
}

#[test]
fn the_order_of_rules_and_scopes_never_matters() {
    let shuffled = (mixed(), rules(6)).prop_flat_map(|(paying, outer)| {
        (Just(paying.clone()), Just(outer.clone()), Just(paying).prop_shuffle(), Just(outer).prop_shuffle())
    });
    check(3_000, (shuffled, scene()), |((paying, outer, paying_again, outer_again), scene)| {
        let summary = |evaluation: Evaluation| {
            let mut said: Vec<_> =
                evaluation.findings.iter().map(|finding| (finding.rule, finding.code, finding.limit, finding.used)).collect();
            let mut asked: Vec<_> =
                evaluation.approvals.iter().map(|demand| (demand.group.clone(), demand.quorum, demand.time_lock_ns)).collect();
            said.sort();
            asked.sort();
            (evaluation.decision, said, asked)
        };
        let one = scene.evaluate(&[(SCOPES[1], outer), (PAYING, paying)]);
        let other = scene.evaluate(&[(PAYING, paying_again), (SCOPES[1], outer_again)]);
        prop_assert_eq!(summary(one), summary(other));
        Ok(true)
    });
}

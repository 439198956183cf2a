//! Tests of limits per transaction and over time.

use super::fixture::*;
use crate::base::{Amount, Asset, DAY_NS};
use crate::policy::*;

const AT_ONCE: Result<Decision, (RuleKind, ReasonCode)> = Err((RuleKind::PerTransaction, ReasonCode::SpendingLimitExceeded));

#[test]
fn one_transfer_sends_up_to_its_maximum_and_its_fee_does_not_count() {
    let world = World::new(open_but([per_transaction(Asset::Sol, 100)]));
    for (amount, expected) in [(1, ALLOWED), (99, ALLOWED), (100, ALLOWED), (101, AT_ONCE), (u64::MAX - 50, AT_ONCE)] {
        assert_eq!(verdict(&world.sol(amount, 50)), expected, "{amount}");
    }
    let over = denial(&world.sol(101, 50));
    assert_eq!((over.limit, over.suggested_max, over.retry_after_ns), (Some(Amount::new(100)), Some(Amount::new(100)), None));
}

#[test]
fn a_window_holds_amounts_fees_and_promises_up_to_its_maximum() {
    let key = CounterKey::units(PAYING, Asset::Sol);
    let world = World::new(open_but([limit(Asset::Sol, Window::Rolling24h, 1_000)]));
    let world = world.posted(key.clone(), 300, at(0)).reserved(key, 200);
    for (amount, fee, expected) in
        [(490, 9, ALLOWED), (490, 10, ALLOWED), (490, 11, OVER_TIME), (491, 10, OVER_TIME), (500, 0, ALLOWED), (501, 0, OVER_TIME)]
    {
        assert_eq!(verdict(&world.sol(amount, fee)), expected, "{amount} and {fee}");
    }
    let over = denial(&world.sol(600, 10));
    assert_eq!((over.limit, over.used, over.remaining), (Some(Amount::new(1_000)), Some(Amount::new(500)), Some(Amount::new(500))));
    assert_eq!(over.suggested_max, Some(Amount::new(490)), "the fee cap stays");
    assert_eq!(over.retry_after_ns, Some(DAY_NS + 1_800_000_000_000), "when the posted part has left with its half hour");
    assert_eq!(denial(&world.sol(1_001, 0)).retry_after_ns, None, "never under this limit");
}

#[test]
fn an_amount_and_a_fee_that_overflow_together_are_denied() {
    let world = World::new(open());
    assert_eq!(verdict(&world.sol(u64::MAX, 0)), ALLOWED);
    assert_eq!(verdict(&world.sol(u64::MAX, 1)), OVER_TIME);
}

#[test]
fn what_no_rule_speaks_for_is_denied() {
    let without = |drop: &dyn Fn(&Rule) -> bool| World::new(open().into_iter().filter(|rule| !drop(rule)).collect());
    for (drop, kind) in [
        (
            &(|rule: &Rule| matches!(rule, Rule::PerTransaction { asset: Asset::Sol, .. })) as &dyn Fn(&Rule) -> bool,
            RuleKind::PerTransaction,
        ),
        (&|rule: &Rule| matches!(rule, Rule::SpendingLimit { asset: Asset::Sol, .. }), RuleKind::SpendingLimit),
        (&|rule: &Rule| matches!(rule, Rule::AnyAddress { chain: crate::base::Chain::Solana }), RuleKind::Allowlist),
    ] {
        let world = without(drop);
        assert_eq!(verdict(&world.sol(1, 0)), Err((kind, ReasonCode::PolicyDenied)));
        assert_eq!(
            verdict(&world.judge_to(Asset::Kas, &recipient_of(Asset::Kas, 1), 1, 0)),
            ALLOWED,
            "the other chain is spoken for"
        );
    }
    let mut world = World::new(open());
    world.policies[0].policy = None;
    assert_eq!(verdict(&world.sol(1, 0)), Err((RuleKind::Policy, ReasonCode::PolicyDenied)));
}

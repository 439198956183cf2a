//! Tests of approval rules.

use super::fixture::*;
use crate::base::{Amount, Asset, MINUTE_NS};
use crate::policy::*;

fn rule(asset: Option<Asset>, threshold: u64, cumulative: Option<u64>, group: &str, quorum: u32) -> ApprovalRule {
    ApprovalRule {
        asset,
        threshold: Amount::new(threshold),
        cumulative_24h: cumulative.map(Amount::new),
        group: group.into(),
        quorum,
        timeout_ns: 5 * MINUTE_NS,
        time_lock_ns: MINUTE_NS,
    }
}

fn world(rules: impl IntoIterator<Item = ApprovalRule>) -> World {
    let mut world = World::new(open_but(rules.into_iter().map(Rule::Approval)));
    world.approvers = [("treasury".to_owned(), 2), ("ops".to_owned(), 1)].into();
    world
}

#[test]
fn amounts_from_the_threshold_on_need_an_approval() {
    let world = world([rule(Some(Asset::Sol), 100, None, "treasury", 2)]);
    for (amount, expected) in [(99, ALLOWED), (100, ASKED), (101, ASKED)] {
        assert_eq!(verdict(&world.sol(amount, 50)), expected, "{amount}, fees do not count");
    }
    let demand = ApprovalDemand { group: "treasury".into(), quorum: 2, timeout_ns: 5 * MINUTE_NS, time_lock_ns: MINUTE_NS };
    assert_eq!(world.sol(100, 0).approvals, [demand]);
    assert_eq!(verdict(&world.judge_to(Asset::Kas, &recipient_of(Asset::Kas, 1), 1_000, 0)), ALLOWED, "another asset");
}

#[test]
fn splitting_does_not_avoid_the_question() {
    let world = world([rule(Some(Asset::Sol), 100, Some(150), "treasury", 1)]);
    let key = CounterKey::units(PAYING, Asset::Sol);
    let world = world.posted(key.clone(), 60, at(0)).reserved(key, 40);
    assert_eq!(verdict(&world.sol(49, 0)), ALLOWED);
    assert_eq!(verdict(&world.sol(50, 0)), ASKED, "60 spent, 40 promised, 50 asked for");
    assert_eq!(verdict(&world.at(at(2 * crate::base::DAY_NS)).sol(50, 0)), ALLOWED, "what was spent has left the day");
}

#[test]
fn a_rule_for_one_asset_takes_the_place_of_the_rule_for_all() {
    let world = world([rule(None, 0, None, "ops", 1), rule(Some(Asset::Sol), 100, None, "treasury", 1)]);
    assert_eq!(verdict(&world.sol(99, 0)), ALLOWED);
    assert_eq!(world.sol(100, 0).approvals.into_iter().map(|demand| demand.group).collect::<Vec<_>>(), ["treasury"]);
    let kas = world.judge_to(Asset::Kas, &recipient_of(Asset::Kas, 1), 1, 0);
    assert_eq!(kas.approvals.into_iter().map(|demand| demand.group).collect::<Vec<_>>(), ["ops"]);
}

#[test]
fn a_question_that_nobody_can_answer_is_a_denial() {
    let impossible = Err((RuleKind::Approval, ReasonCode::PolicyDenied));
    assert_eq!(verdict(&world([rule(Some(Asset::Sol), 1, None, "treasury", 2)]).sol(1, 0)), ASKED);
    assert_eq!(verdict(&world([rule(Some(Asset::Sol), 1, None, "treasury", 3)]).sol(1, 0)), impossible);
    assert_eq!(verdict(&world([rule(Some(Asset::Sol), 1, None, "nobody", 1)]).sol(1, 0)), impossible);
}

#[test]
fn a_denial_leaves_nothing_to_ask_and_a_second_look_does_not_ask_again() {
    let mut world = world([rule(Some(Asset::Sol), 1, None, "treasury", 1)]);
    world.context.wallet_active = false;
    let denied = world.sol(1, 0);
    assert_eq!((denied.decision, denied.approvals), (Decision::Deny, Vec::new()));
    world.context.wallet_active = true;
    world.context.is_recheck = true;
    assert_eq!(verdict(&world.sol(1, 0)), ALLOWED);
}

#[test]
fn every_scope_asks_for_itself() {
    let outer = vec![Rule::Approval(rule(None, 0, None, "ops", 1))];
    let world = world([rule(Some(Asset::Sol), 10, None, "treasury", 2)]).with(Scope::User(agent()), outer);
    assert_eq!(world.sol(9, 0).approvals.len(), 1);
    assert_eq!(world.sol(10, 0).approvals.len(), 2);
}

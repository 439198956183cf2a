//! Tests of rules about recipients.

use super::fixture::*;
use crate::base::{Amount, Asset, Chain, DAY_NS, MINUTE_NS};
use crate::policy::*;

const UNKNOWN: Result<Decision, (RuleKind, ReasonCode)> = Err((RuleKind::Allowlist, ReasonCode::AddressNotAllowed));
const OWN_LIMIT: Result<Decision, (RuleKind, ReasonCode)> = Err((RuleKind::Allowlist, ReasonCode::SpendingLimitExceeded));
const DENIED: Result<Decision, (RuleKind, ReasonCode)> = Err((RuleKind::Denylist, ReasonCode::AddressNotAllowed));

/// Limits and an allowlist instead of `AnyAddress`, and more.
fn world(entries: Vec<AllowEntry>, more: impl IntoIterator<Item = Rule>) -> World {
    let mut rules: Vec<Rule> = open().into_iter().filter(|rule| *rule != Rule::AnyAddress { chain: Chain::Solana }).collect();
    rules.push(Rule::Allowlist { chain: Chain::Solana, entries, cool_down_ns: 0 });
    rules.extend(more);
    World::new(rules)
}

#[test]
fn only_listed_recipients_are_paid() {
    let world = world(vec![listed(1), listed(3)], []);
    for (n, expected) in [(0, UNKNOWN), (1, ALLOWED), (2, UNKNOWN), (3, ALLOWED), (4, UNKNOWN)] {
        assert_eq!(verdict(&world.judge_to(Asset::Sol, &sol_recipient(n), 1, 0)), expected, "{n}");
    }
}

#[test]
fn an_entry_is_used_from_its_first_moment_to_before_its_last() {
    let world = world(vec![AllowEntry { usable_from: at(100), expires_at: Some(at(200)), ..listed(1) }], []);
    for (now, expected) in [(99, UNKNOWN), (100, ALLOWED), (199, ALLOWED), (200, UNKNOWN)] {
        assert_eq!(verdict(&world.clone().at(at(now)).sol(1, 0)), expected, "{now}");
    }
    assert_eq!(denial(&world.clone().at(at(40)).sol(1, 0)).retry_after_ns, Some(60), "the cool-down");
    assert_eq!(denial(&world.at(at(200)).sol(1, 0)).retry_after_ns, None, "an expired entry does not come back");
}

#[test]
fn a_recipients_own_limits_count_what_it_receives_and_no_fees() {
    let limits =
        vec![RecipientLimit { asset: Asset::Sol, per_transaction: Some(Amount::new(50)), rolling_24h: Some(Amount::new(80)) }];
    let world = world(vec![AllowEntry { limits, ..listed(1) }, listed(2)], []);
    for (amount, expected) in [(49, ALLOWED), (50, ALLOWED), (51, OWN_LIMIT)] {
        assert_eq!(verdict(&world.sol(amount, 1_000)), expected, "{amount}");
    }
    let key = CounterKey::to(PAYING, Asset::Sol, sol_recipient(1));
    let world = world.posted(key.clone(), 40, at(0)).reserved(key, 10);
    assert_eq!(verdict(&world.sol(30, 1_000)), ALLOWED);
    let over = denial(&world.sol(31, 1_000));
    assert_eq!((over.rule, over.limit, over.suggested_max), (RuleKind::Allowlist, Some(Amount::new(80)), Some(Amount::new(30))));
    assert_eq!(over.retry_after_ns, Some(DAY_NS + 30 * MINUTE_NS));
    assert_eq!(verdict(&world.judge_to(Asset::Sol, &sol_recipient(2), 1_000, 0)), ALLOWED, "others have limits of their own");
}

#[test]
fn the_denylist_wins_over_the_allowlist_and_over_every_address() {
    let denylist = |n: u8| Rule::Denylist { chain: Chain::Solana, entries: [sol_recipient(n)].into() };
    assert_eq!(verdict(&world(vec![listed(1), listed(2)], [denylist(1)]).sol(1, 0)), DENIED);
    assert_eq!(verdict(&world(vec![listed(1), listed(2)], [denylist(2)]).sol(1, 0)), ALLOWED);
    let any = World::new(open_but([denylist(1)]));
    assert_eq!(verdict(&any.sol(1, 0)), DENIED);
    assert_eq!(verdict(&any.judge_to(Asset::Sol, &sol_recipient(2), 1, 0)), ALLOWED);
}

#[test]
fn a_list_governs_its_own_chain_only() {
    let world = world(vec![listed(1)], []);
    assert_eq!(verdict(&world.judge_to(Asset::Kas, &recipient_of(Asset::Kas, 9), 1, 0)), ALLOWED);
}

#[test]
fn a_recipients_own_limits_are_reduced_after_an_emergency_like_all_others() {
    let limits =
        vec![RecipientLimit { asset: Asset::Sol, per_transaction: Some(Amount::new(50)), rolling_24h: Some(Amount::new(80)) }];
    let mut world = world(vec![AllowEntry { limits, ..listed(1) }], []);
    world.context.mode = crate::policy::Mode::Limited { since: at(0), percent: 10 };
    assert_eq!(verdict(&world.sol(5, 0)), ALLOWED);
    assert_eq!(verdict(&world.sol(6, 0)), OWN_LIMIT);
    let world = world.reserved(CounterKey::to(PAYING, Asset::Sol, sol_recipient(1)), 4);
    assert_eq!(verdict(&world.sol(4, 0)), ALLOWED);
    assert_eq!(verdict(&world.sol(5, 0)), OWN_LIMIT);
}

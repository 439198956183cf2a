//! Tests of limits in the unit of account.

use super::fixture::*;
use crate::base::{Amount, Asset, DAY_NS};
use crate::governance::Rate;
use crate::policy::*;
use std::collections::BTreeSet;

fn world(assets: &[Asset], max: u64) -> World {
    let assets: BTreeSet<Asset> = assets.iter().copied().collect();
    let mut world = World::new(open_but([Rule::ValueLimit { assets, window: Window::Rolling24h, max: Amount::new(max) }]));
    world.rates = [(Asset::Sol, 3), (Asset::Kas, 2)].into();
    world
}

const OVER: Result<Decision, (RuleKind, ReasonCode)> = Err((RuleKind::ValueLimit, ReasonCode::SpendingLimitExceeded));
const UNKNOWN: Result<Decision, (RuleKind, ReasonCode)> = Err((RuleKind::ValueLimit, ReasonCode::PolicyDenied));

#[test]
fn amount_and_fee_are_valued_and_summed_over_the_assets() {
    let world = world(&Asset::ALL, 100)
        .posted(CounterKey::value(PAYING, Asset::Kas), 30, at(0))
        .reserved(CounterKey::value(PAYING, Asset::Sol), 10);
    for (amount, fee, expected) in [(19, 0, ALLOWED), (20, 0, ALLOWED), (21, 0, OVER), (19, 1, ALLOWED), (19, 2, OVER)] {
        assert_eq!(verdict(&world.sol(amount, fee)), expected, "{amount} and {fee}, worth three each, of 60");
    }
    assert_eq!(verdict(&world.judge_to(Asset::Kas, &recipient_of(Asset::Kas, 1), 30, 0)), ALLOWED);
    assert_eq!(verdict(&world.judge_to(Asset::Kas, &recipient_of(Asset::Kas, 1), 31, 0)), OVER);
    let over = denial(&world.sol(21, 0));
    assert_eq!((over.limit, over.used, over.remaining), (Some(Amount::new(100)), Some(Amount::new(40)), Some(Amount::new(60))));
    assert_eq!(verdict(&world.at(at(2 * DAY_NS)).sol(30, 0)), ALLOWED, "what was promised stays, what was spent has left");
}

#[test]
fn without_a_rate_nothing_of_the_asset_passes() {
    let mut world = world(&Asset::ALL, 1_000);
    world.rates.remove(&Asset::Sol);
    assert_eq!(verdict(&world.sol(1, 0)), UNKNOWN);
    assert_eq!(verdict(&world.judge_to(Asset::Kas, &recipient_of(Asset::Kas, 1), 1, 0)), ALLOWED);
}

#[test]
fn an_asset_outside_the_group_is_not_valued() {
    let mut world = world(&[Asset::Kas], 1);
    world.rates.clear();
    assert_eq!(verdict(&world.sol(1_000, 10)), ALLOWED);
}

#[test]
fn a_rate_rounds_up_and_expires_at_its_time() {
    let rate = Rate { asset: Asset::Sol, value: Amount::new(2), per: Amount::new(3), expires_at: at(10) };
    for (amount, value) in [(0, 0), (1, 1), (3, 2), (4, 3), (6, 4)] {
        assert_eq!(rate.value(Amount::new(amount), at(0)), Some(Amount::new(value)), "{amount}");
    }
    assert!(rate.value(Amount::new(1), at(9)).is_some());
    assert_eq!(rate.value(Amount::new(1), at(10)), None);
    let large = Rate { value: Amount::MAX, per: Amount::new(1), ..rate };
    assert_eq!(large.value(Amount::new(2), at(0)), Some(Amount::MAX), "more than can be counted is the largest amount");
}

#[test]
fn a_rate_is_bounded_by_what_a_whole_coin_is_worth() {
    let problem = |asset, value, per| {
        Rate { asset, value: Amount::new(value), per: Amount::new(per), expires_at: at(10) }.validate().err().unwrap_or_default()
    };
    let token = Asset::Spl { mint: crate::base::Mint([7; 32]) };
    for (asset, value, per) in [
        (Asset::Sol, 150_000_000, 1_000_000_000),
        (Asset::Sol, 1_000_000_000_000_000, 1_000_000_000),
        (Asset::Kas, 40_000, 100_000_000),
        (Asset::Kas, 1, 100_000_000),
        (token, 1_000_000_000_000_000, 1),
        (token, 1, 1_000_000_000_000_000_000),
    ] {
        assert_eq!(problem(asset, value, per), "", "{asset}: {value} for {per}");
    }
    let forgotten = problem(Asset::Sol, 4_000_000_000_000, 1);
    let expected = "1 SOL (1,000,000,000 lamports) would be worth 4,000,000,000,000,000 units of account, at most 1,000,000,000 units of account";
    assert!(forgotten.starts_with(expected) && forgotten.ends_with("is per too small?"), "{forgotten}");
    assert!(problem(Asset::Kas, 1, 100_000_001).ends_with("is per too large?"));
    assert!(problem(token, 1_000_000_000_000_001, 1).contains("1 base unit of the token"));
    assert!(problem(token, 1, 1_000_000_000_000_000_001).starts_with("per: at most"));
    for (value, per) in [(0, 1), (1, 0)] {
        assert!(problem(Asset::Sol, value, per).contains("both are at least 1"));
    }
}

#[test]
fn what_was_spent_before_there_was_a_rate_counts_at_the_present_one() {
    let mut world = world(&Asset::ALL, 100)
        .posted(CounterKey::units(PAYING, Asset::Sol), 20, at(0))
        .posted(CounterKey::valued(PAYING, Asset::Sol), 12, at(0))
        .posted(CounterKey::value(PAYING, Asset::Sol), 50, at(0));
    // Twelve were worth fifty then; the other eight are worth three each now.
    assert_eq!(verdict(&world.sol(8, 0)), ALLOWED);
    let over = denial(&world.sol(9, 0));
    assert_eq!((over.used, over.remaining), (Some(Amount::new(74)), Some(Amount::new(26))));
    world.rates.remove(&Asset::Sol);
    let kas = |amount| world.judge_to(Asset::Kas, &recipient_of(Asset::Kas, 1), amount, 0);
    assert_eq!((verdict(&kas(25)), verdict(&kas(26))), (ALLOWED, OVER), "what has no rate is worth nothing that is known");
}

#[test]
fn a_full_counter_says_that_it_is_full() {
    let world = world(&[Asset::Sol], 100).reserved(CounterKey::value(PAYING, Asset::Sol), u64::MAX);
    assert!(denial(&world.sol(1, 0)).message.ends_with("(more was counted than a counter holds; it is full)"));
}

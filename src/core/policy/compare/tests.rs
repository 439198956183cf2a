//! Tests of widening, case by case. That "no" holds for every request is a property of all rules together, tested in `properties`.

use super::*;
use crate::base::{Amount, MINUTE_NS, Timestamp};
use crate::policy::tests::fixture::{PAYING, at, listed, open_but, per_transaction, sol_recipient};
use crate::policy::*;

const AGENT: Scope = Scope::Session(crate::base::SessionId::new(1));

/// Whether the change of one rule of an agent widens.
fn one(old: Rule, new: Rule) -> bool {
    widens(&AGENT, Some(&Policy { version: 1, name: None, rules: vec![old] }), &[new])
}

fn policy(rules: &[Rule]) -> Policy {
    Policy { version: 1, name: None, rules: rules.to_vec() }
}

#[test]
fn a_number_widens_in_one_direction() {
    let day = |max| Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling24h, max: Amount::new(max) };
    let week = Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling7d, max: Amount::new(1) };
    let rate = |counted, max| Rule::RateLimit { counted, window: RateWindow::Hour, max };
    let keep = |min| Rule::MinimumBalance { asset: Asset::Sol, min: Amount::new(min) };
    let value = |assets: &[Asset], max| Rule::ValueLimit {
        assets: assets.iter().copied().collect(),
        window: Window::Rolling24h,
        max: Amount::new(max),
    };
    for (old, new, expected) in [
        (per_transaction(Asset::Sol, 5), per_transaction(Asset::Sol, 5), false),
        (per_transaction(Asset::Sol, 5), per_transaction(Asset::Sol, 4), false),
        (per_transaction(Asset::Sol, 5), per_transaction(Asset::Sol, 6), true),
        (per_transaction(Asset::Sol, 5), per_transaction(Asset::Kas, 1), true),
        (day(5), day(5), false),
        (day(5), day(6), true),
        (day(5), week, true),
        (rate(Counted::Attempts, 5), rate(Counted::Attempts, 4), false),
        (rate(Counted::Attempts, 5), rate(Counted::Attempts, 6), true),
        (rate(Counted::Attempts, 5), rate(Counted::Executions, 1), true),
        (keep(5), keep(6), false),
        (keep(5), keep(4), true),
        (value(&[Asset::Sol], 5), value(&Asset::ALL, 5), false),
        (value(&Asset::ALL, 5), value(&[Asset::Sol], 1), true),
        (Rule::RequireSession, Rule::RequireSession, false),
        (Rule::RequireSession, keep(1), true),
    ] {
        assert_eq!(one(old.clone(), new.clone()), expected, "{old:?} to {new:?}");
    }
}

#[test]
fn recipients_widen_by_who_and_when_and_how_much() {
    let list = |entries: Vec<AllowEntry>, cool_down_ns| Rule::Allowlist { chain: Chain::Solana, entries, cool_down_ns };
    let limit = |once: Option<u64>, day: Option<u64>| RecipientLimit {
        asset: Asset::Sol,
        per_transaction: once.map(Amount::new),
        rolling_24h: day.map(Amount::new),
    };
    let limited = |once, day| AllowEntry { limits: vec![limit(once, day)], ..listed(1) };
    let until = |end: u64| AllowEntry { expires_at: Some(at(end)), ..listed(1) };
    let from = |start: u64| AllowEntry { usable_from: Timestamp::from_nanos(start), ..listed(1) };
    let any = Rule::AnyAddress { chain: Chain::Solana };
    for (old, new, expected) in [
        (list(vec![listed(1), listed(2)], 0), list(vec![listed(2)], 0), false),
        (list(vec![listed(1)], 0), list(vec![listed(1), listed(2)], 0), true),
        (list(vec![listed(1)], 0), any.clone(), true),
        (any.clone(), list(vec![listed(1)], 0), false),
        (list(vec![listed(1)], 5), list(vec![listed(1)], 4), true),
        (list(vec![listed(1)], 5), list(vec![listed(1)], 6), false),
        (list(vec![listed(1)], 0), list(vec![limited(Some(5), None)], 0), false),
        (list(vec![limited(Some(5), Some(9))], 0), list(vec![limited(Some(5), Some(8))], 0), false),
        (list(vec![limited(Some(5), Some(9))], 0), list(vec![limited(Some(6), Some(9))], 0), true),
        (list(vec![limited(Some(5), Some(9))], 0), list(vec![limited(Some(5), None)], 0), true),
        (list(vec![limited(Some(5), None)], 0), list(vec![listed(1)], 0), true),
        (list(vec![until(5)], 0), list(vec![until(4)], 0), false),
        (list(vec![until(5)], 0), list(vec![until(6)], 0), true),
        (list(vec![until(5)], 0), list(vec![listed(1)], 0), true),
        (list(vec![from(5)], 0), list(vec![from(6)], 0), false),
        (list(vec![from(5)], 0), list(vec![from(4)], 0), true),
    ] {
        assert_eq!(one(old.clone(), new.clone()), expected, "{old:?} to {new:?}");
    }
    let denylist =
        |numbers: &[u8]| Rule::Denylist { chain: Chain::Solana, entries: numbers.iter().map(|n| sol_recipient(*n)).collect() };
    assert!(!one(denylist(&[1]), denylist(&[1, 2])));
    assert!(one(denylist(&[1, 2]), denylist(&[1])));
}

#[test]
fn hours_widen_when_a_minute_is_open_that_was_not() {
    let hours = |zone: &str, start: &str, end: &str| {
        let time = |text: &str| LocalTime::parse(text).unwrap();
        let windows = vec![HoursWindow { days: [Weekday::Mon].into(), start: time(start), end: time(end) }];
        Rule::ActiveHours(ActiveHours { zone: TimeZone::parse(zone).unwrap(), windows })
    };
    assert!(!one(hours("Europe/London", "09:00", "17:00"), hours("Europe/London", "10:00", "17:00")));
    assert!(one(hours("Europe/London", "09:00", "17:00"), hours("Europe/London", "09:00", "17:01")));
    assert!(
        one(hours("Europe/London", "09:00", "17:00"), hours("Europe/Paris", "10:00", "11:00")),
        "hours of zones cannot be compared"
    );
}

fn approval(asset: Option<Asset>, threshold: u64) -> ApprovalRule {
    ApprovalRule {
        asset,
        threshold: Amount::new(threshold),
        cumulative_24h: None,
        group: "g".into(),
        quorum: 2,
        timeout_ns: 5 * MINUTE_NS,
        time_lock_ns: 7,
    }
}

#[test]
fn approvals_widen_when_any_asset_gets_one_more_easily() {
    let sol = |change: fn(ApprovalRule) -> ApprovalRule| {
        let old = ApprovalRule { cumulative_24h: Some(Amount::new(50)), ..approval(Some(Asset::Sol), 10) };
        one(Rule::Approval(old.clone()), Rule::Approval(change(old)))
    };
    assert!(!sol(|rule| rule));
    assert!(!sol(|rule| ApprovalRule { threshold: Amount::new(9), ..rule }));
    assert!(sol(|rule| ApprovalRule { threshold: Amount::new(11), ..rule }));
    assert!(!sol(|rule| ApprovalRule { cumulative_24h: Some(Amount::new(49)), ..rule }));
    assert!(sol(|rule| ApprovalRule { cumulative_24h: None, ..rule }));
    assert!(
        !sol(|rule| ApprovalRule { cumulative_24h: None, threshold: Amount::ZERO, ..rule }),
        "every amount reaches a threshold of 0"
    );
    assert!(!sol(|rule| ApprovalRule { quorum: 3, ..rule }));
    assert!(sol(|rule| ApprovalRule { quorum: 1, ..rule }));
    assert!(sol(|rule| ApprovalRule { group: "other".into(), ..rule }));
    assert!(sol(|rule| ApprovalRule { time_lock_ns: 6, ..rule }));
    assert!(sol(|rule| ApprovalRule { timeout_ns: 6 * MINUTE_NS, ..rule }), "more time to agree");
    assert!(
        !sol(|rule| ApprovalRule { asset: None, threshold: Amount::ZERO, cumulative_24h: None, ..rule }),
        "every amount of every asset"
    );
}

#[test]
fn a_rule_for_one_asset_may_hide_a_stricter_one_for_all() {
    let all = Rule::Approval(approval(None, 0));
    let widened = [all.clone(), Rule::Approval(approval(Some(Asset::Sol), 10))];
    assert!(widens(&AGENT, Some(&policy(std::slice::from_ref(&all))), &widened));
    let as_strict = [all.clone(), Rule::Approval(approval(Some(Asset::Sol), 0))];
    assert!(!widens(&AGENT, Some(&policy(&[all])), &as_strict));
}

#[test]
fn what_lets_a_wallet_pay_widens_there_and_nowhere_else() {
    let full = open_but([]);
    let (without, rule): (Vec<Rule>, Vec<Rule>) =
        full.iter().cloned().partition(|rule| *rule != per_transaction(Asset::Sol, u64::MAX));
    assert_eq!(rule.len(), 1);
    assert!(widens(&PAYING, Some(&policy(&without)), &full), "the asset was denied before");
    assert!(!widens(&AGENT, Some(&policy(&without)), &full));
    assert!(widens(&PAYING, Some(&policy(&full)), &without), "the wallet may be the parent of others");
    assert!(widens(&PAYING, None, &full) && !widens(&AGENT, None, &full));
    assert!(!widens(&PAYING, None, &[]));
    assert!(widens(&AGENT, Some(&policy(&full)), &[]));
}

#[test]
fn a_difference_lists_each_rule_once_by_what_it_speaks_about() {
    let list = Rule::Allowlist { chain: Chain::Solana, entries: vec![listed(1)], cool_down_ns: 0 };
    let any = Rule::AnyAddress { chain: Chain::Solana };
    let old = [per_transaction(Asset::Sol, 5), list.clone(), Rule::RequireSession];
    let new = [per_transaction(Asset::Kas, 5), any.clone(), per_transaction(Asset::Sol, 5)];
    let expected =
        Diff { added: vec![per_transaction(Asset::Kas, 5)], removed: vec![Rule::RequireSession], changed: vec![(list, any)] };
    assert_eq!(diff(&old, &new), expected);
    assert_eq!(diff(&new, &new), Diff::default());
}

//! Tests of each problem, beside rules that just avoid it.

use super::*;
use crate::base::{HOUR_NS, MINUTE_NS};
use crate::policy::tests::fixture::{PAYING, agent, at, limit, listed, open, open_but, per_transaction, sol_recipient};
use crate::policy::*;
use candid::Principal;

struct Town {
    groups: Vec<(&'static str, Vec<u8>)>,
    agents: Vec<u8>,
    rate: Option<Timestamp>,
    now: Timestamp,
}

fn person(n: u8) -> Principal {
    Principal::from_slice(&[n, 1])
}

impl LintContext for Town {
    fn now(&self) -> Timestamp {
        self.now
    }
    fn approvers(&self, group: &str) -> Option<BTreeSet<Principal>> {
        let (_, members) = self.groups.iter().find(|(name, _)| *name == group)?;
        Some(members.iter().map(|n| person(*n)).collect())
    }
    fn requesters(&self) -> BTreeSet<Principal> {
        self.agents.iter().map(|n| person(*n)).collect()
    }
    fn rate_expires_at(&self, _: Asset) -> Option<Timestamp> {
        self.rate
    }
    fn fee_cap(&self, _: Asset) -> Amount {
        Amount::new(100)
    }
    fn least_fee(&self, _: Chain) -> Amount {
        Amount::new(10)
    }
}

fn town() -> Town {
    Town {
        groups: vec![("g", vec![7, 8]), ("agents", vec![3, 4]), ("empty", vec![])],
        agents: vec![3],
        rate: Some(at(2 * DAY_NS)),
        now: at(0),
    }
}

/// Severity, rule and the beginning of each problem.
fn found(rules: &[Rule], town: &Town) -> Vec<(Severity, Option<u32>, String)> {
    validate(rules).expect("well-formed");
    let lints = lint(&PAYING, rules, town);
    lints.into_iter().map(|lint| (lint.severity, lint.rule_index, lint.problem)).collect()
}

#[track_caller]
fn only(rules: Vec<Rule>, town: &Town, severity: Severity, index: Option<u32>, words: &str) {
    let found = found(&rules, town);
    let [(got, at, problem)] = &found[..] else { panic!("{found:?}") };
    assert!(*got == severity && *at == index && problem.contains(words), "{found:?}");
}

/// The place of the last of some rules.
fn last(rules: &[Rule]) -> Option<u32> {
    u32::try_from(rules.len() - 1).ok()
}

#[test]
fn a_policy_that_works_is_left_alone() {
    assert_eq!(found(&open(), &town()), []);
    let solana: Vec<Rule> = open().into_iter().filter(|rule| format!("{rule:?}").contains("Sol")).collect();
    assert_eq!((solana.len(), found(&solana, &town())), (3, vec![]), "one asset is enough");
    assert_eq!(
        lint(&Scope::User(agent()), &[per_transaction(Asset::Sol, 5)], &town()),
        [],
        "others than wallets need not say everything"
    );
}

#[test]
fn an_asset_needs_both_limits_and_recipients() {
    for (gone, words) in
        [(0, "none limits a single transfer"), (1, "none limits it over time"), (2, "none names recipients on Kaspa")]
    {
        let mut rules = open();
        rules.remove(gone);
        only(rules, &town(), Severity::Error, None, words);
    }
    let mut rules = open();
    rules.drain(..2);
    only(rules, &town(), Severity::Error, None, "recipients on Kaspa are named");
}

fn approval(group: &str, quorum: u32) -> ApprovalRule {
    ApprovalRule {
        asset: Some(Asset::Sol),
        threshold: Amount::new(5),
        cumulative_24h: None,
        group: group.into(),
        quorum,
        timeout_ns: MINUTE_NS,
        time_lock_ns: 0,
    }
}

#[test]
fn approvals_have_to_be_possible() {
    let with = |group: &str, quorum| open_but([Rule::Approval(approval(group, quorum))]);
    assert_eq!(found(&with("g", 2), &town()), []);
    let index = last(&with("g", 2));
    only(with("g", 3), &town(), Severity::Error, index, "3 of the group g have to approve, and 2 of its members may");
    only(with("empty", 1), &town(), Severity::Error, index, "0 of its members may");
    only(with("unknown", 1), &town(), Severity::Error, index, "there is no group unknown");
    assert_eq!(found(&with("agents", 1), &town()), [], "one remains beside the agent");
    only(with("agents", 2), &town(), Severity::Error, index, "whoever asks cannot approve");
    let two = Town { agents: vec![3, 9], ..town() };
    only(with("agents", 2), &two, Severity::Warning, index, "what 1 of the agents ask for can never be approved");
    assert_eq!(found(&with("agents", 2), &Town { agents: vec![], ..town() }), [], "nobody asks yet");
}

#[test]
fn approvals_have_to_be_asked_for() {
    let with = |max, threshold, cumulative: Option<u64>| {
        let rule =
            ApprovalRule { threshold: Amount::new(threshold), cumulative_24h: cumulative.map(Amount::new), ..approval("g", 1) };
        open_but([per_transaction(Asset::Sol, max), limit(Asset::Sol, Window::Rolling24h, 1_000), Rule::Approval(rule)])
    };
    assert_eq!(found(&with(500, 500, None), &town()), []);
    only(with(500, 501, None), &town(), Severity::Warning, last(&with(1, 1, None)), "no approval is ever asked for");
    assert_eq!(found(&with(500, 501, Some(1_000)), &town()), []);
    only(with(500, 501, Some(1_001)), &town(), Severity::Warning, last(&with(1, 1, None)), "no approval is ever asked for");
}

#[test]
fn values_need_rates() {
    let rules = open_but([Rule::ValueLimit { assets: [Asset::Sol].into(), window: Window::Rolling24h, max: Amount::new(1) }]);
    assert_eq!(found(&rules, &town()), []);
    for (rate, severity, words) in [
        (None, Severity::Error, "there is no rate for SOL"),
        (Some(at(0)), Severity::Error, "the rate for SOL has expired"),
        (Some(at(DAY_NS - 1)), Severity::Warning, "expires within a day"),
    ] {
        only(rules.clone(), &Town { rate, ..town() }, severity, last(&rules), words);
    }
    assert_eq!(found(&rules, &Town { rate: Some(at(DAY_NS)), ..town() }), []);
}

#[test]
fn limits_hold_the_fees() {
    let with = |max| open_but([per_transaction(Asset::Sol, 1), limit(Asset::Sol, Window::Rolling24h, max)]);
    let index = last(&with(1));
    only(with(10), &town(), Severity::Error, index, "do not even hold the least fee of 0.00000001 SOL (10 lamports)");
    only(with(11), &town(), Severity::Warning, index, "do not hold the fee cap of 0.0000001 SOL (100 lamports)");
    only(with(100), &town(), Severity::Warning, index, "do not hold the fee cap of 0.0000001 SOL (100 lamports)");
    assert_eq!(found(&with(101), &town()), []);
}

#[test]
fn somebody_has_to_be_payable() {
    let with = |entries: Vec<AllowEntry>, denied: &[u8]| {
        let mut rules = vec![Rule::Allowlist { chain: Chain::Solana, entries, cool_down_ns: 0 }];
        if !denied.is_empty() {
            rules.insert(0, Rule::Denylist { chain: Chain::Solana, entries: denied.iter().map(|n| sol_recipient(*n)).collect() });
        }
        open_but(rules)
    };
    let gone = |n| AllowEntry { expires_at: Some(at(0)), ..listed(n) };
    let index = |denied: &[u8]| last(&with(vec![listed(1)], denied));
    assert_eq!(found(&with(vec![AllowEntry { expires_at: Some(at(1)), ..listed(1) }], &[2]), &town()), []);
    only(with(vec![gone(1), gone(2)], &[]), &town(), Severity::Error, index(&[]), "nobody can be paid");
    only(with(vec![gone(1), listed(2)], &[2]), &town(), Severity::Error, index(&[2]), "nobody can be paid");
    only(with(vec![gone(1), listed(2)], &[]), &town(), Severity::Warning, index(&[]), "1 of the recipients have expired");
    only(
        with(vec![listed(1), listed(2)], &[2]),
        &town(),
        Severity::Warning,
        index(&[2]),
        "1 of the recipients also stand on the denylist",
    );
}

#[test]
fn hours_have_to_open() {
    let hours = |zone: &str| {
        let time = |text: &str| LocalTime::parse(text).unwrap();
        let windows = vec![HoursWindow { days: [Weekday::Sun].into(), start: time("02:00"), end: time("02:30") }];
        open_but([Rule::ActiveHours(ActiveHours { zone: TimeZone::parse(zone).unwrap(), windows })])
    };
    assert_eq!(found(&hours("Europe/Paris"), &town()), []);
    // The clocks in Paris skip these hours on 2026-03-29, 83 days after the fifth of January; the Sunday after they open again.
    assert_eq!(lint(&PAYING, &hours("Europe/Paris"), &Town { now: at(80 * DAY_NS + HOUR_NS), ..town() }), []);
    // A zone that these rules do not have, as an older or newer release may leave behind.
    let text = crate::base::codec::to_value(&hours("Europe/Paris")).unwrap();
    let unknown: Vec<Rule> = crate::base::codec::from_value(renamed(text)).unwrap();
    let lints = lint(&PAYING, &unknown, &town());
    assert!(matches!(&lints[..], [Lint { severity: Severity::Error, problem, .. }] if problem.contains("never open")), "{lints:?}");
}

/// The value with another zone.
fn renamed(value: crate::base::codec::Value) -> crate::base::codec::Value {
    use crate::base::codec::Value;
    match value {
        Value::Text(text) if text == "Europe/Paris" => Value::Text("Europe/Atlantis".into()),
        Value::Array(values) => Value::Array(values.into_iter().map(renamed).collect()),
        Value::Map(entries) => Value::Map(entries.into_iter().map(|(name, value)| (name, renamed(value))).collect()),
        other => other,
    }
}

#[test]
fn rules_that_never_decide_are_named() {
    let day = |max| limit(Asset::Sol, Window::Rolling24h, max);
    let week = |max| limit(Asset::Sol, Window::Rolling7d, max);
    let never = "never decides anything";
    assert_eq!(found(&open_but([per_transaction(Asset::Sol, 200), day(200)]), &town()), []);
    let above = open_but([per_transaction(Asset::Sol, 201), day(200)]);
    only(above.clone(), &town(), Severity::Warning, Some(u32::try_from(above.len()).unwrap() - 2), never);
    assert_eq!(found(&open_but([per_transaction(Asset::Sol, 1), day(200), week(201)]), &town()), []);
    let weekly = open_but([per_transaction(Asset::Sol, 1), week(200), day(200)]);
    only(weekly.clone(), &town(), Severity::Warning, last(&weekly), never);
    let rate = |counted, window, max| Rule::RateLimit { counted, window, max };
    let hourly =
        |max| open_but([rate(Counted::Executions, RateWindow::Hour, 5), rate(Counted::Executions, RateWindow::Minute, max)]);
    assert_eq!(found(&hourly(4), &town()), []);
    only(hourly(5), &town(), Severity::Warning, last(&hourly(5)), never);
    let attempts = |max| open_but([rate(Counted::Attempts, RateWindow::Hour, 5), rate(Counted::Executions, RateWindow::Hour, max)]);
    assert_eq!(found(&attempts(4), &town()), []);
    only(attempts(5), &town(), Severity::Warning, last(&attempts(5)), never);
    let own = RecipientLimit { asset: Asset::Sol, per_transaction: Some(Amount::new(6)), rolling_24h: None };
    let entries = vec![AllowEntry { limits: vec![own], ..listed(1) }];
    let listed = open_but([per_transaction(Asset::Sol, 5), Rule::Allowlist { chain: Chain::Solana, entries, cool_down_ns: 0 }]);
    only(listed.clone(), &town(), Severity::Warning, last(&listed), "own limits per transaction lie above");
}

//! Rules there and back, and findings.

use super::parse_rules;
use crate::chain::Asset;
use crate::chain::Chain;
use crate::policy::{
    Counted, Decision, Evaluation, Finding, HoursWindow, Period, Policy, RateWindow, ReasonCode, Recipient, RecipientLimit, Rule,
    RuleKind, Weekday, Window,
};
use purser_core::base::{Amount, Timestamp};
use purser_core::chains::configs::ChainConfigs;
use purser_core::policy as domain;

/// The chains of a local installation, with Kaspa's Simnet.
fn chains() -> ChainConfigs {
    crate::fixture::config().chains
}

const KAS_ADDRESS: &str = "kaspasim:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uj52ehfcn";
const SOL_ADDRESS: &str = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin";

fn allowlist(chain: Chain, addresses: &[&str]) -> Rule {
    Rule::Allowlist { chain, recipients: addresses.iter().copied().map(Recipient::new).collect(), cool_down_seconds: 0 }
}

/// Every kind of rule, with a value of its own in every field.
fn every_rule() -> Vec<Rule> {
    let month = Window::Calendar { period: Period::Month, time_zone: "Asia/Kolkata".into() };
    let limit = RecipientLimit { asset: Asset::Sol, per_transaction: Some(5), rolling_24h: Some(6) };
    let listed = Recipient {
        address: SOL_ADDRESS.into(),
        label: Some("landlord".into()),
        limits: vec![limit],
        expires_at: Some(7),
        usable_at: Some(0),
    };
    vec![
        Rule::PerTransaction { asset: Asset::Kas, max: 1 },
        Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling24h, max: u64::MAX },
        Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling7d, max: 2 },
        Rule::SpendingLimit { asset: Asset::Kas, window: Window::Rolling30d, max: 3 },
        Rule::ValueLimit { assets: vec![Asset::Kas, Asset::Sol], window: month, max: 4 },
        Rule::Allowlist { chain: Chain::Solana, recipients: vec![listed], cool_down_seconds: 8 },
        Rule::AnyAddress { chain: Chain::Kaspa },
        Rule::Denylist { chain: Chain::Kaspa, addresses: vec![KAS_ADDRESS.into()] },
        Rule::RateLimit { counted: Counted::Attempts, window: RateWindow::Minute, max: 9 },
        Rule::RateLimit { counted: Counted::Executions, window: RateWindow::Day, max: 10 },
        Rule::ActiveHours {
            time_zone: "America/New_York".into(),
            windows: vec![HoursWindow { days: vec![Weekday::Mon, Weekday::Sun], start: "22:00".into(), end: "06:30".into() }],
        },
        Rule::Approval {
            asset: Some(Asset::Sol),
            threshold: 11,
            cumulative_24h: Some(12),
            group: "treasury".into(),
            quorum: 2,
            timeout_seconds: Some(600),
            time_lock_seconds: 13,
        },
        Rule::MinimumBalance { asset: Asset::Sol, min: 14 },
        Rule::RequireSession,
    ]
}

#[test]
fn rules_come_back_as_they_were_set() {
    let (rules, name) = (every_rule(), Some("ops".to_owned()));
    let parsed = parse_rules(rules.clone(), &chains()).expect("readable");
    let stored = domain::Policy { version: 4, name: name.clone(), rules: parsed };
    let shown = Policy::new(stored, Timestamp::default(), &chains());
    assert_eq!((shown.version, shown.name), (4, name));
    assert_eq!(shown.rules, rules);
    assert_eq!(shown.rules[0].kind, "PerTransaction");
    assert!(shown.rules.iter().all(|rule| rule.description.ends_with('.')), "{:?}", shown.rules);
}

#[test]
fn what_cannot_be_read_is_named() {
    let hours = |time_zone: &str, end: &str| Rule::ActiveHours {
        time_zone: time_zone.into(),
        windows: vec![HoursWindow { days: vec![Weekday::Mon], start: "09:00".into(), end: end.into() }],
    };
    let cool = |cool_down_seconds| Rule::Allowlist {
        chain: Chain::Solana,
        recipients: vec![Recipient::new(SOL_ADDRESS)],
        cool_down_seconds,
    };
    for (rule, begins) in [
        (hours("Europe/Atlantis", "10:00"), "rules[0].time_zone: unknown time zone"),
        (hours("Europe/London", "25:00"), "rules[0].windows[0].end: a local time is HH:MM"),
        (cool(2_592_001), "rules[0].cool_down_seconds: 2592001 seconds; at most 30 days"),
        (cool(u64::MAX), "rules[0].cool_down_seconds"),
    ] {
        let message = parse_rules(vec![rule], &chains()).expect_err("refused").message;
        assert!(message.starts_with(begins), "{message}");
    }
}

#[test]
fn a_bad_address_is_named_by_its_position() {
    let rules = vec![Rule::AnyAddress { chain: Chain::Solana }, allowlist(Chain::Kaspa, &[KAS_ADDRESS, SOL_ADDRESS])];
    let error = parse_rules(rules, &chains()).expect_err("a Solana address on a Kaspa list");
    assert!(error.message.starts_with("rules[1].recipients[1].address: `9xQe"), "{}", error.message);
    assert_eq!(error.code, "VALIDATION_FAILED");
}

#[test]
fn sizes_are_checked_before_any_address() {
    let nonsense = vec!["?"; domain::MAX_ALLOWLIST_ENTRIES + 1];
    let rules = vec![allowlist(Chain::Kaspa, &["?"]), allowlist(Chain::Kaspa, &nonsense)];
    let error = parse_rules(rules, &chains()).expect_err("too many addresses");
    assert_eq!(error.message, "rules[1].recipients: 257 recipients; at most 256");
    let rules = vec![allowlist(Chain::Kaspa, &["?"]); domain::MAX_RULES + 1];
    assert_eq!(parse_rules(rules, &chains()).expect_err("too many rules").message, "rules: 33 rules; at most 32");
}

#[test]
fn a_finding_keeps_each_figure_in_its_place() {
    let finding = domain::Finding {
        scope: None,
        rule: domain::RuleKind::SpendingLimit,
        rule_index: Some(1),
        passed: false,
        code: Some(domain::ReasonCode::SpendingLimitExceeded),
        limit: Some(Amount::new(2)),
        used: Some(Amount::new(3)),
        remaining: Some(Amount::new(4)),
        suggested_max: Some(Amount::new(5)),
        retry_after_ns: Some(6),
        message: "no".into(),
    };
    let evaluation =
        domain::Evaluation { decision: domain::Decision::Deny, policy_version: 8, findings: vec![finding], approvals: Vec::new() };
    let expected = Finding {
        scope: None,
        rule: RuleKind::SpendingLimit.into(),
        rule_index: Some(1),
        passed: false,
        code: Some("SPENDING_LIMIT_EXCEEDED".into()),
        reason_code: Some(ReasonCode::SpendingLimitExceeded),
        limit: Some(2),
        used: Some(3),
        remaining: Some(4),
        suggested_max: Some(5),
        retry_after_ns: Some(6),
        message: "no".into(),
    };
    let shown = Evaluation::from(evaluation);
    assert_eq!(
        shown,
        Evaluation { decision: Decision::Deny, policy_version: 8, findings: vec![expected], approvals: Vec::new(), fee: None }
    );
}

//! Tests of the descriptions, word for word.

use super::*;
use crate::base::{Amount, Chain};
use crate::policy::tests::fixture::{at, limit, listed, per_transaction, sol_recipient};
use crate::policy::*;

fn said(rule: &Rule) -> String {
    describe(rule, at(0), &|to| format!("#{}", to.payload[0]))
}

#[test]
fn limits_are_said_in_coins() {
    assert_eq!(said(&per_transaction(Asset::Sol, 1_500_000_000)), "One transfer sends at most 1.5 SOL.");
    assert_eq!(said(&per_transaction(Asset::Kas, 1)), "One transfer sends at most 0.00000001 KAS.");
    assert_eq!(said(&per_transaction(Asset::Kas, 2_000_000_000)), "One transfer sends at most 20 KAS.");
    assert_eq!(
        said(&limit(Asset::Sol, Window::Rolling7d, 1_000_000_001)),
        "At most 1.000000001 SOL may leave per rolling 7 days, fees included."
    );
    let token = Asset::Spl { mint: crate::chains::solana::coin::WRAPPED_SOL };
    assert_eq!(
        said(&per_transaction(token, 5_000)),
        "One transfer sends at most 0.000005 SOL (token So11111111111111111111111111111111111111112)."
    );
    let zone = TimeZone::parse("America/New_York").unwrap();
    let window = Window::Calendar { period: Period::Day, zone };
    let value = Rule::ValueLimit { assets: Asset::ALL.into(), window, max: Amount::new(2_500_000) };
    assert_eq!(
        said(&value),
        "At most 2.5 of the unit of account may leave in KAS, SOL per calendar day in America/New_York, fees included."
    );
}

#[test]
fn recipients_are_named_with_their_conditions() {
    let limits = vec![RecipientLimit { asset: Asset::Sol, per_transaction: Some(Amount::new(1_000_000_000)), rolling_24h: None }];
    let entries = vec![
        AllowEntry { label: Some("rent".into()), limits, ..listed(1) },
        AllowEntry { expires_at: Some(at(0)), ..listed(2) },
        AllowEntry { usable_from: at(2 * HOUR_NS), ..listed(3) },
    ];
    assert_eq!(
        said(&Rule::Allowlist { chain: Chain::Solana, entries, cool_down_ns: DAY_NS }),
        "On Solana only these are paid: “rent” (#1), at most 1 SOL per transfer; #2, expired; #3, from 2 hours on. \
         A new recipient waits for 1 day."
    );
    let entries = (0..10).map(sol_recipient).collect();
    assert_eq!(
        said(&Rule::Denylist { chain: Chain::Solana, entries }),
        "On Solana these are never paid: #0; #1; #2; #3; #4; #5; #6; #7; and 2 more."
    );
    assert_eq!(said(&Rule::AnyAddress { chain: Chain::Kaspa }), "On Kaspa every recipient may be paid.");
}

#[test]
fn times_and_people_are_said_in_full() {
    let time = |text: &str| LocalTime::parse(text).unwrap();
    let window =
        |days: &[Weekday], start, end| HoursWindow { days: days.iter().copied().collect(), start: time(start), end: time(end) };
    let windows = vec![window(&[Weekday::Mon, Weekday::Tue], "09:00", "17:30"), window(&[Weekday::Fri], "22:00", "06:00")];
    let hours = ActiveHours { zone: TimeZone::parse("Europe/London").unwrap(), windows };
    assert_eq!(
        said(&Rule::ActiveHours(hours)),
        "Transfers may be asked for Monday, Tuesday from 09:00 to 17:30; Friday from 22:00 to 06:00 of the next day, \
         by the clocks of Europe/London."
    );
    let rule = ApprovalRule {
        asset: Some(Asset::Sol),
        threshold: Amount::new(500_000_000),
        cumulative_24h: Some(Amount::new(2_000_000_000)),
        group: "treasury".into(),
        quorum: 2,
        timeout_ns: 300 * SECOND_NS,
        time_lock_ns: 90 * SECOND_NS,
    };
    assert_eq!(
        said(&Rule::Approval(rule.clone())),
        "A transfer of at least 0.5 SOL, or one that brings 24 hours to at least 2 SOL, needs the approval of 2 of the group “treasury” \
         within 5 minutes and then waits for 90 seconds."
    );
    let any = ApprovalRule { asset: None, threshold: Amount::ZERO, cumulative_24h: None, time_lock_ns: 0, ..rule };
    assert_eq!(
        said(&Rule::Approval(any)),
        "Every transfer of an asset without an approval rule of its own needs the approval of 2 of the group “treasury” within 5 minutes."
    );
    let rate = |counted| Rule::RateLimit { counted, window: RateWindow::Hour, max: 5 };
    assert_eq!(said(&rate(Counted::Attempts)), "At most 5 requests per hour, whatever becomes of them.");
    assert_eq!(said(&rate(Counted::Executions)), "At most 5 transfers per hour.");
    assert_eq!(
        said(&Rule::MinimumBalance { asset: Asset::Sol, min: Amount::new(50_000_000) }),
        "At least 0.05 SOL stay in the wallet."
    );
    assert_eq!(said(&Rule::RequireSession), "Transfers are asked for within a session.");
}

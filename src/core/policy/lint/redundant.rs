//! Lint of rules that never decide anything because another rule is always stricter.

use super::context::At;
use crate::base::{Asset, amount_text, value_text};
use crate::policy::activity::Counted;
use crate::policy::rule::Rule;
use crate::policy::spent::Window;

/// Adds the problem of one rule that another makes superfluous, and of recipients' limits above the policy's.
pub(super) fn check(rule: &Rule, rules: &[Rule], at: &mut At<'_>) {
    let stricter = rules.iter().find_map(|other| stricter(rule, other));
    if let Some(other) = stricter {
        at.warning(format!("this rule never decides anything: {other} is always stricter"), "lower it, or leave it out");
    }
    if let Rule::Allowlist { entries, .. } = rule {
        let above = |asset: Asset, max| {
            rules.iter().any(|rule| matches!(rule, Rule::PerTransaction { asset: a, max: m } if *a == asset && *m < max))
        };
        let limits = entries.iter().flat_map(|entry| &entry.limits);
        let count = limits.filter(|limit| limit.per_transaction.is_some_and(|max| above(limit.asset, max))).count();
        if count > 0 {
            at.warning(
                format!("{count} recipients' own limits per transaction lie above the policy's, which is always stricter"),
                "lower them, or leave them out",
            );
        }
    }
}

/// Describes the rule `other` when it makes `rule` superfluous.
fn stricter(rule: &Rule, other: &Rule) -> Option<String> {
    match (rule, other) {
        (Rule::PerTransaction { asset, max }, Rule::SpendingLimit { asset: of, window, max: over_time }) => {
            (asset == of && max > over_time).then(|| format!("the limit of {} per {window}", amount_text(*asset, *over_time)))
        }
        (Rule::SpendingLimit { asset, window, max }, Rule::SpendingLimit { asset: of, window: longer, max: other }) => {
            (asset == of && contains(longer, window) && other <= max)
                .then(|| format!("the limit of {} per {longer}", amount_text(*asset, *other)))
        }
        (Rule::ValueLimit { assets, window, max }, Rule::ValueLimit { assets: of, window: longer, max: other }) => {
            let as_long = longer == window && of != assets || contains(longer, window);
            (of.is_superset(assets) && as_long && other <= max).then(|| format!("the limit of {} per {longer}", value_text(*other)))
        }
        (Rule::RateLimit { counted, window, max }, Rule::RateLimit { counted: of, window: longer, max: other }) => {
            // Every execution is an attempt too, so a limit of attempts bounds executions.
            let counts_as_much = of == counted || *of == Counted::Attempts;
            let as_long = longer > window || longer == window && of != counted;
            (counts_as_much && as_long && other <= max).then(|| format!("the rate of {other} per {}", longer))
        }
        _ => None,
    }
}

/// Returns whether all spending that counts in `shorter` counts in `longer` too, and `longer` is another window.
fn contains(longer: &Window, shorter: &Window) -> bool {
    let rank = |window: &Window| match window {
        Window::Rolling24h => Some(1),
        Window::Rolling7d => Some(2),
        Window::Rolling30d => Some(3),
        Window::Calendar { .. } => None,
    };
    match (longer, shorter) {
        // A week reaches over the end of a month, so only a day lies within a month.
        (Window::Calendar { period: long, zone }, Window::Calendar { period: short, zone: other }) => {
            use crate::policy::calendar::Period::{Day, Month, Week};
            zone == other && matches!((long, short), (Week | Month, Day))
        }
        _ => matches!((rank(longer), rank(shorter)), (Some(long), Some(short)) if long > short),
    }
}

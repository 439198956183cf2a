//! What a change of a policy does: which rules differ, and whether anything passes that did not before.

use super::rule::{AllowEntry, ApprovalRule, Policy, RecipientLimit, Rule};
use super::scope::Scope;
use crate::base::{Amount, Asset, Chain};
use std::collections::BTreeSet;

/// How two sets of rules differ. Rules are matched by what they speak about, so a limit that was raised is one changed rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Rules about something that only the new set speaks about.
    pub added: Vec<Rule>,
    /// Rules about something that only the old set speaks about.
    pub removed: Vec<Rule>,
    /// Old and new rule about the same thing, where they differ.
    pub changed: Vec<(Rule, Rule)>,
}

/// The difference between two sets of rules, each in the order of its set.
pub fn diff(old: &[Rule], new: &[Rule]) -> Diff {
    let speaks_of = |rules: &[Rule], rule: &Rule| rules.iter().find(|other| other.subject() == rule.subject()).cloned();
    let mut diff = Diff::default();
    for rule in old {
        match speaks_of(new, rule) {
            None => diff.removed.push(rule.clone()),
            Some(now) if now != *rule => diff.changed.push((rule.clone(), now)),
            Some(_) => {}
        }
    }
    diff.added = new.iter().filter(|rule| speaks_of(old, rule).is_none()).cloned().collect();
    diff
}

/// Whether a change of a scope's policy may let anything pass that did not pass before, or with fewer approvals. Without rules there is
/// no policy.
///
/// The answer is structural and errs towards yes: "no" is a promise for every request, every counter and every time. So a rule that is
/// left out always widens, also in a wallet's own policy, where it denies, because the wallet may be the parent of others. To stop an
/// asset at once, lower its limits.
///
/// The entries of allowlists are compared with the times from which on they are usable, which therefore have to be set.
pub fn widens(scope: &Scope, old: Option<&Policy>, new: &[Rule]) -> bool {
    let Some(old) = old.map(|policy| &policy.rules[..]) else {
        // Without a policy a wallet pays nobody, and every other scope demands nothing.
        return matches!(scope, Scope::Wallet(_)) && !new.is_empty();
    };
    let kept = old.iter().all(|rule| is_kept(rule, new));
    let grants = matches!(scope, Scope::Wallet(_)) && grants(old, new);
    !kept || grants || approves_less(old, new)
}

/// Whether the new rules demand at least what one old rule demands. Approvals are compared as a whole.
fn is_kept(old: &Rule, new: &[Rule]) -> bool {
    let any = |test: &dyn Fn(&Rule) -> bool| new.iter().any(test);
    match old {
        Rule::PerTransaction { asset, max } => {
            any(&|rule| matches!(rule, Rule::PerTransaction { asset: a, max: m } if a == asset && m <= max))
        }
        Rule::SpendingLimit { asset, window, max } => any(
            &|rule| matches!(rule, Rule::SpendingLimit { asset: a, window: w, max: m } if a == asset && w == window && m <= max),
        ),
        Rule::ValueLimit { assets, window, max } => any(
            &|rule| matches!(rule, Rule::ValueLimit { assets: a, window: w, max: m } if a.is_superset(assets) && w == window && m <= max),
        ),
        Rule::Allowlist { chain, entries, cool_down_ns } => any(&|rule| match rule {
            Rule::Allowlist { chain: c, entries: e, cool_down_ns: d } => {
                c == chain && d >= cool_down_ns && lists_no_more(entries, e)
            }
            _ => false,
        }),
        // Demands nothing.
        Rule::AnyAddress { .. } => true,
        Rule::Denylist { chain, entries } => {
            any(&|rule| matches!(rule, Rule::Denylist { chain: c, entries: e } if c == chain && e.is_superset(entries)))
        }
        Rule::RateLimit { counted, window, max } => any(
            &|rule| matches!(rule, Rule::RateLimit { counted: c, window: w, max: m } if c == counted && w == window && m <= max),
        ),
        Rule::ActiveHours(hours) => any(&|rule| matches!(rule, Rule::ActiveHours(open) if hours.covers(open))),
        Rule::Approval(_) => true,
        Rule::MinimumBalance { asset, min } => {
            any(&|rule| matches!(rule, Rule::MinimumBalance { asset: a, min: m } if a == asset && m >= min))
        }
        Rule::RequireSession => new.contains(&Rule::RequireSession),
    }
}

/// Whether every recipient of the new list may receive as much under the old one, at every time.
fn lists_no_more(old: &[AllowEntry], new: &[AllowEntry]) -> bool {
    new.iter().all(|entry| {
        let before = old.iter().find(|before| before.to == entry.to);
        before.is_some_and(|before| {
            entry.usable_from >= before.usable_from
                && before.expires_at.is_none_or(|end| entry.expires_at.is_some_and(|new_end| new_end <= end))
                && before.limits.iter().all(|limit| entry.limits.iter().any(|now| is_as_tight(limit, now)))
        })
    })
}

fn is_as_tight(old: &RecipientLimit, new: &RecipientLimit) -> bool {
    old.asset == new.asset && is_at_most(new.per_transaction, old.per_transaction) && is_at_most(new.rolling_24h, old.rolling_24h)
}

/// Whether a maximum is as low as another; `None` is no maximum.
fn is_at_most(new: Option<Amount>, old: Option<Amount>) -> bool {
    old.is_none_or(|old| new.is_some_and(|new| new <= old))
}

/// Whether the new rules of a wallet say something whose absence denied everything: each of these bounds, but also lets pass.
fn grants(old: &[Rule], new: &[Rule]) -> bool {
    let said: BTreeSet<Granted> = old.iter().filter_map(granted).collect();
    new.iter().filter_map(granted).any(|granted| !said.contains(&granted))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Granted {
    PerTransaction(Asset),
    OverTime(Asset),
    Recipients(Chain),
}

const fn granted(rule: &Rule) -> Option<Granted> {
    match rule {
        Rule::PerTransaction { asset, .. } => Some(Granted::PerTransaction(*asset)),
        Rule::SpendingLimit { asset, .. } => Some(Granted::OverTime(*asset)),
        Rule::Allowlist { chain, .. } | Rule::AnyAddress { chain } => Some(Granted::Recipients(*chain)),
        _ => None,
    }
}

/// Whether for any asset the approval that is needed becomes easier to get. A rule for one asset takes the place of the rule for all
/// others, so what counts is the rule that speaks for an asset in the end.
fn approves_less(old: &[Rule], new: &[Rule]) -> bool {
    let named = approvals(old).chain(approvals(new)).map(|rule| rule.asset);
    // `None` stands for every asset that no rule names.
    let assets: BTreeSet<Option<Asset>> = named.chain([None]).collect();
    assets.into_iter().any(|asset| match (speaking_for(old, asset), speaking_for(new, asset)) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(old), Some(new)) => !asks_no_less(old, new),
    })
}

fn approvals(rules: &[Rule]) -> impl Iterator<Item = &ApprovalRule> {
    rules.iter().filter_map(|rule| if let Rule::Approval(rule) = rule { Some(rule) } else { None })
}

fn speaking_for(rules: &[Rule], asset: Option<Asset>) -> Option<&ApprovalRule> {
    approvals(rules).find(|rule| rule.asset == asset).or_else(|| approvals(rules).find(|rule| rule.asset.is_none()))
}

fn asks_no_less(old: &ApprovalRule, new: &ApprovalRule) -> bool {
    // A threshold of 0 is reached by every amount, whatever the last 24 hours add up to.
    let cumulative = new.threshold.is_zero() || is_at_most(new.cumulative_24h, old.cumulative_24h);
    new.threshold <= old.threshold
        && cumulative
        && new.group == old.group
        && new.quorum >= old.quorum
        && new.timeout_ns <= old.timeout_ns
        && new.time_lock_ns >= old.time_lock_ns
}

#[cfg(test)]
mod tests;

//! The effect of a change of a policy: the rules that differ, and whether it may let more pass.

use super::rule::{AllowEntry, ApprovalRule, Policy, RecipientLimit, Rule};
use super::scope::Scope;
use crate::base::{Amount, Asset, Chain};
use std::collections::BTreeSet;

/// The difference of two sets of rules. Rules are matched by their subject, so a limit that was raised is one changed rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// The rules whose subject only the new set has.
    pub added: Vec<Rule>,
    /// The rules whose subject only the old set has.
    pub removed: Vec<Rule>,
    /// The old and the new rule of one subject, where they differ.
    pub changed: Vec<(Rule, Rule)>,
}

/// Returns the difference of two sets of rules, each list in the order of its set.
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

/// Returns the rules `new`, which were to replace `old`, on top of the rules that are in force now.
///
/// Rules whose subject only one side changed are that side's. `None` when both sides changed a rule of the same subject differently.
pub fn rebase(old: &[Rule], new: &[Rule], now: &[Rule]) -> Option<Vec<Rule>> {
    let speaks_of = |rules: &[Rule], rule: &Rule| rules.iter().find(|other| other.subject() == rule.subject()).cloned();
    let mut rebased = Vec::new();
    for rule in now {
        let (before, wanted) = (speaks_of(old, rule), speaks_of(new, rule));
        let current = Some(rule.clone());
        if wanted == before {
            rebased.push(rule.clone());
        } else if current == before || current == wanted {
            rebased.extend(wanted);
        } else {
            return None;
        }
    }
    for rule in new.iter().filter(|rule| speaks_of(now, rule).is_none()) {
        match speaks_of(old, rule) {
            None => rebased.push(rule.clone()),
            // The rule is gone meanwhile, and nobody wanted to change it.
            Some(before) if before == *rule => {}
            Some(_) => return None,
        }
    }
    Some(rebased)
}

/// Returns whether a change of a scope's policy may let more pass than before, or with fewer approvals. A scope without rules has
/// no policy.
///
/// The answer compares rules and errs towards yes: "no" holds for every request, every counter and every time. A rule that is left
/// out therefore always widens. It does so in a wallet's own policy too, where a missing rule denies, because the wallet may be the
/// parent of others. To stop an asset at once, lower its limits.
///
/// The entries of allowlists are compared with the times from which on they are usable, so those have to be set in `new`.
pub fn widens(scope: &Scope, old: Option<&Policy>, new: &[Rule]) -> bool {
    let Some(old) = old.map(|policy| &policy.rules[..]) else {
        // Without a policy a wallet pays nobody, and every other scope demands nothing.
        return matches!(scope, Scope::Wallet(_)) && !new.is_empty();
    };
    let kept = old.iter().all(|rule| is_kept(rule, new));
    let grants = matches!(scope, Scope::Wallet(_)) && grants(old, new);
    !kept || grants || approves_less(old, new)
}

/// Returns whether the new rules demand at least what one old rule demands. Approvals are compared together, by `approves_less`.
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
        // Allows every recipient, so leaving it out lets nothing more pass.
        Rule::AnyAddress { .. } => true,
        Rule::Denylist { chain, entries } => {
            any(&|rule| matches!(rule, Rule::Denylist { chain: c, entries: e } if c == chain && e.is_superset(entries)))
        }
        Rule::RateLimit { counted, window, max } => any(
            &|rule| matches!(rule, Rule::RateLimit { counted: c, window: w, max: m } if c == counted && w == window && m <= max),
        ),
        // The hours now have to lie within the old ones.
        Rule::ActiveHours(hours) => any(&|rule| matches!(rule, Rule::ActiveHours(open) if hours.covers(open))),
        Rule::Approval(_) => true,
        Rule::MinimumBalance { asset, min } => {
            any(&|rule| matches!(rule, Rule::MinimumBalance { asset: a, min: m } if a == asset && m >= min))
        }
        Rule::RequireSession => new.contains(&Rule::RequireSession),
    }
}

/// Returns whether every recipient of the new list could receive as much under the old list, at every time.
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

/// Returns whether a recipient's new limit is at least as strict as its old one for the same asset.
fn is_as_tight(old: &RecipientLimit, new: &RecipientLimit) -> bool {
    old.asset == new.asset && is_at_most(new.per_transaction, old.per_transaction) && is_at_most(new.rolling_24h, old.rolling_24h)
}

/// Returns whether a maximum is as low as another; `None` is no maximum.
fn is_at_most(new: Option<Amount>, old: Option<Amount>) -> bool {
    old.is_none_or(|old| new.is_some_and(|new| new <= old))
}

/// Returns whether a wallet's new rules contain one whose absence denied everything: such a rule limits, but also allows.
fn grants(old: &[Rule], new: &[Rule]) -> bool {
    let said: BTreeSet<Granted> = old.iter().filter_map(granted).collect();
    new.iter().filter_map(granted).any(|granted| !said.contains(&granted))
}

/// The subject that a wallet's policy has to have a rule for before anything of it passes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Granted {
    PerTransaction(Asset),
    OverTime(Asset),
    Recipients(Chain),
}

/// Returns the subject that a rule allows in a wallet's own policy; `None` when its absence does not deny.
const fn granted(rule: &Rule) -> Option<Granted> {
    match rule {
        Rule::PerTransaction { asset, .. } => Some(Granted::PerTransaction(*asset)),
        Rule::SpendingLimit { asset, .. } => Some(Granted::OverTime(*asset)),
        Rule::Allowlist { chain, .. } | Rule::AnyAddress { chain } => Some(Granted::Recipients(*chain)),
        _ => None,
    }
}

/// Returns whether the approval of any asset becomes easier to get. A rule for one asset takes the place of the rule for every
/// asset, so the rules that apply to each asset in the end are compared.
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

/// Returns the approval rule that applies to an asset; `None` stands for an asset that no rule names.
fn speaking_for(rules: &[Rule], asset: Option<Asset>) -> Option<&ApprovalRule> {
    approvals(rules).find(|rule| rule.asset == asset).or_else(|| approvals(rules).find(|rule| rule.asset.is_none()))
}

/// Returns whether a new approval rule is at least as strict as an old one. Another group may be more lenient, so it has to be the
/// same. A longer timeout gives approvers more time to agree, so it is not as strict.
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

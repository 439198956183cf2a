//! Lint: problems of rules that each can be stored. Some rules can never be met, others never decide anything.

mod approvals;
mod context;
mod redundant;

pub use context::{Lint, LintContext, Severity};

use super::calendar::ActiveHours;
use super::rule::{AllowEntry, Rule};
use super::scope::Scope;
use crate::base::{Amount, Asset, Chain, DAY_NS, Destination, Timestamp, amount_text};
use context::At;
use std::collections::BTreeSet;

/// Returns the problems of rules that can be stored, errors first, then in the order of the rules.
pub fn lint(scope: &Scope, rules: &[Rule], context: &dyn LintContext) -> Vec<Lint> {
    let mut lints = Vec::new();
    if matches!(scope, Scope::Wallet(_)) {
        missing(rules, &mut lints);
    }
    let now = context.now();
    for (index, rule) in rules.iter().enumerate() {
        let mut at = At { index, lints: &mut lints };
        match rule {
            Rule::SpendingLimit { asset, max, .. } if *asset == asset.native_asset() => fees(*asset, *max, rules, context, &mut at),
            Rule::ValueLimit { assets, .. } => rates(assets, context, &mut at),
            Rule::Allowlist { chain, entries, .. } => recipients(*chain, entries, rules, now, &mut at),
            Rule::ActiveHours(hours) => opening(hours, now, &mut at),
            Rule::Approval(rule) => approvals::check(rule, rules, context, &mut at),
            _ => {}
        }
        redundant::check(rule, rules, &mut at);
    }
    lints.sort_by_key(|lint| (lint.severity, lint.rule_index));
    lints
}

/// Finds the rules that a wallet's own policy needs before anything of an asset passes. A coin that only pays the fees of tokens
/// needs a limit over time and no other.
fn missing(rules: &[Rule], lints: &mut Vec<Lint>) {
    let mut assets = BTreeSet::new();
    let mut chains = BTreeSet::new();
    for rule in rules {
        match rule {
            Rule::PerTransaction { asset, .. } | Rule::SpendingLimit { asset, .. } => _ = assets.insert(*asset),
            Rule::Approval(rule) => assets.extend(rule.asset),
            Rule::Allowlist { chain, .. } | Rule::AnyAddress { chain } => _ = chains.insert(*chain),
            _ => {}
        }
    }
    let one = |test: &dyn Fn(&Rule) -> bool| rules.iter().any(test);
    let mut missing = |problem: String, remedy: &str| {
        lints.push(Lint { severity: Severity::Error, rule_index: None, problem, remedy: remedy.into() });
    };
    for asset in &assets {
        let pays_fees_only = assets.iter().any(|other| other != asset && other.native_asset() == *asset);
        if !pays_fees_only && !one(&|rule| matches!(rule, Rule::PerTransaction { asset: of, .. } if of == asset)) {
            missing(
                format!("rules speak about {asset}, but none limits a single transfer, so every one is denied"),
                "add a PerTransaction",
            );
        }
        if !one(&|rule| matches!(rule, Rule::SpendingLimit { asset: of, .. } if of == asset)) {
            missing(
                format!("rules speak about {asset}, but none limits it over time, so every transfer is denied"),
                "add a SpendingLimit",
            );
        }
        if !chains.contains(&asset.chain()) {
            let problem =
                format!("rules speak about {asset}, but none names recipients on {}, so every transfer is denied", asset.chain());
            missing(problem, "add an Allowlist, or AnyAddress to allow every recipient");
        }
    }
    let coins: BTreeSet<_> = assets.iter().map(|asset| asset.native_asset()).collect();
    for coin in coins.difference(&assets) {
        missing(
            format!("transfers of tokens pay their fees in {coin}, but no rule limits it over time, so every one is denied"),
            "add a SpendingLimit for it",
        );
    }
    for chain in chains.iter().filter(|chain| !assets.iter().any(|asset| asset.chain() == **chain)) {
        missing(
            format!("recipients on {chain} are named, but no rule limits an asset of it, so every transfer is denied"),
            "add a PerTransaction and a SpendingLimit for an asset of the chain",
        );
    }
}

/// Finds a limit over time of a coin that does not hold the fee which a request reserves.
fn fees(coin: Asset, max: Amount, rules: &[Rule], context: &dyn LintContext, at: &mut At<'_>) {
    let paid_for = rules.iter().filter_map(|rule| match rule {
        Rule::PerTransaction { asset, .. } if asset.native_asset() == coin => Some(*asset),
        _ => None,
    });
    // The caps of all assets count whose fees this coin pays.
    let cap = paid_for.chain([coin]).map(|asset| context.fee_cap(asset)).max().unwrap_or_default();
    let least = context.least_fee(coin.chain());
    if max <= least {
        let [max, least] = [max, least].map(|amount| amount_text(coin, amount));
        at.error(format!("{max} do not even hold the least fee of {least}"), "raise the limit");
    } else if max <= cap {
        let [max, cap] = [max, cap].map(|amount| amount_text(coin, amount));
        at.warning(
            format!("{max} do not hold the fee cap of {cap} that a request without max_fee reserves"),
            "raise the limit, or have every request name a max_fee",
        );
    }
}

/// Finds assets of a value limit without a valid rate: a request that charges one of them is denied.
fn rates(assets: &BTreeSet<Asset>, context: &dyn LintContext, at: &mut At<'_>) {
    for asset in assets {
        match context.rate_expires_at(*asset) {
            None => at.error(format!("there is no rate for {asset}, so nothing of it passes"), "set one with set_rate first"),
            Some(end) if end <= context.now() => {
                at.error(format!("the rate for {asset} has expired, so nothing of it passes"), "set a new one with set_rate first");
            }
            Some(end) if end.nanos_since(context.now()) < DAY_NS => {
                at.warning(
                    format!("the rate for {asset} expires within a day; nothing of it passes then"),
                    "set a new one with set_rate",
                );
            }
            Some(_) => {}
        }
    }
}

/// Finds lists of which no recipient can be paid, and entries that have expired or are on the denylist.
fn recipients(chain: Chain, entries: &[AllowEntry], rules: &[Rule], now: Timestamp, at: &mut At<'_>) {
    let expired = |entry: &AllowEntry| entry.expires_at.is_some_and(|end| end <= now);
    let denied = |to: &Destination| {
        rules.iter().any(|rule| matches!(rule, Rule::Denylist { chain: c, entries } if *c == chain && entries.contains(to)))
    };
    if entries.iter().all(|entry| expired(entry) || denied(&entry.to)) {
        let problem = format!("every recipient on {chain} has expired or stands on the denylist, so nobody can be paid");
        return at.error(problem, "list a recipient that can be paid");
    }
    let count = entries.iter().filter(|entry| expired(entry)).count();
    if count > 0 {
        at.warning(format!("{count} of the recipients have expired"), "take them off the list");
    }
    let count = entries.iter().filter(|entry| denied(&entry.to)).count();
    if count > 0 {
        at.warning(format!("{count} of the recipients also stand on the denylist, which wins"), "take them off one of the lists");
    }
}

/// Finds active hours that never open. A change of the clocks may hide the hours of one week; the second look, 14 days later, is
/// past any such change.
fn opening(hours: &ActiveHours, now: Timestamp, at: &mut At<'_>) {
    let opens = |from| hours.opens_after_ns(from).is_some();
    if !opens(now) && !opens(now.saturating_add(14 * DAY_NS)) {
        let zone = hours.zone.name();
        at.error(format!("the hours never open by the clocks of {zone}"), "choose hours that the clocks there show");
    }
}

#[cfg(test)]
mod tests;

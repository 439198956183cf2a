//! What is left of every limit of a scope.

use super::activity::{Activity, Counted, RateWindow};
use super::limits::{scaled, used_value};
use super::rule::{Policy, Rule};
use super::scope::{CounterKey, Scope};
use super::spent::{Spent, Window};
use crate::base::{Amount, Asset, Destination, Timestamp};
use crate::policy::Mode;
use std::collections::BTreeSet;

/// What a limit counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// Base units of an asset.
    Units(Asset, Window),
    /// Millionths of the unit of account.
    Value(BTreeSet<Asset>, Window),
    /// Base units of an asset that one recipient receives in 24 hours.
    Recipient(Asset, Destination),
    /// Requests.
    Requests(Counted, RateWindow),
}

/// One limit and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The position of the rule, from 0.
    pub rule_index: u32,
    /// What it counts.
    pub kind: LimitKind,
    /// The limit, as it is now: after an emergency limits of money are reduced.
    pub limit: Amount,
    /// What counts against it and has happened.
    pub posted: Amount,
    /// What counts against it and may still happen.
    pub reserved: Amount,
    /// What is left.
    pub remaining: Amount,
}

/// What a scope has used.
pub struct Used<'a> {
    /// Whose policy it is.
    pub scope: Scope,
    /// What its counters say.
    pub spent: &'a dyn Fn(&CounterKey) -> Spent,
    /// What an amount is worth now, if that is known.
    pub value: &'a dyn Fn(Asset, Amount) -> Option<Amount>,
    /// Its recent requests.
    pub activity: &'a Activity,
    /// What becomes of limits of money.
    pub mode: Mode,
    /// The time to judge at.
    pub now: Timestamp,
}

/// Every limit over time of a policy.
pub fn budgets(policy: &Policy, used: &Used<'_>) -> Vec<Budget> {
    let Used { scope, spent, value, activity, mode, now } = *used;
    let mut budgets = Vec::new();
    for (index, rule) in (0..).zip(&policy.rules) {
        let units = |key: CounterKey, window: &Window| {
            let spent = spent(&key);
            (spent.posted(window, now), spent.reserved())
        };
        let mut put = |kind: LimitKind, limit: Amount, (posted, reserved): (Amount, Amount)| {
            let remaining = limit.remaining_after(posted).remaining_after(reserved);
            budgets.push(Budget { rule_index: index, kind, limit, posted, reserved, remaining });
        };
        match rule {
            Rule::SpendingLimit { asset, window, max } => {
                let used = units(CounterKey::units(scope, *asset), window);
                put(LimitKind::Units(*asset, window.clone()), scaled(mode, *max), used);
            }
            Rule::ValueLimit { assets, window, max } => {
                let used = used_value(scope, assets, spent, value, (window, now));
                put(LimitKind::Value(assets.clone(), window.clone()), scaled(mode, *max), used);
            }
            Rule::Allowlist { entries, .. } => {
                for entry in entries {
                    for limit in &entry.limits {
                        let Some(max) = limit.rolling_24h else { continue };
                        let used = units(CounterKey::to(scope, limit.asset, entry.to.clone()), &Window::Rolling24h);
                        put(LimitKind::Recipient(limit.asset, entry.to.clone()), scaled(mode, max), used);
                    }
                }
            }
            Rule::RateLimit { counted, window, max } => {
                let used = Amount::new(activity.count(*counted, *window, now));
                put(LimitKind::Requests(*counted, *window), Amount::new(u64::from(*max)), (used, Amount::ZERO));
            }
            _ => {}
        }
    }
    budgets
}

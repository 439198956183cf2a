//! Budgets: what is used and left of every limit over time of a scope.

use super::activity::{Activity, Counted, RateWindow};
use super::limits::{scaled, used_value};
use super::rule::{Policy, Rule};
use super::scope::{CounterKey, Scope};
use super::spent::{Spent, Window};
use crate::base::{Amount, Asset, Destination, Timestamp};
use crate::policy::Mode;
use std::collections::BTreeSet;

/// The unit and the window that a limit counts in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// Base units of an asset within a window.
    Units(Asset, Window),
    /// Millionths of the unit of account within a window, over several assets.
    Value(BTreeSet<Asset>, Window),
    /// Base units of an asset that one recipient receives within 24 hours.
    Recipient(Asset, Destination),
    /// Requests of one kind within a sliding window.
    Requests(Counted, RateWindow),
}

/// A limit over time, with what is used and left of it. All amounts are in the unit of `kind`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The position of the rule in its policy, from 0.
    pub rule_index: u32,
    /// The unit and the window.
    pub kind: LimitKind,
    /// The limit as it is now; in [`Mode::Limited`] limits of money are reduced.
    pub limit: Amount,
    /// The spending that has happened and counts within the window.
    pub posted: Amount,
    /// The spending that transfers under way may still cause; 0 for requests.
    pub reserved: Amount,
    /// The limit less posted and reserved spending; 0 when they exceed it.
    pub remaining: Amount,
}

/// The spending and the requests of a scope, as [`budgets`] reads them.
pub struct Used<'a> {
    /// The scope whose policy it is.
    pub scope: Scope,
    /// The counters by key; empty for a key that was never counted.
    pub spent: &'a dyn Fn(&CounterKey) -> Spent,
    /// The value of an amount at the present rate, in millionths of the unit of account. `None` without a valid rate.
    pub value: &'a dyn Fn(Asset, Amount) -> Option<Amount>,
    /// The recent requests of the scope.
    pub activity: &'a Activity,
    /// The mode of operation, which may reduce limits of money.
    pub mode: Mode,
    /// The time at which windows end.
    pub now: Timestamp,
}

/// Returns the budget of every limit over time of a policy, in the order of its rules.
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
                // The mode reduces limits of money only.
                let used = Amount::new(activity.count(*counted, *window, now));
                put(LimitKind::Requests(*counted, *window), Amount::new(u64::from(*max)), (used, Amount::ZERO));
            }
            _ => {}
        }
    }
    budgets
}

//! Lints, explanations, differences and backtests of policies as answers show them.

use super::address;
use crate::asset::Units;
use crate::chain::Asset;
use crate::named::Named;
use crate::policy::{PolicyRule, Scope};
use crate::policy_tools::{
    Backtest, Budget, DecisionChange, DecisionCounts, LimitKind, PolicyDiff, PolicyExplanation, PolicyLint, ReadinessItem,
    RuleChange, ScopeExplanation,
};
use purser_core::base::Timestamp;
use purser_core::chains::configs::ChainConfigs;
use purser_core::policy as domain;
use purser_core::state;

impl Budget {
    fn new(budget: domain::Budget, chains: &ChainConfigs) -> Self {
        let units = match &budget.kind {
            domain::LimitKind::Units(asset, _) | domain::LimitKind::Recipient(asset, _) => Some((*asset).into()),
            // Millionths of a unit of account that has no symbol.
            domain::LimitKind::Value(..) => Some(Units { symbol: None, decimals: Some(6) }),
            domain::LimitKind::Requests(..) => None,
        };
        Self {
            rule_index: budget.rule_index,
            counting: Named::from(match budget.kind {
                domain::LimitKind::Units(asset, window) => LimitKind::Units { asset: asset.into(), window: window.into() },
                domain::LimitKind::Value(assets, window) => {
                    LimitKind::Value { assets: assets.into_iter().map(Into::into).collect(), window: window.into() }
                }
                domain::LimitKind::Recipient(asset, to) => {
                    LimitKind::Recipient { asset: asset.into(), address: address::text(&to, chains) }
                }
                domain::LimitKind::Requests(counted, window) => {
                    LimitKind::Requests { counted: counted.into(), window: window.into() }
                }
            }),
            limit: budget.limit.get(),
            posted: budget.posted.get(),
            reserved: budget.reserved.get(),
            remaining: budget.remaining.get(),
            units,
        }
    }

    /// Returns the limits over time of a scope, with addresses of the configured networks.
    pub fn all(budgets: Vec<domain::Budget>, chains: &ChainConfigs) -> Vec<Self> {
        budgets.into_iter().map(|budget| Self::new(budget, chains)).collect()
    }
}

impl PolicyExplanation {
    /// Returns an explanation in sentences, with addresses of the configured networks.
    pub fn new(explanation: state::Explanation, now: Timestamp, chains: &ChainConfigs) -> Self {
        let address = |to: &_| address::text(to, chains);
        let scope = |explained: state::ScopeExplanation| {
            let (version, name) =
                explained.policy.as_ref().map_or((None, None), |policy| (Some(policy.version), policy.name.clone()));
            let rules = explained.policy.iter().flat_map(|policy| &policy.rules);
            ScopeExplanation {
                scope: Scope::from(explained.scope).into(),
                version,
                name,
                rules: rules.map(|rule| domain::describe(rule, now, &address)).collect(),
                budgets: Budget::all(explained.budgets, chains),
            }
        };
        Self { scopes: explanation.scopes.into_iter().map(scope).collect(), notes: explanation.notes }
    }
}

impl PolicyDiff {
    /// Returns the difference between two sets of rules, with addresses of the configured networks, described as of `now`.
    pub fn new(diff: domain::Diff, widens: bool, now: Timestamp, chains: &ChainConfigs) -> Self {
        let show = |rules| PolicyRule::all(rules, now, chains);
        let of = |rule| PolicyRule::of(rule, now, chains);
        let changed = |(old, new)| RuleChange { old: of(old), new: of(new) };
        Self {
            added: show(diff.added),
            removed: show(diff.removed),
            changed: diff.changed.into_iter().map(changed).collect(),
            widens,
        }
    }
}

impl Backtest {
    /// Returns a backtest with addresses of the configured networks.
    pub fn new(backtest: state::Backtest, chains: &ChainConfigs) -> Self {
        let change = |change: state::ChangedDecision| DecisionChange {
            block: change.block.get(),
            requested_at: change.at.nanos(),
            wallet_id: change.request.wallet.get(),
            agent: change.agent,
            asset: Asset::from(change.request.asset).into(),
            amount: change.request.amount.get(),
            units: change.request.asset.into(),
            to: address::text(&change.request.to, chains),
            was: change.was.into(),
            becomes: change.becomes.into(),
            why: change.why,
        };
        Self {
            begins_at: backtest.since.nanos(),
            truncated: backtest.truncated,
            was: backtest.was.into(),
            becomes: backtest.becomes.into(),
            changes: backtest.changes.into_iter().map(change).collect(),
        }
    }
}

impl From<domain::Lint> for PolicyLint {
    fn from(lint: domain::Lint) -> Self {
        Self { severity: lint.severity.into(), rule_index: lint.rule_index, problem: lint.problem, remedy: lint.remedy }
    }
}

impl From<state::DecisionCounts> for DecisionCounts {
    fn from(counts: state::DecisionCounts) -> Self {
        Self { allowed: counts.allowed, for_approval: counts.for_approval, denied: counts.denied }
    }
}

impl From<state::ReadinessItem> for ReadinessItem {
    fn from(item: state::ReadinessItem) -> Self {
        Self { name: item.name.to_owned(), passed: item.passed, reason: item.reason }
    }
}

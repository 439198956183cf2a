//! Policies, rules and scopes of the domain as answers show them.

use crate::convert::address;
use crate::policy::{HoursWindow, Policy, PolicyRule, Recipient, RecipientLimit, Rule, Scope, Window};
use purser_core::base::{Amount, SECOND_NS, Timestamp};
use purser_core::chains::configs::ChainConfigs;
use purser_core::policy as domain;

impl Policy {
    /// Returns a policy of the domain with addresses of the configured networks, described as of `now`.
    pub fn new(policy: domain::Policy, now: Timestamp, chains: &ChainConfigs) -> Self {
        let rules = PolicyRule::all(policy.rules, now, chains);
        Self { version: policy.version, name: policy.name, rules }
    }
}

impl PolicyRule {
    /// Returns rules of the domain with addresses of the configured networks, described as of `now`.
    pub fn all(rules: Vec<domain::Rule>, now: Timestamp, chains: &ChainConfigs) -> Vec<Self> {
        rules.into_iter().map(|rule| Self::of(rule, now, chains)).collect()
    }

    /// Returns a rule of the domain with addresses of the configured networks, described as of `now`.
    pub fn of(rule: domain::Rule, now: Timestamp, chains: &ChainConfigs) -> Self {
        let description = domain::describe(&rule, now, &|to: &_| address::text(to, chains));
        Self::new(Rule::new(rule, chains), description)
    }
}

impl Rule {
    /// Returns a rule of the domain with addresses of the configured networks.
    pub fn new(rule: domain::Rule, chains: &ChainConfigs) -> Self {
        match rule {
            domain::Rule::PerTransaction { asset, max } => Self::PerTransaction { asset: asset.into(), max: max.get() },
            domain::Rule::SpendingLimit { asset, window, max } => {
                Self::SpendingLimit { asset: asset.into(), window: window.into(), max: max.get() }
            }
            domain::Rule::ValueLimit { assets, window, max } => {
                Self::ValueLimit { assets: assets.into_iter().map(Into::into).collect(), window: window.into(), max: max.get() }
            }
            domain::Rule::Allowlist { chain, entries, cool_down_ns } => Self::Allowlist {
                chain: chain.into(),
                recipients: entries.into_iter().map(|entry| Recipient::shown(entry, chains)).collect(),
                cool_down_seconds: cool_down_ns / SECOND_NS,
            },
            domain::Rule::AnyAddress { chain } => Self::AnyAddress { chain: chain.into() },
            domain::Rule::Denylist { chain, entries } => Self::Denylist {
                chain: chain.into(),
                addresses: entries.iter().map(|entry| address::text(entry, chains)).collect(),
            },
            domain::Rule::RateLimit { counted, window, max } => {
                Self::RateLimit { counted: counted.into(), window: window.into(), max }
            }
            domain::Rule::ActiveHours(hours) => Self::ActiveHours {
                time_zone: hours.zone.name().to_owned(),
                windows: hours.windows.into_iter().map(Into::into).collect(),
            },
            domain::Rule::Approval(rule) => Self::Approval {
                asset: rule.asset.map(Into::into),
                threshold: rule.threshold.get(),
                cumulative_24h: rule.cumulative_24h.map(Amount::get),
                group: rule.group,
                quorum: rule.quorum,
                timeout_seconds: Some(rule.timeout_ns / SECOND_NS),
                time_lock_seconds: rule.time_lock_ns / SECOND_NS,
            },
            domain::Rule::MinimumBalance { asset, min } => Self::MinimumBalance { asset: asset.into(), min: min.get() },
            domain::Rule::RequireSession => Self::RequireSession,
        }
    }
}

impl Recipient {
    fn shown(entry: domain::AllowEntry, chains: &ChainConfigs) -> Self {
        Self {
            address: address::text(&entry.to, chains),
            label: entry.label,
            limits: entry.limits.into_iter().map(Into::into).collect(),
            expires_at: entry.expires_at.map(|at| at.nanos()),
            usable_at: Some(entry.usable_from.nanos()),
        }
    }
}

impl From<domain::Scope> for Scope {
    fn from(scope: domain::Scope) -> Self {
        match scope {
            domain::Scope::User(owner) => Self::User(owner),
            domain::Scope::Wallet(wallet) => Self::Wallet(wallet.get()),
            domain::Scope::Agent { wallet, agent } => Self::Agent { wallet_id: wallet.get(), agent },
            domain::Scope::Session(session) => Self::Session(session.get()),
        }
    }
}

impl From<domain::Window> for Window {
    fn from(window: domain::Window) -> Self {
        match window {
            domain::Window::Rolling24h => Self::Rolling24h,
            domain::Window::Rolling7d => Self::Rolling7d,
            domain::Window::Rolling30d => Self::Rolling30d,
            domain::Window::Calendar { period, zone } => {
                Self::Calendar { period: period.into(), time_zone: zone.name().to_owned() }
            }
        }
    }
}

impl From<domain::HoursWindow> for HoursWindow {
    fn from(window: domain::HoursWindow) -> Self {
        Self {
            days: window.days.into_iter().map(Into::into).collect(),
            start: window.start.to_string(),
            end: window.end.to_string(),
        }
    }
}

impl From<domain::RecipientLimit> for RecipientLimit {
    fn from(limit: domain::RecipientLimit) -> Self {
        Self {
            asset: limit.asset.into(),
            per_transaction: limit.per_transaction.map(Amount::get),
            rolling_24h: limit.rolling_24h.map(Amount::get),
        }
    }
}

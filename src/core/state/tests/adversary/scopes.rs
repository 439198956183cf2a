//! The scopes of the game, what they demand at first, and the same as policies.

use super::model::{Approval, Limits};
use super::{COLD, DENIED, EXPIRING, Game, OPEN, OTHER, PARENT, SMALL, WALLET, agent, listed, recipient};
use super::{admin, other_owner};
use crate::base::{Amount, Asset, Chain, DAY_NS, SECOND_NS, SessionId, Timestamp};
use crate::event::{Event, PolicySet};
use crate::governance::{Action, PolicyChange};
use crate::policy::{AllowEntry, ApprovalRule, Counted, Period, RateWindow, RecipientLimit, Rule, Scope, TimeZone, Window};

/// What the recipient with limits of its own may receive, per transfer and per 24 hours.
const SMALL_LIMITS: (u64, u64) = (300_000, 1_000_000);

pub fn limits() -> Vec<(Scope, Limits)> {
    let calendar = |period, zone| Window::Calendar { period, zone: TimeZone::parse(zone).unwrap() };
    let approval = Approval { threshold: 2_500_000, cumulative: 12_000_000, quorum: 2 };
    let wallet = Limits {
        per_transaction: Some(5_000_000),
        windows: vec![
            (Window::Rolling24h, 20_000_000),
            (Window::Rolling7d, 60_000_000),
            (Window::Rolling30d, 150_000_000),
            (calendar(Period::Day, "Asia/Kolkata"), 15_000_000),
        ],
        value_24h: Some(40_000_000),
        rates: vec![(Counted::Attempts, RateWindow::Hour, 40), (Counted::Executions, RateWindow::Minute, 6)],
        approval: Some(approval),
        recipients: true,
        small: Some(SMALL_LIMITS),
    };
    let parent = Limits { windows: vec![(Window::Rolling24h, 24_000_000)], value_24h: None, approval: None, ..wallet.clone() };
    // A wallet that nobody pays from: what it demands of those that come below it.
    let other = Limits {
        per_transaction: Some(3_500_000),
        windows: vec![(Window::Rolling24h, 9_000_000), (calendar(Period::Month, "America/New_York"), 60_000_000)],
        value_24h: Some(30_000_000),
        rates: Vec::new(),
        approval: Some(Approval { threshold: 2_000_000, cumulative: 8_000_000, quorum: 2 }),
        ..wallet.clone()
    };
    let agent_limits = Limits {
        per_transaction: Some(4_500_000),
        windows: vec![(Window::Rolling24h, 11_000_000)],
        rates: vec![(Counted::Executions, RateWindow::Day, 60)],
        ..Limits::default()
    };
    let session = Limits { windows: vec![(Window::Rolling24h, 4_000_000)], ..Limits::default() };
    let owner = Limits {
        windows: vec![(Window::Rolling24h, 28_000_000), (Window::Rolling7d, 90_000_000)],
        approval: Some(Approval { threshold: 4_200_000, cumulative: u64::MAX / 2, quorum: 3 }),
        ..Limits::default()
    };
    let second_owner = Limits {
        windows: vec![(Window::Rolling24h, 13_000_000), (calendar(Period::Week, "Australia/Lord_Howe"), 40_000_000)],
        ..Limits::default()
    };
    vec![
        (Scope::User(admin()), owner),
        (Scope::User(other_owner()), second_owner),
        (Scope::Wallet(OTHER), other),
        (Scope::Wallet(PARENT), parent),
        (Scope::Wallet(WALLET), wallet),
        (Scope::Agent { wallet: WALLET, agent: agent() }, agent_limits),
        (Scope::Session(SessionId::new(1)), session),
    ]
}

impl Game {
    /// Demands as a policy.
    pub fn policy(&self, limits: &Limits) -> Vec<Rule> {
        let mut rules = Vec::new();
        for asset in Asset::ALL {
            rules.extend(limits.per_transaction.map(|max| Rule::PerTransaction { asset, max: Amount::new(max) }));
            rules.extend(limits.windows.iter().map(|(window, max)| Rule::SpendingLimit {
                asset,
                window: window.clone(),
                max: Amount::new(*max),
            }));
            rules.extend(limits.approval.map(|approval| {
                Rule::Approval(ApprovalRule {
                    asset: Some(asset),
                    threshold: Amount::new(approval.threshold),
                    cumulative_24h: Some(Amount::new(approval.cumulative)),
                    group: "ops".into(),
                    quorum: approval.quorum as u32,
                    timeout_ns: DAY_NS,
                    time_lock_ns: 30 * SECOND_NS,
                })
            }));
        }
        let assets = Asset::ALL.into();
        rules.extend(limits.value_24h.map(|max| Rule::ValueLimit { assets, window: Window::Rolling24h, max: Amount::new(max) }));
        rules.extend(limits.rates.iter().map(|(counted, window, max)| Rule::RateLimit {
            counted: *counted,
            window: *window,
            max: *max,
        }));
        if limits.recipients {
            for chain in [Chain::Kaspa, Chain::Solana] {
                rules.push(Rule::Allowlist { chain, entries: self.entries(chain, limits), cool_down_ns: 0 });
                rules.push(Rule::Denylist { chain, entries: [recipient(chain, DENIED)].into() });
            }
        }
        rules
    }

    fn entries(&self, chain: Chain, limits: &Limits) -> Vec<AllowEntry> {
        let asset = Asset::ALL.into_iter().find(|asset| asset.chain() == chain).unwrap();
        let own = limits.small.map(|(each, daily)| RecipientLimit {
            asset,
            per_transaction: Some(Amount::new(each)),
            rolling_24h: Some(Amount::new(daily)),
        });
        let at = Timestamp::from_nanos;
        vec![
            listed(recipient(chain, OPEN)),
            AllowEntry { limits: own.into_iter().collect(), ..listed(recipient(chain, SMALL)) },
            listed(recipient(chain, DENIED)),
            AllowEntry { expires_at: Some(at(self.model.expires_at)), ..listed(recipient(chain, EXPIRING)) },
            AllowEntry { usable_from: at(self.model.usable_from), ..listed(recipient(chain, COLD)) },
        ]
    }

    /// Puts a policy in force as it is, with the times at which its recipients become usable.
    pub fn enforce(&mut self, scope: Scope, limits: Limits) {
        let rules = self.policy(&limits);
        self.model.limits.insert(scope, limits);
        let version = self.state.policy_of(&scope).map_or(0, |policy| policy.version) + 1;
        self.put(vec![Event::PolicySet(PolicySet { scope, version, name: None, rules, prior_spending: None })]);
    }

    /// Has an admin put a policy in force, if it can be: what the new one denies and may be cancelled ends with the old one.
    pub fn set(&mut self, scope: Scope, limits: Limits) {
        let replaces = self.state.last_policy_version(&scope);
        let change = PolicyChange { scope, replaces, name: None, rules: self.policy(&limits) };
        if let Some(decided) = self.change(Action::SetPolicy(change)) {
            self.model.demand(scope, limits);
            self.commit(decided);
            self.model.check_asked(Some(scope));
        }
    }

    /// Tightens one scope, changes what it asks or counts, or gives it back what it had.
    pub fn tune(&mut self) {
        let (scope, mut limits) = self.dice.pick(&limits());
        if self.dice.one_in(3) {
            self.set(scope, limits);
            return;
        }
        if self.dice.one_in(2) {
            let percent = 20 + self.dice.below(80);
            limits.per_transaction = limits.per_transaction.map(|max| max * percent / 100);
            limits.windows.iter_mut().for_each(|(_, max)| *max = *max * percent / 100);
            limits.value_24h = limits.value_24h.map(|max| max * percent / 100);
        }
        // Another calendar than before.
        if self.dice.one_in(3)
            && let Some((_, daily)) = limits.windows.first().cloned()
        {
            limits.windows.retain(|(window, _)| !matches!(window, Window::Calendar { .. }));
            limits.windows.push(self.dice.calendar(daily));
        }
        // People are asked about less, by whomever.
        if self.dice.one_in(4) {
            let threshold = self.dice.below(3_000_000);
            limits.approval = Some(Approval { threshold, cumulative: 1_000_000 + self.dice.below(10_000_000), quorum: 1 });
            self.seen.asking += self.plain_within(scope);
        }
        // A recipient without limits of its own, a scope without one of value: until they are set again.
        if self.dice.one_in(4) {
            limits.small = None;
        }
        if self.dice.one_in(3) {
            limits.value_24h = None;
        }
        self.set(scope, limits);
    }

    /// How many payments wait in a scope to be built, about which nobody was asked.
    pub fn plain_within(&self, scope: Scope) -> u64 {
        let waiting = self.model.entries.values().filter(|entry| entry.is_plain() && entry.operation.is_none());
        waiting.filter(|entry| entry.within(scope).is_some()).count() as u64
    }
}

//! Random policies and requests with small numbers, so that boundaries are met often.

use super::fixture::*;
use crate::base::{Amount, Asset, Chain, HOUR_NS, SessionId, Timestamp, WalletId};
use crate::policy::Mode;
use crate::policy::*;
use proptest::collection::{btree_set, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

fn amount() -> impl Strategy<Value = Amount> {
    (1..12u64).prop_map(Amount::new)
}

fn asset() -> impl Strategy<Value = Asset> {
    select(Asset::ALL.to_vec())
}

fn windows() -> Vec<Window> {
    let zone = TimeZone::parse("Asia/Kolkata").expect("a zone");
    vec![Window::Rolling24h, Window::Rolling7d, Window::Rolling30d, Window::Calendar { period: Period::Day, zone }]
}

fn entry() -> impl Strategy<Value = AllowEntry> {
    let limit = (weighted(0.5, amount()), weighted(0.5, amount()))
        .prop_map(|(per_transaction, rolling_24h)| RecipientLimit { asset: Asset::Sol, per_transaction, rolling_24h })
        .prop_filter("it limits something", |limit| limit.per_transaction.is_some() || limit.rolling_24h.is_some());
    let time = || (0..6u64).prop_map(|hours| at(hours * HOUR_NS));
    (0..3u8, weighted(0.3, limit), weighted(0.3, time()), weighted(0.3, time())).prop_map(|(n, limit, expires_at, usable_from)| {
        AllowEntry { limits: limit.into_iter().collect(), expires_at, usable_from: usable_from.unwrap_or_default(), ..listed(n) }
    })
}

fn hours() -> impl Strategy<Value = ActiveHours> {
    let time = |hour: u64| LocalTime::parse(&format!("{hour:02}:00")).expect("a time");
    let zone = TimeZone::parse("Etc/UTC").expect("a zone");
    (0..4u64, 1..4u64).prop_map(move |(start, length)| {
        let days = [Weekday::Mon, Weekday::Tue].into();
        ActiveHours { zone: zone.clone(), windows: vec![HoursWindow { days, start: time(start), end: time(start + length) }] }
    })
}

fn approval() -> impl Strategy<Value = Rule> {
    (weighted(0.7, asset()), 0..12u64, weighted(0.4, amount()), select(vec!["a", "b"]), 1..3u32, 60..63u64, 0..3u64).prop_map(
        |(asset, threshold, cumulative_24h, group, quorum, timeout, lock)| {
            Rule::Approval(ApprovalRule {
                asset,
                threshold: Amount::new(if asset.is_some() { threshold } else { 0 }),
                cumulative_24h: cumulative_24h.filter(|_| asset.is_some()),
                group: group.into(),
                quorum,
                timeout_ns: timeout * 1_000_000_000,
                time_lock_ns: lock,
            })
        },
    )
}

/// One rule of any kind.
pub fn rule() -> impl Strategy<Value = Rule> {
    let recipients = btree_set(0..3u8, 1..3).prop_map(|numbers| numbers.into_iter().map(sol_recipient).collect());
    let assets = btree_set(asset(), 1..3);
    let chain = select(vec![Chain::Kaspa, Chain::Solana]);
    let rate = (select(vec![Counted::Attempts, Counted::Executions]), select(vec![RateWindow::Minute, RateWindow::Hour]), 1..4u32);
    prop_oneof![
        (asset(), amount()).prop_map(|(asset, max)| Rule::PerTransaction { asset, max }),
        (asset(), select(windows()), amount()).prop_map(|(asset, window, max)| Rule::SpendingLimit { asset, window, max }),
        (assets, select(windows()), amount()).prop_map(|(assets, window, max)| Rule::ValueLimit { assets, window, max }),
        (vec(entry(), 1..4), 0..3u64).prop_map(|(mut entries, cool_down_ns)| {
            entries.sort_by(|a, b| a.to.cmp(&b.to));
            entries.dedup_by(|a, b| a.to == b.to);
            Rule::Allowlist { chain: Chain::Solana, entries, cool_down_ns }
        }),
        chain.prop_map(|chain| Rule::AnyAddress { chain }),
        recipients.prop_map(|entries| Rule::Denylist { chain: Chain::Solana, entries }),
        rate.prop_map(|(counted, window, max)| Rule::RateLimit { counted, window, max }),
        hours().prop_map(Rule::ActiveHours),
        approval(),
        (asset(), amount()).prop_map(|(asset, min)| Rule::MinimumBalance { asset, min }),
        Just(Rule::RequireSession),
    ]
}

/// Rules that can stand together.
pub fn rules(most: usize) -> impl Strategy<Value = Vec<Rule>> {
    vec(rule(), 0..most).prop_map(|rules| {
        let mut kept: Vec<Rule> = Vec::new();
        for rule in rules {
            if kept.iter().all(|other| other.subject() != rule.subject()) {
                kept.push(rule);
            }
        }
        kept
    })
}

/// The same rules, mostly kept, some with another number, some gone, and now and then one more.
pub fn variation(rules: Vec<Rule>) -> impl Strategy<Value = Vec<Rule>> {
    let count = rules.len();
    let fates = vec(prop_oneof![8 => Just(0i8), 4 => Just(-1), 1 => Just(1), 1 => Just(2)], count..=count);
    (Just(rules), fates, weighted(0.4, rule())).prop_map(|(rules, fates, more)| {
        let kept = rules.into_iter().zip(fates).filter(|(_, fate)| *fate != 2);
        let mut rules: Vec<Rule> = kept.map(|(rule, fate)| moved(rule, fate)).collect();
        rules.extend(more.filter(|more| rules.iter().all(|rule| rule.subject() != more.subject())));
        rules
    })
}

/// A rule with its number one lower or higher.
fn moved(mut rule: Rule, by: i8) -> Rule {
    let step = |amount: &mut Amount| *amount = Amount::new(amount.get().saturating_add_signed(by.into()).max(1));
    match &mut rule {
        Rule::PerTransaction { max, .. } | Rule::SpendingLimit { max, .. } | Rule::ValueLimit { max, .. } => step(max),
        Rule::MinimumBalance { min, .. } => step(min),
        Rule::RateLimit { max, .. } => *max = max.saturating_add_signed(by.into()).max(1),
        Rule::Approval(ApprovalRule { asset: Some(_), threshold, cumulative_24h, quorum, .. }) => {
            step(threshold);
            cumulative_24h.iter_mut().for_each(step);
            *quorum = quorum.saturating_add_signed((-by).into()).max(1);
        }
        Rule::Approval(ApprovalRule { time_lock_ns, .. }) => *time_lock_ns = time_lock_ns.saturating_add_signed((-by).into()),
        Rule::Allowlist { entries, .. } if by < 0 && entries.len() > 1 => _ = entries.pop(),
        Rule::Allowlist { entries, .. } => {
            let limits = entries.iter_mut().flat_map(|entry| &mut entry.limits);
            limits.flat_map(|limit| [&mut limit.per_transaction, &mut limit.rolling_24h]).flatten().for_each(step);
        }
        Rule::Denylist { entries, .. } if by < 0 => _ = entries.insert(sol_recipient(2)),
        _ => {}
    }
    rule
}

/// What surrounds a request, and the request.
#[derive(Clone, Debug)]
pub struct Scene {
    pub world: World,
    pub asset: Asset,
    pub to: u8,
    pub amount: u64,
    pub fee: u64,
}

impl Scene {
    /// The decision when the policies are these, outermost first.
    pub fn evaluate(&self, policies: &[(Scope, Vec<Rule>)]) -> Evaluation {
        let mut world = self.world.clone();
        let activity = world.policies.remove(0).activity;
        for (scope, rules) in policies {
            world = world.with(*scope, rules.clone());
        }
        world.policies.iter_mut().for_each(|scoped| scoped.activity = activity.clone());
        world.judge_to(self.asset, &recipient_of(self.asset, self.to), self.amount, self.fee)
    }
}

/// The scopes whose policies the properties are about.
pub const SCOPES: [Scope; 3] = [PAYING, Scope::Wallet(WalletId::new(2)), Scope::Session(SessionId::new(1))];

/// Counters with something in them, and a request.
pub fn scene() -> impl Strategy<Value = Scene> {
    let counters = vec((0..3usize, asset(), 0..3u8, 0..8u64, 0..40u64, any::<bool>()), 0..8);
    let modes = prop_oneof![
        8 => Just(Mode::Normal),
        2 => Just(Mode::Limited { since: at(0), percent: 50 }),
        1 => Just(Mode::Emergency { since: at(0) }),
    ];
    let around =
        (0..6u64, modes, any::<bool>(), prop::bool::weighted(0.1), weighted(0.8, 1..3u64), 0..4u32, vec(any::<bool>(), 0..4));
    let request = (asset(), 0..3u8, 1..14u64, 0..2u64);
    (counters, around, request).prop_map(|(counters, around, (asset, to, amount, fee))| {
        let (hour, mode, in_session, is_recheck, rate, members, requests) = around;
        let mut world = World::new(Vec::new()).at(at(hour * HOUR_NS));
        world.context = RequestContext { mode, in_session, is_recheck, ..world.context };
        world.rates = rate.into_iter().flat_map(|rate| Asset::ALL.map(|asset| (asset, rate))).collect();
        world.approvers = [("a".to_owned(), members), ("b".to_owned(), 1)].into();
        for executed in requests {
            world.policies[0].activity.note(executed, world.context.now);
        }
        for (scope, asset, measure, amount, hours_ago, reserved) in counters {
            let scope = SCOPES[scope];
            let key = match measure {
                0 => CounterKey::units(scope, asset),
                1 => CounterKey::value(scope, asset),
                _ => CounterKey::to(scope, asset, recipient_of(asset, 1)),
            };
            let when = Timestamp::from_nanos(world.context.now.nanos() - hours_ago * HOUR_NS);
            world = if reserved { world.reserved(key, amount) } else { world.posted(key, amount, when) };
        }
        Scene { world, asset, to, amount, fee }
    })
}

//! A request to evaluate, with policies and data made of plain values.

use crate::base::{Amount, Asset, Chain, DAY_NS, Destination, Timestamp, WalletId};
use crate::policy::Mode;
use crate::policy::*;
use candid::Principal;
use std::collections::BTreeMap;

pub const WALLET: WalletId = WalletId::new(1);
pub const PAYING: Scope = Scope::Wallet(WALLET);

/// Monday 2026-01-05, 00:00 UTC, and so many nanoseconds.
pub const fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(20_458 * DAY_NS + nanos)
}

pub fn agent() -> Principal {
    Principal::from_slice(&[3, 1])
}

pub fn sol_recipient(n: u8) -> Destination {
    Destination::new(Chain::Solana, [n; 32])
}

pub fn recipient_of(asset: Asset, n: u8) -> Destination {
    match asset.chain() {
        Chain::Solana => sol_recipient(n),
        Chain::Kaspa => Destination::new(Chain::Kaspa, [n; 33]),
    }
}

pub fn listed(n: u8) -> AllowEntry {
    AllowEntry { to: sol_recipient(n), label: None, limits: Vec::new(), expires_at: None, usable_from: Timestamp::default() }
}

pub fn per_transaction(asset: Asset, max: u64) -> Rule {
    Rule::PerTransaction { asset, max: Amount::new(max) }
}

pub fn limit(asset: Asset, window: Window, max: u64) -> Rule {
    Rule::SpendingLimit { asset, window, max: Amount::new(max) }
}

/// Rules that let everything pass.
pub fn open() -> Vec<Rule> {
    let of = |asset: Asset| {
        [per_transaction(asset, u64::MAX), limit(asset, Window::Rolling24h, u64::MAX), Rule::AnyAddress { chain: asset.chain() }]
    };
    Asset::ALL.into_iter().flat_map(of).collect()
}

/// The open rules, with others in the place of those about the same thing.
pub fn open_but(rules: impl IntoIterator<Item = Rule>) -> Vec<Rule> {
    let rules: Vec<Rule> = rules.into_iter().collect();
    let replaced = |rule: &Rule| rules.iter().any(|other| other.subject() == rule.subject());
    let mut all: Vec<Rule> = open().into_iter().filter(|rule| !replaced(rule)).collect();
    all.extend(rules);
    all
}

#[derive(Clone, Debug)]
pub struct World {
    pub context: RequestContext,
    pub policies: Vec<ScopedPolicy>,
    pub spent: BTreeMap<CounterKey, Spent>,
    /// Millionths of the unit of account for one base unit.
    pub rates: BTreeMap<Asset, u64>,
    pub approvers: BTreeMap<String, u32>,
}

impl PolicyData for World {
    fn spent(&self, key: &CounterKey) -> Spent {
        self.spent.get(key).cloned().unwrap_or_default()
    }

    fn value(&self, asset: Asset, amount: Amount) -> AssetValue {
        self.rates.get(&asset).map_or(AssetValue::Unknown, |rate| AssetValue::Worth(Amount::new(amount.get() * rate)))
    }

    fn approvers(&self, group: &str) -> u32 {
        self.approvers.get(group).copied().unwrap_or(0)
    }
}

impl World {
    /// A wallet under some rules, nothing spent, at midnight.
    pub fn new(rules: Vec<Rule>) -> Self {
        let context = RequestContext {
            mode: Mode::Normal,
            now: at(0),
            in_session: false,
            wallet_active: true,
            chain_open_until: None,
            is_recheck: false,
        };
        let world =
            Self { context, policies: Vec::new(), spent: BTreeMap::new(), rates: BTreeMap::new(), approvers: BTreeMap::new() };
        world.with(PAYING, rules)
    }

    /// The same with the rules of another scope.
    pub fn with(mut self, scope: Scope, rules: Vec<Rule>) -> Self {
        validate(&rules).expect("well-formed");
        self.policies.push(ScopedPolicy {
            scope,
            policy: Some(Policy { version: 7, name: None, rules }),
            activity: Activity::default(),
        });
        self
    }

    pub fn at(mut self, now: Timestamp) -> Self {
        self.context.now = now;
        self
    }

    /// Money that left at a time.
    pub fn posted(mut self, key: CounterKey, amount: u64, when: Timestamp) -> Self {
        let spent = self.spent.remove(&key).unwrap_or_default();
        let amount = Amount::new(amount);
        self.spent.insert(key, spent.reserve(amount).and_then(|spent| spent.post(amount, amount, when)).expect("fits"));
        self
    }

    /// Money that is promised.
    pub fn reserved(mut self, key: CounterKey, amount: u64) -> Self {
        let spent = self.spent.remove(&key).unwrap_or_default();
        self.spent.insert(key, spent.reserve(Amount::new(amount)).expect("fits"));
        self
    }

    pub fn judge_to(&self, asset: Asset, to: &Destination, amount: u64, max_fee: u64) -> Evaluation {
        self.judge_all(asset, &[(to, Amount::new(amount))], max_fee)
    }

    /// Judges several payments as one transfer.
    pub fn judge_all(&self, asset: Asset, payments: &[(&Destination, Amount)], max_fee: u64) -> Evaluation {
        let amount = Amount::checked_sum(payments.iter().map(|(_, amount)| *amount)).expect("no overflow");
        let spend = Spend { asset, payments, amount, max_fee: Amount::new(max_fee) };
        evaluate(&self.context, PAYING, &self.policies, self, &spend)
    }

    /// Judges a payment of SOL to recipient 1.
    pub fn sol(&self, amount: u64, max_fee: u64) -> Evaluation {
        self.judge_to(Asset::Sol, &sol_recipient(1), amount, max_fee)
    }
}

/// Whether it was allowed; otherwise the kind and the code of the only rule that denies.
pub fn verdict(evaluation: &Evaluation) -> Result<Decision, (RuleKind, ReasonCode)> {
    let denials: Vec<&Finding> = evaluation.denials().collect();
    match denials[..] {
        [] => Ok(evaluation.decision),
        [finding] => {
            assert_eq!(evaluation.decision, Decision::Deny);
            Err((finding.rule, finding.code.expect("a denial has a code")))
        }
        _ => panic!("several rules deny: {denials:?}"),
    }
}

pub fn denial(evaluation: &Evaluation) -> Finding {
    verdict(evaluation).expect_err("denied");
    evaluation.denials().next().expect("a denial").clone()
}

pub const ALLOWED: Result<Decision, (RuleKind, ReasonCode)> = Ok(Decision::Allow);
pub const ASKED: Result<Decision, (RuleKind, ReasonCode)> = Ok(Decision::RequireApproval);
pub const OVER_TIME: Result<Decision, (RuleKind, ReasonCode)> = Err((RuleKind::SpendingLimit, ReasonCode::SpendingLimitExceeded));

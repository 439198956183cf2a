//! What is wrong with a policy, what it means, what changed, what it would have decided, and whether the installation is fit for money.

use super::address;
use super::policy::{Counted, Decision, Policy, RateWindow, Rule, Scope, Window};
use super::wallet::Asset;
use candid::{CandidType, Principal};
use purser_core::base::Timestamp;
use purser_core::chains::kaspa;
use purser_core::policy as domain;
use purser_core::state;
use serde::{Deserialize, Serialize};

/// How much is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Severity {
    /// The policy is not put into force.
    Error,
    /// It works, but hardly as it was meant.
    Warning,
}

/// One thing that is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct PolicyLint {
    /// How much.
    pub severity: Severity,
    /// The position of the rule; absent when something is missing.
    pub rule_index: Option<u32>,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub remedy: String,
}

/// What a limit counts.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Counting {
    /// Base units of an asset.
    Units {
        /// Of what.
        asset: Asset,
        /// Over which time.
        window: Window,
    },
    /// Millionths of the unit of account.
    Value {
        /// In which assets.
        assets: Vec<Asset>,
        /// Over which time.
        window: Window,
    },
    /// Base units that one recipient receives in 24 hours.
    Recipient {
        /// Of what.
        asset: Asset,
        /// Who.
        address: String,
    },
    /// Requests.
    Requests {
        /// Which.
        counted: Counted,
        /// Over which time.
        window: RateWindow,
    },
}

/// One limit over time, and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Budget {
    /// The position of the rule.
    pub rule_index: u32,
    /// What it counts.
    pub counting: Counting,
    /// As it is now: limits of money are reduced after an emergency.
    pub limit: u64,
    /// What has happened.
    pub posted: u64,
    /// What may still happen.
    pub reserved: u64,
    /// What is left.
    pub remaining: u64,
}

/// One scope whose policy binds an agent.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ScopeExplanation {
    /// Whose policy it is.
    pub scope: Scope,
    /// Its version; absent when there is none.
    pub version: Option<u64>,
    /// Its name.
    pub name: Option<String>,
    /// Each rule in a sentence, in the order of the policy.
    pub rules: Vec<String>,
    /// What is left of its limits.
    pub budgets: Vec<Budget>,
}

/// Everything that binds an agent of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct PolicyExplanation {
    /// Outermost first; the agent's open sessions last.
    pub scopes: Vec<ScopeExplanation>,
    /// What holds beside the policies now.
    pub notes: Vec<String>,
}

/// A policy as it was in force.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// The policy; without rules it was removed.
    pub policy: Policy,
    /// From when on, in nanoseconds since the epoch.
    pub since: u64,
}

/// A rule before and after.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct RuleChange {
    /// Before.
    pub old: Rule,
    /// After.
    pub new: Rule,
}

/// How two versions of a policy differ.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct PolicyDiff {
    /// Rules about something that only the newer one speaks about.
    pub added: Vec<Rule>,
    /// Rules about something that only the older one speaks about.
    pub removed: Vec<Rule>,
    /// Rules about the same thing that differ.
    pub changed: Vec<RuleChange>,
    /// Whether the newer one may let something pass that the older one does not.
    pub widens: bool,
}

/// How often each decision was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct DecisionCounts {
    /// Allowed at once.
    pub allowed: u32,
    /// Allowed once people agree.
    pub for_approval: u32,
    /// Denied.
    pub denied: u32,
}

/// A request about which a draft decides otherwise.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct DecisionChange {
    /// The block in which it is logged.
    pub block: u64,
    /// When it was made, in nanoseconds since the epoch.
    pub at: u64,
    /// Of which wallet.
    pub wallet_id: u64,
    /// Who asked.
    pub agent: Principal,
    /// What was to be sent.
    pub asset: Asset,
    /// How much, in base units.
    pub amount: u64,
    /// To whom.
    pub to: String,
    /// What was decided.
    pub was: Decision,
    /// What the draft decides.
    pub becomes: Decision,
    /// Why.
    pub why: String,
}

/// What a draft of a policy would have decided.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Backtest {
    /// From when on requests were looked at, in nanoseconds since the epoch; counters were empty then.
    pub since: u64,
    /// Whether older requests of the time asked for were left out.
    pub truncated: bool,
    /// What was decided.
    pub was: DecisionCounts,
    /// What the draft decides.
    pub becomes: DecisionCounts,
    /// Up to 100 decisions that change, oldest first.
    pub changes: Vec<DecisionChange>,
}

/// One item of the checklist before real money comes.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ReadinessItem {
    /// Stable, for programs.
    pub name: String,
    /// Whether it is as it should be.
    pub passed: bool,
    /// Why, or why not and what to do.
    pub reason: String,
}

impl Budget {
    fn new(budget: domain::Budget, network: kaspa::Network) -> Self {
        Self {
            rule_index: budget.rule_index,
            counting: match budget.kind {
                domain::LimitKind::Units(asset, window) => Counting::Units { asset: asset.into(), window: window.into() },
                domain::LimitKind::Value(assets, window) => {
                    Counting::Value { assets: assets.into_iter().map(Into::into).collect(), window: window.into() }
                }
                domain::LimitKind::Recipient(asset, to) => {
                    Counting::Recipient { asset: asset.into(), address: address::text(&to, network) }
                }
                domain::LimitKind::Requests(counted, window) => {
                    Counting::Requests { counted: counted.into(), window: window.into() }
                }
            },
            limit: budget.limit.get(),
            posted: budget.posted.get(),
            reserved: budget.reserved.get(),
            remaining: budget.remaining.get(),
        }
    }

    /// What is left of the limits of a scope, for people who know addresses by `network`.
    pub fn all(budgets: Vec<domain::Budget>, network: kaspa::Network) -> Vec<Self> {
        budgets.into_iter().map(|budget| Self::new(budget, network)).collect()
    }
}

impl PolicyExplanation {
    /// An explanation in sentences.
    pub fn new(explanation: state::Explanation, now: Timestamp, network: kaspa::Network) -> Self {
        let address = |to: &_| address::text(to, network);
        let scope = |explained: state::Explained| {
            let (version, name) =
                explained.policy.as_ref().map_or((None, None), |policy| (Some(policy.version), policy.name.clone()));
            let rules = explained.policy.iter().flat_map(|policy| &policy.rules);
            ScopeExplanation {
                scope: explained.scope.into(),
                version,
                name,
                rules: rules.map(|rule| domain::describe(rule, now, &address)).collect(),
                budgets: Budget::all(explained.budgets, network),
            }
        };
        Self { scopes: explanation.scopes.into_iter().map(scope).collect(), notes: explanation.notes }
    }
}

impl PolicyDiff {
    /// The difference between two sets of rules.
    pub fn new(diff: domain::Diff, widens: bool, network: kaspa::Network) -> Self {
        let show = |rules: Vec<domain::Rule>| rules.into_iter().map(|rule| Rule::new(rule, network)).collect();
        let changed = |(old, new): (_, _)| RuleChange { old: Rule::new(old, network), new: Rule::new(new, network) };
        Self {
            added: show(diff.added),
            removed: show(diff.removed),
            changed: diff.changed.into_iter().map(changed).collect(),
            widens,
        }
    }
}

impl Backtest {
    /// A backtest with addresses of `network`.
    pub fn new(backtest: state::Backtest, network: kaspa::Network) -> Self {
        let change = |change: state::ChangedDecision| DecisionChange {
            block: change.block.get(),
            at: change.at.nanos(),
            wallet_id: change.request.wallet.get(),
            agent: change.agent,
            asset: change.request.asset.into(),
            amount: change.request.amount.get(),
            to: address::text(&change.request.to, network),
            was: change.was.into(),
            becomes: change.becomes.into(),
            why: change.why,
        };
        Self {
            since: backtest.since.nanos(),
            truncated: backtest.truncated,
            was: backtest.was.into(),
            becomes: backtest.becomes.into(),
            changes: backtest.changes.into_iter().map(change).collect(),
        }
    }
}

impl From<domain::Lint> for PolicyLint {
    fn from(lint: domain::Lint) -> Self {
        Self {
            severity: match lint.severity {
                domain::Severity::Error => Severity::Error,
                domain::Severity::Warning => Severity::Warning,
            },
            rule_index: lint.rule_index,
            problem: lint.problem,
            remedy: lint.remedy,
        }
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

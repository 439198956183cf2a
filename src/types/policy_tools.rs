//! Lint, explanation, difference, history and backtest of a policy, and the checklist before production.

use crate::asset::Units;
use crate::chain::Asset;
use crate::named::{Named, name_variants};
use crate::policy::{Counted, Decision, Policy, PolicyRule, RateWindow, Scope, Window};
use crate::wallet::Usage;
use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};

plain_enum! {
    /// The severity of a lint.
    pub enum Severity = purser_core::policy::Severity {
        /// The policy is refused.
        Error,
        /// The policy is accepted, but hardly does what was meant.
        Warning,
    }
}

/// A problem of a policy.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct PolicyLint {
    /// The severity.
    pub severity: Severity,
    /// The rule's position; absent when a rule is missing.
    pub rule_index: Option<u32>,
    /// The problem.
    pub problem: String,
    /// The remedy.
    pub remedy: String,
}

/// The quantity that a limit over time counts.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum LimitKind {
    /// Base units of an asset.
    Units {
        /// The asset.
        asset: Asset,
        /// The time window.
        window: Window,
    },
    /// Millionths of the unit of account.
    Value {
        /// The assets.
        assets: Vec<Asset>,
        /// The time window.
        window: Window,
    },
    /// Base units that one recipient receives in 24 hours.
    Recipient {
        /// The asset.
        asset: Asset,
        /// The recipient's address.
        address: String,
    },
    /// The number of requests.
    Requests {
        /// The requests that count.
        counted: Counted,
        /// The time window.
        window: RateWindow,
    },
}

name_variants!(LimitKind { Units, Value, Recipient, Requests });

/// A limit over time and its remainder; numbers are in the unit of `counting`.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Budget {
    /// The rule's position.
    pub rule_index: u32,
    /// The quantity that is counted.
    pub counting: Named<LimitKind>,
    /// The limit now; after an emergency limits of money are reduced.
    pub limit: u64,
    /// The quantity of finished transfers.
    pub posted: u64,
    /// The quantity of unfinished transfers.
    pub reserved: u64,
    /// The rest of the limit.
    pub remaining: u64,
    /// The units of the numbers; absent where requests are counted.
    pub units: Option<Units>,
}

/// The usage of a scope's limits.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ScopeUsage {
    /// The usage within 24 hours: one entry for each coin, and for each token that the scope's policy names.
    pub assets: Vec<Usage>,
    /// The limits over time of the scope's policy.
    pub budgets: Vec<Budget>,
}

/// A scope whose policy binds an agent, in sentences.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ScopeExplanation {
    /// The scope.
    pub scope: Named<Scope>,
    /// The policy's version; absent when the scope has no policy.
    pub version: Option<u64>,
    /// The policy's name.
    pub name: Option<String>,
    /// The rules in sentences, in the order of the policy.
    pub rules: Vec<String>,
    /// The limits over time.
    pub budgets: Vec<Budget>,
}

/// The policies that bind an agent of a wallet, in sentences.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct PolicyExplanation {
    /// The scopes, outermost first; the agent's open sessions last.
    pub scopes: Vec<ScopeExplanation>,
    /// The restrictions that hold now beside the policies.
    pub notes: Vec<String>,
}

/// A version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// The policy; without rules it was removed.
    pub policy: Policy,
    /// The time at which it came into force, in nanoseconds since the epoch.
    pub in_force_at: u64,
}

/// A rule in two versions.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct RuleChange {
    /// The rule of the older version.
    pub old: PolicyRule,
    /// The rule of the newer version.
    pub new: PolicyRule,
}

/// The difference between two versions of a policy.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct PolicyDiff {
    /// The rules about a subject that only the newer version has.
    pub added: Vec<PolicyRule>,
    /// The rules about a subject that only the older version has.
    pub removed: Vec<PolicyRule>,
    /// The rules about the same subject that differ.
    pub changed: Vec<RuleChange>,
    /// Whether the newer version may allow more than the older one; errs towards true.
    pub widens: bool,
}

/// The number of each decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct DecisionCounts {
    /// The requests that were allowed at once.
    pub allowed: u32,
    /// The requests that needed approval.
    pub for_approval: u32,
    /// The requests that were denied.
    pub denied: u32,
}

/// A logged request about which a draft decides otherwise.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct DecisionChange {
    /// The entry of the request in the log.
    pub block: u64,
    /// The time of the request, in nanoseconds since the epoch.
    pub requested_at: u64,
    /// The wallet.
    pub wallet_id: u64,
    /// The agent.
    pub agent: Principal,
    /// The asset.
    pub asset: Named<Asset>,
    /// The amount, in base units.
    pub amount: u64,
    /// The units of the amount.
    pub units: Units,
    /// The recipient's address.
    pub to: String,
    /// The decision that was made.
    pub was: Decision,
    /// The decision of the draft.
    pub becomes: Decision,
    /// The draft's reason.
    pub why: String,
}

/// The decisions of a draft of a policy about logged requests.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Backtest {
    /// The time of the first request, in nanoseconds since the epoch; counters start empty there.
    pub begins_at: u64,
    /// Whether older requests of the period were left out: at most 1,000 entries are read.
    pub truncated: bool,
    /// The decisions that were made.
    pub was: DecisionCounts,
    /// The decisions of the draft.
    pub becomes: DecisionCounts,
    /// The decisions that differ, oldest first, at most 100.
    pub changes: Vec<DecisionChange>,
}

/// An item of the checklist before production.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ReadinessItem {
    /// The stable name, for programs.
    pub name: String,
    /// Whether the item is as it should be.
    pub passed: bool,
    /// The reason, and the remedy where it failed.
    pub reason: String,
}

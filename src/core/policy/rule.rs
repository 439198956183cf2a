//! What an admin can demand of transfers.

use super::activity::{Counted, RateWindow};
use super::calendar::ActiveHours;
use super::spent::Window;
use crate::base::{Amount, Asset, Chain, Destination, MINUTE_NS, SECOND_NS, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The most rules one policy may have.
pub const MAX_RULES: usize = 32;
/// The most entries one allowlist or denylist may have.
pub const MAX_ALLOWLIST_ENTRIES: usize = 256;
/// The longest name of a policy, label of a recipient or name of a group, in bytes.
pub const MAX_NAME_BYTES: usize = 64;
/// The largest maximum of a rate limit: beyond it counting stops being exact.
pub const MAX_RATE: u32 = 10_000;
/// For how long an approval is waited for unless the rule says otherwise (requirement row 32).
pub const DEFAULT_APPROVAL_TIMEOUT_NS: u64 = 300 * SECOND_NS;
/// The least time for an approval: a person has to see it.
pub const MIN_APPROVAL_TIMEOUT_NS: u64 = MINUTE_NS;
/// The longest time lock, cool-down or approval timeout: 30 days. Money held for longer is a mistake.
pub const MAX_DELAY_NS: u64 = 30 * crate::base::DAY_NS;

/// One demand. All rules that apply to a request must be content with it, in every scope the request falls into. In the policy of the
/// paying wallet an asset without limits and a chain without an allowlist are denied; other scopes only tighten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// What one recipient may receive in one transfer: `amount ≤ max`. Fees are bounded separately, by the request's fee cap.
    PerTransaction {
        /// The asset it bounds.
        asset: Asset,
        /// Inclusive maximum, in base units.
        max: Amount,
    },
    /// What may leave within a window: posted and reserved amounts and fees together `≤ max`. Errs toward counting too much.
    SpendingLimit {
        /// The asset it bounds.
        asset: Asset,
        /// Over which time.
        window: Window,
        /// Inclusive maximum, in base units.
        max: Amount,
    },
    /// The same for several assets together, in the unit of account. Without a valid rate of the asset that is sent nothing passes. What
    /// was spent while there was no rate counts at the present one.
    ValueLimit {
        /// The assets it bounds.
        assets: BTreeSet<Asset>,
        /// Over which time.
        window: Window,
        /// Inclusive maximum, in millionths of the unit of account.
        max: Amount,
    },
    /// The only recipients on a chain.
    Allowlist {
        /// The chain it governs.
        chain: Chain,
        /// Ascending by recipient, each once.
        entries: Vec<AllowEntry>,
        /// How long a new entry waits before it can be paid.
        cool_down_ns: u64,
    },
    /// Explicitly no allowlist on a chain. Never the result of an empty list (trap T18).
    AnyAddress {
        /// The chain it governs.
        chain: Chain,
    },
    /// Recipients that are never paid, whatever allows them (trap T21).
    Denylist {
        /// The chain it governs.
        chain: Chain,
        /// Decoded recipients.
        entries: BTreeSet<Destination>,
    },
    /// How many requests may be made within a sliding window: at most `max`, this one included.
    RateLimit {
        /// Which requests count.
        counted: Counted,
        /// Over which time.
        window: RateWindow,
        /// Inclusive maximum.
        max: u32,
    },
    /// When transfers may be asked for.
    ActiveHours(ActiveHours),
    /// When people have to agree first.
    Approval(ApprovalRule),
    /// What must be left of an asset after a transfer, its fee and its rent.
    MinimumBalance {
        /// The asset.
        asset: Asset,
        /// Inclusive minimum, in base units.
        min: Amount,
    },
    /// Transfers are asked for within a session only.
    RequireSession,
}

/// A recipient that may be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowEntry {
    /// Decoded.
    pub to: Destination,
    /// For people.
    pub label: Option<String>,
    /// Its own limits, one per asset at most.
    pub limits: Vec<RecipientLimit>,
    /// From when on it is not paid any more.
    pub expires_at: Option<Timestamp>,
    /// From when on it can be paid: when it came onto the list, and the list's cool-down. Given by the canister, not by the admin.
    pub usable_from: Timestamp,
}

/// What one recipient may receive of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientLimit {
    /// Of what.
    pub asset: Asset,
    /// In one transfer, inclusive.
    pub per_transaction: Option<Amount>,
    /// Within any 24 hours, inclusive, fees not counted. What the recipient received before the limit was set counts: it is found in the
    /// newest 1,000 transfers of the scope, and what was spent beyond them counts as if the recipient had received all of it.
    pub rolling_24h: Option<Amount>,
}

/// When people have to agree, and which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRule {
    /// The asset it speaks for; `None` for every asset for which no other approval rule of the policy speaks (trap T11).
    pub asset: Option<Asset>,
    /// Amounts of at least this need it.
    pub threshold: Amount,
    /// A request that brings the last 24 hours to at least this needs it, however small (trap T12).
    pub cumulative_24h: Option<Amount>,
    /// Whose members decide.
    pub group: String,
    /// How many of them, the requester never counting; at least 1.
    pub quorum: u32,
    /// After this the request is denied and its money released.
    pub timeout_ns: u64,
    /// How long the money stays after the quorum is reached, so that somebody can still object.
    pub time_lock_ns: u64,
}

/// The kind of a rule, for findings and conflicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleKind {
    /// Whether the canister is in emergency mode.
    Mode,
    /// Whether the wallet has any policy.
    Policy,
    /// [`Rule::PerTransaction`].
    PerTransaction,
    /// [`Rule::SpendingLimit`].
    SpendingLimit,
    /// [`Rule::Allowlist`] or [`Rule::AnyAddress`].
    Allowlist,
    /// [`Rule::ValueLimit`].
    ValueLimit,
    /// [`Rule::Denylist`].
    Denylist,
    /// [`Rule::RateLimit`].
    RateLimit,
    /// [`Rule::ActiveHours`].
    ActiveHours,
    /// [`Rule::Approval`].
    Approval,
    /// [`Rule::MinimumBalance`].
    MinimumBalance,
    /// [`Rule::RequireSession`], and whether a named session is open.
    Session,
    /// The circuit breakers.
    CircuitBreaker,
    /// Whether the wallet is active.
    Wallet,
}

/// All rules of a scope at one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Counts up from 1.
    pub version: u64,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// In the order they were given; the order never changes a decision.
    pub rules: Vec<Rule>,
}

/// Why a set of rules cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The position of the rule that cannot be accepted, from 0; `None` when the set as a whole is wrong.
    pub index: Option<usize>,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "rules[{index}]: {}", self.problem),
            None => write!(f, "rules: {}", self.problem),
        }
    }
}

/// What two rules of a policy must not share, so that a policy reads unambiguously.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Asset(RuleKind, Asset),
    AnyAsset(RuleKind),
    Window(Asset, Window),
    Value(BTreeSet<Asset>, Window),
    Chain(RuleKind, Chain),
    Rate(Counted, RateWindow),
    Whole(RuleKind),
}

impl Rule {
    /// Its kind.
    pub const fn kind(&self) -> RuleKind {
        match self {
            Self::PerTransaction { .. } => RuleKind::PerTransaction,
            Self::SpendingLimit { .. } => RuleKind::SpendingLimit,
            Self::ValueLimit { .. } => RuleKind::ValueLimit,
            Self::Allowlist { .. } | Self::AnyAddress { .. } => RuleKind::Allowlist,
            Self::Denylist { .. } => RuleKind::Denylist,
            Self::RateLimit { .. } => RuleKind::RateLimit,
            Self::ActiveHours(_) => RuleKind::ActiveHours,
            Self::Approval(_) => RuleKind::Approval,
            Self::MinimumBalance { .. } => RuleKind::MinimumBalance,
            Self::RequireSession => RuleKind::Session,
        }
    }

    /// What the rule speaks about: two rules of one policy never share it.
    pub(crate) fn subject(&self) -> Subject {
        let kind = self.kind();
        match self {
            Self::PerTransaction { asset, .. } | Self::MinimumBalance { asset, .. } => Subject::Asset(kind, *asset),
            Self::SpendingLimit { asset, window, .. } => Subject::Window(*asset, window.clone()),
            Self::ValueLimit { assets, window, .. } => Subject::Value(assets.clone(), window.clone()),
            Self::Allowlist { chain, .. } | Self::AnyAddress { chain } | Self::Denylist { chain, .. } => {
                Subject::Chain(kind, *chain)
            }
            Self::RateLimit { counted, window, .. } => Subject::Rate(*counted, *window),
            Self::Approval(ApprovalRule { asset: Some(asset), .. }) => Subject::Asset(kind, *asset),
            Self::Approval(ApprovalRule { asset: None, .. }) => Subject::AnyAsset(kind),
            Self::ActiveHours(_) | Self::RequireSession => Subject::Whole(kind),
        }
    }

    /// The assets that it speaks about.
    pub fn assets(&self) -> Vec<Asset> {
        match self {
            Self::PerTransaction { asset, .. } | Self::SpendingLimit { asset, .. } | Self::MinimumBalance { asset, .. } => {
                vec![*asset]
            }
            Self::ValueLimit { assets, .. } => assets.iter().copied().collect(),
            Self::Allowlist { entries, .. } => entries.iter().flat_map(|entry| &entry.limits).map(|limit| limit.asset).collect(),
            Self::Approval(rule) => rule.asset.into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn problem(&self) -> Option<String> {
        if self.assets().iter().any(|asset| asset.canonical_asset() != *asset) {
            return Some("wrapped SOL counts as SOL; name SOL instead".into());
        }
        match self {
            Self::PerTransaction { max, .. } | Self::SpendingLimit { max, .. } | Self::ValueLimit { max, .. } if max.is_zero() => {
                Some("a limit of 0 lets nothing pass; leave the asset out to deny it".into())
            }
            Self::ValueLimit { assets, .. } if assets.is_empty() => Some("a limit of no assets bounds nothing; name one".into()),
            Self::Allowlist { chain, entries, cool_down_ns } => allowlist_problem(*chain, entries, *cool_down_ns),
            Self::Denylist { chain, entries } => recipients_problem(*chain, entries.len(), entries.iter()),
            Self::RateLimit { max: 0, .. } => Some("a rate of 0 lets nothing pass; remove the agent to stop it".into()),
            Self::RateLimit { max, .. } if *max > MAX_RATE => Some(format!("a rate is at most {MAX_RATE}")),
            Self::ActiveHours(hours) => hours.validate().err().map(|error| error.to_string()),
            Self::Approval(rule) => rule.problem(),
            Self::MinimumBalance { min, .. } if min.is_zero() => Some("a minimum of 0 keeps nothing; leave it out".into()),
            _ => None,
        }
    }
}

impl ApprovalRule {
    fn problem(&self) -> Option<String> {
        if self.asset.is_none() && (!self.threshold.is_zero() || self.cumulative_24h.is_some()) {
            return Some("amounts of different assets cannot be compared; a rule for every asset has the threshold 0".into());
        }
        if self.quorum == 0 {
            return Some("a quorum of 0 would approve by itself; at least 1".into());
        }
        if self.group.is_empty() || self.group.len() > MAX_NAME_BYTES {
            return Some(format!("a group of 1 to {MAX_NAME_BYTES} bytes has to decide"));
        }
        if !(MIN_APPROVAL_TIMEOUT_NS..=MAX_DELAY_NS).contains(&self.timeout_ns) {
            return Some("the timeout lies between a minute and 30 days".into());
        }
        (self.time_lock_ns > MAX_DELAY_NS).then(|| "the time lock is at most 30 days".into())
    }
}

fn allowlist_problem(chain: Chain, entries: &[AllowEntry], cool_down_ns: u64) -> Option<String> {
    if entries.is_empty() {
        return Some("an empty allowlist lets nothing pass; name a recipient, or use AnyAddress to allow every recipient".into());
    }
    if cool_down_ns > MAX_DELAY_NS {
        return Some("the cool-down is at most 30 days".into());
    }
    if entries.windows(2).any(|pair| pair[0].to >= pair[1].to) {
        return Some("a recipient stands on the list twice; keep one".into());
    }
    for entry in entries {
        if entry.label.as_ref().is_some_and(|label| label.len() > MAX_NAME_BYTES) {
            return Some(format!("a label has at most {MAX_NAME_BYTES} bytes"));
        }
        let assets: BTreeSet<Asset> = entry.limits.iter().map(|limit| limit.asset).collect();
        if assets.len() != entry.limits.len() || assets.iter().any(|asset| asset.chain() != chain) {
            return Some(format!("a recipient's limits name each asset of {chain} at most once"));
        }
        let nothing = |limit: &RecipientLimit| {
            let limits = [limit.per_transaction, limit.rolling_24h];
            limits.iter().all(Option::is_none) || limits.iter().flatten().any(|max| max.is_zero())
        };
        if entry.limits.iter().any(nothing) {
            return Some("a recipient's limit names a maximum, and none of 0".into());
        }
    }
    recipients_problem(chain, entries.len(), entries.iter().map(|entry| &entry.to))
}

fn recipients_problem<'a>(chain: Chain, count: usize, mut entries: impl Iterator<Item = &'a Destination>) -> Option<String> {
    if count == 0 {
        return Some("an empty list says nothing; leave the rule out".into());
    }
    if count > MAX_ALLOWLIST_ENTRIES {
        return Some(format!("a list holds at most {MAX_ALLOWLIST_ENTRIES} recipients"));
    }
    entries.any(|entry| entry.chain != chain).then(|| format!("every recipient must be a {chain} address"))
}

/// Checks that a set of rules can be stored.
///
/// # Errors
/// The first rule that cannot be accepted, with what would be right.
pub fn validate(rules: &[Rule]) -> Result<(), RuleError> {
    if rules.len() > MAX_RULES {
        return Err(RuleError { index: None, problem: format!("at most {MAX_RULES} rules") });
    }
    let mut subjects = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let problem = rule.problem().or_else(|| {
            let repeated = !subjects.insert(rule.subject());
            repeated.then(|| "a rule of this kind for the same asset, chain or window stands earlier; keep one".into())
        });
        if let Some(problem) = problem {
            return Err(RuleError { index: Some(index), problem });
        }
    }
    Ok(())
}

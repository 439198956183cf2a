//! Rules of a policy, and the check that a set of them can be stored.

use super::activity::{Counted, RateWindow};
use super::calendar::ActiveHours;
use super::spent::Window;
use crate::base::text::check_name;
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
/// The largest maximum of a rate limit, in requests. A bucket of time holds up to 65,535 and then stays there, so a full one is
/// beyond every maximum.
pub const MAX_RATE: u32 = 10_000;
/// The approval timeout of a rule that names none: 300 seconds, in nanoseconds.
pub const DEFAULT_APPROVAL_TIMEOUT_NS: u64 = 300 * SECOND_NS;
/// The shortest approval timeout: one minute, in nanoseconds. A person needs time to see the request.
pub const MIN_APPROVAL_TIMEOUT_NS: u64 = MINUTE_NS;
/// The longest time lock, cool-down or approval timeout: 30 days, in nanoseconds. A longer one is taken for a mistake.
pub const MAX_DELAY_NS: u64 = 30 * crate::base::DAY_NS;

/// A demand that transfers have to meet. Every rule that applies to a request has to pass, in every scope the request falls into.
/// In the policy of the paying wallet an asset without limits and a chain without an allowlist or [`Rule::AnyAddress`] are denied;
/// other scopes only tighten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// The most that the recipients of one transfer receive together: `amount ≤ max`. Fees are bounded by the request's fee cap.
    PerTransaction {
        /// The asset it bounds.
        asset: Asset,
        /// Inclusive maximum, in base units; at least 1.
        max: Amount,
    },
    /// The most that leaves within a window: posted and reserved amounts and fees together `≤ max`. A bucket of time counts until
    /// all of it has left a rolling window, so the sum may be too large but is never too small.
    SpendingLimit {
        /// The asset it bounds.
        asset: Asset,
        /// The time over which spending is summed up.
        window: Window,
        /// Inclusive maximum, in base units; at least 1.
        max: Amount,
    },
    /// The most that leaves of several assets within a window, in the unit of account. A request that charges one of them is denied
    /// while that asset has no valid rate. Spending from a time without a rate counts at the present rate.
    ValueLimit {
        /// The assets it bounds; at least one.
        assets: BTreeSet<Asset>,
        /// The time over which value is summed up.
        window: Window,
        /// Inclusive maximum, in millionths of the unit of account; at least 1.
        max: Amount,
    },
    /// The only recipients that may be paid on a chain.
    Allowlist {
        /// The chain it governs.
        chain: Chain,
        /// The recipients in ascending order, each once; from 1 to [`MAX_ALLOWLIST_ENTRIES`].
        entries: Vec<AllowEntry>,
        /// The wait of a new entry before it can be paid, in nanoseconds; at most [`MAX_DELAY_NS`].
        cool_down_ns: u64,
    },
    /// Every recipient on a chain may be paid. A rule of its own, so that an empty list never means it by accident.
    AnyAddress {
        /// The chain it governs.
        chain: Chain,
    },
    /// The recipients that are never paid on a chain, even when an allowlist names them.
    Denylist {
        /// The chain it governs.
        chain: Chain,
        /// The decoded recipients; from 1 to [`MAX_ALLOWLIST_ENTRIES`].
        entries: BTreeSet<Destination>,
    },
    /// The most requests within a sliding window: at most `max`, the present one included. A batch counts as one attempt and as one
    /// execution per payment.
    RateLimit {
        /// The kind of requests that count.
        counted: Counted,
        /// The length of the sliding window.
        window: RateWindow,
        /// Inclusive maximum, in requests; from 1 to [`MAX_RATE`].
        max: u32,
    },
    /// The hours within which transfers may be requested, and built when they waited.
    ActiveHours(ActiveHours),
    /// The amounts from which on members of a group have to approve.
    Approval(ApprovalRule),
    /// The least that the wallet keeps of an asset after a transfer, its fee and its rent. Checked when the balance is read before
    /// the transaction is built, because only then the balance is known.
    MinimumBalance {
        /// The asset of which a balance is kept.
        asset: Asset,
        /// Inclusive minimum, in base units; at least 1.
        min: Amount,
    },
    /// Transfers may be requested only within an open session.
    RequireSession,
}

/// A recipient on an allowlist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowEntry {
    /// The recipient, decoded from its address.
    pub to: Destination,
    /// The name of the recipient for people; at most [`MAX_NAME_BYTES`] bytes.
    pub label: Option<String>,
    /// The limits of this recipient, at most one per asset. The limits of the policy apply as well.
    pub limits: Vec<RecipientLimit>,
    /// The time from which on the recipient is no longer paid; `None` for no end.
    pub expires_at: Option<Timestamp>,
    /// The time from which on the recipient can be paid: the time it was listed and the list's cool-down. Set by the canister, not
    /// by the admin.
    pub usable_from: Timestamp,
}

/// Limits on the amount of one asset that one recipient receives. At least one of the two is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientLimit {
    /// The asset that is limited.
    pub asset: Asset,
    /// Inclusive maximum per transfer, in base units; at least 1.
    pub per_transaction: Option<Amount>,
    /// Inclusive maximum within any 24 hours, in base units without fees; at least 1. Amounts from before the limit was set count:
    /// they are found in the transfers under way and the newest 1,000 of the scope, and spending beyond those counts as if this
    /// recipient had received all of it.
    pub rolling_24h: Option<Amount>,
}

/// The condition under which a transfer needs approval, and the group that decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRule {
    /// The asset it applies to; `None` for every asset without an approval rule of its own in the policy. Amounts of different
    /// assets cannot be compared, so a rule with `None` has the threshold 0 and no `cumulative_24h`.
    pub asset: Option<Asset>,
    /// The least amount that needs approval, in base units; 0 for every amount.
    pub threshold: Amount,
    /// The sum over 24 hours from which on every amount needs approval, in base units. It counts posted and reserved spending of
    /// the scope and the present amount, so that a large payment cannot avoid approval in small parts.
    pub cumulative_24h: Option<Amount>,
    /// The name of the group whose members decide; from 1 to [`MAX_NAME_BYTES`] bytes.
    pub group: String,
    /// The number of members who must approve, at least 1. The requester never counts.
    pub quorum: u32,
    /// The time for the decision, in nanoseconds, from [`MIN_APPROVAL_TIMEOUT_NS`] to [`MAX_DELAY_NS`]. After it the request is
    /// denied and its money released.
    pub timeout_ns: u64,
    /// The wait after the quorum is reached, in nanoseconds; at most [`MAX_DELAY_NS`]. It leaves time to object before money moves.
    pub time_lock_ns: u64,
}

/// The kind of a rule, or of a check that comes before the rules. Findings name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleKind {
    /// The check that the canister is not in emergency mode.
    Mode,
    /// The check that the paying wallet has a policy. A recheck also names it when the transfer has ended or its agent was removed.
    Policy,
    /// The rule [`Rule::PerTransaction`].
    PerTransaction,
    /// The rule [`Rule::SpendingLimit`].
    SpendingLimit,
    /// The rules [`Rule::Allowlist`] and [`Rule::AnyAddress`].
    Allowlist,
    /// The rule [`Rule::ValueLimit`].
    ValueLimit,
    /// The rule [`Rule::Denylist`].
    Denylist,
    /// The rule [`Rule::RateLimit`].
    RateLimit,
    /// The rule [`Rule::ActiveHours`].
    ActiveHours,
    /// The rule [`Rule::Approval`].
    Approval,
    /// The rule [`Rule::MinimumBalance`].
    MinimumBalance,
    /// The rule [`Rule::RequireSession`], and the check that a named session is open.
    Session,
    /// The circuit breakers of agents and of chains.
    CircuitBreaker,
    /// The check that the wallet and every wallet above it are active.
    Wallet,
}

/// The rules of a scope at one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The version, counting up from 1.
    pub version: u64,
    /// The name of the policy for people; at most [`MAX_NAME_BYTES`] bytes.
    #[serde(default)]
    pub name: Option<String>,
    /// The rules in the order they were given, at most [`MAX_RULES`]. The order never changes a decision.
    pub rules: Vec<Rule>,
}

/// The reason why a set of rules cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The position of the rule that cannot be stored, from 0; `None` when the set as a whole is wrong.
    pub index: Option<usize>,
    /// The defect and its remedy, for people.
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

/// The subject of a rule. Two rules of one policy never share one, so that a policy reads unambiguously.
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
    /// Returns the kind of the rule. An allowlist and `AnyAddress` share a kind, because either one names the recipients of a
    /// chain.
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

    /// Returns the subject of the rule, which no other rule of its policy may share.
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

    /// Returns the assets that the rule names. An allowlist names an asset once per limit of a recipient.
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

    /// Returns the reason why the rule cannot be stored, if there is one. Other rules are not considered.
    fn problem(&self) -> Option<String> {
        let wrapped = self.assets().into_iter().find(|asset| asset.canonical_asset() != *asset);
        if let Some(asset) = wrapped.map(Asset::canonical_asset) {
            return Some(format!("wrapped {asset} counts as {asset}; name {asset} instead"));
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
    /// Returns the reason why the rule cannot be stored, if there is one.
    fn problem(&self) -> Option<String> {
        if self.asset.is_none() && (!self.threshold.is_zero() || self.cumulative_24h.is_some()) {
            return Some("amounts of different assets cannot be compared; a rule for every asset has the threshold 0".into());
        }
        if self.quorum == 0 {
            return Some("a quorum of 0 would approve by itself; at least 1".into());
        }
        if self.group.is_empty() {
            return Some("a group has to decide; name one".into());
        }
        if let Err(problem) = check_name(&self.group, MAX_NAME_BYTES) {
            return Some(format!("the name of the group: {problem}"));
        }
        if !(MIN_APPROVAL_TIMEOUT_NS..=MAX_DELAY_NS).contains(&self.timeout_ns) {
            return Some("the timeout lies between a minute and 30 days".into());
        }
        (self.time_lock_ns > MAX_DELAY_NS).then(|| "the time lock is at most 30 days".into())
    }
}

/// Returns the reason why an allowlist cannot be stored, if there is one.
fn allowlist_problem(chain: Chain, entries: &[AllowEntry], cool_down_ns: u64) -> Option<String> {
    if entries.is_empty() {
        return Some("an empty allowlist lets nothing pass; name a recipient, or use AnyAddress to allow every recipient".into());
    }
    if cool_down_ns > MAX_DELAY_NS {
        return Some("the cool-down is at most 30 days".into());
    }
    // The caller sorted the list; recipients are looked up in it by binary search.
    if entries.windows(2).any(|pair| pair[0].to >= pair[1].to) {
        return Some("a recipient stands on the list twice; keep one".into());
    }
    for entry in entries {
        if let Err(problem) = check_name(entry.label.as_deref().unwrap_or_default(), MAX_NAME_BYTES) {
            return Some(format!("a label of a recipient: {problem}"));
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

/// Returns the reason why a list of `count` recipients cannot be stored, if there is one.
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
/// More than [`MAX_RULES`] rules, with `index` `None`. Otherwise the first rule that cannot be stored: a number, name or list of it
/// is out of range, it names wrapped SOL or a recipient or asset of another chain, or an earlier rule has the same subject.
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

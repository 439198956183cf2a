//! What an admin can demand of a wallet's transfers.

use crate::primitives::{Amount, Asset, Chain, Destination};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The most rules one policy may have.
pub const MAX_RULES: usize = 32;
/// The most entries one allowlist may have.
pub const MAX_ALLOWLIST_ENTRIES: usize = 256;

/// One demand. All rules that apply to a request must be content with it; an asset without limits and a chain without an allowlist
/// are denied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// What one recipient may receive in one transfer: `amount ≤ max`. Fees are bounded separately, by the request's fee cap.
    PerTransaction {
        /// The asset it bounds.
        asset: Asset,
        /// Inclusive maximum, in base units.
        max: Amount,
    },
    /// What may leave within any 24 hours: posted and reserved amounts and fees together `≤ max`. The window slides; it errs
    /// toward counting too much, by at most one bucket of 30 minutes.
    Rolling24h {
        /// The asset it bounds.
        asset: Asset,
        /// Inclusive maximum, in base units.
        max: Amount,
    },
    /// The only recipients on a chain.
    Allowlist {
        /// The chain it governs.
        chain: Chain,
        /// Decoded recipients.
        entries: BTreeSet<Destination>,
    },
    /// Explicitly no allowlist on a chain. Never the result of an empty list (trap T18).
    AnyAddress {
        /// The chain it governs.
        chain: Chain,
    },
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
    /// [`Rule::Rolling24h`].
    Rolling24h,
    /// [`Rule::Allowlist`] or [`Rule::AnyAddress`].
    Allowlist,
}

/// All rules of a wallet at one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Counts up from 1.
    pub version: u64,
    /// In evaluation order; the order never changes a decision.
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

impl Rule {
    /// What two rules must not share: each kind of limit may stand once for an asset, each address rule once for a chain, so that
    /// a policy reads unambiguously.
    fn subject(&self) -> (RuleKind, Option<Asset>, Option<Chain>) {
        match self {
            Self::PerTransaction { asset, .. } => (RuleKind::PerTransaction, Some(*asset), None),
            Self::Rolling24h { asset, .. } => (RuleKind::Rolling24h, Some(*asset), None),
            Self::Allowlist { chain, .. } | Self::AnyAddress { chain } => (RuleKind::Allowlist, None, Some(*chain)),
        }
    }

    fn problem(&self) -> Option<String> {
        match self {
            Self::PerTransaction { max, .. } | Self::Rolling24h { max, .. } if max.is_zero() => {
                Some("a limit of 0 lets nothing pass; leave the asset out to deny it".into())
            }
            Self::Allowlist { entries, .. } if entries.is_empty() => {
                Some("an empty allowlist lets nothing pass; name a recipient, or use AnyAddress to allow every recipient".into())
            }
            Self::Allowlist { entries, .. } if entries.len() > MAX_ALLOWLIST_ENTRIES => {
                Some(format!("an allowlist holds at most {MAX_ALLOWLIST_ENTRIES} recipients"))
            }
            Self::Allowlist { chain, entries } if entries.iter().any(|entry| entry.chain != *chain) => {
                Some(format!("every recipient must be a {chain} address"))
            }
            _ => None,
        }
    }
}

/// Checks that a set of rules can be stored.
///
/// # Errors
/// The first rule that cannot be accepted, with what would be right.
pub(crate) fn validate(rules: &[Rule]) -> Result<(), RuleError> {
    if rules.len() > MAX_RULES {
        return Err(RuleError { index: None, problem: format!("at most {MAX_RULES} rules") });
    }
    let mut subjects = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let problem = rule.problem().or_else(|| {
            let repeated = !subjects.insert(rule.subject());
            repeated.then(|| "a rule of this kind for the same asset or chain stands earlier; keep one".into())
        });
        if let Some(problem) = problem {
            return Err(RuleError { index: Some(index), problem });
        }
    }
    Ok(())
}

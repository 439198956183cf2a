//! The pure evaluation of one request under one policy.

use super::{Policy, RollingCounter, Rule, RuleKind};
use crate::mode::Mode;
use crate::primitives::{Amount, Asset, Destination, Timestamp};
use serde::{Deserialize, Serialize};

/// What a request would do to the limits.
#[derive(Clone, Copy, Debug)]
pub struct Spend<'a> {
    /// What is sent.
    pub asset: Asset,
    /// Who receives it.
    pub to: &'a Destination,
    /// What the recipient receives.
    pub amount: Amount,
    /// The most the transfer may pay in fees, in the same asset.
    pub max_fee: Amount,
}

/// The answer to a request. Everything that is not allowed is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// Every rule is content.
    Allow,
    /// At least one is not.
    Deny,
}

/// Why a rule is not content; the codes are requirement row 44's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReasonCode {
    /// No rule speaks for this asset or chain, or the wallet has no policy at all.
    PolicyDenied,
    /// A limit would be exceeded.
    SpendingLimitExceeded,
    /// The recipient is not on the allowlist.
    AddressNotAllowed,
    /// The canister is in emergency mode.
    EmergencyMode,
}

impl ReasonCode {
    /// The stable text that programs match on.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PolicyDenied => "POLICY_DENIED",
            Self::SpendingLimitExceeded => "SPENDING_LIMIT_EXCEEDED",
            Self::AddressNotAllowed => "ADDRESS_NOT_ALLOWED",
            Self::EmergencyMode => "EMERGENCY_MODE",
        }
    }
}

/// What one rule found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The kind of rule.
    pub rule: RuleKind,
    /// Its position in the policy; `None` for what holds before any rule.
    pub rule_index: Option<u32>,
    /// Whether it is content.
    pub passed: bool,
    /// Why not.
    pub code: Option<ReasonCode>,
    /// The limit, in base units.
    pub limit: Option<Amount>,
    /// What counts against the limit before this request.
    pub used: Option<Amount>,
    /// What is left of the limit before this request.
    pub remaining: Option<Amount>,
    /// The largest amount this rule would let pass now, fee cap unchanged.
    pub suggested_max: Option<Amount>,
    /// Nanoseconds after which the same request would pass this rule by the mere passing of time.
    pub retry_after_ns: Option<u64>,
    /// For people.
    pub message: String,
}

/// The decision with its explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The strictest of all findings.
    pub decision: Decision,
    /// The policy it was made under; 0 when the wallet has none.
    pub policy_version: u64,
    /// One per rule that speaks for the request, and what was missing.
    pub findings: Vec<Finding>,
}

/// Decides a request. Pure: the same arguments give the same answer, and every rule is asked whatever the others say, so that the
/// explanation is complete and the order of rules cannot matter.
pub fn evaluate(mode: Mode, policy: Option<&Policy>, counter: &RollingCounter, spend: &Spend<'_>, now: Timestamp) -> Evaluation {
    let mut findings = Vec::new();
    if mode.is_emergency() {
        findings.push(denied(
            RuleKind::Mode,
            ReasonCode::EmergencyMode,
            "the canister is in emergency mode; nothing may leave until an admin ends it",
        ));
    }
    match policy {
        None => findings.push(denied(
            RuleKind::Policy,
            ReasonCode::PolicyDenied,
            "the wallet has no policy; an admin sets one with set_policy",
        )),
        Some(policy) => {
            for (index, rule) in policy.rules.iter().enumerate() {
                if let Some(finding) = judge(rule, counter, spend, now) {
                    findings.push(Finding { rule_index: u32::try_from(index).ok(), ..finding });
                }
            }
            for kind in [RuleKind::PerTransaction, RuleKind::Rolling24h, RuleKind::Allowlist] {
                if !findings.iter().any(|finding| finding.rule == kind) {
                    findings.push(denied(kind, ReasonCode::PolicyDenied, &missing(kind, spend.asset)));
                }
            }
        }
    }
    let decision = if findings.iter().all(|finding| finding.passed) { Decision::Allow } else { Decision::Deny };
    Evaluation { decision, policy_version: policy.map_or(0, |policy| policy.version), findings }
}

/// `None` when the rule does not speak for this request.
fn judge(rule: &Rule, counter: &RollingCounter, spend: &Spend<'_>, now: Timestamp) -> Option<Finding> {
    match rule {
        Rule::PerTransaction { asset, max } if *asset == spend.asset => Some(per_transaction(*max, spend)),
        Rule::Rolling24h { asset, max } if *asset == spend.asset => Some(rolling(*max, counter, spend, now)),
        Rule::Allowlist { chain, entries } if *chain == spend.asset.chain() => Some(if entries.contains(spend.to) {
            passed(RuleKind::Allowlist, "the recipient is on the allowlist")
        } else {
            denied(RuleKind::Allowlist, ReasonCode::AddressNotAllowed, "the recipient is not on the wallet's allowlist")
        }),
        Rule::AnyAddress { chain } if *chain == spend.asset.chain() => {
            Some(passed(RuleKind::Allowlist, "the policy allows every recipient on this chain"))
        }
        _ => None,
    }
}

fn per_transaction(max: Amount, spend: &Spend<'_>) -> Finding {
    let within = spend.amount <= max;
    let finding = if within {
        passed(RuleKind::PerTransaction, "within the limit per transaction")
    } else {
        let message = format!("{} exceeds the limit of {max} base units of {} per transaction", spend.amount, spend.asset);
        denied(RuleKind::PerTransaction, ReasonCode::SpendingLimitExceeded, &message)
    };
    Finding { limit: Some(max), remaining: Some(max), suggested_max: (!within).then_some(max), ..finding }
}

fn rolling(max: Amount, counter: &RollingCounter, spend: &Spend<'_>, now: Timestamp) -> Finding {
    let used = counter.used(now);
    let remaining = max.remaining_after(used);
    let total = spend.amount.checked_add(spend.max_fee);
    let within = total.is_some_and(|total| total <= remaining);
    let finding = if within {
        passed(RuleKind::Rolling24h, "within the limit per rolling 24 hours")
    } else {
        let message = format!(
            "{} and up to {} in fees exceed the {remaining} base units of {} that are left of {max} per rolling 24 hours",
            spend.amount, spend.max_fee, spend.asset
        );
        denied(RuleKind::Rolling24h, ReasonCode::SpendingLimitExceeded, &message)
    };
    Finding {
        limit: Some(max),
        used: Some(used),
        remaining: Some(remaining),
        suggested_max: (!within).then(|| remaining.remaining_after(spend.max_fee)),
        retry_after_ns: if within { None } else { total.and_then(|total| counter.free_after(now, max, total)) },
        ..finding
    }
}

fn missing(kind: RuleKind, asset: Asset) -> String {
    match kind {
        RuleKind::Allowlist => format!("the policy names no recipients on {}; add an Allowlist or AnyAddress", asset.chain()),
        RuleKind::Rolling24h => format!("the policy has no limit per rolling 24 hours for {asset}; an asset without one is denied"),
        _ => format!("the policy has no limit per transaction for {asset}; an asset without one is denied"),
    }
}

fn passed(rule: RuleKind, message: &str) -> Finding {
    finding(rule, None, message)
}

fn denied(rule: RuleKind, code: ReasonCode, message: &str) -> Finding {
    finding(rule, Some(code), message)
}

fn finding(rule: RuleKind, code: Option<ReasonCode>, message: &str) -> Finding {
    Finding {
        rule,
        rule_index: None,
        passed: code.is_none(),
        code,
        limit: None,
        used: None,
        remaining: None,
        suggested_max: None,
        retry_after_ns: None,
        message: message.to_owned(),
    }
}

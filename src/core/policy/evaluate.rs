//! The evaluation of one request under every policy that binds it, without side effects.

use super::activity::Counted;
use super::finding::{ApprovalDemand, Decision, Evaluation, Finding};
use super::reason::ReasonCode;
use super::request::{PolicyData, RequestContext, RuleEvaluator, ScopedPolicy, Spend};
use super::rule::{ApprovalRule, Policy, Rule, RuleKind};
use super::scope::{CounterKey, Scope};
use super::spent::Window;
use super::{limits, recipients};
use crate::base::{Asset, Chain};

/// Decides a request: the same arguments always give the same answer. Every rule is evaluated whatever the others find, so that the
/// explanation is complete and the order of rules cannot matter. `policies` contains that of the paying wallet `wallet`, which has
/// to allow.
///
/// Only an open circuit breaker of the agent ends it early, with that finding alone: it stops an agent that keeps sending requests
/// which are denied, and costs no evaluation of policies.
pub fn evaluate(
    context: &RequestContext,
    wallet: Scope,
    policies: &[ScopedPolicy],
    data: &dyn PolicyData,
    spend: &Spend<'_>,
) -> Evaluation {
    let paying = policies.iter().find(|scoped| scoped.scope == wallet);
    let policy = paying.and_then(|scoped| scoped.policy.as_ref());
    let policy_version = policy.map_or(0, |policy| policy.version);
    if let Some(finding) = breaker(context, policies) {
        return Evaluation { decision: Decision::Deny, policy_version, findings: vec![finding], approvals: Vec::new() };
    }
    let mut findings: Vec<Finding> = availability(context, spend.asset.chain());
    let mut approvals = Vec::new();
    for scoped in policies {
        let evaluator = RuleEvaluator { context, scoped, data, spend };
        let rules = scoped.policy.iter().flat_map(|policy| policy.rules.iter().enumerate());
        for (index, rule) in rules {
            let Some(mut finding) = evaluator.rule(rule, &mut approvals) else { continue };
            finding.rule_index = u32::try_from(index).ok();
            finding.scope = (scoped.scope != wallet).then_some(scoped.scope);
            findings.push(finding);
        }
    }
    match policy {
        None => findings.push(Finding::denied(
            RuleKind::Policy,
            ReasonCode::PolicyDenied,
            "the wallet has no policy; an admin sets one with set_policy",
        )),
        Some(policy) => findings.extend(missing(policy, spend)),
    }
    let denied = findings.iter().any(|finding| !finding.passed);
    let decision = match (denied, approvals.is_empty()) {
        (true, _) => Decision::Deny,
        (false, true) => Decision::Allow,
        (false, false) => Decision::RequireApproval,
    };
    // Nobody is asked about a request that is denied anyway.
    if denied {
        approvals.clear();
    }
    Evaluation { decision, policy_version, findings, approvals }
}

/// Decides a request that moves coins within a wallet, so that only a fee leaves it. No policy is evaluated; breakers, the mode and
/// the state of the wallet can deny.
pub fn evaluate_unpaid(context: &RequestContext, wallet: Scope, policies: &[ScopedPolicy], chain: Chain) -> Evaluation {
    let paying = policies.iter().find(|scoped| scoped.scope == wallet).and_then(|scoped| scoped.policy.as_ref());
    let findings: Vec<Finding> = breaker(context, policies).into_iter().chain(availability(context, chain)).collect();
    Evaluation {
        decision: if findings.is_empty() { Decision::Allow } else { Decision::Deny },
        policy_version: paying.map_or(0, |policy| policy.version),
        findings,
        approvals: Vec::new(),
    }
}

/// Returns the approvals that these policies demand for a request. Rules other than approvals are not evaluated: the request was
/// let through before, and only missing approvals matter.
///
/// # Errors
/// The denying finding of the first rule that demands more members of a group than could approve.
pub fn demands(
    context: &RequestContext,
    policies: &[ScopedPolicy],
    data: &dyn PolicyData,
    spend: &Spend<'_>,
) -> Result<Vec<ApprovalDemand>, Box<Finding>> {
    let mut demands = Vec::new();
    for scoped in policies {
        let evaluator = RuleEvaluator { context, scoped, data, spend };
        for rule in scoped.policy.iter().flat_map(|policy| &policy.rules) {
            let Rule::Approval(rule) = rule else { continue };
            if let Some(finding) = evaluator.approval(rule, &mut demands).filter(|finding| !finding.passed) {
                return Err(Box::new(finding));
            }
        }
    }
    Ok(demands)
}

/// Returns the denial by the agent's circuit breaker, when it is open.
fn breaker(context: &RequestContext, policies: &[ScopedPolicy]) -> Option<Finding> {
    if context.is_recheck {
        return None;
    }
    let left = policies.iter().find_map(|scoped| scoped.activity.breaker_opens_for(context.now))?;
    let message =
        "the agent's circuit breaker is open after too many denied requests in a row; nothing is looked at until it closes";
    let finding = Finding::denied(RuleKind::CircuitBreaker, ReasonCode::CircuitBreakerOpen, message);
    Some(Finding { retry_after_ns: Some(left), ..finding })
}

/// Returns the denials that come before any rule: the mode, the state of the wallet and the breaker of the chain.
fn availability(context: &RequestContext, chain: Chain) -> Vec<Finding> {
    let mut findings = Vec::new();
    if context.mode.is_emergency() {
        let message = "the canister is in emergency mode; nothing may leave until an admin ends it";
        findings.push(Finding::denied(RuleKind::Mode, ReasonCode::EmergencyMode, message));
    }
    if !context.wallet_active {
        let message = "the wallet, or one above it, is deactivated; what was sent is finished, nothing else is started";
        findings.push(Finding::denied(RuleKind::Wallet, ReasonCode::WalletDraining, message));
    }
    let left = context.chain_open_until.map_or(0, |until| until.nanos_since(context.now));
    if left > 0 && !context.is_recheck {
        let message = format!("the providers of {chain} do not answer; nothing is started until they had time to recover");
        let finding = Finding::denied(RuleKind::CircuitBreaker, ReasonCode::ChainError, message);
        findings.push(Finding { retry_after_ns: Some(left), ..finding });
    }
    findings
}

/// Returns a denial for every rule that the paying wallet's policy needs and does not have. An asset needs a limit per transaction
/// and one over time, the coin that pays the fee needs one over time, and a chain needs an allowlist or `AnyAddress`.
fn missing(policy: &Policy, spend: &Spend<'_>) -> Vec<Finding> {
    let has = |test: &dyn Fn(&Rule) -> bool| policy.rules.iter().any(test);
    let deny = |kind, message| Finding::denied(kind, ReasonCode::PolicyDenied, message);
    let (asset, chain) = (spend.asset, spend.asset.chain());
    let mut findings = Vec::new();
    if !has(&|rule| matches!(rule, Rule::PerTransaction { asset: limited, .. } if *limited == asset)) {
        let message = format!("the policy has no limit per transaction for {asset}; an asset without one is denied");
        findings.push(deny(RuleKind::PerTransaction, message));
    }
    let mut charged = vec![asset];
    if spend.asset.native_asset() != asset {
        charged.push(spend.asset.native_asset());
    }
    for asset in charged {
        if !has(&|rule| matches!(rule, Rule::SpendingLimit { asset: limited, .. } if *limited == asset)) {
            let message = format!("the policy has no limit over time for {asset}; an asset without one is denied");
            findings.push(deny(RuleKind::SpendingLimit, message));
        }
    }
    let speaks = |rule: &Rule| match rule {
        Rule::Allowlist { chain: governed, .. } | Rule::AnyAddress { chain: governed } => *governed == chain,
        _ => false,
    };
    if !has(&speaks) {
        let message = format!("the policy names no recipients on {chain}; add an Allowlist or AnyAddress");
        findings.push(deny(RuleKind::Allowlist, message));
    }
    findings
}

impl RuleEvaluator<'_> {
    /// Evaluates one rule; `None` when it does not apply to this request.
    fn rule(&self, rule: &Rule, approvals: &mut Vec<ApprovalDemand>) -> Option<Finding> {
        let (spend, now) = (self.spend, self.context.now);
        match rule {
            Rule::PerTransaction { asset, max } if *asset == spend.asset => Some(limits::per_transaction(self, *max)),
            Rule::SpendingLimit { asset, window, max } => limits::over_time(self, *asset, window, *max),
            Rule::ValueLimit { assets, window, max } => limits::of_value(self, assets, window, *max),
            Rule::Allowlist { chain, entries, .. } if *chain == spend.asset.chain() => Some(recipients::allowed(self, entries)),
            Rule::AnyAddress { chain } if *chain == spend.asset.chain() => {
                Some(Finding::passed(RuleKind::Allowlist, "the policy allows every recipient on this chain"))
            }
            Rule::Denylist { chain, entries } if *chain == spend.asset.chain() => Some(recipients::denied(spend, entries)),
            Rule::RateLimit { counted, window, max } if !self.context.is_recheck => {
                let more = match counted {
                    Counted::Attempts => 1,
                    Counted::Executions => u32::try_from(spend.payments.len()).unwrap_or(u32::MAX),
                };
                Some(limits::rate(&self.scoped.activity, *counted, *window, *max, more, now))
            }
            Rule::ActiveHours(hours) => Some(limits::hours(hours, now)),
            Rule::Approval(rule) if !self.context.is_recheck => self.approval(rule, approvals),
            Rule::RequireSession if !self.context.in_session => Some(Finding::denied(
                RuleKind::Session,
                ReasonCode::PolicyDenied,
                "the policy demands a session; open one with open_session and name it in the request",
            )),
            Rule::RequireSession => Some(Finding::passed(RuleKind::Session, "asked for within a session")),
            // Checked when the balance is read, right before the transaction is built: an older balance may have changed.
            Rule::MinimumBalance { .. } => None,
            _ => None,
        }
    }

    /// Evaluates an approval rule and adds what it demands to `approvals`; `None` when it does not apply to the asset.
    fn approval(&self, rule: &ApprovalRule, approvals: &mut Vec<ApprovalDemand>) -> Option<Finding> {
        let asset = self.spend.asset;
        let speaks = match rule.asset {
            Some(of) => of == asset,
            None => !self.has_approval_rule_of(asset),
        };
        if !speaks {
            return None;
        }
        let reached = self.spend.amount >= rule.threshold || self.reaches_cumulative(rule);
        if !reached {
            return Some(Finding::passed(RuleKind::Approval, "under the amounts that need an approval"));
        }
        let (group, quorum) = (&rule.group, rule.quorum);
        if self.data.approvers(group) < quorum {
            let message = format!("this needs {quorum} of the group {group}, which has not so many members beside the requester");
            return Some(Finding::denied(RuleKind::Approval, ReasonCode::PolicyDenied, message));
        }
        approvals.push(ApprovalDemand {
            group: group.clone(),
            quorum,
            timeout_ns: rule.timeout_ns,
            time_lock_ns: rule.time_lock_ns,
        });
        let finding = Finding::passed(RuleKind::Approval, format!("needs the approval of {quorum} of the group {group}"));
        Some(Finding { limit: Some(rule.threshold), ..finding })
    }

    /// Returns whether the policy has an approval rule for this asset, which takes the place of a rule for every asset.
    fn has_approval_rule_of(&self, asset: Asset) -> bool {
        let rules = self.scoped.policy.iter().flat_map(|policy| &policy.rules);
        rules.into_iter().any(|rule| matches!(rule, Rule::Approval(ApprovalRule { asset: Some(of), .. }) if *of == asset))
    }

    /// Returns whether the amount brings the last 24 hours to the cumulative threshold. An overflow counts as reaching it.
    fn reaches_cumulative(&self, rule: &ApprovalRule) -> bool {
        let Some(threshold) = rule.cumulative_24h else { return false };
        let key = CounterKey::units(self.scoped.scope, self.spend.asset);
        let used = self.data.spent(&key).used(&Window::Rolling24h, self.context.now);
        used.checked_add(self.spend.amount).is_none_or(|sum| sum >= threshold)
    }
}

//! Lint, backtest, explanation, history and difference of policies, and the checklist before production. Nothing here changes the
//! state.

use super::access;
use crate::store::{self, Store};
use candid::Principal;
use ic_cdk::api::{canister_cycle_balance, msg_caller};
use purser_core::base::WalletId;
use purser_core::policy::{Rule as CoreRule, Scope as CoreScope, diff, validate, widens};
use purser_core::state::Refusal;
use purser_types::convert::policy::parse_rules;
use purser_types::{
    Backtest, Budget, Error, Policy, PolicyDiff, PolicyExplanation, PolicyLint, PolicyVersion, ReadinessItem, Rule, Scope, page,
};

/// The cycles that a ready canister has: some months of an idle canister, and a thousand signatures.
const CYCLES_RESERVE: u128 = 30_000_000_000_000;
/// The most versions in one reply: a policy with full lists is long.
pub(crate) const MAX_VERSIONS: usize = 10;

#[ic_cdk::query]
fn lint_policy(scope: Scope, rules: Vec<Rule>) -> Result<Vec<PolicyLint>, Error> {
    store::read(|state| {
        let (scope, rules) = draft(state, msg_caller(), scope, rules)?;
        validate(&rules).map_err(|error| Error::invalid("rules", error.to_string()))?;
        Ok(state.lint_policy(scope, &rules, store::now()).into_iter().map(Into::into).collect())
    })
}

#[ic_cdk::query]
fn backtest_policy(scope: Scope, rules: Vec<Rule>, days: u32) -> Result<Backtest, Error> {
    store::read(|state| {
        let (scope, rules) = draft(state, msg_caller(), scope, rules)?;
        Ok(Backtest::new(state.backtest(scope, &rules, days, store::now())?, state.config().kaspa.network))
    })
}

#[ic_cdk::query]
fn explain_policy(wallet_id: u64, agent: Option<Principal>) -> Result<PolicyExplanation, Error> {
    let agent = agent.unwrap_or_else(msg_caller);
    store::read(|state| {
        let now = store::now();
        let explanation = state.explain_policy(WalletId::new(wallet_id), agent, now)?;
        Ok(PolicyExplanation::new(explanation, now, state.config().kaspa.network))
    })
}

#[ic_cdk::query]
fn get_policy_of(scope: Scope) -> Option<Policy> {
    let scope = scope.into();
    store::read(|state| state.policy_of(&scope).map(|policy| Policy::new(policy, store::now(), state.config().kaspa.network)))
}

#[ic_cdk::query]
fn get_usage_of(scope: Scope) -> Vec<Budget> {
    let scope = scope.into();
    store::read(|state| Budget::all(state.budgets(scope, store::now()), state.config().kaspa.network))
}

#[ic_cdk::query]
fn policy_history(scope: Scope, before: Option<u64>, limit: Option<u32>) -> Vec<PolicyVersion> {
    let scope = scope.into();
    store::read(|state| {
        let network = state.config().kaspa.network;
        let past = state.policy_history(&scope, before, page(limit).min(MAX_VERSIONS));
        past.into_iter()
            .map(|(policy, since)| PolicyVersion { policy: Policy::new(policy, store::now(), network), since: since.nanos() })
            .collect()
    })
}

#[ic_cdk::query]
fn diff_policies(scope: Scope, from: u64, to: u64) -> Result<PolicyDiff, Error> {
    let scope = scope.into();
    store::read(|state| {
        let version = |number: u64| match number {
            0 => Ok(None),
            number => {
                let policy = state.policy_version(&scope, number);
                policy.map(Some).ok_or_else(|| Refusal::NotFound { what: "version of the policy", id: number.to_string() })
            }
        };
        let (old, new) = (version(from)?.filter(|policy| !policy.rules.is_empty()), version(to)?);
        let new = new.map_or_else(Vec::new, |policy| policy.rules);
        let widens = widens(&scope, old.as_ref(), &new);
        let old = old.map_or_else(Vec::new, |policy| policy.rules);
        Ok(PolicyDiff::new(diff(&old, &new), widens, store::now(), state.config().kaspa.network))
    })
}

#[ic_cdk::query]
fn production_readiness() -> Result<Vec<ReadinessItem>, Error> {
    store::read(|state| {
        access::require_role_holder(state, msg_caller())?;
        let items = state.production_readiness(canister_cycle_balance(), CYCLES_RESERVE);
        Ok(items.into_iter().map(Into::into).collect())
    })
}

/// Reads the draft of a policy for a caller with a role.
///
/// # Errors
/// When the caller has no role, or a rule cannot be read.
fn draft(state: &Store, caller: Principal, scope: Scope, rules: Vec<Rule>) -> Result<(CoreScope, Vec<CoreRule>), Error> {
    access::require_role_holder(state, caller)?;
    Ok((scope.into(), parse_rules(rules, state.config().kaspa.network)?))
}

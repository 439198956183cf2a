//! Policies and their usage, versions, lint, backtest, explanation and difference, and the checklist before production. Nothing here
//! changes the state.

use super::access;
use crate::store::{self, Store};
use candid::Principal;
use ic_cdk::api::{canister_cycle_balance, msg_caller};
use purser_core::base::{Asset, Timestamp, WalletId};
use purser_core::policy::{Rule as CoreRule, Scope as CoreScope, Window, diff, validate, widens};
use purser_core::state::{Refusal, VersionedRecord};
use purser_types::convert::policy::parse_rules;
use purser_types::{
    Backtest, Budget, Error, Page, Policy, PolicyDiff, PolicyExplanation, PolicyLint, PolicyVersion, ReadinessItem, Rule, Scope,
    ScopeUsage, Usage, Versioned, page_size,
};
use std::collections::BTreeSet;

/// The cycles that a ready canister has: some months of an idle canister, and a thousand signatures.
const CYCLES_RESERVE: u128 = 30_000_000_000_000;

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
        Ok(Backtest::new(state.backtest(scope, &rules, days, store::now())?, &state.config().chains))
    })
}

#[ic_cdk::query]
fn explain_policy(wallet_id: u64, agent: Option<Principal>) -> Result<PolicyExplanation, Error> {
    let agent = agent.unwrap_or_else(msg_caller);
    store::read(|state| {
        let now = store::now();
        let explanation = state.explain_policy(WalletId::new(wallet_id), agent, now)?;
        Ok(PolicyExplanation::new(explanation, now, &state.config().chains))
    })
}

#[ic_cdk::query]
fn get_policy(scope: Scope) -> Result<Versioned<Option<Policy>>, Error> {
    let scope = scope.into();
    store::read(|state| {
        access::require_scope(state, &scope)?;
        let policy = state.policy_of(&scope).map(|policy| Policy::new(policy, store::now(), &state.config().chains));
        Ok(Versioned { version: state.version(&VersionedRecord::Policy(scope)), value: policy })
    })
}

#[ic_cdk::query]
fn get_usage(scope: Scope) -> Result<ScopeUsage, Error> {
    store::read(|state| usage(state, scope.into(), store::now()))
}

/// Returns the usage of every coin and of every token that the scope's policy names, and of every limit over time.
///
/// # Errors
/// When there is no such wallet or session.
pub(super) fn usage(state: &Store, scope: CoreScope, now: Timestamp) -> Result<ScopeUsage, Error> {
    access::require_scope(state, &scope)?;
    let policy = state.policy_of(&scope);
    let named = policy.iter().flat_map(|policy| &policy.rules).flat_map(CoreRule::assets);
    let assets: BTreeSet<Asset> = named.chain(Asset::ALL).collect();
    let of = |asset| Usage::new(asset, state.usage_of(scope, asset, &Window::Rolling24h, now), policy.as_ref());
    Ok(ScopeUsage {
        assets: assets.into_iter().map(of).collect(),
        budgets: Budget::all(state.budgets(scope, now), &state.config().chains),
    })
}

#[ic_cdk::query]
fn list_policy_versions(scope: Scope, cursor: Option<u64>, limit: Option<u32>) -> Page<PolicyVersion, u64> {
    let scope = scope.into();
    store::read(|state| {
        let chains = &state.config().chains;
        let shown = |(policy, since): (purser_core::policy::Policy, Timestamp)| {
            (policy.version, PolicyVersion { policy: Policy::new(policy, store::now(), chains), in_force_at: since.nanos() })
        };
        Page::fill(page_size(limit), state.policy_versions_before(&scope, cursor).map(shown))
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
        Ok(PolicyDiff::new(diff(&old, &new), widens, store::now(), &state.config().chains))
    })
}

#[ic_cdk::query]
fn production_readiness() -> Result<Vec<ReadinessItem>, Error> {
    store::read(|state| {
        access::require_role_holder(state, msg_caller())?;
        let items = state.production_readiness(canister_cycle_balance(), CYCLES_RESERVE, store::now());
        Ok(items.into_iter().map(Into::into).collect())
    })
}

/// Reads the draft of a policy for a caller with a role.
///
/// # Errors
/// When the caller has no role, or a rule cannot be read.
fn draft(state: &Store, caller: Principal, scope: Scope, rules: Vec<Rule>) -> Result<(CoreScope, Vec<CoreRule>), Error> {
    access::require_role_holder(state, caller)?;
    Ok((scope.into(), parse_rules(rules, &state.config().chains)?))
}

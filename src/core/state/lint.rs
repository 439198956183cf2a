//! Lint of policies against the state.

use super::{Refusal, State};
use crate::access::Role;
use crate::base::{Amount, Asset, Chain, Timestamp};
use crate::chains::registry;
use crate::policy::{Lint, LintContext, Rule, Scope, Severity, lint};
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeSet;

/// The state as the lint of one scope's policy reads it.
struct StateLintContext<'a, M: Memory> {
    state: &'a State<M>,
    scope: Scope,
    now: Timestamp,
}

impl<M: Memory> LintContext for StateLintContext<'_, M> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn approvers(&self, group: &str) -> Option<BTreeSet<Principal>> {
        let members = self.state.tables.group(group)?.members;
        Some(members.into_iter().filter(|member| self.state.tables.roles(member).has(Role::Approver)).collect())
    }

    fn requesters(&self) -> BTreeSet<Principal> {
        match self.scope {
            Scope::Agent { agent, .. } => BTreeSet::from([agent]),
            Scope::Session(session) => self.state.session(session).map(|session| session.agent).into_iter().collect(),
            Scope::Wallet(wallet) => self.state.tables.agents_of(wallet).collect(),
            Scope::User(owner) => self.state.wallets_of(&owner).flat_map(|wallet| self.state.agents(wallet.id)).collect(),
        }
    }

    fn rate_expires_at(&self, asset: Asset) -> Option<Timestamp> {
        self.state.tables.rate(asset).map(|rate| rate.expires_at)
    }

    fn fee_cap(&self, asset: Asset) -> Amount {
        self.state.config().fee_cap(asset)
    }

    fn least_fee(&self, chain: Chain) -> Amount {
        registry::rules(chain).least_fee()
    }
}

impl<M: Memory> State<M> {
    /// Returns the problems that valid rules would have as the policy of a scope.
    pub fn lint_policy(&self, scope: Scope, rules: &[Rule], now: Timestamp) -> Vec<Lint> {
        let mut lints = lint(&scope, rules, &StateLintContext { state: self, scope, now });
        // Where test money is paid, one admin is enough for everything.
        if self.is_every_admin_needed() && (self.config().chains.has_mainnet() || self.count_admins() > 1) {
            let (quorum, admins) = (self.settings().quorum, self.count_admins());
            let problem = format!("{quorum} of {admins} admins must agree, so with one lost key no policy can be widened any more");
            let remedy = "grant Admin to another principal, or lower the quorum".into();
            lints.push(Lint { severity: Severity::Warning, rule_index: None, problem, remedy });
        }
        lints
    }

    /// Whether the quorum is the number of admins, so that one lost key stops every wider change.
    pub(super) fn is_every_admin_needed(&self) -> bool {
        u64::from(self.settings().quorum) >= self.count_admins()
    }

    /// Refuses rules with an error that the policy in force does not have too.
    ///
    /// So a policy whose rates have expired or whose approvers have left can still be tightened.
    ///
    /// # Errors
    /// When [`State::lint_policy`] finds a new error: the first one, with its remedy.
    pub(super) fn check_lint(&self, scope: Scope, rules: &[Rule], now: Timestamp) -> Result<(), Refusal> {
        let errors = |rules: &[Rule]| {
            let lints = self.lint_policy(scope, rules, now).into_iter();
            lints.filter(|lint| lint.severity == Severity::Error).collect::<Vec<_>>()
        };
        let known = self.tables.policy(&scope).map_or_else(Vec::new, |policy| errors(&policy.rules));
        let error = errors(rules).into_iter().find(|lint| known.iter().all(|known| known.problem != lint.problem));
        let Some(Lint { rule_index, problem, remedy, .. }) = error else { return Ok(()) };
        let place = rule_index.map_or_else(String::new, |index| format!("rules[{index}]: "));
        Err(Refusal::InvalidArgument { field: "rules", problem: format!("{place}{problem}; {remedy}") })
    }
}

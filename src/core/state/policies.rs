//! What the policies in force mean: what is wrong with a draft, what binds an agent, what is left.

use super::{Refusal, State};
use crate::access::Role;
use crate::base::{Amount, Asset, Chain, SECOND_NS, Timestamp, WalletId};
use crate::chains::kaspa::MINIMUM_TRANSFER_FEE;
use crate::chains::solana::LAMPORTS_PER_SIGNATURE;
use crate::policy::{Budget, Lint, LintContext, Mode, Policy, Rule, Scope, Severity, Used, budgets, lint};
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeSet;

/// One scope whose policy binds an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Whose policy it is.
    pub scope: Scope,
    /// The policy, when there is one.
    pub policy: Option<Policy>,
    /// What is left of its limits.
    pub budgets: Vec<Budget>,
}

/// Everything that binds an agent of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Outermost first; the agent's open sessions last.
    pub scopes: Vec<Explained>,
    /// What holds beside the policies now, in sentences.
    pub notes: Vec<String>,
}

/// The state around a policy that is put into force in a scope.
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
        Amount::new(match chain {
            Chain::Kaspa => MINIMUM_TRANSFER_FEE,
            Chain::Solana => LAMPORTS_PER_SIGNATURE,
        })
    }
}

impl<M: Memory> State<M> {
    /// What is wrong with rules that each are well-formed, were they in force in a scope now.
    pub fn lint_policy(&self, scope: Scope, rules: &[Rule], now: Timestamp) -> Vec<Lint> {
        lint(&scope, rules, &StateLintContext { state: self, scope, now })
    }

    /// Refuses rules that cannot do what they say. What the policy in force cannot do either is no reason: a policy whose rates have
    /// expired or whose approvers have left can still be tightened.
    ///
    /// # Errors
    /// The first new error that [`State::lint_policy`] finds, with what would be right.
    pub(super) fn check_workable(&self, scope: Scope, rules: &[Rule], now: Timestamp) -> Result<(), Refusal> {
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

    /// What is left of every limit over time of a scope's policy.
    pub fn budgets(&self, scope: Scope, now: Timestamp) -> Vec<Budget> {
        let Some(policy) = self.tables.policy(&scope) else { return Vec::new() };
        let activity = self.tables.activity(&scope);
        let spent = |key: &_| self.spent(key);
        let value = |asset, amount| self.tables.rate(asset).and_then(|rate| rate.value(amount, now));
        budgets(&policy, &Used { scope, spent: &spent, value: &value, activity: &activity, mode: self.mode(), now })
    }

    /// A policy that a scope has had, the one in force included.
    pub fn policy_version(&self, scope: &Scope, version: u64) -> Option<Policy> {
        let past = self.policy_history(scope, Some(version.checked_add(1)?), 1).pop();
        past.map(|(policy, _)| policy).filter(|policy| policy.version == version)
    }

    /// Everything that binds an agent's requests to a wallet now.
    ///
    /// # Errors
    /// When there is no such wallet, or the principal is no agent of it.
    pub fn explain_policy(&self, wallet: WalletId, agent: Principal, now: Timestamp) -> Result<Explanation, Refusal> {
        let owner = self.tables.wallet(wallet).ok_or_else(|| not_found("wallet", wallet))?.owner();
        if !self.is_agent(wallet, &agent) {
            return Err(not_found("agent of the wallet", agent));
        }
        let mut scopes = vec![Scope::User(owner)];
        scopes.extend(self.wallet_chain(wallet).into_iter().rev().map(Scope::Wallet));
        scopes.push(Scope::Agent { wallet, agent });
        let sessions = self.open_sessions(wallet).into_iter().filter(|session| session.agent == agent && session.is_open(now));
        scopes.extend(sessions.map(|session| Scope::Session(session.id)));
        let explained = |scope| Explained { scope, policy: self.tables.policy(&scope), budgets: self.budgets(scope, now) };
        let scopes = scopes.into_iter().map(explained).collect();
        Ok(Explanation { scopes, notes: self.standing_notes(wallet, agent, now) })
    }

    /// A wallet and those above it, the wallet first.
    pub(super) fn wallet_chain(&self, wallet: WalletId) -> Vec<WalletId> {
        let mut line = vec![wallet];
        let parent = |id: &WalletId| self.tables.wallet(*id).and_then(|wallet| wallet.parent);
        while let Some(id) = line.last().and_then(parent).filter(|_| line.len() <= super::MAX_ANCESTORS) {
            line.push(id);
        }
        line
    }

    fn standing_notes(&self, wallet: WalletId, agent: Principal, now: Timestamp) -> Vec<String> {
        let settings = self.settings();
        let (minute, hour) = (settings.attempts_per_minute, settings.attempts_per_hour);
        let mut notes = vec![format!("The canister takes at most {minute} requests of an agent per minute and {hour} per hour.")];
        match self.mode() {
            Mode::Normal => {}
            Mode::Emergency { .. } => notes.push("The canister is in emergency mode: nothing may leave.".into()),
            Mode::Limited { percent, .. } => {
                notes.push(format!("After an emergency every limit of money is reduced to {percent} percent."));
            }
        }
        if self.tables.wallet(wallet).is_some_and(|wallet| wallet.deactivated) {
            notes.push("The wallet is deactivated: nothing new is started.".into());
        }
        if self.policy(wallet).is_none() {
            notes.push("The wallet has no policy: nothing may leave.".into());
        }
        let seconds = |left: u64| left.div_ceil(SECOND_NS);
        if let Some(left) = self.tables.activity(&Scope::Agent { wallet, agent }).breaker_opens_for(now) {
            notes.push(format!("The agent's circuit breaker is open for another {} seconds.", seconds(left)));
        }
        for chain in [Chain::Kaspa, Chain::Solana] {
            let left = self.tables.chain_breaker(chain).map_or(0, |until| until.nanos_since(now));
            if left > 0 {
                notes.push(format!("The circuit breaker of {chain} is open for another {} seconds.", seconds(left)));
            }
        }
        notes
    }
}

fn not_found(what: &'static str, id: impl ToString) -> Refusal {
    Refusal::NotFound { what, id: id.to_string() }
}

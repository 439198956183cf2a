//! Explanation of the policies that bind an agent, and the budgets of their limits.

use super::refusal::not_found;
use super::{Refusal, State};
use crate::base::{Chain, SECOND_NS, Timestamp, WalletId};
use crate::policy::{Budget, Mode, Policy, Scope, Used, budgets};
use candid::Principal;
use ic_stable_structures::Memory;

/// The explanation of one scope that binds an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeExplanation {
    /// The scope.
    pub scope: Scope,
    /// The policy of the scope.
    pub policy: Option<Policy>,
    /// The budgets of the policy's limits.
    pub budgets: Vec<Budget>,
}

/// The explanation of everything that binds an agent's requests to a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The scopes, outermost first; the agent's open sessions last.
    pub scopes: Vec<ScopeExplanation>,
    /// The conditions that hold now beside the policies, one sentence each.
    pub notes: Vec<String>,
}

impl<M: Memory> State<M> {
    /// Returns the budgets of every limit over time of a scope's policy.
    pub fn budgets(&self, scope: Scope, now: Timestamp) -> Vec<Budget> {
        let Some(policy) = self.tables.policy(&scope) else { return Vec::new() };
        let activity = self.tables.activity(&scope);
        let spent = |key: &_| self.spent(key);
        let value = |asset, amount| self.tables.rate(asset).and_then(|rate| rate.value(amount, now));
        budgets(&policy, &Used { scope, spent: &spent, value: &value, activity: &activity, mode: self.mode(), now })
    }

    /// Explains everything that binds an agent's requests to a wallet.
    ///
    /// # Errors
    /// When the wallet does not exist, or the principal is no agent of it.
    pub fn explain_policy(&self, wallet: WalletId, agent: Principal, now: Timestamp) -> Result<Explanation, Refusal> {
        if !self.tables.has_wallet(wallet) {
            return Err(not_found("wallet", wallet));
        }
        if !self.is_agent(wallet, &agent) {
            return Err(not_found("agent of the wallet", agent));
        }
        let mut scopes = self.wallet_scopes(wallet);
        scopes.push(Scope::Agent { wallet, agent });
        let sessions = self.open_sessions(wallet).into_iter().filter(|session| session.agent == agent && session.is_open(now));
        scopes.extend(sessions.map(|session| Scope::Session(session.id)));
        let explain = |scope| ScopeExplanation { scope, policy: self.tables.policy(&scope), budgets: self.budgets(scope, now) };
        let scopes = scopes.into_iter().map(explain).collect();
        Ok(Explanation { scopes, notes: self.standing_notes(wallet, agent, now) })
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
        for chain in Chain::ALL {
            let left = self.tables.chain_breaker(chain).map_or(0, |until| until.nanos_since(now));
            if left > 0 {
                notes.push(format!("The circuit breaker of {chain} is open for another {} seconds.", seconds(left)));
            }
        }
        notes
    }
}

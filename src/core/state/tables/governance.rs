//! Tables of policies, rates, sessions and proposals.

use super::Tables;
use super::records::decode;
use crate::access::Session;
use crate::base::codec::to_record;
use crate::base::{Asset, ProposalId, SessionId, Timestamp};
use crate::governance::{Proposal, Rate};
use crate::policy::{CounterKey, Policy, Scope, Spent};
use ic_stable_structures::Memory;
use serde::{Deserialize, Serialize};
use std::ops::Bound;

/// A policy with the time from which on it was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastPolicy {
    pub policy: Policy,
    /// The time from which on the policy was in force.
    pub at: Timestamp,
}

impl<M: Memory> Tables<M> {
    pub fn policy(&self, scope: &Scope) -> Option<Policy> {
        self.policies.get(&scope.key()).map(|bytes| decode("policies", &bytes))
    }

    /// Replaces the policy of a scope; a policy without rules is removed. The history keeps every version.
    pub fn set_policy(&mut self, scope: &Scope, policy: Policy, at: Timestamp) {
        let key = scope.key();
        if policy.rules.is_empty() {
            self.policies.remove(&key);
        } else {
            self.policies.insert(key.clone(), to_record(&policy));
        }
        let version = policy.version.to_be_bytes();
        self.policy_history.insert([&key[..], &version].concat(), to_record(&PastPolicy { policy, at }));
    }

    /// Returns the last version of a scope's policy; 0 when the scope never had one.
    pub fn last_policy_version(&self, scope: &Scope) -> u64 {
        self.past_policies(scope, u64::MAX).next().map_or(0, |past| past.policy.version)
    }

    /// Returns a scope's policies with smaller versions than `before`, newest first.
    pub fn past_policies(&self, scope: &Scope, before: u64) -> impl Iterator<Item = PastPolicy> + '_ {
        let key = scope.key();
        let at = |version: u64| [&key[..], &version.to_be_bytes()].concat();
        let length = key.len() + 8;
        let past = self.policy_history.range(at(0)..at(before)).rev();
        // The keys of another scope may begin with this scope's key; they are longer.
        past.filter(move |entry| entry.key().len() == length).map(|entry| decode("policy_history", &entry.value()))
    }

    pub fn rate(&self, asset: Asset) -> Option<Rate> {
        self.rates.get(&asset.key_bytes()).map(|bytes| decode("rates", &bytes))
    }

    pub fn set_rate(&mut self, rate: &Rate) {
        self.rates.insert(rate.asset.key_bytes(), to_record(rate));
    }

    pub fn rates_after(&self, after: Option<Vec<u8>>) -> impl Iterator<Item = Rate> + '_ {
        let first = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.rates.range((first, Bound::Unbounded)).map(|entry| decode("rates", &entry.value()))
    }

    pub fn session(&self, id: SessionId) -> Option<Session> {
        self.sessions.get(&id.get()).map(|bytes| decode("sessions", &bytes))
    }

    pub fn set_session(&mut self, session: &Session) {
        let key = (session.wallet.get(), session.id.get());
        let end = (session.expires_at.nanos(), session.id.get());
        if session.ended.is_none() {
            self.open_sessions.insert(key);
            self.session_ends.insert(end);
        } else {
            self.open_sessions.remove(&key);
            self.session_ends.remove(&end);
        }
        self.sessions.insert(session.id.get(), to_record(session));
    }

    /// Returns every session, newest first.
    pub fn sessions_newest_first(&self) -> impl Iterator<Item = Session> + '_ {
        self.sessions.iter().rev().map(|entry| decode("sessions", &entry.value()))
    }

    /// Removes policy, counters and activity of a session that has ended, unless a counter still holds a reservation.
    ///
    /// The history keeps the policy, and the log keeps the rest.
    pub fn remove_session_policy(&mut self, id: SessionId) {
        let scope = Scope::Session(id).key();
        let prefix = CounterKey::prefix(&Scope::Session(id));
        let counters = self.spent.range(prefix.clone()..).take_while(|entry| entry.key().starts_with(&prefix));
        let counters: Vec<(Vec<u8>, Spent)> =
            counters.map(|entry| (entry.key().clone(), decode("spent", &entry.value()))).collect();
        if counters.iter().any(|(_, spent)| !spent.reserved().is_zero()) {
            return;
        }
        for (key, _) in &counters {
            self.spent.remove(key);
        }
        self.activity.remove(&scope);
        self.policies.remove(&scope);
    }

    pub fn proposal(&self, id: ProposalId) -> Option<Proposal> {
        self.proposals.get(&id.get()).map(|bytes| decode("proposals", &bytes))
    }

    pub fn set_proposal(&mut self, proposal: &Proposal) {
        if proposal.closed.is_none() {
            self.open_proposals.insert(proposal.id.get());
        } else {
            self.open_proposals.remove(&proposal.id.get());
        }
        self.proposals.insert(proposal.id.get(), to_record(proposal));
    }

    /// Returns proposals with smaller ids than `before`, newest first.
    pub fn proposals_before(&self, before: u64) -> impl Iterator<Item = Proposal> + '_ {
        self.proposals.range(..before).rev().map(|entry| decode("proposals", &entry.value()))
    }
}

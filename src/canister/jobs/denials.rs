//! Denials without a log entry of their own, which are logged together.
//!
//! The counts live on the heap. An upgrade loses those of a minute, of requests that were denied before any chain was asked.

use crate::store;
use candid::Principal;
use purser_core::base::{SECOND_NS, Timestamp, WalletId};
use purser_core::event::DenialsAggregated;
use purser_core::policy::{Evaluation, ReasonCode};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The time in seconds for which denials are counted before they are logged.
const WINDOW_SECONDS: u64 = 60;
/// The most agents that are counted at a time. The next one has the oldest counts logged early.
const MAX_COUNTED: usize = 1_000;

thread_local! {
    static DENIALS: RefCell<DenialAggregator> = RefCell::default();
}

/// Counts a denial. Counts that have to make room for it are logged.
pub fn count(wallet: WalletId, agent: Principal, evaluation: &Evaluation) {
    let early = DENIALS.with_borrow_mut(|denials| denials.count(wallet, agent, evaluation, store::now()));
    early.into_iter().for_each(log);
}

/// Logs the denials of an agent that were counted, so that they stand before the agent's next log entry.
pub fn log_of(wallet: WalletId, agent: Principal) {
    let denials = DENIALS.with_borrow_mut(|denials| denials.take(wallet, agent));
    denials.into_iter().for_each(log);
}

/// Logs the denials that have been counted for long enough.
pub fn log_due(now: Timestamp) {
    DENIALS.with_borrow_mut(|denials| denials.take_due(now)).into_iter().for_each(log);
}

/// Whether no denials wait to be logged.
pub fn is_empty() -> bool {
    DENIALS.with_borrow(DenialAggregator::is_empty)
}

fn log(denials: DenialsAggregated) {
    match store::read(|state| state.decide_denials_aggregated(denials)) {
        Ok(decided) => {
            store::commit(decided);
        }
        Err(refusal) => ic_cdk::println!("denials: {refusal}"),
    }
}

/// The denials without a log entry, by wallet and agent.
///
/// Only an agent of the wallet gets so far that its denial is counted, so that strangers cannot make this grow.
#[derive(Debug, Default)]
struct DenialAggregator(BTreeMap<(WalletId, Principal), DenialsAggregated>);

impl DenialAggregator {
    /// Counts one more denial. Returns the counts that have to be logged to make room.
    #[must_use]
    fn count(&mut self, wallet: WalletId, agent: Principal, evaluation: &Evaluation, now: Timestamp) -> Option<DenialsAggregated> {
        let code = evaluation.denials().find_map(|finding| finding.code).unwrap_or(ReasonCode::PolicyDenied);
        let is_new = !self.0.contains_key(&(wallet, agent));
        let oldest = self.0.values().min_by_key(|denials| denials.since).map(|oldest| (oldest.wallet, oldest.agent));
        let logged = oldest.filter(|_| is_new && self.0.len() >= MAX_COUNTED).and_then(|key| self.0.remove(&key));
        let denials = self.0.entry((wallet, agent)).or_insert(DenialsAggregated { wallet, agent, count: 0, code, since: now });
        denials.count = denials.count.saturating_add(1);
        denials.code = code;
        logged
    }

    /// Takes the counts of an agent.
    fn take(&mut self, wallet: WalletId, agent: Principal) -> Option<DenialsAggregated> {
        self.0.remove(&(wallet, agent))
    }

    /// Takes the counts that are old enough to be logged.
    fn take_due(&mut self, now: Timestamp) -> Vec<DenialsAggregated> {
        let is_due = |denials: &DenialsAggregated| now.nanos_since(denials.since) >= WINDOW_SECONDS * SECOND_NS;
        self.0.extract_if(.., |_, denials| is_due(denials)).map(|(_, denials)| denials).collect()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_core::policy::{Decision, Finding, RuleKind};

    const WALLET: WalletId = WalletId::new(1);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * SECOND_NS)
    }

    fn agent(n: u16) -> Principal {
        Principal::from_slice(&n.to_be_bytes())
    }

    fn denied(code: ReasonCode) -> Evaluation {
        let finding = Finding {
            scope: None,
            rule: RuleKind::CircuitBreaker,
            rule_index: None,
            passed: false,
            code: Some(code),
            limit: None,
            used: None,
            remaining: None,
            suggested_max: None,
            retry_after_ns: None,
            message: String::new(),
        };
        Evaluation { decision: Decision::Deny, policy_version: 1, findings: vec![finding], approvals: Vec::new() }
    }

    #[test]
    fn denials_are_counted_by_agent_and_logged_after_a_minute() {
        let mut denials = DenialAggregator::default();
        let open = denied(ReasonCode::CircuitBreakerOpen);
        for now in [5, 6, 64] {
            assert_eq!(denials.count(WALLET, agent(1), &open, at(now)), None);
        }
        assert_eq!(denials.count(WALLET, agent(1), &denied(ReasonCode::RateLimitExceeded), at(64)), None);
        assert_eq!(denials.count(WALLET, agent(2), &open, at(60)), None);
        assert!(denials.take_due(at(64)).is_empty());
        let due = denials.take_due(at(65));
        let since = at(5);
        assert_eq!(
            due,
            [DenialsAggregated { wallet: WALLET, agent: agent(1), count: 4, code: ReasonCode::RateLimitExceeded, since }]
        );
        assert!(!denials.is_empty());
        assert_eq!(denials.take(WALLET, agent(2)).map(|denials| denials.count), Some(1));
        assert!(denials.is_empty() && denials.take(WALLET, agent(2)).is_none());
    }

    #[test]
    fn no_more_than_a_thousand_agents_are_counted_at_a_time() {
        let mut denials = DenialAggregator::default();
        let open = denied(ReasonCode::CircuitBreakerOpen);
        for n in 0..1_000 {
            assert_eq!(denials.count(WALLET, agent(n), &open, at(n.into())), None);
        }
        assert_eq!(denials.count(WALLET, agent(7), &open, at(2_000)), None, "one that is counted needs no room");
        let logged = denials.count(WALLET, agent(1_000), &open, at(2_000));
        assert_eq!(logged.map(|denials| denials.agent), Some(agent(0)));
        assert_eq!(denials.0.len(), 1_000);
    }
}

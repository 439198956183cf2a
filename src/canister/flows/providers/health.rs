//! Health of each provider since the canister started or was upgraded.

use crate::metrics::OutcallOutcome;
use purser_core::base::{Chain, DAY_NS, SECOND_NS, Timestamp};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The consecutive failures after which a provider backs off.
const FAILURES_BEFORE_REST: u32 = 3;
/// The first back-off of a provider, in seconds. Each further one is twice as long.
const REST_SECONDS: u64 = 10;
/// The longest back-off of a provider that fails, in seconds.
const MAX_REST_SECONDS: u64 = 600;
/// The longest time, in seconds, for which a rate limit excludes a provider, even when no other one is left.
const MAX_LIMITED_SECONDS: u64 = 60;
/// The first back-off of a provider whose answer proved bad later, in seconds. On Solana each of them costs a transaction a minute and a half.
const DEMERIT_REST_SECONDS: u64 = 600;
/// The longest back-off of a provider whose answers proved bad later, in seconds.
const MAX_DEMERIT_REST_SECONDS: u64 = 86_400;
/// The time for which an answer that proved bad counts when providers are asked for such answers, also after the back-off.
const DEMERIT_NS: u64 = DAY_NS;
/// The longest problem that is kept, in characters.
const MAX_PROBLEM_CHARS: usize = 200;

type Providers = BTreeMap<Chain, BTreeMap<String, Health>>;

thread_local! {
    static HEALTH: RefCell<Providers> = const { RefCell::new(BTreeMap::new()) };
}

/// The health of one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The number of answers with a result.
    pub answers: u64,
    /// The number of calls without one.
    pub failures: u64,
    /// The number of calls without a result since the last answer.
    pub failures_in_a_row: u32,
    /// The duration of the last answered call, in nanoseconds.
    pub latency_ns: u64,
    /// The problem of the last call without a result, in at most 200 characters. It stays when the provider answers again.
    pub last_problem: Option<String>,
    /// The end of its back-off. Until then it is asked only when no other provider is left.
    pub rests_until: Timestamp,
    /// The end of its rate limit. Until then it is not asked at all.
    pub limited_until: Timestamp,
    /// The number of rate limits since the last answer.
    pub limits_in_a_row: u32,
    /// The number of its answers that proved bad later, since the last one that proved good.
    pub demerits: u32,
    /// The time at which the last of those showed.
    pub demerit_at: Timestamp,
}

impl Health {
    /// The end of the provider's back-off, for failed calls or for answers that proved bad later, whichever is later.
    pub fn resting_until(&self) -> Timestamp {
        let Some(more) = self.demerits.checked_sub(1) else { return self.rests_until };
        let rest = DEMERIT_REST_SECONDS.saturating_mul(1 << more.min(16)).min(MAX_DEMERIT_REST_SECONDS);
        self.rests_until.max(later(self.demerit_at, rest))
    }

    /// The number of answers that proved bad and still count.
    pub(super) fn recent_demerits(&self, now: Timestamp) -> u32 {
        if now.nanos_since(self.demerit_at) < DEMERIT_NS { self.demerits } else { 0 }
    }

    fn keep_problem(&mut self, problem: &str) {
        self.last_problem = Some(problem.chars().take(MAX_PROBLEM_CHARS).collect());
    }

    fn record_answer(&mut self, latency_ns: u64) {
        self.answers = self.answers.saturating_add(1);
        self.failures_in_a_row = 0;
        self.latency_ns = latency_ns;
        self.rests_until = Timestamp::default();
        self.limited_until = Timestamp::default();
        self.limits_in_a_row = 0;
    }

    fn record_failure(&mut self, is_rate_limit: bool, asked_at: Timestamp, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        if is_rate_limit {
            // A request from before the limit began says nothing new about it.
            if self.limited_until <= asked_at {
                self.limits_in_a_row = self.limits_in_a_row.saturating_add(1);
                let rest = rest_seconds(self.limits_in_a_row.saturating_sub(1));
                self.rests_until = later(now, rest);
                self.limited_until = later(now, rest.min(MAX_LIMITED_SECONDS));
            }
        } else if let Some(beyond) = self.failures_in_a_row.checked_sub(FAILURES_BEFORE_REST) {
            self.rests_until = later(now, rest_seconds(beyond));
        }
    }
}

/// The health of a provider of a chain.
pub(in crate::flows) fn health(chain: Chain, provider: &str) -> Health {
    HEALTH.with_borrow(|all| all.get(&chain).and_then(|providers| providers.get(provider)).cloned().unwrap_or_default())
}

/// Records the end of a call that began at `asked_at`, with its problem.
pub(super) fn record_call(
    chain: Chain,
    provider: &str,
    outcome: OutcallOutcome,
    problem: Option<String>,
    asked_at: Timestamp,
    now: Timestamp,
) {
    change(chain, provider, |health| {
        match outcome {
            OutcallOutcome::Answered => health.record_answer(now.nanos_since(asked_at)),
            OutcallOutcome::RateLimited => health.record_failure(true, asked_at, now),
            OutcallOutcome::Failed | OutcallOutcome::NoAnswer => health.record_failure(false, asked_at, now),
        }
        if let Some(problem) = problem {
            health.keep_problem(&problem);
        }
    });
}

/// Lets a provider back off for the longest time, because it serves another chain.
pub(super) fn record_wrong_chain(chain: Chain, provider: &str, problem: &str, now: Timestamp) {
    change(chain, provider, |health| {
        health.rests_until = later(now, MAX_REST_SECONDS);
        health.keep_problem(problem);
    });
}

/// Records that an answer of a provider proved bad later. Providers with such answers are asked for more of them after the others.
pub(in crate::flows) fn record_bad_answer(chain: Chain, provider: &str, now: Timestamp) {
    change(chain, provider, |health| {
        health.demerits = health.demerits.saturating_add(1);
        health.demerit_at = now;
    });
}

/// Records that an answer of a provider proved good, which ends the consequences of earlier bad ones.
pub(in crate::flows) fn record_good_answer(chain: Chain, provider: &str) {
    change(chain, provider, |health| health.demerits = 0);
}

/// The back-off after so many earlier ones, in seconds: twice as long each time.
fn rest_seconds(times: u32) -> u64 {
    REST_SECONDS.saturating_mul(1 << times.min(16)).min(MAX_REST_SECONDS)
}

fn change(chain: Chain, provider: &str, change: impl FnOnce(&mut Health)) {
    HEALTH.with_borrow_mut(|all| change(all.entry(chain).or_default().entry(provider.to_owned()).or_default()));
}

fn later(now: Timestamp, seconds: u64) -> Timestamp {
    Timestamp::from_nanos(now.nanos().saturating_add(seconds.saturating_mul(SECOND_NS)))
}

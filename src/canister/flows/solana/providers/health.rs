//! Health of each provider since the canister started or was upgraded.

use purser_core::base::{DAY_NS, SECOND_NS, Timestamp};
use purser_core::chains::solana::rpc::{Failure, RpcErrorClass};
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
/// The first back-off of a provider whose blockhashes died, in seconds. Each of them costs a transaction a minute and a half.
const HASH_REST_SECONDS: u64 = 600;
/// The longest back-off of a provider whose blockhashes died, in seconds.
const MAX_HASH_REST_SECONDS: u64 = 86_400;
/// The time for which a dead blockhash counts when providers are asked for new ones, also after the back-off.
const DEMERIT_NS: u64 = DAY_NS;

thread_local! {
    static HEALTH: RefCell<BTreeMap<String, Health>> = const { RefCell::new(BTreeMap::new()) };
}

/// The health of one provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The number of answers with a result.
    pub answers: u64,
    /// The number of calls without one.
    pub failures: u64,
    /// The number of calls without a result since the last answer.
    pub failures_in_a_row: u32,
    /// The duration of the last answered call, in nanoseconds.
    pub latency_ns: u64,
    /// The end of its back-off. Until then it is asked only when no other provider is left.
    pub rests_until: Timestamp,
    /// The end of its rate limit. Until then it is not asked at all.
    pub limited_until: Timestamp,
    /// The number of rate limits since the last answer.
    pub limits_in_a_row: u32,
    /// The number of its blockhashes that died unseen or were old on arrival, since the last good one.
    pub dead_hashes: u32,
    /// The time at which the last of those showed.
    pub dead_hash_at: Timestamp,
}

impl Health {
    /// The end of the provider's back-off, for failed calls or for dead blockhashes, whichever is later.
    pub fn resting_until(&self) -> Timestamp {
        let Some(more) = self.dead_hashes.checked_sub(1) else { return self.rests_until };
        let rest = HASH_REST_SECONDS.saturating_mul(1 << more.min(16)).min(MAX_HASH_REST_SECONDS);
        self.rests_until.max(later(self.dead_hash_at, rest))
    }

    /// The number of dead blockhashes that still count when providers are asked for new ones.
    pub(super) fn demerits(&self, now: Timestamp) -> u32 {
        if now.nanos_since(self.dead_hash_at) < DEMERIT_NS { self.dead_hashes } else { 0 }
    }

    fn record_answer(&mut self, latency_ns: u64) {
        self.answers = self.answers.saturating_add(1);
        self.failures_in_a_row = 0;
        self.latency_ns = latency_ns;
        self.rests_until = Timestamp::default();
        self.limited_until = Timestamp::default();
        self.limits_in_a_row = 0;
    }

    fn record_failure(&mut self, failure: Failure, asked_at: Timestamp, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        if is_rate_limit(failure) {
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

/// The health of the provider with this URL.
pub fn health(url: &str) -> Health {
    HEALTH.with_borrow(|all| all.get(url).copied().unwrap_or_default())
}

/// Records the end of a call that began at `asked_at`.
pub(super) fn record_call(url: &str, failure: Option<Failure>, asked_at: Timestamp, now: Timestamp) {
    change(url, |health| match failure {
        None => health.record_answer(now.nanos_since(asked_at)),
        Some(failure) => health.record_failure(failure, asked_at, now),
    });
}

/// Lets a provider back off for the longest time, because it serves another chain.
pub(super) fn record_wrong_chain(url: &str, now: Timestamp) {
    change(url, |health| health.rests_until = later(now, MAX_REST_SECONDS));
}

/// Records that a provider's blockhash died unseen or was old on arrival.
pub(in crate::flows) fn record_bad_blockhash(url: &str, now: Timestamp) {
    change(url, |health| {
        health.dead_hashes = health.dead_hashes.saturating_add(1);
        health.dead_hash_at = now;
    });
}

/// Records that a transaction with a provider's blockhash is in a block.
pub(in crate::flows) fn record_good_blockhash(url: &str) {
    change(url, |health| health.dead_hashes = 0);
}

/// The back-off after so many earlier ones, in seconds: twice as long each time.
fn rest_seconds(times: u32) -> u64 {
    REST_SECONDS.saturating_mul(1 << times.min(16)).min(MAX_REST_SECONDS)
}

fn is_rate_limit(failure: Failure) -> bool {
    matches!(failure, Failure::RateLimited | Failure::Rpc { class: RpcErrorClass::RateLimited, .. })
}

fn change(url: &str, change: impl FnOnce(&mut Health)) {
    HEALTH.with_borrow_mut(|all| change(all.entry(url.to_owned()).or_default()));
}

fn later(now: Timestamp, seconds: u64) -> Timestamp {
    Timestamp::from_nanos(now.nanos().saturating_add(seconds.saturating_mul(SECOND_NS)))
}

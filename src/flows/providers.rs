//! Which Solana providers are asked, how many must agree, and how each of them is doing.
//!
//! What decides about money is asked of as many providers as the configuration's quorum, and counts when so many say the same. A
//! provider is asked for its genesis hash before anything else, once, and what it said is in the log: one that serves another chain is
//! never believed. How a provider is doing lives on the heap: losing it costs nothing but an early question.

use super::outcalls::{self, Asking};
use crate::ports::{CallError, Runtime};
use purser_core::chains::solana::Blockhash;
use purser_core::chains::solana::rpc::{self, Failure, Request, RpcErrorClass};
use purser_core::primitives::{SECOND_NS, Timestamp};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// Failures in a row after which a provider rests.
const PATIENCE: u32 = 3;
/// The first and the longest rest.
const REST_SECONDS: u64 = 10;
const MAX_REST_SECONDS: u64 = 600;

thread_local! {
    static HEALTH: RefCell<BTreeMap<String, Health>> = const { RefCell::new(BTreeMap::new()) };
    /// The highest slot that a quorum of providers has agreed to be finalized. No older state is believed.
    static SEEN_SLOT: Cell<u64> = const { Cell::new(0) };
}

/// How a provider is doing since the canister started or was upgraded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Answers with a result.
    pub answers: u64,
    /// Calls without one.
    pub failures: u64,
    /// Of these, since the last answer.
    pub failures_in_a_row: u32,
    /// How long the last answer took, in nanoseconds.
    pub latency_ns: u64,
    /// Asked only if nobody else can be, until then.
    pub rests_until: Timestamp,
}

/// How a provider is doing.
pub fn health(url: &str) -> Health {
    HEALTH.with_borrow(|all| all.get(url).copied().unwrap_or_default())
}

/// The slot that a node must have reached to be believed.
pub(super) fn seen_slot() -> u64 {
    SEEN_SLOT.get()
}

/// A quorum agrees that this slot is finalized.
pub(super) fn saw_slot(slot: u64) {
    SEEN_SLOT.set(SEEN_SLOT.get().max(slot));
}

/// The providers in the order in which they are asked: `turn` says who is first, and those that rest come last.
fn order<R: Runtime>(rt: &R, turn: usize) -> Vec<String> {
    let mut urls = rt.read(|state| state.config()).solana.providers;
    if let Some(first) = turn.checked_rem(urls.len()) {
        urls.rotate_left(first);
    }
    let now = rt.now();
    urls.sort_by_key(|url| health(url).rests_until > now);
    urls
}

/// One provider's answer.
///
/// # Errors
/// When there is none, or the provider serves another chain.
pub(super) async fn ask<R: Runtime>(rt: &R, turn: usize, asking: Asking, request: &Request) -> Result<Vec<u8>, CallError> {
    let urls = order(rt, turn);
    let url = urls.first().ok_or_else(|| CallError("no provider is configured".to_owned()))?;
    ask_at(rt, url, asking, request).await
}

/// The answer that as many providers give as must agree.
///
/// # Errors
/// When no answer is given often enough. With a quorum of one, whatever the one provider says is the answer, failures included.
pub(super) async fn agreed<R: Runtime>(rt: &R, turn: usize, request: &Request) -> Result<Vec<u8>, CallError> {
    let quorum = rt.read(|state| state.config()).solana.quorum();
    if quorum == 1 {
        return ask(rt, turn, Asking::AllReplicas, request).await;
    }
    let mut votes: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    let mut last = String::from("none of them answered");
    for url in order(rt, turn) {
        match usable(ask_at(rt, &url, Asking::AllReplicas, request).await) {
            Err(problem) => last = problem,
            Ok(body) => {
                let count = votes.entry(body.clone()).or_default();
                *count += 1;
                if *count == quorum {
                    return Ok(body);
                }
            }
        }
    }
    let problem = if votes.len() > 1 { "they disagree".to_owned() } else { last };
    Err(CallError(format!("no {quorum} providers say the same: {problem}")))
}

/// Numbers from as many providers as must agree, but at least from `least` questions: for bounds, on which providers need not agree.
///
/// # Errors
/// When too few of them answer.
pub(super) async fn numbers<R: Runtime>(rt: &R, turn: usize, least: usize, request: &Request) -> Result<Vec<u64>, CallError> {
    let wanted = rt.read(|state| state.config()).solana.quorum().max(least);
    let urls = order(rt, turn);
    let mut numbers = Vec::new();
    let mut last = None;
    // Where there are fewer providers than questions, the same one is asked again.
    for url in urls.iter().cycle().take(urls.len().max(wanted)) {
        match usable(ask_at(rt, url, Asking::AllReplicas, request).await).map(|body| rpc::parse_u64(&body)) {
            Ok(Ok(number)) => numbers.push(number),
            Ok(Err(failure)) => last = Some(failure.to_string()),
            Err(problem) => last = Some(problem),
        }
        if numbers.len() == wanted {
            return Ok(numbers);
        }
        // With no more providers than questions, one that fails cannot be made up for.
        if last.is_some() && urls.len() <= wanted {
            break;
        }
    }
    Err(CallError(last.unwrap_or_else(|| "no provider is configured".to_owned())))
}

fn usable(answer: Result<Vec<u8>, CallError>) -> Result<Vec<u8>, String> {
    let body = answer.map_err(|error| error.to_string())?;
    rpc::failure_of(&body).map_or(Ok(body), |failure| Err(failure.to_string()))
}

async fn ask_at<R: Runtime>(rt: &R, url: &str, asking: Asking, request: &Request) -> Result<Vec<u8>, CallError> {
    if rt.read(|state| state.provider_genesis(url)).is_none() {
        pin(rt, url).await?;
    }
    measured(rt, url, asking, request).await
}

/// Makes sure that a provider serves the configured chain, and notes in the log which one it serves.
async fn pin<R: Runtime>(rt: &R, url: &str) -> Result<(), CallError> {
    let body = measured(rt, url, Asking::AllReplicas, &Request::GenesisHash).await?;
    let found = rpc::parse_hash(&body).map_err(|failure| CallError(format!("Solana: {failure}")))?;
    if let Err(problem) = check_genesis(rt, found) {
        note(url, |health| health.rests_until = later(rt.now(), MAX_REST_SECONDS));
        return Err(CallError(problem));
    }
    // Another message may have pinned it meanwhile.
    if let Ok(decided) = rt.read(|state| state.decide_pin(url.to_owned(), *found.as_bytes())) {
        rt.commit(decided);
    }
    Ok(())
}

/// A public cluster's genesis is known; a local one's is the one that was configured, or that the other providers serve.
fn check_genesis<R: Runtime>(rt: &R, found: Blockhash) -> Result<(), String> {
    let config = rt.read(|state| state.config()).solana;
    config.network.check_genesis(found).map_err(|error| error.to_string())?;
    let named = config.genesis().map(<[u8]>::to_vec);
    let others = config.providers.iter().filter_map(|url| rt.read(|state| state.provider_genesis(url)).map(|hash| hash.to_vec()));
    match named.into_iter().chain(others).find(|hash| hash[..] != found.as_bytes()[..]) {
        None => Ok(()),
        Some(_) => Err(format!("the provider's genesis hash {found} is another than the cluster's")),
    }
}

async fn measured<R: Runtime>(rt: &R, url: &str, asking: Asking, request: &Request) -> Result<Vec<u8>, CallError> {
    let asked_at = rt.now();
    let answer = outcalls::solana(rt, url, asking, request).await;
    let now = rt.now();
    let failure = match &answer {
        Ok(body) => rpc::failure_of(body),
        Err(_) => Some(Failure::NotJson),
    };
    note(url, |health| match failure {
        None => {
            health.answers = health.answers.saturating_add(1);
            health.failures_in_a_row = 0;
            health.latency_ns = now.nanos_since(asked_at);
            health.rests_until = Timestamp::default();
        }
        Some(failure) => {
            health.failures = health.failures.saturating_add(1);
            health.failures_in_a_row = health.failures_in_a_row.saturating_add(1);
            let beyond = health.failures_in_a_row.saturating_sub(if is_rate_limit(failure) { 1 } else { PATIENCE });
            if is_rate_limit(failure) || health.failures_in_a_row >= PATIENCE {
                let rest = REST_SECONDS.saturating_mul(1 << beyond.min(16)).min(MAX_REST_SECONDS);
                health.rests_until = later(now, rest);
            }
        }
    });
    answer
}

fn is_rate_limit(failure: Failure) -> bool {
    matches!(failure, Failure::RateLimited | Failure::Rpc { class: RpcErrorClass::RateLimited, .. })
}

fn note(url: &str, change: impl FnOnce(&mut Health)) {
    HEALTH.with_borrow_mut(|all| change(all.entry(url.to_owned()).or_default()));
}

fn later(now: Timestamp, seconds: u64) -> Timestamp {
    Timestamp::from_nanos(now.nanos().saturating_add(seconds.saturating_mul(SECOND_NS)))
}

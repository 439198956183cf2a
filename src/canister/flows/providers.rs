//! Which Solana providers are asked, how many must agree, and how each of them is doing.
//!
//! What decides about money is asked of as many providers as the configuration's quorum, and counts when so many say the same. A
//! provider is asked for its genesis hash before anything else, once, and what it said is in the log: one that serves another chain is
//! never believed. How a provider is doing lives on the heap: losing it costs nothing but an early question.
//!
//! The SOL RPC canister is a provider among others for what it can answer; what it cannot, it is not asked.

use super::outcalls::{self, Replication};
use crate::ports::{CallError, Runtime};
use purser_core::base::{DAY_NS, SECOND_NS, Timestamp};
use purser_core::chains::solana::rpc::{self, Commitment, EpochInfo, Failure, Reading, Request, RpcErrorClass};
use purser_core::chains::solana::{Address, Blockhash};
use purser_core::governance::config::provider_canister;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Failures in a row after which a provider rests.
const PATIENCE: u32 = 3;
/// The first and the longest rest.
const REST_SECONDS: u64 = 10;
const MAX_REST_SECONDS: u64 = 600;
/// For how long it counts that a nonce was seen to be used up: some looks, and longer than the slot was rounded up by.
const CHANGE_SECONDS: u64 = 150;
/// For how long a provider that limits the rate of requests is not asked at all, even if there is nobody else.
const MAX_LIMITED_SECONDS: u64 = 60;

/// The first and the longest rest of a provider whose blockhashes are no good: each costs a transaction a minute and a half.
const HASH_REST_SECONDS: u64 = 600;
const MAX_HASH_REST_SECONDS: u64 = 86_400;
/// For how long one is asked for blockhashes after those whose are better, though it does not rest any more.
const DEMERIT_NS: u64 = DAY_NS;

type Changes = BTreeMap<(String, [u8; 32]), Change>;

thread_local! {
    static HEALTH: RefCell<BTreeMap<String, Health>> = const { RefCell::new(BTreeMap::new()) };
    /// By provider and nonce account: what was seen when it was seen to be used up. It makes a proof come sooner, no more.
    static CHANGES: RefCell<Changes> = const { RefCell::new(BTreeMap::new()) };
}

/// A nonce account whose value was seen to be another.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// The value that is used up.
    used: Blockhash,
    /// The slot in which that was seen, rounded up.
    by_slot: u64,
    /// When it was first seen.
    seen_at: Timestamp,
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
    /// Not asked at all until then: it limits the rate of requests.
    pub limited_until: Timestamp,
    /// How often it has said so since the last answer.
    pub limits_in_a_row: u32,
    /// Its blockhashes that died unseen or were old when they came, since one of them was in a block.
    pub dead_hashes: u32,
    /// When that last showed.
    pub dead_hash_at: Timestamp,
}

impl Health {
    /// Until when it is asked only if nobody else can be, whatever for.
    pub fn resting_until(&self) -> Timestamp {
        let Some(more) = self.dead_hashes.checked_sub(1) else { return self.rests_until };
        let rest = HASH_REST_SECONDS.saturating_mul(1 << more.min(16)).min(MAX_HASH_REST_SECONDS);
        self.rests_until.max(later(self.dead_hash_at, rest))
    }

    /// How many of its blockhashes count against it.
    fn demerits(&self, now: Timestamp) -> u32 {
        if now.nanos_since(self.dead_hash_at) < DEMERIT_NS { self.dead_hashes } else { 0 }
    }
}

/// How a provider is doing.
pub fn health(url: &str) -> Health {
    HEALTH.with_borrow(|all| all.get(url).copied().unwrap_or_default())
}

/// A node has just shown that a value of a nonce account is used up: the least slot by which it did so lately. The slot of what is seen now
/// was rounded up, and nobody may have reached it yet.
pub(super) fn changed_by(url: &str, account: &Address, used: Blockhash, by_slot: u64, now: Timestamp) -> u64 {
    let key = (url.to_owned(), *account.as_bytes());
    CHANGES.with_borrow_mut(|all| {
        let is_recent = |known: &&mut Change| known.used == used && now.nanos_since(known.seen_at) < CHANGE_SECONDS * SECOND_NS;
        if let Some(known) = all.get_mut(&key).filter(is_recent) {
            known.by_slot = known.by_slot.min(by_slot);
            return known.by_slot;
        }
        all.insert(key, Change { used, by_slot, seen_at: now });
        by_slot
    })
}

/// A node shows that it is not used up: what it showed before was no good.
pub(super) fn unchanged(url: &str, account: &Address) {
    CHANGES.with_borrow_mut(|all| all.remove(&(url.to_owned(), *account.as_bytes())));
}

/// The slot that a node must have reached to be believed: what landed there is in the log. One provider's word does not bind the others
/// that may take its place.
pub(super) fn least_slot<R: Runtime>(rt: &R) -> u64 {
    rt.read(|state| if state.config().solana.quorum() > 1 { state.reached_slot() } else { 0 })
}

/// A provider's blockhash was no good.
pub(super) fn blame(url: &str, now: Timestamp) {
    note(url, |health| {
        health.dead_hashes = health.dead_hashes.saturating_add(1);
        health.dead_hash_at = now;
    });
}

/// A provider's blockhash was good.
pub(super) fn praise(url: &str) {
    note(url, |health| health.dead_hashes = 0);
}

/// The providers that can be asked this, in the order in which they are: `provider_offset` says who is first, and those that rest come last. For a
/// blockhash merit goes before the turn.
fn order<R: Runtime>(rt: &R, provider_offset: usize, request: &Request) -> Vec<String> {
    let config = rt.read(|state| state.config().solana.clone());
    let mut urls = if request.suits_canister() { config.providers } else { config.nodes() };
    if let Some(first) = provider_offset.checked_rem(urls.len()) {
        urls.rotate_left(first);
    }
    let now = rt.now();
    let is_for_hash = matches!(request, Request::LatestBlockhash { .. });
    urls.sort_by_key(|url| {
        let health = health(url);
        (health.resting_until() > now, if is_for_hash { health.demerits(now) } else { 0 })
    });
    urls
}

/// What a node is asked that has to say how far it is.
pub(super) const fn position(commitment: Commitment, height: Reading, slot: Reading, min_slot: u64) -> Request {
    Request::EpochInfo { commitment, height, slot, min_slot }
}

/// The nodes that can prove what became of a transaction, in the order in which they are asked: those that answer, but never fewer than
/// must agree. Bad blockhashes keep none from being asked: what it knows may be what the others do not.
pub(super) fn nodes<R: Runtime>(rt: &R, provider_offset: usize) -> Vec<String> {
    let mut urls = order(rt, provider_offset, &position(Commitment::Finalized, Reading::EXACT, Reading::EXACT, 0));
    urls.sort_by_key(|url| is_silent(rt, url));
    let awake = urls.iter().filter(|url| !is_silent(rt, url)).count();
    urls.truncate(awake.max(rt.read(|state| state.config().solana.quorum())));
    urls
}

/// Whether a provider rests because it gave no answers.
fn is_silent<R: Runtime>(rt: &R, url: &str) -> bool {
    health(url).rests_until > rt.now()
}

/// One provider's answer.
///
/// # Errors
/// When there is none, or the provider serves another chain.
pub(super) async fn ask<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    replication: Replication,
    request: &Request,
) -> Result<Vec<u8>, CallError> {
    let urls = order(rt, provider_offset, request);
    let url = urls.first().ok_or_else(|| CallError("no provider is configured".to_owned()))?;
    ask_at(rt, url, replication, request).await
}

/// One provider's answer, and which provider gave it.
///
/// # Errors
/// As [`ask`].
pub(super) async fn ask_first<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    replication: Replication,
    request: &Request,
) -> Result<(String, Vec<u8>), CallError> {
    let url =
        order(rt, provider_offset, request).into_iter().next().ok_or_else(|| CallError("no provider is configured".to_owned()))?;
    let body = ask_at(rt, &url, replication, request).await?;
    Ok((url, body))
}

/// A second opinion: the answer of the first other provider that gives one, or of the same again where it is the only one.
///
/// # Errors
/// When no other provider gives an answer.
pub(super) async fn ask_another<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    than: &str,
    replication: Replication,
    request: &Request,
) -> Result<Vec<u8>, CallError> {
    let mut urls = order(rt, provider_offset, request);
    if urls.iter().any(|url| url != than) {
        urls.retain(|url| url != than);
    }
    let mut last = None;
    for url in &urls {
        let failure = match ask_at(rt, url, replication, request).await {
            Ok(body) => match rpc::failure_of(&body) {
                None => return Ok(body),
                Some(failure) => CallError(failure.to_string()),
            },
            Err(problem) => problem,
        };
        // A rest is only the reason when nothing else is.
        if last.as_ref().is_none_or(CallError::is_rate_limited) {
            last = Some(failure);
        }
    }
    Err(last.unwrap_or_else(|| CallError("no provider is configured".to_owned())))
}

/// The answer of the provider so many places after the one that [`ask`] asks, of those that answer.
///
/// # Errors
/// When there is none, or the provider serves another chain.
pub(super) async fn ask_next<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    places: usize,
    request: &Request,
) -> Result<Vec<u8>, CallError> {
    let mut urls = order(rt, provider_offset, request);
    urls.retain(|url| !is_silent(rt, url));
    match places.checked_rem(urls.len()) {
        Some(place) => ask_at(rt, &urls[place], Replication::SingleNode, request).await,
        None => ask(rt, provider_offset, Replication::SingleNode, request).await,
    }
}

/// The answer that as many providers give as must agree.
///
/// # Errors
/// When no answer is given often enough. With a quorum of one, whatever the one provider says is the answer, failures included.
pub(super) async fn agreed<R: Runtime>(rt: &R, provider_offset: usize, request: &Request) -> Result<Vec<u8>, CallError> {
    let quorum = rt.read(|state| state.config().solana.quorum());
    if quorum == 1 {
        return ask(rt, provider_offset, Replication::Replicated, request).await;
    }
    // What they say, how many of them, and how the first of them worded it.
    let mut votes: BTreeMap<Vec<u8>, (usize, Vec<u8>)> = BTreeMap::new();
    let mut last = None;
    let mut rests = 0;
    let mut urls = order(rt, provider_offset, request);
    // The canister takes longer and costs more: where others answer, they are enough.
    urls.sort_by_key(|url| (health(url).resting_until() > rt.now(), provider_canister(url).is_some()));
    for url in &urls {
        match ask_node(rt, url, request).await {
            Err(problem) if problem.is_rate_limited() => rests += 1,
            Err(problem) => last = Some(problem.to_string()),
            Ok(body) => {
                let (count, worded) = votes.entry(rpc::verdict(request, &body)).or_insert((0, body));
                *count += 1;
                if *count == quorum {
                    return Ok(worded.clone());
                }
            }
        }
    }
    match last {
        _ if votes.len() > 1 => Err(CallError(format!("no {quorum} providers say the same: they disagree"))),
        Some(problem) => Err(CallError(format!("no {quorum} providers say the same: {problem}"))),
        None if rests > 0 => Err(CallError::rate_limited()),
        None => Err(CallError(format!("no {quorum} providers say the same: too few are named"))),
    }
}

/// What two providers say, where one is enough and there are two; otherwise as [`agreed`]. Whoever was asked before, one of the two is
/// another.
///
/// # Errors
/// When they do not say the same.
pub(super) async fn agreed_by_two<R: Runtime>(rt: &R, provider_offset: usize, request: &Request) -> Result<Vec<u8>, CallError> {
    let urls = order(rt, provider_offset, request);
    let [first, second, ..] = &urls[..] else { return agreed(rt, provider_offset, request).await };
    if rt.read(|state| state.config().solana.quorum()) > 1 {
        return agreed(rt, provider_offset.wrapping_add(1), request).await;
    }
    let (one, other) = (ask_node(rt, first, request).await?, ask_node(rt, second, request).await?);
    let same = rpc::verdict(request, &one) == rpc::verdict(request, &other);
    if same { Ok(one) } else { Err(CallError("two providers disagree".to_owned())) }
}

/// One node's answer, with who gave it: of the first that has come as far as the request demands.
///
/// # Errors
/// When there is none.
pub(super) async fn ask_one_that_is_up_to_date<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    request: &Request,
) -> Result<(String, Vec<u8>), CallError> {
    let mut behind = None;
    for url in order(rt, provider_offset, request) {
        let body = ask_at(rt, &url, Replication::SingleNode, request).await?;
        match rpc::failure_of(&body) {
            Some(failure) if failure.is_behind() => behind = Some(CallError(format!("Solana: {failure}"))),
            _ => return Ok((url, body)),
        }
    }
    Err(behind.unwrap_or_else(|| CallError("no provider is configured".to_owned())))
}

/// How far as many nodes are as must agree, but at least in two answers. Nothing as long as too few of them have come as far as the request
/// demands, which is no failure: they will.
///
/// # Errors
/// When too few of them answer.
pub(super) async fn positions<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    request: &Request,
) -> Result<Option<Vec<EpochInfo>>, CallError> {
    let wanted = rt.read(|state| state.config().solana.quorum().max(2));
    let urls = order(rt, provider_offset, request);
    let (mut found, mut last, mut is_behind) = (Vec::new(), None, false);
    // Where there are fewer nodes than answers wanted, the same one is asked again.
    for url in urls.iter().cycle().take(urls.len().max(wanted)) {
        match answer_of(rt, url, request).await.map(|body| rpc::parse_epoch(&body)) {
            Ok(Ok(position)) => found.push(position),
            Ok(Err(failure)) if failure.is_behind() => is_behind = true,
            Ok(Err(failure)) => last = Some(CallError(failure.to_string())),
            Err(problem) => last = Some(problem),
        }
        if found.len() == wanted {
            return Ok(Some(found));
        }
        // With no more nodes than answers wanted, one that gives none cannot be made up for.
        if (is_behind || last.is_some()) && urls.len() <= wanted {
            break;
        }
    }
    match last {
        None if is_behind => Ok(None),
        last => Err(last.unwrap_or_else(|| CallError("no provider is configured".to_owned()))),
    }
}

/// The answer of one provider on which all replicas agree.
///
/// # Errors
/// When there is no result in it.
pub(super) async fn ask_node<R: Runtime>(rt: &R, url: &str, request: &Request) -> Result<Vec<u8>, CallError> {
    let body = answer_of(rt, url, request).await?;
    rpc::failure_of(&body).map_or(Ok(body), |failure| Err(CallError(failure.to_string())))
}

/// What one provider answers on which all replicas agree, be it a result or a failure.
///
/// # Errors
/// When there is none.
pub(super) async fn answer_of<R: Runtime>(rt: &R, url: &str, request: &Request) -> Result<Vec<u8>, CallError> {
    ask_at(rt, url, Replication::Replicated, request).await
}

async fn ask_at<R: Runtime>(rt: &R, url: &str, replication: Replication, request: &Request) -> Result<Vec<u8>, CallError> {
    if health(url).limited_until > rt.now() {
        return Err(CallError::rate_limited());
    }
    if rt.read(|state| state.provider_genesis(url)).is_none() {
        pin(rt, url).await?;
    }
    measured(rt, url, replication, request).await
}

/// Makes sure that a provider serves the configured chain, and notes in the log which one it serves.
async fn pin<R: Runtime>(rt: &R, url: &str) -> Result<(), CallError> {
    let body = measured(rt, url, Replication::Replicated, &Request::GenesisHash).await?;
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
    let config = rt.read(|state| state.config().solana.clone());
    config.network.check_genesis(found).map_err(|error| error.to_string())?;
    let named = config.genesis().map(<[u8]>::to_vec);
    let others = config.providers.iter().filter_map(|url| rt.read(|state| state.provider_genesis(url)).map(|hash| hash.to_vec()));
    match named.into_iter().chain(others).find(|hash| hash[..] != found.as_bytes()[..]) {
        None => Ok(()),
        Some(_) => Err(format!("the provider's genesis hash {found} is another than the cluster's")),
    }
}

async fn measured<R: Runtime>(rt: &R, url: &str, replication: Replication, request: &Request) -> Result<Vec<u8>, CallError> {
    let asked_at = rt.now();
    let answer = outcalls::solana(rt, url, replication, request).await;
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
            health.limited_until = Timestamp::default();
            health.limits_in_a_row = 0;
        }
        Some(failure) => {
            health.failures = health.failures.saturating_add(1);
            health.failures_in_a_row = health.failures_in_a_row.saturating_add(1);
            if is_rate_limit(failure) {
                // What was asked before the rest began says nothing new.
                if health.limited_until <= asked_at {
                    health.limits_in_a_row = health.limits_in_a_row.saturating_add(1);
                    let rest = rest(health.limits_in_a_row.saturating_sub(1));
                    health.rests_until = later(now, rest);
                    health.limited_until = later(now, rest.min(MAX_LIMITED_SECONDS));
                }
            } else if let Some(beyond) = health.failures_in_a_row.checked_sub(PATIENCE) {
                health.rests_until = later(now, rest(beyond));
            }
        }
    });
    answer
}

/// Twice as long each time.
fn rest(times: u32) -> u64 {
    REST_SECONDS.saturating_mul(1 << times.min(16)).min(MAX_REST_SECONDS)
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

//! The order of the providers, and the answer of one.

use super::health::{self, health};
use crate::flows::outcalls::{self, Replication};
use crate::ports::{CallError, CallErrorKind, Runtime};
use purser_core::chains::config::ChainConfig;
use purser_core::chains::solana::Blockhash;
use purser_core::chains::solana::rpc::{self, Commitment, Failure, Reading, Request};

/// The providers that can answer a request, in the order in which they are asked.
///
/// The order begins at `provider_offset`, and providers that back off come last. For a blockhash those with dead blockhashes come after
/// those without, whatever the offset.
pub(super) fn ordered<R: Runtime>(rt: &R, provider_offset: usize, request: &Request) -> Vec<String> {
    let config = rt.read(|state| state.config().chains.solana.clone());
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

/// The request for a node's block height and slot.
pub(in crate::flows) const fn epoch_request(commitment: Commitment, height: Reading, slot: Reading, min_slot: u64) -> Request {
    Request::EpochInfo { commitment, height, slot, min_slot }
}

/// The nodes that can prove the fate of a transaction, in the order in which they are asked.
///
/// Nodes without answers are left out as long as a quorum remains. Dead blockhashes exclude no node: it may know a transaction that the
/// others do not.
pub(in crate::flows) fn nodes<R: Runtime>(rt: &R, provider_offset: usize) -> Vec<String> {
    let request = epoch_request(Commitment::Finalized, Reading::EXACT, Reading::EXACT, 0);
    let mut urls = ordered(rt, provider_offset, &request);
    urls.sort_by_key(|url| is_failing(rt, url));
    let answering = urls.iter().filter(|url| !is_failing(rt, url)).count();
    urls.truncate(answering.max(rt.read(|state| state.config().chains.solana.quorum())));
    urls
}

/// Whether a provider backs off because of failed calls.
fn is_failing<R: Runtime>(rt: &R, url: &str) -> bool {
    health(url).rests_until > rt.now()
}

/// The answer of the first provider.
///
/// # Errors
/// When the call fails, or the provider serves another chain.
pub(in crate::flows) async fn ask<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    replication: Replication,
    request: &Request,
) -> Result<Vec<u8>, CallError> {
    ask_first(rt, provider_offset, replication, request).await.map(|(_, body)| body)
}

/// The answer of the first provider, with its URL.
///
/// # Errors
/// As [`ask`].
pub(in crate::flows) async fn ask_first<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    replication: Replication,
    request: &Request,
) -> Result<(String, Vec<u8>), CallError> {
    let url = ordered(rt, provider_offset, request).into_iter().next().ok_or_else(CallError::no_provider)?;
    let body = ask_at(rt, &url, replication, request).await?;
    Ok((url, body))
}

/// A second opinion: the answer of the first provider other than `than`. A provider that is the only one is asked again.
///
/// # Errors
/// When no other provider gives an answer.
pub(in crate::flows) async fn ask_another<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    than: &str,
    replication: Replication,
    request: &Request,
) -> Result<Vec<u8>, CallError> {
    let mut urls = ordered(rt, provider_offset, request);
    if urls.iter().any(|url| url != than) {
        urls.retain(|url| url != than);
    }
    let mut last: Option<CallError> = None;
    for url in &urls {
        let problem = match ask_at(rt, url, replication, request).await {
            Ok(body) => match rpc::failure_of(&body) {
                None => return Ok(body),
                Some(failure) => CallError::unusable(failure),
            },
            Err(problem) => problem,
        };
        // A rate limit is reported only when no provider failed otherwise: no provider is to blame for it.
        if last.as_ref().is_none_or(|last| last.kind == CallErrorKind::RateLimited) {
            last = Some(problem);
        }
    }
    Err(last.unwrap_or_else(CallError::no_provider))
}

/// The answer of the provider `places` after the first, counted around those that answer.
///
/// # Errors
/// As [`ask`].
pub(in crate::flows) async fn ask_next<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    places: usize,
    request: &Request,
) -> Result<Vec<u8>, CallError> {
    let mut urls = ordered(rt, provider_offset, request);
    urls.retain(|url| !is_failing(rt, url));
    match places.checked_rem(urls.len()) {
        Some(place) => ask_at(rt, &urls[place], Replication::SingleNode, request).await,
        None => ask(rt, provider_offset, Replication::SingleNode, request).await,
    }
}

/// The answer of the first node that has reached the slot which the request demands, with the node's URL.
///
/// # Errors
/// When a call fails, or no node has come so far.
pub(in crate::flows) async fn ask_up_to_date<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    request: &Request,
) -> Result<(String, Vec<u8>), CallError> {
    let mut behind = None;
    for url in ordered(rt, provider_offset, request) {
        let body = ask_at(rt, &url, Replication::SingleNode, request).await?;
        match rpc::failure_of(&body) {
            Some(failure) if failure.is_behind() => behind = Some(CallError::unusable(format!("Solana: {failure}"))),
            _ => return Ok((url, body)),
        }
    }
    Err(behind.unwrap_or_else(CallError::no_provider))
}

/// The result that one provider gives and all replicas agree on.
///
/// # Errors
/// When the call fails, or its answer carries no result.
pub(in crate::flows) async fn ask_node<R: Runtime>(rt: &R, url: &str, request: &Request) -> Result<Vec<u8>, CallError> {
    let body = answer_of(rt, url, request).await?;
    rpc::failure_of(&body).map_or(Ok(body), |failure| Err(CallError::unusable(failure)))
}

/// The answer that one provider gives and all replicas agree on, be it a result or a failure.
///
/// # Errors
/// When the call fails.
pub(in crate::flows) async fn answer_of<R: Runtime>(rt: &R, url: &str, request: &Request) -> Result<Vec<u8>, CallError> {
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

/// Checks that a provider serves the configured chain, and logs the genesis hash that it serves.
async fn pin<R: Runtime>(rt: &R, url: &str) -> Result<(), CallError> {
    let body = measured(rt, url, Replication::Replicated, &Request::GenesisHash).await?;
    let found = rpc::parse_hash(&body).map_err(|failure| CallError::unusable(format!("Solana: {failure}")))?;
    if let Err(problem) = check_genesis(rt, found) {
        health::record_wrong_chain(url, rt.now());
        return Err(CallError::unusable(problem));
    }
    // Another message may have pinned it meanwhile.
    if let Ok(decided) = rt.read(|state| state.decide_pin_provider(url.to_owned(), *found.as_bytes())) {
        rt.commit(decided);
    }
    Ok(())
}

/// Compares a genesis hash with the cluster's. A local cluster's is the configured one, or the one that the other providers serve.
fn check_genesis<R: Runtime>(rt: &R, found: Blockhash) -> Result<(), String> {
    let config = rt.read(|state| state.config().chains.solana.clone());
    config.network.check_genesis(found).map_err(|error| error.to_string())?;
    let configured = config.genesis().map(<[u8]>::to_vec);
    let others = config.providers.iter().filter_map(|url| rt.read(|state| state.provider_genesis(url)).map(|hash| hash.to_vec()));
    match configured.into_iter().chain(others).find(|hash| hash[..] != found.as_bytes()[..]) {
        None => Ok(()),
        Some(_) => Err(format!("the provider's genesis hash {found} is another than the cluster's")),
    }
}

/// Calls a provider and records how the call went.
async fn measured<R: Runtime>(rt: &R, url: &str, replication: Replication, request: &Request) -> Result<Vec<u8>, CallError> {
    let asked_at = rt.now();
    let answer = outcalls::solana(rt, url, replication, request).await;
    let failure = match &answer {
        Ok(body) => rpc::failure_of(body),
        Err(_) => Some(Failure::NotJson),
    };
    health::record_call(url, failure, asked_at, rt.now());
    answer
}

//! The answers of several providers.

use super::ask::{answer_of, ask, ask_node, ordered};
use super::health::health;
use crate::flows::outcalls::Replication;
use crate::ports::{CallError, CallErrorKind, Runtime};
use purser_core::chains::config::ChainConfig;
use purser_core::chains::solana::config::provider_canister;
use purser_core::chains::solana::rpc::{self, EpochInfo, Request};
use std::collections::BTreeMap;

/// The slot that a node must have reached to be believed: a transaction of the log landed there.
///
/// Zero with a quorum of one: the answer of one provider does not bind the others that may take its place.
pub(in crate::flows) fn min_slot<R: Runtime>(rt: &R) -> u64 {
    rt.read(|state| if state.config().chains.solana.quorum() > 1 { state.highest_landed_slot() } else { 0 })
}

/// The answer that a quorum of providers gives.
///
/// # Errors
/// When too few providers give the same answer. With a quorum of one the provider's answer counts, failures included.
pub(in crate::flows) async fn agreed<R: Runtime>(rt: &R, provider_offset: usize, request: &Request) -> Result<Vec<u8>, CallError> {
    let quorum = rt.read(|state| state.config().chains.solana.quorum());
    if quorum == 1 {
        return ask(rt, provider_offset, Replication::Replicated, request).await;
    }
    // For each verdict the number of its providers and the wording of the first.
    let mut votes: BTreeMap<Vec<u8>, (usize, Vec<u8>)> = BTreeMap::new();
    let mut last = None;
    let mut is_limited = false;
    let mut urls = ordered(rt, provider_offset, request);
    // The canister takes longer and costs more: where nodes answer, they are enough.
    urls.sort_by_key(|url| (health(url).resting_until() > rt.now(), provider_canister(url).is_some()));
    for url in &urls {
        match ask_node(rt, url, request).await {
            Err(problem) if problem.kind == CallErrorKind::RateLimited => is_limited = true,
            Err(problem) => last = Some(problem),
            Ok(body) => {
                let (count, worded) = votes.entry(rpc::verdict(request, &body)).or_insert((0, body));
                *count += 1;
                if *count == quorum {
                    return Ok(worded.clone());
                }
            }
        }
    }
    let no_quorum = |kind, why: &str| Err(CallError::new(kind, format!("no {quorum} providers say the same: {why}")));
    match last {
        _ if votes.len() > 1 => no_quorum(CallErrorKind::NoQuorum, "they disagree"),
        // The kind stays: an answer that is too large for one provider is so for the quorum.
        Some(problem) => no_quorum(problem.kind, &problem.message),
        None if is_limited => Err(CallError::rate_limited()),
        None => no_quorum(CallErrorKind::NoQuorum, "too few are named"),
    }
}

/// The answer on which two providers agree even with a quorum of one, where two are configured; otherwise as [`agreed`].
///
/// One of the two is another provider than the one that a quorum of one has asked before.
///
/// # Errors
/// When the two do not give the same answer.
pub(in crate::flows) async fn agreed_by_two<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    request: &Request,
) -> Result<Vec<u8>, CallError> {
    let urls = ordered(rt, provider_offset, request);
    let [first, second, ..] = &urls[..] else { return agreed(rt, provider_offset, request).await };
    if rt.read(|state| state.config().chains.solana.quorum()) > 1 {
        return agreed(rt, provider_offset.wrapping_add(1), request).await;
    }
    let (one, other) = (ask_node(rt, first, request).await?, ask_node(rt, second, request).await?);
    let same = rpc::verdict(request, &one) == rpc::verdict(request, &other);
    if same { Ok(one) } else { Err(CallError::new(CallErrorKind::NoQuorum, "two providers disagree")) }
}

/// The positions of as many nodes as the quorum, in at least two answers.
///
/// `None` as long as too few nodes have reached the slot that the request demands. That is no failure: they will.
///
/// # Errors
/// When too few nodes answer.
pub(in crate::flows) async fn positions<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    request: &Request,
) -> Result<Option<Vec<EpochInfo>>, CallError> {
    let wanted = rt.read(|state| state.config().chains.solana.quorum().max(2));
    let urls = ordered(rt, provider_offset, request);
    let (mut found, mut last, mut is_behind) = (Vec::new(), None, false);
    // Where there are fewer nodes than answers wanted, the same node is asked again.
    for url in urls.iter().cycle().take(urls.len().max(wanted)) {
        match answer_of(rt, url, request).await.map(|body| rpc::parse_epoch(&body)) {
            Ok(Ok(position)) => found.push(position),
            Ok(Err(failure)) if failure.is_behind() => is_behind = true,
            Ok(Err(failure)) => last = Some(CallError::unusable(failure)),
            Err(problem) => last = Some(problem),
        }
        if found.len() == wanted {
            return Ok(Some(found));
        }
        // With no more nodes than answers wanted, a missing answer cannot be made up for.
        if (is_behind || last.is_some()) && urls.len() <= wanted {
            break;
        }
    }
    match last {
        None if is_behind => Ok(None),
        last => Err(last.unwrap_or_else(CallError::no_provider)),
    }
}

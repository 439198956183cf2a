//! Putting the chains' requests on the wire.

use crate::metrics;
use crate::ports::{CallError, Method, Outcall, Runtime};
use candid::Principal;
use futures::future::join_all;
use purser_core::base::Chain;
use purser_core::chains::{kaspa, solana};
use purser_core::governance::config::{KEY_PLACEHOLDER, provider_canister};

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replication {
    /// Every replica, and they must agree on the canonical answer.
    Replicated,
    /// One node. Nothing may be decided on its word.
    SingleNode,
}

/// The endpoint to use: in order of preference, the next one after each failure.
fn provider(providers: &[String], provider_offset: usize) -> Result<&str, CallError> {
    let index = provider_offset.checked_rem(providers.len()).ok_or_else(|| CallError("no provider is configured".to_owned()))?;
    Ok(&providers[index])
}

/// The canonical answer of one Solana node. Which one to ask is [`super::providers`]' to say.
pub(super) async fn solana<R: Runtime>(
    rt: &R,
    url: &str,
    replication: Replication,
    request: &solana::rpc::Request,
) -> Result<Vec<u8>, CallError> {
    if let Some(canister) = provider_canister(url) {
        return through_canister(rt, canister, request).await;
    }
    let key = rt.read(|state| state.provider_key(url));
    if key.is_none() && url.contains(KEY_PLACEHOLDER) {
        return Err(CallError("the provider's key is missing; an admin sets it with set_provider_key".to_owned()));
    }
    let outcall = Outcall {
        url: key.as_ref().map_or_else(|| url.to_owned(), |key| url.replace(KEY_PLACEHOLDER, key)),
        method: Method::Post,
        body: Some(request.body()),
        max_response_bytes: request.max_response_bytes(),
        chain: Chain::Solana,
        context: request.transform_context(),
        replicated: replication == Replication::Replicated,
    };
    let answer = rt.request(&outcall).await;
    match key {
        Some(key) => redacted(answer, &key),
        None => answer,
    }
}

/// The canonical answer of the SOL RPC canister, made of as many calls as that takes.
async fn through_canister<R: Runtime>(rt: &R, canister: Principal, request: &solana::rpc::Request) -> Result<Vec<u8>, CallError> {
    let calls = request.canister_calls(rt.read(|state| state.config().solana.network));
    let replies = join_all(calls.iter().map(|call| rt.call(canister, call))).await;
    let replies = replies.into_iter().collect::<Result<Vec<_>, _>>()?;
    request.canister_answer(&replies).map_err(CallError)
}

/// An answer in which the key cannot be read, whoever repeated it: what is wrong with a call ends in the log.
fn redacted(answer: Result<Vec<u8>, CallError>, key: &str) -> Result<Vec<u8>, CallError> {
    match answer {
        Err(CallError(problem)) => Err(CallError(problem.replace(key, KEY_PLACEHOLDER))),
        Ok(body) if !body.windows(key.len()).any(|part| part == key.as_bytes()) => Ok(body),
        Ok(body) => Ok(String::from_utf8_lossy(&body).replace(key, KEY_PLACEHOLDER).into_bytes()),
    }
}

/// The canonical answer of a Kaspa REST server.
pub(super) async fn kaspa<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    replication: Replication,
    request: &kaspa::rest::Request,
) -> Result<Vec<u8>, CallError> {
    let config = rt.read(|state| state.config().clone());
    let outcall = Outcall {
        url: format!("{}{}", provider(&config.kaspa.providers, provider_offset)?, request.path()),
        method: match request.method() {
            kaspa::rest::Method::Get => Method::Get,
            kaspa::rest::Method::Post => Method::Post,
        },
        body: request.body(),
        max_response_bytes: request.max_response_bytes(),
        chain: Chain::Kaspa,
        context: request.transform_context(),
        replicated: replication == Replication::Replicated,
    };
    let started = rt.now();
    let answer = rt.request(&outcall).await;
    metrics::outcall(started, rt.now(), answer.as_ref().ok().map(Vec::as_slice));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_somebody_repeats_is_replaced() {
        let key = "s3cret-key";
        let problem = Err(CallError("no answer from https://a.b/?k=s3cret-key within 30 s".to_owned()));
        assert_eq!(redacted(problem, key), Err(CallError("no answer from https://a.b/?k={key} within 30 s".to_owned())));
        let said = redacted(Ok(b"no access with /?k=s3cret-key and \xffs3cret-key".to_vec()), key).expect("an answer");
        assert_eq!(String::from_utf8(said).expect("UTF-8"), "no access with /?k={key} and \u{fffd}{key}");
        let bytes = vec![0xff, 0xfe];
        assert_eq!(redacted(Ok(bytes.clone()), key), Ok(bytes), "what does not hold it stays as it is");
    }
}

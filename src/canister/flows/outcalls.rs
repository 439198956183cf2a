//! Requests to the providers of the chains, on the wire.

use crate::metrics::{self, OutcallOutcome};
use crate::ports::{CallError, CallErrorKind, Method, Outcall, Runtime};
use candid::Principal;
use futures::future::join_all;
use purser_core::base::Chain;
use purser_core::chains::providers::KEY_PLACEHOLDER;
use purser_core::chains::solana::config::provider_canister;
use purser_core::chains::{kaspa, solana};

/// The number of nodes that make an outcall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replication {
    /// Every replica makes the outcall, and they must agree on the canonical answer.
    Replicated,
    /// One node makes the outcall. No decision may rest on its answer alone.
    SingleNode,
}

/// The canonical answer of one Solana provider. The choice of the provider is that of [`super::solana::providers`].
///
/// # Errors
/// When the call fails, or the provider's API key is missing.
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
        let problem = "the provider's key is missing; an admin sets it with set_provider_key";
        return Err(CallError::new(CallErrorKind::NotConfigured, problem));
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

/// The canonical answer of the SOL RPC canister, from as many calls as the request takes.
async fn through_canister<R: Runtime>(rt: &R, canister: Principal, request: &solana::rpc::Request) -> Result<Vec<u8>, CallError> {
    let calls = request.canister_calls(rt.read(|state| state.config().chains.solana.network));
    let replies = join_all(calls.iter().map(|call| rt.call(canister, call))).await;
    let replies = replies.into_iter().collect::<Result<Vec<_>, _>>()?;
    request.canister_answer(&replies).map_err(CallError::unusable)
}

/// An answer without the API key in it. Servers and reject messages may repeat the URL, and problems of calls end in the log.
fn redacted(answer: Result<Vec<u8>, CallError>, key: &str) -> Result<Vec<u8>, CallError> {
    match answer {
        Err(CallError { kind, message }) => Err(CallError { kind, message: message.replace(key, KEY_PLACEHOLDER) }),
        Ok(body) if !body.windows(key.len()).any(|part| part == key.as_bytes()) => Ok(body),
        Ok(body) => Ok(String::from_utf8_lossy(&body).replace(key, KEY_PLACEHOLDER).into_bytes()),
    }
}

/// The canonical answer of a Kaspa REST server. `provider_offset` counts around the configured servers.
///
/// # Errors
/// When the call fails, or no server is configured.
pub(super) async fn kaspa<R: Runtime>(
    rt: &R,
    provider_offset: usize,
    replication: Replication,
    request: &kaspa::rest::Request,
) -> Result<Vec<u8>, CallError> {
    let servers = rt.read(|state| state.config().chains.kaspa.providers.clone());
    let place = provider_offset.checked_rem(servers.len()).ok_or_else(CallError::no_provider)?;
    let outcall = Outcall {
        url: format!("{}{}", servers[place], request.path()),
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
    metrics::outcall(started, rt.now(), outcome(&answer));
    answer
}

fn outcome(answer: &Result<Vec<u8>, CallError>) -> OutcallOutcome {
    match answer.as_ref().map(|body| kaspa::rest::failure_of(body)) {
        Err(_) => OutcallOutcome::NoAnswer,
        Ok(None) => OutcallOutcome::Answered,
        Ok(Some(kaspa::rest::Failure::RateLimited)) => OutcallOutcome::RateLimited,
        Ok(Some(_)) => OutcallOutcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_key_is_replaced() {
        let key = "s3cret-key";
        let problem = Err(CallError::rejected("no answer from https://a.b/?k=s3cret-key within 30 s"));
        assert_eq!(redacted(problem, key), Err(CallError::rejected("no answer from https://a.b/?k={key} within 30 s")));
        let answer = redacted(Ok(b"no access with /?k=s3cret-key and \xffs3cret-key".to_vec()), key).expect("an answer");
        assert_eq!(String::from_utf8(answer).expect("UTF-8"), "no access with /?k={key} and \u{fffd}{key}");
        let bytes = vec![0xff, 0xfe];
        assert_eq!(redacted(Ok(bytes.clone()), key), Ok(bytes), "an answer without the key stays as it is");
    }

    #[test]
    fn outcomes_are_told_by_the_canonical_body() {
        let of = |body: &str| outcome(&Ok(body.as_bytes().to_vec()));
        assert_eq!(outcome(&Err(CallError::rejected("Canister http request timed out"))), OutcallOutcome::NoAnswer);
        assert_eq!(of(r#"{"ok":[1,2]}"#), OutcallOutcome::Answered);
        for limited in [r#"{"failed":"rate_limited"}"#, r#"{"ok":"rate_limited"}"#] {
            assert_eq!(of(limited), OutcallOutcome::RateLimited);
        }
        for failed in [r#"{"failed":"not_json"}"#, r#"{"failed":{"http":{"status":500}}}"#] {
            assert_eq!(of(failed), OutcallOutcome::Failed);
        }
    }
}

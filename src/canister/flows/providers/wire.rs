//! One call to a provider, on the wire.

use super::api::{ProviderApi, Replication};
use super::ask::Providers;
use super::health;
use crate::metrics::{self, OutcallOutcome};
use crate::ports::{CallError, CallErrorKind, Runtime};
use candid::Principal;
use futures::future::join_all;
use purser_core::chains::providers::KEY_PLACEHOLDER;

impl<R: Runtime, A: ProviderApi> Providers<'_, R, A> {
    /// Calls a provider, and records how the call went.
    ///
    /// # Errors
    /// When the run's budget is used up, the call fails, or the provider's API key is missing.
    pub(super) async fn call(&self, provider: &str, replication: Replication, request: &A::Request) -> Result<Vec<u8>, CallError> {
        if !self.budget.take() {
            return Err(CallError::new(CallErrorKind::RateLimited, "the run has used up its calls to providers"));
        }
        let asked_at = self.rt.now();
        let answer = self.send(provider, replication, request).await;
        let (outcome, problem) = outcome::<A>(&answer);
        metrics::outcall(A::CHAIN, asked_at, self.rt.now(), outcome);
        health::record_call(A::CHAIN, provider, outcome, problem, asked_at, self.rt.now());
        answer
    }

    async fn send(&self, provider: &str, replication: Replication, request: &A::Request) -> Result<Vec<u8>, CallError> {
        if let Some(canister) = A::canister(provider) {
            return self.through_canister(canister, request).await;
        }
        let key = self.rt.read(|state| state.provider_key(provider));
        if key.is_none() && provider.contains(KEY_PLACEHOLDER) {
            let problem = "the provider's key is missing; an admin sets it with set_provider_key";
            return Err(CallError::new(CallErrorKind::NotConfigured, problem));
        }
        let url = key.as_ref().map_or_else(|| provider.to_owned(), |key| provider.replace(KEY_PLACEHOLDER, key));
        let answer = self.rt.request(&A::outcall(&url, request, replication)).await;
        match key {
            Some(key) => redacted(answer, &key),
            None => answer,
        }
    }

    /// The canonical answer of a canister, from as many calls as the request takes.
    async fn through_canister(&self, canister: Principal, request: &A::Request) -> Result<Vec<u8>, CallError> {
        let calls = self.rt.read(|state| A::canister_calls(state.config(), request));
        let replies = join_all(calls.iter().map(|call| self.rt.call(canister, call))).await;
        let replies = replies.into_iter().collect::<Result<Vec<_>, _>>()?;
        A::canister_answer(request, &replies).map_err(CallError::unusable)
    }
}

/// The outcome of a call, with its problem in words. The canonical body tells it: the status of the answer is always the same.
fn outcome<A: ProviderApi>(answer: &Result<Vec<u8>, CallError>) -> (OutcallOutcome, Option<String>) {
    match answer.as_ref().map(|body| A::failure_of(body)) {
        Err(error) => (OutcallOutcome::NoAnswer, Some(error.message.clone())),
        Ok(None) => (OutcallOutcome::Answered, None),
        Ok(Some(failure)) if failure.is_rate_limit => (OutcallOutcome::RateLimited, Some(failure.problem)),
        Ok(Some(failure)) => (OutcallOutcome::Failed, Some(failure.problem)),
    }
}

/// An answer without the API key in it. Servers and reject messages may repeat the URL, and problems of calls end in the log.
fn redacted(answer: Result<Vec<u8>, CallError>, key: &str) -> Result<Vec<u8>, CallError> {
    match answer {
        Err(CallError { kind, message }) => Err(CallError { kind, message: message.replace(key, KEY_PLACEHOLDER) }),
        Ok(body) if !body.windows(key.len()).any(|part| part == key.as_bytes()) => Ok(body),
        Ok(body) => Ok(String::from_utf8_lossy(&body).replace(key, KEY_PLACEHOLDER).into_bytes()),
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
}

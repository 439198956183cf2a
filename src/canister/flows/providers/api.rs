//! The part of the access to providers that only a chain knows.

use crate::ports::{CanisterCall, Outcall};
use candid::Principal;
use ic_stable_structures::Memory;
use purser_core::base::Chain;
use purser_core::governance::config::Config;
use purser_core::state::{Decided, State};
use std::borrow::Cow;

/// The number of nodes that make an outcall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::flows) enum Replication {
    /// Every replica makes the outcall, and they must agree on the canonical answer.
    Replicated,
    /// One node makes the outcall. No decision may rest on its answer alone.
    SingleNode,
}

/// The reason for which an answer carries no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::flows) struct AnswerFailure {
    /// Whether the provider limits the rate of requests.
    pub is_rate_limit: bool,
    /// The failure in words, for people.
    pub problem: String,
}

/// The reason for which a provider is not believed to serve the configured chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::flows) enum IdentityError {
    /// The answer does not tell.
    Unusable(String),
    /// The provider serves another chain.
    WrongChain(String),
}

/// The interface of a chain's providers.
pub(in crate::flows) trait ProviderApi {
    /// The chain.
    const CHAIN: Chain;
    /// A question to a provider.
    type Request;

    /// The outcall that asks the node at a URL, which holds the API key.
    fn outcall(url: &str, request: &Self::Request, replication: Replication) -> Outcall;

    /// The reason for which a canonical answer carries no result; `None` when it carries one.
    fn failure_of(answer: &[u8]) -> Option<AnswerFailure>;

    /// The part of an answer that two providers must have in common.
    fn comparable<'a>(_request: &Self::Request, answer: &'a [u8]) -> Cow<'a, [u8]> {
        Cow::Borrowed(answer)
    }

    /// Whether a provider can answer a request at all.
    fn can_answer(_provider: &str, _request: &Self::Request) -> bool {
        true
    }

    /// Whether those come last whose answers to such a request proved bad later.
    fn ranks_by_demerits(_request: &Self::Request) -> bool {
        false
    }

    /// The canister that a provider's name stands for; `None` for a URL.
    fn canister(_provider: &str) -> Option<Principal> {
        None
    }

    /// The calls by which a canister is asked, in any order.
    fn canister_calls(_config: &Config, _request: &Self::Request) -> Vec<CanisterCall> {
        Vec::new()
    }

    /// The canonical answer from a canister's replies, in the order of the calls.
    ///
    /// # Errors
    /// A message for the operator when the replies carry no answer.
    fn canister_answer(_request: &Self::Request, _replies: &[Vec<u8>]) -> Result<Vec<u8>, String> {
        Err("no canister serves this chain".to_owned())
    }

    /// The request whose answer shows which chain a provider serves; `None` when that is known, or answers show it by themselves.
    fn identity_request<M: Memory>(_state: &State<M>, _provider: &str) -> Option<Self::Request> {
        None
    }

    /// Checks the answer to the request for the identity. Returns the decision to log it, if there is one.
    ///
    /// # Errors
    /// When the answer does not tell, or tells of another chain.
    fn check_identity<M: Memory>(_state: &State<M>, _provider: &str, _answer: &[u8]) -> Result<Option<Decided>, IdentityError> {
        Ok(None)
    }

    /// More about a provider, for people, as the state knows it.
    fn details<M: Memory>(_state: &State<M>, _provider: &str) -> Option<String> {
        None
    }
}

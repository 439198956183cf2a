//! Solana's providers: nodes, and the SOL RPC canister.
//!
//! Before its first question a provider is asked once for its genesis hash, and the answer is logged: one that serves another chain is never
//! believed. The SOL RPC canister is one provider among others for the requests that it can answer, and is asked no others.

use crate::flows::context::TransferContext;
use crate::flows::providers::{self, AnswerFailure, IdentityError, ProviderApi, Replication};
use crate::flows::transform;
use crate::ports::{CallError, CanisterCall, Method, Outcall, Runtime};
use candid::Principal;
use ic_cdk_management_canister::{HttpRequestResult, TransformArgs};
use ic_stable_structures::Memory;
use purser_core::base::Chain;
use purser_core::chains::config::ChainConfig;
use purser_core::chains::solana::Blockhash;
use purser_core::chains::solana::config::provider_canister;
use purser_core::chains::solana::rpc::{self, Commitment, EpochInfo, Failure, Reading, Request, RpcErrorClass, canister};
use purser_core::governance::config::Config;
use purser_core::state::{Decided, State};
use std::borrow::Cow;

/// JSON-RPC as Solana nodes serve it.
pub(in crate::flows) struct Rpc;

/// The access to Solana's providers.
pub(in crate::flows) type Providers<'a, R> = providers::Providers<'a, R, Rpc>;

/// The access to the providers for a transfer's run.
pub(super) fn of<'a, R: Runtime>(context: &TransferContext<'a, R>) -> Providers<'a, R> {
    Providers::of(context)
}

/// Reduces the answer of a node. Every answer gives a canonical body, at worst one that names the failure.
pub fn transform(args: TransformArgs) -> HttpRequestResult {
    transform::reduce(args, rpc::canonicalise)
}

impl ProviderApi for Rpc {
    const CHAIN: Chain = Chain::Solana;
    type Request = Request;

    fn outcall(url: &str, request: &Request, replication: Replication) -> Outcall {
        Outcall {
            url: url.to_owned(),
            method: Method::Post,
            body: Some(request.body()),
            max_response_bytes: request.max_response_bytes(),
            transform: "transform_solana",
            context: request.transform_context(),
            replicated: replication == Replication::Replicated,
        }
    }

    fn failure_of(answer: &[u8]) -> Option<AnswerFailure> {
        let failure = rpc::failure_of(answer)?;
        let is_rate_limit = matches!(failure, Failure::RateLimited | Failure::Rpc { class: RpcErrorClass::RateLimited, .. });
        Some(AnswerFailure { is_rate_limit, problem: failure.to_string() })
    }

    fn comparable<'a>(request: &Request, answer: &'a [u8]) -> Cow<'a, [u8]> {
        Cow::Owned(rpc::verdict(request, answer))
    }

    fn can_answer(provider: &str, request: &Request) -> bool {
        provider_canister(provider).is_none() || request.suits_canister()
    }

    fn ranks_by_demerits(request: &Request) -> bool {
        matches!(request, Request::LatestBlockhash { .. })
    }

    fn canister(provider: &str) -> Option<Principal> {
        provider_canister(provider)
    }

    fn canister_calls(config: &Config, request: &Request) -> Vec<CanisterCall> {
        let call = |call: rpc::CanisterCall| CanisterCall { method: call.method, args: call.args, cycles: canister::CALL_CYCLES };
        request.canister_calls(config.chains.solana.network).into_iter().map(call).collect()
    }

    fn canister_answer(request: &Request, replies: &[Vec<u8>]) -> Result<Vec<u8>, String> {
        request.canister_answer(replies)
    }

    fn identity_request<M: Memory>(state: &State<M>, provider: &str) -> Option<Request> {
        state.provider_genesis(provider).is_none().then_some(Request::GenesisHash)
    }

    fn check_identity<M: Memory>(state: &State<M>, provider: &str, answer: &[u8]) -> Result<Option<Decided>, IdentityError> {
        let unusable = |failure| IdentityError::Unusable(format!("Solana: {failure}"));
        let found = rpc::parse_hash(answer).map_err(unusable)?;
        check_genesis(state, found).map_err(IdentityError::WrongChain)?;
        // Another message may have pinned it meanwhile.
        Ok(state.decide_pin_provider(provider.to_owned(), *found.as_bytes()).ok())
    }

    fn details<M: Memory>(state: &State<M>, provider: &str) -> Option<String> {
        let genesis = state.provider_genesis(provider)?;
        let genesis = <[u8; 32]>::try_from(&genesis[..]).ok()?;
        Some(format!("genesis {}", Blockhash::from_bytes(genesis)))
    }
}

/// Compares a genesis hash with the cluster's. A local cluster's is the configured one, or the one that the other providers serve.
fn check_genesis(state: &State<impl Memory>, found: Blockhash) -> Result<(), String> {
    let config = &state.config().chains.solana;
    config.network.check_genesis(found).map_err(|error| error.to_string())?;
    let configured = config.genesis().map(<[u8]>::to_vec);
    let others = config.providers.iter().filter_map(|url| state.provider_genesis(url).map(|hash| hash.to_vec()));
    match configured.into_iter().chain(others).find(|hash| hash[..] != found.as_bytes()[..]) {
        None => Ok(()),
        Some(_) => Err(format!("the provider's genesis hash {found} is another than the cluster's")),
    }
}

/// The slot that a node must have reached to be believed: a transaction of the log landed there.
///
/// Zero with a quorum of one: the answer of one provider does not bind the others that may take its place.
pub(super) fn min_slot<R: Runtime>(rt: &R) -> u64 {
    rt.read(|state| if state.config().chains.solana.quorum() > 1 { state.highest_landed_slot() } else { 0 })
}

/// The request for a node's block height and slot.
pub(super) const fn epoch_request(commitment: Commitment, height: Reading, slot: Reading, min_slot: u64) -> Request {
    Request::EpochInfo { commitment, height, slot, min_slot }
}

/// The nodes that can prove the fate of a transaction, in the order in which they are asked.
pub(super) fn nodes<R: Runtime>(context: &TransferContext<'_, R>) -> Vec<String> {
    of(context).provers(&epoch_request(Commitment::Finalized, Reading::EXACT, Reading::EXACT, 0))
}

/// The problem of a node that has not reached the slot which the request demands; `None` for every other answer.
pub(super) fn behind(answer: &[u8]) -> Option<CallError> {
    let failure = rpc::failure_of(answer).filter(|failure| failure.is_behind())?;
    Some(CallError::unusable(format!("Solana: {failure}")))
}

/// The positions of as many nodes as the quorum, in at least two answers.
///
/// `None` as long as too few nodes have reached the slot that the request demands. That is no failure: they will.
///
/// # Errors
/// When too few nodes answer.
pub(super) async fn positions<R: Runtime>(
    context: &TransferContext<'_, R>,
    request: &Request,
) -> Result<Option<Vec<EpochInfo>>, CallError> {
    let providers = of(context);
    let (wanted, nodes) = (providers.quorum().max(2), providers.order(request));
    let (mut found, mut last, mut is_behind) = (Vec::new(), None, false);
    // Where there are fewer nodes than answers wanted, the same node is asked again.
    for node in nodes.iter().cycle().take(nodes.len().max(wanted)) {
        match providers.answer_of(node, request).await.map(|body| rpc::parse_epoch(&body)) {
            Ok(Ok(position)) => found.push(position),
            Ok(Err(failure)) if failure.is_behind() => is_behind = true,
            Ok(Err(failure)) => last = Some(CallError::unusable(failure)),
            Err(problem) => last = Some(problem),
        }
        if found.len() == wanted {
            return Ok(Some(found));
        }
        // With no more nodes than answers wanted, a missing answer cannot be made up for.
        if (is_behind || last.is_some()) && nodes.len() <= wanted {
            break;
        }
    }
    match last {
        None if is_behind => Ok(None),
        last => Err(last.unwrap_or_else(CallError::no_provider)),
    }
}

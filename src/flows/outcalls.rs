//! Putting the chains' requests on the wire.

use crate::ports::{CallError, Method, Outcall, Runtime};
use purser_core::chains::{kaspa, solana};
use purser_core::primitives::Chain;

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// Every replica, and they must agree on the canonical answer.
    AllReplicas,
    /// One node. Nothing may be decided on its word.
    OneNode,
}

/// The endpoint to use: in order of preference, the next one after each failure.
fn provider(providers: &[String], turn: usize) -> Result<&str, CallError> {
    let index = turn.checked_rem(providers.len()).ok_or_else(|| CallError("no provider is configured".to_owned()))?;
    Ok(&providers[index])
}

/// The canonical answer of a Solana node.
pub(super) async fn solana<R: Runtime>(
    rt: &R,
    turn: usize,
    asking: Asking,
    request: &solana::rpc::Request,
) -> Result<Vec<u8>, CallError> {
    let config = rt.read(|state| state.config());
    let outcall = Outcall {
        url: provider(&config.solana.providers, turn)?.to_owned(),
        method: Method::Post,
        body: Some(request.body()),
        max_response_bytes: request.max_response_bytes(),
        chain: Chain::Solana,
        context: request.transform_context(),
        replicated: asking == Asking::AllReplicas,
    };
    rt.request(&outcall).await
}

/// The canonical answer of a Kaspa REST server.
pub(super) async fn kaspa<R: Runtime>(
    rt: &R,
    turn: usize,
    asking: Asking,
    request: &kaspa::rest::Request,
) -> Result<Vec<u8>, CallError> {
    let config = rt.read(|state| state.config());
    let outcall = Outcall {
        url: format!("{}{}", provider(&config.kaspa.providers, turn)?, request.path()),
        method: match request.method() {
            kaspa::rest::Method::Get => Method::Get,
            kaspa::rest::Method::Post => Method::Post,
        },
        body: request.body(),
        max_response_bytes: request.max_response_bytes(),
        chain: Chain::Kaspa,
        context: request.transform_context(),
        replicated: asking == Asking::AllReplicas,
    };
    rt.request(&outcall).await
}

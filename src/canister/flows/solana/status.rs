//! The status of a sent transaction, by its signature.

use super::providers;
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::chains::solana::rpc::{self, Request, SignatureBatch};
use purser_core::chains::solana::{SignedTx, StatusLookup};

/// The status that the quorum of providers reports.
///
/// # Errors
/// When the providers do not agree, or name no status.
pub(super) async fn agreed<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx) -> Result<StatusLookup, FlowError> {
    parse(&providers::of(context).agreed(&request(signed, 0)?).await?)
}

/// The status on which two providers agree even with a quorum of one.
///
/// # Errors
/// As [`agreed`].
pub(super) async fn agreed_by_two<R: Runtime>(
    context: &TransferContext<'_, R>,
    signed: &SignedTx,
) -> Result<StatusLookup, FlowError> {
    parse(&providers::of(context).agreed_by_two(&request(signed, 0)?).await?)
}

/// The status that one node reports which has reached `min_slot`.
///
/// # Errors
/// When the node gives no usable answer.
pub(super) async fn at_node<R: Runtime>(
    context: &TransferContext<'_, R>,
    node: &str,
    signed: &SignedTx,
    min_slot: u64,
) -> Result<StatusLookup, FlowError> {
    parse(&providers::of(context).result_of(node, &request(signed, min_slot)?).await?)
}

fn request(signed: &SignedTx, min_slot: u64) -> Result<Request, FlowError> {
    let signatures = SignatureBatch::new(vec![signed.txid()]).ok_or_else(no_status)?;
    Ok(Request::SignatureStatuses { signatures, min_slot })
}

fn parse(body: &[u8]) -> Result<StatusLookup, FlowError> {
    rpc::parse_statuses(body)?.into_iter().next().ok_or_else(no_status)
}

fn no_status() -> FlowError {
    FlowError::Transient("the provider gave no status".to_owned())
}

//! Threshold signatures: one for each input of exactly the recorded transaction.
//!
//! Several are requested at once, but a bounded number, because all canisters of the subnet share the key's queue. Signatures that arrived
//! are recorded before more are requested, so that a failure, an upgrade or an emergency in between costs no signature twice. All of them
//! together are recorded only as the signed transaction.

use super::payment::key;
use super::record::{check, decode};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use futures::future::join_all;
use purser_core::base::Bytes;
use purser_core::chains::kaspa::transfer::InputSignature;
use purser_core::chains::kaspa::{Transaction, UnsignedTx, WalletKey};
use purser_core::transfer::SignedTx;
use std::collections::BTreeMap;

/// The number of signatures that are requested at once.
const AT_ONCE: usize = 8;

/// Signs the recorded transaction and records the result.
///
/// # Errors
/// When the record cannot be used, a signature fails, or the transfer may not go on.
pub(super) async fn sign<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    let unsigned = decode(context.transfer.built.as_ref())?;
    check(context, &unsigned).map_err(FlowError::unreadable)?;
    let transaction = complete(context, &unsigned, || context.recheck()).await?;
    let signed = to_record(&transaction)?;
    context.commit(|state| state.decide_signed(context.transfer.id, signed))
}

/// A signed transaction in the form of its record.
///
/// # Errors
/// When the transaction cannot be encoded.
pub(super) fn to_record(transaction: &Transaction) -> Result<SignedTx, FlowError> {
    let bytes = transaction.to_bytes().map_err(FlowError::unreadable)?;
    Ok(SignedTx { signed: Bytes::new(bytes), txid: transaction.id().to_string() })
}

/// The transaction with all its signatures, some of which may be recorded. `may_go_on` is asked after every await.
///
/// # Errors
/// When a signature fails, or the transfer has changed or may not go on. Signatures that arrived are recorded even then.
pub(super) async fn complete<R: Runtime>(
    context: &TransferContext<'_, R>,
    unsigned: &UnsignedTx,
    may_go_on: impl Fn() -> Result<(), FlowError>,
) -> Result<Transaction, FlowError> {
    let key = key(context)?;
    let digests = unsigned.digests(&key).map_err(FlowError::unreadable)?;
    let recorded = context.transfer.progress.kaspa().into_iter().flat_map(|progress| &progress.signatures);
    let mut signatures: BTreeMap<usize, Vec<u8>> =
        recorded.map(|recorded| (recorded.input as usize, recorded.signature.to_vec())).collect();
    while signatures.len() < digests.len() {
        let missing: Vec<usize> = (0..digests.len()).filter(|input| !signatures.contains_key(input)).take(AT_ONCE).collect();
        let answers = join_all(missing.iter().map(|input| context.signature(&digests[*input]))).await;
        context.unchanged()?;
        let mut failure = None;
        let mut fresh = BTreeMap::new();
        for (input, answer) in missing.into_iter().zip(answers) {
            match answer.and_then(|signature| verified(&key, &digests[input], signature)) {
                Ok(signature) => drop(fresh.insert(input, signature)),
                Err(error) => failure = Some(error),
            }
        }
        let is_whole = signatures.len() + fresh.len() == digests.len();
        let error = failure.or_else(|| may_go_on().err());
        // All signatures together are the transaction. When it may not be used, one is forgotten and requested again later.
        if is_whole && error.is_some() {
            fresh.pop_last();
        }
        if !is_whole || error.is_some() {
            record(context, &fresh)?;
        }
        signatures.extend(fresh);
        error.map_or(Ok(()), Err)?;
    }
    let signatures: Vec<Vec<u8>> = signatures.into_values().collect();
    unsigned.attach(&key, &signatures).map_err(|error| FlowError::Transient(error.to_string()))
}

fn verified(key: &WalletKey, digest: &[u8; 32], signature: Vec<u8>) -> Result<Vec<u8>, FlowError> {
    let accepted = key.accept_signature(digest, &signature).map_err(|error| FlowError::Transient(error.to_string()))?;
    Ok(accepted.to_vec())
}

fn record<R: Runtime>(context: &TransferContext<'_, R>, fresh: &BTreeMap<usize, Vec<u8>>) -> Result<(), FlowError> {
    if fresh.is_empty() {
        return Ok(());
    }
    let signature = |(input, bytes): (&usize, &Vec<u8>)| {
        let input = u32::try_from(*input).map_err(FlowError::unreadable)?;
        Ok(InputSignature { input, signature: Bytes::new(bytes.clone()) })
    };
    let signatures = fresh.iter().map(signature).collect::<Result<Vec<_>, FlowError>>()?;
    context.commit(|state| state.decide_inputs_signed(context.transfer.id, signatures))
}

//! Hashes of requests, and the stored keys under which they are recognised.

use crate::base::codec::{encode_value, to_value};
use crate::base::{Amount, Hash};
use crate::transfer::{Transfer, TransferRequest};
use candid::Principal;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Returns the stored key of a transfer's idempotency entry.
///
/// The canister's operations have a space of keys of their own, whoever caused them: a caller can name no key that
/// stands for an operation, and no operation takes a caller's key. Consolidations that the canister starts are in the space of a
/// principal that never calls.
pub(super) fn entry_key(transfer: &Transfer) -> Hash {
    let key = &transfer.request.idempotency_key;
    if !transfer.request.is_operation() {
        return idempotency_key(&transfer.agent, key);
    }
    let mut hasher = Sha256::new();
    hasher.update(b"\x18purser:nonce-operation:1");
    hasher.update(key.as_bytes());
    Hash(hasher.finalize().into())
}

/// Returns the stored key of a caller's idempotency key.
///
/// The caller is part of it, so that one caller cannot use up another's keys. The hash bounds the length, and keeps callers from choosing
/// the place in the table.
pub(super) fn idempotency_key(caller: &Principal, key: &str) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"\x12purser:idempotency");
    hasher.update([caller.as_slice().len() as u8]);
    hasher.update(caller.as_slice());
    hasher.update(key.as_bytes());
    Hash(hasher.finalize().into())
}

/// Returns the hash of a request. Two requests are the same when their hashes are.
///
/// A fee cap that the agent did not name is left out, because the operator may change it between two sendings of the same request.
pub(super) fn request_hash(request: &TransferRequest) -> Hash {
    // The parts of a batch share one idempotency key and one hash: that of the whole batch.
    if let Some(batch) = &request.batch {
        return batch.request;
    }
    let max_fee = if request.fee_named { request.max_fee } else { Amount::ZERO };
    content_hash(&TransferRequest { max_fee, ..request.clone() })
}

/// Returns the hash of a request or a batch in the encoding of the log.
pub(super) fn content_hash<T: Serialize>(request: &T) -> Hash {
    let value = to_value(request).expect("BUG: a request that ICRC-3 cannot hold");
    Hash(Sha256::digest(encode_value(&value)).into())
}

//! Requests, answers and what is left of them.

mod accounts;
mod answers;
mod hostile;
mod replicas;
mod requests;

use super::*;
use crate::chains::solana::fixtures::{payer, published_plan, published_wire, recipient};
use crate::chains::solana::{Blockhash, SignedTx, TokenProgram, TxSignature, UnsignedTx};
use serde_json::{Value, json};
use std::num::NonZeroU64;

pub(super) fn step(step: u64) -> Reading {
    Reading::RoundDown { step: NonZeroU64::new(step).expect("not zero") }
}

pub(super) fn published() -> SignedTx {
    SignedTx::decode(&published_wire()).expect("a transaction")
}

pub(super) fn statuses(count: u8, min_slot: u64) -> Request {
    let signatures = (1..=count).map(|byte| TxSignature::from_bytes([byte; 64])).collect();
    Request::SignatureStatuses { signatures: SignatureBatch::new(signatures).expect("a batch"), min_slot }
}

pub(super) fn both_accounts() -> Request {
    let view = |address, lamports| Wanted { address, view: View::Account { lamports } };
    let wanted = vec![view(payer(), Reading::EXACT), view(recipient(), Reading::AtLeast { threshold: 650_240 })];
    Request::Accounts { wanted, commitment: Commitment::Finalized, min_slot: 0 }
}

/// A mint, a token account and a nonce account.
pub(super) fn with_data(min_slot: u64) -> Request {
    let views = [View::Mint, View::Holding { amount: Reading::AtLeast { threshold: 5 } }, View::Nonce];
    let wanted = views.map(|view| Wanted { address: payer(), view }).to_vec();
    Request::Accounts { wanted, commitment: Commitment::Finalized, min_slot }
}

pub(super) fn unsigned() -> UnsignedTx {
    published_plan().build().expect("a message")
}

pub(super) fn balance(reading: Reading) -> Request {
    Request::Balance { address: payer(), commitment: Commitment::Finalized, reading }
}

/// A bare number.
pub(super) const fn rent() -> Request {
    Request::RentExemptMinimum { space: 0 }
}

pub(super) const fn latest_blockhash(min_slot: u64) -> Request {
    Request::LatestBlockhash { min_slot }
}

/// Whether block 1,315 is there, and the slot in hundreds.
pub(super) fn epoch(min_slot: u64) -> Request {
    let height = Reading::AtLeast { threshold: 1_315 };
    Request::EpochInfo { commitment: Commitment::Finalized, height, slot: step(100), min_slot }
}

/// Whether the nonce of [`accounts::nonce`] is another than 7s.
pub(super) fn nonce_changed(min_slot: u64) -> Request {
    let step = NonZeroU64::new(100).expect("not zero");
    Request::NonceChanged { account: payer(), value: Blockhash::from_bytes([7; 32]), min_slot, step }
}

/// What the published transaction cost.
pub(super) fn transaction(payments: u64) -> Request {
    Request::Transaction { signature: published().txid(), payments }
}

/// One request of each method.
pub(super) fn every_request() -> Vec<Request> {
    vec![
        latest_blockhash(100),
        balance(Reading::EXACT),
        both_accounts(),
        with_data(0),
        Request::Simulate { tx: unsigned(), min_slot: 0 },
        Request::PriorityPrice { accounts: vec![payer()] },
        Request::RentExemptMinimum { space: 0 },
        statuses(2, 100),
        transaction(1),
        epoch(100),
        nonce_changed(100),
        Request::GenesisHash,
        Request::Send(published()),
    ]
}

/// What is left of a successful answer with this result.
pub(super) fn answered(request: &Request, result: Value) -> Vec<u8> {
    received(request, 200, &json!({ "jsonrpc": "2.0", "id": 1, "result": result }))
}

/// What is left of an answer with this error object.
pub(super) fn refused(request: &Request, error: Value) -> Vec<u8> {
    received(request, 200, &json!({ "jsonrpc": "2.0", "id": 1, "error": error }))
}

pub(super) fn received(request: &Request, status: u16, body: &Value) -> Vec<u8> {
    canonicalise(&request.transform_context(), status, body.to_string().as_bytes())
}

/// A result wrapped in the context of a slot.
pub(super) fn at_slot(slot: u64, value: Value) -> Value {
    json!({ "context": { "apiVersion": "4.3.2", "slot": slot }, "value": value })
}

/// A wallet as a node shows it.
pub(super) fn wallet(lamports: u64) -> Value {
    account("11111111111111111111111111111111", lamports, 0, "")
}

/// An account as a node shows it when asked for a slice of its data.
pub(super) fn account(owner: &str, lamports: u64, space: u64, data: &str) -> Value {
    json!({
        "data": [data, "base64"], "executable": false, "lamports": lamports, "owner": owner, "rentEpoch": u64::MAX, "space": space,
    })
}

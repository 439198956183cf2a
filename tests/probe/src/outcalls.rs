//! Threshold keys and HTTPS outcalls.

use candid::{CandidType, Principal};
use ic_cdk::call::Call;
use ic_cdk::{query, update};
use ic_cdk_management_canister::{
    EcdsaCurve, EcdsaKeyId, EcdsaPublicKeyArgs, HttpHeader, HttpMethod, HttpRequestArgs, HttpRequestResult, SchnorrAlgorithm,
    SchnorrKeyId, SchnorrPublicKeyArgs, SignWithEcdsaArgs, SignWithSchnorrArgs, TransformArgs, ecdsa_public_key, http_request,
    schnorr_public_key, sign_with_ecdsa, sign_with_schnorr, transform_context_from_query,
};
use serde::Deserialize;

use crate::calls::{error, failure};

fn ecdsa(name: &str) -> EcdsaKeyId {
    EcdsaKeyId { curve: EcdsaCurve::Secp256k1, name: name.to_string() }
}

fn schnorr(algorithm: SchnorrAlgorithm, name: &str) -> SchnorrKeyId {
    SchnorrKeyId { algorithm, name: name.to_string() }
}

/// Public keys of a path: ECDSA, BIP-340, Ed25519.
#[update]
async fn keys(name: String, path: Vec<Vec<u8>>) -> Result<(Vec<u8>, Vec<u8>, Vec<u8>), (u32, String)> {
    let args = EcdsaPublicKeyArgs { canister_id: None, derivation_path: path.clone(), key_id: ecdsa(&name) };
    let first = ecdsa_public_key(&args).await.map_err(|e| error(&e))?.public_key;
    let mut keys = Vec::new();
    for algorithm in [SchnorrAlgorithm::Bip340secp256k1, SchnorrAlgorithm::Ed25519] {
        let key_id = schnorr(algorithm, &name);
        let args = SchnorrPublicKeyArgs { canister_id: None, derivation_path: path.clone(), key_id };
        keys.push(schnorr_public_key(&args).await.map_err(|e| error(&e))?.public_key);
    }
    let third = keys.remove(1);
    Ok((first, keys.remove(0), third))
}

/// Signatures of a 32-byte message: ECDSA, BIP-340, Ed25519. The text of the error, if one fails.
#[update]
async fn sign(name: String, path: Vec<Vec<u8>>, message: Vec<u8>) -> Result<(Vec<u8>, Vec<u8>, Vec<u8>), String> {
    let args = SignWithEcdsaArgs { message_hash: message.clone(), derivation_path: path.clone(), key_id: ecdsa(&name) };
    let first = sign_with_ecdsa(&args).await.map_err(|e| e.to_string())?.signature;
    let mut signatures = Vec::new();
    for algorithm in [SchnorrAlgorithm::Bip340secp256k1, SchnorrAlgorithm::Ed25519] {
        let args = SignWithSchnorrArgs {
            message: message.clone(),
            derivation_path: path.clone(),
            key_id: schnorr(algorithm, &name),
            aux: None,
        };
        signatures.push(sign_with_schnorr(&args).await.map_err(|e| e.to_string())?.signature);
    }
    let third = signatures.remove(1);
    Ok((first, signatures.remove(0), third))
}

/// Reject code and message of a signature request with this many cycles attached.
#[update]
async fn sign_with_cycles(cycles: u64) -> (u32, String) {
    let args = SignWithEcdsaArgs { message_hash: vec![0; 32], derivation_path: vec![], key_id: ecdsa("key_1") };
    let call = Call::unbounded_wait(Principal::management_canister(), "sign_with_ecdsa");
    match call.with_arg(&args).with_cycles(cycles.into()).await {
        Ok(_) => (0, String::new()),
        Err(failed) => failure(&failed),
    }
}

/// The request of an outcall.
#[derive(CandidType, Deserialize)]
struct Fetch {
    url: String,
    /// `Some` makes it a POST.
    body: Option<Vec<u8>>,
    max_response_bytes: Option<u64>,
    /// Name of the transform.
    transform: Option<String>,
    is_replicated: Option<bool>,
}

/// Status and body of the response as the replicas agree on it.
#[update]
async fn fetch(fetch: Fetch) -> Result<(u64, Vec<u8>), (u32, String)> {
    let args = HttpRequestArgs {
        url: fetch.url,
        max_response_bytes: fetch.max_response_bytes,
        method: if fetch.body.is_some() { HttpMethod::POST } else { HttpMethod::GET },
        headers: vec![HttpHeader { name: "x-probe".to_string(), value: "1".to_string() }],
        body: fetch.body,
        transform: fetch.transform.map(|name| transform_context_from_query(name, b"context".to_vec())),
        is_replicated: fetch.is_replicated,
    };
    let result = http_request(&args).await.map_err(|e| error(&e))?;
    Ok((u64::try_from(result.status.0).expect("a status has three digits"), result.body))
}

/// Keeps status and body only, and appends the context.
#[query]
fn strip(args: TransformArgs) -> HttpRequestResult {
    let body = [args.response.body, args.context].concat();
    HttpRequestResult { status: args.response.status, headers: vec![], body }
}

/// Lets the server's moving headers through.
#[query]
fn leak(args: TransformArgs) -> HttpRequestResult {
    args.response
}

#[query]
fn trapping_transform(_args: TransformArgs) -> HttpRequestResult {
    ic_cdk::api::trap("asked to trap in a transform");
}

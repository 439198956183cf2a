//! Certified data: the log's tip and the HTTP responses, under one root.

use crate::support::{payment, rules};
use blst::BLST_ERROR;
use blst::min_sig::{PublicKey, Signature};
use candid::{Decode, Encode, Principal};
use ic_certification::{Certificate, HashTree, LookupResult};
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_types::*;

/// The domain separator of a signature on a state tree's root hash.
const STATE_ROOT_DOMAIN: &[u8] = b"\x0dic-state-root";
/// The domain of the Internet Computer's BLS signatures.
const SIGNATURE_DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
/// The length of the DER prefix of a BLS key.
const BLS_DER_PREFIX_LENGTH: usize = 37;

/// Checks a certificate with the network's root key, and returns the canister's certified data.
fn certified_data(env: &mut TestEnv, certificate: &[u8]) -> Vec<u8> {
    let certificate: Certificate = serde_cbor::from_slice(certificate).expect("a certificate is CBOR");
    assert!(certificate.delegation.is_none() || std::env::var_os("POCKET_IC_BIN").is_some(), "one subnet needs no delegation");
    if certificate.delegation.is_none() {
        let root_key = env.network.ic().root_key();
        let mut message = STATE_ROOT_DOMAIN.to_vec();
        message.extend(certificate.tree.digest());
        let key = &root_key[BLS_DER_PREFIX_LENGTH..];
        let signature = Signature::from_bytes(&certificate.signature).expect("a point of the curve");
        let key = PublicKey::from_bytes(key).expect("a point of the curve");
        assert_eq!(
            signature.verify(true, &message, SIGNATURE_DOMAIN, &[], &key, true),
            BLST_ERROR::BLST_SUCCESS,
            "the subnet signed it"
        );
    }
    lookup(&certificate.tree, &[b"canister", env.canister.as_slice(), b"certified_data"])
}

fn lookup(tree: &HashTree, path: &[&[u8]]) -> Vec<u8> {
    match tree.lookup_path(path) {
        LookupResult::Found(value) => value.to_vec(),
        other => panic!("{path:?}: {other:?}"),
    }
}

#[test]
fn the_tip_of_the_log_is_certified_after_every_change() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let mut seen = Vec::new();
    for n in 0..3 {
        env.as_actor(Actor::Admin).add_agent(wallet.id, Principal::self_authenticating([100 + n])).expect("an admin adds");
        let proof = env.as_actor(Actor::Anonymous).icrc3_get_tip_certificate().expect("a query has a certificate");
        let tree: HashTree = serde_cbor::from_slice(&proof.hash_tree).expect("a hash tree is CBOR");
        assert_eq!(certified_data(&mut env, &proof.certificate), tree.digest(), "the tree's root is what the subnet certified");
        let tip = env.as_actor(Actor::Admin).get_state_digest().expect("an admin reads it");
        assert_eq!(lookup(&tree, &[b"last_block_hash"]), tip.tip.expect("a log has a tip").to_vec());
        let index = leb128::read::unsigned(&mut lookup(&tree, &[b"last_block_index"]).as_slice()).expect("an index is LEB128");
        assert_eq!(index, tip.log_length - 1);
        seen.push(index);
    }
    assert_eq!(seen, [seen[0], seen[0] + 1, seen[0] + 2]);
}

#[test]
fn the_certificate_survives_an_upgrade() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "k"));
    env.wait_for_end(id);
    env.upgrade(None).expect("it upgrades");
    let proof = env.as_actor(Actor::Anonymous).icrc3_get_tip_certificate().expect("a query has a certificate");
    let tree: HashTree = serde_cbor::from_slice(&proof.hash_tree).expect("a hash tree is CBOR");
    assert_eq!(certified_data(&mut env, &proof.certificate), tree.digest());
}

pub fn get(env: &mut TestEnv, method: &str, url: &str) -> HttpResponse {
    let request =
        HttpRequest { method: method.into(), url: url.into(), headers: vec![], body: vec![].into(), certificate_version: Some(2) };
    let arg = Encode!(&request).expect("a request encodes");
    let canister = env.canister;
    let reply = env.network.ic().query(canister, Principal::anonymous(), "http_request", arg).expect("it answers");
    Decode!(&reply, HttpResponse).expect("a response decodes")
}

#[test]
fn health_is_served_with_a_certificate_and_nothing_secret() {
    let mut env = TestEnv::new();
    let response = get(&mut env, "GET", "/health");
    assert_eq!(response.status_code, 200);
    let body = String::from_utf8(response.body.to_vec()).expect("text");
    let json: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(json["status"], "ok");
    assert_eq!(json["mode"], "normal");
    assert!(!body.contains("cycles"), "the balance is nobody's business");
    let header =
        |name: &str| response.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
    let certificate = header("ic-certificate").expect("the gateway needs it");
    assert!(header("ic-certificateexpression").is_some());
    let encoded =
        certificate.split("certificate=:").nth(1).and_then(|rest| rest.split(':').next()).expect("it holds a certificate");
    let certificate = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).expect("base64");
    assert_eq!(certified_data(&mut env, &certificate).len(), 32);

    let shown = |env: &mut TestEnv| {
        let response = get(env, "GET", "/health");
        let json: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
        (response.status_code, json["status"].clone(), json["mode"].clone())
    };
    env.as_actor(Actor::Guardian).start_emergency("drill").expect("a guardian starts it");
    assert_eq!(shown(&mut env), (503, "emergency".into(), "emergency".into()));
    env.as_actor(Actor::Admin).end_emergency("over").expect("an admin ends it");
    assert_eq!(shown(&mut env), (200, "limited".into(), "limited".into()));
}

#[test]
fn other_paths_and_methods_are_refused() {
    let mut env = TestEnv::new();
    assert_eq!(get(&mut env, "GET", "/nothing").status_code, 404);
    assert_eq!(get(&mut env, "GET", &format!("/{}", "x".repeat(10_000))).status_code, 404);
    assert_eq!(get(&mut env, "POST", "/health").status_code, 405);
}

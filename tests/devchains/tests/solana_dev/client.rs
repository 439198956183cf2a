//! A JSON-RPC client and builders of signed transactions.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use devchains::solana::SolanaDev;
use ic_ed25519::PrivateKey;
use serde_json::{Value, json};
use solana_address::Address;
use solana_hash::Hash;
use solana_instruction::{AccountMeta, Instruction};
use solana_message::{Message, VersionedMessage};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

pub const SOL: u64 = 1_000_000_000;

/// Status and body of a POST; `None` if the connection closed without an answer.
pub fn post(chain: &SolanaDev, content_type: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60))).build().into();
    let mut response = agent.post(chain.url()).header("content-type", content_type).send(body).ok()?;
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(10_000_000).read_to_vec().ok()?;
    Some((status, body))
}

/// The whole JSON-RPC reply to one call.
pub fn call(chain: &SolanaDev, method: &str, params: Value) -> Value {
    let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    let (status, body) = post(chain, "application/json", request.to_string().as_bytes()).expect("an answer");
    assert_eq!(status, 200, "{method}");
    let reply: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((&reply["jsonrpc"], &reply["id"]), (&json!("2.0"), &json!(7)));
    reply
}

/// The result of a call that succeeds.
pub fn result(chain: &SolanaDev, method: &str, params: Value) -> Value {
    let reply = call(chain, method, params);
    assert!(reply.get("error").is_none(), "{method}: {reply}");
    reply["result"].clone()
}

/// The `value` of a call whose result has a context.
pub fn value(chain: &SolanaDev, method: &str, params: Value) -> Value {
    let result = result(chain, method, params);
    assert!(result["context"]["slot"].is_u64() && result["context"]["apiVersion"].is_string(), "{method}: {result}");
    result["value"].clone()
}

/// Code and message of a call that fails.
pub fn error(chain: &SolanaDev, method: &str, params: Value) -> (i64, String) {
    let reply = call(chain, method, params);
    let error = &reply["error"];
    (error["code"].as_i64().expect("an error code"), error["message"].as_str().expect("a message").to_owned())
}

/// A keypair.
pub struct Key(PrivateKey);

impl Key {
    pub fn new(seed: &str) -> Self {
        Self(PrivateKey::generate_from_seed(seed.as_bytes()))
    }

    /// A key whose account holds `lamports`.
    pub fn funded(chain: &SolanaDev, seed: &str, lamports: u64) -> Self {
        let key = Self::new(seed);
        chain.airdrop(&key.text(), lamports);
        key
    }

    pub fn address(&self) -> Address {
        Address::new_from_array(self.0.public_key().serialize_raw())
    }

    pub fn text(&self) -> String {
        self.address().to_string()
    }
}

/// The newest processed blockhash.
pub fn newest_hash(chain: &SolanaDev) -> Hash {
    let latest = value(chain, "getLatestBlockhash", json!([{ "commitment": "processed" }]));
    latest["blockhash"].as_str().expect("a hash").parse().expect("base58")
}

pub fn transfer(from: &Key, to: Address, lamports: u64) -> Instruction {
    let mut data = vec![2, 0, 0, 0];
    data.extend(lamports.to_le_bytes());
    let accounts = vec![AccountMeta::new(from.address(), true), AccountMeta::new(to, false)];
    Instruction { program_id: Address::default(), accounts, data }
}

/// A memo of `length` letters.
pub fn memo(length: usize) -> Instruction {
    let program_id = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr".parse().expect("an address");
    Instruction { program_id, accounts: Vec::new(), data: vec![b'a'; length] }
}

/// A legacy transaction signed by `signers`, the first of whom pays.
pub fn sign(signers: &[&Key], instructions: &[Instruction], lifetime: Hash) -> VersionedTransaction {
    let message = Message::new_with_blockhash(instructions, Some(&signers[0].address()), &lifetime);
    sign_message(signers, VersionedMessage::Legacy(message))
}

pub fn sign_message(signers: &[&Key], message: VersionedMessage) -> VersionedTransaction {
    let bytes = message.serialize();
    let required = usize::from(message.header().num_required_signatures);
    let sign = |address: &Address| {
        let key = signers.iter().find(|key| key.address() == *address).expect("a signer for every required signature");
        Signature::from(key.0.sign_message(&bytes))
    };
    let signatures = message.static_account_keys()[..required].iter().map(sign).collect();
    VersionedTransaction { signatures, message }
}

pub fn wire(tx: &VersionedTransaction) -> Vec<u8> {
    wincode::serialize(tx).expect("a transaction serialises")
}

pub fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

pub fn unbase64(text: &Value) -> Vec<u8> {
    BASE64.decode(text.as_str().expect("a string")).expect("base64")
}

/// Sends as a careful client does: without preflight, which several replicas would see differently.
pub fn send(chain: &SolanaDev, tx: &VersionedTransaction) -> String {
    let config = json!({ "encoding": "base64", "skipPreflight": true, "maxRetries": 0 });
    let signature = result(chain, "sendTransaction", json!([base64(&wire(tx)), config]));
    assert_eq!(signature, json!(tx.signatures[0].to_string()));
    signature.as_str().expect("a signature").to_owned()
}

/// The error of a send with preflight against the newest block.
pub fn preflight_error(chain: &SolanaDev, tx: &VersionedTransaction) -> Value {
    let config = json!({ "encoding": "base64", "preflightCommitment": "processed" });
    call(chain, "sendTransaction", json!([base64(&wire(tx)), config]))["error"].clone()
}

/// The status of one signature, searching the history.
pub fn status(chain: &SolanaDev, signature: &str) -> Value {
    value(chain, "getSignatureStatuses", json!([[signature], { "searchTransactionHistory": true }]))[0].clone()
}

pub fn balance_at(chain: &SolanaDev, address: &str, commitment: &str) -> u64 {
    value(chain, "getBalance", json!([address, { "commitment": commitment }])).as_u64().expect("lamports")
}

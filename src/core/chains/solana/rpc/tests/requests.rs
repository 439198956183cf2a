use super::*;
use crate::chains::solana::fixtures::{PUBLISHED_TXID, PUBLISHED_WIRE};

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body()).expect("JSON")
}

fn call(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

const PAYER: &str = "2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1";
const RECIPIENT: &str = "J3dxNj7nDRRqRRXuEMynDG57DkZK4jYRuv3Garmb1i99";

#[test]
fn reads_name_their_commitment() {
    assert_eq!(body(&latest_blockhash(0)), call("getLatestBlockhash", json!([{ "commitment": "confirmed" }])));
    let confirmed = json!({ "commitment": "confirmed", "minContextSlot": 9 });
    assert_eq!(body(&latest_blockhash(9)), call("getLatestBlockhash", json!([confirmed])));
    assert_eq!(body(&balance(Reading::EXACT)), call("getBalance", json!([PAYER, { "commitment": "finalized" }])));
    assert_eq!(body(&epoch(0)), call("getEpochInfo", json!([{ "commitment": "finalized" }])));
    let finalized = json!({ "commitment": "finalized", "minContextSlot": 9 });
    assert_eq!(body(&epoch(9)), call("getEpochInfo", json!([finalized])));
    let config = json!({ "encoding": "base64", "commitment": "finalized", "minContextSlot": 9 });
    assert_eq!(body(&nonce_changed(9)), call("getAccountInfo", json!([PAYER, config])));
    let config = json!({ "encoding": "base64", "commitment": "finalized" });
    assert_eq!(body(&nonce_changed(0)), call("getAccountInfo", json!([PAYER, config])));
    assert_eq!(body(&Request::RentExemptMinimum { space: 80 }), call("getMinimumBalanceForRentExemption", json!([80])));
    assert_eq!(body(&Request::GenesisHash), call("getGenesisHash", json!([])));
}

#[test]
fn accounts_are_read_together_and_without_their_data() {
    let slice = json!({ "offset": 165, "length": 1 });
    let config = json!({ "encoding": "base64", "commitment": "finalized", "dataSlice": slice });
    assert_eq!(body(&both_accounts()), call("getMultipleAccounts", json!([[PAYER, RECIPIENT], config])));
}

#[test]
fn statuses_are_searched_in_the_whole_history() {
    let texts = [1, 2].map(|byte| TxSignature::from_bytes([byte; 64]).to_string());
    let expected = call("getSignatureStatuses", json!([texts, { "searchTransactionHistory": true }]));
    assert_eq!(body(&statuses(2, 100)), expected);
}

#[test]
fn what_a_transaction_cost_is_asked_of_the_finalized_chain_and_of_every_version() {
    let config = json!({ "encoding": "base64", "commitment": "finalized", "maxSupportedTransactionVersion": 1 });
    assert_eq!(body(&transaction(1)), call("getTransaction", json!([PUBLISHED_TXID, config])));
}

#[test]
fn a_broadcast_is_base64_without_simulation_or_retries() {
    let config = json!({ "encoding": "base64", "skipPreflight": true, "maxRetries": 0 });
    assert_eq!(body(&Request::Send(published())), call("sendTransaction", json!([PUBLISHED_WIRE, config])));
}

#[test]
fn a_batch_has_between_1_and_256_signatures() {
    let batch = |count| SignatureBatch::new(vec![TxSignature::from_bytes([1; 64]); count]);
    assert_eq!(batch(0), None);
    assert!(batch(1).is_some());
    assert!(batch(256).is_some());
    assert_eq!(batch(257), None);
}

#[test]
fn bodies_and_contexts_are_the_same_bytes_each_time() {
    for request in every_request() {
        assert_eq!(request.body(), request.clone().body());
        assert_eq!(request.transform_context(), request.clone().transform_context());
        assert!(request.transform_context().len() < 300, "{request:?}");
    }
}

#[test]
fn the_response_limit_grows_with_the_batch_only() {
    assert_eq!(latest_blockhash(0).max_response_bytes(), 4_096);
    assert_eq!(both_accounts().max_response_bytes(), 4_096);
    assert_eq!(statuses(1, 0).max_response_bytes(), 4_608);
    assert_eq!(statuses(255, 0).max_response_bytes(), 4_096 + 255 * 512);
    assert_eq!(transaction(3).max_response_bytes(), 4_096 + 16_384 + 3 * 6_144);
}

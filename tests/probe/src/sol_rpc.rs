//! A substitute of the SOL RPC canister, as far as Purser uses its interface. All its providers are one node. It answers as the
//! node does, charges cycles, and has faults that a test sets.

use candid::{CandidType, Reserved};
use ic_cdk::api::{msg_cycles_accept, msg_cycles_available};
use ic_cdk::{query, update};
use ic_cdk_management_canister::{
    HttpHeader, HttpMethod, HttpRequestArgs, HttpRequestResult, TransformArgs, http_request, transform_context_from_query,
};
use purser_core::chains::solana::rpc::canister::interface::{
    AccountData, AccountInfo, CommitmentLevel, ConfirmationStatus, GetAccountInfoParams, GetBalanceParams,
    GetSignatureStatusesParams, HttpOutcallError, JsonRpcError, Multi, ProviderError, RpcConfig, RpcError, RpcSources,
    SendTransactionParams, TransactionStatus,
};
use serde_json::{Value, json};
use std::cell::RefCell;

/// The price of a call in cycles, about that of the real canister.
const PRICE: u128 = 1_000_000_000;

/// A fault of the substitute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, serde::Deserialize)]
pub enum Misbehaviour {
    /// No fault.
    None,
    /// The providers disagree.
    Inconsistent,
    /// The price exceeds the attached cycles.
    Overpriced,
    /// Answers have other variants than expected.
    Malformed,
    /// Transactions and accounts are not found.
    NotFound,
}

thread_local! {
    static NODE: RefCell<String> = const { RefCell::new(String::new()) };
    static MISBEHAVIOUR: RefCell<Misbehaviour> = const { RefCell::new(Misbehaviour::None) };
    static CALLED_METHODS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Sets the URL of the node.
#[update]
fn sol_rpc_set_node(url: String) {
    NODE.set(url);
}

/// Sets the fault.
#[update]
fn sol_rpc_set_misbehaviour(misbehaviour: Misbehaviour) {
    MISBEHAVIOUR.set(misbehaviour);
}

/// The methods that were called so far.
#[query]
fn sol_rpc_called_methods() -> Vec<String> {
    CALLED_METHODS.with_borrow(Clone::clone)
}

/// Removes the parts that differ between replicas, as the real canister does.
#[query]
fn sol_rpc_transform(args: TransformArgs) -> HttpRequestResult {
    let mut answer: Value = serde_json::from_slice(&args.response.body).unwrap_or_default();
    if let Some(value) = answer.pointer("/result/value").cloned() {
        answer["result"] = value;
    }
    for status in answer["result"].as_array_mut().into_iter().flatten() {
        if let Some(status) = status.as_object_mut() {
            status.remove("confirmations");
        }
    }
    HttpRequestResult { status: args.response.status, headers: Vec::new(), body: answer.to_string().into_bytes() }
}

/// The node's answer to a request, as all of three providers give it.
async fn call_node(method: &str, config: Option<RpcConfig>, params: Value) -> Multi<Value> {
    CALLED_METHODS.with_borrow_mut(|asked| asked.push(method.to_owned()));
    let expected =
        if MISBEHAVIOUR.with_borrow(|misbehaviour| *misbehaviour == Misbehaviour::Overpriced) { u128::MAX } else { PRICE };
    let received = msg_cycles_available();
    if received < expected {
        let error = ProviderError::TooFewCycles { expected, received };
        return Multi::Consistent(Err(RpcError::ProviderError(error)));
    }
    msg_cycles_accept(expected);
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let answer = post(&body, config).await;
    match MISBEHAVIOUR.with_borrow(|misbehaviour| *misbehaviour) {
        Misbehaviour::Inconsistent => Multi::Inconsistent(Reserved),
        Misbehaviour::NotFound if method != "jsonRequest" => Multi::Consistent(answer.map(|value| match value.as_array() {
            Some(all) => vec![Value::Null; all.len()].into(),
            None => Value::Null,
        })),
        _ => Multi::Consistent(answer),
    }
}

async fn post(body: &Value, config: Option<RpcConfig>) -> Result<Value, RpcError> {
    let args = HttpRequestArgs {
        url: NODE.with_borrow(Clone::clone),
        max_response_bytes: config.and_then(|config| config.response_size_estimate),
        method: HttpMethod::POST,
        headers: vec![HttpHeader { name: "Content-Type".to_owned(), value: "application/json".to_owned() }],
        body: Some(body.to_string().into_bytes()),
        transform: Some(transform_context_from_query("sol_rpc_transform".to_owned(), Vec::new())),
        is_replicated: None,
    };
    let outcall = |error| RpcError::HttpOutcallError(error);
    let refused = |message| outcall(HttpOutcallError::IcError { code: Reserved, message });
    let response = http_request(&args).await.map_err(|error| refused(error.to_string()))?;
    let status = u16::try_from(&response.status.0).unwrap_or(0);
    let mut answer: Value = match serde_json::from_slice(&response.body) {
        Ok(answer) if status == 200 => answer,
        _ => {
            let body = String::from_utf8_lossy(&response.body).into_owned();
            return Err(outcall(HttpOutcallError::InvalidHttpJsonRpcResponse { status, body, parsing_error: Reserved }));
        }
    };
    if let Some(error) = answer.get("error") {
        let message = error["message"].as_str().unwrap_or_default().to_owned();
        return Err(RpcError::JsonRpcError(JsonRpcError { code: error["code"].as_i64().unwrap_or(0), message }));
    }
    Ok(answer["result"].take())
}

fn map<T>(multi: Multi<Value>, read: impl Fn(Value) -> T) -> Multi<T> {
    match multi {
        Multi::Consistent(answer) => Multi::Consistent(answer.map(read)),
        Multi::Inconsistent(reserved) => Multi::Inconsistent(reserved),
    }
}

fn level(commitment: Option<CommitmentLevel>) -> &'static str {
    match commitment {
        Some(CommitmentLevel::Confirmed) => "confirmed",
        Some(CommitmentLevel::Finalized) | None => "finalized",
    }
}

#[update(name = "getAccountInfo")]
async fn get_account_info(_: RpcSources, config: Option<RpcConfig>, params: GetAccountInfoParams) -> Multi<Option<AccountInfo>> {
    let mut options = json!({ "encoding": "base64", "commitment": level(params.commitment) });
    if let Some(slice) = params.data_slice {
        options["dataSlice"] = json!({ "offset": slice.offset, "length": slice.length });
    }
    if let Some(slot) = params.min_context_slot {
        options["minContextSlot"] = slot.into();
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    map(call_node("getAccountInfo", config, json!([params.pubkey, options])).await, |found| {
        (!found.is_null()).then(|| AccountInfo {
            lamports: found["lamports"].as_u64().expect("a number"),
            data: if MISBEHAVIOUR.with_borrow(|misbehaviour| *misbehaviour == Misbehaviour::Malformed) {
                AccountData::LegacyBinary(Reserved)
            } else {
                AccountData::Binary(text(&found["data"][0]), Reserved)
            },
            owner: text(&found["owner"]),
            executable: found["executable"] == true,
            space: found["space"].as_u64().expect("a number"),
        })
    })
}

#[update(name = "getBalance")]
async fn get_balance(_: RpcSources, config: Option<RpcConfig>, params: GetBalanceParams) -> Multi<u64> {
    let params = json!([params.pubkey, { "commitment": level(params.commitment) }]);
    map(call_node("getBalance", config, params).await, |lamports| lamports.as_u64().unwrap_or(0))
}

#[update(name = "getSignatureStatuses")]
async fn get_signature_statuses(
    _: RpcSources,
    config: Option<RpcConfig>,
    params: GetSignatureStatusesParams,
) -> Multi<Vec<Option<TransactionStatus>>> {
    let params = json!([params.signatures, { "searchTransactionHistory": params.search_transaction_history }]);
    map(call_node("getSignatureStatuses", config, params).await, |statuses| {
        let statuses = statuses.as_array().cloned().unwrap_or_default();
        statuses.into_iter().map(|status| (!status.is_null()).then(|| transaction_status(&status))).collect()
    })
}

fn transaction_status(status: &Value) -> TransactionStatus {
    let failed = !status["err"].is_null();
    TransactionStatus {
        slot: status["slot"].as_u64().expect("a number"),
        status: if failed { Err(Reserved) } else { Ok(()) },
        err: (failed && MISBEHAVIOUR.with_borrow(|misbehaviour| *misbehaviour != Misbehaviour::Malformed)).then_some(Reserved),
        confirmation_status: match status["confirmationStatus"].as_str() {
            Some("processed") => Some(ConfirmationStatus::Processed),
            Some("confirmed") => Some(ConfirmationStatus::Confirmed),
            Some("finalized") => Some(ConfirmationStatus::Finalized),
            _ => None,
        },
    }
}

#[update(name = "sendTransaction")]
async fn send_transaction(_: RpcSources, config: Option<RpcConfig>, params: SendTransactionParams) -> Multi<String> {
    let options = json!({ "encoding": "base64", "skipPreflight": params.skip_preflight, "maxRetries": params.max_retries });
    let params = json!([params.transaction, options]);
    map(call_node("sendTransaction", config, params).await, |txid| txid.as_str().unwrap_or_default().to_owned())
}

#[update(name = "jsonRequest")]
async fn json_request(_: RpcSources, config: Option<RpcConfig>, payload: String) -> Multi<String> {
    let request: Value = serde_json::from_str(&payload).unwrap_or_default();
    let method = request["method"].as_str().unwrap_or_default().to_owned();
    map(call_node(&method, config, request["params"].clone()).await, |result| result.to_string())
}

//! JSON-RPC 2.0: envelopes, batches, errors and faults. The methods are in [`methods`](super::methods) and
//! [`submit`](super::submit).

use serde_json::{Value, json};

use super::faults::{Fault, HUGE_BODY_BYTES};
use super::http::Answer;
use super::params::Params;
use super::{Node, methods, submit, tokens};

/// Where a call is answered from.
#[derive(Clone, Copy, Debug, Default)]
pub struct View {
    /// Slots this node is behind the others.
    pub slots_behind: u64,
    /// Running number of the call; makes `context` move between calls.
    pub call: u64,
}

/// A JSON-RPC error. Codes and texts are Agave's (`custom_error.rs`).
#[derive(Clone, Debug)]
pub struct RpcError {
    code: i64,
    message: String,
    data: Option<Value>,
}

impl RpcError {
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub fn with_data(code: i64, message: impl Into<String>, data: Value) -> Self {
        Self { code, message: message.into(), data: Some(data) }
    }

    /// -32602.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }

    fn into_json(self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(data) = self.data {
            error["data"] = data;
        }
        error
    }
}

fn success(id: Value, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "result": result, "id": id })
}

fn failure(id: Value, error: RpcError) -> Value {
    json!({ "jsonrpc": "2.0", "error": error.into_json(), "id": id })
}

/// Answers one HTTP body: a request or a batch of them.
pub fn handle(node: &mut Node, body: &[u8]) -> Answer {
    let reply = match serde_json::from_slice(body) {
        Err(_) => failure(Value::Null, RpcError::new(-32700, "Parse error")),
        Ok(Value::Array(batch)) if !batch.is_empty() => {
            let mut replies = Vec::with_capacity(batch.len());
            for request in &batch {
                match answer(node, request) {
                    Ok(reply) => replies.push(reply),
                    // A fault of the transport takes the whole batch with it.
                    Err(fault) => return fault,
                }
            }
            replies.into()
        }
        Ok(request) => match answer(node, &request) {
            Ok(reply) => reply,
            Err(fault) => return fault,
        },
    };
    Answer::json(reply.to_string().into_bytes())
}

/// Answers one request; `Err` replaces the whole HTTP response.
fn answer(node: &mut Node, request: &Value) -> Result<Value, Answer> {
    let id = request.get("id").cloned().unwrap_or_default();
    let method = request.get("method").and_then(Value::as_str);
    let (Some("2.0"), Some(method)) = (request.get("jsonrpc").and_then(Value::as_str), method) else {
        return Ok(failure(id, RpcError::new(-32600, "Invalid request")));
    };
    let params = match request.get("params") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(params)) => params.as_slice(),
        Some(_) => return Ok(failure(id, RpcError::invalid_params("`params` should be an array"))),
    };
    let params = Params::new(params);
    node.note(method, &params);
    let fault = node.faults.take(method);
    let mut view = View { slots_behind: 0, call: node.calls.len() as u64 };
    match &fault {
        Some(Fault::Http429) => return Err(Answer::text(429, "Too many requests for a specific RPC call")),
        Some(Fault::Http500) => return Err(Answer::text(500, "Internal Server Error")),
        Some(Fault::Hang) => return Err(Answer::Close),
        Some(Fault::GarbageBody) => return Err(garbage()),
        Some(Fault::HugeBody) => return Err(huge(id)),
        Some(Fault::Reorg) => node.chain.reorg(),
        Some(Fault::StaleNode { slots }) => view.slots_behind = *slots,
        _ => {}
    }
    let drops = fault == Some(Fault::DropSend);
    let result = match method {
        "sendTransaction" => submit::send_transaction(node, view, &params, drops),
        "simulateTransaction" => submit::simulate_transaction(node, view, &params),
        "getFeeForMessage" => submit::fee_for_message(node, view, &params),
        "getTokenAccountsByOwner" => tokens::accounts_by_owner(&node.chain, &node.mints, view, &params),
        "requestAirdrop" => submit::request_airdrop(node, &params),
        _ => methods::read(&node.chain, view, method, &params),
    };
    match (fault, result) {
        (Some(Fault::LandButError), _) => Err(Answer::text(500, "Internal Server Error")),
        (Some(Fault::Lie(lie)), Ok(result)) => Ok(success(id, lie.tell(result))),
        (_, Ok(result)) => Ok(success(id, result)),
        (_, Err(error)) => Ok(failure(id, error)),
    }
}

fn garbage() -> Answer {
    Answer::Respond { status: 200, content_type: "text/html", body: b"<html>\xff\xfe bad gateway</html>".to_vec() }
}

fn huge(id: Value) -> Answer {
    let empty = success(id.clone(), "".into()).to_string().len();
    Answer::json(success(id, "a".repeat(HUGE_BODY_BYTES - empty).into()).to_string().into_bytes())
}

//! JSON-RPC 2.0: envelopes, batches and faults. The methods are in [`methods`](super::methods) and [`submit`](super::submit).

use serde_json::{Value, json};

use super::error::RpcError;
use super::faults::{Fault, HUGE_BODY_BYTES};
use super::http::Answer;
use super::node::Node;
use super::params::Params;
use super::view::View;
use super::{methods, submit};

fn success(id: Value, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "result": result, "id": id })
}

fn failure(id: Value, error: RpcError) -> Value {
    json!({ "jsonrpc": "2.0", "error": error.into_json(), "id": id })
}

/// Answers a request whose target contains the key, where the node requires one. A refusal repeats the target, as real nodes do.
pub fn serve(node: &mut Node, target: &str, body: &[u8]) -> Answer {
    match &node.key {
        Some(key) if !target.contains(key.as_str()) => Answer::text(401, &format!("no access with {target}")),
        _ => handle(node, body),
    }
}

/// Answers one HTTP body: a request or a batch of them.
fn handle(node: &mut Node, body: &[u8]) -> Answer {
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
        "getTokenAccountsByOwner" => methods::token_accounts_by_owner(&node.chain, &node.mints, view, &params),
        "requestAirdrop" => submit::request_airdrop(node, &params),
        _ => methods::read(&node.chain, view, method, &params),
    };
    match (fault, result) {
        (Some(Fault::LandButError), _) => Err(Answer::text(500, "Internal Server Error")),
        (Some(Fault::FalseAnswer(false_answer)), Ok(result)) => Ok(success(id, false_answer.apply_to(result))),
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

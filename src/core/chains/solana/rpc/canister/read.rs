//! The translation of the canister's replies into the JSON of a node.

use super::super::request::Request;
use super::super::transform::canonicalise;
use super::interface::{AccountData, AccountInfo, HttpOutcallError, Multi, ProviderError, RpcError, TransactionStatus};
use candid::de::{DecoderConfig, IDLDeserialize};
use candid::{CandidType, Reserved};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The limit on the work of decoding a reply, in candid's units.
///
/// Far above what any answer needs; it stops a short reply that decodes to a huge value.
const DECODING_QUOTA: usize = 10_000_000;
/// The HTTP status of a successful answer.
const OK: u16 = 200;

/// The cause of a missing result.
enum NoResult {
    /// The answer of a node, by HTTP status and body; it is read as any node's answer.
    Answer { status: u16, body: String },
    /// The canister has no answer; the text says why.
    Problem(String),
}

type Found = Result<Value, NoResult>;

/// Translates replies into a canonical body; see [`Request::canister_answer`].
pub(super) fn answer(request: &Request, replies: &[Vec<u8>]) -> Result<Vec<u8>, String> {
    let result = match request {
        Request::Balance { .. } => single(replies).and_then(decode::<u64>).map(|lamports| contextual(0, json!(lamports))),
        Request::Accounts { min_slot, .. } => {
            let accounts: Result<Vec<Value>, NoResult> = replies.iter().map(|reply| account(reply)).collect();
            // A node that had not reached the slot would have answered with an error.
            accounts.map(|accounts| contextual(*min_slot, json!(accounts)))
        }
        Request::SignatureStatuses { .. } => single(replies).and_then(statuses).map(|statuses| contextual(0, statuses)),
        Request::Send(_) => single(replies).and_then(decode::<String>).map(Value::from),
        _ => single(replies).and_then(decode::<String>).and_then(|text| serde_json::from_str(&text).map_err(unreadable)),
    };
    let (status, body) = match result {
        Ok(result) => (OK, json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string()),
        Err(NoResult::Answer { status, body }) => (status, body),
        Err(NoResult::Problem(problem)) => return Err(problem),
    };
    Ok(canonicalise(&request.transform_context(), status, body.as_bytes()))
}

/// Wraps a value as nodes do, with a lower bound of the slot of their state; the canister leaves the slot out.
fn contextual(slot: u64, value: Value) -> Value {
    json!({ "context": { "slot": slot }, "value": value })
}

/// Returns the reply to a request that takes one call.
fn single(replies: &[Vec<u8>]) -> Result<&[u8], NoResult> {
    match replies {
        [reply] => Ok(reply),
        _ => Err(NoResult::Problem(format!("{} replies of the canister instead of one", replies.len()))),
    }
}

fn unreadable(error: impl std::fmt::Display) -> NoResult {
    NoResult::Problem(format!("the canister's reply cannot be read: {error}"))
}

fn decode<T: CandidType + DeserializeOwned>(reply: &[u8]) -> Result<T, NoResult> {
    let mut config = DecoderConfig::new();
    config.set_decoding_quota(DECODING_QUOTA).set_full_error_message(false);
    let read = || {
        let mut arguments = IDLDeserialize::new_with_config(reply, &config)?;
        let value = arguments.get_value()?;
        arguments.done()?;
        Ok(value)
    };
    match read().map_err(|error: candid::Error| unreadable(error))? {
        Multi::Consistent(Ok(value)) => Ok(value),
        Multi::Consistent(Err(error)) => Err(no_result(error)),
        Multi::Inconsistent(_) => Err(NoResult::Problem("the canister's providers disagree".to_owned())),
    }
}

fn no_result(error: RpcError) -> NoResult {
    let problem = match error {
        RpcError::JsonRpcError(error) => {
            let body = json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": error.code, "message": error.message } });
            return NoResult::Answer { status: OK, body: body.to_string() };
        }
        RpcError::HttpOutcallError(HttpOutcallError::InvalidHttpJsonRpcResponse { status, body, .. }) => {
            return NoResult::Answer { status, body };
        }
        RpcError::HttpOutcallError(HttpOutcallError::IcError { message, .. }) => message,
        RpcError::ProviderError(ProviderError::TooFewCycles { expected, received }) => {
            format!("it wants {expected} cycles and got {received}")
        }
        RpcError::ProviderError(ProviderError::InvalidRpcConfig(problem) | ProviderError::UnsupportedCluster(problem)) => problem,
        RpcError::ValidationError(problem) => problem,
    };
    NoResult::Problem(format!("the canister has no answer: {problem}"))
}

/// Translates an account, or its absence.
///
/// Candid reads an `opt` whose content does not decode as null. The reply is therefore read a second time as `opt reserved`, which
/// decodes with any content: only an account that is null both times is missing.
fn account(reply: &[u8]) -> Found {
    let read: Option<AccountInfo> = decode(reply)?;
    let there: Option<Reserved> = decode(reply)?;
    match (read, there) {
        (None, None) => Ok(Value::Null),
        (Some(account), _) => shown(account),
        (None, Some(_)) => Err(unreadable("an account of an unknown form")),
    }
}

fn shown(account: AccountInfo) -> Found {
    let AccountData::Binary(data, _) = account.data else { return Err(unreadable("an account in another encoding")) };
    let AccountInfo { lamports, owner, executable, space, .. } = account;
    // Whether the text is base64 is found out when the account is read.
    Ok(json!({ "data": [data, "base64"], "executable": executable, "lamports": lamports, "owner": owner, "space": space }))
}

/// Translates statuses; as in [`account`], a second reading tells a missing status from one that does not decode.
fn statuses(reply: &[u8]) -> Found {
    let read: Vec<Option<TransactionStatus>> = decode(reply)?;
    let there: Vec<Option<Reserved>> = decode(reply)?;
    if read.len() != there.len() {
        return Err(unreadable("two readings differ"));
    }
    read.into_iter().zip(there).map(|(read, there)| status(read, there.is_some())).collect::<Result<Vec<_>, _>>().map(Value::from)
}

fn status(read: Option<TransactionStatus>, there: bool) -> Found {
    let Some(status) = read else {
        return if there { Err(unreadable("a status of an unknown form")) } else { Ok(Value::Null) };
    };
    let confirmation = status.confirmation_status.ok_or_else(|| unreadable("a status that does not say how settled it is"))?;
    if status.status.is_err() != status.err.is_some() {
        return Err(unreadable("a status that contradicts itself"));
    }
    // The variant has a hundred names and grows, so it is not read; only that there is an error counts.
    let err = status.err.map(|_| "the SOL RPC canister reports a failure");
    Ok(json!({ "slot": status.slot, "err": err, "confirmationStatus": confirmation }))
}

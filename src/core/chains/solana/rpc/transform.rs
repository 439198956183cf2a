//! The transform: from a provider's answer to the canonical body on which replicas agree.

use super::context::Transform;
use super::response::Canonical;
use super::{Charge, EpochInfo, Failure, LatestBlockhash, RpcErrorClass, SendOutcome, Simulation, accounts};
use crate::base::Amount;
use crate::chains::solana::{Blockhash, SignatureStatus, StatusLookup, TxSignature};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The most characters kept of an error that a provider reports.
const MAX_DIAGNOSTIC_CHARS: usize = 160;

/// Reduces a provider's answer to its canonical body.
///
/// `context` is [`Request::transform_context`](super::Request::transform_context), `status` the HTTP status. Total: every input
/// gives a canonical body, at worst a failure. The caller drops the answer's headers and sets a constant status.
pub fn canonicalise(context: &[u8], status: u16, body: &[u8]) -> Vec<u8> {
    let Ok(transform) = serde_json::from_slice(context) else {
        return to_bytes(&Canonical::<()>::Failed(Failure::Context));
    };
    let reply = Reply::read(status, body);
    match transform {
        Transform::LatestBlockhash { min_slot } => canonical(reply.contextual::<RawBlockhash>().and_then(|(slot, raw)| {
            fresh(slot, min_slot)?;
            Ok(LatestBlockhash { blockhash: raw.blockhash, slot })
        })),
        Transform::Balance { reading } => canonical(reply.contextual::<u64>().map(|(_, lamports)| reading.of(lamports))),
        Transform::Number => canonical(reply.result::<u64>()),
        Transform::EpochInfo { height, slot, min_slot } => canonical(reply.result::<RawEpochInfo>().and_then(|raw| {
            fresh(raw.absolute_slot, min_slot)?;
            Ok(EpochInfo { height: height.of(raw.block_height), slot: slot.of(raw.absolute_slot) })
        })),
        Transform::NonceChanged { value, min_slot, step } => canonical(
            reply
                .contextual()
                .and_then(|(slot, found)| accounts::nonce_state(found, &value, (slot >= min_slot).then_some(slot), step)),
        ),
        Transform::Accounts { views, min_slot } => {
            canonical(reply.contextual().and_then(|(slot, found)| accounts::read(found, &views, slot >= min_slot)))
        }
        Transform::Simulation => canonical(reply.contextual().and_then(|(slot, found)| simulation(&found, slot))),
        Transform::Charge => {
            canonical(reply.result::<Option<RawTransaction>>().and_then(|found| found.map(|raw| raw.charge()).transpose()))
        }
        Transform::PriorityPrice => canonical(reply.result().and_then(price)),
        Transform::TokenBalances => canonical(reply.contextual().and_then(|(_, found)| accounts::balances(found))),
        Transform::Statuses { count, min_slot } => {
            canonical(reply.contextual().and_then(|(slot, statuses)| lookups(statuses, count, slot >= min_slot)))
        }
        Transform::GenesisHash => canonical(reply.result::<Blockhash>()),
        Transform::Send { txid } => canonical(reply.send_outcome(txid)),
    }
}

/// Checks that a node has reached the demanded slot.
///
/// A node may ignore `minContextSlot` and answer from an older state; it fails here with the error that a node which heeds it
/// returns.
const fn fresh(slot: u64, min_slot: u64) -> Result<(), Failure> {
    if slot >= min_slot { Ok(()) } else { Err(Failure::BEHIND) }
}

fn canonical<T: Serialize>(result: Result<T, Failure>) -> Vec<u8> {
    match result {
        Ok(value) => to_bytes(&Canonical::Ok(value)),
        Err(failure) => to_bytes(&Canonical::<()>::Failed(failure)),
    }
}

/// Serialises a value of our own types, which cannot fail because all their keys are strings. An empty body would be read as a
/// failure.
fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// A JSON-RPC answer, read as far as it is the same for all methods.
enum Reply {
    Result(Value),
    Error(RpcError),
    None(Failure),
}

/// The error object of JSON-RPC.
struct RpcError {
    code: i64,
    message: String,
    /// The transaction's error (`data.err`) when a simulation failed.
    cause: Option<Value>,
}

impl Reply {
    fn read(status: u16, body: &[u8]) -> Self {
        match status {
            200..=299 => {}
            429 => return Self::None(Failure::RateLimited),
            // Some providers refuse with another status and say in the body that it is the rate.
            _ => return Self::None(if is_rate_limit(body) { Failure::RateLimited } else { Failure::Http { status } }),
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Self::from_fields(fields),
            Ok(_) => Self::None(Failure::Malformed),
            Err(_) => Self::None(Failure::NotJson),
        }
    }

    fn from_fields(mut fields: serde_json::Map<String, Value>) -> Self {
        if let Some(error) = fields.remove("error").filter(|error| !error.is_null()) {
            return RpcError::read(error).map_or(Self::None(Failure::Malformed), Self::Error);
        }
        // Every request has the id 1; an answer to another one is not an answer.
        let ours = fields.get("id").and_then(Value::as_u64) == Some(1);
        match fields.remove("result") {
            Some(result) if ours => Self::Result(result),
            _ => Self::None(Failure::Malformed),
        }
    }

    fn result<T: DeserializeOwned>(self) -> Result<T, Failure> {
        match self {
            Self::Result(value) => serde_json::from_value(value).map_err(|_| Failure::Malformed),
            Self::Error(error) => Err(error.failure()),
            Self::None(failure) => Err(failure),
        }
    }

    /// Returns the slot and the value of a result that is wrapped with its context.
    fn contextual<T: DeserializeOwned>(self) -> Result<(u64, T), Failure> {
        self.result::<Contextual<T>>().map(|wrapped| (wrapped.context.slot, wrapped.value))
    }

    /// Returns the outcome of a broadcast.
    ///
    /// A rate limit, and an answer that is no JSON-RPC, are failures of the provider, as with every other request.
    fn send_outcome(self, txid: TxSignature) -> Result<SendOutcome, Failure> {
        Ok(match self {
            Self::Result(Value::String(found)) if found == txid.to_string() => SendOutcome::Accepted { signature: txid },
            Self::Result(_) => SendOutcome::Unknown { diagnostic: "the node answered another id".to_owned() },
            Self::Error(error) if error.is_already_processed() => SendOutcome::Accepted { signature: txid },
            Self::Error(error) if error.is_rejection() => SendOutcome::Rejected { diagnostic: error.diagnostic() },
            Self::Error(error) if error.class() == RpcErrorClass::RateLimited => return Err(error.failure()),
            Self::Error(error) => SendOutcome::Unknown { diagnostic: error.diagnostic() },
            Self::None(failure) => return Err(failure),
        })
    }
}

/// Returns whether the body of an HTTP error is a JSON-RPC error about the rate.
fn is_rate_limit(body: &[u8]) -> bool {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else { return false };
    let error = fields.remove("error").and_then(RpcError::read);
    error.is_some_and(|error| error.class() == RpcErrorClass::RateLimited)
}

impl RpcError {
    fn read(error: Value) -> Option<Self> {
        let code = error.get("code")?.as_i64()?;
        let message = error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        let cause = error.get("data").and_then(|data| data.get("err")).filter(|cause| !cause.is_null()).cloned();
        Some(Self { code, message, cause })
    }

    /// Returns the class of the error.
    ///
    /// An error with a cause comes from a node that looked at the transaction, so the text of its message is not searched for rate
    /// limits.
    fn class(&self) -> RpcErrorClass {
        if self.cause.is_some() { RpcErrorClass::of_code(self.code) } else { RpcErrorClass::of(self.code, &self.message) }
    }

    fn failure(&self) -> Failure {
        Failure::Rpc { code: self.code, class: self.class() }
    }

    /// Returns whether the node knows the transaction already, as it does when another replica's broadcast came first.
    fn is_already_processed(&self) -> bool {
        match &self.cause {
            Some(cause) => cause.as_str() == Some("AlreadyProcessed"),
            None => self.message.contains("already been processed") || self.message.contains("AlreadyProcessed"),
        }
    }

    /// Returns whether the node looked at the transaction itself and refused it.
    fn is_rejection(&self) -> bool {
        use RpcErrorClass::{InvalidRequest, Preflight, SignatureVerification};
        matches!(self.class(), Preflight | SignatureVerification | InvalidRequest)
    }

    /// Returns code and cause of the error, or its message without digits, shortened.
    fn diagnostic(&self) -> String {
        let text = match &self.cause {
            Some(cause) => compact(cause),
            // Slots and heights in a message differ between replicas.
            None => shorten(self.message.chars().map(|c| if c.is_ascii_digit() { '#' } else { c })),
        };
        format!("{}: {text}", self.code)
    }
}

#[derive(Deserialize)]
struct Contextual<T> {
    context: Context,
    value: T,
}

#[derive(Deserialize)]
struct Context {
    slot: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEpochInfo {
    absolute_slot: u64,
    block_height: u64,
}

#[derive(Deserialize)]
struct RawBlockhash {
    blockhash: Blockhash,
}

/// Reads the outcome of a simulation.
///
/// An `err` that is left out is not a success but a malformed answer. The units are optional: some nodes leave them out. The value
/// is read from an object by hand, because serde also reads a struct with optional members from a list, such as an answer about
/// accounts.
fn simulation(found: &Map<String, Value>, slot: u64) -> Result<Simulation, Failure> {
    let err = found.get("err").ok_or(Failure::Malformed)?;
    let units = found.get("unitsConsumed").and_then(Value::as_u64);
    Ok(Simulation { error: (!err.is_null()).then(|| compact(err)), units, slot })
}

/// A transaction in a block.
#[derive(Deserialize)]
struct RawTransaction {
    slot: u64,
    meta: RawMeta,
}

/// The effects of a transaction in a block. An answer without `err` is malformed, not a success.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMeta {
    err: Value,
    fee: u64,
    pre_balances: Vec<u64>,
    post_balances: Vec<u64>,
}

impl RawTransaction {
    /// Returns the cost to the payer, which is the first account.
    fn charge(&self) -> Result<Charge, Failure> {
        let RawMeta { err, fee, pre_balances, post_balances } = &self.meta;
        let payers = pre_balances.first().zip(post_balances.first());
        let spent = payers.and_then(|(before, after)| before.checked_sub(*after)).ok_or(Failure::Malformed)?;
        Ok(Charge { slot: self.slot, failed: !err.is_null(), fee: Amount::new(*fee), spent: Amount::new(spent) })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPrice {
    prioritization_fee: u64,
}

/// Returns the price that three quarters of the recent slots did not exceed. An empty list is malformed.
fn price(prices: Vec<RawPrice>) -> Result<u64, Failure> {
    let mut prices: Vec<u64> = prices.into_iter().map(|raw| raw.prioritization_fee).collect();
    prices.sort_unstable();
    prices.len().checked_sub(1).map(|last| prices[last * 3 / 4]).ok_or(Failure::Malformed)
}

/// A signature's status. `err` is a plain value, not an option: an answer without it is malformed, not a success.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawStatus {
    slot: u64,
    err: Value,
    confirmation_status: RawConfirmation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum RawConfirmation {
    Processed,
    Confirmed,
    Finalized,
}

impl RawStatus {
    fn status(&self) -> SignatureStatus {
        match self.confirmation_status {
            RawConfirmation::Processed | RawConfirmation::Confirmed => SignatureStatus::Pending,
            RawConfirmation::Finalized => {
                SignatureStatus::Finalized { slot: self.slot, error: (!self.err.is_null()).then(|| compact(&self.err)) }
            }
        }
    }
}

/// Reduces statuses; `fresh` says whether the node has reached the demanded slot, so that its "unknown" counts.
fn lookups(statuses: Vec<Option<RawStatus>>, count: usize, fresh: bool) -> Result<Vec<StatusLookup>, Failure> {
    if statuses.len() != count {
        return Err(Failure::Malformed);
    }
    let unknown = if fresh { StatusLookup::NotFound } else { StatusLookup::Unavailable };
    Ok(statuses.iter().map(|raw| raw.as_ref().map_or(unknown.clone(), |raw| StatusLookup::Found(raw.status()))).collect())
}

/// Returns compact JSON with sorted keys, shortened.
///
/// The keys are sorted here, because another package may enable serde_json's insertion order.
fn compact(value: &Value) -> String {
    shorten(sorted(value).to_string().chars())
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(key, field)| (key.clone(), sorted(field))).collect();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            fields.into_iter().collect()
        }
        scalar => scalar.clone(),
    }
}

/// Returns the first characters of a text, printable ASCII only, so that it can be logged as it is.
fn shorten(characters: impl Iterator<Item = char>) -> String {
    characters.filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_DIAGNOSTIC_CHARS).collect()
}

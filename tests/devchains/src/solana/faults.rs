//! Faults that a test orders.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The genesis hash of Solana's devnet, which a provider of the wrong cluster answers.
pub const DEVNET_GENESIS_HASH: &str = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG";
/// The length of [`Fault::HugeBody`]'s answer in bytes, above the 2,000,000 that an HTTPS outcall can receive.
pub const HUGE_BODY_BYTES: usize = 3_000_000;

/// A fault of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// HTTP 429 with a body that is not JSON; the call has no effect.
    Http429,
    /// HTTP 500 with a body that is not JSON; the call has no effect.
    Http500,
    /// The connection closes without an answer; the call has no effect.
    Hang,
    /// `sendTransaction` answers the signature and forgets the transaction.
    DropSend,
    /// `sendTransaction` forwards the transaction and answers HTTP 500.
    LandButError,
    /// The node answers from the past. Up to 128 slots it reports that it is healthy.
    StaleNode {
        /// The number of slots that the node is behind, at most 479 blocks' worth.
        slots: u64,
    },
    /// The answer is well formed and false.
    FalseAnswer(FalseAnswer),
    /// Before the call is answered, everything that is not finalized is rolled back.
    Reorg,
    /// HTTP 200 with a body that is neither JSON nor UTF-8.
    GarbageBody,
    /// HTTP 200 with a JSON-RPC result of [`HUGE_BODY_BYTES`] bytes.
    HugeBody,
}

/// A well-formed false answer.
#[derive(Clone, Debug, PartialEq)]
pub enum FalseAnswer {
    /// The accounts of `getBalance`, `getAccountInfo` and `getMultipleAccounts` hold this many lamports.
    Balance(u64),
    /// `getLatestBlockhash` answers a hash that no block has.
    Blockhash,
    /// `getLatestBlockhash` answers this last valid block height.
    LastValidBlockHeight(u64),
    /// `getGenesisHash` answers [`DEVNET_GENESIS_HASH`].
    GenesisHash,
    /// Accounts, signatures and transactions do not exist.
    NotFound,
    /// Any method answers this value (inside `context`, if its answers have one).
    Value(Value),
}

impl Fault {
    /// Whether this fault applies to `method`.
    fn applies_to(&self, method: &str) -> bool {
        match self {
            Self::DropSend | Self::LandButError => method == "sendTransaction",
            Self::FalseAnswer(FalseAnswer::Balance(_)) => ["getBalance", "getAccountInfo", "getMultipleAccounts"].contains(&method),
            Self::FalseAnswer(FalseAnswer::Blockhash | FalseAnswer::LastValidBlockHeight(_)) => method == "getLatestBlockhash",
            Self::FalseAnswer(FalseAnswer::GenesisHash) => method == "getGenesisHash",
            Self::FalseAnswer(FalseAnswer::NotFound) => {
                ["getAccountInfo", "getMultipleAccounts", "getSignatureStatuses", "getTransaction"].contains(&method)
            }
            _ => true,
        }
    }
}

impl FalseAnswer {
    /// Turns a true result into this false one.
    pub fn apply_to(&self, result: Value) -> Value {
        let Value::Object(mut wrapped) = result else {
            return self.falsify(result);
        };
        if wrapped.contains_key("context") {
            let value = wrapped.remove("value").unwrap_or_default();
            wrapped.insert("value".into(), self.falsify(value));
            return wrapped.into();
        }
        self.falsify(wrapped.into())
    }

    fn falsify(&self, value: Value) -> Value {
        match self {
            Self::Balance(lamports) => with_balance(value, *lamports),
            Self::Blockhash => {
                let unknown = bs58::encode(Sha256::digest(b"no block has this hash")).into_string();
                with_field(value, "blockhash", unknown.into())
            }
            Self::LastValidBlockHeight(height) => with_field(value, "lastValidBlockHeight", json!(height)),
            Self::GenesisHash => DEVNET_GENESIS_HASH.into(),
            Self::NotFound => value.as_array().map_or(Value::Null, |found| vec![Value::Null; found.len()].into()),
            Self::Value(value) => value.clone(),
        }
    }
}

fn with_balance(value: Value, lamports: u64) -> Value {
    match value {
        Value::Array(accounts) => accounts.into_iter().map(|account| with_balance(account, lamports)).collect(),
        Value::Object(_) => with_field(value, "lamports", json!(lamports)),
        Value::Null => Value::Null,
        _ => json!(lamports),
    }
}

fn with_field(mut value: Value, field: &str, content: Value) -> Value {
    if let Some(slot) = value.get_mut(field) {
        *slot = content;
    }
    value
}

struct OrderedFault {
    fault: Fault,
    method: Option<String>,
    calls: u64,
}

/// The ordered faults of one node; a call meets at most one, the first that applies. Clones share them.
#[derive(Clone, Default)]
pub struct FaultsHandle(Arc<Mutex<Vec<OrderedFault>>>);

impl FaultsHandle {
    /// Orders `fault` for the next `calls` calls of any method that it applies to.
    pub fn next(&self, calls: u64, fault: Fault) {
        self.order(fault, None, calls);
    }

    /// Orders `fault` for the next `calls` calls of `method`.
    pub fn next_at(&self, method: &str, calls: u64, fault: Fault) {
        self.order(fault, Some(method), calls);
    }

    /// Cancels every fault that no call has met yet.
    pub fn clear(&self) {
        self.ordered().clear();
    }

    /// The number of calls that still meet a fault.
    pub fn pending(&self) -> u64 {
        self.ordered().iter().map(|ordered| ordered.calls).sum()
    }

    /// The fault that this call meets, which is used up by it.
    pub(super) fn take(&self, method: &str) -> Option<Fault> {
        let mut faults = self.ordered();
        let at = faults.iter().position(|ordered| {
            ordered.method.as_deref().is_none_or(|wanted| wanted == method) && ordered.fault.applies_to(method)
        })?;
        let fault = faults[at].fault.clone();
        faults[at].calls -= 1;
        if faults[at].calls == 0 {
            faults.remove(at);
        }
        Some(fault)
    }

    fn order(&self, fault: Fault, method: Option<&str>, calls: u64) {
        if calls > 0 {
            self.ordered().push(OrderedFault { fault, method: method.map(str::to_owned), calls });
        }
    }

    fn ordered(&self) -> MutexGuard<'_, Vec<OrderedFault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

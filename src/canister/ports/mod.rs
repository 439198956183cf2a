//! The interfaces to the world outside the domain. Flows are generic over [`Runtime`], so that tests can script every answer.

pub mod ic;

use candid::Principal;
use ic_stable_structures::Memory;
use purser_core::base::{Chain, Timestamp};
use purser_core::chains::solana::rpc::CanisterCall;
use purser_core::state::{Decided, State};
use purser_core::wallet::{KeyKind, RootKeys};
use std::fmt;
use std::future::Future;

/// A call that gave no result. Whether it had an effect is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError(pub String);

impl CallError {
    /// Whether an outcall's answer did not fit its limit: by header, by body, or after the transform.
    pub fn is_too_large(&self) -> bool {
        ["size limit", "length limit", "response exceeds limit"].iter().any(|text| self.0.contains(text))
    }
}

/// How an outcall ends whose answers differ between replicas.
const NO_AGREEMENT: &str = "No consensus could be reached";

impl CallError {
    /// Whether replicas were given different answers.
    pub fn is_disagreement(&self) -> bool {
        self.0.contains(NO_AGREEMENT)
    }
}

/// How a call is refused that is not made because the provider asked for fewer.
const RATE_LIMITED: &str = "the provider limits the rate of requests and is left alone for now";

impl CallError {
    /// The refusal of a call to a provider that limits the rate.
    pub fn rate_limited() -> Self {
        Self(RATE_LIMITED.to_owned())
    }

    /// Whether the call was not made, so that nobody is to blame.
    pub fn is_rate_limited(&self) -> bool {
        self.0.contains(RATE_LIMITED)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CallError {}

/// The time of the current message.
pub trait Clock {
    /// Not strictly monotonic; after an await it is that of the new message.
    fn now(&self) -> Timestamp;
}

/// A threshold key that signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// The scheme: Ed25519, BIP340 or ECDSA.
    pub kind: KeyKind,
    /// The key's name on the Internet Computer.
    pub name: String,
    /// The path under the canister's root key.
    pub derivation_path: Vec<Vec<u8>>,
}

/// The threshold keys.
pub trait Signer {
    /// Returns the 64 bytes of a signature. `message` is the whole message for Ed25519, and a 32-byte digest otherwise.
    ///
    /// # Errors
    /// When the call gave no result; the signature may have been made.
    fn sign(&self, key: &SigningKey, message: &[u8]) -> impl Future<Output = Result<Vec<u8>, CallError>>;

    /// Returns the canister's public keys at the empty path.
    ///
    /// # Errors
    /// When a call gave no result.
    fn root_keys(&self, key_name: &str) -> impl Future<Output = Result<RootKeys, CallError>>;
}

/// The HTTP method of an outcall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Without a body.
    Get,
    /// With a JSON body.
    Post,
}

/// One HTTPS outcall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcall {
    /// The address.
    pub url: String,
    /// The HTTP method.
    pub method: Method,
    /// The body, JSON, for POST.
    pub body: Option<Vec<u8>>,
    /// The most bytes of the answer. The price depends on it; a longer answer fails.
    pub max_response_bytes: u64,
    /// The chain whose canonicalising transform reduces the answer.
    pub chain: Chain,
    /// The context of that transform, which says what it keeps.
    pub context: Vec<u8>,
    /// Whether every replica asks and they must agree. Otherwise one node answers, and nothing may be decided on its word.
    pub replicated: bool,
}

/// HTTPS outcalls.
pub trait HttpOutcall {
    /// Returns the canonical body of the answer.
    ///
    /// # Errors
    /// When the outcall gave no result; the provider may have received the request.
    fn request(&self, outcall: &Outcall) -> impl Future<Output = Result<Vec<u8>, CallError>>;
}

/// The SOL RPC canister.
pub trait SolRpc {
    /// Returns the reply in Candid. The effect of a call can happen twice; a reply that does not come within minutes is none.
    ///
    /// # Errors
    /// When the call gave no result; it may have had its effect.
    fn call(&self, canister: Principal, call: &CanisterCall) -> impl Future<Output = Result<Vec<u8>, CallError>>;
}

/// The durable state. Nothing is held across an await: each `read` and `commit` begins and ends within one message.
pub trait StateStore {
    /// Where the state lives.
    type Memory: Memory;

    /// Reads the state.
    fn read<T>(&self, f: impl FnOnce(&State<Self::Memory>) -> T) -> T;

    /// Makes what was decided happen.
    fn commit(&self, decided: Decided);
}

/// Everything a flow may touch.
pub trait Runtime: Clock + Signer + HttpOutcall + SolRpc + StateStore {}

impl<R: Clock + Signer + HttpOutcall + SolRpc + StateStore> Runtime for R {}

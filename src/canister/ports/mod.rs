//! The interfaces to the world outside the domain. Flows are generic over [`Runtime`], so that tests can script every answer.

pub mod ic;

use candid::Principal;
use ic_stable_structures::Memory;
use purser_core::base::Timestamp;
use purser_core::state::{Decided, State};
use purser_core::wallet::{KeyKind, RootKeys};
use std::fmt;
use std::future::Future;

/// A call without a result; whether the call had an effect is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The kind of failure, to decide on.
    pub kind: CallErrorKind,
    /// The failure in words, for people. No decision reads them.
    pub message: String,
}

/// The kind of a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallErrorKind {
    /// The configuration names no provider, or the provider's API key is missing. No call was made.
    NotConfigured,
    /// The provider asked for fewer requests, so that no call was made and nobody is to blame.
    RateLimited,
    /// The answer exceeds the outcall's limit: by its header, its body, or after the transform.
    TooLarge,
    /// The replicas received different answers.
    NoConsensus,
    /// The Internet Computer rejected the call, or no reply arrived in time.
    Rejected,
    /// The answer carries no result: an HTTP status, an error of the protocol, another chain, an unreadable body.
    Unusable,
    /// Too few providers gave the same answer.
    NoQuorum,
}

/// Words in the reject messages of outcalls whose answer is too large.
const TOO_LARGE: [&str; 3] = ["size limit", "length limit", "response exceeds limit"];
/// Words in the reject message of an outcall whose answers differ between replicas.
const NO_CONSENSUS: &str = "No consensus could be reached";

impl CallError {
    /// A failure of this kind.
    pub fn new(kind: CallErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// A call that the Internet Computer rejected with this message.
    ///
    /// Reject codes do not tell an answer that is too large, or one without consensus, from other failures. So their words are read, here
    /// and nowhere else.
    pub fn rejected(message: impl Into<String>) -> Self {
        let message = message.into();
        let kind = match message.as_str() {
            text if text.contains(NO_CONSENSUS) => CallErrorKind::NoConsensus,
            text if TOO_LARGE.iter().any(|words| text.contains(words)) => CallErrorKind::TooLarge,
            _ => CallErrorKind::Rejected,
        };
        Self { kind, message }
    }

    /// The refusal of a call because no provider is configured.
    pub fn no_provider() -> Self {
        Self::new(CallErrorKind::NotConfigured, "no provider is configured")
    }

    /// The refusal of a call to a provider that limits the rate of requests.
    pub fn rate_limited() -> Self {
        Self::new(CallErrorKind::RateLimited, "the provider limits the rate of requests and is left alone for now")
    }

    /// An answer without a result.
    pub fn unusable(message: impl fmt::Display) -> Self {
        Self::new(CallErrorKind::Unusable, message.to_string())
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
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
    /// The canister's query that reduces the answer to its canonical body.
    pub transform: &'static str,
    /// The context of that query, which says what it keeps.
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

/// One call to a canister that is a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanisterCall {
    /// The method's name.
    pub method: &'static str,
    /// The arguments, encoded in Candid.
    pub args: Vec<u8>,
    /// The cycles attached; those that are not used come back.
    pub cycles: u128,
}

/// Canisters that are providers.
pub trait ProviderCanister {
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
pub trait Runtime: Clock + Signer + HttpOutcall + ProviderCanister + StateStore {}

impl<R: Clock + Signer + HttpOutcall + ProviderCanister + StateStore> Runtime for R {}

#[cfg(test)]
mod tests {
    use super::{CallError, CallErrorKind};

    #[test]
    fn reject_messages_are_classified_by_their_words() {
        for (message, kind) in [
            ("Http body exceeds size limit of 106496 bytes.", CallErrorKind::TooLarge),
            ("Header size exceeds specified response size limit 2000", CallErrorKind::TooLarge),
            ("Transformed http response exceeds limit: 106496", CallErrorKind::TooLarge),
            ("No consensus could be reached. Replicas had different responses.", CallErrorKind::NoConsensus),
            ("Canister http request timed out", CallErrorKind::Rejected),
        ] {
            assert_eq!(CallError::rejected(message).kind, kind, "{message}");
        }
    }
}

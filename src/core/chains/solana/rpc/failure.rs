//! The failures of answers that carry no result.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A reason why an answer carries no result.
///
/// Messages of providers are left out: they differ from call to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The HTTP status is 429, or the body of another error status is a rate limit.
    RateLimited,
    /// The HTTP status is another one outside 200–299.
    Http {
        /// The HTTP status code.
        status: u16,
    },
    /// The body is not JSON.
    NotJson,
    /// The body is JSON of another shape than the method's.
    Malformed,
    /// The node answered with an error of JSON-RPC.
    Rpc {
        /// The code of the error.
        code: i64,
        /// The class of the error, from its code and message.
        class: RpcErrorClass,
    },
    /// The transform's context did not decode, which is a defect of the caller.
    Context,
}

/// The meaning of a JSON-RPC error: agave's custom codes, and the standard's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RpcErrorClass {
    /// The simulation before the broadcast failed.
    Preflight,
    /// The node found a signature wrong.
    SignatureVerification,
    /// The block or its status is not available, not yet or not any more.
    BlockUnavailable,
    /// The node is unhealthy or behind.
    NodeBehind,
    /// The node keeps no transaction history, or cannot reach it.
    HistoryUnavailable,
    /// The node has not reached the demanded slot.
    MinContextSlot,
    /// The provider limits its clients' rate.
    RateLimited,
    /// The request is not valid, or the provider does not know the method.
    InvalidRequest,
    /// The node had an internal error.
    Internal,
    /// The code is none of those above.
    Other,
}

/// The code of a failed simulation.
const PREFLIGHT: i64 = -32002;
/// Parts of messages, in lower case, by which providers say that a client asks too often.
///
/// Providers send them with codes of their own, or with codes that mean something else on a node: -32003 (a signature), -32007 (a
/// skipped slot), -32012 (a scan of accounts).
const RATE_LIMITS: [&str; 17] = [
    "rate limit",
    "rate-limit",
    "ratelimit",
    "request limit",
    "requests limit",
    "rps limit",
    "limit reached",
    "limit exceeded",
    "credit",
    "quota",
    "too many request",
    "per second",
    "throttl",
    "usage reached",
    "usage limit",
    "monthly capacity",
    "upgrade your",
];

impl RpcErrorClass {
    /// Returns the class of an error.
    ///
    /// A message about a rate limit counts before the code, except with a simulation's code: there a program may report a limit of
    /// its own.
    pub(super) fn of(code: i64, message: &str) -> Self {
        let message = message.to_ascii_lowercase();
        let is_limit = code != PREFLIGHT && RATE_LIMITS.iter().any(|text| message.contains(text));
        if is_limit { Self::RateLimited } else { Self::of_code(code) }
    }

    /// Returns the class of a code, as nodes use it.
    pub(super) const fn of_code(code: i64) -> Self {
        match code {
            PREFLIGHT => Self::Preflight,
            -32003 | -32013 => Self::SignatureVerification,
            -32001 | -32004 | -32007 | -32009 | -32014 => Self::BlockUnavailable,
            -32005 => Self::NodeBehind,
            -32011 | -32019 => Self::HistoryUnavailable,
            -32016 => Self::MinContextSlot,
            429 | -32429 => Self::RateLimited,
            -32700 | -32600 | -32601 | -32602 => Self::InvalidRequest,
            -32603 => Self::Internal,
            _ => Self::Other,
        }
    }
}

impl Failure {
    /// The failure of a node that has not reached the demanded slot.
    pub const BEHIND: Self = Self::Rpc { code: -32016, class: RpcErrorClass::MinContextSlot };

    /// Returns whether the node has not reached the demanded slot or is behind; it may answer later.
    pub const fn is_behind(self) -> bool {
        matches!(self, Self::Rpc { class: RpcErrorClass::MinContextSlot | RpcErrorClass::NodeBehind, .. })
    }

    /// Returns whether asking again, or asking another provider, may help. A request that is wrong stays wrong.
    pub const fn is_transient(self) -> bool {
        match self {
            Self::RateLimited | Self::NotJson => true,
            Self::Http { status } => status >= 500 || status == 408,
            Self::Rpc { class, .. } => matches!(
                class,
                RpcErrorClass::BlockUnavailable
                    | RpcErrorClass::NodeBehind
                    | RpcErrorClass::HistoryUnavailable
                    | RpcErrorClass::MinContextSlot
                    | RpcErrorClass::RateLimited
                    | RpcErrorClass::Internal
            ),
            Self::Malformed | Self::Context => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimited => write!(f, "the provider limits the rate of requests"),
            Self::Http { status } => write!(f, "HTTP status {status}"),
            Self::NotJson => write!(f, "the answer is not JSON"),
            Self::Malformed => write!(f, "the answer is not of the documented shape"),
            Self::Rpc { code, class } => write!(f, "JSON-RPC error {code} ({class:?})"),
            Self::Context => write!(f, "the transform's context does not decode"),
        }
    }
}

impl std::error::Error for Failure {}

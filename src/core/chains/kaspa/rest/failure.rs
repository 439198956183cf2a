//! Failures: answers of providers without a result.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The reason why an answer has no result.
///
/// Messages of servers are not kept, because they differ from call to call and replicas must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The HTTP status 429, or another one whose body says that the rate of requests is limited.
    RateLimited,
    /// An HTTP status outside 200–299.
    Http {
        /// The HTTP status.
        status: u16,
    },
    /// A body above [`MAX_BODY_BYTES`](super::MAX_BODY_BYTES), which is not read.
    TooLarge,
    /// A body that is not JSON.
    NotJson,
    /// JSON of another shape than the documented one.
    Malformed,
    /// An answer of the right shape that contradicts the request or itself.
    ///
    /// Examples are an output of another address, an output listed twice, a transaction that was not asked for, and more money than
    /// exists.
    Inconsistent,
    /// A server of another network.
    WrongNetwork,
    /// A context of the transform that does not decode, which is a defect of the caller.
    Context,
}

impl Failure {
    /// Tells whether another try, at this server or another, may succeed.
    ///
    /// Rate limits, bodies that are not JSON, and the statuses 408 and from 500 on are transient.
    pub const fn is_transient(self) -> bool {
        match self {
            Self::RateLimited | Self::NotJson => true,
            Self::Http { status } => status >= 500 || status == 408,
            Self::TooLarge | Self::Malformed | Self::Inconsistent | Self::WrongNetwork | Self::Context => false,
        }
    }
}

/// The largest length, in bytes, of a body that is searched for a notice of a rate limit.
const NOTICE_BYTES: usize = 4_096;

/// Tells whether an answer without a result says that the rate of requests is limited.
///
/// Servers in front of the API use other statuses than 429 for it too.
pub(super) fn limits_rate(status: u16, body: &[u8]) -> bool {
    let says = || {
        let text = String::from_utf8_lossy(body).to_ascii_lowercase();
        ["too many requests", "rate limit", "rate-limit", "ratelimit"].iter().any(|part| text.contains(part))
    };
    // A node's message about a transaction comes with 400. A rate or a limit named there is not the server's limit on requests.
    status == 429 || (status != 400 && body.len() <= NOTICE_BYTES && says())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimited => f.write_str("the server limits the rate of requests"),
            Self::Http { status } => write!(f, "HTTP status {status}"),
            Self::TooLarge => f.write_str("the answer is too large"),
            Self::NotJson => f.write_str("the answer is not JSON"),
            Self::Malformed => f.write_str("the answer is not of the documented shape"),
            Self::Inconsistent => f.write_str("the answer contradicts the question or itself"),
            Self::WrongNetwork => f.write_str("the server is of another network"),
            Self::Context => f.write_str("the transform's context does not decode"),
        }
    }
}

impl std::error::Error for Failure {}

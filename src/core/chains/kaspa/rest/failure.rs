//! Answers that carry no result.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why an answer carries no result. Messages of servers are left out: they differ from call to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// HTTP status 429, or another one whose body says the same.
    RateLimited,
    /// Another HTTP status outside 200–299.
    Http {
        /// The status.
        status: u16,
    },
    /// More bytes than any answer has; they were not read.
    TooLarge,
    /// A body that is not JSON.
    NotJson,
    /// JSON of another shape than the documented one.
    Malformed,
    /// The shape is right, but the answer contradicts the question or itself: another address's output, an output listed twice, a
    /// transaction that was not asked for, more money than exists.
    Inconsistent,
    /// The server is of another network.
    WrongNetwork,
    /// The transform's context did not decode: a defect of the caller.
    Context,
}

impl Failure {
    /// Whether asking again, or asking another server, may help.
    pub const fn is_transient(self) -> bool {
        match self {
            Self::RateLimited | Self::NotJson => true,
            Self::Http { status } => status >= 500 || status == 408,
            Self::TooLarge | Self::Malformed | Self::Inconsistent | Self::WrongNetwork | Self::Context => false,
        }
    }
}

/// Beyond this length a body is an answer and no notice.
const NOTICE_BYTES: usize = 4_096;

/// Whether an answer without a result says that the rate of requests is limited. Servers in front of the API say so with other statuses
/// than 429 as well.
pub(super) fn limits_rate(status: u16, body: &[u8]) -> bool {
    let says = || {
        let text = String::from_utf8_lossy(body).to_ascii_lowercase();
        ["too many requests", "rate limit", "rate-limit", "ratelimit"].iter().any(|part| text.contains(part))
    };
    // The node's own words about a transaction come with 400; a fee rate or a limit in them is none of the server's.
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

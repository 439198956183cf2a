//! Answers that carry no result.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why an answer carries no result. Messages of servers are left out: they differ from call to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// HTTP status 429.
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

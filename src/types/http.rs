//! What an HTTP gateway sends and gets.
//!
//! These are our own types rather than a library's because the method is text here: a method nobody knows is answered, not trapped
//! on.

use candid::CandidType;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// A header's name and value.
pub type HeaderField = (String, String);

/// A request as the gateway passes it on.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct HttpRequest {
    /// As sent.
    pub method: String,
    /// Path and query.
    pub url: String,
    /// As sent.
    pub headers: Vec<HeaderField>,
    /// As sent.
    pub body: ByteBuf,
    /// The latest form of certificate that the gateway understands.
    pub certificate_version: Option<u16>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status_code: u16,
    /// The certificate's among them.
    pub headers: Vec<HeaderField>,
    /// The content.
    pub body: ByteBuf,
    /// Whether the gateway shall ask again with an update call; never here.
    pub upgrade: Option<bool>,
}

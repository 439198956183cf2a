//! The requests and responses of HTTP gateways.
//!
//! A library has such types too. Here the method is text, so that an unknown method is answered and does not trap.

use candid::CandidType;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// The name and the value of a header.
pub type HeaderField = (String, String);

/// A request of an HTTP gateway.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct HttpRequest {
    /// The HTTP method.
    pub method: String,
    /// The path and the query.
    pub url: String,
    /// The headers.
    pub headers: Vec<HeaderField>,
    /// The body.
    pub body: ByteBuf,
    /// The latest version of certificates that the gateway understands.
    pub certificate_version: Option<u16>,
}

/// A response to an HTTP gateway.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status_code: u16,
    /// The headers, with the certificate among them.
    pub headers: Vec<HeaderField>,
    /// The body.
    pub body: ByteBuf,
    /// Whether the gateway is to repeat the request as an update; always absent.
    pub upgrade: Option<bool>,
}

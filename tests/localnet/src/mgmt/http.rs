//! HTTPS outcalls: the checks on a request, one replica's request, and the replicas' agreement.

use std::io;
use std::time::Duration;

use candid::Nat;
use ic_management_canister_types::{HttpHeader, HttpMethod, HttpRequestArgs, HttpRequestResult};

use super::cycles::HTTP_RESPONSE_DEFAULT;
use crate::ic::Reject;

const MAX_URL: usize = 8192;
const MAX_REQUEST: u64 = 2_000_000;
const MAX_RESPONSE: u64 = 2_000_000;
const MAX_HEADERS: usize = 64;
const MAX_HEADER: usize = 8 * 1024;
const MAX_HEADERS_TOTAL: usize = 48 * 1024;

/// Message of an outcall whose time ran out.
pub const TIMED_OUT: &str = "Canister http request timed out";

/// Bytes a request is charged for: URL, headers, body, and the transform's name and context.
pub fn request_bytes(args: &HttpRequestArgs) -> u64 {
    let headers = header_bytes(&args.headers);
    let body = args.body.as_ref().map_or(0, Vec::len);
    let transform = args.transform.as_ref().map_or(0, |t| t.function.0.method.len() + t.context.len());
    (args.url.len() + headers + body + transform) as u64
}

/// Bytes of response a request is charged for, which is also the limit.
pub fn response_limit(args: &HttpRequestArgs) -> u64 {
    args.max_response_bytes.unwrap_or(HTTP_RESPONSE_DEFAULT)
}

fn header_bytes(headers: &[HttpHeader]) -> usize {
    headers.iter().map(|h| h.name.len() + h.value.len()).sum()
}

/// Checks a request against the limits of the interface specification.
///
/// # Errors
/// The limit that is exceeded.
pub fn check(args: &HttpRequestArgs) -> Result<(), Reject> {
    let fail = |message: String| Err(Reject::new(Reject::CANISTER_REJECT, message));
    if args.url.len() > MAX_URL {
        return fail(format!("url exceeds {MAX_URL} bytes"));
    }
    if response_limit(args) > MAX_RESPONSE {
        return fail(format!("max_response_bytes exceeds {MAX_RESPONSE}"));
    }
    if args.headers.len() > MAX_HEADERS {
        return fail(format!("more than {MAX_HEADERS} headers"));
    }
    if args.headers.iter().any(|h| h.name.len() > MAX_HEADER || h.value.len() > MAX_HEADER) {
        return fail(format!("a header's name or value exceeds {MAX_HEADER} bytes"));
    }
    if header_bytes(&args.headers) > MAX_HEADERS_TOTAL {
        return fail(format!("the headers exceed {MAX_HEADERS_TOTAL} bytes"));
    }
    if request_bytes(args) > MAX_REQUEST {
        return fail(format!("the request exceeds {MAX_REQUEST} bytes"));
    }
    Ok(())
}

/// Whether the URL is plain HTTP on this machine. Every other URL counts as unreachable.
fn on_loopback(url: &str) -> bool {
    let authority = url.strip_prefix("http://").and_then(|rest| rest.split(['/', '?', '#']).next());
    authority.is_some_and(|authority| {
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        ["127.0.0.1", "localhost", "[::1]"].contains(&host)
    })
}

/// The HTTP client of outcalls.
pub struct Client {
    agent: ureq::Agent,
}

impl Client {
    /// A client that gives up on a request after `timeout` of real time.
    pub fn new(timeout: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0)
            .proxy(None)
            .user_agent("ic/1.0")
            .timeout_global(Some(timeout))
            .build();
        Self { agent: config.into() }
    }

    /// Performs one replica's request.
    ///
    /// # Errors
    /// The server cannot be reached or does not answer in time (SYS_TRANSIENT), or the response is too large (SYS_FATAL).
    pub fn fetch(&self, args: &HttpRequestArgs) -> Result<HttpRequestResult, Reject> {
        let limit = response_limit(args);
        if !on_loopback(&args.url) {
            return Err(Reject::new(Reject::SYS_TRANSIENT, format!("Error(Connecting to {} failed)", args.url)));
        }
        let method = match args.method {
            HttpMethod::GET => "GET",
            HttpMethod::HEAD => "HEAD",
            HttpMethod::POST => "POST",
        };
        let mut request = ureq::http::Request::builder().method(method).uri(&args.url);
        for header in &args.headers {
            request = request.header(&header.name, &header.value);
        }
        let body = args.body.as_deref().unwrap_or_default();
        let invalid = |e: ureq::http::Error| Reject::new(Reject::CANISTER_REJECT, format!("invalid request: {e}"));
        let sent = match args.method {
            HttpMethod::POST => self.agent.run(request.body(body).map_err(invalid)?),
            HttpMethod::GET | HttpMethod::HEAD => self.agent.run(request.body(()).map_err(invalid)?),
        };
        let mut response = sent.map_err(|error| failure(&error, limit))?;
        let headers: Vec<_> = response
            .headers()
            .iter()
            .map(|(name, value)| HttpHeader {
                name: name.to_string(),
                value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
            })
            .collect();
        let rest = limit.checked_sub(header_bytes(&headers) as u64).ok_or_else(|| too_large(limit))?;
        // The reader's limit is exclusive.
        let body = response.body_mut().with_config().limit(rest + 1).read_to_vec().map_err(|error| failure(&error, limit))?;
        if body.len() as u64 > rest {
            return Err(too_large(limit));
        }
        Ok(HttpRequestResult { status: Nat::from(response.status().as_u16()), headers, body })
    }
}

fn too_large(limit: u64) -> Reject {
    Reject::new(Reject::SYS_FATAL, format!("Http body exceeds size limit of {limit} bytes."))
}

fn failure(error: &ureq::Error, limit: u64) -> Reject {
    match error {
        ureq::Error::BodyExceedsLimit(_) => too_large(limit),
        ureq::Error::Timeout(_) => Reject::new(Reject::SYS_TRANSIENT, TIMED_OUT),
        ureq::Error::Io(e) if e.kind() == io::ErrorKind::TimedOut => Reject::new(Reject::SYS_TRANSIENT, TIMED_OUT),
        error => Reject::new(Reject::SYS_TRANSIENT, format!("Connecting failed: {error}")),
    }
}

/// The result of the consensus: the one that `n − f` of `n` replicas have, where `f` may be faulty.
///
/// # Errors
/// The rejection that they agree on, or the lack of agreement.
pub fn consensus(results: &[Result<Vec<u8>, Reject>]) -> Result<Vec<u8>, Reject> {
    let needed = results.len() - (results.len().saturating_sub(1)) / 3;
    for candidate in results {
        let votes = results.iter().filter(|other| *other == candidate).count();
        if votes >= needed {
            return candidate.clone();
        }
    }
    Err(Reject::new(Reject::SYS_TRANSIENT, "No consensus could be reached. Replicas had different responses."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn should_need_nine_of_thirteen_equal_results() {
        let result = |odd: usize| -> Vec<_> { (0..13u8).map(|i| Ok(vec![if usize::from(i) < odd { i + 1 } else { 0 }])).collect() };
        assert_eq!(consensus(&result(4)), Ok(vec![0]));
        assert_eq!(consensus(&result(5)).unwrap_err().code, Reject::SYS_TRANSIENT);
        assert_eq!(consensus(&[Ok(vec![7])]), Ok(vec![7]));
        let rejects = vec![Err(Reject::new(1, "too large")); 13];
        assert_eq!(consensus(&rejects), Err(Reject::new(1, "too large")));
    }

    #[test]
    fn should_only_reach_loopback() {
        for url in ["http://127.0.0.1:80/x", "http://localhost/", "http://[::1]:8080"] {
            assert!(on_loopback(url), "{url}");
        }
        for url in ["https://127.0.0.1/", "http://127.0.0.1.example.org/", "http://example.org/127.0.0.1", "ftp://localhost"] {
            assert!(!on_loopback(url), "{url}");
        }
    }
}

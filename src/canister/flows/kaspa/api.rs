//! The REST API of Kaspa servers, and how the provider engine uses it.

use crate::flows::providers::{AnswerFailure, ProviderApi, Replication};
use crate::flows::transform;
use crate::ports::{Method, Outcall};
use ic_cdk_management_canister::{HttpRequestResult, TransformArgs};
use purser_core::base::Chain;
use purser_core::chains::kaspa::rest::{self, Failure, Request};

/// The REST API of kaspa-rest-server.
pub(in crate::flows) struct Rest;

/// Reduces the answer of a server. Every answer gives a canonical body, at worst one that names the failure.
pub fn transform(args: TransformArgs) -> HttpRequestResult {
    transform::reduce(args, rest::canonicalise)
}

impl ProviderApi for Rest {
    const CHAIN: Chain = Chain::Kaspa;
    type Request = Request;

    fn outcall(url: &str, request: &Request, replication: Replication) -> Outcall {
        Outcall {
            url: address(url, &request.path()),
            method: match request.method() {
                rest::Method::Get => Method::Get,
                rest::Method::Post => Method::Post,
            },
            body: request.body(),
            max_response_bytes: request.max_response_bytes(),
            transform: "transform_kaspa",
            context: request.transform_context(),
            replicated: replication == Replication::Replicated,
        }
    }

    fn failure_of(answer: &[u8]) -> Option<AnswerFailure> {
        let failure = rest::failure_of(answer)?;
        Some(AnswerFailure { is_rate_limit: failure == Failure::RateLimited, problem: failure.to_string() })
    }
}

/// The address of a route below a server's URL. A query in the URL, which may hold an API key, stays behind the route's own.
fn address(url: &str, route: &str) -> String {
    match url.split_once('?') {
        None => format!("{url}{route}"),
        Some((server, query)) => format!("{server}{route}{}{query}", if route.contains('?') { '&' } else { '?' }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_the_path_or_in_the_query_stays_in_its_place() {
        assert_eq!(address("https://a.b", "/info/blockdag"), "https://a.b/info/blockdag");
        assert_eq!(address("https://a.b/s3cret", "/info/blockdag"), "https://a.b/s3cret/info/blockdag");
        assert_eq!(address("https://a.b/v1?key=s3cret", "/transactions"), "https://a.b/v1/transactions?key=s3cret");
        let route = "/transactions?replaceByFee=true";
        assert_eq!(address("https://a.b?key=s3cret", route), "https://a.b/transactions?replaceByFee=true&key=s3cret");
    }

    #[test]
    fn failures_are_told_by_the_canonical_body() {
        let of = |body: &str| Rest::failure_of(body.as_bytes()).map(|failure| failure.is_rate_limit);
        assert_eq!(of(r#"{"ok":[1,2]}"#), None);
        for limited in [r#"{"failed":"rate_limited"}"#, r#"{"ok":"rate_limited"}"#] {
            assert_eq!(of(limited), Some(true));
        }
        for failed in [r#"{"failed":"not_json"}"#, r#"{"failed":{"http":{"status":500}}}"#] {
            assert_eq!(of(failed), Some(false));
        }
    }
}

//! The responses to HTTP gateways: two certified pages, and a certified 404 for every other path.

use crate::certification::{self, Page, Snapshot};
use ic_http_certification::HttpRequest as GatewayRequest;
use purser_types::{HttpRequest, HttpResponse};
use serde_bytes::ByteBuf;

/// Returns the response to a request, from a snapshot of the state.
///
/// The page follows from the path alone: the query, the headers and the body change nothing.
pub fn respond(request: &HttpRequest, snapshot: &Snapshot, certificate: Option<&[u8]>) -> HttpResponse {
    let Some(page) = route(&request.url) else {
        // No gateway asks for what is no url, so nobody waits for a certificate.
        return HttpResponse { status_code: 400, headers: Vec::new(), body: ByteBuf::new(), upgrade: None };
    };
    // A gateway cuts the body off the response to HEAD itself, after it has verified it.
    let is_refused = !matches!(request.method.as_str(), "GET" | "HEAD");
    let response = certification::response(snapshot, page, is_refused, certificate);
    HttpResponse {
        status_code: response.status_code().as_u16(),
        headers: response.headers().to_vec(),
        body: ByteBuf::from(response.body()),
        upgrade: None,
    }
}

/// Returns the page of a url, decoded as a gateway decodes it; `None` when the text is no url.
fn route(url: &str) -> Option<Page> {
    let path = GatewayRequest::get(url).build().get_path().ok()?;
    let page = Page::ALL.into_iter().find(|page| page.path() == Some(path.as_str()));
    Some(page.unwrap_or(Page::NotFound))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certification::LogCondition;
    use purser_core::base::{BlockIndex, Hash};
    use purser_core::policy::Mode;

    #[test]
    fn a_page_is_found_by_its_path_alone() {
        for (url, page) in [
            ("/health", Page::Health),
            ("/health?canisterId=aaaaa-aa&x=/audit/head", Page::Health),
            ("/%68ealth", Page::Health),
            ("/audit/head", Page::AuditHead),
            ("/", Page::NotFound),
            ("/health/", Page::NotFound),
            ("/Health", Page::NotFound),
            ("/audit", Page::NotFound),
            ("/audit/head/1", Page::NotFound),
        ] {
            assert_eq!(route(url), Some(page), "{url}");
        }
    }

    #[test]
    fn what_is_no_url_is_a_bad_request() {
        let request = HttpRequest {
            method: "GET".into(),
            url: "/%ff \u{0}".into(),
            headers: Vec::new(),
            body: ByteBuf::new(),
            certificate_version: None,
        };
        let snapshot = Snapshot {
            mode: Mode::Normal,
            keys_ready: true,
            log: LogCondition::Sound,
            recovery: None,
            tip: (BlockIndex::new(0), Hash([1; 32])),
            digest: Hash([2; 32]),
        };
        assert_eq!(respond(&request, &snapshot, None).status_code, 400);
    }
}

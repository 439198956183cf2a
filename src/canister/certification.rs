//! The certified root over the tip of the log, for ICRC-3, and the web pages, for HTTP gateways.
//!
//! ```text
//! root ─┬─ "http_expr" ─┬─ "<*>" ───────────────────── the 404 of every other path
//!       │               └─┬─ "audit" ─ "head" ─ "<$>" ─ /audit/head
//!       │                 └─ "health" ──────── "<$>" ─ /health
//!       └─┬─┬─ "last_block_hash"  ─ SHA-256 of the last block
//!         │ └─ "last_block_index" ─ its index, unsigned LEB128
//!         └─ "state_digest" ─────── the digest of the state after it
//! ```
//!
//! Under a page stand the hash of the certification expression, an empty label (the request is not certified) and the hashes of its
//! two responses: HTTP certification, version 2, response only. The shape never changes, so the tree is written out here instead of
//! being kept in a map: it is a function of the [`Snapshot`] that the caller gives, costs a fraction of a rebalanced tree with every
//! commit, and nothing of it can be lost in an upgrade, which keeps certified data and drops the heap.

mod pages;

pub use pages::{LogCondition, Page, Snapshot};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ic_certification::{HashTree, fork, fork_hash, labeled, labeled_hash, leaf, leaf_hash, pruned};
use ic_http_certification::utils::{add_v2_certificate_header, cbor_encode_to_base64};
use ic_http_certification::{
    CERTIFICATE_EXPRESSION_HEADER_NAME, DefaultCelBuilder, DefaultResponseCertification, DefaultResponseOnlyCelExpression,
    HttpCertificationPath, HttpResponse, filter_response_headers, response_hash, response_headers_hash,
};
use pages::{found, unavailable};
use purser_core::audit::leb128;
use purser_core::base::{BlockIndex, Hash};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Certifies a snapshot of the state. The store does so after every commit, in the same message.
///
/// # Panics
/// Where the system forbids certifying: in queries and in cleanup callbacks, which therefore must not commit.
pub fn certify(snapshot: &Snapshot) {
    ic_cdk::api::certified_data_set(Certified::new(snapshot).root());
}

/// Returns the tree for ICRC-3's tip certificate, in CBOR.
pub fn tip_tree(snapshot: &Snapshot) -> Vec<u8> {
    to_cbor(&Certified::new(snapshot).tip_witness())
}

/// Returns the response of a page, with the certificate that a gateway needs when there is one.
///
/// `is_refused`: the request has a method that no page has.
pub fn response(snapshot: &Snapshot, page: Page, is_refused: bool, certificate: Option<&[u8]>) -> HttpResponse<'static> {
    Certified::new(snapshot).response(page, is_refused, certificate)
}

/// Everything under the root.
struct Certified {
    health: CertifiedResponse,
    audit_head: CertifiedResponse,
    tip: (BlockIndex, Hash),
    digest: Hash,
}

/// A response that carries its certification expression, and its hash.
struct CertifiedResponse {
    response: HttpResponse<'static>,
    hash: [u8; 32],
}

/// What is the same in every state. With every commit these hashes would cost more than all that change.
struct Fixed {
    expression_text: String,
    expression_hash: [u8; 32],
    /// The hash of status and headers of every page that is found.
    found_hash: [u8; 32],
    /// The hash of status and headers of every page that tells of trouble.
    unavailable_hash: [u8; 32],
    not_found: CertifiedResponse,
    refusal: CertifiedResponse,
    /// The subtree of the 404's two responses.
    not_found_content: [u8; 32],
    /// The subtree of the refusal under its label.
    refusal_node: [u8; 32],
    empty_leaf: [u8; 32],
}

static FIXED: LazyLock<Fixed> = LazyLock::new(Fixed::new);

impl Fixed {
    fn new() -> Self {
        let expression = expression();
        let expression_text = expression.to_string();
        let certified = |mut response: HttpResponse<'static>| {
            response.add_header((CERTIFICATE_EXPRESSION_HEADER_NAME.to_owned(), expression_text.clone()));
            let hash = response_hash(&response, &expression.response, None);
            CertifiedResponse { response, hash }
        };
        let head_hash = |response: HttpResponse<'static>| {
            let model = certified(response).response;
            let headers = filter_response_headers(&model, &expression.response);
            response_headers_hash(&model.status_code().as_u16().into(), &headers)
        };
        let found_hash = head_hash(found(&serde_json::Value::Null));
        let unavailable_hash = head_hash(unavailable(&serde_json::Value::Null));
        let (not_found, refusal) = (certified(Page::not_found()), certified(Page::refusal()));
        let empty_leaf = leaf_hash(&[]);
        let mut fixed = Self {
            expression_hash: Sha256::digest(&expression_text).into(),
            found_hash,
            unavailable_hash,
            not_found_content: [0; 32],
            refusal_node: labeled_hash(&refusal.hash, &empty_leaf),
            empty_leaf,
            expression_text,
            not_found,
            refusal,
        };
        fixed.not_found_content = fixed.content_hash(&fixed.not_found);
        fixed
    }

    /// The root of [`content`].
    fn content_hash(&self, certified: &CertifiedResponse) -> [u8; 32] {
        let node = labeled_hash(&certified.hash, &self.empty_leaf);
        let responses = if certified.hash < self.refusal.hash {
            fork_hash(&node, &self.refusal_node)
        } else {
            fork_hash(&self.refusal_node, &node)
        };
        labeled_hash(&self.expression_hash, &labeled_hash(&[], &responses))
    }
}

/// All headers are certified. The request is not: the pages depend on nothing but its path.
fn expression() -> DefaultResponseOnlyCelExpression<'static> {
    let headers = DefaultResponseCertification::response_header_exclusions(vec![]);
    DefaultCelBuilder::response_only_certification().with_response_certification(headers).build()
}

/// A page's two responses.
fn content(certified: &CertifiedResponse) -> HashTree {
    let mut hashes = [certified.hash, FIXED.refusal.hash];
    hashes.sort_unstable();
    let [first, second] = hashes.map(|hash| labeled(hash.to_vec(), leaf(Vec::new())));
    labeled(FIXED.expression_hash.to_vec(), labeled("", fork(first, second)))
}

impl Certified {
    fn new(snapshot: &Snapshot) -> Self {
        Self {
            health: CertifiedResponse::new(snapshot.health()),
            audit_head: CertifiedResponse::new(snapshot.audit_head()),
            tip: snapshot.tip,
            digest: snapshot.digest,
        }
    }

    fn root(&self) -> [u8; 32] {
        fork(self.http_tree(None), self.tip_tree()).digest()
    }

    fn tip_witness(&self) -> HashTree {
        fork(pruned(self.http_tree(None).digest()), self.tip_tree())
    }

    /// Proves a page. The labels of all pages stay visible, which proves for every path at once that no closer page exists.
    fn http_witness(&self, page: Page) -> HashTree {
        fork(self.http_tree(Some(page)), pruned(self.tip_tree().digest()))
    }

    fn response(&self, page: Page, is_refused: bool, certificate: Option<&[u8]>) -> HttpResponse<'static> {
        let certified = if is_refused { &FIXED.refusal } else { self.certified(page) };
        let mut response = certified.response.clone();
        // Without a certificate this is a replicated call, which the subnet vouches for in another way.
        if let Some(certificate) = certificate {
            let path = match page.path() {
                Some(path) => HttpCertificationPath::exact(path),
                None => HttpCertificationPath::wildcard(""),
            };
            add_v2_certificate_header(certificate, &mut response, &self.http_witness(page), &path.to_expr_path());
        }
        response
    }

    fn certified(&self, page: Page) -> &CertifiedResponse {
        match page {
            Page::Health => &self.health,
            Page::AuditHead => &self.audit_head,
            Page::NotFound => &FIXED.not_found,
        }
    }

    fn tip_tree(&self) -> HashTree {
        let (index, hash) = self.tip;
        let tip = fork(labeled("last_block_hash", leaf(hash.0.to_vec())), labeled("last_block_index", leaf(leb128(index.get()))));
        fork(tip, labeled("state_digest", leaf(self.digest.0.to_vec())))
    }

    /// The pages, with the responses of `shown` only. Labels ascend from left to right.
    fn http_tree(&self, shown: Option<Page>) -> HashTree {
        let content = |page| match page {
            page if shown == Some(page) => content(self.certified(page)),
            Page::NotFound => pruned(FIXED.not_found_content),
            page => pruned(FIXED.content_hash(self.certified(page))),
        };
        let not_found = labeled("<*>", content(Page::NotFound));
        let audit_head = labeled("audit", labeled("head", labeled("<$>", content(Page::AuditHead))));
        let health = labeled("health", labeled("<$>", content(Page::Health)));
        labeled("http_expr", fork(not_found, fork(audit_head, health)))
    }
}

impl CertifiedResponse {
    /// A page that exists; its headers are those of every page with its status.
    fn new(mut response: HttpResponse<'static>) -> Self {
        response.add_header((CERTIFICATE_EXPRESSION_HEADER_NAME.to_owned(), FIXED.expression_text.clone()));
        let body: [u8; 32] = Sha256::digest(response.body()).into();
        let is_found = response.status_code().is_success();
        let head = if is_found { FIXED.found_hash } else { FIXED.unavailable_hash };
        let hash = Sha256::digest([head, body].concat()).into();
        Self { response, hash }
    }
}

/// A tree as self-describing CBOR. The library's encoder shows itself only behind base64.
fn to_cbor(tree: &HashTree) -> Vec<u8> {
    BASE64.decode(cbor_encode_to_base64(tree)).expect("BUG: the encoder's base64 is not base64")
}

#[cfg(test)]
mod tests;

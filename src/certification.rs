//! What the subnet signs: one root over the log's tip, as ICRC-3 wants it, and the web pages, as HTTP gateways verify them.
//!
//! ```text
//! root ─┬─ "http_expr" ─ the pages (ic-http-certification, version 2, response only)
//!       └─┬─ "last_block_hash"  ─ SHA-256 of the last block
//!         └─ "last_block_index" ─ its index, unsigned LEB128
//! ```
//!
//! Each side is proven with the other pruned. The tree lives on the heap: it is made again from the state by the first [`refresh`]
//! of every module, and an upgrade commits before anything else can ask (trap T91).

use crate::store;
use crate::web::pages::{Page, Snapshot};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ic_certification::{HashTree, fork, fork_hash, labeled, labeled_hash, leaf, leaf_hash, pruned};
use ic_http_certification::utils::{add_v2_certificate_header, cbor_encode_to_base64};
use ic_http_certification::{
    CERTIFICATE_EXPRESSION_HEADER_NAME, DefaultCelBuilder, DefaultResponseCertification, DefaultResponseOnlyCelExpression,
    HttpCertification, HttpCertificationPath, HttpCertificationTree, HttpCertificationTreeEntry, HttpResponse,
};
use purser_core::audit::leb128;
use purser_core::primitives::{BlockIndex, Hash};
use std::cell::RefCell;

const LAST_BLOCK_HASH: &str = "last_block_hash";
const LAST_BLOCK_INDEX: &str = "last_block_index";

thread_local! {
    static CERTIFIED: RefCell<Option<Certified>> = const { RefCell::new(None) };
}

/// Certifies what the state says now. The store calls it after every commit, in the same message.
///
/// # Panics
/// Where the system forbids certifying: in queries and in cleanup callbacks, which therefore must not commit.
pub fn refresh() {
    let snapshot = store::read(Snapshot::of);
    let root = CERTIFIED.with_borrow_mut(|certified| {
        let certified = match certified {
            Some(certified) => {
                certified.update(&snapshot);
                certified
            }
            None => certified.insert(Certified::new(&snapshot)),
        };
        certified.root()
    });
    ic_cdk::api::certified_data_set(root);
}

/// The tree for ICRC-3's tip certificate, as CBOR; `None` before anything was certified.
pub fn tip_tree() -> Option<Vec<u8>> {
    CERTIFIED.with_borrow(|certified| certified.as_ref().map(|certified| to_cbor(&certified.tip_witness())))
}

/// The response of a page to a request for `path`, with the certificate a gateway needs when there is one.
pub fn response(page: Page, is_refused: bool, path: &str, certificate: Option<&[u8]>) -> Option<HttpResponse<'static>> {
    CERTIFIED.with_borrow(|certified| certified.as_ref().map(|certified| certified.response(page, is_refused, path, certificate)))
}

/// Everything under the root.
struct Certified {
    http: HttpCertificationTree,
    /// In the order of [`Page::ALL`].
    pages: [Sealed; 3],
    /// What a page answers to a method it does not have, in the same order.
    refusals: [Sealed; 3],
    tip: (BlockIndex, Hash),
}

/// A response and its place in the tree.
struct Sealed {
    response: HttpResponse<'static>,
    entry: HttpCertificationTreeEntry<'static>,
}

impl Certified {
    fn new(snapshot: &Snapshot) -> Self {
        let pages = Page::ALL.map(|page| Sealed::new(page, page.response(snapshot)));
        let refusals = Page::ALL.map(|page| Sealed::new(page, Page::refusal()));
        let mut http = HttpCertificationTree::default();
        for sealed in pages.iter().chain(&refusals) {
            http.insert(&sealed.entry);
        }
        Self { http, pages, refusals, tip: snapshot.tip }
    }

    /// Replaces the pages that change; the others keep their subtrees and the hashes of these.
    fn update(&mut self, snapshot: &Snapshot) {
        for (page, sealed) in Page::ALL.into_iter().zip(&mut self.pages) {
            if page.is_fixed() {
                continue;
            }
            self.http.delete(&sealed.entry);
            *sealed = Sealed::new(page, page.response(snapshot));
            self.http.insert(&sealed.entry);
        }
        self.tip = snapshot.tip;
    }

    fn root(&self) -> [u8; 32] {
        fork_hash(&self.http.root_hash(), &self.tip_hash())
    }

    fn tip_hash(&self) -> [u8; 32] {
        let (index, hash) = self.tip;
        fork_hash(
            &labeled_hash(LAST_BLOCK_HASH.as_bytes(), &leaf_hash(&hash.0)),
            &labeled_hash(LAST_BLOCK_INDEX.as_bytes(), &leaf_hash(&leb128(index.get()))),
        )
    }

    fn tip_witness(&self) -> HashTree {
        let (index, hash) = self.tip;
        let tip = fork(labeled(LAST_BLOCK_HASH, leaf(hash.0.to_vec())), labeled(LAST_BLOCK_INDEX, leaf(leb128(index.get()))));
        fork(pruned(self.http.root_hash()), tip)
    }

    fn response(&self, page: Page, is_refused: bool, path: &str, certificate: Option<&[u8]>) -> HttpResponse<'static> {
        let sealed = if is_refused { &self.refusals[page as usize] } else { &self.pages[page as usize] };
        let mut response = sealed.response.clone();
        // Without a certificate this is a replicated call, which the subnet vouches for in another way. A path without a witness
        // is none that a gateway would have asked for; its answer goes out unproven.
        if let (Some(certificate), Ok(witness)) = (certificate, self.http.witness(&sealed.entry, path)) {
            let witness = fork(witness, pruned(self.tip_hash()));
            add_v2_certificate_header(certificate, &mut response, &witness, &sealed.entry.path.to_expr_path());
        }
        response
    }
}

impl Sealed {
    /// # Panics
    /// Never: the response carries the expression it is certified under.
    fn new(page: Page, mut response: HttpResponse<'static>) -> Self {
        let expression = expression();
        response.add_header((CERTIFICATE_EXPRESSION_HEADER_NAME.to_owned(), expression.to_string()));
        let certification = HttpCertification::response_only(&expression, &response, None);
        let certification = certification.expect("BUG: a response without its certificate expression");
        let path = match page.path() {
            Some(path) => HttpCertificationPath::exact(path),
            None => HttpCertificationPath::wildcard(""),
        };
        Self { response, entry: HttpCertificationTreeEntry::new(path, certification) }
    }
}

/// The response alone is certified, with all of its headers: the pages depend on nothing else in a request than its path.
fn expression() -> DefaultResponseOnlyCelExpression<'static> {
    DefaultCelBuilder::response_only_certification()
        .with_response_certification(DefaultResponseCertification::response_header_exclusions(vec![]))
        .build()
}

/// A tree as self-describing CBOR. The library's encoder shows itself only behind base64.
fn to_cbor(tree: &HashTree) -> Vec<u8> {
    BASE64.decode(cbor_encode_to_base64(tree)).expect("BUG: the encoder's base64 is not base64")
}

#[cfg(test)]
mod tests;

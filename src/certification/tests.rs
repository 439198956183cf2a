use super::*;
use ic_certification::{LookupResult, SubtreeLookupResult};
use ic_http_certification::response_hash;
use purser_core::mode::Mode;
use sha2::{Digest, Sha256};

const SNAPSHOT: Snapshot = Snapshot { mode: Mode::Normal, keys_ready: true, tip: (BlockIndex::new(300), Hash([7; 32])) };

fn later() -> Snapshot {
    Snapshot { tip: (BlockIndex::new(301), Hash([8; 32])), ..SNAPSHOT }
}

fn found(tree: &HashTree, label: &str) -> Vec<u8> {
    match tree.lookup_path([label]) {
        LookupResult::Found(value) => value.to_vec(),
        other => panic!("{label}: {other:?}"),
    }
}

/// The witness out of a response's certificate header, as a gateway reads it.
fn witness(certified: &Certified, page: Page, is_refused: bool, path: &str) -> HashTree {
    let sealed = if is_refused { &certified.refusals[page as usize] } else { &certified.pages[page as usize] };
    fork(certified.http.witness(&sealed.entry, path).expect("a witness"), pruned(certified.tip_hash()))
}

/// Looks a response up where HTTP certification version 2 puts it.
fn is_proven(tree: &HashTree, place: &[&str], response: &HttpResponse) -> bool {
    let expression = expression();
    let mut path: Vec<Vec<u8>> = place.iter().map(|segment| segment.as_bytes().to_vec()).collect();
    path.push(Sha256::digest(expression.to_string()).to_vec());
    path.push(Vec::new());
    path.push(response_hash(response, &expression.response, None).to_vec());
    matches!(tree.lookup_subtree(path.iter()), SubtreeLookupResult::Found(_))
}

#[test]
fn the_tip_is_proven_under_the_root() {
    let certified = Certified::new(&SNAPSHOT);
    let tree = certified.tip_witness();
    assert_eq!(tree.digest(), certified.root());
    assert_eq!(found(&tree, "last_block_hash"), [7; 32]);
    assert_eq!(found(&tree, "last_block_index"), [0xac, 0x02]);
}

#[test]
fn every_page_and_its_refusal_is_proven_under_the_same_root() {
    let certified = Certified::new(&SNAPSHOT);
    for (page, path, place) in [
        (Page::Health, "/health", &["http_expr", "health", "<$>"][..]),
        (Page::AuditHead, "/audit/head", &["http_expr", "audit", "head", "<$>"]),
        (Page::NotFound, "/no/such/page", &["http_expr", "<*>"]),
        (Page::NotFound, "/", &["http_expr", "<*>"]),
    ] {
        for is_refused in [false, true] {
            let tree = witness(&certified, page, is_refused, path);
            assert_eq!(tree.digest(), certified.root(), "{path}");
            let response = certified.response(page, is_refused, path, Some(&[1]));
            assert!(is_proven(&tree, place, &response), "{path} {is_refused}");
        }
    }
}

#[test]
fn a_404_proves_that_the_path_has_no_page_of_its_own() {
    let certified = Certified::new(&SNAPSHOT);
    let tree = witness(&certified, Page::NotFound, false, "/audit/head/1");
    for place in
        [&["http_expr", "audit", "head", "1", "<$>"][..], &["http_expr", "audit", "head", "<*>"], &["http_expr", "audit", "<*>"]]
    {
        assert_eq!(tree.lookup_subtree(place), SubtreeLookupResult::Absent, "{place:?}");
    }
}

#[test]
fn an_update_gives_what_a_new_tree_would_and_forgets_the_old_pages() {
    let mut certified = Certified::new(&SNAPSHOT);
    let old = certified.response(Page::AuditHead, false, "/audit/head", None);
    certified.update(&later());
    assert_eq!(certified.root(), Certified::new(&later()).root());
    let tree = witness(&certified, Page::AuditHead, false, "/audit/head");
    assert_eq!(tree.digest(), certified.root());
    assert!(!is_proven(&tree, &["http_expr", "audit", "head", "<$>"], &old));
    certified.update(&SNAPSHOT);
    assert_eq!(certified.root(), Certified::new(&SNAPSHOT).root());
}

#[test]
fn the_root_changes_with_the_tip_alone() {
    let root = |index, byte| Certified::new(&Snapshot { tip: (BlockIndex::new(index), Hash([byte; 32])), ..SNAPSHOT }).root();
    assert_ne!(root(1, 1), root(1, 2));
    assert_ne!(root(1, 1), root(2, 1));
}

#[test]
fn a_response_carries_its_certificate_only_when_there_is_one() {
    let certified = Certified::new(&SNAPSHOT);
    let header = |certificate: Option<&[u8]>| {
        let response = certified.response(Page::Health, false, "/health", certificate);
        response.headers().iter().find(|(name, _)| name == "IC-Certificate").map(|(_, value)| value.clone())
    };
    assert_eq!(header(None), None);
    let value = header(Some(&[1, 2, 3])).expect("a certificate");
    assert!(value.starts_with("certificate=:AQID:, tree=:2dn3gwGDAk"), "{value}");
    assert!(value.ends_with(", version=2"), "{value}");
}

#[test]
fn the_tip_tree_is_self_describing_cbor() {
    let certified = Certified::new(&SNAPSHOT);
    let http = hex::encode(certified.http.root_hash());
    // A fork of a pruned hash and a fork of two labelled leaves, written out by hand.
    let expected = format!(
        "d9d9f7 8301 820458 20{http} 8301 83024f{} 8203 5820{} 830250{} 8203 42ac02",
        hex::encode("last_block_hash"),
        "07".repeat(32),
        hex::encode("last_block_index"),
    );
    assert_eq!(hex::encode(to_cbor(&certified.tip_witness())), expected.replace(' ', ""));
}

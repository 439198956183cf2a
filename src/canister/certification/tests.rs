use super::*;
use ic_certification::{LookupResult, SubtreeLookupResult};
use ic_http_certification::response_hash;
use purser_core::policy::Mode;
use sha2::{Digest, Sha256};

const SNAPSHOT: Snapshot = Snapshot {
    mode: Mode::Normal,
    keys_ready: true,
    log: LogCondition::Sound,
    recovery: None,
    tip: (BlockIndex::new(300), Hash([7; 32])),
    digest: Hash([9; 32]),
};

fn found(tree: &HashTree, label: &str) -> Vec<u8> {
    match tree.lookup_path([label]) {
        LookupResult::Found(value) => value.to_vec(),
        other => panic!("{label}: {other:?}"),
    }
}

/// Looks a response up where HTTP certification version 2 puts it.
fn is_proven(tree: &HashTree, place: &HttpCertificationPath, response: &HttpResponse) -> bool {
    let mut path: Vec<Vec<u8>> = place.to_expr_path().into_iter().map(String::into_bytes).collect();
    let expression = DefaultCelBuilder::response_only_certification()
        .with_response_certification(DefaultResponseCertification::response_header_exclusions(vec![]))
        .build();
    path.push(Sha256::digest(expression.to_string()).to_vec());
    path.push(Vec::new());
    path.push(response_hash(response, &expression.response, None).to_vec());
    matches!(tree.lookup_subtree(path.iter()), SubtreeLookupResult::Found(_))
}

fn place(page: Page) -> HttpCertificationPath<'static> {
    page.path().map_or(HttpCertificationPath::wildcard(""), HttpCertificationPath::exact)
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
    let troubled = Snapshot { log: LogCondition::Full, ..SNAPSHOT };
    for (certified, page) in [SNAPSHOT, troubled].iter().flat_map(|of| Page::ALL.map(|page| (Certified::new(of), page))) {
        let tree = certified.http_witness(page);
        assert_eq!(tree.digest(), certified.root(), "{page:?}");
        for is_refused in [false, true] {
            let response = certified.response(page, is_refused, Some(&[1]));
            assert!(is_proven(&tree, &place(page), &response), "{page:?} {is_refused}");
        }
        for other in Page::ALL.into_iter().filter(|other| *other != page) {
            assert!(!is_proven(&tree, &place(page), &certified.response(other, false, None)), "{other:?} at {page:?}");
        }
    }
}

#[test]
fn a_404_proves_that_no_closer_page_exists() {
    let tree = Certified::new(&SNAPSHOT).http_witness(Page::NotFound);
    let absent: [&[&str]; 7] = [
        &["http_expr", "", "<$>"],
        &["http_expr", "zzz", "<$>"],
        &["http_expr", "health", "", "<$>"],
        &["http_expr", "health", "<*>"],
        &["http_expr", "audit", "<*>"],
        &["http_expr", "audit", "head", "1", "<$>"],
        &["http_expr", "audit", "head", "<*>"],
    ];
    for path in absent {
        assert_eq!(tree.lookup_subtree(path), SubtreeLookupResult::Absent, "{path:?}");
    }
    assert_ne!(tree.lookup_subtree(["http_expr", "health", "<$>"]), SubtreeLookupResult::Absent);
}

#[test]
fn a_later_state_proves_its_own_pages_only() {
    let old = Certified::new(&SNAPSHOT).response(Page::AuditHead, false, None);
    let later = Certified::new(&Snapshot { tip: (BlockIndex::new(301), Hash([8; 32])), ..SNAPSHOT });
    assert!(!is_proven(&later.http_witness(Page::AuditHead), &place(Page::AuditHead), &old));
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
        let response = certified.response(Page::Health, false, certificate);
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
    let http = hex::encode(certified.http_tree(None).digest());
    // A fork of a pruned hash and forks of three labelled leaves, written out by hand.
    let expected = format!(
        "d9d9f7 8301 820458 20{http} 8301 8301 83024f{} 8203 5820{} 830250{} 8203 42ac02 83024c{} 8203 5820{}",
        hex::encode("last_block_hash"),
        "07".repeat(32),
        hex::encode("last_block_index"),
        hex::encode("state_digest"),
        "09".repeat(32),
    );
    assert_eq!(hex::encode(to_cbor(&certified.tip_witness())), expected.replace(' ', ""));
}

//! The interface beside the last released one: a client that was made for the release still works.

use candid_parser::utils::{CandidSource, service_compatible};
use purser_it::wasm::root;
use std::fs;

/// The released interface lies here from the first release on; a release copies `candid/purser.did` to it.
const RELEASED: &str = "candid/released.did";

/// Whether clients of `old` understand `new`.
///
/// # Errors
/// Says which method or type breaks them.
fn compatible(new: &str, old: &str) -> Result<(), String> {
    service_compatible(CandidSource::Text(new), CandidSource::Text(old)).map_err(|error| error.to_string())
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// Whether a changelog names a version that was released: `## [1.2.3]`.
fn has_release(changelog: &str) -> bool {
    changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## ["))
        .any(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

#[test]
fn the_interface_is_compatible_with_the_last_release() {
    let changelog = read("CHANGELOG.md").expect("there is a changelog");
    let present = read("candid/purser.did").expect("there is an interface");
    match read(RELEASED) {
        Some(released) => assert_eq!(compatible(&present, &released), Ok(()), "candid/purser.did breaks clients of {RELEASED}"),
        None => assert!(!has_release(&changelog), "a version was released: copy the interface of its tag to {RELEASED}"),
    }
}

#[test]
fn a_release_is_a_heading_with_a_number() {
    assert!(!has_release("# Changelog\n\n## [Unreleased]\n\n### Added\n"));
    assert!(has_release("## [Unreleased]\n\n## [1.0.0] - 2027-01-01\n"));
}

#[test]
fn what_breaks_a_client_is_found() {
    let old =
        "type R = record { id : nat64; note : opt text }; service : { get : (nat64) -> (R) query; list : () -> (vec R) query }";
    let changed = |from: &str, to: &str| compatible(&old.replace(from, to), old);
    assert_eq!(compatible(old, old), Ok(()));
    assert_eq!(changed("note : opt text", "note : opt text; label : opt text"), Ok(()), "a field more in an answer");
    assert_eq!(changed("get : (nat64)", "get : (nat64, opt text)"), Ok(()), "an optional argument more");
    assert_eq!(changed("get : (nat64)", "put : () -> (); get : (nat64)"), Ok(()), "a method more");
    assert!(changed("id : nat64; ", "").is_err(), "a field less in an answer");
    assert!(changed("get : (nat64)", "get : (nat64, text)").is_err(), "a demanded argument more");
    assert!(changed("get : (nat64)", "fetch : (nat64)").is_err(), "another name");
    assert!(changed("get : (nat64) -> (R) query", "get : (nat64) -> (R)").is_err(), "a query that became an update");
}

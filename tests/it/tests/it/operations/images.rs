//! Stable memory of earlier versions: the released module opens, verifies and continues it. The images are those of the core's own
//! tests, which describe them.

use candid::Principal;
use flate2::read::GzDecoder;
use purser_it::test_env::{Actor, TestEnv};
use purser_it::wasm;
use std::io::Read;

/// The image's own admin.
fn admin() -> Principal {
    Principal::from_slice(&[1, 1])
}

#[test]
fn the_memory_of_layout_3_opens_verifies_and_goes_on() {
    let path = wasm::root().join("src/core/state/tests/layout-3.bin.gz");
    let mut image = Vec::new();
    GzDecoder::new(std::fs::File::open(path).expect("the image is there")).read_to_end(&mut image).expect("it is gzip");
    let mut env = TestEnv::local();
    let canister = env.canister;
    env.network.local().set_stable_memory(canister, &image);
    env.upgrade(None).expect("it opens");
    let status = env.as_actor(Actor::Anonymous).get_audit_status();
    // The upgrade is an entry of its own.
    assert_eq!((status.first_block, status.log_length), (10, 37));
    let report = env.as_actor(Actor::Anonymous).verify_integrity(None, None);
    assert_eq!((report.valid, report.entries_checked), (true, 27));
    let transfers = env.as_actor(Actor::Anonymous).transfers_of(1).expect("open");
    let found: Vec<_> =
        transfers.iter().map(|transfer| (transfer.idempotency_key.as_str(), transfer.status.name.as_str())).collect();
    let expected = [("reserved", "Reserved"), ("submitted", "Submitted"), ("cancelled", "Cancelled"), ("confirmed", "Confirmed")];
    assert_eq!(found, expected);
    env.as_principal(admin()).start_emergency("the image's chains are not these").expect("an admin");
    env.as_principal(admin()).cancel_transfer(transfers[0].id, None).expect("nothing of it was built");
    assert!(env.as_actor(Actor::Anonymous).verify_integrity(None, None).valid);
}

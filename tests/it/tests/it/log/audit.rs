//! The log through ICRC-3: its hashes, its types, and its replay.

use crate::support::{payment, rules};
use candid::Nat;
use ic_stable_structures::VectorMemory;
use purser_core::base::codec::{Value as CoreValue, encode_value};
use purser_core::base::{Bytes, Hash};
use purser_core::state::State;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_it::values::core;
use purser_types::{Asset, BlockRange, Role, TransferOutcome};

/// Every block of the log through the public interface, oldest first.
fn blocks(env: &mut TestEnv) -> Vec<CoreValue> {
    let mut values = Vec::new();
    loop {
        let range = BlockRange { start: Nat::from(values.len()), length: Nat::from(1_000u32) };
        let page = env.as_actor(Actor::Anonymous).icrc3_get_blocks(&[range]);
        assert!(page.archived_blocks.is_empty());
        for block in &page.blocks {
            assert_eq!(block.id, Nat::from(values.len()), "blocks come in order");
            values.push(core(&block.block));
        }
        if page.log_length <= values.len() {
            return values;
        }
        assert!(!page.blocks.is_empty(), "a page that is not the last holds blocks");
    }
}

/// An environment whose log has most types of blocks.
fn env_with_history() -> TestEnv {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let sol = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 2, "sol"));
    let kas = env.request_transfer(&payment(wallet.id, Asset::Kas, 3 * KAS, "kas"));
    env.wait_for_end(sol);
    env.wait_for_end(kas);
    let denied = env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, 2 * SOL, "denied"));
    assert!(matches!(denied, Ok(TransferOutcome::Denied { .. })));
    env.as_actor(Actor::Guardian).start_emergency("drill").expect("a guardian starts it");
    env.end_emergency();
    env.as_actor(Actor::Admin).grant_role(Actor::Stranger.principal(), Role::Guardian).expect("an admin grants");
    env.upgrade(None).expect("it upgrades");
    env
}

#[test]
fn replaying_the_log_gives_the_state() {
    let mut env = env_with_history();
    let digest = env.as_actor(Actor::Admin).get_state_digest().expect("an admin reads it");
    let blocks = blocks(&mut env);
    assert_eq!(blocks.len() as u64, digest.log_length);
    let tip = Hash(digest.tip.expect("a log has a tip").to_vec().try_into().expect("32 bytes"));
    let bytes: Vec<Vec<u8>> = blocks.iter().map(encode_value).collect();
    let replayed = State::replay(VectorMemory::default(), &bytes, tip).expect("the log replays");
    assert_eq!(replayed.digest().0.to_vec(), digest.digest.to_vec());
}

#[test]
fn the_chain_of_hashes_is_whole_and_its_end_is_the_tip() {
    let mut env = env_with_history();
    let blocks = blocks(&mut env);
    let mut parent = None;
    for (index, block) in blocks.iter().enumerate() {
        let CoreValue::Map(entries) = block else { panic!("block {index} is no map") };
        let phash = entries.iter().find(|(key, _)| key == "phash").map(|(_, value)| value.clone());
        assert_eq!(phash, parent, "block {index}");
        parent = Some(CoreValue::Blob(Bytes::new(block.hash().0)));
    }
    let tip = env.as_actor(Actor::Admin).get_state_digest().expect("an admin reads it").tip.expect("a log has a tip");
    assert_eq!(parent, Some(CoreValue::Blob(Bytes::new(tip.to_vec()))));
    let report = env.as_actor(Actor::Anonymous).verify_integrity(None, None);
    assert_eq!((report.valid, report.entries_checked), (true, blocks.len() as u64));
}

#[test]
fn every_block_type_is_declared_and_the_standards_are_named() {
    let mut env = env_with_history();
    let declared: Vec<String> =
        env.as_actor(Actor::Anonymous).icrc3_supported_block_types().into_iter().map(|kind| kind.block_type).collect();
    for block in blocks(&mut env) {
        let CoreValue::Map(entries) = block else { panic!("a block is a map") };
        let kind = entries.into_iter().find_map(|(key, value)| match (key.as_str(), value) {
            ("btype", CoreValue::Text(kind)) => Some(kind),
            _ => None,
        });
        let kind = kind.expect("a block has a type");
        assert!(declared.contains(&kind), "{kind} is declared");
    }
    let standards: Vec<String> =
        env.as_actor(Actor::Anonymous).icrc10_supported_standards().into_iter().map(|standard| standard.name).collect();
    assert!(standards.contains(&"ICRC-3".to_owned()) && standards.contains(&"ICRC-10".to_owned()), "{standards:?}");
}

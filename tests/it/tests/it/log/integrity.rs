//! The canister's verification of its own log, its checkpoints, and the end of spending on errors.

use crate::support::{payment, rules};
use candid::Nat;
use purser_it::recipients;
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_it::values::core;
use purser_types::*;
use std::time::Duration;

pub const FIVE_MINUTES: Duration = Duration::from_secs(300);
pub const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Advances time and runs due timers.
pub fn advance_time(env: &mut TestEnv, time: Duration) {
    let ic = env.network.ic();
    ic.advance_time(time);
    for _ in 0..20 {
        ic.tick();
    }
}

fn status(env: &mut TestEnv) -> AuditStatus {
    env.as_actor(Actor::Anonymous).get_audit_status()
}

/// The lines printed since the last call.
fn prints(env: &mut TestEnv) -> Vec<String> {
    let printed = env.network.local().take_traces().into_iter().flat_map(|trace| trace.prints);
    // A jump of the clock makes timers catch up, which they say.
    printed.filter(|line| !line.starts_with("[ic-cdk-timers]")).collect()
}

#[test]
fn the_log_is_verified_every_five_minutes_round_and_round() {
    let mut env = TestEnv::local();
    env.wallet(&rules());
    assert_eq!(status(&mut env).verified_at, None);
    prints(&mut env);
    advance_time(&mut env, FIVE_MINUTES);
    let first = status(&mut env);
    assert!(first.verified_at.is_some() && first.round_ended_at == first.verified_at && first.broken_at.is_none(), "{first:?}");
    let checked = format!("[Integrity Check] Entries checked: {}", first.log_length);
    assert_eq!(prints(&mut env), ["[Integrity Check] Valid: true".to_owned(), checked]);
    env.upgrade(None).expect("it upgrades");
    advance_time(&mut env, FIVE_MINUTES);
    let second = status(&mut env);
    assert!(second.verified_at > first.verified_at, "an upgrade does not stop the watch");
}

#[test]
fn a_broken_chain_is_an_emergency_and_names_its_entry() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    env.as_actor(Actor::Admin).grant_role(Actor::Stranger.principal(), Role::Guardian).expect("an admin");
    // The label of the wallet stands in the log and in the record of the wallet; the log's is the one in a block.
    let canister = env.canister;
    let mut memory = env.network.local().stable_memory(canister);
    let label = [b"\x65label".as_slice(), b"\x68treasury"].concat();
    let position = (0..memory.len() - label.len())
        .filter(|at| memory[*at..].starts_with(&label))
        .find(|at| memory[at - 1_000..*at].windows(21).any(|window| window == b"purser.wallet_created"))
        .expect("the block is in stable memory");
    memory[position + label.len() - 1] ^= 1;
    env.network.local().set_stable_memory(canister, &memory);
    prints(&mut env);
    advance_time(&mut env, FIVE_MINUTES);
    let blocks = env.as_actor(Actor::Anonymous).icrc3_get_blocks(&[BlockRange { start: 0u8.into(), length: 100u8.into() }]);
    let broken = blocks
        .blocks
        .iter()
        .position(|block| core(&block.block).get("btype").and_then(|name| name.as_text()) == Some("purser.wallet_created"));
    let index = broken.expect("a wallet was created") as u64;
    assert_eq!(status(&mut env).broken_at, Some(api_break(index, BreakReason::WrongHash)));
    assert!(prints(&mut env).contains(&format!("[ALERT] Audit chain broken at entry: {index}")));
    assert!(matches!(env.as_actor(Actor::Anonymous).get_mode(), Mode::Emergency { .. }));
    let denied = env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "stopped"));
    assert!(matches!(denied, Ok(TransferOutcome::Denied { .. })), "{denied:?}");
    env.as_actor(Actor::Guardian).remove_agent(wallet.id, Actor::Agent.principal()).expect("exits stay open");
}

fn api_break(index: u64, reason: BreakReason) -> BrokenAt {
    BrokenAt { index, reason: reason.into() }
}

#[test]
fn the_state_is_recomputed_and_recorded_every_day() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "k"));
    env.wait_for_end(id);
    advance_time(&mut env, FIVE_MINUTES);
    let before = env.as_actor(Actor::Anonymous).get_state_digest().expect("open");
    assert_eq!(status(&mut env).checkpointed_at, None);
    advance_time(&mut env, DAY);
    assert!(status(&mut env).checkpointed_at.is_some());
    let range = BlockRange { start: Nat::from(before.log_length), length: Nat::from(1u8) };
    let block = env.as_actor(Actor::Anonymous).icrc3_get_blocks(&[range]).blocks.remove(0);
    let block = core(&block.block);
    assert_eq!(block.get("btype").and_then(|name| name.as_text()), Some("purser.state_checkpointed"));
    let recorded = block.get("tx").and_then(|tx| tx.get("digest")).and_then(|digest| digest.as_blob());
    assert_eq!(recorded, Some(&before.digest[..]), "nothing had changed since");
    // Its own record is part of the state of the day after.
    advance_time(&mut env, DAY);
    assert_eq!(status(&mut env).log_length, before.log_length + 2);
}

fn log_bytes(env: &mut TestEnv) -> u64 {
    status(env).bytes_kept
}

#[test]
fn a_full_log_stops_spending_and_three_refusals_are_an_emergency() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let settings = AuditSettings { retention_days: 90, capacity: 1 << 20 };
    let refused = env.as_actor(Actor::Guardian).set_audit_settings(&settings);
    assert_eq!(refused.expect_err("no admin").code, "AUTH_FAILED");
    env.as_actor(Actor::Admin).set_audit_settings(&settings).expect("an admin");
    // Every version of a policy is an entry. Long policies of a principal without a wallet fill the log without an effect.
    let long = recipients::allowlist(Chain::Solana, (0..=255).map(recipients::solana));
    let nobody = Scope::User(Actor::Stranger.principal());
    let mut sizes = vec![log_bytes(&mut env)];
    while sizes.last().is_some_and(|size| *size < 1 << 20) {
        assert!(sizes.len() < 200, "it fills up: {sizes:?}");
        env.as_actor(Actor::Admin).set_policy(nobody, None, std::slice::from_ref(&long)).expect("what is no payment goes on");
        sizes.push(log_bytes(&mut env));
    }
    let full = env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "k")).expect_err("it is full");
    assert_eq!(full.code, "AUDIT_UNAVAILABLE");
    assert!(
        matches!(full.detail, Some(ErrorDetail::AuditUnavailable { kept, capacity: 1_048_576 }) if kept >= 1_048_576),
        "{full:?}"
    );
    assert_eq!((status(&mut env).append_failures, env.as_actor(Actor::Agent).get_mode()), (1, Mode::Normal));
    for _ in 0..2 {
        let refused = env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, 1_000_000, "small"));
        assert_eq!(refused.expect_err("it is full").code, "AUDIT_UNAVAILABLE");
    }
    assert!(matches!(env.as_actor(Actor::Agent).get_mode(), Mode::Emergency { .. }), "the third in a row");
    // Whatever makes it safer still works, and is logged.
    let length = status(&mut env).log_length;
    env.as_actor(Actor::Guardian).remove_agent(wallet.id, Actor::Agent.principal()).expect("an exit");
    env.as_actor(Actor::Admin).set_audit_settings(&AuditSettings { capacity: 1 << 21, ..settings }).expect("room");
    env.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()).expect("an admin");
    for _ in 0..2 {
        env.as_actor(Actor::Admin).end_emergency("room was made").expect("an admin");
    }
    assert_eq!(status(&mut env).log_length, length + 5);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, 1_000_000, "small"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    assert_eq!(status(&mut env).append_failures, 0);
}

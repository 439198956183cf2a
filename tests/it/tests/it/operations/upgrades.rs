//! Upgrades at every status of a transfer: the transfer continues to its end, with one transaction that can land.

use crate::support::{CHAINS, ExpectedTotals, payment, rules};
use devchains::solana::Fault;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_types::*;
use std::collections::BTreeSet;

fn amount(asset: Asset) -> u64 {
    match asset {
        Asset::Sol | Asset::Spl { .. } => SOL / 100,
        Asset::Kas => KAS / 2,
    }
}

/// Runs rounds until a message has trapped.
fn await_trap(env: &mut TestEnv) {
    for _ in 0..200 {
        if env.network.local().take_traces().iter().any(|trace| trace.trapped.is_some()) {
            return;
        }
        env.step();
    }
    panic!("nothing trapped");
}

#[test]
fn an_upgrade_after_any_lost_answer_continues_the_transfer() {
    for asset in CHAINS {
        let mut env = TestEnv::local();
        let wallet = env.wallet(&rules());
        let mut totals = ExpectedTotals::new(&mut env, &wallet, asset);
        let canister = env.canister;
        let mut seen = BTreeSet::new();
        for nth in 1..=6 {
            let what = format!("{asset:?}, an upgrade after answer {nth} was lost");
            env.network.local().take_traces();
            env.network.local().faults().trap_answer(canister, nth);
            let id = env.request_transfer(&payment(wallet.id, asset, amount(asset), &what));
            await_trap(&mut env);
            let before = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
            seen.insert(before.status.name);
            env.network.local().faults().clear();
            env.upgrade(None).expect("it upgrades");
            let after = env.as_actor(Actor::Stranger).get_transfer(id).expect("it still exists");
            assert_eq!(after.attempt, before.attempt, "{what}: the upgrade itself builds nothing new");
            let ended = env.wait_for_end(id);
            assert_eq!(ended.status, Status::Confirmed, "{what}: {ended:?}");
            totals.check(&mut env, &ended, &what);
        }
        // The message that enters Signed also leaves it, so no read returns it.
        assert_eq!(seen, BTreeSet::from(["Reserved", "Built", "Submitted"].map(str::to_owned)), "{asset:?}");
    }
}

#[test]
fn an_upgrade_while_a_dead_attempt_waits_builds_one_new_one() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Sol);
    env.solana.faults().next_at("sendTransaction", 100, Fault::DropSend);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, amount(Asset::Sol), "dropped"));
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    env.as_actor(Actor::Guardian).start_emergency("so that nothing new is built").expect("a guardian starts it");
    let expired = env.wait_until(id, |transfer| transfer.status == Status::Expired);
    assert!(env.solana.landed().is_empty());
    env.solana.faults().clear();
    env.upgrade(None).expect("it upgrades");
    env.step();
    let held = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((held.status.name.as_str(), held.attempt), ("Expired", expired.attempt), "the emergency outlives the upgrade");
    env.end_emergency();
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", expired.attempt + 1));
    totals.check(&mut env, &ended, "the second attempt");
}

#[test]
fn an_upgrade_keeps_every_record() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let id = env.request_transfer(&payment(wallet.id, Asset::Kas, 2 * KAS, "before"));
    let ended = env.wait_for_end(id);
    let before = (
        env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)),
        env.as_actor(Actor::Stranger).get_policy(Scope::Wallet(wallet.id)),
        env.as_actor(Actor::Stranger).list_agents(wallet.id, None, None),
        env.as_actor(Actor::Stranger).list_members(None, None),
    );
    env.upgrade(None).expect("it upgrades");
    let after = (
        env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)),
        env.as_actor(Actor::Stranger).get_policy(Scope::Wallet(wallet.id)),
        env.as_actor(Actor::Stranger).list_agents(wallet.id, None, None),
        env.as_actor(Actor::Stranger).list_members(None, None),
    );
    assert_eq!(after, before);
    assert_eq!(env.as_actor(Actor::Stranger).get_transfer(id), Ok(ended));
    assert_eq!(env.as_actor(Actor::Stranger).get_wallet(wallet.id), Ok(wallet));
}

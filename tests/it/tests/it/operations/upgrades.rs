//! An upgrade wherever a transfer can stand: it goes on to its end, with one transaction that can land.

use crate::support::{Books, CHAINS, payment, rules};
use devchains::solana::Fault;
use purser_it::world::{Actor, KAS, SOL, World};
use purser_types::*;
use std::collections::BTreeSet;

fn amount(asset: Asset) -> u64 {
    match asset {
        Asset::Sol | Asset::Spl { .. } => SOL / 100,
        Asset::Kas => KAS / 2,
    }
}

/// Runs rounds until a message has trapped.
fn await_trap(world: &mut World) {
    for _ in 0..200 {
        if world.network.local().take_traces().iter().any(|trace| trace.trapped.is_some()) {
            return;
        }
        world.step();
    }
    panic!("nothing trapped");
}

#[test]
fn an_upgrade_after_any_lost_answer_continues_the_transfer() {
    for asset in CHAINS {
        let mut world = World::local();
        let wallet = world.wallet(&rules());
        let mut books = Books::open(&mut world, &wallet, asset);
        let canister = world.canister;
        let mut seen = BTreeSet::new();
        for nth in 1..=6 {
            let what = format!("{asset:?}, an upgrade after answer {nth} was lost");
            world.network.local().take_traces();
            world.network.local().faults().trap_answer(canister, nth);
            let id = world.accepted(&payment(wallet.id, asset, amount(asset), &what));
            await_trap(&mut world);
            let before = world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
            seen.insert(format!("{:?}", before.status));
            world.network.local().faults().clear();
            world.upgrade(None).expect("it upgrades");
            let after = world.as_actor(Actor::Stranger).get_transfer(id).expect("it still exists");
            assert_eq!(after.attempt, before.attempt, "{what}: the upgrade itself builds nothing new");
            let ended = world.settle(id);
            assert_eq!(ended.status, Status::Confirmed, "{what}: {ended:?}");
            books.check(&mut world, &ended, &what);
        }
        // Signed is left in the message that enters it, so nobody ever sees it at rest.
        assert_eq!(seen, BTreeSet::from(["Reserved", "Built", "Submitted"].map(str::to_owned)), "{asset:?}");
    }
}

#[test]
fn an_upgrade_while_a_dead_attempt_waits_builds_one_new_one() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Sol);
    world.solana.faults().on("sendTransaction", 100, Fault::DropSend);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, amount(Asset::Sol), "dropped"));
    world.follow(id, |transfer| transfer.status == Status::Submitted);
    world.as_actor(Actor::Guardian).start_emergency("so that nothing new is built").expect("a guardian starts it");
    let expired = world.follow(id, |transfer| transfer.status == Status::Expired);
    assert!(world.solana.landed().is_empty());
    world.solana.faults().clear();
    world.upgrade(None).expect("it upgrades");
    world.step();
    let held = world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((held.status, held.attempt), (Status::Expired, expired.attempt), "the emergency outlives the upgrade");
    world.end_emergency();
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, expired.attempt + 1));
    books.check(&mut world, &ended, "the second attempt");
}

#[test]
fn an_upgrade_keeps_every_record() {
    let mut world = World::new();
    let wallet = world.wallet(&rules());
    let id = world.accepted(&payment(wallet.id, Asset::Kas, 2 * KAS, "before"));
    let ended = world.settle(id);
    let before = (
        world.as_actor(Actor::Stranger).get_usage(wallet.id),
        world.as_actor(Actor::Stranger).get_policy(wallet.id),
        world.as_actor(Actor::Stranger).list_agents(wallet.id),
        world.as_actor(Actor::Stranger).list_members(),
    );
    world.upgrade(None).expect("it upgrades");
    let after = (
        world.as_actor(Actor::Stranger).get_usage(wallet.id),
        world.as_actor(Actor::Stranger).get_policy(wallet.id),
        world.as_actor(Actor::Stranger).list_agents(wallet.id),
        world.as_actor(Actor::Stranger).list_members(),
    );
    assert_eq!(after, before);
    assert_eq!(world.as_actor(Actor::Stranger).get_transfer(id), Ok(ended));
    assert_eq!(world.as_actor(Actor::Stranger).get_wallet(wallet.id), Ok(wallet));
}

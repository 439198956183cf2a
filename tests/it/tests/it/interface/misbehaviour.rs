//! Providers that are overloaded, broken, stale or lying: a transfer may be late, it is never paid twice and never lost.

use crate::support::{Books, payment, rules};
use devchains::kaspa::{Endpoint, Fault as KaspaFault};
use devchains::solana::{Fault as SolanaFault, Lie as SolanaLie};
use purser_it::world::{KAS, SOL, World};
use purser_types::*;

/// How many requests a fault meets: all replicas of one outcall.
const REPLICAS: u64 = 13;

#[test]
fn solana_providers_may_fail_at_any_request() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Sol);
    let faults = [SolanaFault::Http429, SolanaFault::Http500, SolanaFault::GarbageBody, SolanaFault::HugeBody];
    for fault in faults {
        for method in ["getMultipleAccounts", "getLatestBlockhash", "sendTransaction", "getSignatureStatuses", "getEpochInfo"] {
            let what = format!("{fault:?} at {method}");
            world.solana.faults().on(method, REPLICAS, fault.clone());
            let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 100, &what));
            let ended = world.settle(id);
            world.solana.faults().clear();
            assert_eq!(ended.status, Status::Confirmed, "{what}: {ended:?}");
            books.check(&mut world, &ended, &what);
        }
    }
}

#[test]
fn a_solana_broadcast_of_unknown_outcome_is_followed_not_repeated() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Sol);
    world.solana.faults().on("sendTransaction", 1, SolanaFault::LandButError);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 100, "landed, but the answer was an error"));
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{ended:?}");
    books.check(&mut world, &ended, "an error that was none");

    world.solana.faults().on("sendTransaction", 1, SolanaFault::DropSend);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 100, "dropped once"));
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "the same bytes are sent again: {ended:?}");
    books.check(&mut world, &ended, "a broadcast that was dropped");

    world.solana.faults().on("sendTransaction", 100, SolanaFault::DropSend);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 100, "dropped until it was dead"));
    world.follow(id, |transfer| transfer.attempt == 2);
    world.solana.faults().clear();
    let ended = world.settle(id);
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    books.check(&mut world, &ended, "an attempt that died");
}

#[test]
fn a_solana_provider_that_denies_what_has_landed_gets_nothing_paid_twice() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Sol);
    world.solana.faults().on("getSignatureStatuses", 10 * REPLICAS, SolanaFault::Lie(SolanaLie::NotFound));
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 100, "denied"));
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{ended:?}");
    books.check(&mut world, &ended, "a lie that ended");
}

#[test]
fn a_solana_reorg_before_finality_is_survived() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Sol);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 100, "reorganised"));
    world.follow(id, |transfer| transfer.status == Status::Submitted);
    world.solana.advance(2);
    world.solana.faults().on("getSignatureStatuses", 1, SolanaFault::Reorg);
    let ended = world.settle(id);
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    books.check(&mut world, &ended, "a reorg");
}

#[test]
fn kaspa_providers_may_fail_at_any_request() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Kas);
    let faults = [
        KaspaFault::Http429,
        KaspaFault::Http500,
        KaspaFault::Broken,
        KaspaFault::GarbageBody,
        KaspaFault::HugeBody { bytes: 3_000_000 },
    ];
    for fault in faults {
        for endpoint in [Endpoint::BlockDag, Endpoint::Utxos, Endpoint::Submit, Endpoint::Acceptance, Endpoint::BlueScore] {
            let what = format!("{fault:?} at {endpoint:?}");
            world.kaspa.faults().next_at(endpoint, REPLICAS as u32, fault.clone());
            let id = world.accepted(&payment(wallet.id, Asset::Kas, KAS / 2, &what));
            let ended = world.settle(id);
            world.kaspa.faults().clear();
            assert_eq!(ended.status, Status::Confirmed, "{what}: {ended:?}");
            books.check(&mut world, &ended, &what);
        }
    }
}

#[test]
fn a_kaspa_broadcast_of_unknown_outcome_is_followed_not_repeated() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Kas);
    for fault in [KaspaFault::AcceptButError, KaspaFault::DropSubmit, KaspaFault::RefuseSubmit("the node is not synced".into())] {
        let what = format!("{fault:?}");
        world.kaspa.faults().next_at(Endpoint::Submit, 1, fault);
        let id = world.accepted(&payment(wallet.id, Asset::Kas, KAS / 2, &what));
        let ended = world.settle(id);
        assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{what}: {ended:?}");
        books.check(&mut world, &ended, &what);
    }
}

#[test]
fn a_kaspa_reorg_before_the_confirmations_is_survived() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Kas);
    let id = world.accepted(&payment(wallet.id, Asset::Kas, KAS / 2, "reorganised"));
    world.follow(id, |transfer| transfer.status == Status::Submitted);
    world.kaspa.mine(2);
    world.kaspa.reorg(2);
    let ended = world.settle(id);
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    books.check(&mut world, &ended, "a reorg");
}

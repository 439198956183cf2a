//! Nonce accounts: created, used in parallel, used up on purpose, and left when they fail.

use crate::support::{payment, rules, usage_of};
use devchains::solana::Fault;
use purser_it::bench::drain;
use purser_it::recipients;
use purser_it::world::{Actor, SOL, World};
use purser_types::*;

/// 80 bytes of a nonce account and its 128 of overhead, at the chain's rate.
const NONCE_RENT: u64 = 208 * 5_080;

pub fn with_pool(world: &mut World, size: u16) -> Wallet {
    let wallet = world.wallet(&rules());
    let ids = world.as_actor(Actor::Admin).set_nonce_pool(wallet.id, size).expect("an admin");
    assert_eq!(ids.len(), usize::from(size));
    for id in ids {
        let ended = world.settle(id);
        assert_eq!((ended.status, ended.fee_paid), (Status::Confirmed, Some(5_000 + NONCE_RENT)), "{ended:?}");
    }
    wallet
}

fn nonces(world: &mut World, wallet: &Wallet) -> Vec<NonceAccount> {
    world.as_actor(Actor::Stranger).list_nonce_accounts(wallet.id).expect("open")
}

fn nonce_of(transfer: &Transfer) -> Option<u16> {
    transfer.solana.as_ref().expect("a Solana transfer has details").nonce
}

#[test]
fn a_pool_is_created_and_carries_transfers_in_parallel() {
    let mut world = World::new();
    let wallet = with_pool(&mut world, 3);
    let accounts = nonces(&mut world, &wallet);
    assert!(accounts.iter().all(|nonce| nonce.status == NonceStatus::Ready && nonce.held_by.is_none()), "{accounts:?}");
    assert!(accounts.iter().all(|nonce| world.solana.balance(&nonce.address) == NONCE_RENT));
    let ids: Vec<u64> = (0..7).map(|n| world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, &format!("{n}")))).collect();
    let mut most = 0;
    for id in &ids {
        let ended = loop {
            let transfer = world.as_actor(Actor::Stranger).get_transfer(*id).expect("it exists");
            if transfer.status == Status::Confirmed {
                break transfer;
            }
            most = most.max(nonces(&mut world, &wallet).iter().filter(|nonce| nonce.held_by.is_some()).count());
            world.step();
        };
        assert!(nonce_of(&ended).is_some(), "it stood on a nonce: {ended:?}");
        assert_eq!((ended.attempt, ended.deadline_height), (1, None));
    }
    assert_eq!(most, 3, "as many at a time as there are nonce accounts");
    assert_eq!(world.solana.balance(&recipients::solana(1)), 7 * SOL / 10);
    let usage = usage_of(&world.as_actor(Actor::Stranger).get_usage(wallet.id).expect("open"), Asset::Sol);
    assert_eq!((usage.posted, usage.reserved), (7 * (SOL / 10 + 5_000) + 3 * (5_000 + NONCE_RENT), 0));
}

#[test]
fn only_admins_make_pools_and_only_up_to_32() {
    let mut world = World::new();
    let wallet = world.wallet(&rules());
    assert_eq!(world.as_actor(Actor::Agent).set_nonce_pool(wallet.id, 1).expect_err("an agent").code, "AUTH_FAILED");
    assert_eq!(world.as_actor(Actor::Admin).set_nonce_pool(wallet.id, 33).expect_err("too many").code, "VALIDATION_FAILED");
    assert_eq!(world.as_actor(Actor::Admin).set_nonce_pool(9, 1).expect_err("no wallet").code, "NOT_FOUND");
}

#[test]
fn a_transfer_that_does_not_land_is_revoked_and_cannot_land_later() {
    let mut world = World::local();
    let wallet = with_pool(&mut world, 1);
    world.solana.faults().on("sendTransaction", 1_000, Fault::DropSend);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "lost"));
    world.follow(id, |transfer| transfer.status == Status::Submitted);
    let lost = world.solana.received().pop().expect("it was sent, and dropped");
    let refused = world.as_actor(Actor::Admin).cancel_transfer(id, None).expect_err("it may land");
    assert_eq!(refused.code, "WRONG_STATUS");
    world.solana.faults().clear();
    // Also in an emergency: it moves no money.
    world.as_actor(Actor::Guardian).start_emergency("a key is lost").expect("a guardian");
    let revocation = world.as_actor(Actor::Guardian).revoke_transfer(id).expect("a guardian");
    let revoked = world.settle(id);
    let by = world.settle(revocation);
    if revoked.status == Status::Confirmed {
        panic!("the transfer was not sent again once it was being revoked: {revoked:?}");
    }
    assert_eq!((revoked.status, by.status, by.fee_paid), (Status::Cancelled, Status::Confirmed, Some(5_000)), "{revoked:?} {by:?}");
    assert_eq!(revoked.note.as_deref(), Some(format!("revoked by transfer {revocation}").as_str()));
    // Somebody sends the old bytes now.
    world.solana.send_raw(&lost);
    world.solana.advance(40);
    assert_eq!(world.solana.balance(&recipients::solana(1)), 0);
    let usage = usage_of(&world.as_actor(Actor::Stranger).get_usage(wallet.id).expect("open"), Asset::Sol);
    assert_eq!((usage.posted, usage.reserved), (5_000 + 5_000 + NONCE_RENT, 0));
    assert_eq!(nonces(&mut world, &wallet)[0].held_by, None);
}

#[test]
fn a_transfer_that_landed_before_its_revocation_is_paid_once() {
    let mut world = World::local();
    let wallet = with_pool(&mut world, 1);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "fast"));
    world.follow(id, |transfer| transfer.status == Status::Submitted);
    let revocation = world.as_actor(Actor::Agent).revoke_transfer(id).expect("its agent");
    world.solana.advance(1);
    let (ended, by) = (world.settle(id), world.settle(revocation));
    assert_eq!((ended.status, by.status, by.fee_paid), (Status::Confirmed, Status::Failed, Some(0)), "{ended:?} {by:?}");
    assert_eq!(world.solana.balance(&recipients::solana(1)), SOL / 10);
}

#[test]
fn a_nonce_account_that_fails_is_left_and_the_log_says_why() {
    let mut world = World::new();
    let wallet = with_pool(&mut world, 1);
    let address = nonces(&mut world, &wallet)[0].address.clone();
    world.solana.put_account(&address, "11111111111111111111111111111111", &[0; 80]);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "anyway"));
    let ended = world.settle(id);
    assert_eq!((ended.status, nonce_of(&ended)), (Status::Confirmed, None), "on a recent blockhash: {ended:?}");
    let broken = NonceStatus::Broken { reason: "the account holds no nonce".into() };
    assert_eq!(nonces(&mut world, &wallet)[0].status, broken);
    let log = world.as_actor(Actor::Stranger).icrc3_get_blocks(&[BlockRange { start: 0u8.into(), length: 100u8.into() }]);
    let is_fallback = |block: &Value| format!("{block:?}").contains("fell_back");
    assert_eq!(log.blocks.iter().filter(|entry| is_fallback(&entry.block)).count(), 1);
}

#[test]
fn a_wallet_can_be_told_to_use_blockhashes() {
    let mut world = World::new();
    let wallet = with_pool(&mut world, 1);
    let settings = SolanaSettings { lifetime: LifetimeChoice::Blockhash };
    assert_eq!(world.as_actor(Actor::Agent).set_solana_settings(wallet.id, settings).expect_err("an agent").code, "AUTH_FAILED");
    world.as_actor(Actor::Admin).set_solana_settings(wallet.id, settings).expect("an admin");
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "blockhash"));
    let ended = world.settle(id);
    assert_eq!((ended.status, nonce_of(&ended)), (Status::Confirmed, None), "{ended:?}");
}

#[test]
fn a_larger_pool_drains_a_queue_sooner_and_costs_no_more_signatures() {
    let [narrow, wide] = [1, 4].map(|pool| drain(8, pool));
    for queue in [&narrow, &wide] {
        assert_eq!((queue.signatures, queue.attempts), (8, 8), "{queue:?}");
    }
    assert!(wide.rounds * 2 < narrow.rounds, "{wide:?} and {narrow:?}");
}

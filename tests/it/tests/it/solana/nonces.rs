//! Nonce accounts: creation, parallel use, revocation, and fallback when they fail.

use crate::support::{payment, rules, usage_of};
use devchains::solana::Fault;
use purser_it::bench::measure_queue;
use purser_it::recipients;
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_types::*;

/// The rent of a nonce account of 80 bytes and 128 of overhead, in lamports.
const NONCE_RENT: u64 = 208 * 5_080;

pub fn with_pool(env: &mut TestEnv, size: u16) -> Wallet {
    let wallet = env.wallet(&rules());
    let ids = env.as_actor(Actor::Admin).set_solana_nonce_pool(wallet.id, size).expect("an admin");
    assert_eq!(ids.len(), usize::from(size));
    for id in ids {
        let ended = env.wait_for_end(id);
        assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Confirmed", Some(5_000 + NONCE_RENT)), "{ended:?}");
    }
    wallet
}

fn nonces(env: &mut TestEnv, wallet: &Wallet) -> Vec<NonceAccount> {
    env.as_actor(Actor::Stranger).list_solana_nonce_accounts(wallet.id, None, None).expect("open").items
}

fn nonce_of(transfer: &Transfer) -> Option<u16> {
    transfer.solana().expect("a Solana transfer has details").nonce
}

#[test]
fn a_pool_is_created_and_carries_transfers_in_parallel() {
    let mut env = TestEnv::new();
    let wallet = with_pool(&mut env, 3);
    let accounts = nonces(&mut env, &wallet);
    assert!(accounts.iter().all(|nonce| nonce.status == NonceStatus::Ready && nonce.held_by.is_none()), "{accounts:?}");
    assert!(accounts.iter().all(|nonce| env.solana.balance(&nonce.address) == NONCE_RENT));
    let ids: Vec<u64> = (0..7).map(|n| env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, &format!("{n}")))).collect();
    let mut most = 0;
    for id in &ids {
        let ended = loop {
            let transfer = env.as_actor(Actor::Stranger).get_transfer(*id).expect("it exists");
            if transfer.status == Status::Confirmed {
                break transfer;
            }
            most = most.max(nonces(&mut env, &wallet).iter().filter(|nonce| nonce.held_by.is_some()).count());
            env.step();
        };
        assert!(nonce_of(&ended).is_some(), "it stood on a nonce: {ended:?}");
        assert_eq!((ended.attempt, ended.solana().and_then(|details| details.deadline_height)), (1, None));
    }
    assert_eq!(most, 3, "as many at a time as there are nonce accounts");
    assert_eq!(env.solana.balance(&recipients::solana(1)), 7 * SOL / 10);
    let usage = usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Sol);
    assert_eq!((usage.posted, usage.reserved), (7 * (SOL / 10 + 5_000) + 3 * (5_000 + NONCE_RENT), 0));
}

#[test]
fn only_admins_make_pools_and_only_up_to_32() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    assert_eq!(env.as_actor(Actor::Agent).set_solana_nonce_pool(wallet.id, 1).expect_err("an agent").code, "AUTH_FAILED");
    assert_eq!(env.as_actor(Actor::Admin).set_solana_nonce_pool(wallet.id, 33).expect_err("too many").code, "VALIDATION_FAILED");
    assert_eq!(env.as_actor(Actor::Admin).set_solana_nonce_pool(9, 1).expect_err("no wallet").code, "NOT_FOUND");
}

#[test]
fn a_transfer_that_does_not_land_is_revoked_and_cannot_land_later() {
    let mut env = TestEnv::local();
    let wallet = with_pool(&mut env, 1);
    env.solana.faults().next_at("sendTransaction", 1_000, Fault::DropSend);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "lost"));
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    let lost = env.solana.received().pop().expect("it was sent, and dropped");
    let refused = env.as_actor(Actor::Admin).cancel_transfer(id, None).expect_err("it may land");
    assert_eq!(refused.code, "WRONG_STATUS");
    env.solana.faults().clear();
    // Also in an emergency: it moves no money.
    env.as_actor(Actor::Guardian).start_emergency("a key is lost").expect("a guardian");
    let revocation = env.as_actor(Actor::Guardian).revoke_solana_transfer(id).expect("a guardian");
    let revoked = env.wait_for_end(id);
    let by = env.wait_for_end(revocation);
    if revoked.status == Status::Confirmed {
        panic!("the transfer was not sent again once it was being revoked: {revoked:?}");
    }
    assert_eq!(
        (revoked.status.name.as_str(), by.status.name.as_str(), by.fee_paid),
        ("Cancelled", "Confirmed", Some(5_000)),
        "{revoked:?} {by:?}"
    );
    assert_eq!(revoked.note.as_deref(), Some(format!("revoked by transfer {revocation}").as_str()));
    // Somebody sends the old bytes now.
    env.solana.send_raw(&lost);
    env.solana.advance(40);
    assert_eq!(env.solana.balance(&recipients::solana(1)), 0);
    let usage = usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Sol);
    assert_eq!((usage.posted, usage.reserved), (5_000 + 5_000 + NONCE_RENT, 0));
    assert_eq!(nonces(&mut env, &wallet)[0].held_by, None);
}

#[test]
fn a_transfer_that_landed_before_its_revocation_is_paid_once() {
    let mut env = TestEnv::local();
    let wallet = with_pool(&mut env, 1);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "fast"));
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    let revocation = env.as_actor(Actor::Agent).revoke_solana_transfer(id).expect("its agent");
    env.solana.advance(1);
    let (ended, by) = (env.wait_for_end(id), env.wait_for_end(revocation));
    assert_eq!(
        (ended.status.name.as_str(), by.status.name.as_str(), by.fee_paid),
        ("Confirmed", "Failed", Some(0)),
        "{ended:?} {by:?}"
    );
    assert_eq!(env.solana.balance(&recipients::solana(1)), SOL / 10);
}

#[test]
fn a_nonce_account_that_fails_is_left_and_the_log_says_why() {
    let mut env = TestEnv::new();
    let wallet = with_pool(&mut env, 1);
    let address = nonces(&mut env, &wallet)[0].address.clone();
    env.solana.put_account(&address, "11111111111111111111111111111111", &[0; 80]);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "anyway"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), nonce_of(&ended)), ("Confirmed", None), "on a recent blockhash: {ended:?}");
    let broken = NonceStatus::Broken { reason: "the account holds no nonce".into() };
    assert_eq!(nonces(&mut env, &wallet)[0].status, broken);
    let log = env.as_actor(Actor::Stranger).icrc3_get_blocks(&[BlockRange { start: 0u8.into(), length: 100u8.into() }]);
    let is_fallback = |block: &Value| format!("{block:?}").contains("fell_back");
    assert_eq!(log.blocks.iter().filter(|entry| is_fallback(&entry.block)).count(), 1);
}

#[test]
fn a_wallet_can_be_told_to_use_blockhashes() {
    let mut env = TestEnv::new();
    let wallet = with_pool(&mut env, 1);
    let settings = SolanaSettings { lifetime: LifetimeChoice::Blockhash };
    assert_eq!(env.as_actor(Actor::Agent).set_solana_settings(wallet.id, settings).expect_err("an agent").code, "AUTH_FAILED");
    env.as_actor(Actor::Admin).set_solana_settings(wallet.id, settings).expect("an admin");
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "blockhash"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), nonce_of(&ended)), ("Confirmed", None), "{ended:?}");
}

#[test]
fn a_larger_pool_drains_a_queue_sooner_and_costs_no_more_signatures() {
    let [narrow, wide] = [1, 4].map(|pool| measure_queue(8, pool));
    for queue in [&narrow, &wide] {
        assert_eq!((queue.signatures, queue.attempts), (8, 8), "{queue:?}");
    }
    assert!(wide.rounds * 2 < narrow.rounds, "{wide:?} and {narrow:?}");
}

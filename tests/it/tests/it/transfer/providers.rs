//! Overloaded, broken, stale or false providers: a transfer may be late, but it is never paid twice or lost.

use crate::support::{ExpectedTotals, payment, rules};
use devchains::kaspa::{Endpoint, Fault as KaspaFault};
use devchains::solana::{FalseAnswer as SolanaFalseAnswer, Fault as SolanaFault};
use purser_it::test_env::{KAS, SOL, TestEnv};
use purser_types::*;

/// The number of requests of one outcall: one per replica.
const REPLICAS: u64 = 13;

#[test]
fn solana_providers_may_fail_at_any_request() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Sol);
    let faults = [SolanaFault::Http429, SolanaFault::Http500, SolanaFault::GarbageBody, SolanaFault::HugeBody];
    for fault in faults {
        for method in ["getMultipleAccounts", "getLatestBlockhash", "sendTransaction", "getSignatureStatuses", "getEpochInfo"] {
            let what = format!("{fault:?} at {method}");
            env.solana.faults().next_at(method, REPLICAS, fault.clone());
            let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 100, &what));
            let ended = env.wait_for_end(id);
            env.solana.faults().clear();
            assert_eq!(ended.status, Status::Confirmed, "{what}: {ended:?}");
            totals.check(&mut env, &ended, &what);
        }
    }
}

#[test]
fn a_solana_broadcast_of_unknown_outcome_is_followed_not_repeated() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Sol);
    env.solana.faults().next_at("sendTransaction", 1, SolanaFault::LandButError);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 100, "landed, but the answer was an error"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{ended:?}");
    totals.check(&mut env, &ended, "an error that was none");

    env.solana.faults().next_at("sendTransaction", 1, SolanaFault::DropSend);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 100, "dropped once"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "the same bytes are sent again: {ended:?}");
    totals.check(&mut env, &ended, "a broadcast that was dropped");

    env.solana.faults().next_at("sendTransaction", 100, SolanaFault::DropSend);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 100, "dropped until it was dead"));
    env.wait_until(id, |transfer| transfer.attempt == 2);
    env.solana.faults().clear();
    let ended = env.wait_for_end(id);
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    totals.check(&mut env, &ended, "an attempt that died");
}

#[test]
fn a_solana_provider_that_denies_what_has_landed_gets_nothing_paid_twice() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Sol);
    env.solana.faults().next_at("getSignatureStatuses", 10 * REPLICAS, SolanaFault::FalseAnswer(SolanaFalseAnswer::NotFound));
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 100, "denied"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{ended:?}");
    totals.check(&mut env, &ended, "a lie that ended");
}

#[test]
fn a_solana_reorg_before_finality_is_survived() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Sol);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 100, "reorganised"));
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    env.solana.advance(2);
    env.solana.faults().next_at("getSignatureStatuses", 1, SolanaFault::Reorg);
    let ended = env.wait_for_end(id);
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    totals.check(&mut env, &ended, "a reorg");
}

#[test]
fn kaspa_providers_may_fail_at_any_request() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Kas);
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
            env.kaspa.faults().next_at(endpoint, REPLICAS as u32, fault.clone());
            let id = env.request_transfer(&payment(wallet.id, Asset::Kas, KAS / 2, &what));
            let ended = env.wait_for_end(id);
            env.kaspa.faults().clear();
            assert_eq!(ended.status, Status::Confirmed, "{what}: {ended:?}");
            totals.check(&mut env, &ended, &what);
        }
    }
}

#[test]
fn a_kaspa_broadcast_of_unknown_outcome_is_followed_not_repeated() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Kas);
    for fault in [KaspaFault::AcceptButError, KaspaFault::DropSubmit, KaspaFault::RefuseSubmit("the node is not synced".into())] {
        let what = format!("{fault:?}");
        env.kaspa.faults().next_at(Endpoint::Submit, 1, fault);
        let id = env.request_transfer(&payment(wallet.id, Asset::Kas, KAS / 2, &what));
        let ended = env.wait_for_end(id);
        assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{what}: {ended:?}");
        totals.check(&mut env, &ended, &what);
    }
}

#[test]
fn a_kaspa_reorg_before_the_confirmations_is_survived() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Kas);
    let id = env.request_transfer(&payment(wallet.id, Asset::Kas, KAS / 2, "reorganised"));
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    env.kaspa.mine(2);
    env.kaspa.reorg(2);
    let ended = env.wait_for_end(id);
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    totals.check(&mut env, &ended, "a reorg");
}

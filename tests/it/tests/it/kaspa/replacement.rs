//! Replacement of a submitted transaction by one with a higher fee.

use super::*;
use crate::support::ExpectedTotals;
use devchains::kaspa::{Endpoint, Fault};
use purser_types::{Asset, Error, ReplaceArgs, Status, Transfer, Wallet};

/// Submits a transfer of 5 KAS without mining it.
fn submitted_transfer(env: &mut TestEnv, wallet: &Wallet) -> Transfer {
    let id = env.request_transfer(&kas(wallet, 5 * KAS, "stuck"));
    for _ in 0..100 {
        let transfer = env.as_actor(Actor::Agent).get_transfer(id).expect("it exists");
        if transfer.status == Status::Submitted {
            return transfer;
        }
        advance_without_blocks(env);
    }
    panic!("transfer {id} is not submitted");
}

/// Advances the network without mining.
fn advance_without_blocks(env: &mut TestEnv) {
    let ic = env.network.ic();
    ic.advance_time(std::time::Duration::from_secs(2));
    for _ in 0..5 {
        ic.tick();
    }
}

fn replace(env: &mut TestEnv, id: u64, fee: Option<u64>) -> Result<Transfer, Error> {
    env.as_actor(Actor::Agent).replace_kaspa_transfer(&ReplaceArgs { transfer_id: id, fee })
}

#[test]
fn the_replacement_takes_the_place_of_the_stuck_one() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Kas);
    let before = submitted_transfer(&mut env, &wallet);
    assert_eq!(env.kaspa.mempool(), [before.txid.clone().expect("it is signed")]);
    let low = replace(&mut env, before.id, Some(204_000)).map(|transfer| transfer.status);
    assert_eq!(low, Ok(Status::Submitted.into()), "a little more is more");
    for _ in 0..10 {
        advance_without_blocks(&mut env);
    }
    let after = env.as_actor(Actor::Agent).get_transfer(before.id).expect("it exists");
    let details = details(&after);
    assert_eq!((after.attempt, details.fee, &details.superseded), (2, Some(204_000), &vec![before.txid.expect("signed")]));
    assert_eq!(env.kaspa.mempool(), [after.txid.expect("it is signed")], "only the new one is there");
    let ended = env.wait_for_end(before.id);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Confirmed", Some(204_000)), "{ended:?}");
    totals.check(&mut env, &ended, "replaced");
}

#[test]
fn when_the_old_one_lands_after_all_the_transfer_is_that_one() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Kas);
    let before = submitted_transfer(&mut env, &wallet);
    // The replacement never arrives.
    env.kaspa.faults().next_at(Endpoint::Submit, 1_000, Fault::DropSubmit);
    replace(&mut env, before.id, None).expect("it can be replaced");
    for _ in 0..10 {
        advance_without_blocks(&mut env);
    }
    let replaced = env.as_actor(Actor::Agent).get_transfer(before.id).expect("it exists");
    assert_eq!((replaced.status.name.as_str(), replaced.attempt), ("Submitted", 2), "{replaced:?}");
    let ended = env.wait_for_end(before.id);
    env.kaspa.faults().clear();
    assert_eq!((ended.status.name.as_str(), &ended.txid, ended.fee_paid), ("Confirmed", &before.txid, Some(203_600)), "{ended:?}");
    assert_eq!(details(&ended).superseded.len(), 1);
    totals.check(&mut env, &ended, "the old one landed");
}

#[test]
fn what_cannot_be_replaced_is_said() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let before = submitted_transfer(&mut env, &wallet);
    let refused = replace(&mut env, before.id, Some(203_600)).expect_err("no more than before");
    assert_eq!(refused.message, "nodes take a replacement only for a higher fee rate: at least 0.00203601 KAS (203,601 sompi)");
    let refused = replace(&mut env, before.id, Some(5_000_001)).expect_err("more than is reserved");
    assert_eq!(refused.code, "VALIDATION_FAILED");
    let id = before.id;
    let stranger = env.as_actor(Actor::Stranger).replace_kaspa_transfer(&ReplaceArgs { transfer_id: id, fee: None });
    assert_eq!(stranger.expect_err("a stranger").code, "AUTH_FAILED");
    let ended = env.wait_for_end(id);
    assert_eq!(ended.status, Status::Confirmed);
    let late = replace(&mut env, id, None).expect_err("it has ended");
    assert_eq!(late.code, "WRONG_STATUS");
}

//! Refused transactions, temporary and final, and payments that wait for one another.

use super::*;
use devchains::kaspa::{Endpoint, Fault};
use purser_types::Status;

/// The amount of a payment that needs a small coin beside a large one. With the large one bound to a covenant its storage mass
/// exceeds the limit.
const SMALL: u64 = 1_900_000;
const SMALL_COIN: u64 = 2_000_100;

#[test]
fn a_coin_that_is_secretly_bound_to_a_covenant_is_set_aside_for_another() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[SMALL_COIN]);
    let address = wallet.kaspa_schnorr_address().to_owned();
    env.kaspa.covenant_coin(&address, 40 * KAS, false);
    env.kaspa.faucet(&address, 40 * KAS + 1);
    let mut paid = 0;
    for key in ["first", "second"] {
        let id = env.request_transfer(&kas(&wallet, SMALL, key));
        let ended = env.wait_for_end(id);
        assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
        assert!(ended.attempt <= 2, "{ended:?}");
        paid += SMALL;
        assert_eq!(env.kaspa.balance(&ended.to), paid);
        env.kaspa.faucet(&address, SMALL_COIN);
    }
    assert!(env.as_actor(Actor::Stranger).verify_integrity(None, None).valid);
}

#[test]
fn without_another_coin_the_payment_fails_and_its_money_is_free() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[SMALL_COIN]);
    env.kaspa.covenant_coin(wallet.kaspa_schnorr_address(), 40 * KAS, false);
    let id = env.request_transfer(&kas(&wallet, SMALL, "bound"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.reserved, ended.fee_paid), ("Failed", 0, Some(0)), "{ended:?}");
    let note = ended.note.expect("it says why");
    assert!(note.contains("transaction storage mass of 524318 is larger than max allowed size of 500000"), "{note}");
    assert_eq!((env.kaspa.accepted(), env.kaspa.mempool()), (vec![], vec![]));
    // What it held can be spent: on its own the bound coin weighs less, not more.
    let id = env.request_transfer(&kas(&wallet, 5 * KAS, "more"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
}

#[test]
fn a_coin_that_is_shown_to_be_bound_is_not_offered() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[6 * KAS]);
    let address = wallet.kaspa_schnorr_address().to_owned();
    env.kaspa.covenant_coin(&address, 40 * KAS, true);
    let id = env.request_transfer(&kas(&wallet, 5 * KAS, "from the other"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), details(&ended).inputs), ("Confirmed", Some(1)), "{ended:?}");
    let id = env.request_transfer(&kas(&wallet, 5 * KAS, "nothing left"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.reserved), ("Failed", 0), "{ended:?}");
    let note = ended.note.expect("it says why");
    assert!(
        note.ends_with("40 KAS (4,000,000,000 sompi) more are in coins that are bound to covenants and are not spent"),
        "{note}"
    );
}

#[test]
fn while_a_node_refuses_the_transfer_says_what_it_said() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let said = "transaction has 203600 fees which is under the required amount of 407200 for compute mass 2036";
    // As a server passes it on: the id stands twice.
    let refusal = format!("transaction {} is not standard: {said}", "ab".repeat(32));
    env.kaspa.faults().next_at(Endpoint::Submit, 3, Fault::RefuseSubmit(refusal));
    let id = env.request_transfer(&kas(&wallet, KAS, "refused for a while"));
    let refused = env.wait_until(id, |transfer| transfer.status == Status::Submitted && transfer.note.is_some());
    assert!(refused.note.as_ref().is_some_and(|note| note.contains(said)), "{refused:?}");
    let listed = env.as_actor(Actor::Agent).transfers_of(wallet.id).expect("open");
    assert_eq!(listed[0].note, refused.note);
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.note, ended.attempt), ("Confirmed", None, 1));
}

#[test]
fn payments_of_one_wallet_are_made_in_the_order_in_which_they_were_asked_for() {
    const PAYMENTS: u64 = 20;
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[100 * KAS]);
    let before = outcalls(&mut env);
    // Each waits for the change of the one before.
    let ids: Vec<u64> = (0..PAYMENTS).map(|n| env.request_transfer(&kas(&wallet, KAS / 2, &format!("payment {n}")))).collect();
    let last = env.wait_until(ids[ids.len() - 1], |transfer| transfer.status == Status::Confirmed);
    let seconds = (last.updated_at - last.created_at) / 1_000_000_000;
    let txids: Vec<String> = ids
        .iter()
        .map(|id| env.as_actor(Actor::Agent).get_transfer(*id).expect("it exists"))
        .map(|transfer| {
            assert_eq!(transfer.status, Status::Confirmed, "{transfer:?}");
            transfer.txid.expect("it landed")
        })
        .collect();
    assert_eq!(env.kaspa.accepted(), txids, "in order");
    let asked = outcalls(&mut env);
    let [made, unanswered] = [0, 1].map(|n| asked[n] - before[n]);
    println!("{PAYMENTS} payments in {seconds} s: {made} outcalls, {unanswered} without an answer");
    assert!(seconds < PAYMENTS * 30, "each takes what a payment takes: {seconds} s");
    assert!(unanswered * 20 <= made, "replicas agree as a rule: {unanswered} of {made} outcalls had no answer");
}

/// Outcalls to Kaspa's providers, and how many of them had no answer on which the replicas agreed.
fn outcalls(env: &mut TestEnv) -> [u64; 2] {
    let counted = env.as_actor(Actor::Admin).get_metrics().expect("an admin");
    let count = |name: &str| counted.iter().find(|(counter, _)| counter == name).map_or(0, |(_, n)| *n);
    [count("kaspa_outcall_milliseconds_count"), count("kaspa_outcalls_without_answer")]
}

//! Faulty Kaspa providers: a payment may be late, but it is made once or not at all.

use super::*;
use crate::support::ExpectedTotals;
use devchains::kaspa::{Endpoint, FalseAnswer, Fault};
use purser_types::{Asset, Mode, Status, TransferArgs};

/// More requests than a transfer makes.
const ALL: u32 = 100_000;

#[test]
fn one_of_three_providers_may_lie_about_anything() {
    let (mut env, [second, third]) = with_three_providers();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Kas);
    let faulty = [env.kaspa.faults(), second.faults(), third.faults()];
    let lies = [
        (Endpoint::Utxos, FalseAnswer::UtxoAmount { sompi: 900 * KAS }),
        (Endpoint::Utxos, FalseAnswer::PhantomUtxo { sompi: 900 * KAS }),
        (Endpoint::Utxos, FalseAnswer::UtxoScript),
        (Endpoint::Balance, FalseAnswer::Balance { sompi: 1 }),
        (Endpoint::Acceptance, FalseAnswer::Accepted),
        (Endpoint::FeeEstimate, FalseAnswer::Feerate { sompi_per_gram: 1_000_000 }),
    ];
    for (n, (endpoint, lie)) in lies.into_iter().enumerate() {
        let what = format!("{lie:?} by provider {}", n % 3);
        faulty[n % 3].next_at(endpoint, ALL, Fault::FalseAnswer(lie));
        let id = env.request_transfer(&kas(&wallet, KAS / 2, &what));
        let ended = env.wait_for_end(id);
        faulty[n % 3].clear();
        assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{what}: {ended:?}");
        // One input and two outputs, at the floor: never at the false rate.
        assert_eq!(ended.fee_paid, Some(203_600), "{what}: {ended:?}");
        totals.check(&mut env, &ended, &what);
    }
}

#[test]
fn one_of_three_providers_may_be_gone_or_have_stopped() {
    let (mut env, [second, third]) = with_three_providers();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Kas);
    let stopped = env.kaspa.virtual_daa_score();
    for (n, fault) in [Fault::Http429, Fault::Http500, Fault::GarbageBody, Fault::Broken, Fault::StaleNode { daa: stopped }]
        .into_iter()
        .enumerate()
    {
        let what = format!("{fault:?}");
        let broken = [env.kaspa.faults(), second.faults(), third.faults()][n % 3].clone();
        broken.next(ALL, fault);
        let id = env.request_transfer(&kas(&wallet, KAS / 2, &what));
        let ended = env.wait_for_end(id);
        broken.clear();
        assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{what}: {ended:?}");
        totals.check(&mut env, &ended, &what);
    }
}

#[test]
fn a_lie_about_amounts_that_nobody_contradicts_makes_a_worthless_signature() {
    // More than the coin has, and less: then a miner would get the difference, if the signature were good for anything.
    for lie in [900 * KAS, 50 * KAS] {
        let mut env = TestEnv::local();
        let wallet = env.wallet(&rules());
        let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Kas);
        env.kaspa.faults().next_at(Endpoint::Utxos, REPLICAS, Fault::FalseAnswer(FalseAnswer::UtxoAmount { sompi: lie }));
        let id = env.request_transfer(&kas(&wallet, 5 * KAS, "lied to"));
        // It is signed for an amount that the coin does not have: no block can contain it, and it is made once more with the true one.
        let ended = env.wait_for_end(id);
        assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 2), "{ended:?}");
        assert_eq!((env.kaspa.accepted(), env.kaspa.mempool()), (vec![ended.txid.clone().expect("it landed")], vec![]));
        totals.check(&mut env, &ended, "a lie");
    }
}

#[test]
fn answers_that_are_lost_or_wrong_pay_nothing_twice() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Kas);
    let conflict = format!("output (00, 0) already spent by transaction {} in the mempool", "ab".repeat(32));
    let faults = [
        Fault::AcceptButError,
        Fault::AcceptButTimeout,
        Fault::DropSubmit,
        Fault::RefuseSubmit(conflict),
        Fault::RefuseSubmit("mempool because it's full".into()),
        Fault::Http429,
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        let what = format!("{fault:?}");
        env.kaspa.faults().next_at(Endpoint::Submit, 2, fault);
        let id = env.request_transfer(&kas(&wallet, KAS / 2, &format!("lost {n}")));
        let ended = env.wait_for_end(id);
        env.kaspa.faults().clear();
        assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{what}: {ended:?}");
        totals.check(&mut env, &ended, &what);
    }
}

#[test]
fn a_conflict_that_stays_is_left_to_people_with_the_money_held() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let conflict = format!("output (00, 0) already spent by transaction {} in the mempool", "ab".repeat(32));
    env.kaspa.faults().next_at(Endpoint::Submit, ALL, Fault::RefuseSubmit(conflict));
    let id = env.request_transfer(&kas(&wallet, KAS, "contested"));
    let waiting = env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    assert_eq!(env.kaspa.mempool(), Vec::<String>::new());
    env.network.ic().advance_time(std::time::Duration::from_secs(3_600));
    let stuck = env.wait_until(id, |transfer| transfer.status == Status::Quarantined);
    assert!(stuck.note.as_ref().is_some_and(|note| note.contains("an input is being spent by transaction abab")), "{stuck:?}");
    assert_eq!((stuck.reserved, stuck.txid), (KAS + stuck.max_fee, waiting.txid), "no other transaction was made for it");
    let other = env.as_actor(Actor::Agent).get_mode();
    assert_eq!(other, Mode::Normal);
}

#[test]
fn a_fee_spike_costs_no_more_than_the_caps() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    env.kaspa.set_feerates(1_000_000, 1_000_000, 1_000_000);
    // The configured cap of the rate: 1,000 sompi for each of 2,036 grams.
    let id = env.request_transfer(&kas(&wallet, 5 * KAS, "capped rate"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Confirmed", Some(2_036_000)), "{ended:?}");
    // The request's own cap, which still is over the floor.
    let args = TransferArgs { max_fee: Some(300_000), ..kas(&wallet, 5 * KAS, "own cap") };
    let id = env.request_transfer(&args);
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Confirmed", Some(300_000)), "{ended:?}");
}

#[test]
fn an_acceptance_that_is_undone_just_before_it_counts_is_waited_for_again() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Kas);
    let id = env.request_transfer(&kas(&wallet, KAS / 2, "undone"));
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    env.kaspa.mine(9);
    let txid = env.kaspa.accepted().pop().expect("it is accepted, nine deep");
    env.kaspa.reorg(9);
    assert_eq!((env.kaspa.accepted(), env.kaspa.mempool()), (vec![], vec![txid.clone()]));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.txid.as_ref()), ("Confirmed", Some(&txid)), "{ended:?}");
    totals.check(&mut env, &ended, "a reorg");
}

#[test]
fn two_providers_that_disagree_pay_nobody() {
    let mut env = TestEnv::empty(Network::Local(Box::new(LocalNet::new())));
    let second = env.kaspa.provider();
    let mut args = env.init_args();
    args.kaspa.providers.push(second.url());
    env.install(&args).expect("it installs");
    env.await_keys();
    let wallet = env.wallet(&rules());
    second.faults().next_at(Endpoint::Utxos, ALL, Fault::FalseAnswer(FalseAnswer::UtxoAmount { sompi: 900 * KAS }));
    let id = env.request_transfer(&kas(&wallet, KAS / 2, "disputed"));
    for _ in 0..20 {
        env.step();
    }
    let waiting = env.as_actor(Actor::Agent).get_transfer(id).expect("it exists");
    assert_eq!((waiting.status.name.as_str(), waiting.txid), ("Reserved", None));
    second.faults().clear();
    let mut totals = ExpectedTotals::new(&mut env, &wallet, Asset::Kas);
    let ended = env.wait_for_end(id);
    totals.check(&mut env, &ended, "agreed");
}

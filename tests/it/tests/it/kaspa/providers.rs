//! Providers that lie, lag, lose answers and refuse: a payment may be late, it is made once or not at all.

use super::*;
use crate::support::Books;
use devchains::kaspa::{Endpoint, Fault, Lie};

/// More requests than a transfer makes.
const ALL: u32 = 100_000;

#[test]
fn one_of_three_providers_may_lie_about_anything() {
    let (mut world, [second, third]) = with_three_providers();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Kas);
    let liars = [world.kaspa.faults(), second.faults(), third.faults()];
    let lies = [
        (Endpoint::Utxos, Lie::UtxoAmount { sompi: 900 * KAS }),
        (Endpoint::Utxos, Lie::PhantomUtxo { sompi: 900 * KAS }),
        (Endpoint::Utxos, Lie::UtxoScript),
        (Endpoint::Balance, Lie::Balance { sompi: 1 }),
        (Endpoint::Acceptance, Lie::Accepted),
        (Endpoint::FeeEstimate, Lie::Feerate { sompi_per_gram: 1_000_000 }),
    ];
    for (n, (endpoint, lie)) in lies.into_iter().enumerate() {
        let what = format!("{lie:?} by provider {}", n % 3);
        liars[n % 3].next_at(endpoint, ALL, Fault::Lie(lie));
        let id = world.accepted(&kas(&wallet, KAS / 2, &what));
        let ended = world.settle(id);
        liars[n % 3].clear();
        assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{what}: {ended:?}");
        // One input and two outputs, at the floor: never at the liar's rate.
        assert_eq!(ended.fee_paid, Some(203_600), "{what}: {ended:?}");
        books.check(&mut world, &ended, &what);
    }
}

#[test]
fn one_of_three_providers_may_be_gone_or_have_stopped() {
    let (mut world, [second, third]) = with_three_providers();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Kas);
    let stopped = world.kaspa.virtual_daa_score();
    for (n, fault) in [Fault::Http429, Fault::Http500, Fault::GarbageBody, Fault::Broken, Fault::StaleNode { daa: stopped }]
        .into_iter()
        .enumerate()
    {
        let what = format!("{fault:?}");
        let broken = [world.kaspa.faults(), second.faults(), third.faults()][n % 3].clone();
        broken.next(ALL, fault);
        let id = world.accepted(&kas(&wallet, KAS / 2, &what));
        let ended = world.settle(id);
        broken.clear();
        assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{what}: {ended:?}");
        books.check(&mut world, &ended, &what);
    }
}

#[test]
fn a_lie_about_amounts_that_nobody_contradicts_makes_a_worthless_signature() {
    // More than the coin has, and less: then a miner would get the difference, if the signature were good for anything.
    for lie in [900 * KAS, 50 * KAS] {
        let mut world = World::local();
        let wallet = world.wallet(&rules());
        let mut books = Books::open(&mut world, &wallet, Asset::Kas);
        world.kaspa.faults().next_at(Endpoint::Utxos, REPLICAS, Fault::Lie(Lie::UtxoAmount { sompi: lie }));
        let id = world.accepted(&kas(&wallet, 5 * KAS, "lied to"));
        // It is signed for an amount that the coin does not have: no block can contain it, and it is made once more with the true one.
        let ended = world.settle(id);
        assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 2), "{ended:?}");
        assert_eq!((world.kaspa.accepted(), world.kaspa.mempool()), (vec![ended.txid.clone().expect("it landed")], vec![]));
        books.check(&mut world, &ended, "a lie");
    }
}

#[test]
fn answers_that_are_lost_or_wrong_pay_nothing_twice() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Kas);
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
        world.kaspa.faults().next_at(Endpoint::Submit, 2, fault);
        let id = world.accepted(&kas(&wallet, KAS / 2, &format!("lost {n}")));
        let ended = world.settle(id);
        world.kaspa.faults().clear();
        assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{what}: {ended:?}");
        books.check(&mut world, &ended, &what);
    }
}

#[test]
fn a_conflict_that_stays_is_left_to_people_with_the_money_held() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let conflict = format!("output (00, 0) already spent by transaction {} in the mempool", "ab".repeat(32));
    world.kaspa.faults().next_at(Endpoint::Submit, ALL, Fault::RefuseSubmit(conflict));
    let id = world.accepted(&kas(&wallet, KAS, "contested"));
    let waiting = world.follow(id, |transfer| transfer.status == Status::Submitted);
    assert_eq!(world.kaspa.mempool(), Vec::<String>::new());
    world.network.ic().advance_time(std::time::Duration::from_secs(3_600));
    let stuck = world.follow(id, |transfer| transfer.status == Status::Quarantined);
    assert!(stuck.note.as_ref().is_some_and(|note| note.contains("an input is being spent by transaction abab")), "{stuck:?}");
    assert_eq!((stuck.reserved, stuck.txid), (KAS + stuck.max_fee, waiting.txid), "no other transaction was made for it");
    let other = world.as_actor(Actor::Agent).get_mode();
    assert_eq!(other, Mode::Normal);
}

#[test]
fn a_fee_spike_costs_no_more_than_the_caps() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    world.kaspa.set_feerates(1_000_000, 1_000_000, 1_000_000);
    // The configured cap of the rate: 1,000 sompi for each of 2,036 grams.
    let id = world.accepted(&kas(&wallet, 5 * KAS, "capped rate"));
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.fee_paid), (Status::Confirmed, Some(2_036_000)), "{ended:?}");
    // The request's own cap, which still is over the floor.
    let args = TransferArgs { max_fee: Some(300_000), ..kas(&wallet, 5 * KAS, "own cap") };
    let id = world.accepted(&args);
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.fee_paid), (Status::Confirmed, Some(300_000)), "{ended:?}");
}

#[test]
fn an_acceptance_that_is_undone_just_before_it_counts_is_waited_for_again() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let mut books = Books::open(&mut world, &wallet, Asset::Kas);
    let id = world.accepted(&kas(&wallet, KAS / 2, "undone"));
    world.follow(id, |transfer| transfer.status == Status::Submitted);
    world.kaspa.mine(9);
    let txid = world.kaspa.accepted().pop().expect("it is accepted, nine deep");
    world.kaspa.reorg(9);
    assert_eq!((world.kaspa.accepted(), world.kaspa.mempool()), (vec![], vec![txid.clone()]));
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.txid.as_ref()), (Status::Confirmed, Some(&txid)), "{ended:?}");
    books.check(&mut world, &ended, "a reorg");
}

#[test]
fn two_providers_that_disagree_pay_nobody() {
    let mut world = World::empty(Network::Local(Box::new(LocalNet::new())));
    let second = world.kaspa.provider();
    let mut args = world.init_args();
    args.kaspa.providers.push(second.url());
    world.install(&args).expect("it installs");
    world.await_keys();
    let wallet = world.wallet(&rules());
    second.faults().next_at(Endpoint::Utxos, ALL, Fault::Lie(Lie::UtxoAmount { sompi: 900 * KAS }));
    let id = world.accepted(&kas(&wallet, KAS / 2, "disputed"));
    for _ in 0..20 {
        world.step();
    }
    let waiting = world.as_actor(Actor::Agent).get_transfer(id).expect("it exists");
    assert_eq!((waiting.status, waiting.txid), (Status::Reserved, None));
    second.faults().clear();
    let mut books = Books::open(&mut world, &wallet, Asset::Kas);
    let ended = world.settle(id);
    books.check(&mut world, &ended, "agreed");
}

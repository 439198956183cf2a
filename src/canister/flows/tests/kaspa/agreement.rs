//! Several providers, of which some lie, lag or are silent.

use super::*;

const SOURCE: KeyKind = KeyKind::KaspaSchnorr;
const LIE: &[(u8, u64)] = &[(1, 90 * KAS)];

fn requested(providers: usize) -> (World, TransferId) {
    let world = World::with_providers(providers);
    let id = world.request(Asset::Kas, AMOUNT, SOURCE);
    (world, id)
}

fn silent(contains: &'static str) -> Step {
    all(contains, |_| Ok((502, "<html>".into())))
}

fn limited(contains: &'static str) -> Step {
    all(contains, |_| Ok((429, "Too Many Requests".into())))
}

fn spent(world: &World, id: TransferId) -> u64 {
    let unsigned = kas::UnsignedTx::from_bytes(&world.transfer(id).built.unwrap().unsigned).unwrap();
    unsigned.spent.iter().map(|utxo| utxo.amount.get()).sum()
}

#[test]
fn a_coin_on_whose_amount_two_providers_disagree_is_not_spent() {
    let (world, id) = requested(2);
    let lists = vec![dag(5_000), dag(5_000), fee(100), fee(100), utxos(SOURCE, LIE), utxos(SOURCE, ONE_COIN)];
    let then = vec![count(1), balance(20 * KAS), balance(20 * KAS)];
    assert_eq!(world.drive(id, 0, lists.into_iter().chain(then).collect()), Progress::Blocked);
    assert_eq!((world.status(id), world.signatures.get()), (Status::Reserved, 0));
}

#[test]
fn of_three_providers_the_two_that_agree_are_believed() {
    for liar in 0..3 {
        let (world, id) = requested(3);
        let list = |n| utxos(SOURCE, if n == liar { LIE } else { ONE_COIN });
        let mut script = vec![dag(5_000), dag(5_000), fee(100), fee(100), list(0), list(1)];
        // The third is asked only when the first two do not agree on enough.
        if liar < 2 {
            script.push(list(2));
        }
        script.extend([signing(SOURCE), taken()]);
        assert_eq!(world.drive(id, 0, script), Progress::Waiting, "{liar}");
        assert_eq!(spent(&world, id), 20 * KAS);
    }
}

#[test]
fn a_provider_without_an_answer_is_passed_over() {
    let (world, id) = requested(3);
    // The first two are asked at once, and the third in place of the one that failed.
    let script = vec![dag(5_000), silent("/info/blockdag"), dag(5_000), fee(100), silent("/info/fee-estimate"), fee(100)];
    let lists = [silent("/addresses/utxos"), utxos(SOURCE, ONE_COIN), utxos(SOURCE, ONE_COIN), signing(SOURCE), taken()];
    assert_eq!(world.drive(id, 0, script.into_iter().chain(lists).collect()), Progress::Waiting);
    let (world, id) = requested(2);
    // The second one limits the rate and is not asked for the fee rate either.
    let script = vec![dag(5_000), limited("/info/blockdag"), fee(100)];
    let Progress::RateLimited(problem) = world.drive(id, 0, script) else { panic!("one provider is not enough") };
    assert_eq!(problem, "Kaspa: the server limits the rate of requests");
}

#[test]
fn a_provider_that_limits_the_rate_is_asked_last_for_a_while() {
    let (world, id) = requested(3);
    let asked = |port: &'static str, step: Step| match step {
        Step::Http { replicated, reply, .. } => Step::Http { contains: port, replicated, reply },
        other => other,
    };
    let limited = || asked("127.0.0.1:20", limited("/info/blockdag"));
    // All but the first question go to the other two.
    let script = vec![
        limited(),
        asked("127.0.0.1:21/info/blockdag", dag(5_000)),
        asked("127.0.0.1:22/info/blockdag", dag(5_000)),
        asked("127.0.0.1:21/info/fee-estimate", fee(100)),
        asked("127.0.0.1:22/info/fee-estimate", fee(100)),
        asked("127.0.0.1:21/addresses/utxos", utxos(SOURCE, ONE_COIN)),
        asked("127.0.0.1:22/addresses/utxos", utxos(SOURCE, ONE_COIN)),
        signing(SOURCE),
        asked("127.0.0.1:21/transactions ", taken()),
    ];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    world.advance(30);
    let script = vec![
        asked("127.0.0.1:20/info/virtual", blue(1_019)),
        asked("127.0.0.1:21/info/virtual", blue(1_019)),
        asked("127.0.0.1:20/transactions/acc", acceptance(Some(900))),
        asked("127.0.0.1:21/transactions/acc", acceptance(Some(900))),
    ];
    assert_eq!(world.drive(id, 0, script), Progress::Ended);
}

/// An outcall for which the replicas receive different answers.
fn different(contains: &'static str) -> Step {
    all(contains, |_| Err(CallError::rejected("No consensus could be reached. Replicas had different responses.")))
}

#[test]
fn a_value_that_has_just_moved_is_asked_for_again_by_another_grid() {
    let (world, id) = requested(1);
    let script = vec![
        different("/info/blockdag"),
        different("/info/blockdag"),
        dag(5_000),
        different("/info/fee-estimate"),
        different("/info/fee-estimate"),
        fee(108),
        different("/addresses/utxos"),
        utxos(SOURCE, ONE_COIN),
        signing(SOURCE),
        taken(),
    ];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    // A run fails when no grid helps. Only the fee rate has a default.
    let (world, id) = requested(1);
    let script = vec![different("/info/blockdag"), different("/info/blockdag"), fee(100)];
    assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
    let (world, id) = requested(1);
    let script = vec![
        dag(5_000),
        different("/info/fee-estimate"),
        different("/info/fee-estimate"),
        different("/addresses/utxos"),
        different("/addresses/utxos"),
    ];
    assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
    assert_eq!(world.status(id), Status::Reserved);
}

#[test]
fn the_lower_of_two_fee_rates_is_paid_within_the_bounds() {
    // One input and two outputs: 2,036 grams. The configured rates are 100 to 1,000, and the transfer's cap a million sompi.
    for (first, second, paid) in
        [(950, 300, 610_800), (1_000_000, 100, 203_600), (40, 900, 203_600), (7_000_000, 7_000_000, 1_000_000)]
    {
        let (world, id) = requested(2);
        let script = vec![dag(5_000), dag(5_000), fee(first), fee(second), utxos(SOURCE, ONE_COIN), utxos(SOURCE, ONE_COIN)];
        let script = script.into_iter().chain([signing(SOURCE), taken()]).collect();
        assert_eq!(world.drive(id, 0, script), Progress::Waiting);
        assert_eq!(world.transfer(id).built.unwrap().fee, Amount::new(paid), "{first} and {second}");
    }
}

#[test]
fn a_missing_fee_estimate_stops_no_transfer() {
    let (world, id) = requested(1);
    let script = vec![dag(5_000), silent("/info/fee-estimate"), utxos(SOURCE, ONE_COIN), signing(SOURCE), taken()];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    assert_eq!(world.transfer(id).built.unwrap().fee, Amount::new(203_600));
}

fn under_way(providers: usize) -> (World, TransferId) {
    let (world, id) = requested(providers);
    let asked = providers.min(2);
    let twice = |step: &dyn Fn() -> Step| (0..asked).map(|_| step()).collect::<Vec<_>>();
    let script = [twice(&|| dag(5_000)), twice(&|| fee(100)), twice(&|| utxos(SOURCE, ONE_COIN)), vec![signing(SOURCE), taken()]];
    assert_eq!(world.drive(id, 0, script.into_iter().flatten().collect()), Progress::Waiting);
    (world, id)
}

#[test]
fn one_provider_that_claims_an_acceptance_is_not_believed() {
    let (world, id) = under_way(2);
    let asked = |first, second| vec![blue(1_019), blue(1_019), acceptance(first), acceptance(second)];
    assert_eq!(world.drive(id, 0, asked(Some(900), None)), Progress::Waiting);
    assert_eq!(world.drive(id, 0, asked(None, Some(900))), Progress::Waiting);
    // A score that is ahead of the others makes nothing deeper: the lower one counts.
    let ahead = vec![blue(9_000_000), blue(1_019), acceptance(Some(1_002)), acceptance(Some(1_002))];
    assert_eq!(world.drive(id, 0, ahead), Progress::Waiting);
    assert_eq!(world.drive(id, 0, asked(Some(1_001), Some(1_001))), Progress::Ended);
    assert_eq!(world.status(id), Status::Confirmed);
}

#[test]
fn a_third_provider_settles_what_two_see_differently() {
    let (world, id) = under_way(3);
    let asked = |third| vec![blue(1_019), blue(1_019), acceptance(None), acceptance(Some(900)), acceptance(third)];
    assert_eq!(world.drive(id, 0, asked(None)), Progress::Waiting);
    assert_eq!(world.drive(id, 0, asked(Some(900))), Progress::Ended);
    // Neither reports it: the third is not asked.
    let (world, id) = under_way(3);
    assert_eq!(world.drive(id, 0, vec![blue(1_019), blue(1_019), acceptance(None), acceptance(None)]), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted);
}

#[test]
fn an_address_with_more_coins_than_can_be_listed_is_reported() {
    let (world, id) = requested(1);
    let script = vec![dag(5_000), fee(100), utxos(SOURCE, &[]), count(12_345)];
    let Progress::Deferred(problem) = world.drive(id, 0, script) else { panic!("an empty list of 12,345 coins") };
    assert_eq!(problem, "the address has 12345 unspent outputs, more than can be listed; consolidate coins that you name");
    assert_eq!(world.status(id), Status::Reserved);
}

#[test]
fn a_provider_that_has_stopped_delays_no_transfer() {
    for stopped in 0..3 {
        let (world, id) = requested(3);
        let score = |n| dag(if n == stopped { 50 } else { 5_000 });
        let list = |n| utxos(SOURCE, if n == stopped { &[] } else { ONE_COIN });
        let mut script = vec![score(0), score(1)];
        // The coin was accepted at 100. The third is asked when the first two are far apart.
        if stopped < 2 {
            script.push(score(2));
        }
        script.extend([fee(100), fee(100), list(0), list(1)]);
        if stopped < 2 {
            script.push(list(2));
        }
        script.extend([signing(SOURCE), taken()]);
        assert_eq!(world.drive(id, 0, script), Progress::Waiting, "{stopped}");
    }
    let (world, id) = under_way(3);
    let script = vec![blue(19), blue(1_019), blue(1_019), acceptance(None), acceptance(Some(1_001)), acceptance(Some(1_001))];
    assert_eq!(world.drive(id, 0, script), Progress::Ended);
}

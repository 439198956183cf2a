//! Refusals: the reasons of nodes, and the end of the transactions that they refuse.

use super::*;
use crate::flows::waiting::by_last_run as waits_for;
use purser_core::policy::ReasonCode;

const SOURCE: KeyKind = KeyKind::KaspaSchnorr;
/// A payment that only a small coin beside a large one makes light enough.
const SMALL: u64 = 1_900_000;
const PAIR: &[(u8, u64)] = &[(1, 2_000_100), (2, 40 * KAS)];
const PAIR_AND_ONE: &[(u8, u64)] = &[(1, 2_000_100), (2, 40 * KAS), (3, 41 * KAS)];
const MASS: &str = "transaction storage mass of 524318 is larger than max allowed size of 500000";

fn words(world: &World, text: &str) -> Answer {
    let id = txid(world);
    let text = text.replace("{id}", &id);
    Ok((400, format!(r#"{{"error":"RPC Server (remote error) -> Rejected transaction {id}: {text}"}}"#)))
}

/// A node refuses the present transaction with this text, to one replica.
fn says(text: &'static str) -> Step {
    one("/transactions ", move |world| words(world, text))
}

/// A node refuses the present transaction with this text, to all replicas.
fn says_to_all(text: &'static str) -> Step {
    all("/transactions ", move |world| words(world, text))
}

fn accepts_from_all() -> Step {
    all("/transactions ", |world| ok(format!(r#"{{"transactionId":"{}"}}"#, txid(world))))
}

fn twice(step: impl Fn() -> Step, times: usize) -> Vec<Step> {
    (0..times).map(|_| step()).collect()
}

/// The steps up to the broadcast of a payment with `inputs` inputs, for which `asked` servers are asked.
fn until_sent(asked: usize, coins: &'static [(u8, u64)], inputs: usize) -> Vec<Step> {
    let read = [twice(|| dag(5_000), asked), twice(|| fee(100), asked), twice(|| utxos(SOURCE, coins), asked)];
    read.into_iter().flatten().chain(twice(|| signing(SOURCE), inputs)).collect()
}

fn then(steps: Vec<Step>, more: Vec<Step>) -> Vec<Step> {
    steps.into_iter().chain(more).collect()
}

fn spent(world: &World, id: TransferId) -> Vec<u8> {
    let unsigned = kas::UnsignedTx::from_bytes(&world.transfer(id).built.unwrap().unsigned).unwrap();
    unsigned.spent.iter().map(|utxo| utxo.outpoint.transaction.0[0]).collect()
}

/// A world with one server, which refuses a payment of two coins as invalid by consensus.
fn refused_for_good(coins: &'static [(u8, u64)]) -> (World, TransferId) {
    let world = World::new();
    let id = world.request(Asset::Kas, SMALL, SOURCE);
    let refusal = vec![says(MASS), says_to_all(MASS), transaction(None)];
    assert_eq!(world.drive(id, 0, then(until_sent(1, coins, 2), refusal)), Progress::Again);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.attempt, transfer.code), (Status::Expired, 1, Some(ReasonCode::TransactionInvalid)));
    assert!(transfer.note.unwrap().ends_with(&format!("a mass is over the limit of a block ({MASS})")));
    (world, id)
}

#[test]
fn other_coins_are_tried_after_a_transaction_that_no_block_can_contain() {
    let (world, id) = refused_for_good(PAIR_AND_ONE);
    let first = spent(&world, id);
    assert_eq!(world.drive(id, 0, then(until_sent(1, PAIR_AND_ONE, 2), vec![taken()])), Progress::Waiting);
    let second = spent(&world, id);
    assert_ne!(first, second);
    assert!(second.contains(&1), "the small coin is still what makes it light");
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.attempt, transfer.note), (Status::Submitted, 2, None));
    assert_eq!(world.state.borrow().locked_outpoints(WALLET).len(), 2, "the coins of the first attempt are free");
    assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(Some(900))]), Progress::Ended);
    assert_eq!(world.usage(Asset::Kas).0, 0);
}

#[test]
fn another_payment_avoids_coins_that_were_refused_together() {
    let (world, first) = refused_for_good(PAIR_AND_ONE);
    let refused = spent(&world, first);
    world.cancel(first);
    let second = world.request(Asset::Kas, SMALL + 1, SOURCE);
    assert_eq!(world.drive(second, 0, then(until_sent(1, PAIR_AND_ONE, 2), vec![taken()])), Progress::Waiting);
    assert_ne!(spent(&world, second), refused);
}

#[test]
fn another_payment_tries_coins_that_were_refused_together_when_there_are_no_others() {
    let (world, first) = refused_for_good(PAIR);
    world.cancel(first);
    let second = world.request(Asset::Kas, SMALL + 1, SOURCE);
    assert_eq!(world.drive(second, 0, then(until_sent(1, PAIR, 2), vec![taken()])), Progress::Waiting);
}

#[test]
fn without_other_coins_the_transfer_fails_and_releases_the_money() {
    let (world, id) = refused_for_good(PAIR);
    let read = || vec![dag(5_000), fee(100), utxos(SOURCE, PAIR)];
    assert_eq!(world.drive(id, 0, read()), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.fee_paid), (Status::Failed, Some(Amount::ZERO)));
    assert_eq!(transfer.code, Some(ReasonCode::TransactionInvalid));
    let note = transfer.note.unwrap();
    assert!(note.contains(MASS) && note.ends_with("no other coins of the wallet allow it"), "{note}");
    assert_eq!(world.usage(Asset::Kas), (0, 0));
    assert!(world.state.borrow().locked_outpoints(WALLET).is_empty());
}

#[test]
fn coins_whose_amounts_were_a_lie_are_spent_with_the_true_ones() {
    let world = World::new();
    let id = world.request(Asset::Kas, AMOUNT, SOURCE);
    const OVERSPENT: &str = "transaction tries to spend 8999796400 while its total inputs amount is 2000000000";
    let refusal = vec![says(OVERSPENT), says_to_all(OVERSPENT), transaction(None)];
    assert_eq!(world.drive(id, 0, then(until_sent(1, &[(1, 90 * KAS)], 1), refusal)), Progress::Again);
    assert_eq!(world.drive(id, 0, then(until_sent(1, ONE_COIN, 1), vec![taken()])), Progress::Waiting);
    assert_eq!((world.status(id), world.transfer(id).attempt), (Status::Submitted, 2));
}

#[test]
fn a_refusal_that_does_not_lie_with_the_coins_fails_at_once() {
    let world = World::new();
    let id = world.request(Asset::Kas, AMOUNT, SOURCE);
    const VERSION: &str = "transaction version 0 is unknown";
    let refusal = vec![says(VERSION), says_to_all(VERSION), transaction(None)];
    assert_eq!(world.drive(id, 0, then(until_sent(1, ONE_COIN, 1), refusal)), Progress::Ended);
    assert_eq!((world.status(id), world.usage(Asset::Kas)), (Status::Failed, (0, 0)));
    assert_eq!(world.code(id), Some(ReasonCode::TransactionInvalid));
    assert!(world.transfer(id).note.unwrap().contains(VERSION));
}

#[test]
fn one_provider_to_the_contrary_or_an_acceptance_keeps_the_transaction_followed() {
    let begun = |providers| {
        let world = World::with_providers(providers);
        let id = world.request(Asset::Kas, AMOUNT, SOURCE);
        (world, id, then(until_sent(2, ONE_COIN, 1), vec![says(MASS), says_to_all(MASS)]))
    };
    let (world, id, script) = begun(2);
    assert_eq!(world.drive(id, 0, then(script, vec![accepts_from_all()])), Progress::Waiting);
    assert_eq!((world.status(id), waits_for(id)), (Status::Submitted, None), "the other one has it");
    // A reason that may pass, a node's policy, and no answer at all: one refusal by consensus alone is not enough.
    for other in [
        "transaction input #0 is not finalized",
        "transaction {id} is not standard: transaction output #0: non-standard script form",
    ] {
        let (world, id, script) = begun(2);
        assert!(matches!(world.drive(id, 0, then(script, vec![says_to_all(other)])), Progress::Deferred(_)));
        assert_eq!(world.status(id), Status::Submitted, "{other}");
    }
    let (world, id, script) = begun(2);
    assert!(matches!(world.drive(id, 0, then(script, vec![all("/transactions ", |_| lost())])), Progress::Deferred(_)));
    assert_eq!(world.status(id), Status::Submitted);
    let (world, id, script) = begun(2);
    let accepted = vec![says_to_all(MASS), transaction(Some(5)), transaction(Some(5))];
    assert_eq!(world.drive(id, 0, then(script, accepted)), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted);
}

#[test]
fn servers_that_lie_about_a_refusal_free_no_coins_while_an_honest_one_is_silent() {
    let world = World::with_providers(3);
    let id = world.request(Asset::Kas, AMOUNT, SOURCE);
    let lies = || vec![says_to_all(MASS), says_to_all(MASS)];
    let silent = || all("/transactions ", |_| lost());
    // As many lie as must agree. The third has the transaction, and does not answer.
    let script = then(then(until_sent(2, ONE_COIN, 1), vec![says(MASS)]), then(lies(), vec![silent()]));
    assert!(matches!(world.drive(id, 0, script), Progress::Deferred(_)));
    let usage = || (world.status(id), world.transfer(id).attempt, world.usage(Asset::Kas));
    assert_eq!(usage(), (Status::Submitted, 1, (AMOUNT + 1_000_000, 0)), "no answer is no refusal");
    assert_eq!(world.state.borrow().locked_outpoints(WALLET).len(), 1);
    // A transfer that nobody refutes within an hour is left to people, with its money reserved.
    world.advance(3_600);
    let known = || vec![blue(1_019), blue(1_019), acceptance(None), acceptance(None), transaction(None), transaction(None)];
    let end = vec![says(MASS), says_to_all(MASS), says_to_all(MASS), silent(), transaction(None), transaction(None)];
    assert_eq!(world.drive(id, 0, then(known(), end)), Progress::Ended);
    assert_eq!(usage(), (Status::Quarantined, 1, (AMOUNT + 1_000_000, 0)));
}

#[test]
fn a_transaction_is_dead_when_every_server_says_so() {
    let world = World::with_providers(3);
    let id = world.request(Asset::Kas, AMOUNT, SOURCE);
    let said = vec![says(MASS), says_to_all(MASS), says_to_all(MASS), says_to_all(MASS), transaction(None), transaction(None)];
    assert_eq!(world.drive(id, 0, then(until_sent(2, ONE_COIN, 1), said)), Progress::Again);
    assert_eq!(world.status(id), Status::Expired);
}

#[test]
fn a_refusal_by_policy_is_offered_again_and_then_goes_into_quarantine() {
    const FEE: &str = "transaction {id} is not standard: transaction has 203600 fees which is under the required amount of 407200 for compute mass 2036";
    let world = World::new();
    let id = world.request(Asset::Kas, AMOUNT, SOURCE);
    assert!(matches!(world.drive(id, 0, then(until_sent(1, ONE_COIN, 1), vec![says(FEE)])), Progress::Deferred(_)));
    let said = "the transaction was not taken: the fee is under the relay floor (transaction has 203600 fees which is under the required amount of 407200 for compute mass 2036); it is tried again";
    assert_eq!(waits_for(id).as_deref(), Some(said), "from the first refusal on");
    // No server is asked while the bytes are left to spread.
    assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(None)]), Progress::Waiting);
    assert_eq!(waits_for(id).as_deref(), Some(said));
    world.advance(20);
    assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(None), taken()]), Progress::Waiting);
    assert_eq!(waits_for(id), None, "taken after all");
    world.advance(3_580);
    let asked = vec![blue(1_019), acceptance(None), transaction(None), says(FEE), transaction(None)];
    assert_eq!(world.drive(id, 0, asked), Progress::Ended);
    assert_eq!((world.status(id), world.usage(Asset::Kas)), (Status::Quarantined, (AMOUNT + 1_000_000, 0)));
    assert_eq!(world.code(id), Some(ReasonCode::RefusedByNodes));
    assert!(world.transfer(id).note.unwrap().contains("407200"));
}

#[test]
fn an_unknown_refusal_is_no_problem_with_the_provider() {
    let (world, id) = submitted(SOURCE);
    world.advance(3_600);
    let asked = || vec![blue(1_019), acceptance(None), transaction(None)];
    assert_eq!(world.drive(id, 0, then(asked(), vec![says("it does not please me"), transaction(None)])), Progress::Ended);
    assert_eq!(world.status(id), Status::Quarantined);
    assert!(world.transfer(id).note.unwrap().contains("it does not please me"));
}

#[test]
fn a_server_that_limits_the_rate_is_not_to_blame() {
    let (world, id) = submitted(SOURCE);
    world.advance(20);
    let limited = one("/transactions ", |_| Ok((429, "Too Many Requests".into())));
    let progress = world.drive(id, 0, vec![blue(1_019), acceptance(None), limited]);
    assert_eq!(progress, Progress::RateLimited("Kaspa: the server limits the rate of requests".into()));
    assert_eq!(world.status(id), Status::Submitted);
}

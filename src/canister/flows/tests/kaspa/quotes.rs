//! Quotes: they say what the transfer will do.

use super::*;
use crate::flows::kaspa::{Quote, QuoteError, quote, quote_from_cache};
use purser_core::chains::kaspa::select::SelectError;

const SOURCE: KeyKind = KeyKind::KaspaSchnorr;

fn request(world: &World) -> TransferRequest {
    let id = world.request(Asset::Kas, AMOUNT, SOURCE);
    world.transfer(id).request
}

fn quoted(world: &World, request: &TransferRequest, script: Vec<Step>) -> Result<Quote, QuoteError> {
    world.script.replace(script.into());
    let wallet = world.wallet();
    let mut asking = pin!(quote(world, &wallet, request));
    let mut polls = (0..100).map(|_| asking.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    let Some(Poll::Ready(answer)) = polls.find(Poll::is_ready) else { panic!("the scripted world answers soon") };
    assert_eq!(world.script.borrow().len(), 0, "calls of the script were not made; the quote said {answer:?}");
    answer
}

fn recalled(world: &World, request: &TransferRequest) -> Result<Quote, QuoteError> {
    quote_from_cache(&world.state.borrow(), world.time(), &world.wallet(), request)
}

#[test]
fn a_quote_counts_coins_younger_than_the_score() {
    let world = World::new();
    let request = request(&world);
    // The coin has score 100, and the network score 90.
    let seen = || utxos(SOURCE, ONE_COIN);
    let quote = quoted(&world, &request, vec![dag(99), fee(100), seen(), seen()]).expect("the transfer will wait and be made");
    assert_eq!((quote.fee, quote.inputs, quote.waits), (Amount::new(203_600), 1, true));
    assert_eq!(recalled(&world, &request), Ok(quote.clone()), "what was seen is remembered");
    let id = world.request(Asset::Kas, AMOUNT, SOURCE);
    assert_eq!(world.drive(id, 0, vec![dag(99), fee(100), seen(), count(1), balance(20 * KAS)]), Progress::Blocked);
    assert_eq!(world.drive(id, 0, vec![dag(100), fee(100), seen(), signing(SOURCE), taken()]), Progress::Waiting);
    assert_eq!(world.transfer(id).built.unwrap().fee, quote.fee);
    let ready = quoted(&World::new(), &request, vec![dag(100), fee(100), seen()]).expect("it is old enough");
    assert_eq!(ready, Quote { waits: false, ..quote });
}

#[test]
fn a_quote_counts_the_change_of_a_transfer_under_way() {
    let (world, first) = submitted(SOURCE);
    let returned = 15 * KAS - world.transfer(first).built.unwrap().fee.get();
    let request = request(&world);
    // The server lists the coin that the first transfer spends, and not yet its change.
    let seen = || utxos(SOURCE, ONE_COIN);
    let quote = quoted(&world, &request, vec![dag(5_000), fee(100), seen(), seen()]).expect("the change will do");
    assert_eq!((quote.inputs, quote.change.get(), quote.waits), (1, returned - AMOUNT - quote.fee.get(), true));
    assert_eq!(recalled(&world, &request), Ok(quote));
}

#[test]
fn a_quote_for_too_much_says_how_much_there_is() {
    let world = World::new();
    let request = request(&world);
    // The second coin has score 100 and is too young; both together are not enough.
    let poor = || utxos(SOURCE, &[(1, 3 * KAS), (2, KAS)]);
    let refused = quoted(&world, &request, vec![dag(99), fee(100), poor(), poor()]);
    let Err(QuoteError::Coins(SelectError::InsufficientFunds { spendable, largest, .. })) = refused else {
        panic!("{refused:?}");
    };
    // Two inputs and one output: 94 + 2 * 1,118 + 412 grams.
    assert_eq!((spendable.get(), largest.map(Amount::get)), (4 * KAS, Some(4 * KAS - 274_200)));
    // An empty list may be one that is too long.
    let nothing = || utxos(SOURCE, &[]);
    let refused = quoted(&world, &request, vec![dag(99), fee(100), nothing(), nothing(), count(12_345)]);
    let Err(QuoteError::Impossible(problem)) = refused else { panic!("{refused:?}") };
    assert!(problem.contains("more than can be listed"), "{problem}");
}

fn differing() -> Step {
    all("/info/fee-estimate", |_| Err(CallError::rejected("No consensus could be reached. Replicas had different responses.")))
}

#[test]
fn only_a_moving_fee_rate_is_rounded() {
    let seen = || utxos(SOURCE, ONE_COIN);
    for (before, rate, paid) in [(0, 101, 205_636), (0, 108, 219_888), (1, 108, 234_140), (2, 108, 228_032), (3, 108, 254_500)] {
        let world = World::new();
        world.advance(1_000 * (before + 1));
        let moving = (0..before).map(|_| differing());
        let script = [dag(5_000)].into_iter().chain(moving).chain([fee(rate), seen()]).collect();
        let quote = quoted(&world, &request(&world), script).expect("possible");
        assert_eq!((quote.fee.get(), quote.feerate * 2_036), (paid, paid), "{rate} after {before} disagreements");
    }
    let world = World::new();
    world.advance(10_000);
    let ask = |script: Vec<Step>| quoted(&world, &request(&world), script).expect("possible").feerate;
    assert_eq!(ask(vec![dag(5_000), differing(), fee(108), seen()]), 115);
    world.advance(59);
    assert_eq!(ask(vec![dag(5_000), fee(108), seen()]), 115, "it still moves");
    world.advance(1);
    assert_eq!(ask(vec![dag(5_000), fee(108), seen()]), 108);
    // A rate on which the replicas never agree stops no transfer.
    assert_eq!(ask(vec![dag(5_000), differing(), differing(), differing(), differing(), seen()]), 100);
}

//! Nodes that are behind, each by its own amount, and providers with bad blockhashes.

use super::solana::{RICH, accounts, blockhash, death, first_look, ok, simulated, taken, to_submission, unknown, value};
use super::*;
use crate::flows::providers::health;

const AMOUNT: u64 = 50_000_000;
/// The slot and the height of the tip at the start.
const TIP: u64 = 10_000;
/// The height of a transaction that does not land.
const NEVER: u64 = u64::MAX / 2;
const URLS: [&str; 3] = ["http://127.0.0.1:11", "http://127.0.0.1:12", "http://127.0.0.1:13"];

macro_rules! at {
    ($port:literal, $method:literal) => {
        concat!("http://127.0.0.1:", $port, " {\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"", $method, "\"")
    };
}

fn three_with_quorum() -> World {
    let mut config = config(1);
    config.chains.solana.providers.push(URLS[2].into());
    config.chains.solana.quorum = Some(2);
    World::configured(config)
}

/// An honest chain of five blocks a second, one in each slot. Its nodes are honest, and some are behind.
#[derive(Clone, Copy)]
struct Honest {
    start: u64,
    landed_at: u64,
}

impl Honest {
    fn new(world: &World, landed_at: u64) -> Self {
        Self { start: world.now.get(), landed_at }
    }

    fn tip(self, world: &World) -> u64 {
        TIP + (world.now.get() - self.start) / SECOND_NS * 5
    }

    /// The latest blockhash of a node, with the slot of the state that knows it.
    fn blockhash(self, n: u8, lag: u64) -> Step {
        one("getLatestBlockhash", move |world| {
            let hash = sol::Blockhash::from_bytes([n; 32]);
            value(self.tip(world) - lag, format!(r#"{{"blockhash":"{hash}","lastValidBlockHeight":1}}"#))
        })
    }

    /// The position of a node that is `lag` blocks behind. It ignores the slot that is demanded.
    fn confirmed(self, contains: &'static str, lag: u64) -> Step {
        all(contains, move |world| {
            let at = self.tip(world) - lag - 1;
            ok(format!(r#"{{"absoluteSlot":{at},"blockHeight":{at}}}"#))
        })
    }

    /// The status of the landed transaction at a node that is `lag` blocks behind.
    fn status(self, contains: &'static str, lag: u64) -> Step {
        all(contains, move |world| {
            let processed = self.tip(world) - lag;
            let level = if processed >= self.landed_at + 32 { "finalized" } else { "processed" };
            let status = format!(r#"{{"slot":{},"err":null,"confirmationStatus":"{level}"}}"#, self.landed_at);
            value(processed, format!("[{}]", if processed >= self.landed_at { status } else { "null".to_owned() }))
        })
    }

    fn refuses(contains: &'static str) -> Step {
        let behind = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32016,"message":"Minimum context slot has not been reached"}}"#;
        all(contains, move |_| Ok((200, behind.to_owned())))
    }

    /// A transfer up to its broadcast by the node that is up to date, whose answer is lost.
    fn submitted(self, world: &World) -> TransferId {
        let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
        let read = || accounts(RICH, Some(RICH));
        let lost = one("sendTransaction", |_| lost());
        let script = vec![read(), read(), simulated(), self.blockhash(1, 0), signing(KeyKind::Solana), lost];
        assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
        assert_eq!(world.status(id), Status::Submitted);
        id
    }
}

/// The payment has landed in the third block, and two of three nodes are 100 seconds behind.
///
/// The third node gave the blockhash and is not asked again, because its answer to the broadcast was lost.
#[test]
fn two_nodes_that_lag_expire_nothing_that_has_landed() {
    let world = three_with_quorum();
    let chain = Honest::new(&world, TIP + 3);
    const LAG: u64 = 500;
    let id = chain.submitted(&world);
    let first = world.transfer(id).signed.unwrap().txid;
    let statuses =
        || vec![chain.status(at!("12", "getSignatureStatuses"), LAG), chain.status(at!("13", "getSignatureStatuses"), LAG)];
    for seconds in [2, 90] {
        world.advance(seconds);
        let mut look = statuses();
        look.push(chain.confirmed(at!("12", "getEpochInfo"), LAG));
        look.push(chain.confirmed(at!("13", "getEpochInfo"), LAG));
        look.push(all(at!("11", "getEpochInfo"), |_| lost()));
        look.push(taken());
        world.drive(id, 1, look);
        let transfer = world.transfer(id);
        assert_eq!(
            (transfer.status, transfer.deadline_height()),
            (Status::Submitted, None),
            "no node that answers knows the blockhash"
        );
    }
    // The two reach the block in which the payment landed.
    world.advance(16);
    assert_eq!(world.drive(id, 1, statuses()), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.attempt, transfer.signed.unwrap().txid), (Status::Confirmed, 1, first));
}

#[test]
fn the_deadline_comes_from_nodes_that_have_reached_the_blockhash() {
    let world = three_with_quorum();
    let chain = Honest::new(&world, NEVER);
    let id = chain.submitted(&world);
    world.advance(2);
    let statuses = || [chain.status(at!("12", "getSignatureStatuses"), 500), chain.status(at!("13", "getSignatureStatuses"), 0)];
    // One node is behind and the second has just reached the slot. Two are needed that have, and that is no failure.
    let few = [
        chain.confirmed(at!("12", "getEpochInfo"), 500),
        chain.confirmed(at!("13", "getEpochInfo"), 9),
        Honest::refuses(at!("11", "getEpochInfo")),
        taken(),
    ];
    assert_eq!(world.drive(id, 1, statuses().into_iter().chain(few).collect()), Progress::Waiting);
    assert_eq!(world.transfer(id).deadline_height(), None);
    let enough = [
        chain.confirmed(at!("12", "getEpochInfo"), 500),
        chain.confirmed(at!("13", "getEpochInfo"), 9),
        chain.confirmed(at!("11", "getEpochInfo"), 0),
        taken(),
    ];
    assert_eq!(world.drive(id, 1, statuses().into_iter().chain(enough).collect()), Progress::Waiting);
    // The heights 10,009 and 10,000 are rounded down to 10,000. The last height of the blockhash is at most 10,150.
    assert_eq!(world.transfer(id).deadline_height(), Some(TIP + 99 + 150 + 164));
}

/// The deadline of a transaction without a recorded slot may come from nodes that were behind.
#[test]
fn a_deadline_without_a_recorded_slot_counts_later() {
    for slot in [Some(9), None] {
        let world = World::new();
        let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
        let build = vec![accounts(RICH, Some(RICH)), simulated(), blockhash(1), Step::SignLost];
        assert!(matches!(world.drive(id, 0, build), Progress::Transient(_)));
        let mut built = world.transfer(id).built.unwrap();
        assert_eq!(built.details, Built::Solana(SolanaBuilt { recent_hash_slot: Some(9), ..SolanaBuilt::default() }));
        // The same bytes in the form of an older record.
        let world = World::new();
        let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
        built.details = Built::Solana(SolanaBuilt { recent_hash_slot: slot, ..SolanaBuilt::default() });
        let decided = world.state.borrow().decide_built(id, built).unwrap();
        world.put(decided);
        assert_eq!(world.drive(id, 0, vec![signing(KeyKind::Solana), taken()]), Progress::Waiting);
        let decided = world.state.borrow().decide_deadline(id, 1_413).unwrap();
        world.put(decided);
        world.advance(90);
        if slot.is_none() {
            let later = |height| vec![unknown(9), epoch_of(height), taken()];
            assert_eq!(world.drive(id, 0, later(1_414)), Progress::Waiting);
            assert_eq!(world.drive(id, 0, later(2_413)), Progress::Waiting);
            let past = || [epoch_of(2_414), unknown(2_000)];
            assert_eq!(world.drive(id, 0, [unknown(9)].into_iter().chain(past()).chain(past()).collect()), Progress::Again);
        } else {
            assert_eq!(world.drive(id, 0, death()), Progress::Again);
        }
        assert_eq!(world.status(id), Status::Expired);
    }
}

fn epoch_of(height: u64) -> Step {
    super::solana::epoch(height, 2_000)
}

fn given_by(url: &'static str, n: u8) -> Step {
    one(url, move |_| {
        let hash = sol::Blockhash::from_bytes([n; 32]);
        value(9, format!(r#"{{"blockhash":"{hash}","lastValidBlockHeight":1}}"#))
    })
}

/// A broadcast of this transfer's transaction that the provider takes.
fn sent_to(contains: &'static str, id: TransferId) -> Step {
    one(contains, move |world| ok(format!("{:?}", world.transfer(id).signed.unwrap().txid)))
}

#[test]
fn a_provider_whose_blockhash_died_unseen_is_asked_after_the_others() {
    let world = World::new();
    let first = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let from = |hash: Step, id: TransferId| {
        let sent = sent_to("sendTransaction", id);
        vec![accounts(RICH, Some(RICH)), simulated(), hash, signing(KeyKind::Solana), sent]
    };
    assert_eq!(world.drive(first, 0, from(given_by(at!("11", "getLatestBlockhash"), 1), first)), Progress::Waiting);
    assert_eq!(world.drive(first, 0, first_look()), Progress::Waiting);
    world.advance(90);
    assert_eq!(world.drive(first, 0, death()), Progress::Again);
    let resting = health(Chain::Solana, URLS[0]).resting_until();
    assert_eq!(resting.nanos() - world.now.get(), 600 * SECOND_NS);
    assert_eq!(
        health(Chain::Solana, URLS[0]).rests_until,
        Timestamp::default(),
        "what it knows of what was sent is asked as before"
    );
    // The next attempt and the next payment begin with the other provider, whatever the offset.
    assert_eq!(world.drive(first, 0, from(given_by(at!("12", "getLatestBlockhash"), 2), first)), Progress::Waiting);
    for (provider_offset, seconds) in [(1, 0), (0, 700)] {
        world.advance(seconds);
        let next = world.request(Asset::Sol, AMOUNT + seconds, KeyKind::Solana);
        let hash = given_by(at!("12", "getLatestBlockhash"), 3 + provider_offset as u8);
        assert_eq!(world.drive(next, provider_offset, from(hash, next)), Progress::Waiting);
    }
    // After a day without another dead blockhash the provider counts like the others.
    world.advance(86_400);
    let next = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    assert_eq!(world.drive(next, 0, from(given_by(at!("11", "getLatestBlockhash"), 6), next)), Progress::Waiting);
    assert_eq!(world.drive(next, 0, vec![super::solana::finalized("null")]), Progress::Ended);
    assert_eq!(health(Chain::Solana, URLS[0]).demerits, 0, "one that was in a block clears it");
}

#[test]
fn a_provider_that_is_behind_when_it_gives_a_blockhash_is_asked_after_the_others() {
    for (lag, expected) in [(200, 1), (20, 0)] {
        let run = std::thread::spawn(move || {
            let world = World::new();
            let chain = Honest::new(&world, NEVER);
            let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
            let script = vec![accounts(RICH, Some(RICH)), simulated(), chain.blockhash(1, lag), signing(KeyKind::Solana), taken()];
            assert_eq!(world.drive(id, 0, script), Progress::Waiting);
            world.advance(3);
            let look = vec![
                unknown(9),
                chain.confirmed(at!("11", "getEpochInfo"), 0),
                chain.confirmed(at!("12", "getEpochInfo"), 0),
                taken(),
            ];
            assert_eq!(world.drive(id, 0, look), Progress::Waiting);
            assert_eq!(health(Chain::Solana, URLS[0]).demerits, expected, "{lag} slots behind");
        });
        run.join().unwrap();
    }
}

#[test]
fn a_provider_behind_the_last_landed_slot_gives_no_blockhash() {
    let world = three_with_quorum();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let read = || accounts(RICH, Some(RICH));
    let script = vec![read(), read(), simulated(), blockhash(1), signing(KeyKind::Solana), taken()];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    let landed = || super::solana::finalized("null");
    assert_eq!(world.drive(id, 0, vec![landed(), landed()]), Progress::Ended);
    assert_eq!(world.state.borrow().highest_landed_slot(), 48);
    let next = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let demanded = r#""getLatestBlockhash","params":[{"commitment":"confirmed","minContextSlot":48}]"#;
    let fresh = one(demanded, |_| {
        let hash = sol::Blockhash::from_bytes([2; 32]);
        value(48, format!(r#"{{"blockhash":"{hash}","lastValidBlockHeight":1}}"#))
    });
    // The first one answers although it is only at slot 9.
    let old = given_by(at!("11", "getLatestBlockhash"), 1);
    let script = vec![read(), read(), simulated(), old, fresh, signing(KeyKind::Solana), taken()];
    assert_eq!(world.drive(next, 0, script), Progress::Waiting);
}

#[test]
fn an_unseen_transaction_is_given_to_the_next_provider() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let mut script = to_submission(1);
    script.pop();
    script.push(sent_to(at!("11", "sendTransaction"), id));
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    let mut look = first_look();
    look.pop();
    look.push(sent_to(at!("12", "sendTransaction"), id));
    assert_eq!(world.drive(id, 0, look), Progress::Waiting);
}

#[test]
fn a_slow_signature_does_not_count_against_the_provider() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let slow = Step::Sign { kind: KeyKind::Solana, during: Box::new(|world| world.advance(40)) };
    let script = vec![accounts(RICH, Some(RICH)), simulated(), blockhash(1), slow, taken()];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    assert_eq!(world.drive(id, 0, first_look()), Progress::Waiting);
    world.advance(90);
    assert_eq!(world.drive(id, 0, death()), Progress::Again);
    assert_eq!(health(Chain::Solana, URLS[0]).demerits, 0);
}

//! Transactions that expire: the deadline, and its proof.

use super::*;
use purser_core::policy::ReasonCode;

#[test]
fn a_proven_death_leads_to_exactly_one_new_attempt() {
    let (world, id) = submitted();
    let first = world.transfer(id).signed.unwrap().txid;
    assert_eq!(world.drive(id, 0, first_look()), Progress::Waiting);
    assert_eq!(world.transfer(id).deadline_height(), Some(1_413));
    world.advance(90);
    assert_eq!(world.drive(id, 0, death()), Progress::Again);
    assert_eq!((world.status(id), world.code(id)), (Status::Expired, Some(ReasonCode::TransactionExpired)));
    assert_eq!(world.usage(Asset::Sol), (AMOUNT + 5_000, 0), "the reservation stays");
    assert_eq!(world.drive(id, 0, to_submission(2)), Progress::Waiting);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.attempt, transfer.deadline_height()), (Status::Submitted, 2, None));
    assert_eq!(transfer.code, None, "it goes on");
    assert_ne!(transfer.signed.unwrap().txid, first);
}

#[test]
fn a_death_that_is_noticed_late_leads_to_quarantine() {
    for (late, expected) in [(1_800, Status::Expired), (1_801, Status::Quarantined)] {
        let (world, id) = submitted();
        assert_eq!(world.drive(id, 0, first_look()), Progress::Waiting);
        world.advance(late);
        world.drive(id, 0, death());
        assert_eq!(world.status(id), expected, "after {late} seconds");
        assert_eq!(world.usage(Asset::Sol), (AMOUNT + 5_000, 0), "the money stays held");
    }
}

#[test]
fn a_transaction_that_was_never_looked_up_in_time_goes_into_quarantine() {
    let (world, id) = submitted();
    world.advance(1_800);
    assert_eq!(world.drive(id, 0, first_look()), Progress::Waiting, "there is still time for a deadline");

    let (world, id) = submitted();
    world.advance(1_801);
    // One provider may have forgotten what the other knows.
    assert!(matches!(world.drive(id, 0, vec![unknown(9), unknown(9), finalized("null"), taken()]), Progress::Transient(_)));
    let gone = all("http://127.0.0.1:12", |_| lost());
    assert!(matches!(world.drive(id, 0, vec![unknown(9), unknown(9), gone, taken()]), Progress::Transient(_)));
    assert_eq!(world.status(id), Status::Submitted);
    assert_eq!(world.drive(id, 0, vec![unknown(9), unknown(9), unknown(9)]), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.deadline_height()), (Status::Quarantined, None));
    assert_eq!(transfer.code, Some(ReasonCode::OutcomeUnknown));
    let note = transfer.note.unwrap();
    assert!(note.starts_with("unknown to the chain, but looked for so late"), "{note}");

    let (world, id) = submitted();
    world.advance(100_000);
    assert_eq!(world.drive(id, 0, vec![finalized("null")]), Progress::Ended);
    assert_eq!(world.status(id), Status::Confirmed, "what is known is believed however late");
}

#[test]
fn nothing_less_than_two_full_proofs_is_a_death() {
    let (world, id) = submitted();
    assert_eq!(world.drive(id, 0, first_look()), Progress::Waiting);
    // Too early, whatever heights are claimed: they are not asked for.
    world.advance(89);
    assert_eq!(world.drive(id, 0, vec![unknown(9), taken()]), Progress::Waiting);
    world.advance(1);
    // At the deadline, not past it.
    assert_eq!(world.drive(id, 0, vec![unknown(9), epoch(1_413, 2_000), taken()]), Progress::Waiting);
    // The node that does not know the signature is behind the slot that was just seen.
    let stale = vec![unknown(9), epoch(1_414, 2_000), unknown(1_999), taken()];
    assert!(matches!(world.drive(id, 0, stale), Progress::Transient(_)));
    // The second provider is not that far, or knows the transaction.
    let past = || [unknown(9), epoch(1_414, 2_000), unknown(2_000)];
    let behind = past().into_iter().chain([epoch(1_300, 1_900), taken()]).collect();
    assert_eq!(world.drive(id, 0, behind), Progress::Waiting);
    let known = past().into_iter().chain([epoch(1_414, 2_000), finalized("null"), taken()]).collect();
    assert!(matches!(world.drive(id, 0, known), Progress::Transient(_)));
    assert_eq!((world.status(id), world.transfer(id).attempt), (Status::Submitted, 1));
}

#[test]
fn a_node_that_is_left_alone_proves_a_death_twice() {
    let (world, id) = submitted();
    assert_eq!(world.drive(id, 0, first_look()), Progress::Waiting);
    world.advance(90);
    let epoch = |url: &'static str| {
        let info = r#"{"absoluteSlot":2000,"blockHeight":1414,"epoch":1,"slotIndex":9,"slotsInEpoch":432000}"#;
        all(url, move |_| ok(info))
    };
    let (first, second) = (
        "http://127.0.0.1:11 {\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"getEpochInfo\"",
        "http://127.0.0.1:12 {\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"getEpochInfo\"",
    );
    // The second is asked until it has failed so often that it backs off.
    for _ in 0..3 {
        let script = vec![unknown(9), epoch(first), unknown(2_000), all(second, |_| lost()), taken()];
        assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
    }
    let script = vec![unknown(9), epoch(first), unknown(2_000), epoch(first), unknown(2_000)];
    assert_eq!(world.drive(id, 0, script), Progress::Again);
    assert_eq!(world.status(id), Status::Expired);
}

#[test]
fn one_node_that_knows_the_transaction_outweighs_two_that_do_not() {
    let mut config = config(1);
    config.chains.solana.providers.push("http://127.0.0.1:13".into());
    let world = World::configured(config);
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    assert_eq!(world.drive(id, 0, to_submission(1)), Progress::Waiting);
    assert_eq!(world.drive(id, 0, first_look()), Progress::Waiting);
    world.advance(90);
    let dead = || [epoch(1_414, 2_000), unknown(2_000)];
    let knows = || [epoch(1_414, 2_000), finalized("null")];
    let first = [unknown(9)].into_iter().chain(knows()).chain(dead()).chain(dead()).chain([taken()]).collect();
    // The third is asked even when two have proven the death.
    let last = [unknown(9)].into_iter().chain(dead()).chain(dead()).chain(knows()).chain([taken()]).collect();
    for script in [first, last] {
        assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
        assert_eq!(world.status(id), Status::Submitted);
    }
    // A third that does not answer, or is behind, changes nothing.
    let script = [unknown(9)].into_iter().chain(dead()).chain(dead()).chain([epoch(1_300, 1_900)]).collect();
    assert_eq!(world.drive(id, 0, script), Progress::Again);
    assert_eq!(world.status(id), Status::Expired);
}

#[test]
fn a_rate_limit_does_not_stop_the_rebroadcast() {
    let (world, id) = submitted();
    let limited = all(HEIGHT, |_| Ok((429, "slower".into())));
    assert!(matches!(world.drive(id, 0, vec![unknown(9), height(1_000), limited, taken()]), Progress::Transient(_)));
    // The second one backs off; the first one answers and takes the bytes.
    assert!(matches!(world.drive(id, 0, vec![unknown(9), height(1_000), taken()]), Progress::RateLimited(_)));
    assert_eq!((world.status(id), world.sent.borrow().len()), (Status::Submitted, 3));
}

#[test]
fn the_deadline_comes_from_two_heights_that_are_close() {
    let (world, id) = submitted();
    let unusable: [fn() -> Vec<Step>; 4] = [
        || vec![height(u64::MAX), height(u64::MAX)],
        || vec![height(1_000), height(2_100)],
        || vec![height(2_100), height(1_000)],
        || vec![height(1_000), all("http://127.0.0.1:12", |_| lost())],
    ];
    for heights in unusable {
        // Without a deadline the bytes are sent again all the same.
        let script = [unknown(9)].into_iter().chain(heights()).chain([taken()]).collect();
        assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
        assert_eq!(world.transfer(id).deadline_height(), None);
    }
    assert_eq!(world.sent.borrow().len(), 5);
    assert_eq!(world.drive(id, 0, vec![unknown(9), height(1_000), height(2_000), taken()]), Progress::Waiting);
    assert_eq!(
        world.transfer(id).deadline_height(),
        Some(2_413),
        "the greater, rounded down for the replicas, up again for safety"
    );
}

#[test]
fn a_known_status_needs_no_height() {
    let (world, id) = submitted();
    assert_eq!(world.drive(id, 0, vec![finalized("null")]), Progress::Ended);
    assert_eq!((world.status(id), world.transfer(id).deadline_height()), (Status::Confirmed, None));
}

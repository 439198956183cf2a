//! Emergencies, cancellations and lost answers between the steps of a transfer.

use super::*;

#[test]
fn a_broadcast_without_an_answer_is_repeated_with_the_same_bytes() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let mut script = to_submission(1);
    script.pop();
    script.push(one("sendTransaction", |_| lost()));
    assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
    assert_eq!(world.status(id), Status::Submitted);
    let refused = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32003,"message":"Transaction signature verification failure"}}"#;
    let refuse = one("sendTransaction", |_| Ok((200, refused.to_owned())));
    assert!(matches!(world.drive(id, 1, vec![unknown(2_000), height(1_000), height(1_000), refuse]), Progress::Transient(_)));
    assert_eq!(world.status(id), Status::Submitted, "a refusal by one node proves nothing");
    assert_eq!(world.drive(id, 2, vec![unknown(2_000), taken()]), Progress::Waiting);
    let sent = world.sent.borrow();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|body| *body == sent[0]));
    assert_eq!(world.signatures.get(), 1);
}

#[test]
fn an_emergency_between_awaits_stops_before_anything_irreversible() {
    for (stop_at, expected, calls) in [(0, Status::Reserved, 1), (1, Status::Reserved, 3), (2, Status::Built, 4)] {
        let world = World::new();
        let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
        let hook = move |at: usize| {
            move |world: &World| {
                if at == stop_at {
                    world.emergency(true);
                }
            }
        };
        let [first, second, third] = [hook(0), hook(1), hook(2)];
        let mut script = vec![
            all("getMultipleAccounts", move |world| {
                first(world);
                value(9, format!("[{0},{0}]", account(RICH)))
            }),
            simulated(),
            blockhash_during(1, second),
            Step::Sign { kind: KeyKind::Solana, during: Box::new(third) },
        ];
        // The reads after an emergency do no harm, as long as nothing is recorded, signed or sent on them.
        script.truncate(calls.max(3));
        assert_eq!(world.drive(id, 0, script), Progress::Blocked, "stopped at {stop_at}");
        assert_eq!(world.status(id), expected);
        assert_eq!(world.drive(id, 0, vec![]), Progress::Blocked, "no call at all in an emergency");
        world.emergency(false);
        let rest = if expected == Status::Built { vec![signing(KeyKind::Solana), taken()] } else { to_submission(3) };
        assert_eq!(world.drive(id, 0, rest), Progress::Waiting);
        assert_eq!((world.status(id), world.transfer(id).attempt), (Status::Submitted, 1));
    }
}

#[test]
fn in_an_emergency_a_sent_transaction_is_followed_but_not_sent_again() {
    let (world, id) = submitted();
    world.emergency(true);
    assert_eq!(world.drive(id, 0, vec![unknown(9), height(1_000), height(1_000)]), Progress::Waiting);
    world.advance(90);
    assert_eq!(world.drive(id, 0, death()), Progress::Again);
    assert_eq!(world.drive(id, 0, vec![]), Progress::Blocked, "no new attempt");
    assert_eq!(world.sent.borrow().len(), 1);
}

#[test]
fn a_cancellation_between_awaits_wins() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let script = vec![accounts(RICH, Some(RICH)), simulated(), blockhash_during(1, move |world| world.cancel(id))];
    assert_eq!(world.drive(id, 0, script), Progress::Again);
    assert_eq!(world.drive(id, 0, vec![]), Progress::Ended);

    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let cancel = Step::Sign { kind: KeyKind::Solana, during: Box::new(move |world| world.cancel(id)) };
    assert_eq!(world.drive(id, 0, vec![accounts(RICH, Some(RICH)), simulated(), blockhash(1), cancel]), Progress::Again);
    assert_eq!(world.status(id), Status::Cancelled);
    assert_eq!(world.usage(Asset::Sol), (0, 0));
    assert!(world.sent.borrow().is_empty());
}

#[test]
fn a_lost_signature_is_asked_for_again_over_the_same_bytes() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    assert!(matches!(
        world.drive(id, 0, vec![accounts(RICH, Some(RICH)), simulated(), blockhash(1), Step::SignLost]),
        Progress::Transient(_)
    ));
    let built = world.transfer(id).built.unwrap();
    assert_eq!(world.drive(id, 1, vec![signing(KeyKind::Solana), taken()]), Progress::Waiting);
    assert_eq!(world.transfer(id).built.unwrap(), built);
}

#[test]
fn a_transfer_continues_from_every_status() {
    let (reference, id) = submitted();
    let Transfer { built, signed, .. } = reference.transfer(id);
    let (built, signed) = (built.unwrap(), signed.unwrap());
    for status in [Status::Reserved, Status::Built, Status::Signed, Status::Submitted] {
        let world = World::new();
        let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
        let mut script = to_submission(1);
        if status != Status::Reserved {
            let decided = world.state.borrow().decide_built(id, built.clone()).unwrap();
            world.put(decided);
            script = vec![signing(KeyKind::Solana), taken()];
        }
        if matches!(status, Status::Signed | Status::Submitted) {
            let decided = world.state.borrow().decide_signed(id, signed.clone()).unwrap();
            world.put(decided);
            script = vec![taken()];
        }
        if status == Status::Submitted {
            let decided = world.state.borrow().decide_submitted(id).unwrap();
            world.put(decided);
            script = first_look();
        }
        assert_eq!(world.status(id), status);
        assert_eq!(world.drive(id, 0, script), Progress::Waiting);
        assert_eq!(world.drive(id, 0, vec![finalized("null")]), Progress::Ended);
        assert_eq!((world.status(id), world.transfer(id).signed), (Status::Confirmed, Some(signed.clone())), "from {status:?}");
    }
}

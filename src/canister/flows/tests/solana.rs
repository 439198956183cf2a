use super::*;

const AMOUNT: u64 = 50_000_000;
pub(super) const RICH: u64 = 10_000_000_000;
/// How a height is asked for that is to become a deadline: of nodes that have come as far as the one that gave the blockhash.
const HEIGHT: &str = r#""getEpochInfo","params":[{"commitment":"confirmed","minContextSlot":9}]"#;

pub(super) fn ok(result: impl std::fmt::Display) -> Answer {
    Ok((200, format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#)))
}

pub(super) fn value(slot: u64, value: impl std::fmt::Display) -> Answer {
    ok(format!(r#"{{"context":{{"slot":{slot}}},"value":{value}}}"#))
}

pub(super) fn account(lamports: u64) -> String {
    format!(
        r#"{{"data":["","base64"],"executable":false,"lamports":{lamports},"owner":"11111111111111111111111111111111","rentEpoch":0,"space":0}}"#
    )
}

pub(super) fn accounts(payer: u64, recipient: Option<u64>) -> Step {
    let recipient = recipient.map_or("null".to_owned(), account);
    all("getMultipleAccounts", move |_| value(60, format!("[{},{recipient}]", account(payer))))
}

/// Each call of this test run gets another blockhash when `n` differs.
pub(super) fn blockhash(n: u8) -> Step {
    blockhash_during(n, |_| {})
}

fn blockhash_during(n: u8, during: impl FnOnce(&World) + 'static) -> Step {
    one("getLatestBlockhash", move |world| {
        during(world);
        let hash = sol::Blockhash::from_bytes([n; 32]);
        value(9, format!(r#"{{"blockhash":"{hash}","lastValidBlockHeight":1}}"#))
    })
}

pub(super) fn simulated() -> Step {
    one("simulateTransaction", |_| value(9, r#"{"err":null,"unitsConsumed":150}"#))
}

pub(super) fn taken() -> Step {
    one("sendTransaction", |world| {
        let state = world.state.borrow();
        let txid = state.active_transfers_of(WALLET).into_iter().find_map(|transfer| transfer.signed).unwrap().txid;
        ok(format!("{txid:?}"))
    })
}

/// How far a node is that has reached the slot of the blockhash.
pub(super) fn height(number: u64) -> Step {
    all(HEIGHT, move |_| ok(format!(r#"{{"absoluteSlot":60,"blockHeight":{number}}}"#)))
}

pub(super) fn epoch(height: u64, slot: u64) -> Step {
    all("getEpochInfo", move |_| {
        ok(format!(r#"{{"absoluteSlot":{slot},"blockHeight":{height},"epoch":1,"slotIndex":9,"slotsInEpoch":432000}}"#))
    })
}

pub(super) fn unknown(slot: u64) -> Step {
    all("getSignatureStatuses", move |_| value(slot, "[null]"))
}

pub(super) fn finalized(err: &'static str) -> Step {
    let status = format!(r#"[{{"slot":48,"confirmations":null,"err":{err},"status":{{}},"confirmationStatus":"finalized"}}]"#);
    all("getSignatureStatuses", move |_| value(60, status))
}

pub(super) fn to_submission(n: u8) -> Vec<Step> {
    vec![accounts(RICH, Some(RICH)), simulated(), blockhash(n), signing(KeyKind::Solana), taken()]
}

fn paid() -> sol::Operation {
    let kind = sol::PaymentKind::Lamports { to: sol::Address::from_bytes(sol_recipient()), lamports: Amount::new(AMOUNT) };
    sol::Operation::Pay(vec![sol::Payment { kind, memo: None }])
}

fn submitted() -> (World, TransferId) {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    assert_eq!(world.drive(id, 0, to_submission(1)), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted);
    (world, id)
}

/// The look at a transaction that nobody knows yet, which records the deadline 1,413: 1,000 + 99 + 150 + 164.
pub(super) fn first_look() -> Vec<Step> {
    vec![unknown(9), height(1_000), height(1_000), taken()]
}

/// The two observations that prove a death at that deadline.
pub(super) fn death() -> Vec<Step> {
    vec![unknown(9), epoch(1_414, 2_000), unknown(2_000), epoch(1_500, 2_010), unknown(2_020)]
}

#[test]
fn a_transfer_takes_one_signature_and_four_outcalls_to_its_submission() {
    let (world, id) = submitted();
    assert_eq!((world.signatures.get(), world.outcalls.get()), (1, 4));
    assert_eq!(world.usage(Asset::Sol), (AMOUNT + 5_000, 0));
    let signed = sol::SignedTx::decode(&world.transfer(id).signed.unwrap().signed).unwrap();
    assert_eq!(signed.verify(), Ok(()));
    assert_eq!(signed.plan().operation, paid());
    assert_eq!(world.drive(id, 0, vec![finalized("null")]), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.fee_paid), (Status::Confirmed, Some(Amount::new(5_000))));
    assert_eq!(world.usage(Asset::Sol), (0, AMOUNT + 5_000));
    assert_eq!(world.drive(id, 0, vec![]), Progress::Ended, "what has ended makes no calls");
}

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
fn a_proven_death_leads_to_exactly_one_new_attempt() {
    let (world, id) = submitted();
    let first = world.transfer(id).signed.unwrap().txid;
    assert_eq!(world.drive(id, 0, first_look()), Progress::Waiting);
    assert_eq!(world.transfer(id).deadline_height, Some(1_413));
    world.advance(90);
    assert_eq!(world.drive(id, 0, death()), Progress::Again);
    assert_eq!(world.status(id), Status::Expired);
    assert_eq!(world.usage(Asset::Sol), (AMOUNT + 5_000, 0), "the reservation stays");
    assert_eq!(world.drive(id, 0, to_submission(2)), Progress::Waiting);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.attempt, transfer.deadline_height), (Status::Submitted, 2, None));
    assert_ne!(transfer.signed.unwrap().txid, first);
}

#[test]
fn a_death_that_is_noticed_late_is_left_to_people() {
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
fn a_transaction_that_was_never_looked_for_in_time_is_left_to_people() {
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
    assert_eq!((transfer.status, transfer.deadline_height), (Status::Quarantined, None));
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
    // Too early, whatever heights are claimed: they are not even asked for.
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
fn where_the_other_node_is_gone_one_proves_it_twice() {
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
    // Until the second has failed so often that it rests, it is waited for.
    for _ in 0..3 {
        let script = vec![unknown(9), epoch(first), unknown(2_000), all(second, |_| lost()), taken()];
        assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
    }
    let script = vec![unknown(9), epoch(first), unknown(2_000), epoch(first), unknown(2_000)];
    assert_eq!(world.drive(id, 0, script), Progress::Again);
    assert_eq!(world.status(id), Status::Expired);
}

#[test]
fn two_that_do_not_know_it_are_not_believed_against_one_that_does() {
    let mut config = config(1);
    config.solana.providers.push("http://127.0.0.1:13".into());
    let world = World::configured(config);
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    assert_eq!(world.drive(id, 0, to_submission(1)), Progress::Waiting);
    assert_eq!(world.drive(id, 0, first_look()), Progress::Waiting);
    world.advance(90);
    let dead = || [epoch(1_414, 2_000), unknown(2_000)];
    let knows = || [epoch(1_414, 2_000), finalized("null")];
    let first = [unknown(9)].into_iter().chain(knows()).chain(dead()).chain(dead()).chain([taken()]).collect();
    // The third is asked even when two have proven it.
    let last = [unknown(9)].into_iter().chain(dead()).chain(dead()).chain(knows()).chain([taken()]).collect();
    for script in [first, last] {
        assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
        assert_eq!(world.status(id), Status::Submitted);
    }
    // One that is gone, or has not come so far, changes nothing.
    let script = [unknown(9)].into_iter().chain(dead()).chain(dead()).chain([epoch(1_300, 1_900)]).collect();
    assert_eq!(world.drive(id, 0, script), Progress::Again);
    assert_eq!(world.status(id), Status::Expired);
}

#[test]
fn a_provider_that_limits_the_rate_keeps_no_bytes_from_being_sent_again() {
    let (world, id) = submitted();
    let limited = all(HEIGHT, |_| Ok((429, "slower".into())));
    assert!(matches!(world.drive(id, 0, vec![unknown(9), height(1_000), limited, taken()]), Progress::Transient(_)));
    // The second one rests, the first one answers and takes them.
    assert!(matches!(world.drive(id, 0, vec![unknown(9), height(1_000), taken()]), Progress::RateLimited(_)));
    assert_eq!((world.status(id), world.sent.borrow().len()), (Status::Submitted, 3));
}

#[test]
fn the_deadline_comes_from_two_heights_that_are_close() {
    let (world, id) = submitted();
    let troubles: [fn() -> Vec<Step>; 4] = [
        || vec![height(u64::MAX), height(u64::MAX)],
        || vec![height(1_000), height(2_100)],
        || vec![height(2_100), height(1_000)],
        || vec![height(1_000), all("http://127.0.0.1:12", |_| lost())],
    ];
    for heights in troubles {
        // A deadline that cannot be told keeps no bytes from being sent again.
        let script = [unknown(9)].into_iter().chain(heights()).chain([taken()]).collect();
        assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
        assert_eq!(world.transfer(id).deadline_height, None);
    }
    assert_eq!(world.sent.borrow().len(), 5);
    assert_eq!(world.drive(id, 0, vec![unknown(9), height(1_000), height(2_000), taken()]), Progress::Waiting);
    assert_eq!(world.transfer(id).deadline_height, Some(2_413), "the greater, rounded down for the replicas, up again for safety");
}

#[test]
fn a_known_status_needs_no_height() {
    let (world, id) = submitted();
    assert_eq!(world.drive(id, 0, vec![finalized("null")]), Progress::Ended);
    assert_eq!((world.status(id), world.transfer(id).deadline_height), (Status::Confirmed, None));
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
        // The reads after an emergency do no harm; what matters is that nothing is recorded, signed or sent on them.
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
fn in_an_emergency_what_was_sent_is_followed_but_not_sent_again() {
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

#[test]
fn too_little_money_fails_at_no_cost() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let rent = all("getMinimumBalanceForRentExemption", |_| ok(650_240));
    let poor = || accounts(AMOUNT, Some(RICH));
    assert_eq!(world.drive(id, 0, vec![poor(), rent, poor()]), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.fee_paid), (Status::Failed, Some(Amount::ZERO)));
    assert_eq!(transfer.note.as_deref(), Some("50005000 lamports are needed, 50000000 are there"));
    assert_eq!(world.usage(Asset::Sol), (0, 0));
}

#[test]
fn rent_decides_close_to_the_minimum_only() {
    let rent = || all("getMinimumBalanceForRentExemption", |_| ok(650_240));
    for (amount, expected) in [(650_239, Status::Failed), (650_240, Status::Submitted)] {
        let world = World::new();
        let id = world.request(Asset::Sol, amount, KeyKind::Solana);
        let mut script = vec![accounts(RICH, None), rent(), accounts(RICH, None)];
        if expected == Status::Submitted {
            script.extend([simulated(), blockhash(1), signing(KeyKind::Solana), taken()]);
        }
        world.drive(id, 0, script);
        assert_eq!(world.status(id), expected, "{amount} to a new account");
    }
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let exact = || accounts(AMOUNT + 5_000, Some(RICH));
    world.drive(id, 0, vec![exact(), rent(), exact(), simulated(), blockhash(1), signing(KeyKind::Solana), taken()]);
    assert_eq!(world.status(id), Status::Submitted, "an account may be emptied");
}

#[test]
fn a_transfer_waits_while_others_may_move_the_money() {
    let (world, first) = submitted();
    let second = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let enough_for_one = AMOUNT + 5_000 + 890_880;
    assert_eq!(world.drive(second, 0, vec![accounts(enough_for_one, Some(RICH))]), Progress::Blocked);
    assert_eq!(world.status(second), Status::Reserved);
    assert_eq!(world.drive(first, 0, vec![finalized("null")]), Progress::Ended);
    world.drive(
        second,
        0,
        vec![accounts(enough_for_one, Some(RICH)), simulated(), blockhash(2), signing(KeyKind::Solana), taken()],
    );
    assert_eq!(world.status(second), Status::Submitted);
}

#[test]
fn what_is_no_wallet_is_not_paid() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let program = account(RICH).replace(r#""executable":false"#, r#""executable":true"#);
    let script = vec![all("getMultipleAccounts", move |_| value(9, format!("[{},{program}]", account(RICH))))];
    assert_eq!(world.drive(id, 0, script), Progress::Ended);
    assert_eq!((world.status(id), world.transfer(id).note.as_deref()), (Status::Failed, Some("the recipient is a program")));
}

#[test]
fn lying_answers_change_nothing() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let answers: [fn() -> Answer; 5] = [
        || Ok((429, String::new())),
        || Ok((200, "<html>".into())),
        || value(9, "[null]"),
        || Ok((200, r#"{"jsonrpc":"2.0","id":2,"result":{"context":{"slot":9},"value":[null,null]}}"#.into())),
        || Ok((200, r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"Node is behind"}}"#.into())),
    ];
    for (provider_offset, answer) in answers.into_iter().enumerate() {
        assert!(matches!(
            world.drive(id, provider_offset, vec![all("getMultipleAccounts", move |_| answer())]),
            Progress::Transient(_)
        ));
        assert_eq!(world.status(id), Status::Reserved);
        // Nobody rests any more.
        world.advance(700);
    }
    let bad_hash = vec![accounts(RICH, Some(RICH)), simulated(), one("getLatestBlockhash", |_| value(9, r#"{"blockhash":"zzz"}"#))];
    assert!(matches!(world.drive(id, 0, bad_hash), Progress::Transient(_)));
    assert_eq!(world.transfer(id).built, None);
}

#[test]
fn each_turn_asks_the_next_provider() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    for (provider_offset, url) in [(0, "http://127.0.0.1:11 "), (1, "http://127.0.0.1:12 "), (2, "http://127.0.0.1:11 ")] {
        assert!(matches!(world.drive(id, provider_offset, vec![all(url, |_| lost())]), Progress::Transient(_)));
    }
}

#[test]
fn a_provider_that_limits_the_rate_is_left_alone_until_its_rest_is_over() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let limited = || all("getMultipleAccounts", |_| Ok((429, "slower".into())));
    // Both are limited, one after the other; nobody is asked until the first rest is over, and nobody is blamed for that.
    assert!(matches!(world.drive(id, 0, vec![limited()]), Progress::Transient(_)));
    assert!(matches!(world.drive(id, 0, vec![limited()]), Progress::Transient(_)));
    for provider_offset in [0, 1] {
        assert!(matches!(world.drive(id, provider_offset, vec![]), Progress::RateLimited(_)));
    }
    world.advance(10);
    assert_eq!(world.drive(id, 0, to_submission(1)), Progress::Waiting);
    // A broadcast that is limited is one that a node may have taken; it is looked for, and sent again later.
    let (world, id) = submitted();
    world.advance(700);
    let refused = || one("sendTransaction", |_| Ok((429, "slower".into())));
    assert!(matches!(world.drive(id, 0, vec![unknown(9), height(1_000), height(1_000), refused()]), Progress::Transient(_)));
    assert_eq!(world.status(id), Status::Submitted);
}

#[test]
fn attempts_are_bounded() {
    let (world, id) = submitted();
    for attempt in 1..=8u8 {
        assert_eq!(world.drive(id, 0, first_look()), Progress::Waiting);
        world.advance(90);
        assert_eq!(world.drive(id, 0, death()), Progress::Again);
        if attempt < 8 {
            assert_eq!(world.drive(id, 0, to_submission(attempt + 1)), Progress::Waiting);
        }
    }
    assert_eq!(world.drive(id, 0, vec![]), Progress::Ended);
    assert_eq!((world.status(id), world.usage(Asset::Sol)), (Status::Failed, (0, 0)));
}

#[test]
fn what_is_not_built_within_a_day_is_given_up() {
    for expired in [false, true] {
        let world = World::new();
        let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
        if expired {
            world.drive(id, 0, to_submission(1));
            let decided = world.state.borrow().decide_expired(id, None).unwrap();
            world.put(decided);
        }
        world.advance(86_399);
        assert!(matches!(world.drive(id, 0, vec![all("getMultipleAccounts", |_| lost())]), Progress::Transient(_)));
        world.advance(1);
        assert_eq!(world.drive(id, 0, vec![]), Progress::Ended);
        let transfer = world.transfer(id);
        assert_eq!((transfer.status, transfer.fee_paid), (Status::Failed, Some(Amount::ZERO)));
        assert_eq!((transfer.note.as_deref(), world.usage(Asset::Sol)), (Some("not built within a day"), (0, 0)));
    }
}

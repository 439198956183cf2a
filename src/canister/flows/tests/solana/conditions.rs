//! Balances, recipients and providers that a transfer is built on.

use super::*;
use purser_core::policy::ReasonCode;

#[test]
fn too_little_money_fails_at_no_cost() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let rent = all("getMinimumBalanceForRentExemption", |_| ok(650_240));
    let poor = || accounts(AMOUNT, Some(RICH));
    assert_eq!(world.drive(id, 0, vec![poor(), rent, poor()]), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.fee_paid), (Status::Failed, Some(Amount::ZERO)));
    assert_eq!(
        transfer.note.as_deref(),
        Some("0.050005 SOL (50,005,000 lamports) are needed, 0.05 SOL (50,000,000 lamports) are there")
    );
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
fn an_account_that_is_no_wallet_is_not_paid() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let program = account(RICH).replace(r#""executable":false"#, r#""executable":true"#);
    let script = vec![all("getMultipleAccounts", move |_| value(9, format!("[{},{program}]", account(RICH))))];
    assert_eq!(world.drive(id, 0, script), Progress::Ended);
    assert_eq!((world.status(id), world.transfer(id).note.as_deref()), (Status::Failed, Some("the recipient is a program")));
    assert_eq!(world.code(id), Some(ReasonCode::RecipientNotPayable));
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
        // The back-off of every provider is over.
        world.advance(700);
    }
    let bad_hash = vec![accounts(RICH, Some(RICH)), simulated(), one("getLatestBlockhash", |_| value(9, r#"{"blockhash":"zzz"}"#))];
    assert!(matches!(world.drive(id, 0, bad_hash), Progress::Transient(_)));
    assert_eq!(world.transfer(id).built, None);
}

#[test]
fn each_run_asks_the_next_provider() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    for (provider_offset, url) in [(0, "http://127.0.0.1:11 "), (1, "http://127.0.0.1:12 "), (2, "http://127.0.0.1:11 ")] {
        assert!(matches!(world.drive(id, provider_offset, vec![all(url, |_| lost())]), Progress::Transient(_)));
    }
}

#[test]
fn a_provider_that_limits_the_rate_is_not_asked_until_its_back_off_is_over() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let limited = || all("getMultipleAccounts", |_| Ok((429, "slower".into())));
    // Both are limited, one after the other. None is asked until the first back-off is over, and that is no failure.
    assert!(matches!(world.drive(id, 0, vec![limited()]), Progress::Transient(_)));
    assert!(matches!(world.drive(id, 0, vec![limited()]), Progress::Transient(_)));
    for provider_offset in [0, 1] {
        assert!(matches!(world.drive(id, provider_offset, vec![]), Progress::RateLimited(_)));
    }
    world.advance(10);
    assert_eq!(world.drive(id, 0, to_submission(1)), Progress::Waiting);
    // A node may have taken a broadcast that was limited; it is looked up, and sent again later.
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
    assert_eq!(world.code(id), Some(ReasonCode::AttemptsExhausted));
}

#[test]
fn a_transfer_that_is_not_built_within_a_day_fails() {
    for expired in [false, true] {
        let world = World::new();
        let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
        if expired {
            world.drive(id, 0, to_submission(1));
            let decided = world.state.borrow().decide_expired(id, ReasonCode::TransactionExpired, "it is dead").unwrap();
            world.put(decided);
        }
        world.advance(86_399);
        assert!(matches!(world.drive(id, 0, vec![all("getMultipleAccounts", |_| lost())]), Progress::Transient(_)));
        world.advance(1);
        assert_eq!(world.drive(id, 0, vec![]), Progress::Ended);
        let transfer = world.transfer(id);
        assert_eq!((transfer.status, transfer.fee_paid), (Status::Failed, Some(Amount::ZERO)));
        assert_eq!((transfer.note.as_deref(), world.usage(Asset::Sol)), (Some("not built within a day"), (0, 0)));
        assert_eq!(transfer.code, Some(ReasonCode::NotBuiltInTime));
    }
}

//! Payments in tokens: the reads, the messages, the refusals.

use super::failures::{cost, cost_of};
use super::solana::{epoch, finalized, ok};
use super::*;
use base64::{Engine, engine::general_purpose::STANDARD};
use purser_core::policy::ReasonCode;
use serde_json::{Value, json};
use sol::TokenProgram::{Classic, Token2022};

const RENT: u64 = 1_488_440;
const SYSTEM: &str = "11111111111111111111111111111111";

fn shown(owner: &str, data: &[u8]) -> Value {
    json!({
        "data": [STANDARD.encode(data), "base64"], "executable": false, "lamports": 10_000_000_000u64, "owner": owner, "rentEpoch": 0,
        "space": data.len(),
    })
}

fn of(program: sol::TokenProgram, data: &[u8]) -> Value {
    shown(&program.address().to_string(), data)
}

pub(super) fn mint(extension: Option<(u16, Vec<u8>)>) -> Vec<u8> {
    let mut data = vec![0; 82];
    (data[44], data[45]) = (6, 1);
    if let Some((number, value)) = extension {
        data.resize(165, 0);
        data.push(1);
        data.extend(number.to_le_bytes());
        data.extend((value.len() as u16).to_le_bytes());
        data.extend(value);
    }
    data
}

/// The extension for a transfer fee of one per cent, now and later.
fn fee() -> (u16, Vec<u8>) {
    let one = [&[0; 8][..], &u64::MAX.to_le_bytes(), &100u16.to_le_bytes()].concat();
    (1, [vec![0; 72], one.clone(), one].concat())
}

pub(super) fn holding(owner: &[u8], amount: u64, state: u8) -> Vec<u8> {
    let mut data = vec![0; 165];
    data[..32].fill(9);
    data[32..64].copy_from_slice(owner);
    data[64..72].copy_from_slice(&amount.to_le_bytes());
    data[108] = state;
    data
}

/// The accounts of payer and recipient, then mint, source and destination of the old program and of the new one.
fn accounts(list: [Value; 5]) -> Step {
    let values: Vec<Value> = [shown(SYSTEM, &[]), shown(SYSTEM, &[])].into_iter().chain(list).collect();
    all("getMultipleAccounts", move |_| answer(json!({ "context": { "slot": 60 }, "value": values })))
}

fn answer(result: Value) -> Answer {
    Ok((200, json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string()))
}

fn rest() -> Vec<Step> {
    let hash = sol::Blockhash::from_bytes([1; 32]);
    vec![
        one("simulateTransaction", |_| answer(json!({ "context": { "slot": 60 }, "value": { "err": null, "unitsConsumed": 9 } }))),
        one("getLatestBlockhash", move |_| answer(json!({ "context": { "slot": 60 }, "value": { "blockhash": hash } }))),
        signing(KeyKind::Solana),
        one("sendTransaction", |_| lost()),
    ]
}

fn rent(space: u64) -> Step {
    all("getMinimumBalanceForRentExemption", move |world| {
        assert!(world.room.get() > 0);
        answer(json!(RENT + space - 165))
    })
}

/// A world, a transfer of so many tokens, and the wallet's address.
fn asked(amount: u64) -> (World, TransferId, Vec<u8>) {
    let world = World::new();
    let id = world.request(TOKEN, amount, KeyKind::Solana);
    let payer = world.wallet().solana_key.to_vec();
    (world, id, payer)
}

fn tokens(world: &World, id: TransferId) -> sol::TokenPayment {
    let signed = sol::SignedTx::decode(&world.transfer(id).signed.unwrap().signed).unwrap();
    assert_eq!(signed.verify(), Ok(()));
    let sol::Operation::Pay(payments) = &signed.plan().operation else { panic!("no payment") };
    match payments[..] {
        [sol::Payment { kind: sol::PaymentKind::Tokens(tokens), .. }] => tokens,
        _ => panic!("no single payment of tokens: {payments:?}"),
    }
}

fn recipient() -> sol::Address {
    sol::Address::from_bytes(sol_recipient())
}

fn account_of_recipient(program: sol::TokenProgram) -> sol::Address {
    sol::derived::token_account(&recipient(), &sol::Address::from_bytes([9; 32]), program).unwrap()
}

#[test]
fn a_new_token_account_is_created_and_its_rent_held_with_the_fee() {
    let (world, id, payer) = asked(700);
    let mut script = vec![
        accounts([of(Classic, &mint(None)), of(Classic, &holding(&payer, 700, 1)), Value::Null, Value::Null, Value::Null]),
        rent(165),
    ];
    script.extend(rest());
    world.drive(id, 0, script);
    let transfer = world.transfer(id);
    assert_eq!(transfer.status, Status::Submitted, "{transfer:?}");
    let built = transfer.built.unwrap();
    assert_eq!((built.fee, built.details.solana().unwrap().rent), (Amount::new(RENT + 5_000), Amount::new(RENT)));
    let expected = sol::TokenPayment {
        program: Classic,
        mint: sol::Address::from_bytes([9; 32]),
        destination: account_of_recipient(Classic),
        create_for: Some(recipient()),
        amount: Amount::new(700),
        decimals: 6,
    };
    assert_eq!(tokens(&world, id), expected);
    assert_eq!((world.usage(TOKEN), world.usage(Asset::Sol)), ((700, 0), (2_000_000, 0)));
}

/// A payment of 700 base units that is to create the recipient's account, and was sent.
fn creating() -> (World, TransferId) {
    let (world, id, payer) = asked(700);
    let list = [of(Classic, &mint(None)), of(Classic, &holding(&payer, 700, 1)), Value::Null, Value::Null, Value::Null];
    world.drive(id, 0, [accounts(list), rent(165)].into_iter().chain(rest()).collect());
    assert_eq!(world.transfer(id).built.unwrap().fee, Amount::new(RENT + 5_000));
    (world, id)
}

#[test]
fn the_rent_of_a_new_token_account_is_the_charge_of_the_chain() {
    // All of the rent; none, because another transaction had created the account by then; less the lamports that were there already.
    for spent in [RENT + 5_000, 5_000, RENT + 5_000 - 890_880] {
        let (world, id) = creating();
        assert_eq!(world.drive(id, 0, vec![finalized("null"), cost(spent, false)]), Progress::Ended);
        let transfer = world.transfer(id);
        assert_eq!((transfer.status, transfer.fee_paid, transfer.note), (Status::Confirmed, Some(Amount::new(spent)), None));
        assert_eq!((world.usage(TOKEN), world.usage(Asset::Sol)), ((0, 700), (0, spent)));
    }
}

#[test]
fn the_charge_is_asked_for_until_it_is_known_or_else_the_planned_rent_counts() {
    let nothing = || all("getTransaction", |_| answer(Value::Null));
    let pruned = || {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32011, "message": "no history" } }).to_string();
        all("getTransaction", |_| Ok((200, body)))
    };
    for untold in [
        nothing,
        pruned as fn() -> Step,
        || cost(RENT + 5_001, false),
        || cost(4_999, false),
        || cost(5_000, true),
        || cost_of(49, 5_000, 5_000, false),
    ] {
        let (world, id) = creating();
        assert!(matches!(world.drive(id, 0, vec![finalized("null"), untold()]), Progress::Transient(_)));
        assert_eq!((world.status(id), world.usage(Asset::Sol)), (Status::Submitted, (2_000_000, 0)), "it stays held");
        assert!(world.why(id).starts_with("it is in a block, but what it cost is not known yet: "), "{}", world.why(id));
        world.advance(599);
        assert!(matches!(world.drive(id, 1, vec![finalized("null"), untold()]), Progress::Transient(_)));
        world.advance(1);
        assert_eq!(world.drive(id, 0, vec![finalized("null"), untold()]), Progress::Ended);
        let transfer = world.transfer(id);
        assert_eq!((transfer.status, transfer.fee_paid), (Status::Confirmed, Some(Amount::new(RENT + 5_000))));
        assert!(transfer.note.unwrap().starts_with("no provider told what the transaction cost"));
        assert_eq!(world.usage(Asset::Sol), (0, RENT + 5_000));
    }
}

#[test]
fn a_failed_transaction_created_no_token_account() {
    let (world, id) = creating();
    let failed = || finalized(r#"{"InstructionError":[0,{"Custom":1}]}"#);
    // The accounts were read in slot 60, so that no earlier state is believed.
    let height = || {
        all(r#""getEpochInfo","params":[{"commitment":"confirmed","minContextSlot":60}"#, |_| {
            ok(r#"{"absoluteSlot":60,"blockHeight":1000}"#)
        })
    };
    assert_eq!(world.drive(id, 0, vec![failed(), height(), height()]), Progress::Waiting);
    world.advance(90);
    let over = vec![failed(), epoch(1_414, 2_000), failed(), epoch(1_414, 2_000), failed(), cost(5_000, true)];
    assert_eq!(world.drive(id, 0, over), Progress::Ended);
    assert_eq!(world.status(id), Status::Failed);
    assert_eq!((world.usage(TOKEN), world.usage(Asset::Sol)), ((0, 0), (0, 5_000)));
}

#[test]
fn lamports_at_the_address_of_a_new_token_account_do_not_stop_it() {
    let (world, id, payer) = asked(700);
    let dust = shown(SYSTEM, &[]);
    let mut script = vec![
        accounts([of(Classic, &mint(None)), of(Classic, &holding(&payer, 700, 1)), dust, Value::Null, Value::Null]),
        rent(165),
    ];
    script.extend(rest());
    world.drive(id, 0, script);
    assert_eq!((world.status(id), tokens(&world, id).create_for), (Status::Submitted, Some(recipient())));
    // Lamports make no token account of the wallet's own, and an account of another program cannot become one.
    let foreign = || shown("Stake11111111111111111111111111111111111111", &[]);
    for (source, destination, note) in [
        (shown(SYSTEM, &[]), Value::Null, "the wallet's token account cannot be used"),
        (of(Classic, &holding(&payer, 700, 1)), foreign(), "the recipient's token account cannot be paid"),
    ] {
        let (world, id, _) = asked(700);
        let list = [of(Classic, &mint(None)), source, destination, Value::Null, Value::Null];
        assert_eq!(world.drive(id, 0, vec![accounts(list)]), Progress::Ended, "{note}");
        let found = world.transfer(id).note;
        assert!(found.as_ref().is_some_and(|found| found.contains(note)), "{found:?} instead of {note}");
    }
}

#[test]
fn a_fee_of_the_mint_is_recorded_with_what_arrives() {
    let (world, id, payer) = asked(1_000);
    let there = holding(recipient().as_bytes(), 0, 1);
    let mut script = vec![accounts([
        of(Token2022, &mint(Some(fee()))),
        Value::Null,
        Value::Null,
        of(Token2022, &holding(&payer, 5_000, 1)),
        of(Token2022, &there),
    ])];
    script.extend(rest());
    world.drive(id, 0, script);
    let built = world.transfer(id).built.unwrap();
    assert_eq!((built.fee, built.details.solana().unwrap().arrives), (Amount::new(5_000), Some(Amount::new(990))));
    assert_eq!((tokens(&world, id).destination, tokens(&world, id).create_for), (account_of_recipient(Token2022), None));
}

#[test]
fn a_payment_that_would_fail_or_surprise_is_refused_before_anything_is_signed() {
    let payer = World::new().wallet().solana_key.to_vec();
    let classic = |source: Vec<u8>, destination: Value| {
        [of(Classic, &mint(None)), of(Classic, &source), destination, Value::Null, Value::Null]
    };
    let good = || holding(&payer, 700, 1);
    let hook = mint(Some((14, vec![1; 64])));
    let stranger = holding(&[3; 32], 0, 1);
    let frozen = holding(recipient().as_bytes(), 0, 2);
    let (token, to, money) = (ReasonCode::TokenNotPayable, ReasonCode::RecipientNotPayable, ReasonCode::InsufficientBalance);
    for (list, note, code) in [
        ([Value::Null, Value::Null, Value::Null, Value::Null, Value::Null], "there is no such mint", token),
        ([of(Token2022, &hook), Value::Null, Value::Null, Value::Null, Value::Null], "transfer hook", token),
        (classic(holding(&payer, 699, 1), Value::Null), "700 base units of the token", money),
        (classic(holding(&payer, 700, 2), Value::Null), "the wallet's token account is frozen", token),
        (classic(good(), of(Classic, &stranger)), "belongs to somebody else", to),
        (classic(good(), of(Classic, &frozen)), "is frozen", to),
    ] {
        let (world, id, _) = asked(700);
        assert_eq!(world.drive(id, 0, vec![accounts(list)]), Progress::Ended, "{note}");
        let transfer = world.transfer(id);
        assert!(transfer.note.as_ref().is_some_and(|found| found.contains(note)), "{:?} instead of {note}", transfer.note);
        assert_eq!((transfer.status, world.signatures.get(), world.usage(TOKEN)), (Status::Failed, 0, (0, 0)));
        assert_eq!(transfer.code, Some(code), "{note}");
    }
}

//! Several payments in one transaction on Solana: checked, built and signed together.

use super::solana::{ok, simulated, taken};
use super::*;
use purser_core::policy::ReasonCode;
use purser_core::state::{BatchItem, BatchRequest};
use purser_core::transfer::BuiltTx;
use serde_json::{Value, json};

const RICH: u64 = 10_000_000_000;
const SYSTEM: &str = "11111111111111111111111111111111";
const AMOUNT: u64 = 2_000_000;

fn recipient(n: u8) -> sol::Address {
    sol::Address::from_bytes(ic_ed25519::PrivateKey::deserialize_raw_32(&[n; 32]).public_key().serialize_raw())
}

fn destination(n: u8) -> Destination {
    Destination::new(Chain::Solana, recipient(n).as_bytes().to_vec())
}

/// A world with a wallet that may pay recipients 1 to 9.
fn world() -> World {
    let world = World::new();
    let mut rules = rules();
    rules.retain(|rule| !matches!(rule, Rule::Allowlist { chain: Chain::Solana, .. }));
    let mut entries: Vec<_> = (1..=9).map(|n| listed(destination(n))).collect();
    entries.sort_by(|one, other| one.to.cmp(&other.to));
    rules.push(Rule::Allowlist { chain: Chain::Solana, entries, cool_down_ns: 0 });
    let change = PolicyChange { scope: Scope::Wallet(WALLET), replaces: 1, name: None, rules };
    let (decided, _) = world.state.borrow().decide_change(admin(), Action::SetPolicy(change), world.time()).unwrap();
    world.put(decided);
    world
}

fn request(world: &World, asset: Asset, payments: &[(u8, u64)], max_fee: u64) -> TransferId {
    request_items(world, asset, payments.iter().map(|(n, amount)| item(*n, *amount, None)).collect(), max_fee)
}

fn item(n: u8, amount: u64, memo: Option<&str>) -> BatchItem {
    BatchItem { params: memo.map(with_memo), ..BatchItem::new(destination(n), Amount::new(amount)) }
}

fn request_items(world: &World, asset: Asset, items: Vec<BatchItem>, max_fee: u64) -> TransferId {
    let request = BatchRequest {
        wallet: WALLET,
        asset,
        source: KeyKind::Solana,
        items,
        max_fee: Amount::new(max_fee),
        fee_named: true,
        params: Params::new(Chain::Solana),
        idempotency_key: "batch".into(),
        reason: None,
        session: None,
        created_at: None,
    };
    let (decided, outcome) = world.state.borrow().decide_batch(agent(), &request, world.time()).unwrap();
    world.put(decided.expect("it is new"));
    let [id] = outcome.transfers[..] else { panic!("one transfer: {outcome:?}") };
    id
}

fn wallet_with(lamports: u64) -> Value {
    json!({ "data": ["", "base64"], "executable": false, "lamports": lamports, "owner": SYSTEM, "rentEpoch": 0, "space": 0 })
}

fn accounts(list: Vec<Value>) -> Step {
    all("getMultipleAccounts", move |_| ok(json!({ "context": { "slot": 60 }, "value": list })))
}

fn blockhash() -> Step {
    let hash = sol::Blockhash::from_bytes([1; 32]);
    one("getLatestBlockhash", move |_| {
        ok(json!({ "context": { "slot": 9 }, "value": { "blockhash": hash, "lastValidBlockHeight": 1 } }))
    })
}

fn paid(n: u8, lamports: u64) -> sol::Payment {
    sol::Payment { kind: sol::PaymentKind::Lamports { to: recipient(n), lamports: Amount::new(lamports) }, memo: None }
}

#[test]
fn all_payments_are_in_one_message_in_their_order() {
    let world = world();
    let id = request(&world, Asset::Sol, &[(3, AMOUNT), (1, AMOUNT + 1), (3, AMOUNT + 2)], 5_000);
    let there = accounts(vec![wallet_with(RICH), Value::Null, wallet_with(RICH), Value::Null]);
    assert_eq!(world.drive(id, 0, vec![there, simulated(), blockhash(), signing(KeyKind::Solana), taken()]), Progress::Waiting);
    let signed = sol::SignedTx::decode(&world.transfer(id).signed.unwrap().signed).unwrap();
    assert_eq!(signed.verify(), Ok(()));
    assert_eq!(signed.plan().operation, sol::Operation::Pay(vec![paid(3, AMOUNT), paid(1, AMOUNT + 1), paid(3, AMOUNT + 2)]));
    assert_eq!(world.usage(Asset::Sol), (3 * AMOUNT + 3 + 5_000, 0));
}

#[test]
fn every_recipient_is_checked() {
    let program =
        || json!({ "data": ["", "base64"], "executable": true, "lamports": 1, "owner": SYSTEM, "rentEpoch": 0, "space": 0 });
    let rent = || all("getMinimumBalanceForRentExemption", |_| ok(650_240));
    let new = || accounts(vec![wallet_with(RICH), wallet_with(RICH), Value::Null]);
    let named = format!("{}: the recipient is a program", recipient(2));
    let below = "the recipient's account needs at least 0.00065024 SOL (650,240 lamports) from this payment to exist";
    for (second, script, note, code) in [
        (
            AMOUNT,
            vec![accounts(vec![wallet_with(RICH), wallet_with(RICH), program()])],
            named.as_str(),
            ReasonCode::RecipientNotPayable,
        ),
        (650_239, vec![new(), rent(), new()], below, ReasonCode::AmountNotPayable),
    ] {
        let world = world();
        let id = request(&world, Asset::Sol, &[(1, AMOUNT), (2, second)], 5_000);
        assert_eq!(world.drive(id, 0, script), Progress::Ended, "{note}");
        let transfer = world.transfer(id);
        assert_eq!((transfer.status, transfer.code, transfer.note.as_deref()), (Status::Failed, Some(code), Some(note)));
        assert_eq!((world.signatures.get(), world.usage(Asset::Sol)), (0, (0, 0)));
    }
    // Two payments to one new account count together.
    let world = world();
    let id = request(&world, Asset::Sol, &[(2, 400_000), (2, 400_000)], 5_000);
    let new = || accounts(vec![wallet_with(RICH), Value::Null, Value::Null]);
    let script = vec![new(), rent(), new(), simulated(), blockhash(), signing(KeyKind::Solana), taken()];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted);
}

fn saying(memo: &str, payment: sol::Payment) -> sol::Payment {
    sol::Payment { memo: Some(memo.into()), ..payment }
}

#[test]
fn each_payment_carries_its_own_memo() {
    let world = world();
    let items = vec![item(3, AMOUNT, Some("three")), item(1, AMOUNT, None), item(3, AMOUNT, Some("again"))];
    let id = request_items(&world, Asset::Sol, items, 5_000);
    let there = accounts(vec![wallet_with(RICH), wallet_with(RICH), wallet_with(RICH), wallet_with(RICH)]);
    assert_eq!(world.drive(id, 0, vec![there, simulated(), blockhash(), signing(KeyKind::Solana), taken()]), Progress::Waiting);
    let signed = sol::SignedTx::decode(&world.transfer(id).signed.unwrap().signed).unwrap();
    let wanted = vec![saying("three", paid(3, AMOUNT)), paid(1, AMOUNT), saying("again", paid(3, AMOUNT))];
    assert_eq!(signed.plan().operation, sol::Operation::Pay(wanted));
}

#[test]
fn a_message_whose_memos_are_not_with_their_payments_is_not_signed() {
    let items = || vec![item(3, AMOUNT, Some("three")), item(1, AMOUNT, None), item(2, AMOUNT, Some("two"))];
    let (three, one, two) = (paid(3, AMOUNT), paid(1, AMOUNT), paid(2, AMOUNT));
    let wanted = vec![saying("three", three.clone()), one.clone(), saying("two", two.clone())];
    let tampered = [
        ("exchanged", vec![saying("two", three.clone()), one.clone(), saying("three", two.clone())]),
        ("with the next payment", vec![three.clone(), saying("three", one.clone()), saying("two", two.clone())]),
        ("one is missing", vec![saying("three", three.clone()), one.clone(), two.clone()]),
        ("one is another", vec![saying("three", three.clone()), one.clone(), saying("twO", two.clone())]),
        ("one too many", vec![saying("three", three), saying("three", one), saying("two", two)]),
    ];
    for (what, payments) in tampered {
        let world = world();
        let id = request_items(&world, Asset::Sol, items(), 5_000);
        record(&world, id, payments);
        assert_eq!(world.drive(id, 0, vec![]), Progress::Ended, "{what}");
        assert_eq!((world.status(id), world.signatures.get()), (Status::Quarantined, 0), "{what}");
        assert_eq!(world.code(id), Some(ReasonCode::StoreError), "{what}");
    }
    let world = world();
    let id = request_items(&world, Asset::Sol, items(), 5_000);
    record(&world, id, wanted);
    assert_eq!(world.drive(id, 0, vec![signing(KeyKind::Solana), taken()]), Progress::Waiting, "as it was asked for");
}

#[test]
fn a_message_that_pays_anything_else_is_not_signed() {
    let wanted = || vec![paid(3, AMOUNT), paid(1, AMOUNT + 1)];
    let tampered: [(&str, Vec<sol::Payment>); 6] = [
        ("another order", vec![paid(1, AMOUNT + 1), paid(3, AMOUNT)]),
        ("one less", vec![paid(3, AMOUNT)]),
        ("one more", [wanted(), vec![paid(1, 1)]].concat()),
        ("another recipient", vec![paid(3, AMOUNT), paid(2, AMOUNT + 1)]),
        ("another amount", vec![paid(3, AMOUNT), paid(1, AMOUNT + 2)]),
        ("a memo", vec![paid(3, AMOUNT), sol::Payment { memo: Some("hi".into()), ..paid(1, AMOUNT + 1) }]),
    ];
    for (what, payments) in tampered {
        let world = world();
        let id = request(&world, Asset::Sol, &[(3, AMOUNT), (1, AMOUNT + 1)], 5_000);
        record(&world, id, payments);
        assert_eq!(world.drive(id, 0, vec![]), Progress::Ended, "{what}");
        assert_eq!((world.status(id), world.signatures.get()), (Status::Quarantined, 0), "{what}");
    }
    let world = world();
    let id = request(&world, Asset::Sol, &[(3, AMOUNT), (1, AMOUNT + 1)], 5_000);
    record(&world, id, wanted());
    assert_eq!(world.drive(id, 0, vec![signing(KeyKind::Solana), taken()]), Progress::Waiting, "as it was asked for");
}

/// Records a message as the one that was built for the transfer.
fn record(world: &World, id: TransferId, payments: Vec<sol::Payment>) {
    let payer = sol::Address::from_bytes(world.wallet().solana_key[..].try_into().unwrap());
    let recent_hash = sol::RecentHash::Blockhash(sol::Blockhash::from_bytes([1; 32]));
    let unsigned = sol::Plan { payer, recent_hash, budget: None, operation: sol::Operation::Pay(payments) }.build().unwrap();
    let built = BuiltTx {
        unsigned: Bytes::new(unsigned.message_bytes()),
        fee: Amount::new(5_000),
        details: Built::Solana(SolanaBuilt::default()),
    };
    let decided = world.state.borrow().decide_built(id, built).unwrap();
    world.put(decided);
}

//! Accounts read with their data, simulations, prices and lists.

use super::*;
use crate::base::Amount;
use crate::chains::solana::token::{Holding, Mint, TokenRefusal};
use crate::chains::solana::{Address, Blockhash, Plan, RecentHash};
use base64::{Engine, engine::general_purpose::STANDARD};

const SYSTEM: &str = "11111111111111111111111111111111";
const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";

fn shown(owner: &str, data: &[u8]) -> Value {
    account(owner, 9, data.len() as u64, &STANDARD.encode(data))
}

fn mint() -> Vec<u8> {
    let mut data = vec![0; 82];
    (data[44], data[45]) = (6, 1);
    data
}

fn holding() -> Vec<u8> {
    let mut data = vec![0; 165];
    data[..32].fill(7);
    data[32..64].fill(8);
    data[64] = 9;
    data[108] = 1;
    data
}

fn nonce() -> Vec<u8> {
    let mut data = vec![1, 0, 0, 0, 1, 0, 0, 0];
    data.extend([3; 32]);
    data.extend([4; 32]);
    data.extend(5_000u64.to_le_bytes());
    data
}

fn read(values: Value) -> Result<Vec<AccountView>, Failure> {
    parse_accounts(&answered(&with_data(0), at_slot(7, values)))
}

#[test]
fn mints_token_accounts_and_nonces_are_read_from_their_data() {
    let expected = vec![
        AccountView::Mint(Mint { program: TokenProgram::Classic, decimals: 6, fees: Vec::new() }),
        AccountView::Holding(Holding {
            mint: Address::from_bytes([7; 32]),
            owner: Address::from_bytes([8; 32]),
            amount: Amount::new(5),
            frozen: false,
            needs_memo: false,
        }),
        AccountView::Nonce { authority: Address::from_bytes([3; 32]), value: Blockhash::from_bytes([4; 32]) },
    ];
    let good = json!([shown(TOKEN, &mint()), shown(TOKEN, &holding()), shown(SYSTEM, &nonce())]);
    assert_eq!(read(good), Ok(expected));
    assert_eq!(read(json!([null, null, null])), Ok(vec![AccountView::Missing, AccountView::Missing, AccountView::Missing]));
    assert_eq!(read(json!([null, null])), Err(Failure::Malformed));
}

#[test]
fn a_nonce_must_be_initialised_and_the_system_programs() {
    let mut old = nonce();
    old[0] = 0;
    let mut fresh = nonce();
    fresh[4] = 0;
    for bad in
        [shown(TOKEN, &nonce()), shown(SYSTEM, &old), shown(SYSTEM, &fresh), shown(SYSTEM, &nonce()[..79]), shown(SYSTEM, &[])]
    {
        assert_eq!(read(json!([null, null, bad.clone()])).map(|seen| seen[2].clone()), Ok(AccountView::NoNonce), "{bad}");
    }
}

#[test]
fn a_changed_nonce_tells_by_which_slot() {
    let holding = |value: u8| {
        let mut data = nonce();
        data[40..72].fill(value);
        shown(SYSTEM, &data)
    };
    let read = |slot, account| parse_nonce(&answered(&nonce_changed(100), at_slot(slot, account)));
    assert_eq!(read(100, holding(7)), Ok(NonceState::Unchanged));
    assert_eq!(read(101, holding(4)), Ok(NonceState::Changed { by_slot: 200 }), "rounded up: the change is not later");
    assert_eq!(read(200, holding(4)), Ok(NonceState::Changed { by_slot: 200 }));
    assert_eq!(read(u64::MAX, holding(4)), Ok(NonceState::Changed { by_slot: u64::MAX }));
    assert_eq!(read(99, holding(4)), Err(Failure::Rpc { code: -32016, class: RpcErrorClass::MinContextSlot }), "an older state");
    for nothing in [Value::Null, shown(TOKEN, &nonce()), shown(SYSTEM, &[])] {
        assert_eq!(read(100, nothing), Ok(NonceState::NoNonce));
    }
}

#[test]
fn an_account_of_which_only_a_part_was_read_is_not_trusted() {
    // 1,024 bytes of 2,000, as was asked for.
    let mut part = mint();
    part.resize(1_024, 0);
    let large = account("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb", 9, 2_000, &STANDARD.encode(&part));
    assert_eq!(read(json!([large, null, null])).map(|seen| seen[0].clone()), Ok(AccountView::Refused(TokenRefusal::Truncated)));
    let odd = account(TOKEN, 9, 2_000, &STANDARD.encode(&part[..500]));
    assert_eq!(read(json!([odd, null, null])), Err(Failure::Malformed));
}

#[test]
fn a_node_behind_the_demanded_slot_is_refused() {
    let at = |slot| parse_accounts(&answered(&with_data(100), at_slot(slot, json!([null, null, null]))));
    assert!(at(100).is_ok());
    assert_eq!(at(99), Err(Failure::Rpc { code: -32016, class: RpcErrorClass::MinContextSlot }));
    let body: Value = serde_json::from_slice(&with_data(100).body()).expect("JSON");
    assert_eq!(body["params"][1]["minContextSlot"], 100);
    assert_eq!(body["params"][1]["dataSlice"], json!({ "offset": 0, "length": 1_024 }));
}

#[test]
fn a_simulation_tells_its_error_its_units_and_its_slot() {
    let request = Request::Simulate { tx: unsigned(), min_slot: 0 };
    let read = |value| parse_simulation(&answered(&request, at_slot(7, value)));
    let good = json!({ "err": null, "unitsConsumed": 450, "logs": ["x"] });
    assert_eq!(read(good), Ok(Simulation { error: None, units: Some(450), slot: 7 }));
    let bad = json!({ "err": { "InstructionError": [0, { "Custom": 1 }] }, "unitsConsumed": 150 });
    let error = Some(r#"{"InstructionError":[0,{"Custom":1}]}"#.to_owned());
    assert_eq!(read(bad), Ok(Simulation { error, units: Some(150), slot: 7 }));
    for untold in
        [json!({ "err": null }), json!({ "err": null, "unitsConsumed": null }), json!({ "err": null, "unitsConsumed": "450" })]
    {
        assert_eq!(read(untold), Ok(Simulation { error: None, units: None, slot: 7 }), "the units are advice");
    }
    assert_eq!(read(json!({ "unitsConsumed": 450 })), Err(Failure::Malformed), "no error is not no `err`");
    let body: Value = serde_json::from_slice(&request.body()).expect("JSON");
    assert_eq!((&body["params"][1]["sigVerify"], &body["params"][1]["replaceRecentBlockhash"]), (&json!(false), &json!(true)));
    assert_eq!(body["params"][1].get("minContextSlot"), None);
    let refused = read(json!({ "err": "BlockhashNotFound", "unitsConsumed": 0 })).expect("it reads");
    assert!(refused.is_blockhash_not_found(), "{refused:?}");
}

#[test]
fn what_stands_on_a_nonce_is_simulated_on_it() {
    let plan = unsigned().plan().clone();
    let recent_hash = RecentHash::Nonce { account: Address::from_bytes([5; 32]), value: plan.recent_hash.hash() };
    let tx = Plan { recent_hash, ..plan }.build().expect("a message");
    let body: Value = serde_json::from_slice(&Request::Simulate { tx, min_slot: 7 }.body()).expect("JSON");
    assert_eq!((&body["params"][1]["replaceRecentBlockhash"], &body["params"][1]["minContextSlot"]), (&json!(false), &json!(7)));
}

#[test]
fn the_price_is_one_that_three_of_four_did_not_exceed() {
    let request = Request::PriorityPrice { accounts: vec![payer()] };
    let read = |prices: &[u64]| {
        let list: Vec<_> = prices.iter().map(|price| json!({ "slot": 1, "prioritizationFee": price })).collect();
        parse_u64(&answered(&request, json!(list)))
    };
    assert_eq!(read(&[]), Err(Failure::Malformed));
    assert_eq!(read(&[7]), Ok(7));
    assert_eq!(read(&[4, 1, 3, 2, 5]), Ok(4));
    assert_eq!(read(&[0, 0, 0, 0, 0, 0, 0, u64::MAX]), Ok(0), "one outlier does not make the price");
}

#[test]
fn token_accounts_are_listed_by_address() {
    let request = Request::TokenBalances { owner: payer(), program: TokenProgram::Classic };
    let entry = |key: u8, frozen| {
        let mut data = holding()[..109].to_vec();
        data[108] = if frozen { 2 } else { 1 };
        json!({ "pubkey": Address::from_bytes([key; 32]), "account": account(TOKEN, 9, 165, &STANDARD.encode(&data)) })
    };
    let listed = |key, frozen| TokenBalance {
        account: Address::from_bytes([key; 32]),
        mint: Address::from_bytes([7; 32]),
        amount: Amount::new(9),
        frozen,
    };
    let canonical = answered(&request, at_slot(7, json!([entry(2, true), entry(1, false)])));
    assert_eq!(parse_token_balances(&canonical), Ok(vec![listed(1, false), listed(2, true)]));
}

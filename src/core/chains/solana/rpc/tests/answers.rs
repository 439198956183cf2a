use super::*;
use crate::base::Amount;
use crate::chains::solana::account::{Account, AccountKind};
use crate::chains::solana::fixtures::PUBLISHED_TXID;
use crate::chains::solana::{Address, Blockhash, SignatureStatus, StatusLookup};

const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
const HASH: &str = "EETubP5AKHgjPAhzPAFcb8BAY1hMH639CWCFTqi3hq1k";

fn text(canonical: Vec<u8>) -> String {
    String::from_utf8(canonical).expect("text")
}

#[test]
fn a_blockhash_comes_without_the_height_claimed_beside_it() {
    let value = json!({ "blockhash": HASH, "lastValidBlockHeight": 3_090 });
    let canonical = answered(&latest_blockhash(0), at_slot(2_792, value));
    assert_eq!(text(canonical.clone()), format!("{{\"ok\":{{\"blockhash\":\"{HASH}\",\"slot\":2792}}}}"));
    let blockhash = Blockhash::parse(HASH).expect("a hash");
    assert_eq!(parse_latest_blockhash(&canonical), Ok(LatestBlockhash { blockhash, slot: 2_792 }));
}

#[test]
fn a_node_that_is_behind_gives_no_blockhash_and_no_height_even_if_it_ignores_what_was_demanded() {
    let value = json!({ "blockhash": HASH, "lastValidBlockHeight": 3_090 });
    let hash_at =
        |slot| parse_latest_blockhash(&answered(&latest_blockhash(2_792), at_slot(slot, value.clone()))).map(|read| read.slot);
    assert_eq!((hash_at(2_791), hash_at(2_792)), (Err(Failure::BEHIND), Ok(2_792)));
    let height_at = |slot: u64| {
        parse_epoch(&answered(&epoch(2_792), json!({ "absoluteSlot": slot, "blockHeight": 1_400 }))).map(|info| info.height)
    };
    assert_eq!((height_at(2_791), height_at(2_792)), (Err(Failure::BEHIND), Ok(1_315)));
    for code in [-32016, -32005] {
        let said = parse_epoch(&refused(&epoch(2_792), json!({ "code": code, "message": "behind" })));
        assert!(said.is_err_and(Failure::is_behind), "{code}");
    }
    assert!(![Failure::NotJson, Failure::RateLimited].into_iter().any(Failure::is_behind));
}

#[test]
fn balances_are_read_as_asked() {
    let read = |reading, lamports: u64| parse_amount(&answered(&balance(reading), at_slot(7, json!(lamports))));
    assert_eq!(read(Reading::EXACT, 1_234_567), Ok(Amount::new(1_234_567)));
    assert_eq!(read(Reading::EXACT, u64::MAX), Ok(Amount::MAX));
    assert_eq!(read(step(1_000_000), 1_999_999), Ok(Amount::new(1_000_000)));
    assert_eq!(read(Reading::AtLeast { threshold: 50 }, 49), Ok(Amount::ZERO));
    assert_eq!(read(Reading::AtLeast { threshold: 50 }, 51), Ok(Amount::new(50)));
}

#[test]
fn bare_numbers_are_read_as_asked() {
    assert_eq!(parse_amount(&answered(&rent(), json!(650_240))), Ok(Amount::new(650_240)));
    assert_eq!(parse_hash(&answered(&Request::GenesisHash, json!(HASH))), Ok(Blockhash::parse(HASH).expect("a hash")));
}

#[test]
fn height_and_slot_of_an_epoch_are_read_as_asked() {
    let read = |height: u64, slot: u64| {
        let info = json!({ "absoluteSlot": slot, "blockHeight": height, "epoch": 3, "slotIndex": 1, "slotsInEpoch": 432_000 });
        parse_epoch(&answered(&epoch(0), info))
    };
    assert_eq!(read(1_314, 1_999), Ok(EpochInfo { height: 0, slot: 1_900 }));
    assert_eq!(read(1_400, 2_000), Ok(EpochInfo { height: 1_315, slot: 2_000 }));
    assert_eq!(parse_epoch(&answered(&epoch(0), json!({ "absoluteSlot": 1, "epoch": 3 }))), Err(Failure::Malformed));
}

#[test]
fn providers_agree_on_a_failure_however_they_word_it() {
    let request = statuses(1, 0);
    let failed = |slot: u64, err: Value| {
        answered(&request, at_slot(7, json!([{ "slot": slot, "err": err, "confirmationStatus": "finalized" }])))
    };
    let (one, other) = (failed(5, json!({ "InstructionError": [0, { "BorshIoError": "Unknown" }] })), failed(5, json!("Other")));
    assert_ne!(one, other);
    assert_eq!(verdict(&request, &one), verdict(&request, &other));
    for different in [failed(6, json!("Other")), failed(5, Value::Null), answered(&request, at_slot(7, json!([null])))] {
        assert_ne!(verdict(&request, &one), verdict(&request, &different));
    }
    assert_ne!(verdict(&balance(Reading::EXACT), b"1"), verdict(&balance(Reading::EXACT), b"2"));
}

#[test]
fn both_accounts_are_read_at_once() {
    let canonical = answered(&both_accounts(), at_slot(7, json!([wallet(5_000_000_001), wallet(650_241)])));
    let payer = Account { lamports: Amount::new(5_000_000_001), kind: AccountKind::Wallet };
    let recipient = Account { lamports: Amount::new(650_240), kind: AccountKind::Wallet };
    assert_eq!(parse_accounts(&canonical), Ok(vec![AccountView::Account(payer), AccountView::Account(recipient)]));
    let canonical = answered(&both_accounts(), at_slot(7, json!([null, null])));
    assert_eq!(parse_accounts(&canonical), Ok(vec![AccountView::Missing, AccountView::Missing]));
}

fn kind_of_second(canonical: &[u8]) -> AccountKind {
    let AccountView::Account(account) = &parse_accounts(canonical).expect("accounts")[1] else { panic!("no account") };
    account.kind
}

#[test]
fn recipients_are_classified() {
    let other = "Stake11111111111111111111111111111111111111";
    let owned = AccountKind::Owned { owner: Address::parse(other).expect("an address") };
    // Byte 165 as a slice: AQ== is 1, Ag== is 2.
    for (owner, space, slice, kind) in [
        (TOKEN, 82, "", AccountKind::Mint),
        (TOKEN, 165, "", AccountKind::TokenAccount),
        (TOKEN_2022, 170, "Ag==", AccountKind::TokenAccount),
        (TOKEN_2022, 278, "AQ==", AccountKind::Mint),
        ("11111111111111111111111111111111", 80, "", AccountKind::SystemData),
        (other, 200, "AA==", owned),
        (other, 1, "", owned),
        (other, 1, "Ag==", owned),
    ] {
        let canonical = answered(&both_accounts(), at_slot(7, json!([wallet(1), account(owner, 9, space, slice)])));
        let read = parse_accounts(&canonical).expect("accounts");
        assert_eq!(read[1], AccountView::Account(Account { lamports: Amount::ZERO, kind }), "{owner} {space}");
    }
    let mut program = account("BPFLoader2111111111111111111111111111111111", 9, 36, "");
    program["executable"] = json!(true);
    let canonical = answered(&both_accounts(), at_slot(7, json!([wallet(1), program])));
    assert_eq!(kind_of_second(&canonical), AccountKind::Program);
}

#[test]
fn a_node_that_ignores_the_slice_is_understood() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let mut data = vec![0; 170];
    data[165] = 2;
    let whole = account(TOKEN_2022, 9, 170, &STANDARD.encode(&data));
    let canonical = answered(&both_accounts(), at_slot(7, json!([wallet(1), whole])));
    assert_eq!(kind_of_second(&canonical), AccountKind::TokenAccount);
    // Neither a slice nor the whole.
    let odd = account(TOKEN_2022, 9, 170, &STANDARD.encode(&data[..50]));
    let canonical = answered(&both_accounts(), at_slot(7, json!([wallet(1), odd])));
    assert_eq!(parse_accounts(&canonical), Err(Failure::Malformed));
}

fn status(confirmation: &str, error: Value) -> Value {
    json!({ "slot": 48, "confirmations": null, "err": error, "status": {}, "confirmationStatus": confirmation })
}

#[test]
fn statuses_are_read_in_order() {
    let error = json!({ "InstructionError": [2, { "Custom": 1 }] });
    let values = json!([
        status("finalized", Value::Null),
        status("finalized", error.clone()),
        status("confirmed", Value::Null),
        status("processed", error),
        null,
    ]);
    let failed = SignatureStatus::Finalized { slot: 48, error: Some("{\"InstructionError\":[2,{\"Custom\":1}]}".into()) };
    let expected = vec![
        StatusLookup::Found(SignatureStatus::Finalized { slot: 48, error: None }),
        StatusLookup::Found(failed),
        StatusLookup::Found(SignatureStatus::Pending),
        StatusLookup::Found(SignatureStatus::Pending),
        StatusLookup::NotFound,
    ];
    assert_eq!(parse_statuses(&answered(&statuses(5, 100), at_slot(100, values))), Ok(expected));
}

#[test]
fn an_unknown_signature_counts_only_from_a_fresh_node() {
    let read = |slot| parse_statuses(&answered(&statuses(1, 100), at_slot(slot, json!([null]))));
    assert_eq!(read(99), Ok(vec![StatusLookup::Unavailable]));
    assert_eq!(read(100), Ok(vec![StatusLookup::NotFound]));
    // What is found counts from any node: it cannot be undone by the node's age.
    let values = json!([status("finalized", Value::Null)]);
    let found = StatusLookup::Found(SignatureStatus::Finalized { slot: 48, error: None });
    assert_eq!(parse_statuses(&answered(&statuses(1, 100), at_slot(99, values))), Ok(vec![found]));
}

#[test]
fn a_status_that_does_not_say_whether_it_failed_is_no_status() {
    for missing in ["err", "slot", "confirmationStatus"] {
        let mut value = status("finalized", Value::Null);
        value.as_object_mut().expect("an object").remove(missing);
        let canonical = answered(&statuses(1, 0), at_slot(1, json!([value])));
        assert_eq!(parse_statuses(&canonical), Err(Failure::Malformed), "without {missing}");
    }
    let canonical = answered(&statuses(1, 0), at_slot(1, json!([status("rooted", Value::Null)])));
    assert_eq!(parse_statuses(&canonical), Err(Failure::Malformed));
}

#[test]
fn one_status_for_each_signature() {
    for values in [json!([]), json!([null]), json!([null, null, null])] {
        let canonical = answered(&statuses(2, 0), at_slot(1, values));
        assert_eq!(parse_statuses(&canonical), Err(Failure::Malformed));
    }
}

/// A transaction in block 48 of a payer who had 1,000,000 lamports and has so many now.
fn landed(err: Value, fee: u64, left: u64) -> Value {
    let meta = json!({ "err": err, "fee": fee, "preBalances": [1_000_000, 5], "postBalances": [left, 99], "logMessages": ["x"] });
    json!({ "slot": 48, "blockTime": 1, "meta": meta, "transaction": ["", "base64"], "version": "legacy" })
}

#[test]
fn a_transactions_cost_is_what_its_payers_balance_fell_by() {
    let read = |result| parse_charge(&answered(&transaction(1), result));
    let charge = Charge { slot: 48, failed: false, fee: Amount::new(5_000), spent: Amount::new(105_000) };
    assert_eq!(read(landed(Value::Null, 5_000, 895_000)), Ok(Some(charge)));
    let failed = Charge { failed: true, spent: Amount::new(5_000), ..charge };
    assert_eq!(read(landed(json!({ "InstructionError": [0, { "Custom": 1 }] }), 5_000, 995_000)), Ok(Some(failed)));
    let left_out = Charge { fee: Amount::ZERO, spent: Amount::ZERO, ..failed };
    assert_eq!(read(landed(json!("InsufficientFundsForFee"), 0, 1_000_000)), Ok(Some(left_out)));
    assert_eq!(read(Value::Null), Ok(None), "the node knows no such transaction");
    assert_eq!(read(landed(Value::Null, 5_000, 1_000_001)), Err(Failure::Malformed), "a payer gains nothing");
    for missing in ["err", "fee", "preBalances", "postBalances"] {
        let mut result = landed(Value::Null, 5_000, 0);
        result["meta"].as_object_mut().expect("an object").remove(missing);
        assert_eq!(read(result), Err(Failure::Malformed), "without {missing}");
    }
    let mut result = landed(Value::Null, 5_000, 0);
    result["meta"] = Value::Null;
    assert_eq!(read(result), Err(Failure::Malformed), "a node that keeps no balances");
}

fn send_result(result: Value) -> SendOutcome {
    parse_send(&answered(&Request::Send(published()), result))
}

fn send_error(error: Value) -> SendOutcome {
    parse_send(&refused(&Request::Send(published()), error))
}

#[test]
fn a_broadcast_is_accepted_with_its_own_id_only() {
    assert_eq!(send_result(json!(PUBLISHED_TXID)), SendOutcome::Accepted { signature: published().txid() });
    let unknown = SendOutcome::Unknown { diagnostic: "the node answered another id".into() };
    assert_eq!(send_result(json!("1".repeat(64))), unknown);
    for odd in [json!("Transaction broadcast successful"), json!(null), json!(1), json!([PUBLISHED_TXID])] {
        assert_eq!(send_result(odd), unknown);
    }
}

#[test]
fn an_already_processed_transaction_is_as_good_as_accepted() {
    let accepted = SendOutcome::Accepted { signature: published().txid() };
    let message = "Transaction simulation failed: This transaction has already been processed";
    let data = json!({ "err": "AlreadyProcessed", "logs": [], "unitsConsumed": 0 });
    assert_eq!(send_error(json!({ "code": -32002, "message": message, "data": data })), accepted);
    assert_eq!(send_error(json!({ "code": -32002, "message": message })), accepted);
    // A cause that says otherwise outweighs the message.
    let data = json!({ "err": "BlockhashNotFound" });
    let rejected = SendOutcome::Rejected { diagnostic: "-32002: \"BlockhashNotFound\"".into() };
    assert_eq!(send_error(json!({ "code": -32002, "message": message, "data": data })), rejected);
}

#[test]
fn a_refusal_is_told_from_an_unknown_outcome() {
    let data = json!({ "err": { "InsufficientFundsForRent": { "account_index": 1 } }, "logs": ["x"] });
    for (error, diagnostic) in [
        (json!({ "code": -32002, "message": "…", "data": data }), "-32002: {\"InsufficientFundsForRent\":{\"account_index\":1}}"),
        (
            json!({ "code": -32003, "message": "Transaction signature verification failure" }),
            "-32003: Transaction signature verification failure",
        ),
        (json!({ "code": -32602, "message": "too large: 1896 bytes" }), "-32602: too large: #### bytes"),
    ] {
        assert_eq!(send_error(error), SendOutcome::Rejected { diagnostic: diagnostic.into() });
    }
    for (error, diagnostic) in [
        (json!({ "code": -32005, "message": "Node is behind by 42 slots" }), "-32005: Node is behind by ## slots"),
        (json!({ "code": -32603, "message": "Internal error" }), "-32603: Internal error"),
        (json!({ "code": 7, "message": "a\nb\u{1F980}c" }), "7: abc"),
    ] {
        assert_eq!(send_error(error), SendOutcome::Unknown { diagnostic: diagnostic.into() });
    }
    let busy = received(&Request::Send(published()), 503, &json!({}));
    assert_eq!(parse_send(&busy), SendOutcome::Unknown { diagnostic: "HTTP status 503".into() });
    assert_eq!(failure_of(&busy), Some(Failure::Http { status: 503 }), "the provider is to rest");
    let limited = refused(&Request::Send(published()), json!({ "code": -32429, "message": "slower" }));
    assert!(matches!(failure_of(&limited), Some(Failure::Rpc { class: RpcErrorClass::RateLimited, .. })));
    assert!(matches!(parse_send(&limited), SendOutcome::Unknown { .. }));
    assert_eq!(parse_send(b""), SendOutcome::Unknown { diagnostic: Failure::NotJson.to_string() });
}

#[test]
fn error_codes_are_classed_and_tell_whether_to_try_again() {
    use RpcErrorClass::*;
    for (code, class, transient) in [
        (-32001, BlockUnavailable, true),
        (-32002, Preflight, false),
        (-32003, SignatureVerification, false),
        (-32004, BlockUnavailable, true),
        (-32005, NodeBehind, true),
        (-32007, BlockUnavailable, true),
        (-32009, BlockUnavailable, true),
        (-32010, Other, false),
        (-32012, Other, false),
        (-32011, HistoryUnavailable, true),
        (-32013, SignatureVerification, false),
        (-32014, BlockUnavailable, true),
        (-32015, Other, false),
        (-32016, MinContextSlot, true),
        (-32019, HistoryUnavailable, true),
        (-32429, RateLimited, true),
        (429, RateLimited, true),
        (-32601, InvalidRequest, false),
        (-32602, InvalidRequest, false),
        (-32603, Internal, true),
        (i64::MIN, Other, false),
    ] {
        let failure = Failure::Rpc { code, class };
        assert_eq!(parse_u64(&refused(&rent(), json!({ "code": code, "message": "m" }))), Err(failure));
        assert_eq!(failure.is_transient(), transient, "{code}");
    }
}

/// As providers word it: with codes that mean something else on a node, and with statuses that are no 429.
#[test]
fn a_limited_rate_is_told_by_what_is_said_whatever_the_code() {
    let limits = [
        (-32012, "credits limited"),
        (-32007, "50/second request limit reached - reduce calls per second or upgrade your account at quicknode.com"),
        (-32003, "daily request limit reached - upgrade your account"),
        (-32005, "daily request count exceeded, request rate limited"),
        (-32005, "You have exceeded the RPS limit available on your current plan"),
        (-32005, "limit exceeded"),
        (-32029, "Too many requests, your plan's quota is used up"),
        (-32600, "Your app has exceeded its compute units per second capacity"),
        (-32000, "max usage reached"),
        (-32016, "Rate-limit exceeded"),
        (429, "Connection rate limits exceeded"),
        (-32429, "slower"),
        (15, "Request throttled"),
        (-32097, "Monthly capacity limit exceeded"),
    ];
    for (code, message) in limits {
        let error = json!({ "code": code, "message": message });
        let limited = Failure::Rpc { code, class: RpcErrorClass::RateLimited };
        for request in every_request() {
            assert_eq!(failure_of(&refused(&request, error.clone())), Some(limited), "{code} {message}");
            let body = json!({ "jsonrpc": "2.0", "id": 1, "error": error });
            for status in [402, 403, 413, 503] {
                assert_eq!(failure_of(&received(&request, status, &body)), Some(Failure::RateLimited), "{status} {message}");
            }
        }
    }
    let none = [
        (-32007, "Slot 5 was skipped, or missing due to ledger jump to recent snapshot", RpcErrorClass::BlockUnavailable),
        (-32003, "Transaction signature verification failure", RpcErrorClass::SignatureVerification),
        (-32012, "Error scanning accounts", RpcErrorClass::Other),
        (-32005, "Node is behind by 42 slots", RpcErrorClass::NodeBehind),
        (-32016, "Minimum context slot has not been reached", RpcErrorClass::MinContextSlot),
        (-32002, "Transaction simulation failed: the program's own limit reached", RpcErrorClass::Preflight),
        (-32602, "base64 encoded solana_transaction::Transaction too large: 1896 bytes", RpcErrorClass::InvalidRequest),
    ];
    for (code, message, class) in none {
        assert_eq!(failure_of(&refused(&rent(), json!({ "code": code, "message": message }))), Some(Failure::Rpc { code, class }));
    }
    let refusal = json!({ "code": -32003, "message": "quota", "data": { "err": "SignatureFailure" } });
    assert!(matches!(send_error(refusal), SendOutcome::Rejected { .. }), "a node that looked at it says nothing about a rate");
}

#[test]
fn http_statuses_are_failures_whatever_the_body() {
    let good = json!({ "jsonrpc": "2.0", "id": 1, "result": 5 });
    let read = |status| parse_u64(&received(&rent(), status, &good));
    assert_eq!(read(200), Ok(5));
    assert_eq!(read(429), Err(Failure::RateLimited));
    for (status, transient) in [(0, false), (199, false), (301, false), (403, false), (408, true), (500, true), (65_535, true)] {
        assert_eq!(read(status), Err(Failure::Http { status }));
        assert_eq!(Failure::Http { status }.is_transient(), transient, "{status}");
    }
}

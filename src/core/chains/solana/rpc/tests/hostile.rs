//! Whatever a provider sends, the answer is a value or a typed failure.

use super::*;
use proptest::prelude::*;

/// What the request's own parser says about a canonical body: nothing, a failure, or (for broadcasts) an unknown outcome.
fn verdict(request: &Request, canonical: &[u8]) -> Option<Failure> {
    match request {
        Request::LatestBlockhash { .. } => parse_latest_blockhash(canonical).err(),
        Request::GenesisHash => parse_hash(canonical).err(),
        Request::Balance { .. } | Request::RentExemptMinimum { .. } => parse_amount(canonical).err(),
        Request::Accounts { .. } => parse_accounts(canonical).err(),
        Request::Simulate { .. } => parse_simulation(canonical).err(),
        Request::TokenBalances { .. } => parse_token_balances(canonical).err(),
        Request::SignatureStatuses { .. } => parse_statuses(canonical).err(),
        Request::PriorityPrice { .. } => parse_u64(canonical).err(),
        Request::EpochInfo { .. } => parse_epoch(canonical).err(),
        Request::NonceChanged { .. } => parse_nonce(canonical).err(),
        // That there is none is no answer either.
        Request::Transaction { .. } => match parse_charge(canonical) {
            Ok(found) => found.is_none().then_some(Failure::Malformed),
            Err(failure) => Some(failure),
        },
        Request::Send(_) => match parse_send(canonical) {
            SendOutcome::Unknown { .. } => Some(Failure::Malformed),
            SendOutcome::Accepted { .. } | SendOutcome::Rejected { .. } => None,
        },
    }
}

/// Demands that no request takes this body for an answer, and that what is kept of it stays small.
fn refused_by_all(body: &[u8]) {
    for request in every_request() {
        let canonical = canonicalise(&request.transform_context(), 200, body);
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert!(verdict(&request, &canonical).is_some(), "{request:?} accepts {shown}");
        assert!(canonical.len() <= 400, "{} bytes are kept of {shown}", canonical.len());
    }
}

fn with_result(result: &str) -> Vec<u8> {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{result}}}").into_bytes()
}

#[test]
fn bodies_that_are_no_answers_are_refused() {
    for body in [
        "",
        " ",
        "null",
        "true",
        "5",
        "\"ok\"",
        "[]",
        "{}",
        "[{}]",
        "<html>429</html>",
        "{\"result\":5}",
        "\u{feff}{}",
        "{\"id\":1,\"error\":null}",
        "{\"id\":1,\"error\":5,\"result\":5}",
        "{\"id\":1,\"error\":{},\"result\":5}",
        "{\"id\":1,\"error\":{\"code\":\"-32002\",\"message\":\"m\"}}",
        "{\"id\":1,\"error\":{\"code\":1.5,\"message\":\"m\"}}",
        "{\"id\":2,\"jsonrpc\":\"2.0\",\"result\":5}",
        "{\"id\":\"1\",\"jsonrpc\":\"2.0\",\"result\":5}",
        "{\"id\":null,\"jsonrpc\":\"2.0\",\"result\":5}",
        "{\"id\":1,\"result\":5",
        "{\"id\":1,\"result\":5}}",
    ] {
        refused_by_all(body.as_bytes());
    }
    refused_by_all(&[0xff, 0xfe, 0x00]);
    refused_by_all(&with_result("5")[1..]);
}

#[test]
fn results_of_other_types_are_refused() {
    for value in
        ["-1", "1.0", "1.5", "1e3", "18446744073709551616", "1e400", "-0.0", "\"5\"", "true", "null", "{}", "[]", "[5]", "NaN"]
    {
        refused_by_all(&with_result(value));
        refused_by_all(&with_result(&format!("{{\"context\":{{\"slot\":5}},\"value\":{value}}}")));
        refused_by_all(&with_result(&format!("{{\"context\":{{\"slot\":{value}}},\"value\":5}}")));
        let account = format!(
            "{{\"data\":[\"\",\"base64\"],\"executable\":false,\"lamports\":{value},\"owner\":\"{}\",\"space\":0}}",
            "1".repeat(32)
        );
        refused_by_all(&with_result(&format!("{{\"context\":{{\"slot\":5}},\"value\":[{account},null]}}")));
        let status = format!("{{\"slot\":{value},\"err\":null,\"confirmationStatus\":\"finalized\"}}");
        refused_by_all(&with_result(&format!("{{\"context\":{{\"slot\":5}},\"value\":[{status},null]}}")));
    }
}

#[test]
fn a_result_without_its_context_is_refused() {
    for request in [balance(Reading::EXACT), both_accounts(), statuses(1, 0), latest_blockhash(0)] {
        for result in [json!({ "value": 5 }), json!({ "context": {}, "value": 5 }), json!({ "context": { "slot": 5 } })] {
            assert_eq!(verdict(&request, &answered(&request, result)), Some(Failure::Malformed), "{request:?}");
        }
    }
}

#[test]
fn an_account_with_a_wrong_or_missing_member_is_refused() {
    let with = |recipient: Value| parse_accounts(&answered(&both_accounts(), at_slot(7, json!([wallet(1), recipient]))));
    assert!(with(wallet(1)).is_ok());
    for member in ["data", "executable", "lamports", "owner", "space"] {
        let mut recipient = wallet(1);
        recipient.as_object_mut().expect("an object").remove(member);
        assert_eq!(with(recipient), Err(Failure::Malformed), "without {member}");
        let mut recipient = wallet(1);
        recipient[member] = json!({ "wrong": [1.5] });
        assert_eq!(with(recipient), Err(Failure::Malformed), "with a wrong {member}");
    }
    for data in [json!(["", "base58"]), json!([""]), json!(["", "base64", "more"]), json!(["*", "base64"]), json!("")] {
        let mut recipient = wallet(1);
        recipient["data"] = data.clone();
        assert_eq!(with(recipient), Err(Failure::Malformed), "{data}");
    }
    for values in [json!([]), json!([null]), json!([null, null, null]), json!(null), json!({ "0": null, "1": null })] {
        let canonical = answered(&both_accounts(), at_slot(7, values.clone()));
        assert_eq!(parse_accounts(&canonical), Err(Failure::Malformed), "{values}");
    }
}

#[test]
fn hashes_that_are_none_are_refused() {
    for text in ["", "0x00", "1", &"1".repeat(33), &"z".repeat(44), &"1".repeat(1 << 20)] {
        assert_eq!(parse_hash(&answered(&Request::GenesisHash, json!(text))), Err(Failure::Malformed));
        let value = json!({ "blockhash": text, "lastValidBlockHeight": 1 });
        let found = parse_latest_blockhash(&answered(&latest_blockhash(0), at_slot(1, value)));
        assert_eq!(found, Err(Failure::Malformed));
    }
}

#[test]
fn megabytes_are_reduced_to_a_line() {
    let text = "x".repeat(1 << 20);
    refused_by_all(text.as_bytes());
    refused_by_all(&with_result(&format!("\"{text}\"")));
    refused_by_all(&with_result(&"9".repeat(1 << 20)));
    refused_by_all(&with_result(&"[".repeat(1 << 20)));
    refused_by_all(&[&b"{\"id\":1,\"result\":"[..], &b"{\"a\":".repeat(1 << 17), b"1"].concat());
    refused_by_all(&with_result(&format!("{{\"context\":{{\"slot\":5}},\"value\":\"{text}\"}}")));

    let error = json!({ "code": -32002, "message": text, "data": { "err": { "Custom": text } } });
    for request in every_request() {
        assert!(refused(&request, error.clone()).len() <= 400, "{request:?}");
    }
    let status = json!({ "slot": 1, "err": { text.as_str(): text }, "confirmationStatus": "finalized" });
    let canonical = answered(&statuses(2, 0), at_slot(1, json!([status, status])));
    assert_eq!(parse_statuses(&canonical).expect("statuses").len(), 2);
    assert!(canonical.len() <= 600, "{} bytes", canonical.len());
}

#[test]
fn a_context_that_does_not_decode_is_a_failure_of_its_own() {
    for context in [&b""[..], b"{}", b"\"unknown\"", b"[1]", &[0xff; 100]] {
        let canonical = canonicalise(context, 200, &with_result("5"));
        assert_eq!(parse_u64(&canonical), Err(Failure::Context));
        assert_eq!(parse_send(&canonical), SendOutcome::Unknown { diagnostic: Failure::Context.to_string() });
    }
}

#[test]
fn parsers_refuse_canonical_bodies_of_another_kind() {
    for canonical in ["{\"ok\":\"5\"}", "{\"ok\":-5}", "{\"ok\":null}", "{\"failed\":\"nonsense\"}", "{\"OK\":5}", "{}", "[]", "5"]
    {
        assert_eq!(parse_u64(canonical.as_bytes()), Err(Failure::Malformed), "{canonical}");
    }
    for canonical in ["", "{\"ok\":5", "{\"ok\":5}x", "<html>"] {
        assert_eq!(parse_u64(canonical.as_bytes()), Err(Failure::NotJson), "{canonical}");
    }
}

/// JSON values of every type, nested a little.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    let key = prop::sample::select(vec!["context", "slot", "value", "code", "message", "data", "err", "lamports", "owner", "x"]);
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_gives_a_body_that_its_parser_understands(result in any_json(), error in any_json(), status: u16) {
        for request in every_request() {
            for canonical in [
                answered(&request, result.clone()),
                refused(&request, error.clone()),
                received(&request, status, &result),
            ] {
                // The parser reads what the transform writes: either a value or the very failure that it wrote.
                let written: Value = serde_json::from_slice(&canonical).expect("JSON");
                let failed = written.get("failed").is_some() || written["ok"].get("unknown").is_some();
                // That a node does not know a transaction is an answer with nothing in it.
                let nothing = matches!(request, Request::Transaction { .. }) && written["ok"].is_null();
                prop_assert_eq!(verdict(&request, &canonical).is_some(), failed || nothing, "{}", written);
            }
        }
    }

    #[test]
    fn any_bytes_give_the_same_body_twice(body in prop::collection::vec(any::<u8>(), 0..200), status: u16) {
        for request in every_request() {
            let canonical = canonicalise(&request.transform_context(), status, &body);
            prop_assert_eq!(&canonical, &canonicalise(&request.transform_context(), status, &body));
            prop_assert!(verdict(&request, &canonical).is_some());
        }
    }
}

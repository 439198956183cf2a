//! Replicas ask a few milliseconds apart, and get answers that differ in what does not matter.

use super::*;
use crate::chains::solana::fixtures::PUBLISHED_TXID;
use proptest::prelude::*;

/// The same answer, written by another node: shuffled members, other slots and versions, more members, other blanks.
fn written_by(node: usize, slot: u64, members: &[(&str, String)]) -> String {
    let rotated = (0..members.len()).map(|index| &members[(index + node) % members.len()]);
    let mut fields: Vec<String> = rotated.map(|(key, value)| format!("\"{key}\" :{value}")).collect();
    if node.is_multiple_of(2) {
        fields.push(format!("\"added\": {{\"slot\": {slot}}}"));
    }
    format!("{{ {} }}\n", fields.join(", "))
}

fn context(node: usize, slot: u64) -> String {
    written_by(node, slot, &[("slot", slot.to_string()), ("apiVersion", format!("\"4.{node}.0\""))])
}

fn contextual(node: usize, slot: u64, value: &str) -> String {
    let result = written_by(node, slot, &[("context", context(node, slot)), ("value", value.to_owned())]);
    envelope(node, slot, "result", &result)
}

fn envelope(node: usize, slot: u64, member: &str, value: &str) -> String {
    let fields = [("jsonrpc", "\"2.0\"".to_owned()), ("id", "1".to_owned()), (member, value.to_owned())];
    written_by(node, slot, &fields)
}

fn account(node: usize, slot: u64, lamports: u64) -> String {
    let fields = [
        ("lamports", lamports.to_string()),
        ("owner", "\"11111111111111111111111111111111\"".to_owned()),
        ("executable", "false".to_owned()),
        ("rentEpoch", (slot / 2).to_string()),
        ("space", "0".to_owned()),
        ("data", "[\"\",\"base64\"]".to_owned()),
    ];
    written_by(node, slot, &fields)
}

fn status(node: usize, slot: u64, confirmation: &str, error: &str) -> String {
    let fields = [
        ("slot", "48".to_owned()),
        ("err", error.to_owned()),
        ("confirmations", if confirmation == "finalized" { "null".to_owned() } else { (slot % 32).to_string() }),
        ("confirmationStatus", format!("\"{confirmation}\"")),
        ("status", "{\"Ok\":null}".to_owned()),
    ];
    written_by(node, slot, &fields)
}

/// Canonicalises what 13 nodes wrote and demands that it is one and the same `expected`.
fn agree(request: &Request, expected: &str, body: impl Fn(usize, u64) -> String) {
    for node in 0..13 {
        let written = body(node, 1_000 + 7 * node as u64);
        let canonical = canonicalise(&request.transform_context(), 200, written.as_bytes());
        assert_eq!(String::from_utf8(canonical).expect("text"), expected, "node {node} wrote {written}");
    }
}

#[test]
fn moving_heights_and_slots_agree() {
    let expected = "{\"ok\":{\"height\":1315,\"slot\":2000}}";
    agree(&epoch(1_900), expected, |node, slot| {
        let info = format!("{{\"blockHeight\":{},\"transactionCount\":{slot},\"absoluteSlot\":{}}}", slot + 400, slot + 1_000);
        envelope(node, slot, "result", &info)
    });
}

#[test]
fn a_balance_that_somebody_keeps_dusting_agrees() {
    let crossed = balance(Reading::AtLeast { threshold: 900 });
    agree(&crossed, "{\"ok\":900}", |node, slot| contextual(node, slot, &slot.to_string()));
}

#[test]
fn accounts_agree() {
    let expected =
        "{\"ok\":[{\"account\":{\"lamports\":5,\"kind\":\"wallet\"}},{\"account\":{\"lamports\":650240,\"kind\":\"wallet\"}}]}";
    agree(&both_accounts(), expected, |node, slot| {
        let accounts = [account(node, slot, 5), account(node + 3, slot, 650_240 + slot)];
        contextual(node, slot, &format!("[{}]", accounts.join(",")))
    });
}

#[test]
fn statuses_agree() {
    let expected = "{\"ok\":[{\"found\":\"pending\"},\"not_found\"]}";
    agree(&statuses(2, 1_000), expected, |node, slot| {
        let confirmation = if node < 6 { "processed" } else { "confirmed" };
        contextual(node, slot, &format!("[{}, null]", status(node, slot, confirmation, "null")))
    });
    let expected =
        "{\"ok\":[{\"found\":{\"finalized\":{\"slot\":48,\"error\":\"{\\\"A\\\":{\\\"x\\\":1,\\\"y\\\":2},\\\"B\\\":3}\"}}}]}";
    agree(&statuses(1, 0), expected, |node, slot| {
        let inner = if node % 2 == 0 { "{\"x\":1,\"y\":2}" } else { "{ \"y\":2, \"x\":1}" };
        let error = if node % 3 == 0 { format!("{{\"A\":{inner},\"B\":3}}") } else { format!("{{\"B\":3,\"A\":{inner}}}") };
        contextual(node, slot, &format!("[{}]", status(node, slot, "finalized", &error)))
    });
}

#[test]
fn a_broadcast_that_some_replicas_find_done_agrees() {
    let expected = format!("{{\"ok\":{{\"accepted\":{{\"signature\":\"{PUBLISHED_TXID}\"}}}}}}");
    agree(&Request::Send(published()), &expected, |node, slot| match node % 3 {
        0 => envelope(node, slot, "result", &format!("\"{PUBLISHED_TXID}\"")),
        1 => {
            envelope(node, slot, "error", "{\"code\":-32002,\"message\":\"m\",\"data\":{\"err\":\"AlreadyProcessed\",\"slot\":5}}")
        }
        _ => envelope(node, slot, "error", "{\"message\":\"This transaction has already been processed\",\"code\":-32002}"),
    });
}

#[test]
fn errors_agree_without_their_moving_messages() {
    let expected = "{\"failed\":{\"rpc\":{\"code\":-32005,\"class\":\"node_behind\"}}}";
    for request in every_request().iter().filter(|request| !matches!(request, Request::Send(_))) {
        agree(request, expected, |node, slot| {
            let error = format!("{{\"message\":\"behind by {slot}\",\"code\":-32005,\"data\":{{\"numSlotsBehind\":{slot}}}}}");
            envelope(node, slot, "error", &error)
        });
    }
    let expected = "{\"ok\":{\"unknown\":{\"diagnostic\":\"-32005: behind by ####\"}}}";
    agree(&Request::Send(published()), expected, |node, slot| {
        envelope(node, slot, "error", &format!("{{\"code\":-32005,\"message\":\"behind by {slot}\"}}"))
    });
}

#[test]
fn what_matters_is_kept_apart() {
    let exact = |lamports: u64| answered(&balance(Reading::EXACT), at_slot(7, json!(lamports)));
    assert_ne!(exact(1), exact(2));
    let unknown_at = |slot| answered(&statuses(1, 100), at_slot(slot, json!([null])));
    assert_ne!(unknown_at(99), unknown_at(100));
}

proptest! {
    #[test]
    fn a_canonical_body_is_a_fixed_point_of_its_type(lamports: u64, slot: u64, size in 1u64..1_000_000) {
        let canonical = answered(&balance(step(size)), at_slot(slot, json!(lamports)));
        let read = parse_amount(&canonical).expect("an amount").get();
        prop_assert!(read <= lamports && lamports - read < size && read.is_multiple_of(size));
        prop_assert_eq!(canonical, answered(&balance(step(size)), at_slot(slot, json!(read))));
    }
}

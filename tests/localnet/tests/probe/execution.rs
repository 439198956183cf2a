//! One message: atomicity, limits, contexts.

use localnet::{Ic, MessageKind, Reject};

use crate::{Probe, rejected, user};

#[test]
fn should_keep_state_between_messages() {
    let mut probe = Probe::new();
    assert_eq!(probe.update::<(u64,)>("increment", ()), (1,));
    assert_eq!(probe.update::<(u64,)>("increment", ()), (2,));
    assert_eq!(probe.counters(), (2, 2));
}

#[test]
fn should_undo_heap_and_stable_memory_on_each_kind_of_trap() {
    let mut probe = Probe::new();
    probe.update::<(u64,)>("increment", ());
    for (method, words) in [
        ("increment_and_trap", "Canister called `ic0.trap` with message: 'asked to trap'"),
        ("increment_and_panic", "asked to panic"),
        ("increment_and_unreachable", "Canister trapped: unreachable"),
        ("answer_twice", "already answered"),
    ] {
        let reject = rejected(probe.try_update(method, ()));
        assert_eq!(reject.code, Reject::CANISTER_ERROR, "{method}");
        assert!(reject.message.contains(words), "{method}: {}", reject.message);
        assert_eq!(probe.counters(), (1, 1), "{method}");
    }
}

#[test]
fn should_undo_mutable_globals_on_a_trap() {
    let mut probe = Probe::new();
    for _ in 0..50 {
        let reject = rejected(probe.try_update("trap_deep_in_the_stack", ()));
        assert!(reject.message.contains("frame of 100000"), "{}", reject.message);
    }
}

#[test]
fn should_undo_the_growth_of_both_memories() {
    let mut probe = Probe::new();
    let before: (u64, u64) = probe.query("memory_pages", ());
    let reject = rejected(probe.try_update("grow_and_trap", ()));
    assert!(reject.message.contains("allocated 20971520"), "{}", reject.message);
    assert_eq!(probe.query::<(u64, u64)>("memory_pages", ()), before);
    assert_eq!(before.1, 1);
    assert_eq!(probe.update::<(u64,)>("increment", ()), (1,));
}

#[test]
fn should_leave_no_trace_of_a_query() {
    let mut probe = Probe::new();
    assert_eq!(probe.query::<(u64,)>("query_increment", ()), (1,));
    assert_eq!(probe.query::<(u64,)>("query_increment", ()), (1,));
    assert_eq!(probe.counters(), (0, 0));
    // The same method called as an update is a replicated query: its reply is agreed on, its changes are dropped all the same.
    assert_eq!(probe.update::<(u64,)>("query_increment", ()), (1,));
    assert_eq!(probe.counters(), (0, 0));
    assert_eq!(probe.query::<(bool,)>("replicated", ()), (false,));
    assert_eq!(probe.update::<(bool,)>("replicated", ()), (true,));
}

#[test]
fn should_refuse_certified_data_in_a_query() {
    let mut probe = Probe::new();
    let reject = probe.try_query::<()>("certify_in_query", ()).unwrap_err();
    assert_eq!(reject.code, Reject::CANISTER_ERROR);
    assert!(reject.message.contains("certified_data_set"), "{}", reject.message);
}

#[test]
fn should_tell_who_calls() {
    let mut probe = Probe::new();
    let id = probe.id;
    assert_eq!(probe.query::<(candid::Principal, candid::Principal, bool)>("who", ()), (user(), id, false));
    let reply = probe.net.query(id, crate::controller(), "who", candid::encode_args(()).unwrap()).unwrap();
    let who: (candid::Principal, candid::Principal, bool) = candid::decode_args(&reply).unwrap();
    assert_eq!(who, (crate::controller(), id, true));
}

#[test]
fn should_reject_what_is_not_there() {
    let mut probe = Probe::new();
    let reject = rejected(probe.try_update("no_such_method", ()));
    assert_eq!(reject.code, Reject::CANISTER_ERROR);
    assert!(reject.message.contains("has no update method 'no_such_method'"), "{}", reject.message);
    assert_eq!(probe.try_query::<()>("increment", ()).unwrap_err().code, Reject::CANISTER_ERROR);
    let nobody = candid::Principal::from_slice(&[9; 10]);
    let missing = probe.net.submit(nobody, user(), "increment", vec![]).unwrap_err();
    assert_eq!(missing.code, Reject::DESTINATION_INVALID);
}

#[test]
fn should_ask_inspect_message_about_ingress_only() {
    let mut probe = Probe::new();
    let refused = rejected(probe.try_update("refused", ()));
    assert_eq!(refused.code, Reject::CANISTER_REJECT);
    let trapped = rejected(probe.try_update("inspected_trap", ()));
    assert_eq!(trapped.code, Reject::CANISTER_ERROR);
    assert!(trapped.message.contains("asked to trap in inspect_message"), "{}", trapped.message);
    let id = probe.id;
    assert_eq!(probe.update::<(u32, String)>("call", (id, "refused")), (0, String::new()));
}

#[test]
fn should_stop_a_message_at_its_instruction_limit() {
    let mut probe = Probe::new();
    let reject = rejected(probe.try_update("inspected_spin", ()));
    assert!(reject.message.contains("exceeded the limit of 200000000 instructions"), "{}", reject.message);
}

#[test]
fn should_count_instructions_and_charge_for_them() {
    let mut probe = Probe::new();
    let before = probe.net.cycle_balance(probe.id);
    probe.net.take_traces();
    let (start, end) = probe.update::<(u64, u64)>("work", ());
    assert!(end - start >= 1_000, "{start}..{end}");

    let traces = probe.net.take_traces();
    let kinds: Vec<_> = traces.iter().map(|trace| (trace.kind, trace.method.as_str())).collect();
    assert_eq!(kinds, [(MessageKind::Inspect, "work"), (MessageKind::Update, "work")]);
    assert!(traces[1].instructions > end, "{} > {end}", traces[1].instructions);
    assert_eq!(traces[1].cycles, 5_000_000 + u128::from(traces[1].instructions));
    // 1_200_000 for the ingress message, and 2_000 per byte of name and argument.
    let ingress = 1_200_000 + 2_000 * ("work".len() + candid::encode_args(()).unwrap().len()) as u128;
    assert_eq!(before - probe.net.cycle_balance(probe.id), ingress + traces[1].cycles);
}

#[test]
fn should_hold_a_large_sparse_stable_memory() {
    let mut probe = Probe::new();
    // 16 GiB, of which two pages are written.
    let (end,) = probe.update::<(u64,)>("stable_fill", (262_144_u64, 7_u8));
    assert_eq!(end, (262_144 + 1) * 65_536);
    assert_eq!(probe.query::<(Vec<u8>,)>("stable_bytes", (end - 10, 10_u64)).0, [0, 0, 7, 7, 7, 7, 7, 7, 7, 7]);
    let reject = probe.try_query::<()>("stable_bytes", (end - 4, 8_u64)).unwrap_err();
    assert!(reject.message.contains("stable memory out of bounds"), "{}", reject.message);
}

#[test]
fn should_show_environment_variables() {
    let mut probe = Probe::new();
    assert_eq!(probe.query::<(Option<String>,)>("variable", ("NAME",)), (None,));
    probe.net.set_variable(probe.id, "NAME", "value");
    assert_eq!(probe.query::<(Option<String>,)>("variable", ("NAME",)), (Some("value".to_string()),));
}

//! Calls: commit points, callbacks, cleanup, rejects, cycles, deadlines.

use std::time::Duration;

use candid::{Nat, Principal, encode_args};
use localnet::{CallKind, Effect, Ic, MessageKind, Occurrence, Reject};

use crate::{Probe, controller, rejected, user};

#[test]
fn should_run_caller_callee_and_callback_in_order() {
    let mut probe = Probe::new();
    assert_eq!(probe.update::<(Vec<String>,)>("events_around_a_call", ()).0, ["before", "callee", "after"]);
}

#[test]
fn should_undo_only_what_follows_the_await_on_a_trap() {
    for method in ["trap_after_self_call", "trap_after_raw_rand"] {
        let mut probe = Probe::new();
        let reject = rejected(probe.try_update(method, ()));
        assert_eq!(reject.code, Reject::CANISTER_ERROR);
        assert!(reject.message.contains("asked to trap after"), "{}", reject.message);
        assert_eq!(probe.counters(), (1, 1), "{method}");
    }
}

#[test]
fn should_drop_locals_in_the_cleanup_callback() {
    let mut probe = Probe::new();
    rejected(probe.try_update("trap_with_lock", (false,)));
    assert_eq!(probe.query::<(bool,)>("locked", ()), (false,));
    let kinds: Vec<_> = probe.net.take_traces().iter().map(|trace| (trace.kind, trace.trapped.is_some())).collect();
    let expected = [(MessageKind::Update, false), (MessageKind::Callback, true), (MessageKind::Cleanup, false)];
    assert!(kinds.windows(3).any(|window| window == expected), "{kinds:?}");
}

#[test]
fn should_undo_a_cleanup_that_does_what_it_must_not() {
    let mut probe = Probe::new();
    rejected(probe.try_update("trap_with_lock", (true,)));
    assert_eq!(probe.query::<(bool,)>("locked", ()), (true,));
    let traces = probe.net.take_traces();
    let cleanup = traces.iter().find(|trace| trace.kind == MessageKind::Cleanup).unwrap();
    assert!(cleanup.trapped.as_ref().unwrap().contains("certified_data_set"), "{:?}", cleanup.trapped);
}

#[test]
fn should_report_rejects_to_the_calling_canister() {
    let mut probe = Probe::new();
    let id = probe.id;
    let nobody = Principal::from_slice(&[9; 10]);
    for (canister, method, code, words) in [
        (id, "answer_with_reject", 4, "asked to reject"),
        (id, "increment_and_trap", 5, "asked to trap"),
        (id, "answer_never", 5, "did not produce a response"),
        (id, "no_such_method", 5, "has no update method"),
        (nobody, "callee", 3, "not found"),
    ] {
        let (got, message) = probe.update::<(u32, String)>("call", (canister, method));
        assert_eq!(got, code, "{method}: {message}");
        assert!(message.contains(words), "{method}: {message}");
    }
    // The reject is a response: what the callee did before it stays.
    assert_eq!(probe.counters(), (1, 1));
}

#[test]
fn should_give_raw_rand_that_differs_each_time() {
    let mut probe = Probe::new();
    let first = probe.update::<(Vec<u8>,)>("rand", ()).0;
    let second = probe.update::<(Vec<u8>,)>("rand", ()).0;
    assert_eq!((first.len(), second.len()), (32, 32));
    assert_ne!(first, second);
}

#[test]
fn should_accept_some_cycles_and_refund_the_rest() {
    let mut probe = Probe::new();
    let sent = (Nat::from(1_000_000_u64), Nat::from(400_000_u64));
    let (accepted, refunded) = probe.update::<(Nat, Nat)>("send_cycles", sent);
    assert_eq!((accepted, refunded), (Nat::from(400_000_u64), Nat::from(600_000_u64)));
}

#[test]
fn should_set_cycles_aside_while_a_call_is_open_and_give_them_back() {
    let mut probe = Probe::new();
    let id = probe.id;
    probe.net.faults().inject(id, CallKind::RawRand, Occurrence::Only(1), Effect::Hold);
    let before = probe.net.cycle_balance(id);
    let call = probe.net.submit(id, user(), "rand", encode_args(()).unwrap()).unwrap();
    probe.net.tick();
    let held = before - probe.net.cycle_balance(id);
    assert!(held > 40_000_000_000, "the response callback's 40 billion instructions are set aside, not only {held}");
    let pending = probe.net.pending();
    probe.net.deliver(pending[0].id);
    probe.net.poll(&call).unwrap().unwrap();
    let spent = before - probe.net.cycle_balance(id);
    assert!(spent < 50_000_000, "{spent}");
}

#[test]
fn should_end_a_best_effort_call_at_its_deadline() {
    let mut probe = Probe::new();
    let id = probe.id;
    probe.net.faults().inject(id, CallKind::RawRand, Occurrence::Only(1), Effect::Hold);
    let call = probe.net.submit(id, user(), "rand_within_a_second", encode_args(()).unwrap()).unwrap();
    probe.net.tick();
    assert_eq!(probe.net.poll(&call), None);
    probe.net.advance_time(Duration::from_secs(2));
    let reply = probe.net.await_call(call).unwrap();
    assert_eq!(candid::decode_args::<(u32, String)>(&reply).unwrap(), (Reject::SYS_UNKNOWN, "Call has timed out.".to_string()));
    // The late answer has no callback any more.
    let late = probe.net.pending()[0].id;
    probe.net.deliver(late);
    assert_eq!(probe.net.pending(), []);
}

#[test]
fn should_call_other_canisters() {
    let mut probe = Probe::new();
    let other = probe.net.create_canister(&[controller()], crate::CYCLES);
    probe.net.install(other, controller(), &crate::wasm(), encode_args((Some(5_u64),)).unwrap()).unwrap();
    assert_eq!(probe.update::<(u32, String)>("call", (other, "increment")), (0, String::new()));
    assert_eq!(probe.counters(), (0, 0));
    let reply = probe.net.query(other, user(), "counters", encode_args(()).unwrap()).unwrap();
    assert_eq!(candid::decode_args::<(u64, u64)>(&reply).unwrap(), (6, 6));
}

//! Injected faults, and the scheduler that lets a test choose the order of answers.

use candid::encode_args;
use localnet::{CallKind, Effect, Ic, LocalNet, Occurrence, Reject, Scheduler};

use crate::{Probe, rejected, user};

#[test]
fn should_trap_in_each_callback_and_undo_only_that_one() {
    // Callbacks of `add_around_two_calls`: the first adds 10, the second 100.
    let mut whole = Probe::new();
    assert_eq!(whole.update::<(u64,)>("add_around_two_calls", ()), (111,));
    assert_eq!(whole.net.callbacks_run(whole.id), 2);

    for (nth, left) in [(1, 1), (2, 11)] {
        let mut probe = Probe::new();
        let id = probe.id;
        probe.net.faults().trap_callback(id, nth);
        let reject = rejected(probe.try_update("add_around_two_calls", ()));
        assert!(reject.message.contains("injected trap"), "{}", reject.message);
        assert_eq!(probe.counters(), (left, left), "callback {nth}");
        assert_eq!(probe.query::<(bool,)>("locked", ()), (false,), "cleanup runs after callback {nth}");
        // The fault hit once; the next call is whole again.
        assert_eq!(probe.update::<(u64,)>("add_around_two_calls", ()), (left + 111,));
    }
}

#[test]
fn should_reject_the_chosen_occurrence() {
    let mut probe = Probe::new();
    let id = probe.id;
    let effect = Effect::Reject { code: Reject::CANISTER_REJECT, message: "request queue for key is full".to_string() };
    probe.net.faults().inject(id, CallKind::SignEcdsa, Occurrence::Only(2), effect);
    let sign = |probe: &mut Probe| probe.update::<(u32, String)>("sign_with_cycles", (30_000_000_000_u64,));
    assert_eq!(sign(&mut probe), (0, String::new()));
    assert_eq!(sign(&mut probe), (4, "request queue for key is full".to_string()));
    assert_eq!(sign(&mut probe), (0, String::new()));
}

#[test]
fn should_let_a_signature_request_expire() {
    let mut probe = Probe::new();
    let id = probe.id;
    probe.net.faults().inject(id, CallKind::SignEcdsa, Occurrence::From(1), Effect::Timeout);
    for _ in 0..2 {
        let outcome = probe.update::<(u32, String)>("sign_with_cycles", (30_000_000_000_u64,));
        assert_eq!(outcome, (Reject::CANISTER_ERROR, "Signature request expired".to_string()));
    }
    probe.net.faults().clear();
    assert_eq!(probe.update::<(u32, String)>("sign_with_cycles", (30_000_000_000_u64,)).0, 0);
}

#[test]
fn should_hold_a_call_until_it_is_delivered() {
    let mut probe = Probe::new();
    let id = probe.id;
    probe.net.faults().inject(id, CallKind::RawRand, Occurrence::Only(1), Effect::Hold);
    let call = probe.net.submit(id, user(), "rand", encode_args(()).unwrap()).unwrap();
    let unanswered = probe.net.await_call(call.clone()).unwrap_err();
    assert_eq!(unanswered.code, Reject::SYS_UNKNOWN);
    let pending = probe.net.pending();
    assert_eq!(pending.len(), 1);
    assert_eq!((pending[0].kind, pending[0].canister, pending[0].method.as_str()), (CallKind::RawRand, id, "raw_rand"));
    probe.net.deliver(pending[0].id);
    assert!(probe.net.poll(&call).unwrap().is_ok());
}

#[test]
fn should_answer_in_the_order_the_test_chooses() {
    let mut probe = Probe::on(LocalNet::builder().scheduler(Scheduler::Manual).build());
    let id = probe.id;
    let calls = [0, 1].map(|_| probe.net.submit(id, user(), "add_around_two_calls", encode_args(()).unwrap()).unwrap());
    for _ in 0..5 {
        probe.net.tick();
    }
    assert_eq!(probe.counters(), (2, 2));
    // The second call runs to its end before the first goes on.
    for round in 0..2 {
        let second = probe.net.pending()[1].id;
        probe.net.deliver(second);
        assert_eq!(probe.net.poll(&calls[1]).is_some(), round == 1);
    }
    assert_eq!(probe.counters(), (112, 112));
    assert_eq!(probe.net.poll(&calls[0]), None);
    for _ in 0..2 {
        let first = probe.net.pending()[0].id;
        probe.net.deliver(first);
    }
    let reply = probe.net.poll(&calls[0]).unwrap().unwrap();
    assert_eq!(candid::decode_args::<(u64,)>(&reply).unwrap(), (222,));
}

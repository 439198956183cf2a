//! Installation, upgrades, stopping, timers, certified data.

use std::time::Duration;

use blst::min_sig::{PublicKey, Signature};
use candid::{Principal, encode_args};
use ic_certification::{Certificate, LookupResult};
use localnet::certificate::{BLS_SUITE, STATE_ROOT};
use localnet::{CallKind, Effect, Ic, Occurrence, Reject};
use sha2::{Digest, Sha256};

use crate::{Probe, controller, rejected, user, wasm};

fn upgrade(probe: &mut Probe, refuse: bool) -> Result<(), Reject> {
    probe.net.upgrade(probe.id, controller(), &wasm(), encode_args((Some(refuse),)).unwrap())
}

#[test]
fn should_keep_stable_memory_and_lose_the_heap_in_an_upgrade() {
    let mut probe = Probe::new();
    probe.update::<(u64,)>("increment", ());
    upgrade(&mut probe, false).unwrap();
    // pre_upgrade adds 100 and post_upgrade 1000, in stable memory.
    assert_eq!(probe.counters(), (0, 1_101));
}

#[test]
fn should_change_nothing_if_an_upgrade_hook_traps() {
    let mut probe = Probe::new();
    probe.update::<(u64,)>("increment", ());
    let reject = upgrade(&mut probe, true).unwrap_err();
    assert!(reject.message.contains("asked to trap in post_upgrade"), "{}", reject.message);
    assert_eq!(probe.counters(), (1, 1));

    probe.update::<()>("set_trap_in_pre_upgrade", (true,));
    let reject = upgrade(&mut probe, false).unwrap_err();
    assert!(reject.message.contains("asked to trap in pre_upgrade"), "{}", reject.message);
    assert_eq!(probe.counters(), (1, 1));
}

#[test]
fn should_change_nothing_if_the_new_module_is_not_valid() {
    let mut probe = Probe::new();
    probe.update::<(u64,)>("increment", ());
    let id = probe.id;
    for bad in
        [b"\0asm\x01\0\0\0nonsense".to_vec(), wat::parse_str(r#"(module (import "ic0" "no_such_function" (func)))"#).unwrap()]
    {
        let reject = probe.net.upgrade(id, controller(), &bad, vec![]).unwrap_err();
        assert_eq!(reject.code, Reject::CANISTER_ERROR);
        assert_eq!(probe.counters(), (1, 1));
    }
}

#[test]
fn should_let_only_controllers_change_the_canister() {
    let mut probe = Probe::new();
    let id = probe.id;
    assert_eq!(probe.net.upgrade(id, user(), &wasm(), vec![]).unwrap_err().code, Reject::CANISTER_ERROR);
    assert_eq!(probe.net.stop(id, user()).unwrap_err().code, Reject::CANISTER_ERROR);
    assert_eq!(probe.net.install(id, controller(), &wasm(), vec![]).unwrap_err().code, Reject::CANISTER_ERROR);
}

#[test]
fn should_refuse_calls_while_stopped() {
    let mut probe = Probe::new();
    let id = probe.id;
    probe.net.stop(id, controller()).unwrap();
    assert!(rejected(probe.try_update("refused", ())).message.contains("is stopped"));
    assert!(probe.try_query::<()>("counters", ()).unwrap_err().message.contains("is stopped"));
    upgrade(&mut probe, false).unwrap();
    probe.net.start(id, controller()).unwrap();
    assert_eq!(probe.update::<(u64,)>("increment", ()), (1,));
}

#[test]
fn should_stop_only_when_open_calls_are_answered() {
    let mut probe = Probe::new();
    let id = probe.id;
    probe.net.faults().inject(id, CallKind::RawRand, Occurrence::Only(1), Effect::Hold);
    let call = probe.net.submit(id, user(), "rand", encode_args(()).unwrap()).unwrap();
    probe.net.tick();
    assert_eq!(probe.net.stop(id, controller()).unwrap_err().code, Reject::SYS_TRANSIENT);
    assert!(rejected(probe.try_update("refused", ())).message.contains("is stopping"));
    let pending = probe.net.pending()[0].id;
    probe.net.deliver(pending);
    assert!(probe.net.poll(&call).unwrap().is_ok());
    probe.net.stop(id, controller()).unwrap();
}

fn after(probe: &mut Probe, seconds: u64) -> u64 {
    probe.net.advance_time(Duration::from_secs(seconds));
    for _ in 0..3 {
        probe.net.tick();
    }
    probe.query::<(u64,)>("fired", ()).0
}

#[test]
fn should_fire_timers_when_they_are_due() {
    let mut probe = Probe::new();
    probe.update::<()>("arm", (10_u64,));
    probe.update::<()>("arm_interval", (30_u64,));
    assert_eq!(after(&mut probe, 5), 0);
    assert_eq!(after(&mut probe, 6), 1);
    assert_eq!(after(&mut probe, 20), 2);
    assert_eq!(after(&mut probe, 30), 3);
}

#[test]
fn should_go_on_in_a_timer_after_an_await() {
    let mut probe = Probe::new();
    probe.update::<()>("arm_await", (1_u64,));
    assert_eq!(after(&mut probe, 2), 2);
}

#[test]
fn should_undo_a_timer_that_traps_and_not_repeat_it() {
    let mut probe = Probe::new();
    probe.update::<()>("arm_trap", (1_u64,));
    assert_eq!(after(&mut probe, 2), 0);
    let trapped = probe.net.take_traces().into_iter().filter_map(|trace| trace.trapped).collect::<Vec<_>>();
    assert_eq!(trapped, ["asked to trap in a timer"]);
    assert_eq!(after(&mut probe, 1_000), 0);
    // Other timers still work.
    probe.update::<()>("arm", (1_u64,));
    assert_eq!(after(&mut probe, 2), 1);
}

#[test]
fn should_lose_timers_in_an_upgrade() {
    let mut probe = Probe::new();
    probe.update::<()>("arm", (10_u64,));
    upgrade(&mut probe, false).unwrap();
    assert_eq!(after(&mut probe, 20), 0);
    probe.update::<()>("arm", (10_u64,));
    assert_eq!(after(&mut probe, 20), 1);
}

fn certificate(probe: &mut Probe) -> Certificate {
    let bytes = probe.query::<(Option<Vec<u8>>,)>("certificate", ()).0.expect("queries have a certificate");
    serde_cbor::from_slice(&bytes).unwrap()
}

fn found<'a>(certificate: &'a Certificate, path: &[&[u8]]) -> &'a [u8] {
    match certificate.tree.lookup_path(path) {
        LookupResult::Found(value) => value,
        other => panic!("{path:?}: {other:?}"),
    }
}

#[test]
fn should_certify_data_with_the_root_key() {
    let mut probe = Probe::new();
    probe.net.create_canister(&[], 0);
    let id: Principal = probe.id;
    assert_eq!(found(&certificate(&mut probe), &[b"canister", id.as_slice(), b"certified_data"]), [1]);
    probe.update::<()>("certify", (b"root hash".to_vec(),));
    let certificate = certificate(&mut probe);
    assert_eq!(found(&certificate, &[b"canister", id.as_slice(), b"certified_data"]), b"root hash");
    assert_eq!(found(&certificate, &[b"canister", id.as_slice(), b"module_hash"]), &Sha256::digest(wasm())[..]);

    // The time is LEB128; compare the lowest seven bits and that there are as many bytes as nanoseconds since 1970 take.
    let time = found(&certificate, &[b"time"]);
    assert_eq!((u64::from(time[0] & 0x7f), time.len()), (probe.net.time_ns() & 0x7f, 9));

    let der = probe.net.root_key();
    let key = PublicKey::from_bytes(&der[der.len() - 96..]).unwrap();
    let message = [STATE_ROOT, &certificate.tree.digest()].concat();
    let signature = Signature::from_bytes(&certificate.signature).unwrap();
    assert_eq!(signature.verify(true, &message, BLS_SUITE, &[], &key, true), blst::BLST_ERROR::BLST_SUCCESS);
}

#[test]
fn should_keep_certified_data_in_an_upgrade_and_undo_it_on_a_trap() {
    let mut probe = Probe::new();
    let id = probe.id;
    probe.update::<()>("certify", (b"kept".to_vec(),));
    upgrade(&mut probe, false).unwrap();
    assert_eq!(found(&certificate(&mut probe), &[b"canister", id.as_slice(), b"certified_data"]), b"kept");
    let reject = rejected(probe.try_update("certify", (vec![0_u8; 33],)));
    assert!(reject.message.contains("32 bytes"), "{}", reject.message);
    assert_eq!(found(&certificate(&mut probe), &[b"canister", id.as_slice(), b"certified_data"]), b"kept");
    // Replicated execution has no certificate.
    assert_eq!(probe.update::<(Option<Vec<u8>>,)>("certificate", ()), (None,));
}

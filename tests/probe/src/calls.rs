//! Calls between canisters: commit points, callbacks, cleanup, rejects, cycles.

use std::marker::PhantomData;

use candid::{Nat, Principal};
use ic_cdk::api;
use ic_cdk::call::{Call, CallFailed, Error};
use ic_cdk::{query, update};
use ic_cdk_management_canister::raw_rand;

use crate::state::{HEAP, Lock, add, note};

/// Reject code and message of a failed call; code 0 for failures before it was sent.
pub fn failure(failed: &CallFailed) -> (u32, String) {
    match failed {
        CallFailed::CallRejected(reject) => (reject.raw_reject_code(), reject.reject_message().to_string()),
        other => (0, other.to_string()),
    }
}

/// Reject code and message of a failed call of the management canister.
pub fn error(error: &Error) -> (u32, String) {
    match error {
        Error::CallRejected(reject) => (reject.raw_reject_code(), reject.reject_message().to_string()),
        other => (0, other.to_string()),
    }
}

#[update]
fn callee(event: String) {
    note(event);
}

/// The order of events around a call to itself.
#[update]
async fn events_around_a_call() -> Vec<String> {
    note("before");
    let _ = Call::unbounded_wait(api::canister_self(), "callee").with_arg("callee").await;
    note("after");
    HEAP.with_borrow_mut(|heap| std::mem::take(&mut heap.events))
}

/// Adds 1, calls itself, adds 10, traps: the 1 stays.
#[update]
async fn trap_after_self_call() {
    add(1);
    let _ = Call::unbounded_wait(api::canister_self(), "callee").with_arg("callee").await;
    add(10);
    api::trap("asked to trap after the call");
}

/// Adds 1, calls the management canister, adds 10, traps: the 1 stays.
#[update]
async fn trap_after_raw_rand() {
    add(1);
    let _ = raw_rand().await;
    add(10);
    api::trap("asked to trap after raw_rand");
}

/// Adds 1, 10 and 100 around two calls. With a trap injected into a callback, the earlier additions stay.
#[update]
async fn add_around_two_calls() -> u64 {
    let _lock = Lock::take(false);
    add(1);
    let _ = raw_rand().await;
    add(10);
    let _ = raw_rand().await;
    add(100)
}

/// Traps after an await while it holds a lock.
#[update]
async fn trap_with_lock(certify_on_drop: bool) {
    let _lock = Lock::take(certify_on_drop);
    let _ = raw_rand().await;
    api::trap("asked to trap with the lock held");
}

#[update(manual_reply = true)]
fn answer_never() -> PhantomData<()> {
    PhantomData
}

#[update(manual_reply = true)]
fn answer_twice() -> PhantomData<()> {
    add(1);
    api::msg_reply(candid::encode_args(()).expect("unit is encodable"));
    api::msg_reply(candid::encode_args(()).expect("unit is encodable"));
    PhantomData
}

#[update(manual_reply = true)]
fn answer_with_reject() -> PhantomData<()> {
    add(1);
    api::msg_reject("asked to reject");
    PhantomData
}

/// Reject code and message of calling a method of a canister.
#[update]
async fn call(canister: Principal, method: String) -> (u32, String) {
    match Call::unbounded_wait(canister, &method).await {
        Ok(_) => (0, String::new()),
        Err(failed) => failure(&failed),
    }
}

/// Calls `raw_rand` and waits at most a second.
#[update]
async fn rand_within_a_second() -> (u32, String) {
    match Call::bounded_wait(Principal::management_canister(), "raw_rand").change_timeout(1).await {
        Ok(_) => (0, String::new()),
        Err(failed) => failure(&failed),
    }
}

#[update]
async fn rand() -> Vec<u8> {
    raw_rand().await.expect("raw_rand is answered")
}

#[update]
fn take_cycles(max: Nat) -> Nat {
    let max = u128::try_from(max.0).expect("cycles fit 128 bits");
    Nat::from(api::msg_cycles_accept(max))
}

/// Sends cycles to itself, of which the callee accepts some: what it accepted and what came back.
#[update]
async fn send_cycles(amount: Nat, accept: Nat) -> (Nat, Nat) {
    let amount = u128::try_from(amount.0).expect("cycles fit 128 bits");
    let call = Call::unbounded_wait(api::canister_self(), "take_cycles").with_arg(accept).with_cycles(amount);
    let accepted = call.await.expect("the call succeeds").candid().expect("it returns a nat");
    (accepted, Nat::from(api::msg_cycles_refunded()))
}

#[query]
fn events() -> Vec<String> {
    HEAP.with_borrow(|heap| heap.events.clone())
}

//! A probe canister: one behaviour of the Internet Computer per method. It compares a network with the interface specification and
//! with other networks.

mod calls;
mod outcalls;
mod sol_rpc;
mod state;
mod timers;

use candid::{Nat, Principal};
use ic_cdk::api;
use ic_cdk::{init, inspect_message, post_upgrade, pre_upgrade, query, update};

use state::{HEAP, Heap, set_stable_counter, stable_counter};

#[init]
fn init(counter: Option<u64>) {
    HEAP.with_borrow_mut(|heap| heap.counter = counter.unwrap_or(0));
    ic_cdk::stable::stable_grow(1).expect("one page fits");
    set_stable_counter(counter.unwrap_or(0));
    api::certified_data_set([1]);
}

#[pre_upgrade]
fn pre_upgrade() {
    set_stable_counter(stable_counter() + 100);
    if HEAP.with_borrow(|heap| heap.trap_in_pre_upgrade) {
        api::trap("asked to trap in pre_upgrade");
    }
}

/// Counts the upgrade on the heap, whose counter starts again from 0.
#[post_upgrade]
fn post_upgrade(refuse: Option<bool>) {
    set_stable_counter(stable_counter() + 1_000);
    if refuse == Some(true) {
        api::trap("asked to trap in post_upgrade");
    }
}

#[inspect_message]
fn inspect() {
    match api::msg_method_name().as_str() {
        "refused" => {}
        "inspected_trap" => api::trap("asked to trap in inspect_message"),
        "inspected_spin" => spin(),
        _ => api::accept_message(),
    }
}

fn spin() {
    let mut n = 0_u64;
    loop {
        n = std::hint::black_box(n.wrapping_add(1));
    }
}

#[update]
fn refused() {}

/// Adds 1 to the counter on the heap and to the one in stable memory.
#[update]
fn increment() -> u64 {
    state::add(1)
}

#[query]
fn counters() -> (u64, u64) {
    (HEAP.with_borrow(|heap| heap.counter), stable_counter())
}

#[query]
fn query_increment() -> u64 {
    state::add(1)
}

#[update]
fn increment_and_trap() {
    state::add(1);
    api::trap("asked to trap");
}

#[update]
fn increment_and_panic() {
    state::add(1);
    panic!("asked to panic");
}

#[update]
fn increment_and_unreachable() {
    state::add(1);
    #[cfg(target_arch = "wasm32")]
    std::arch::wasm32::unreachable();
}

/// Traps below a large stack frame. If the stack pointer, a mutable global, did not roll back, some calls would exhaust the stack.
#[update]
fn trap_deep_in_the_stack() {
    let frame = [1_u8; 100_000];
    api::trap(format!("frame of {}", std::hint::black_box(&frame).len()));
}

/// Grows both memories, then traps.
#[update]
fn grow_and_trap() {
    ic_cdk::stable::stable_grow(5).expect("five pages fit");
    let bytes = vec![7_u8; 20 << 20];
    api::trap(format!("allocated {}", std::hint::black_box(&bytes).len()));
}

/// Pages of heap and of stable memory.
#[query]
fn memory_pages() -> (u64, u64) {
    #[cfg(target_arch = "wasm32")]
    let heap = std::arch::wasm32::memory_size::<0>() as u64;
    #[cfg(not(target_arch = "wasm32"))]
    let heap = 0;
    (heap, ic_cdk::stable::stable_size())
}

/// Writes `byte` at the end of `pages` more pages of stable memory.
#[update]
fn stable_fill(pages: u64, byte: u8) -> u64 {
    let before = ic_cdk::stable::stable_grow(pages).expect("the pages fit");
    let end = (before + pages) * 65_536;
    ic_cdk::stable::stable_write(end - 8, &[byte; 8]);
    end
}

#[query]
fn stable_bytes(offset: u64, len: u64) -> Vec<u8> {
    let mut bytes = vec![0; len as usize];
    ic_cdk::stable::stable_read(offset, &mut bytes);
    bytes
}

#[update]
fn certify(data: Vec<u8>) {
    api::certified_data_set(data);
}

#[query]
fn certificate() -> Option<Vec<u8>> {
    api::data_certificate()
}

#[query]
fn certify_in_query() {
    api::certified_data_set([2]);
}

#[update]
fn set_trap_in_pre_upgrade(trap: bool) {
    HEAP.with_borrow_mut(|heap| heap.trap_in_pre_upgrade = trap);
}

#[query]
fn who() -> (Principal, Principal, bool) {
    let caller = api::msg_caller();
    (caller, api::canister_self(), api::is_controller(&caller))
}

#[query]
fn replicated() -> bool {
    api::in_replicated_execution()
}

#[query]
fn time() -> u64 {
    api::time()
}

#[query]
fn cycles() -> Nat {
    Nat::from(api::canister_cycle_balance())
}

#[query]
fn version() -> u64 {
    api::canister_version()
}

/// Instructions before and after some work.
#[update]
fn work() -> (u64, u64) {
    let before = api::instruction_counter();
    for n in 0..1_000_u64 {
        std::hint::black_box(n);
    }
    (before, api::instruction_counter())
}

#[query]
fn variable(name: String) -> Option<String> {
    api::env_var_name_exists(&name).then(|| api::env_var_value(&name))
}

#[query]
fn locked() -> bool {
    HEAP.with_borrow(|heap| heap.locked)
}

#[update]
fn reset() {
    HEAP.set(Heap::default());
}

//! Timers.

use std::time::Duration;

use ic_cdk::{query, update};
use ic_cdk_management_canister::raw_rand;

use crate::state::HEAP;

fn fire() {
    HEAP.with_borrow_mut(|heap| heap.fired += 1);
}

#[update]
fn arm(seconds: u64) {
    ic_cdk_timers::set_timer(Duration::from_secs(seconds), async { fire() });
}

#[update]
fn arm_interval(seconds: u64) {
    ic_cdk_timers::set_timer_interval(Duration::from_secs(seconds), || async { fire() });
}

/// A timer that fires, then traps.
#[update]
fn arm_trap(seconds: u64) {
    ic_cdk_timers::set_timer(Duration::from_secs(seconds), async {
        fire();
        ic_cdk::api::trap("asked to trap in a timer");
    });
}

/// A timer that fires before and after an await.
#[update]
fn arm_await(seconds: u64) {
    ic_cdk_timers::set_timer(Duration::from_secs(seconds), async {
        fire();
        let _ = raw_rand().await;
        fire();
    });
}

#[query]
fn fired() -> u64 {
    HEAP.with_borrow(|heap| heap.fired)
}

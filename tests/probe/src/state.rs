//! The probe's state: one counter on the heap, one in stable memory.

use std::cell::RefCell;

/// The heap.
#[derive(Default)]
pub struct Heap {
    /// Counts `add`s since installation or the last upgrade.
    pub counter: u64,
    /// Held by [`Lock`].
    pub locked: bool,
    /// The events, in order.
    pub events: Vec<String>,
    /// Timers fired.
    pub fired: u64,
    /// Whether `pre_upgrade` traps.
    pub trap_in_pre_upgrade: bool,
}

thread_local! {
    /// The heap.
    pub static HEAP: RefCell<Heap> = RefCell::default();
}

/// The counter in stable memory.
pub fn stable_counter() -> u64 {
    let mut bytes = [0; 8];
    ic_cdk::stable::stable_read(0, &mut bytes);
    u64::from_le_bytes(bytes)
}

/// Sets the counter in stable memory.
pub fn set_stable_counter(value: u64) {
    ic_cdk::stable::stable_write(0, &value.to_le_bytes());
}

/// Adds to both counters.
pub fn add(n: u64) -> u64 {
    set_stable_counter(stable_counter() + n);
    HEAP.with_borrow_mut(|heap| {
        heap.counter += n;
        heap.counter
    })
}

/// Records an event.
pub fn note(event: impl Into<String>) {
    HEAP.with_borrow_mut(|heap| heap.events.push(event.into()));
}

/// A lock that is released when dropped, also in a cleanup callback.
pub struct Lock {
    /// Whether dropping it also does what a cleanup callback must not do.
    pub certify_on_drop: bool,
}

impl Lock {
    /// Takes the lock.
    pub fn take(certify_on_drop: bool) -> Self {
        HEAP.with_borrow_mut(|heap| heap.locked = true);
        Self { certify_on_drop }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        HEAP.with_borrow_mut(|heap| heap.locked = false);
        if self.certify_on_drop {
            ic_cdk::api::certified_data_set([3]);
        }
    }
}

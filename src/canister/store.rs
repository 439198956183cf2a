//! The one place that owns the state. Everything durable lives in stable memory; the heap holds handles to it.

use crate::certification;
use ic_stable_structures::DefaultMemoryImpl;
use purser_core::base::{BlockIndex, Timestamp};
use purser_core::state::{Decided, State};
use std::cell::RefCell;

/// The canister's state over its stable memory.
pub type Store = State<DefaultMemoryImpl>;

thread_local! {
    static STORE: RefCell<Option<Store>> = const { RefCell::new(None) };
}

/// The time of the current message. Not strictly monotonic; the log's own times are.
pub fn now() -> Timestamp {
    Timestamp::from_nanos(ic_cdk::api::time())
}

/// A fresh state on fresh memory; `init` only.
pub fn create() {
    STORE.set(Some(State::new(DefaultMemoryImpl::default())));
}

/// Opens the state that the previous module left; `post_upgrade` only. A trap here aborts the upgrade and loses nothing.
pub fn open() {
    let state = State::open(DefaultMemoryImpl::default()).unwrap_or_else(|error| ic_cdk::api::trap(format!("upgrade: {error}")));
    STORE.set(Some(state));
}

/// Reads the state.
///
/// # Panics
/// Inside another `read` or `commit`.
pub fn read<T>(f: impl FnOnce(&Store) -> T) -> T {
    STORE.with_borrow(|store| f(store.as_ref().expect("BUG: the state is read before it is opened")))
}

/// Lets the watch over the log take its notes, the one thing that is kept without a log entry.
///
/// # Panics
/// Inside a `read` or `commit`.
pub fn mutate_unlogged<T>(f: impl FnOnce(&mut Store) -> T) -> T {
    STORE.with_borrow_mut(|store| f(store.as_mut().expect("BUG: the state is changed before it is opened")))
}

/// Applies what was decided, appends it to the log and certifies the new tip, all in this message.
pub fn commit(decided: Decided) -> BlockIndex {
    let index = STORE.with_borrow_mut(|store| {
        let store = store.as_mut().expect("BUG: the state is changed before it is opened");
        store.commit(decided, now())
    });
    certification::refresh();
    index
}

/// Makes what was decided about a provider's API key happen and keeps the key, which is a secret and so not in what was decided.
pub fn keep_provider_key(decided: Decided, url: &str, key: Option<&str>) {
    STORE.with_borrow_mut(|store| {
        store.as_mut().expect("BUG: the state is changed before it is opened").keep_provider_key(url, key);
    });
    commit(decided);
}

/// Keeps the key that clients' metadata is hashed with. It is a secret, so nothing about it is logged.
pub fn keep_client_key(key: [u8; 32]) {
    STORE.with_borrow_mut(|store| {
        store.as_mut().expect("BUG: the state is changed before it is opened").keep_client_key(key);
    });
}

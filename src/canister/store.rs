//! The one owner of the state. Everything durable is in stable memory; the heap holds handles to it.

use crate::certification::{self, Snapshot};
use ic_stable_structures::DefaultMemoryImpl;
use purser_core::base::{BlockIndex, Timestamp};
use purser_core::state::{Decided, State};
use std::cell::RefCell;

/// The canister's state over its stable memory.
pub type Store = State<DefaultMemoryImpl>;

thread_local! {
    static STORE: RefCell<Option<Store>> = const { RefCell::new(None) };
}

/// Returns the time of the current message. Not strictly monotonic; the log's own times are.
pub fn now() -> Timestamp {
    Timestamp::from_nanos(ic_cdk::api::time())
}

/// Creates an empty state in empty memory; `init` only.
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

/// Changes the records about the verification of the log, which are kept without a log entry. A certified page shows their gist.
///
/// # Panics
/// Inside a `read` or `commit`.
pub fn mutate_unlogged<T>(f: impl FnOnce(&mut Store) -> T) -> T {
    let (result, snapshots) = STORE.with_borrow_mut(|store| {
        let store = store.as_mut().expect("BUG: the state is changed before it is opened");
        let before = Snapshot::of(store);
        (f(store), (before, Snapshot::of(store)))
    });
    let (before, after) = snapshots;
    if before != after {
        certification::certify(&after);
    }
    result
}

/// Applies a decision, appends it to the log and certifies the new tip, all in this message. Returns the index of the last block.
pub fn commit(decided: Decided) -> BlockIndex {
    let (index, snapshot) = STORE.with_borrow_mut(|store| {
        let store = store.as_mut().expect("BUG: the state is changed before it is opened");
        (store.commit(decided, now()), Snapshot::of(store))
    });
    certification::certify(&snapshot);
    index
}

/// Commits a decision about a provider's API key and stores the key. The decision is logged; the key is a secret and is not in it.
pub fn set_provider_key(decided: Decided, url: &str, key: Option<&str>) {
    STORE.with_borrow_mut(|store| {
        store.as_mut().expect("BUG: the state is changed before it is opened").set_provider_key(url, key);
    });
    commit(decided);
}

/// Stores the key that clients' metadata is hashed with. The key is a secret, so nothing is logged.
pub fn set_client_key(key: [u8; 32]) {
    STORE.with_borrow_mut(|store| {
        store.as_mut().expect("BUG: the state is changed before it is opened").set_client_key(key);
    });
}

//! The fetch of the keys that the canister needs once: the root public keys, and the key of clients' metadata.

use super::schedule::{backoff, later};
use crate::ports::ic::Ic;
use crate::ports::{Clock, Signer};
use crate::store;
use ic_cdk_timers::set_timer;
use purser_core::base::Timestamp;
use std::cell::Cell;
use std::time::Duration;

/// The time in seconds after which a fetch that has not reported has trapped.
const LEASE_SECONDS: u64 = 30;
/// The delay in seconds after the first failed fetch. Each further one is twice as long.
const RETRY_SECONDS: u64 = 2;

thread_local! {
    static FETCH: Cell<Fetch> = const { Cell::new(Fetch { due: Timestamp::from_nanos(0), failures: 0 }) };
}

/// The next fetch.
#[derive(Clone, Copy)]
struct Fetch {
    due: Timestamp,
    failures: u32,
}

/// Whether a key is missing. Starts its fetch when that is due.
pub fn fetch_if_missing(now: Timestamp) -> bool {
    let is_missing = store::read(|state| state.keys().is_none() || !state.has_client_key());
    if is_missing && now >= FETCH.get().due {
        FETCH.set(Fetch { due: later(now, LEASE_SECONDS), ..FETCH.get() });
        set_timer(Duration::ZERO, fetch());
    }
    is_missing
}

async fn fetch() {
    if let Err(problem) = fetch_missing().await {
        ic_cdk::println!("keys: {problem}");
        let failures = FETCH.get().failures;
        FETCH.set(Fetch { due: later(Ic.now(), backoff(RETRY_SECONDS, failures)), failures: failures.saturating_add(1) });
    }
}

/// Fetches the root public keys, from which every wallet is derived, and the key that clients' metadata is hashed with.
async fn fetch_missing() -> Result<(), String> {
    if store::read(|state| state.keys().is_none()) {
        let key_name = store::read(|state| state.config().key_name.clone());
        let keys = Ic.root_keys(&key_name).await.map_err(|error| error.to_string())?;
        store::commit(store::read(|state| state.decide_register_keys(keys)).map_err(|error| error.to_string())?);
    }
    if !store::read(|state| state.has_client_key()) {
        store::set_client_key(Ic.random().await.map_err(|error| error.to_string())?);
    }
    Ok(())
}

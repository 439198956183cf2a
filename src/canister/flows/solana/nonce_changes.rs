//! Used nonces that a node has shown before, by provider and nonce account.
//!
//! A record makes a proof of death come sooner, and never replaces a part of one.

use purser_core::base::{SECOND_NS, Timestamp};
use purser_core::chains::solana::{Address, Blockhash};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The time in which an observation counts, in seconds: several runs, and longer than the slot was rounded up by.
const CHANGE_SECONDS: u64 = 150;

type Changes = BTreeMap<(String, [u8; 32]), Change>;

thread_local! {
    static CHANGES: RefCell<Changes> = const { RefCell::new(BTreeMap::new()) };
}

/// An observation that the value of a nonce account is another one.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// The used value.
    used: Blockhash,
    /// The slot of the observation, rounded up.
    by_slot: u64,
    /// The time of the first observation.
    seen_at: Timestamp,
}

/// Records that a node shows a nonce value as used. Returns the lowest slot by which it has shown this lately.
///
/// The slot of the present observation was rounded up, so that no node may have reached it yet. An earlier one is reached by now.
pub(super) fn nonce_changed_by(url: &str, account: &Address, used: Blockhash, by_slot: u64, now: Timestamp) -> u64 {
    let key = (url.to_owned(), *account.as_bytes());
    CHANGES.with_borrow_mut(|all| {
        let is_recent = |known: &&mut Change| known.used == used && now.nanos_since(known.seen_at) < CHANGE_SECONDS * SECOND_NS;
        if let Some(known) = all.get_mut(&key).filter(is_recent) {
            known.by_slot = known.by_slot.min(by_slot);
            return known.by_slot;
        }
        all.insert(key, Change { used, by_slot, seen_at: now });
        by_slot
    })
}

/// Forgets a node's earlier observation, because it now shows the value as unused.
pub(super) fn nonce_unchanged(url: &str, account: &Address) {
    CHANGES.with_borrow_mut(|all| all.remove(&(url.to_owned(), *account.as_bytes())));
}

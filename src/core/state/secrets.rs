//! Secrets, which no event holds: the key of clients' metadata here, and the API keys of providers beside the chains.
//!
//! The log is public, so a secret is stored without an event, and the digest leaves it out. A state that was replayed from its log needs
//! its secrets anew.

use super::State;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Whether the key that clients' metadata is hashed with is stored.
    pub fn has_client_key(&self) -> bool {
        self.tables.client_key().is_some()
    }

    /// Stores the key that clients' metadata is hashed with, unless one is stored already.
    ///
    /// Another key would make earlier hashes incomparable.
    pub fn set_client_key(&mut self, key: [u8; 32]) {
        if self.tables.client_key().is_none() {
            self.tables.set_client_key(key);
        }
    }
}

//! API keys of Solana's providers.

use crate::state::State;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns the API key of a provider. Only the URL of an outcall may contain it.
    pub fn provider_key(&self, url: &str) -> Option<String> {
        self.tables.chains.solana.provider_key(url)
    }

    /// Stores or removes the API key of a provider, as [`State::decide_provider_key`] allowed it.
    pub fn set_provider_key(&mut self, url: &str, key: Option<&str>) {
        self.tables.chains.solana.set_provider_key(url, key);
    }
}

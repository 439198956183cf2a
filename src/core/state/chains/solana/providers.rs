//! Decisions about providers of Solana: the chain they are pinned to, and their API keys.

use crate::access::Role;
use crate::base::Bytes;
use crate::chains::providers::KEY_PLACEHOLDER;
use crate::chains::registry::ChainEvent;
use crate::chains::solana::transfer::SolanaEvent;
use crate::event::Event;
use crate::state::refusal::invalid;
use crate::state::{Decided, Refusal, State};
use candid::Principal;
use ic_stable_structures::Memory;

/// The shortest API key, in bytes. A shorter one could be found by accident in texts from which keys are removed.
const MIN_KEY_BYTES: usize = 8;
/// The longest API key, in bytes.
const MAX_KEY_BYTES: usize = 256;

impl<M: Memory> State<M> {
    /// Decides to pin a provider to the chain that it serves.
    ///
    /// # Errors
    /// When the provider is pinned already.
    pub fn decide_pin_provider(&self, url: String, genesis: [u8; 32]) -> Result<Decided, Refusal> {
        if self.provider_genesis(&url).is_some() {
            return Err(Refusal::AlreadySo { what: "the provider is pinned" });
        }
        Ok(Decided::by_canister(event(SolanaEvent::ProviderPinned { url, genesis: Bytes::new(genesis) })))
    }

    /// Decides an admin's command to replace or remove the API key of a provider.
    ///
    /// The decision does not hold the key; the caller of this function stores it with [`State::set_provider_key`].
    ///
    /// # Errors
    /// When the caller is no admin, no such provider takes a key, the key has a wrong length or character, or there is no key to remove.
    pub fn decide_provider_key(&self, caller: Principal, url: &str, key: Option<&str>) -> Result<Decided, Refusal> {
        self.require_role(caller, Role::Admin)?;
        let present = match key {
            Some(key) => {
                self.check_provider_key(url, key)?;
                true
            }
            None if self.provider_key(url).is_none() => return Err(Refusal::AlreadySo { what: "the provider has no key" }),
            None => false,
        };
        Ok(Decided::by_caller(caller, event(SolanaEvent::ProviderKeySet { url: url.to_owned(), present })))
    }

    fn check_provider_key(&self, url: &str, key: &str) -> Result<(), Refusal> {
        if !url.contains(KEY_PLACEHOLDER) || !self.config().chains.names_provider(url) {
            return Err(invalid("url", format!("no provider with {KEY_PLACEHOLDER} in it is configured like this")));
        }
        // Only characters that stand for themselves in a URL, so that the key cannot change its host or path.
        let plain = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.', '~'].contains(&c);
        if !(MIN_KEY_BYTES..=MAX_KEY_BYTES).contains(&key.len()) || !key.chars().all(plain) {
            let problem = format!("{MIN_KEY_BYTES} to {MAX_KEY_BYTES} letters, digits, and any of - _ . ~");
            return Err(invalid("key", problem));
        }
        Ok(())
    }
}

const fn event(event: SolanaEvent) -> Event {
    Event::Chain(ChainEvent::Solana(event))
}

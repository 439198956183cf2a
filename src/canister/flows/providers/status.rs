//! The providers of a chain, as the interface lists them.

use super::api::ProviderApi;
use super::health::{Health, health};
use ic_stable_structures::Memory;
use purser_core::base::Chain;
use purser_core::state::State;

/// A configured provider with its health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderStatus {
    /// The chain.
    pub chain: Chain,
    /// The URL or canister, as it is configured: with the placeholder in place of an API key.
    pub name: String,
    /// Whether an API key is stored for it.
    pub has_key: bool,
    /// The health since the canister started or was upgraded.
    pub health: Health,
    /// More about it, for people.
    pub details: Option<String>,
}

/// The configured providers of a chain, in order of preference.
pub(in crate::flows) fn list<A: ProviderApi>(state: &State<impl Memory>) -> Vec<ProviderStatus> {
    let status = |name: &String| ProviderStatus {
        chain: A::CHAIN,
        name: name.clone(),
        has_key: state.provider_key(name).is_some(),
        health: health(A::CHAIN, name),
        details: A::details(state, name),
    };
    state.config().chains.of(A::CHAIN).providers().iter().map(status).collect()
}

//! Providers of the chains: their API keys, and their health.

use crate::flows::{self, ProviderStatus};
use crate::store;
use ic_cdk::api::msg_caller;
use purser_types::{Chain, Error, Provider};

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn set_provider_key(url: String, key: Option<String>) -> Result<(), Error> {
    let decided = store::read(|state| state.decide_provider_key(msg_caller(), &url, key.as_deref()))?;
    store::set_provider_key(decided, &url, key.as_deref());
    Ok(())
}

#[ic_cdk::query]
fn list_providers() -> Vec<Provider> {
    store::read(flows::list_providers).into_iter().map(provider).collect()
}

/// Returns a provider as the answer shows it.
fn provider(status: ProviderStatus) -> Provider {
    let ProviderStatus { chain, name, has_key, health, details } = status;
    let resting_until = health.resting_until().nanos();
    Provider {
        chain: Chain::from(chain).into(),
        url: name,
        has_key,
        answers: health.answers,
        failures: health.failures,
        latency_ns: health.latency_ns,
        last_problem: health.last_problem,
        resting_until: (resting_until > 0).then_some(resting_until),
        details,
    }
}

//! Providers: the nodes and services through which the canister sees the chains.

use crate::chain::Chain;
use crate::named::Named;
use candid::CandidType;
use serde::{Deserialize, Serialize};

/// A configured provider, with what was counted since the last installation or upgrade.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Provider {
    /// The chain that the provider serves.
    pub chain: Named<Chain>,
    /// The provider's address, with `{key}` in the place of an API key.
    pub url: String,
    /// Whether the API key is set.
    pub has_key: bool,
    /// The number of answers with a result.
    pub answers: u64,
    /// The number of calls without a result.
    pub failures: u64,
    /// The latency of the last answer, in nanoseconds.
    pub latency_ns: u64,
    /// The problem of the last call without a result, without the API key; it stays when the provider answers again.
    pub last_problem: Option<String>,
    /// The end of its back-off, in nanoseconds since 1970. Until then it is asked only if no other provider can be.
    pub resting_until: Option<u64>,
    /// The text of what else is known of the provider.
    ///
    /// For Solana it is `genesis` and the hash that the provider serves; absent until it has shown that.
    pub details: Option<String>,
}

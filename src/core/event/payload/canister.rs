//! Payloads about the canister as a whole.

use crate::base::{Bytes, Chain, Timestamp, WalletId};
use crate::governance::config::Config;
use crate::policy::Mode;
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The payload of [`Event::Upgraded`](crate::event::Event::Upgraded).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgraded {
    /// The version of the new module.
    pub version: String,
    /// The configuration from now on, when the upgrade changed it.
    pub config: Option<Box<Config>>,
}

/// The payload of [`Event::ModeChanged`](crate::event::Event::ModeChanged).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModeChanged {
    /// The mode from now on.
    pub mode: Mode,
    /// The reason, for people.
    pub reason: String,
}

/// The payload of [`Event::ChainBreakerOpened`](crate::event::Event::ChainBreakerOpened).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainBreakerOpened {
    /// The chain.
    pub chain: Chain,
    /// The time at which the breaker closes.
    pub until: Timestamp,
    /// The last failure of a provider, for people.
    pub note: String,
}

/// The payload of [`Event::ClientSeen`](crate::event::Event::ClientSeen).
///
/// Addresses and fingerprints are few enough to be guessed from a plain hash, so they are hashed with a key that only the canister has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSeen {
    /// The principal who used the client.
    pub principal: Principal,
    /// Whether the client let the principal in.
    pub success: bool,
    /// The wallet that the client was used for.
    pub wallet: Option<WalletId>,
    /// The HMAC-SHA256 of the network address.
    pub address_hmac: Option<Bytes>,
    /// The HMAC-SHA256 of the device's fingerprint.
    pub device_hmac: Option<Bytes>,
}

//! Configuration of a chain, as the rest of the domain asks for it.

use crate::base::{Amount, Asset};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The configuration of a chain: how it is reached, and what its transfers may cost.
pub trait ChainConfig {
    /// Returns the name of the network in derivation paths. Frozen: another name means other addresses.
    fn network_name(&self) -> &'static str;

    /// Returns the name of the network's field in the init argument.
    fn network_field(&self) -> &'static str;

    /// Whether the coins of the network are money.
    fn is_mainnet(&self) -> bool;

    /// Returns the providers, in order of preference.
    fn providers(&self) -> &[String];

    /// Returns the number of providers that must give the same answer where money depends on it; see [`quorum`](super::providers::quorum).
    fn quorum(&self) -> usize;

    /// Returns the execution gate.
    fn execution(&self) -> Execution;

    /// Returns the fee cap of one transaction to a number of recipients, in base units of the native asset.
    ///
    /// Where recipients may need accounts, the cap contains their rent.
    fn fee_cap(&self, asset: Asset, recipients: usize) -> Amount;

    /// Checks every field.
    ///
    /// # Errors
    /// When a field cannot be accepted: the first such field, with the values that would be accepted.
    fn validate(&self) -> Result<(), ConfigError>;
}

/// The execution gate: whether transfers on a chain are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// Transfers are built and end before the signature. Nothing is reserved and nothing counts against limits.
    Simulate,
    /// Transfers are carried out.
    Live,
}

impl Execution {
    /// Returns the execution gate of a network when the installer names none: `Simulate` on a mainnet, `Live` elsewhere.
    ///
    /// So real money moves only after an explicit choice.
    pub const fn default_of(is_mainnet: bool) -> Self {
        if is_mainnet { Self::Simulate } else { Self::Live }
    }
}

/// A field of a configuration that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The name of the field in the init argument, for example `kaspa.providers`.
    pub field: &'static str,
    /// The problem, with the values that would be accepted.
    pub problem: String,
}

impl ConfigError {
    /// Makes the error of a field.
    pub fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

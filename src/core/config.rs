//! What an operator decides at installation, checked before anything is stored.

use crate::chains::kaspa::{FLOOR_SOMPI_PER_GRAM, MINIMUM_TRANSFER_FEE, Network as KaspaNetwork};
use crate::chains::solana::{Cluster, LAMPORTS_PER_SIGNATURE};
use crate::primitives::{Amount, Chain};
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The threshold keys that live on production subnets.
pub const PRODUCTION_KEY_NAMES: [&str; 1] = ["key_1"];
/// Keys that anyone can sign with on a test network, or that carry no availability promise.
pub const TEST_KEY_NAMES: [&str; 2] = ["test_key_1", "dfx_test_key"];
/// The most providers one chain may name.
pub const MAX_PROVIDERS: usize = 8;
/// The longest provider address, in bytes.
pub const MAX_PROVIDER_URL_BYTES: usize = 512;
/// The fewest providers of a chain whose coins are worth stealing: one that lies alone is found out by the others.
pub const MIN_MAINNET_PROVIDERS: usize = 2;
/// The most confirmations that may be demanded: some hours of Kaspa's blue score. More would never be reached in practice.
pub const MAX_CONFIRMATIONS: u64 = 100_000;
/// The most principals one role may be given at installation.
pub const MAX_INITIAL_PRINCIPALS: usize = 64;

/// Everything the installer decides. Fixed for the life of the canister unless an upgrade names the field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Principals that administer the canister from the start.
    pub admins: Vec<Principal>,
    /// Principals that may start an emergency from the start.
    pub guardians: Vec<Principal>,
    /// The name of the threshold keys. Frozen: another name means other addresses (trap T96).
    pub key_name: String,
    /// How Solana is reached.
    pub solana: SolanaConfig,
    /// How Kaspa is reached.
    pub kaspa: KaspaConfig,
}

/// How Solana is reached and what a transfer may cost there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaConfig {
    /// The cluster; frozen, because it is part of the derivation path.
    pub network: Cluster,
    /// JSON-RPC endpoints, in order of preference.
    pub providers: Vec<String>,
    /// The most a transfer may pay in fees, in lamports, unless the request asks for less.
    pub max_fee: Amount,
}

/// How Kaspa is reached and what a transfer may cost there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KaspaConfig {
    /// The network; frozen, because it is part of the derivation path.
    pub network: KaspaNetwork,
    /// REST endpoints, in order of preference.
    pub providers: Vec<String>,
    /// The most a transfer may pay in fees, in sompi, unless the request asks for less.
    pub max_fee: Amount,
    /// The fee rate transfers aim for, in sompi per gram of mass; never under the network's floor.
    pub feerate: u64,
    /// How far the accepting block must lie under the tip, in blue score, before a transfer counts as confirmed.
    pub confirmations: u64,
}

/// A field of [`Config`] that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The field as it is called in the init argument, for example `kaspa.providers`.
    pub field: &'static str,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl Config {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that cannot be accepted, with what would be right.
    pub fn validate(&self) -> Result<(), ConfigError> {
        principals("admins", &self.admins)?;
        principals("guardians", &self.guardians)?;
        if self.admins.is_empty() {
            return Err(error("admins", "at least one principal is needed, or nobody could set a policy"));
        }
        self.validate_key_name()?;
        let (solana, kaspa) = (&self.solana, &self.kaspa);
        providers("solana.providers", &solana.providers, solana.network == Cluster::Local)?;
        providers("kaspa.providers", &kaspa.providers, kaspa.network == KaspaNetwork::Simnet)?;
        corroborated("solana.providers", &solana.providers, solana.network == Cluster::Mainnet)?;
        corroborated("kaspa.providers", &kaspa.providers, kaspa.network == KaspaNetwork::Mainnet)?;
        if self.solana.max_fee < Amount::new(LAMPORTS_PER_SIGNATURE) {
            return Err(error("solana.max_fee", "a transfer costs at least 5000 lamports"));
        }
        if self.kaspa.max_fee < Amount::new(MINIMUM_TRANSFER_FEE) {
            return Err(error("kaspa.max_fee", "a transfer with one input and two outputs costs at least 205800 sompi"));
        }
        if self.kaspa.feerate < FLOOR_SOMPI_PER_GRAM {
            return Err(error("kaspa.feerate", "nodes relay nothing under 100 sompi per gram"));
        }
        if self.kaspa.confirmations == 0 {
            return Err(error("kaspa.confirmations", "at least 1; acceptance in a block alone can be reversed"));
        }
        if self.kaspa.confirmations > MAX_CONFIRMATIONS {
            return Err(error("kaspa.confirmations", format!("at most {MAX_CONFIRMATIONS}; a transfer would not end in time")));
        }
        Ok(())
    }

    /// The network of a chain as it stands in derivation paths. Never changed: another name means other addresses.
    pub const fn path_name(&self, chain: Chain) -> &'static str {
        match chain {
            Chain::Solana => self.solana.network.name(),
            Chain::Kaspa => self.kaspa.network.name(),
        }
    }

    fn validate_key_name(&self) -> Result<(), ConfigError> {
        let known = PRODUCTION_KEY_NAMES.iter().chain(&TEST_KEY_NAMES).any(|name| *name == self.key_name);
        if !known {
            return Err(error("key_name", "must be key_1, test_key_1 or dfx_test_key"));
        }
        let mainnet = self.solana.network == Cluster::Mainnet || self.kaspa.network == KaspaNetwork::Mainnet;
        if mainnet && TEST_KEY_NAMES.contains(&self.key_name.as_str()) {
            return Err(error("key_name", "a test key must not hold mainnet funds; use key_1"));
        }
        Ok(())
    }
}

fn error(field: &'static str, problem: impl Into<String>) -> ConfigError {
    ConfigError { field, problem: problem.into() }
}

fn principals(field: &'static str, principals: &[Principal]) -> Result<(), ConfigError> {
    if principals.contains(&Principal::anonymous()) {
        return Err(error(field, "the anonymous principal is everybody and can hold no role"));
    }
    if principals.len() > MAX_INITIAL_PRINCIPALS {
        return Err(error(field, format!("at most {MAX_INITIAL_PRINCIPALS} principals")));
    }
    Ok(())
}

fn providers(field: &'static str, urls: &[String], is_local: bool) -> Result<(), ConfigError> {
    if urls.is_empty() || urls.len() > MAX_PROVIDERS {
        return Err(error(field, format!("between 1 and {MAX_PROVIDERS} endpoints are needed")));
    }
    for (index, url) in urls.iter().enumerate() {
        if url.len() > MAX_PROVIDER_URL_BYTES {
            return Err(error(field, format!("an endpoint is longer than {MAX_PROVIDER_URL_BYTES} bytes")));
        }
        if urls[..index].iter().any(|earlier| earlier.eq_ignore_ascii_case(url)) {
            return Err(error(field, format!("{url} is named twice")));
        }
        let loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].iter().any(|prefix| url.starts_with(prefix));
        if !(url.starts_with("https://") || (is_local && loopback)) {
            return Err(error(field, "endpoints start with https:// (a local network may use http:// on loopback)"));
        }
        if url.ends_with('/') || url.contains(char::is_whitespace) || !url.is_ascii() {
            return Err(error(field, "an endpoint is plain ASCII without spaces and without a trailing slash"));
        }
    }
    Ok(())
}

fn corroborated(field: &'static str, urls: &[String], is_mainnet: bool) -> Result<(), ConfigError> {
    if is_mainnet && urls.len() < MIN_MAINNET_PROVIDERS {
        return Err(error(field, "one provider's word is no proof; name at least two"));
    }
    Ok(())
}

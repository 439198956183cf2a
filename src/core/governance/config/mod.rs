//! What an operator decides at installation, checked before anything is stored.

mod solana;

pub use solana::{CANISTER_PREFIX, KEY_PLACEHOLDER, SolanaConfig, SolanaOptions, provider_canister};

use crate::base::{Amount, Asset, Chain};
use crate::chains::kaspa::money::Kas;
use crate::chains::kaspa::{FLOOR_SOMPI_PER_GRAM, MINIMUM_TRANSFER_FEE, Network as KaspaNetwork};
use crate::chains::solana::Cluster;
use crate::transfer::solana::Execution;
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
/// How many Kaspa providers must say the same when the installer does not say.
pub const DEFAULT_AGREEMENT: u32 = 2;
/// The highest Kaspa fee rate when the installer names none, in sompi per gram: ten times what a quiet network asks for.
pub const DEFAULT_MAX_FEERATE: u64 = 1_000;
/// The most sompi that a transfer may ever be allowed to pay in fees: one KAS, whatever is installed or asked for. At the network's
/// floor a transaction of the size that a block takes costs half of it.
pub const MAX_KASPA_MAX_FEE: u64 = 100_000_000;
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

/// How Kaspa is reached and what a transfer may cost there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KaspaConfig {
    /// The network; frozen, because it is part of the derivation path.
    pub network: KaspaNetwork,
    /// REST endpoints, in order of preference.
    pub providers: Vec<String>,
    /// The most a transfer may pay in fees, in sompi, unless the request asks for less; at most [`MAX_KASPA_MAX_FEE`].
    pub max_fee: Amount,
    /// The least fee rate that transfers pay, in sompi per gram of mass; never under the network's floor.
    pub feerate: u64,
    /// How far the accepting block must lie under the tip, in blue score, before a transfer counts as confirmed.
    pub confirmations: u64,
    /// The highest fee rate, in sompi per gram, whatever a provider suggests; [`DEFAULT_MAX_FEERATE`], or `feerate` when that is more,
    /// when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_feerate: Option<u64>,
    /// How many providers must say the same about coins and acceptance; [`DEFAULT_AGREEMENT`] when absent, or all when there are fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<u32>,
    /// A threshold key with more coins than this has them made fewer by the canister itself, while the network is quiet; never when it is 0
    /// or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consolidate_above: Option<u32>,
}

impl KaspaConfig {
    /// How many providers must say the same: at least one and no more than there are.
    pub fn agreement(&self) -> usize {
        let wanted = self.agreement.unwrap_or(DEFAULT_AGREEMENT) as usize;
        wanted.clamp(1, self.providers.len().max(1))
    }

    /// The highest fee rate, in sompi per gram.
    pub fn max_feerate(&self) -> u64 {
        self.max_feerate.unwrap_or(DEFAULT_MAX_FEERATE).max(self.feerate)
    }
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
        solana.validate()?;
        providers("kaspa.providers", &kaspa.providers, |url| is_endpoint(url, kaspa.network == KaspaNetwork::Simnet))?;
        require_second_provider("kaspa.providers", &kaspa.providers, kaspa.network == KaspaNetwork::Mainnet)?;
        validate_max_fee(self.kaspa.max_fee)?;
        if self.kaspa.feerate < FLOOR_SOMPI_PER_GRAM {
            return Err(error("kaspa.feerate", "nodes relay nothing under 100 sompi per gram"));
        }
        if self.kaspa.max_feerate.is_some_and(|most| most < self.kaspa.feerate) {
            return Err(error("kaspa.max_feerate", "not under kaspa.feerate, which transfers pay at least"));
        }
        validate_agreement(&self.kaspa)?;
        if self.kaspa.confirmations == 0 {
            return Err(error("kaspa.confirmations", "at least 1; acceptance in a block alone can be reversed"));
        }
        if self.kaspa.confirmations > MAX_CONFIRMATIONS {
            return Err(error("kaspa.confirmations", format!("at most {MAX_CONFIRMATIONS}; a transfer would not end in time")));
        }
        Ok(())
    }

    /// The most that a transfer of an asset may cost, in base units of the chain's coin: its fee, and for tokens the rent of the
    /// recipient's account.
    pub fn fee_cap(&self, asset: Asset) -> Amount {
        self.fee_cap_of(asset, 1)
    }

    /// The most that one transaction may cost that pays so many recipients: each may need a token account.
    pub fn fee_cap_of(&self, asset: Asset, recipients: usize) -> Amount {
        match asset {
            Asset::Kas => self.kaspa.max_fee,
            Asset::Sol => self.solana.max_fee,
            Asset::Spl { .. } => self.solana.max_token_fee(recipients),
        }
    }

    /// Whether transfers on a chain are carried out.
    pub fn execution(&self, chain: Chain) -> Execution {
        match chain {
            Chain::Solana => self.solana.execution(),
            Chain::Kaspa => Execution::Live,
        }
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

/// Whether an address starts as an endpoint may.
fn is_endpoint(url: &str, is_local: bool) -> bool {
    let loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].iter().any(|prefix| url.starts_with(prefix));
    url.starts_with("https://") || (is_local && loopback)
}

fn providers(field: &'static str, urls: &[String], is_known: impl Fn(&str) -> bool) -> Result<(), ConfigError> {
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
        if !is_known(url) {
            return Err(error(field, "endpoints start with https:// (a local network may use http:// on loopback)"));
        }
        if url.ends_with('/') || url.contains(char::is_whitespace) || !url.is_ascii() {
            return Err(error(field, "an endpoint is plain ASCII without spaces and without a trailing slash"));
        }
    }
    Ok(())
}

fn validate_max_fee(max_fee: Amount) -> Result<(), ConfigError> {
    let (least, most) = (Amount::new(MINIMUM_TRANSFER_FEE), Amount::new(MAX_KASPA_MAX_FEE));
    if max_fee < least {
        return Err(error("kaspa.max_fee", format!("a transfer with one input and two outputs costs at least {}", Kas(least))));
    }
    if max_fee > most {
        return Err(error("kaspa.max_fee", format!("{} are more than any transfer may pay: at most {}", Kas(max_fee), Kas(most))));
    }
    Ok(())
}

fn validate_agreement(kaspa: &KaspaConfig) -> Result<(), ConfigError> {
    let field = "kaspa.agreement";
    let Some(agreement) = kaspa.agreement else { return Ok(()) };
    if agreement == 0 || agreement as usize > kaspa.providers.len() {
        return Err(error(field, "between 1 and the number of providers"));
    }
    if kaspa.network == KaspaNetwork::Mainnet && (agreement as usize) < MIN_MAINNET_PROVIDERS {
        return Err(error(field, "one provider's word is no proof; at least two must agree"));
    }
    Ok(())
}

fn require_second_provider(field: &'static str, urls: &[String], is_mainnet: bool) -> Result<(), ConfigError> {
    if is_mainnet && urls.len() < MIN_MAINNET_PROVIDERS {
        return Err(error(field, "one provider's word is no proof; name at least two"));
    }
    Ok(())
}

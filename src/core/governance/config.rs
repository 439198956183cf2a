//! Configuration of an installation, checked before it is stored.

use crate::base::{Amount, Asset, Chain};
use crate::chains::config::{ConfigError, Execution};
use crate::chains::configs::ChainConfigs;
use crate::governance::Recovery;
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The names of threshold keys on production subnets.
pub const PRODUCTION_KEY_NAMES: [&str; 1] = ["key_1"];
/// The names of threshold keys that a test network shares, or that carry no promise of availability.
pub const TEST_KEY_NAMES: [&str; 2] = ["test_key_1", "dfx_test_key"];
/// The most principals of one role at installation.
pub const MAX_INITIAL_PRINCIPALS: usize = 64;

/// The configuration that the installer decides. Only an upgrade changes it, and only the fields that it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The first admins.
    pub admins: Vec<Principal>,
    /// The first guardians.
    pub guardians: Vec<Principal>,
    /// The name of the threshold keys. Fixed at installation: another name means other keys, and so other addresses.
    pub key_name: String,
    /// The recovery of the role Admin, if there is one.
    pub recovery: Option<Recovery>,
    /// The configurations of the chains.
    pub chains: ChainConfigs,
}

impl Config {
    /// Checks every field.
    ///
    /// # Errors
    /// When a field cannot be accepted: the first such field, with the values that would be accepted.
    pub fn validate(&self) -> Result<(), ConfigError> {
        validate_principals("admins", &self.admins)?;
        validate_principals("guardians", &self.guardians)?;
        if self.admins.is_empty() {
            return Err(ConfigError::new("admins", "at least one principal is needed, or nobody could set a policy"));
        }
        if let Some(recovery) = &self.recovery {
            recovery.validate(&self.admins)?;
        }
        self.validate_key_name()?;
        self.chains.validate()
    }

    /// Returns the fee cap of a transfer of an asset, in base units of the native asset.
    ///
    /// The cap of a token includes the rent of one recipient's token account.
    pub fn fee_cap(&self, asset: Asset) -> Amount {
        self.batch_fee_cap(asset, 1)
    }

    /// Returns the fee cap of one transaction to a number of recipients, each of whom may need a token account.
    pub fn batch_fee_cap(&self, asset: Asset, recipients: usize) -> Amount {
        self.chains.of(asset.chain()).fee_cap(asset, recipients)
    }

    /// Returns whether transfers on a chain are carried out.
    pub fn execution(&self, chain: Chain) -> Execution {
        self.chains.of(chain).execution()
    }

    /// Returns the name of a chain's network in derivation paths. Frozen: another name means other addresses.
    pub fn path_name(&self, chain: Chain) -> &'static str {
        self.chains.of(chain).network_name()
    }

    fn validate_key_name(&self) -> Result<(), ConfigError> {
        let known = PRODUCTION_KEY_NAMES.iter().chain(&TEST_KEY_NAMES).any(|name| *name == self.key_name);
        if !known {
            return Err(ConfigError::new("key_name", "must be key_1, test_key_1 or dfx_test_key"));
        }
        if self.chains.has_mainnet() && TEST_KEY_NAMES.contains(&self.key_name.as_str()) {
            return Err(ConfigError::new("key_name", "a test key must not hold mainnet funds; use key_1"));
        }
        Ok(())
    }
}

fn validate_principals(field: &'static str, principals: &[Principal]) -> Result<(), ConfigError> {
    if principals.contains(&Principal::anonymous()) {
        return Err(ConfigError::new(field, "the anonymous principal is everybody and can hold no role"));
    }
    if principals.len() > MAX_INITIAL_PRINCIPALS {
        return Err(ConfigError::new(field, format!("at most {MAX_INITIAL_PRINCIPALS} principals")));
    }
    Ok(())
}

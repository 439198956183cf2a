//! Configuration of Solana: cluster, providers, quorum and fees.

use super::cluster::Cluster;
use super::plan::LAMPORTS_PER_SIGNATURE;
use crate::base::{Amount, Asset, Bytes};
use crate::chains::config::{ChainConfig, ConfigError, Execution};
use crate::chains::providers::{is_endpoint, quorum, require_second_provider, validate_providers, validate_quorum};
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The beginning of the provider that stands for DFINITY's SOL RPC canister; its principal follows.
pub const CANISTER_PREFIX: &str = "canister:";
/// The rent cap of a token account when the installer names none, in lamports: the rent of the largest account created, before 2026.
///
/// Rent has only fallen since.
const DEFAULT_MAX_RENT: Amount = Amount::new(2_162_600);
/// The price cap on the mainnet when the installer names none, in millionths of a lamport per compute unit.
const DEFAULT_MAINNET_UNIT_PRICE: u64 = 100_000;

/// The configuration of Solana: how it is reached, and what a transfer may cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaConfig {
    /// The cluster. Fixed at installation, because it is part of the derivation path.
    pub network: Cluster,
    /// The URLs of JSON-RPC nodes, in order of preference; the SOL RPC canister as [`CANISTER_PREFIX`] and its principal.
    pub providers: Vec<String>,
    /// The fee cap of a transfer whose request names none, in lamports.
    pub max_fee: Amount,
    /// The number of nodes that must agree on every answer that decides about money; see [`quorum`].
    pub quorum: Option<u32>,
    /// The execution gate; see [`Execution::default_of`].
    pub execution: Option<Execution>,
    /// The highest price offered per compute unit, in millionths of a lamport.
    pub max_unit_price: Option<u64>,
    /// The highest rent paid for a recipient's token account, in lamports.
    pub max_rent: Option<Amount>,
    /// The genesis hash of a local cluster, 32 bytes.
    pub genesis: Option<Bytes>,
}

impl SolanaConfig {
    /// Returns the highest price offered per compute unit, in millionths of a lamport.
    ///
    /// The default off the mainnet is 0, which offers nothing.
    pub fn max_unit_price(&self) -> u64 {
        let default = if self.is_mainnet() { DEFAULT_MAINNET_UNIT_PRICE } else { 0 };
        self.max_unit_price.unwrap_or(default)
    }

    /// Returns the highest rent paid for a recipient's token account, in lamports.
    pub fn max_rent(&self) -> Amount {
        self.max_rent.unwrap_or(DEFAULT_MAX_RENT)
    }

    /// Returns the fee cap of a transfer of tokens, in lamports, with the rent of the recipients' token accounts.
    pub fn max_token_fee(&self, recipients: usize) -> Amount {
        Amount::checked_sum(std::iter::repeat_n(self.max_rent(), recipients).chain([self.max_fee])).unwrap_or(Amount::MAX)
    }

    /// Returns the genesis hash of a local cluster, if the installer named it.
    pub fn genesis(&self) -> Option<&[u8]> {
        self.genesis.as_deref()
    }

    /// Returns the providers that are nodes, which answer every request.
    ///
    /// Only they count for the quorum: the SOL RPC canister cannot prove that a transaction is dead.
    pub fn nodes(&self) -> Vec<String> {
        self.providers.iter().filter(|name| !name.starts_with(CANISTER_PREFIX)).cloned().collect()
    }

    fn validate_endpoints(&self) -> Result<(), ConfigError> {
        let field = "solana.providers";
        let nodes = self.nodes();
        let canisters = self.providers.iter().filter(|name| name.starts_with(CANISTER_PREFIX));
        canisters.clone().try_for_each(|name| self.validate_canister(name))?;
        if nodes.is_empty() && canisters.count() > 0 {
            let problem = "the SOL RPC canister alone cannot prove that a transaction is dead; name a node too";
            return Err(ConfigError::new(field, problem));
        }
        validate_providers(field, &self.providers, |name| {
            name.starts_with(CANISTER_PREFIX) || is_endpoint(name, self.network == Cluster::Local)
        })?;
        require_second_provider(field, nodes.len(), self.is_mainnet())?;
        validate_quorum("solana.quorum", self.quorum, nodes.len(), self.is_mainnet())
    }

    fn validate_canister(&self, name: &str) -> Result<(), ConfigError> {
        let field = "solana.providers";
        let usable = |principal: &Principal| ![Principal::anonymous(), Principal::management_canister()].contains(principal);
        if provider_canister(name).filter(usable).is_none() {
            let right = format!("{CANISTER_PREFIX}tghme-zyaaa-aaaar-qarca-cai");
            return Err(ConfigError::new(field, format!("{name} names no canister; right would be {right}")));
        }
        if self.network == Cluster::Testnet {
            return Err(ConfigError::new(field, "the SOL RPC canister has no providers for the testnet"));
        }
        Ok(())
    }

    fn validate_genesis(&self) -> Result<(), ConfigError> {
        let problem = match self.genesis() {
            Some(hash) if hash.len() != 32 => "a genesis hash has 32 bytes",
            Some(_) if self.network != Cluster::Local => "the public clusters' genesis is known",
            _ => return Ok(()),
        };
        Err(ConfigError::new("solana.genesis", problem))
    }
}

impl ChainConfig for SolanaConfig {
    fn network_name(&self) -> &'static str {
        self.network.name()
    }

    fn network_field(&self) -> &'static str {
        "solana.network"
    }

    fn is_mainnet(&self) -> bool {
        self.network == Cluster::Mainnet
    }

    fn providers(&self) -> &[String] {
        &self.providers
    }

    fn quorum(&self) -> usize {
        quorum(self.quorum, self.nodes().len())
    }

    fn execution(&self) -> Execution {
        self.execution.unwrap_or(Execution::default_of(self.is_mainnet()))
    }

    fn fee_cap(&self, asset: Asset, recipients: usize) -> Amount {
        if asset.mint().is_some() { self.max_token_fee(recipients) } else { self.max_fee }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.validate_endpoints()?;
        if self.max_fee < Amount::new(LAMPORTS_PER_SIGNATURE) {
            return Err(ConfigError::new("solana.max_fee", "a transfer costs at least 0.000005 SOL (5,000 lamports)"));
        }
        self.validate_genesis()
    }
}

/// Returns the SOL RPC canister that a provider stands for; `None` for a node or a malformed principal.
///
/// The text is decoded here and not by `Principal::from_text`, whose decoder for every alphabet would add 48 kB to the module. The
/// result is encoded again and compared, so only the canonical text of a principal is accepted, with its checksum and dashes.
pub fn provider_canister(name: &str) -> Option<Principal> {
    let text = name.strip_prefix(CANISTER_PREFIX)?;
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for character in text.bytes().filter(|character| *character != b'-') {
        let digit = match character {
            b'a'..=b'z' => character - b'a',
            b'2'..=b'7' => character - b'2' + 26,
            _ => return None,
        };
        (bits, count) = (bits << 5 | u32::from(digit), count + 5);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // The first four are the checksum.
    let principal = Principal::try_from_slice(bytes.get(4..)?).ok()?;
    (principal.to_text() == text).then_some(principal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_one_text_of_a_principal_names_a_canister() {
        let right = "canister:tghme-zyaaa-aaaar-qarca-cai";
        assert_eq!(provider_canister(right).map(|principal| principal.to_text()), Some("tghme-zyaaa-aaaar-qarca-cai".to_owned()));
        for wrong in [
            "tghme-zyaaa-aaaar-qarca-cai",
            "canister:",
            "canister:-",
            "canister:aa",
            "canister:tghme-zyaaa-aaaar-qarca-caj",
            "canister:tghme-zyaaa-aaaar-qarca-ca",
            "canister:tghmezyaaaaaaarqarcacai",
            "canister:TGHME-zyaaa-aaaar-qarca-cai",
            "canister:tghme-zyaaa-aaaar-qarca-cai ",
            "canister:1ghme-zyaaa-aaaar-qarca-cai",
        ] {
            assert_eq!(provider_canister(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_principal_is_read_as_it_is_written(bytes in prop::collection::vec(any::<u8>(), 0..=29)) {
            let principal = Principal::from_slice(&bytes);
            prop_assert_eq!(provider_canister(&format!("canister:{principal}")), Some(principal));
        }

        #[test]
        fn it_agrees_with_the_library(text in "[a-z2-7-]{0,40}") {
            let canonical = Principal::from_text(&text).ok().filter(|principal| principal.to_text() == text);
            prop_assert_eq!(provider_canister(&format!("canister:{text}")), canonical);
        }
    }
}

//! The dispatch over chains: what only one chain has, from and to the domain.

use super::mint::parse_mint;
use super::{kaspa_address, solana_address};
use crate::chain::{Asset, PaymentParams, PublicKey, TransferDetails, TransferParams};
use crate::error::Error;
use crate::kaspa::{KaspaDetails, KaspaTransferParams};
use crate::named::Name;
use crate::solana::{SolanaDetails, SolanaTransferParams};
use crate::wallet::WalletAddress;
use purser_core::base::{self, Bytes, Chain, Destination};
use purser_core::chains::configs::ChainConfigs;
use purser_core::chains::registry::{self, Params};
use purser_core::transfer::Transfer;
use purser_core::wallet::{KeyKind, NewKeys, Wallet};

/// Reads the address of a recipient on the configured network of a chain.
///
/// # Errors
/// The problem in a sentence.
pub(super) fn read_address(text: &str, chain: Chain, chains: &ChainConfigs) -> Result<Destination, String> {
    match chain {
        Chain::Kaspa => kaspa_address::parse(text, chains.kaspa.network),
        Chain::Solana => solana_address::parse(text),
    }
}

/// Returns the address of a recipient on the configured network; `None` for bytes that are no address.
pub(super) fn address_text(destination: &Destination, chains: &ChainConfigs) -> Option<String> {
    match destination.chain {
        Chain::Kaspa => kaspa_address::text(&destination.payload, chains.kaspa.network),
        Chain::Solana => solana_address::text(&destination.payload),
    }
}

/// Returns the addresses of a wallet's keys on the configured networks.
pub(super) fn key_addresses(wallet: &Wallet, chains: &ChainConfigs) -> Vec<WalletAddress> {
    let address = |kind: KeyKind| match kind {
        KeyKind::Solana => solana_address::of_key(&wallet.solana_key),
        KeyKind::KaspaSchnorr => kaspa_address::of_schnorr_key(&wallet.kaspa_schnorr_key, chains.kaspa.network),
        KeyKind::KaspaEcdsa => kaspa_address::of_ecdsa_key(&wallet.kaspa_ecdsa_key, chains.kaspa.network),
    };
    let shown = |kind: &KeyKind| {
        let chain = crate::chain::Chain::from(kind.chain()).into();
        WalletAddress { key: kind.as_str().to_owned(), chain, address: address(*kind) }
    };
    KeyKind::ALL.iter().map(shown).filter(|shown| !shown.address.is_empty()).collect()
}

impl PublicKey {
    /// Reads the keys that the owner of a wallet registers.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for two keys of one chain.
    pub(super) fn read_all(keys: Vec<Self>) -> Result<NewKeys, Error> {
        let (mut solana, mut kaspa) = (None, None);
        for (position, key) in keys.into_iter().enumerate() {
            let (place, bytes) = match key {
                Self::Kaspa(bytes) => (&mut kaspa, bytes),
                Self::Solana(bytes) => (&mut solana, bytes),
            };
            if place.replace(Bytes::new(bytes.into_vec())).is_some() {
                return Err(Error::invalid(
                    format!("signing.keys[{position}]"),
                    "a wallet has one key of each chain; leave the second out",
                ));
            }
        }
        Ok(NewKeys::ClientSide { solana, kaspa })
    }
}

impl TransferParams {
    /// Reads the paying key and the parameters of a request on `chain`.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for parameters of another chain.
    pub(super) fn read(params: Option<Self>, chain: Chain) -> Result<(KeyKind, Params), Error> {
        match (chain, params) {
            (Chain::Kaspa, None) => Ok(KaspaTransferParams::default().read()),
            (Chain::Kaspa, Some(Self::Kaspa(params))) => Ok(params.read()),
            (Chain::Solana, None) => Ok(SolanaTransferParams::default().read()),
            (Chain::Solana, Some(Self::Solana(params))) => Ok(params.read()),
            (chain, Some(other)) => Err(foreign("params", other.name(), chain)),
        }
    }
}

impl PaymentParams {
    /// Reads the parameters of a payment on `chain`; `None` when they say nothing. `field` names the payment.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for parameters of another chain.
    pub(super) fn read(self, chain: Chain, field: &str) -> Result<Option<registry::PaymentParams>, Error> {
        match (chain, self) {
            (Chain::Solana, Self::Solana(params)) => Ok(params.read_payment()),
            (chain, other) => Err(foreign(field, other.name(), chain)),
        }
    }
}

impl From<&registry::PaymentParams> for PaymentParams {
    fn from(params: &registry::PaymentParams) -> Self {
        match params {
            registry::PaymentParams::Solana(params) => Self::Solana(params.into()),
        }
    }
}

impl TransferDetails {
    /// Returns the details of a transfer that only its chain has.
    pub(super) fn of(transfer: &Transfer) -> Self {
        match transfer.request.asset.chain() {
            Chain::Kaspa => Self::Kaspa(KaspaDetails::of(transfer)),
            Chain::Solana => Self::Solana(SolanaDetails::of(transfer)),
        }
    }
}

impl Asset {
    /// Reads the asset. `field` returns the name of the argument, for the error.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when the mint is no address.
    pub fn read(self, field: impl FnOnce() -> String) -> Result<base::Asset, Error> {
        Ok(match self {
            Self::Kas => base::Asset::Kas,
            Self::Sol => base::Asset::Sol,
            Self::Spl { mint } => base::Asset::Spl { mint: parse_mint(mint, field)? },
        })
    }
}

impl From<base::Asset> for Asset {
    fn from(asset: base::Asset) -> Self {
        match asset {
            base::Asset::Kas => Self::Kas,
            base::Asset::Sol => Self::Sol,
            base::Asset::Spl { mint } => Self::Spl { mint: mint.into() },
        }
    }
}

fn foreign(field: &str, given: &str, chain: Chain) -> Error {
    Error::invalid(field, format!("these are parameters of {given}; the asset is on {chain}, so name its own or leave them out"))
}

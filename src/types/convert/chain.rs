//! The dispatch over chains: what only one chain has, from and to the domain.

use super::mint::parse_mint;
use crate::chain::{Asset, PaymentParams, TransferDetails, TransferParams};
use crate::error::Error;
use crate::kaspa::{KaspaDetails, KaspaTransferParams};
use crate::named::Name;
use crate::solana::{SolanaDetails, SolanaTransferParams};
use purser_core::base::{self, Chain};
use purser_core::chains::registry::{self, Params};
use purser_core::transfer::Transfer;
use purser_core::wallet::KeyKind;

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

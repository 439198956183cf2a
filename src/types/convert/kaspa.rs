//! Keys, parameters, details and consolidations of Kaspa, from and to the domain.

use super::address;
use super::error::Funds;
use crate::bounds::at_most;
use crate::error::Error;
use crate::kaspa::{ConsolidateArgs, FeeSpeed, KaspaDetails, KaspaKey, KaspaTransferParams, NamedCoin};
use purser_core::base::{Amount, Asset, Bytes, Chain, WalletId};
use purser_core::chains::kaspa::select::{Obstacle, SelectError};
use purser_core::chains::kaspa::transfer::{self as domain, Consolidation, MAX_KASPA_INPUTS, TransferParams};
use purser_core::chains::registry::Params;
use purser_core::governance::config::Config;
use purser_core::transfer::{MAX_IDEMPOTENCY_KEY_BYTES, Transfer, TransferRequest};
use purser_core::wallet::KeyKind;

/// The most coins that a consolidation takes when the caller does not say.
const DEFAULT_CONSOLIDATED: u32 = 40;

impl KaspaKey {
    /// Returns the key's kind in the domain.
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Schnorr => KeyKind::KaspaSchnorr,
            Self::Ecdsa => KeyKind::KaspaEcdsa,
        }
    }

    /// Returns the Kaspa key of a kind; `None` for the Solana key.
    pub const fn of(kind: KeyKind) -> Option<Self> {
        match kind {
            KeyKind::Solana => None,
            KeyKind::KaspaSchnorr => Some(Self::Schnorr),
            KeyKind::KaspaEcdsa => Some(Self::Ecdsa),
        }
    }
}

impl KaspaTransferParams {
    /// Returns the paying key and the parameters of a request.
    pub(super) fn read(self) -> (KeyKind, Params) {
        let params = TransferParams { speed: self.fee_speed.map(Into::into), consolidation: None };
        (self.key.unwrap_or(KaspaKey::Schnorr).kind(), Params::Kaspa(params))
    }
}

impl KaspaDetails {
    /// Returns the details of a transfer of KAS.
    pub(super) fn of(transfer: &Transfer) -> Self {
        let (request, progress) = (&transfer.request, transfer.progress.kaspa());
        let inputs = transfer.built.as_ref().map(|_| transfer.kaspa_inputs().len() as u32);
        let whole = transfer.signed.is_some() && progress.is_none_or(|progress| progress.replacement.is_none());
        let partly = progress.map_or(0, |progress| progress.signatures.len() as u32);
        Self {
            key: KaspaKey::of(request.source).unwrap_or(KaspaKey::Schnorr).into(),
            fee_speed: FeeSpeed::from(request.kaspa_speed()).into(),
            fee: transfer.built.as_ref().map(|built| built.fee.get()),
            inputs,
            inputs_signed: if whole { inputs.unwrap_or_default() } else { partly },
            consolidation: request.is_consolidation(),
            superseded: progress.iter().flat_map(|progress| &progress.superseded).map(|other| other.signed.txid.clone()).collect(),
        }
    }
}

/// Returns the error of a payment of `required` that no coins make.
pub fn coins_error(error: SelectError, required: Amount) -> Error {
    match error {
        SelectError::InsufficientFunds { spendable, immature, reserved, largest } => {
            Error::insufficient_funds(Asset::Kas, required, Funds { available: spendable, immature, reserved, max: largest })
        }
        SelectError::Unbuildable { obstacle: Obstacle::Fee(over), .. } => Error::fee_too_high(Asset::Kas, over.floor, over.max_fee),
        SelectError::Unbuildable { below, above, .. } => Error::invalid_amount(Asset::Kas, above, below),
        SelectError::TooManyInputs { largest, .. } => Error::invalid_amount(Asset::Kas, None, largest),
        SelectError::ZeroAmount | SelectError::InvalidUtxos | SelectError::NothingToConsolidate { .. } => {
            Error::unbuildable(&error.to_string())
        }
    }
}

impl ConsolidateArgs {
    /// Reads the request. `own` is the paying key's own address on the configured network.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for the first field that cannot be read.
    pub fn into_request(self, own: &str, config: &Config) -> Result<TransferRequest, Error> {
        let Self { wallet_id, kaspa_key, max_inputs, coins, max_fee, idempotency_key } = self;
        at_most("idempotency_key", &idempotency_key, MAX_IDEMPOTENCY_KEY_BYTES)?;
        if coins.as_ref().is_some_and(|coins| coins.len() > MAX_KASPA_INPUTS as usize) {
            return Err(Error::invalid("coins", format!("at most {MAX_KASPA_INPUTS}")));
        }
        let named = coins.as_ref().map_or(DEFAULT_CONSOLIDATED, |coins| coins.len() as u32);
        let coins = coins.map(|coins| coins.into_iter().map(NamedCoin::read).collect::<Result<Vec<_>, Error>>()).transpose()?;
        let consolidation = Consolidation { max_inputs: max_inputs.unwrap_or(named), coins };
        Ok(TransferRequest {
            wallet: WalletId::new(wallet_id),
            asset: Asset::Kas,
            to: address::parse(own, Chain::Kaspa, &config.chains).map_err(|problem| Error::invalid("wallet_id", problem))?,
            amount: Amount::ZERO,
            max_fee: max_fee.map_or(config.chains.kaspa.max_fee, Amount::new),
            fee_named: max_fee.is_some(),
            source: kaspa_key.unwrap_or(KaspaKey::Schnorr).kind(),
            idempotency_key,
            reason: None,
            session: None,
            created_at: None,
            params: Params::Kaspa(TransferParams { speed: Some(domain::FeeSpeed::Low), consolidation: Some(consolidation) }),
            batch: None,
        })
    }
}

impl NamedCoin {
    fn read(self) -> Result<domain::NamedCoin, Error> {
        let mut outpoint = [0; 36];
        let (id, index) = outpoint.split_at_mut(32);
        hex::decode_to_slice(&self.transaction_id, id)
            .map_err(|_| Error::invalid("coins", "a transaction id is 64 hexadecimal digits"))?;
        index.copy_from_slice(&self.index.to_le_bytes());
        Ok(domain::NamedCoin { outpoint: Bytes::new(outpoint), amount: Amount::new(self.amount) })
    }
}

#[cfg(test)]
mod tests;

//! Consolidations as the domain reads them.

use super::address;
use crate::bounds::at_most;
use crate::error::Error;
use crate::kaspa::{ConsolidateArgs, NamedCoin};
use crate::wallet::KaspaKey;
use purser_core::base::{Amount, Asset, Bytes, Chain, WalletId};
use purser_core::chains::kaspa::transfer::{self as domain, Consolidation, MAX_KASPA_INPUTS, TransferParams};
use purser_core::chains::registry::Params;
use purser_core::governance::config::Config;
use purser_core::transfer::{MAX_IDEMPOTENCY_KEY_BYTES, TransferRequest};

/// The most coins that a consolidation takes when the caller does not say.
const DEFAULT_CONSOLIDATED: u32 = 40;

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
            to: address::parse(own, Chain::Kaspa, config.kaspa.network).map_err(|problem| Error::invalid("wallet_id", problem))?,
            amount: Amount::ZERO,
            max_fee: max_fee.map_or(config.kaspa.max_fee, Amount::new),
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

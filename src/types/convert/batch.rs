//! Batches: the request as the domain reads it, the outcome as the answer shows it.

use super::address;
use crate::asset::Asset;
use crate::batch::{BatchArgs, ItemOutcome, Payment};
use crate::bounds::at_most;
use crate::error::{Error, KaspaError};
use crate::named::Named;
use crate::wallet::KaspaKey;
use purser_core::base::{self, Amount, Chain, SessionId, Timestamp, WalletId};
use purser_core::chains::kaspa::{self, Network};
use purser_core::chains::registry::{self, Params};
use purser_core::chains::solana::transfer::PaymentParams;
use purser_core::governance::config::Config;
use purser_core::state::{self, BatchItem, BatchRequest};
use purser_core::transfer::{BatchOutput, MAX_BATCH_ITEMS, MAX_IDEMPOTENCY_KEY_BYTES, MAX_REASON_BYTES, TransferRequest};
use purser_core::wallet::KeyKind;

impl BatchArgs {
    /// Reads the batch; absent fields have the defaults of `config`.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for the first field that cannot be read; a payment is named by its position.
    pub fn into_request(self, config: &Config) -> Result<BatchRequest, Error> {
        at_most("idempotency_key", &self.idempotency_key, MAX_IDEMPOTENCY_KEY_BYTES)?;
        at_most("reason", self.reason.as_deref().unwrap_or_default(), MAX_REASON_BYTES)?;
        if self.payments.is_empty() || self.payments.len() > MAX_BATCH_ITEMS {
            return Err(Error::invalid("payments", format!("between 1 and {MAX_BATCH_ITEMS}")));
        }
        let asset: base::Asset = self.asset.unwrap_or(Asset::Kas).try_into()?;
        let items = self.payments.iter().enumerate().map(|(position, payment)| payment.read(position, asset.chain(), config));
        Ok(BatchRequest {
            wallet: WalletId::new(self.wallet_id),
            asset,
            source: self.source(asset.chain())?,
            params: self.params(asset.chain()),
            items: items.collect::<Result<_, Error>>()?,
            max_fee: self.max_fee.map_or(config.fee_cap(asset), Amount::new),
            fee_named: self.max_fee.is_some(),
            idempotency_key: self.idempotency_key,
            reason: self.reason,
            session: self.session_id.map(SessionId::new),
            created_at: self.created_at.map(Timestamp::from_nanos),
        })
    }

    /// Returns the parameters that only the chain has.
    fn params(&self, chain: Chain) -> Params {
        match chain {
            Chain::Kaspa => {
                Params::Kaspa(kaspa::transfer::TransferParams { speed: self.fee_speed.map(Into::into), consolidation: None })
            }
            Chain::Solana => Params::new(chain),
        }
    }

    /// Returns the paying key. Solana has one, and no fee speeds.
    fn source(&self, chain: Chain) -> Result<KeyKind, Error> {
        match chain {
            Chain::Kaspa => Ok(self.kaspa_key.unwrap_or(KaspaKey::Schnorr).kind()),
            Chain::Solana if self.kaspa_key.is_some() => {
                Err(Error::invalid("kaspa_key", "a wallet has one Solana key; leave this out for SOL and tokens"))
            }
            Chain::Solana if self.fee_speed.is_some() => {
                Err(Error::invalid("fee_speed", "only KAS fees have speeds; leave this out for SOL and tokens"))
            }
            Chain::Solana => Ok(KeyKind::Solana),
        }
    }
}

impl Payment {
    /// Returns the payments of a part of a batch, with addresses of `network`; empty for other requests.
    pub fn of_batch(request: &TransferRequest, network: Network) -> Vec<Self> {
        let payment = |output: &BatchOutput| Self {
            to: address::text(&output.to, network),
            amount: output.amount.get(),
            memo: output.params.as_ref().and_then(|params| params.memo().map(str::to_owned)),
            allow_off_curve: off_curve(output).then_some(true),
        };
        request.batch.as_ref().map(|batch| batch.outputs.iter().map(payment).collect()).unwrap_or_default()
    }

    fn read(&self, position: usize, chain: Chain, config: &Config) -> Result<BatchItem, Error> {
        let field = format!("payments[{position}].to");
        let to = address::parse(&self.to, chain, config.kaspa.network).map_err(|problem| match chain {
            Chain::Kaspa => Error::invalid_on_kaspa(KaspaError::unusable(&self.to, format!("{field}: {problem}"))),
            Chain::Solana => Error::invalid(field, problem),
        })?;
        let params = PaymentParams { memo: self.memo.clone(), off_curve: self.allow_off_curve.unwrap_or(false) };
        let params = match chain {
            _ if params.is_default() => None,
            Chain::Kaspa => {
                let field = if params.memo.is_none() { "allow_off_curve" } else { "memo" };
                let problem = format!("payments[{position}]: only a payment on Solana has one; leave this out for KAS");
                return Err(Error::invalid(field, problem));
            }
            Chain::Solana => Some(registry::PaymentParams::Solana(params)),
        };
        Ok(BatchItem { params, ..BatchItem::new(to, Amount::new(self.amount)) })
    }
}

/// Whether the recipient may have no private key.
fn off_curve(output: &BatchOutput) -> bool {
    match &output.params {
        Some(registry::PaymentParams::Solana(params)) => params.off_curve,
        None => false,
    }
}

impl From<state::ItemOutcome> for Named<ItemOutcome> {
    fn from(item: state::ItemOutcome) -> Self {
        ItemOutcome::from(item).into()
    }
}

impl From<state::ItemOutcome> for ItemOutcome {
    fn from(item: state::ItemOutcome) -> Self {
        match item {
            state::ItemOutcome::Accepted { transfer } => Self::Accepted { transfer_id: transfer.get() },
            state::ItemOutcome::Pending { transfer } => Self::Pending { transfer_id: transfer.get() },
            state::ItemOutcome::Denied { evaluation } => Self::Denied { evaluation: evaluation.into() },
            state::ItemOutcome::DeniedBefore => Self::DeniedBefore,
        }
    }
}

#[cfg(test)]
mod tests;

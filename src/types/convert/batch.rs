//! Batches: the request as the domain reads it, the outcome as the answer shows it.

use super::address;
use crate::batch::{BatchArgs, ItemOutcome, Payment};
use crate::bounds::at_most;
use crate::chain::TransferParams;
use crate::error::Error;
use crate::named::Named;
use purser_core::base::{self, Amount, Chain, SessionId, Timestamp, WalletId};
use purser_core::chains::configs::ChainConfigs;
use purser_core::governance::config::Config;
use purser_core::state::{self, BatchItem, BatchRequest};
use purser_core::transfer::{BatchOutput, MAX_BATCH_ITEMS, MAX_IDEMPOTENCY_KEY_BYTES, MAX_REASON_BYTES, TransferRequest};

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
        let asset: base::Asset = self.asset.try_into()?;
        let items = self.payments.iter().enumerate().map(|(position, payment)| payment.read(position, asset.chain(), config));
        let of_one_payment = self.params.as_ref().is_some_and(TransferParams::is_of_one_payment);
        let (source, params) = TransferParams::read(self.params, asset.chain())?;
        if of_one_payment {
            return Err(Error::invalid("params", "a memo and a vault belong to one payment; name them there"));
        }
        Ok(BatchRequest {
            wallet: WalletId::new(self.wallet_id),
            asset,
            source,
            params,
            items: items.collect::<Result<_, Error>>()?,
            max_fee: self.max_fee.map_or(config.fee_cap(asset), Amount::new),
            fee_named: self.max_fee.is_some(),
            idempotency_key: self.idempotency_key,
            reason: self.reason,
            session: self.session_id.map(SessionId::new),
            created_at: self.created_at.map(Timestamp::from_nanos),
        })
    }
}

impl Payment {
    /// Returns the payments of a part of a batch, with addresses of the configured networks; empty for other requests.
    pub fn of_batch(request: &TransferRequest, chains: &ChainConfigs) -> Vec<Self> {
        let payment = |output: &BatchOutput| Self {
            to: address::text(&output.to, chains),
            amount: output.amount.get(),
            params: output.params.as_ref().map(Into::into),
        };
        request.batch.as_ref().map(|batch| batch.outputs.iter().map(payment).collect()).unwrap_or_default()
    }

    fn read(&self, position: usize, chain: Chain, config: &Config) -> Result<BatchItem, Error> {
        let to = address::parse(&self.to, chain, &config.chains)
            .map_err(|problem| Error::invalid(format!("payments[{position}].to"), problem))?;
        let field = format!("payments[{position}].params");
        let params = self.params.clone().map(|params| params.read(chain, &field)).transpose()?.flatten();
        Ok(BatchItem { params, ..BatchItem::new(to, Amount::new(self.amount)) })
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

//! Requests for batches, and their parts as ordinary requests.

use crate::base::{Amount, Asset, Destination, Hash, SessionId, Timestamp, WalletId};
use crate::chains::registry::{self, Params, PaymentParams};
use crate::chains::rules::PaymentSize;
use crate::governance::config::Config;
use crate::state::Refusal;
use crate::state::idempotency::content_hash;
use crate::state::refusal::invalid;
use crate::transfer::{Batch, BatchOutput, TransferRequest};
use crate::wallet::KeyKind;
use serde::Serialize;

/// A request for many payments of one asset from one key.
///
/// Its hash is stored with its transfers, so that the same request is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchRequest {
    /// The wallet that pays.
    pub wallet: WalletId,
    /// The asset that is sent.
    pub asset: Asset,
    /// The key that pays.
    pub source: KeyKind,
    /// The payments.
    pub items: Vec<BatchItem>,
    /// The fee cap of each transaction in base units of the native asset.
    ///
    /// It includes the rent of new accounts where the chain has any.
    ///
    /// A cap that the agent did not name is that of a transfer to one recipient, and grows with the recipients where each may need an
    /// account.
    pub max_fee: Amount,
    /// Whether the agent named `max_fee`.
    pub fee_named: bool,
    /// The parameters that only the chain has. The payments have parameters of their own.
    pub params: Params,
    /// The agent's own name for the batch.
    pub idempotency_key: String,
    /// The reason, for the log and for people.
    pub reason: Option<String>,
    /// The session that the agent named.
    pub session: Option<SessionId>,
    /// The time of the request as the agent states it.
    pub created_at: Option<Timestamp>,
}

/// One payment of a [`BatchRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchItem {
    /// The recipient.
    pub to: Destination,
    /// The amount in base units of the asset.
    pub amount: Amount,
    /// The parameters that only the chain's payments have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<PaymentParams>,
}

impl BatchItem {
    /// Makes a payment without parameters of the chain.
    pub const fn new(to: Destination, amount: Amount) -> Self {
        Self { to, amount, params: None }
    }
}

impl BatchRequest {
    /// Returns the highest fee cap of any of its transactions.
    pub fn largest_fee(&self, config: &Config) -> Amount {
        self.part_fee(config, self.largest_part())
    }

    /// Returns the most payments that one of its transactions can make, whichever payments are denied.
    pub(super) fn largest_part(&self) -> usize {
        let payments: Vec<_> = self.items.iter().map(|item| size(item.amount, item.params.as_ref())).collect();
        registry::rules(self.asset.chain()).largest_run(self.asset, &payments)
    }

    /// Returns the hash of the batch. Two batches are the same when their hashes are.
    pub(super) fn hash(&self) -> Hash {
        let max_fee = if self.fee_named { self.max_fee } else { Amount::ZERO };
        content_hash(&Self { max_fee, ..self.clone() })
    }

    /// Refuses payments with the parameters of another chain.
    pub(super) fn check_params(&self) -> Result<(), Refusal> {
        let chain = self.asset.chain();
        let is_foreign = |item: &BatchItem| item.params.as_ref().is_some_and(|params| params.chain() != chain);
        match self.items.iter().position(is_foreign) {
            Some(position) => {
                Err(invalid("payments", format!("payments[{position}]: {} takes the parameters of {chain}", self.asset)))
            }
            None => Ok(()),
        }
    }

    /// Returns one payment as an ordinary request.
    pub(super) fn single(&self, item: &BatchItem) -> TransferRequest {
        let params = self.params.clone().with_payment(item.params.clone());
        TransferRequest { params, ..self.plain(&item.to, item.amount, self.max_fee) }
    }

    /// Returns a request without the parameters of any payment.
    fn plain(&self, to: &Destination, amount: Amount, max_fee: Amount) -> TransferRequest {
        TransferRequest {
            wallet: self.wallet,
            asset: self.asset,
            to: to.clone(),
            amount,
            max_fee,
            fee_named: self.fee_named,
            source: self.source,
            idempotency_key: self.idempotency_key.clone(),
            reason: self.reason.clone(),
            session: self.session,
            created_at: self.created_at,
            params: self.params.clone(),
            batch: None,
        }
    }

    /// Returns one part as a request: for the sum of its outputs, to the recipient of the first one.
    pub(super) fn part(&self, batch: Batch, max_fee: Amount) -> Result<TransferRequest, Refusal> {
        let amount = Amount::checked_sum(batch.outputs.iter().map(|output| output.amount)).ok_or_else(sum_overflow)?;
        let first = batch.outputs.first().ok_or_else(sum_overflow)?;
        let plain = self.plain(&first.to, amount, max_fee);
        Ok(TransferRequest { batch: Some(batch), ..plain })
    }

    /// Returns how many of these payments, in their order, go into each transaction.
    pub(super) fn pack(&self, outputs: &[BatchOutput]) -> Vec<usize> {
        let payments: Vec<_> = outputs.iter().map(|output| size(output.amount, output.params.as_ref())).collect();
        registry::rules(self.asset.chain()).pack(self.asset, &payments)
    }

    /// Returns the fee cap of a transaction with so many payments.
    pub(super) fn part_fee(&self, config: &Config, payments: usize) -> Amount {
        match self.asset {
            Asset::Spl { .. } if !self.fee_named => config.batch_fee_cap(self.asset, payments),
            _ => self.max_fee,
        }
    }
}

fn size(amount: Amount, params: Option<&PaymentParams>) -> PaymentSize<'_> {
    PaymentSize { amount, memo: params.and_then(PaymentParams::memo) }
}

/// Makes the refusal of a batch whose sum is no amount.
pub(super) fn sum_overflow() -> Refusal {
    invalid("payments", "their sum is beyond all money")
}

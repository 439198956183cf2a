//! Requests for batches, and their parts as ordinary requests.

use crate::base::{Amount, Asset, Chain, Destination, Hash, SessionId, Timestamp, WalletId};
use crate::chains;
use crate::governance::config::Config;
use crate::state::Refusal;
use crate::state::idempotency::content_hash;
use crate::state::refusal::invalid;
use crate::transfer::kaspa::{self, FeeSpeed};
use crate::transfer::{Batch, BatchOutput, MAX_BATCH_OUTPUTS, TransferRequest, solana};
use crate::wallet::KeyKind;
use serde::Serialize;

/// A request for many payments of one asset from one key.
///
/// Its hash is stored with its transfers, so absent options are left out of the encoding: a batch that was asked for before they existed
/// must be recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchRequest {
    /// The wallet that pays.
    pub wallet: WalletId,
    /// The asset that is sent. KAS is left out of the encoding, because batches had no other asset once.
    #[serde(skip_serializing_if = "is_kas")]
    pub asset: Asset,
    /// The key that pays.
    pub source: KeyKind,
    /// The payments.
    pub items: Vec<BatchItem>,
    /// The fee cap of each transaction, in base units of the native asset. On Solana it includes the rent of new accounts.
    ///
    /// A cap that the agent did not name is that of a transfer to one recipient, and grows with the recipients where each may need an
    /// account.
    pub max_fee: Amount,
    /// Whether the agent named `max_fee`.
    pub fee_named: bool,
    /// Kaspa: the fee speed.
    pub speed: Option<FeeSpeed>,
    /// The agent's own name for the batch.
    pub idempotency_key: String,
    /// The reason, for the log and for people.
    pub reason: Option<String>,
    /// The session that the agent named.
    pub session: Option<SessionId>,
    /// The time of the request as the agent states it.
    pub created_at: Option<Timestamp>,
}

fn is_kas(asset: &Asset) -> bool {
    *asset == Asset::Kas
}

/// One payment of a [`BatchRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchItem {
    /// The recipient.
    pub to: Destination,
    /// The amount in base units of the asset.
    pub amount: Amount,
    /// Solana: the memo of this payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// Solana: whether the requester expects a recipient off the curve, such as a program's vault.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub off_curve: bool,
}

impl BatchItem {
    /// Makes a payment without a memo to a recipient on the curve.
    pub const fn new(to: Destination, amount: Amount) -> Self {
        Self { to, amount, memo: None, off_curve: false }
    }
}

impl BatchRequest {
    /// Returns the highest fee cap of any of its transactions.
    pub fn largest_fee(&self, config: &Config) -> Amount {
        self.part_fee(config, self.largest_part())
    }

    /// Returns the most payments that one of its transactions can make, whichever payments are denied.
    pub(super) fn largest_part(&self) -> usize {
        let memos: Vec<_> = self.items.iter().map(|item| item.memo.as_deref()).collect();
        chains::solana::batch::largest_run(&memos, self.asset)
    }

    /// Returns the hash of the batch. Two batches are the same when their hashes are.
    pub(super) fn hash(&self) -> Hash {
        let max_fee = if self.fee_named { self.max_fee } else { Amount::ZERO };
        content_hash(&Self { max_fee, ..self.clone() })
    }

    /// Returns one payment as an ordinary request.
    pub(super) fn single(&self, item: &BatchItem) -> TransferRequest {
        let params =
            solana::TransferParams { memo: item.memo.clone(), off_curve: item.off_curve, ..solana::TransferParams::default() };
        let is_default = params == solana::TransferParams::default();
        TransferRequest { solana: (!is_default).then_some(params), ..self.plain(&item.to, item.amount, self.max_fee) }
    }

    /// Returns a request without the parameters that only Solana has.
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
            solana: None,
            kaspa: self.speed.map(|speed| kaspa::TransferParams { speed: Some(speed), ..kaspa::TransferParams::default() }),
        }
    }

    /// Returns one part as a request: for the sum of its outputs, to the recipient of the first one.
    pub(super) fn part(&self, batch: Batch, max_fee: Amount) -> Result<TransferRequest, Refusal> {
        let amount = Amount::checked_sum(batch.outputs.iter().map(|output| output.amount)).ok_or_else(sum_overflow)?;
        let first = batch.outputs.first().ok_or_else(sum_overflow)?;
        let plain = self.plain(&first.to, amount, max_fee);
        Ok(match self.asset.chain() {
            Chain::Kaspa => {
                let params = kaspa::TransferParams { speed: self.speed, batch: Some(batch), consolidation: None };
                TransferRequest { kaspa: Some(params), ..plain }
            }
            Chain::Solana => {
                let params = solana::TransferParams { batch: Some(batch), ..solana::TransferParams::default() };
                TransferRequest { solana: Some(params), ..plain }
            }
        })
    }

    /// Returns how many of these payments, in their order, go into each transaction.
    pub(super) fn pack(&self, outputs: &[BatchOutput]) -> Vec<usize> {
        match self.asset.chain() {
            Chain::Kaspa => {
                let amounts: Vec<Amount> = outputs.iter().map(|output| output.amount).collect();
                chains::kaspa::batch::pack(&amounts, MAX_BATCH_OUTPUTS)
            }
            Chain::Solana => {
                let memos: Vec<_> = outputs.iter().map(|output| output.memo.as_deref()).collect();
                chains::solana::batch::pack(&memos, self.asset)
            }
        }
    }

    /// Returns the fee cap of a transaction with so many payments.
    pub(super) fn part_fee(&self, config: &Config, payments: usize) -> Amount {
        match self.asset {
            Asset::Spl { .. } if !self.fee_named => config.batch_fee_cap(self.asset, payments),
            _ => self.max_fee,
        }
    }
}

/// Makes the refusal of a batch whose sum is no amount.
pub(super) fn sum_overflow() -> Refusal {
    invalid("payments", "their sum is beyond all money")
}

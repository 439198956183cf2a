//! Many payments at once, in KAS, SOL or a token.

use super::kaspa::{FeeSpeed, KaspaError};
use super::policy::Evaluation;
use super::wallet::{Asset, KaspaKey};
use super::{Error, address, at_most};
use candid::CandidType;
use purser_core::base::{self, Amount, Chain, SessionId, Timestamp, WalletId};
use purser_core::chains::kaspa::Network;
use purser_core::governance::config::Config;
use purser_core::state::{BatchItem, BatchRequest, ItemOutcome as DomainItem};
use purser_core::transfer::{BatchOutput, MAX_BATCH_ITEMS};
use purser_core::transfer::{MAX_IDEMPOTENCY_KEY_BYTES, MAX_REASON_BYTES, TransferRequest};
use purser_core::wallet::KeyKind;
use serde::{Deserialize, Serialize};

/// Who gets how much.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Payment {
    /// The recipient's address.
    pub to: String,
    /// In base units.
    pub amount: u64,
    /// Solana only: what the chain's log says with this payment.
    pub memo: Option<String>,
    /// Solana only: whether the recipient may be a program's vault.
    pub allow_off_curve: Option<bool>,
}

/// Many payments of one asset at once.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct BatchArgs {
    /// The wallet that pays.
    pub wallet_id: u64,
    /// What is sent; KAS when absent.
    pub asset: Option<Asset>,
    /// KAS only: which key pays; Schnorr when absent.
    pub kaspa_key: Option<KaspaKey>,
    /// Between 1 and 500.
    pub payments: Vec<Payment>,
    /// The most that each transaction may pay in fees, on Solana with the rent of accounts it creates; when absent the configured cap,
    /// which for tokens has room for an account of every recipient.
    pub max_fee: Option<u64>,
    /// KAS only: normal when absent.
    pub fee_speed: Option<FeeSpeed>,
    /// The caller's own name for all of it.
    pub idempotency_key: String,
    /// For the log and for people.
    pub reason: Option<String>,
    /// The session it is asked for in.
    pub session_id: Option<u64>,
    /// When the caller made the request, in nanoseconds since the epoch.
    pub created_at: Option<u64>,
}

/// What became of one payment of a batch.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum ItemOutcome {
    /// Paid by this transfer.
    Accepted {
        /// Which may pay others too.
        transfer_id: u64,
    },
    /// Part of a transfer that waits for people.
    Pending {
        /// Which may pay others too.
        transfer_id: u64,
    },
    /// Nothing is reserved for it.
    Denied {
        /// What every rule found about the payment itself, or about the sum of all that passed by themselves.
        evaluation: Evaluation,
    },
    /// The same batch was asked for before, and this payment was denied then.
    DeniedBefore,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct BatchOutcome {
    /// One for each payment, in order.
    pub items: Vec<ItemOutcome>,
    /// The transfers, each one transaction.
    pub transfer_ids: Vec<u64>,
}

impl BatchArgs {
    /// Reads the batch and fills in what `config` says about absent fields.
    ///
    /// # Errors
    /// The first field that cannot be read; a payment is named by its position.
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
            items: items.collect::<Result<_, Error>>()?,
            max_fee: self.max_fee.map_or(config.fee_cap(asset), Amount::new),
            fee_named: self.max_fee.is_some(),
            speed: self.fee_speed.map(Into::into),
            idempotency_key: self.idempotency_key,
            reason: self.reason,
            session: self.session_id.map(SessionId::new),
            created_at: self.created_at.map(Timestamp::from_nanos),
        })
    }

    /// The paying key. On Solana there is one, and no speeds.
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
    /// A payment without a memo to somebody who holds their key.
    pub const fn new(to: String, amount: u64) -> Self {
        Self { to, amount, memo: None, allow_off_curve: None }
    }

    /// Everybody whom a part of a batch pays; nobody for other requests.
    pub fn of_batch(request: &TransferRequest, network: Network) -> Vec<Self> {
        let payment = |output: &BatchOutput| Self {
            to: address::text(&output.to, network),
            amount: output.amount.get(),
            memo: output.memo.clone(),
            allow_off_curve: output.off_curve.then_some(true),
        };
        request.batch().map(|batch| batch.outputs.iter().map(payment).collect()).unwrap_or_default()
    }

    fn read(&self, position: usize, chain: Chain, config: &Config) -> Result<BatchItem, Error> {
        let field = format!("payments[{position}].to");
        let to = address::parse(&self.to, chain, config.kaspa.network).map_err(|problem| match chain {
            Chain::Kaspa => Error::invalid_on_kaspa(KaspaError::unusable(&self.to, format!("{field}: {problem}"))),
            Chain::Solana => Error::invalid(field, problem),
        })?;
        let off_curve = self.allow_off_curve.unwrap_or(false);
        Ok(BatchItem { memo: self.memo.clone(), off_curve, ..BatchItem::new(to, Amount::new(self.amount)) })
    }
}

impl From<DomainItem> for ItemOutcome {
    fn from(item: DomainItem) -> Self {
        match item {
            DomainItem::Accepted { transfer } => Self::Accepted { transfer_id: transfer.get() },
            DomainItem::Pending { transfer } => Self::Pending { transfer_id: transfer.get() },
            DomainItem::Denied { evaluation } => Self::Denied { evaluation: evaluation.into() },
            DomainItem::DeniedBefore => Self::DeniedBefore,
        }
    }
}

#[cfg(test)]
mod tests;

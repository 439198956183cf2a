//! Requests of agents for transfers.

use super::batch::Batch;
use super::kaspa::{self, FeeSpeed};
use super::solana::{self, NonceOperation, PaymentParams};
use crate::base::{Amount, Asset, Destination, SessionId, Timestamp, WalletId};
use crate::wallet::KeyKind;
use serde::{Deserialize, Serialize};

/// The longest idempotency key, in bytes.
pub const MAX_IDEMPOTENCY_KEY_BYTES: usize = 64;

/// The beginning of the idempotency keys of the canister's operations on nonce accounts.
///
/// Operations have a space of keys of their own, whatever keys callers name: see [`TransferRequest::has_operation_key`].
pub const OPERATION_KEY_PREFIX: &str = "nonce-operation:";

/// The longest reason or note, in bytes.
pub const MAX_REASON_BYTES: usize = 1024;

/// A decoded request for a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRequest {
    /// The wallet that pays.
    pub wallet: WalletId,
    /// The asset that is sent.
    pub asset: Asset,
    /// The recipient.
    pub to: Destination,
    /// The amount that the recipient receives, in base units of the asset.
    pub amount: Amount,
    /// The fee cap in base units of the native asset. On Solana it includes the rent of new accounts.
    pub max_fee: Amount,
    /// Whether the agent named `max_fee`.
    ///
    /// Otherwise it is the configured cap at the time of the request, and does not count when two requests are compared.
    pub fee_named: bool,
    /// The key that pays. It tells the two Kaspa addresses of a wallet apart.
    pub source: KeyKind,
    /// The agent's own name for the payment. The same key never pays twice.
    pub idempotency_key: String,
    /// The reason, for the log and for people.
    pub reason: Option<String>,
    /// The session that the agent named.
    #[serde(default)]
    pub session: Option<SessionId>,
    /// The time of the request as the agent states it, so that a delayed old request is refused.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// The parameters that only Solana has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solana: Option<solana::TransferParams>,
    /// The parameters that only Kaspa has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kaspa: Option<kaspa::TransferParams>,
}

impl TransferRequest {
    /// Returns the operation on a nonce account, when the request is no payment.
    pub fn nonce_operation(&self) -> Option<NonceOperation> {
        self.solana.as_ref().and_then(|params| params.operation)
    }

    /// Whether the idempotency key is one of the canister's operations, in a space of keys that no caller can name.
    ///
    /// The first modules stored the keys of operations among those of the callers, without the prefix; these entries stay as they are.
    pub fn has_operation_key(&self) -> bool {
        self.nonce_operation().is_some() && self.idempotency_key.starts_with(OPERATION_KEY_PREFIX)
    }

    /// Returns the reserved amount of the asset itself.
    ///
    /// It includes the fee cap when the asset pays the fees; the fee of a token's transfer is reserved in another asset.
    pub fn reserved(&self) -> Amount {
        if self.asset.canonical_asset() != self.asset.native_asset() {
            return self.amount;
        }
        self.amount.checked_add(self.max_fee).unwrap_or(Amount::MAX)
    }

    /// Returns the fee speed of a Kaspa transfer.
    pub fn speed(&self) -> FeeSpeed {
        self.kaspa.as_ref().and_then(|params| params.speed).unwrap_or_default()
    }

    /// Whether the request is a consolidation: the money stays in the wallet, so no policy is evaluated.
    pub fn is_consolidation(&self) -> bool {
        self.kaspa.as_ref().is_some_and(|params| params.consolidation.is_some())
    }

    /// Returns the part of a batch that the request stands for.
    pub fn batch(&self) -> Option<&Batch> {
        let on_solana = self.solana.as_ref().and_then(|params| params.batch.as_ref());
        self.kaspa.as_ref().and_then(|params| params.batch.as_ref()).or(on_solana)
    }

    /// Whether the request is a part of a batch after the first one.
    pub fn is_later_part(&self) -> bool {
        self.batch().is_some_and(|batch| batch.part > 0)
    }

    /// Returns every recipient with the amount, in order: one, or those of a batch.
    pub fn payments(&self) -> Vec<(&Destination, Amount)> {
        match self.batch() {
            Some(batch) => batch.outputs.iter().map(|output| (&output.to, output.amount)).collect(),
            None => vec![(&self.to, self.amount)],
        }
    }

    /// Returns the Solana parameters of each of [`TransferRequest::payments`], in the same order.
    pub fn payment_params(&self) -> Vec<PaymentParams<'_>> {
        match self.batch() {
            Some(batch) => {
                let outputs = batch.outputs.iter();
                outputs.map(|output| PaymentParams { memo: output.memo.as_deref(), off_curve: output.off_curve }).collect()
            }
            None => {
                let params = self.solana.as_ref();
                vec![params.map_or_else(PaymentParams::default, |params| PaymentParams {
                    memo: params.memo.as_deref(),
                    off_curve: params.off_curve,
                })]
            }
        }
    }
}

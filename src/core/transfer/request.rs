//! Requests of agents for transfers.

use super::batch::Batch;
use crate::base::{Amount, Asset, Destination, SessionId, Timestamp, WalletId};
use crate::chains::registry::Params;
use crate::chains::rules::Purpose;
use crate::wallet::KeyKind;
use serde::{Deserialize, Serialize};

/// The longest idempotency key, in bytes.
pub const MAX_IDEMPOTENCY_KEY_BYTES: usize = 64;

/// The beginning of the idempotency keys of the canister's operations on accounts.
///
/// Operations have a space of keys of their own, whatever keys callers name.
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
    /// The fee cap in base units of the native asset, with the rent of new accounts.
    pub max_fee: Amount,
    /// Whether the agent named `max_fee`.
    ///
    /// Otherwise it is the configured cap at the time of the request, and does not count when two requests are compared.
    pub fee_named: bool,
    /// The key that pays. It tells addresses of a wallet on the same chain apart.
    pub source: KeyKind,
    /// The agent's own name for the payment. The same key never pays twice.
    pub idempotency_key: String,
    /// The reason, for the log and for people.
    pub reason: Option<String>,
    /// The session that the agent named.
    pub session: Option<SessionId>,
    /// The time of the request as the agent states it, so that a delayed old request is refused.
    pub created_at: Option<Timestamp>,
    /// The parameters that only the chain has.
    pub params: Params,
    /// The payments, when the request is a part of a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Batch>,
}

impl TransferRequest {
    /// Returns the purpose of the request.
    pub const fn purpose(&self) -> Purpose {
        self.params.purpose()
    }

    /// Whether the request is an operation of the canister on an account that it needs on the chain.
    pub const fn is_operation(&self) -> bool {
        self.purpose().is_operation()
    }

    /// Whether the request is a consolidation: the money stays in the wallet, so no policy is evaluated.
    pub const fn is_consolidation(&self) -> bool {
        matches!(self.purpose(), Purpose::Consolidation)
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

    /// Whether the request is a part of a batch after the first one.
    pub fn is_later_part(&self) -> bool {
        self.batch.as_ref().is_some_and(|batch| batch.part > 0)
    }

    /// Returns every recipient with the amount, in order: one, or those of a batch.
    pub fn payments(&self) -> Vec<(&Destination, Amount)> {
        match &self.batch {
            Some(batch) => batch.outputs.iter().map(|output| (&output.to, output.amount)).collect(),
            None => vec![(&self.to, self.amount)],
        }
    }
}

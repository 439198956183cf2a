//! Terms, details and nonce accounts of Solana, from and to the domain.

use crate::solana::{NonceAccount, NonceOperation, NonceStatus, SolanaDetails, SolanaSettings, SolanaTransferParams};
use purser_core::base::Amount;
use purser_core::chains::registry::{self, Params};
use purser_core::chains::solana::{Address, transfer as domain};
use purser_core::transfer::Transfer;
use purser_core::wallet::KeyKind;

impl SolanaTransferParams {
    /// Returns the paying key and the parameters of a request.
    pub(super) fn read(self) -> (KeyKind, Params) {
        (KeyKind::Solana, Params::Solana(domain::TransferParams { payment: self.into(), operation: None }))
    }

    /// Returns the parameters of one payment of a batch; `None` when they say nothing.
    pub(super) fn read_payment(self) -> Option<registry::PaymentParams> {
        let params = domain::PaymentParams::from(self);
        (!params.is_default()).then_some(registry::PaymentParams::Solana(params))
    }
}

impl From<SolanaTransferParams> for domain::PaymentParams {
    fn from(params: SolanaTransferParams) -> Self {
        Self { memo: params.memo, off_curve: params.allow_off_curve.unwrap_or(false) }
    }
}

impl From<&domain::PaymentParams> for SolanaTransferParams {
    fn from(params: &domain::PaymentParams) -> Self {
        Self { memo: params.memo.clone(), allow_off_curve: params.off_curve.then_some(true) }
    }
}

impl SolanaDetails {
    /// Returns the details of a transfer of SOL or a token.
    pub(super) fn of(transfer: &Transfer) -> Self {
        let payment = transfer.request.params.solana().map(|params| params.payment.clone()).unwrap_or_default();
        let built = transfer.built.as_ref().and_then(|built| built.details.solana().cloned()).unwrap_or_default();
        Self {
            memo: payment.memo,
            off_curve: payment.off_curve,
            operation: transfer.request.nonce_operation().map(|operation| NonceOperation::from(operation).into()),
            rent: rent(transfer).get(),
            nonce: built.nonce.map(|nonce| nonce.index),
            arrives: built.arrives.map(Amount::get),
            revoked_by: transfer.progress.solana().and_then(|progress| progress.revoked_by).map(|id| id.get()),
            deadline_height: transfer.progress.solana().and_then(|progress| progress.deadline_height),
        }
    }
}

/// Returns the planned rent; once the paid fee is known, the part of it that is rent.
fn rent(transfer: &Transfer) -> Amount {
    let Some(built) = &transfer.built else { return Amount::ZERO };
    let planned = built.details.solana().map_or(Amount::ZERO, |built| built.rent);
    let fee = built.fee.remaining_after(planned);
    transfer.fee_paid.map_or(planned, |paid| paid.remaining_after(fee).min(planned))
}

impl From<domain::NonceOperation> for NonceOperation {
    fn from(operation: domain::NonceOperation) -> Self {
        match operation {
            domain::NonceOperation::Create { index } => Self::Create { index },
            domain::NonceOperation::Revoke { transfer } => Self::Revoke { transfer_id: transfer.get() },
        }
    }
}

impl From<SolanaSettings> for domain::SolanaSettings {
    fn from(settings: SolanaSettings) -> Self {
        Self { lifetime: settings.lifetime.into() }
    }
}

impl NonceAccount {
    /// Returns the nonce account with a number and an address.
    pub fn new(index: u16, address: &Address, record: domain::NonceRecord) -> Self {
        let status = match record.status {
            domain::NonceStatus::Creating { transfer } => NonceStatus::Creating { transfer_id: transfer.get() },
            domain::NonceStatus::Ready => NonceStatus::Ready,
            domain::NonceStatus::Broken { reason } => NonceStatus::Broken { reason },
        };
        Self { index, address: address.to_string(), status: status.into(), held_by: record.holder.map(|id| id.get()) }
    }
}

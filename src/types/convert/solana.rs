//! Options, terms, details and nonce accounts of Solana, from and to the domain.

use crate::solana::{
    NonceAccount, NonceOperation, NonceStatus, SolanaDetails, SolanaOptions, SolanaSettings, SolanaTransferParams,
};
use purser_core::base::{Amount, Bytes};
use purser_core::chains::registry::{self, Params};
use purser_core::chains::solana::transfer as domain;
use purser_core::chains::solana::{Address, Blockhash};
use purser_core::governance::config;
use purser_core::transfer::Transfer;
use purser_core::wallet::KeyKind;

/// Returns the new options; an absent one stays as it is.
pub(super) fn options(named: Option<SolanaOptions>, current: Option<config::SolanaOptions>) -> Option<config::SolanaOptions> {
    let Some(named) = named else { return current };
    let current = current.unwrap_or_default();
    // A text that is no hash becomes one without bytes, which the check of the configuration refuses.
    let genesis =
        named.genesis.map(|text| Blockhash::parse(&text).map_or_else(|_| Bytes::default(), |hash| Bytes::new(*hash.as_bytes())));
    Some(config::SolanaOptions {
        execution: named.execution.map(Into::into).or(current.execution),
        quorum: named.quorum.or(current.quorum),
        max_unit_price: named.max_unit_price.or(current.max_unit_price),
        max_rent: named.max_rent.map(Amount::new).or(current.max_rent),
        genesis: genesis.or(current.genesis),
    })
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solana::Execution;

    #[test]
    fn options_that_are_not_named_stay() {
        let named = SolanaOptions { quorum: Some(2), max_rent: Some(5), ..SolanaOptions::default() };
        let first = options(Some(named), None).expect("some");
        assert_eq!((first.quorum, first.max_rent, first.execution), (Some(2), Some(Amount::new(5)), None));
        let live = SolanaOptions { execution: Some(Execution::Live), ..SolanaOptions::default() };
        let second = options(Some(live), Some(first.clone())).expect("some");
        assert_eq!((second.quorum, second.execution), (Some(2), Some(config::Execution::Live)));
        assert_eq!(options(None, Some(first.clone())), Some(first));
        let wrong = SolanaOptions { genesis: Some("zzz".into()), ..SolanaOptions::default() };
        assert_eq!(options(Some(wrong), None).expect("some").genesis, Some(Bytes::default()), "refused for its length");
    }
}

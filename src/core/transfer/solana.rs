//! Transfers on Solana, as records of Solana.

use super::{Status, Transfer, TransferRequest};
use crate::chains::registry;
use crate::chains::solana::transfer::{NonceOperation, PaymentParams, SolanaBuilt};

impl TransferRequest {
    /// Returns the operation on a nonce account, when the request is no payment.
    pub fn nonce_operation(&self) -> Option<NonceOperation> {
        self.params.solana()?.operation
    }

    /// Returns the parameters of each of [`TransferRequest::payments`] on Solana, in the same order.
    pub fn solana_payments(&self) -> Vec<PaymentParams> {
        match &self.batch {
            Some(batch) => batch.outputs.iter().map(|output| solana_params(output.params.as_ref())).collect(),
            None => vec![self.params.solana().map(|params| params.payment.clone()).unwrap_or_default()],
        }
    }
}

fn solana_params(params: Option<&registry::PaymentParams>) -> PaymentParams {
    match params {
        Some(registry::PaymentParams::Solana(params)) => params.clone(),
        None => PaymentParams::default(),
    }
}

impl Transfer {
    /// Returns the record of the current attempt on Solana.
    fn solana_built(&self) -> Option<&SolanaBuilt> {
        self.built.as_ref()?.details.solana()
    }

    /// Returns the finalized block height after which the current attempt cannot land.
    pub fn deadline_height(&self) -> Option<u64> {
        self.progress.solana()?.deadline_height
    }

    /// Returns the number of the nonce account on which the current attempt stands.
    pub fn nonce_index(&self) -> Option<u16> {
        Some(self.solana_built()?.nonce.as_ref()?.index)
    }

    /// Returns the number of the nonce account whose value the current attempt advances without standing on it.
    pub fn advanced_nonce_index(&self) -> Option<u16> {
        Some(self.solana_built()?.advances.as_ref()?.index)
    }

    /// Whether signed bytes on a nonce exist that may still land.
    ///
    /// Until the nonce is used up, everybody who reads the log can send them.
    pub fn is_revocable(&self) -> bool {
        let is_out = matches!(self.status, Status::Signed | Status::Submitted | Status::Quarantined) && self.signed.is_some();
        is_out && self.nonce_index().is_some() && !self.is_revocation()
    }
}

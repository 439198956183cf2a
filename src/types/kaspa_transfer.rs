//! The part of requests and transfers that only Kaspa has, as clients write and read it.

use crate::chain::{TransferDetails, TransferParams};
use crate::kaspa::{FeeSpeed, KaspaDetails, KaspaKey, KaspaTransferParams};
use crate::transfer::Transfer;

impl TransferParams {
    /// Returns the parameters of Kaspa.
    pub const fn of_kaspa(key: Option<KaspaKey>, fee_speed: Option<FeeSpeed>) -> Self {
        Self::Kaspa(KaspaTransferParams { key, fee_speed })
    }
}

impl Transfer {
    /// Returns the details of a transfer on Kaspa.
    pub const fn kaspa(&self) -> Option<&KaspaDetails> {
        match &self.details {
            Some(TransferDetails::Kaspa(details)) => Some(details),
            _ => None,
        }
    }
}

//! The part of requests, transfers and wallets that only Kaspa has, as clients write and read it.

use crate::chain::{TransferDetails, TransferParams};
use crate::kaspa::{FeeSpeed, KaspaDetails, KaspaKey, KaspaTransferParams};
use crate::transfer::Transfer;
use crate::wallet::Wallet;

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

impl Wallet {
    /// Returns the Kaspa address of the Schnorr key; empty when the wallet has no such key.
    pub fn kaspa_schnorr_address(&self) -> &str {
        self.address("kaspa_schnorr")
    }

    /// Returns the Kaspa address of the ECDSA key; empty when the wallet has no such key.
    pub fn kaspa_ecdsa_address(&self) -> &str {
        self.address("kaspa_ecdsa")
    }
}

//! The part of requests, transfers and wallets that only Solana has, as clients write and read it.

use crate::batch::Payment;
use crate::chain::{PaymentParams, TransferDetails, TransferParams};
use crate::solana::{SolanaDetails, SolanaTransferParams};
use crate::transfer::Transfer;
use crate::wallet::Wallet;

impl Transfer {
    /// Returns the details of a transfer on Solana.
    pub const fn solana(&self) -> Option<&SolanaDetails> {
        match &self.details {
            Some(TransferDetails::Solana(details)) => Some(details),
            _ => None,
        }
    }

    /// Returns the memo that goes with the payment.
    pub fn memo(&self) -> Option<&str> {
        self.solana().and_then(|details| details.memo.as_deref())
    }

    /// Whether the recipient may be an address without a private key.
    pub fn allows_off_curve(&self) -> bool {
        self.solana().is_some_and(|details| details.off_curve)
    }
}

impl TransferParams {
    /// Returns the parameters of Solana.
    pub fn of_solana(memo: Option<&str>, allow_off_curve: Option<bool>) -> Self {
        Self::Solana(SolanaTransferParams { memo: memo.map(str::to_owned), allow_off_curve })
    }

    /// Whether the parameters are those of one payment, which a batch has at its payments.
    pub fn is_of_one_payment(&self) -> bool {
        matches!(self, Self::Solana(params) if *params != SolanaTransferParams::default())
    }
}

impl PaymentParams {
    /// Returns the parameters of Solana.
    pub fn of_solana(memo: Option<&str>, allow_off_curve: Option<bool>) -> Self {
        Self::Solana(SolanaTransferParams { memo: memo.map(str::to_owned), allow_off_curve })
    }
}

impl Payment {
    /// Returns the memo that goes with the payment.
    pub fn memo(&self) -> Option<&str> {
        let Some(PaymentParams::Solana(params)) = &self.params else { return None };
        params.memo.as_deref()
    }

    /// Whether the recipient may be an address without a private key.
    pub fn allows_off_curve(&self) -> bool {
        matches!(&self.params, Some(PaymentParams::Solana(SolanaTransferParams { allow_off_curve: Some(true), .. })))
    }
}

impl Wallet {
    /// Returns the Solana address; empty when the wallet has no such key.
    pub fn solana_address(&self) -> &str {
        self.address("solana")
    }
}

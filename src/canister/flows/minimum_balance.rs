//! Minimum balances of a wallet's sources.
//!
//! The check uses a balance that was just read, before anything is built. So the amount that counts is the one left after amount, fee and
//! rent of this transfer, not the one that was there at the request.

use super::context::TransferContext;
use super::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::{Amount, Asset, amount_text};

impl<R: Runtime> TransferContext<'_, R> {
    /// The minimum that the source has to keep of its chain's coin, in base units.
    ///
    /// Zero for a revocation: it keeps a payment from being made, and so may take its fee from the minimum.
    pub(super) fn minimum_balance(&self) -> Amount {
        if self.transfer.is_revocation() {
            return Amount::ZERO;
        }
        let coin = self.transfer.request.asset.native_asset();
        self.rt.read(|state| state.minimum_balance(&self.transfer, coin))
    }

    /// The minimum that the source has to keep of the token that it pays, in the token's base units.
    pub(super) fn minimum_tokens(&self) -> Amount {
        match self.transfer.request.asset.canonical_asset() {
            token @ Asset::Spl { .. } => self.rt.read(|state| state.minimum_balance(&self.transfer, token)),
            _ => Amount::ZERO,
        }
    }

    /// Checks that the source keeps its minimum when `cost` is taken from `available`.
    ///
    /// Both are in base units of the chain's coin.
    ///
    /// # Errors
    /// When less than the minimum would be left, which ends the transfer.
    pub(super) fn keeps_minimum(&self, available: Amount, cost: Amount) -> Result<(), FlowError> {
        let minimum = self.minimum_balance();
        let required = cost.checked_add(minimum).unwrap_or(Amount::MAX);
        if minimum.is_zero() || available >= required {
            return Ok(());
        }
        let coin = self.transfer.request.asset.native_asset();
        let [required, minimum, available] = [required, minimum, available].map(|amount| amount_text(coin, amount));
        Err(FlowError::insufficient(format!(
            "{required} are required, {minimum} of them to be kept as the minimum balance; {available} are available"
        )))
    }
}

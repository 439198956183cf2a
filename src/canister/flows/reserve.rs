//! What a wallet keeps. Looked at when its balance has just been read and before anything is built, so that what is left after amount,
//! fee and rent is what counts, and not what was there before (trap T88).

use super::{FlowError, TransferContext};
use crate::ports::Runtime;
use purser_core::base::{Amount, Asset};
use purser_core::policy::ReasonCode;

impl<R: Runtime> TransferContext<'_, R> {
    /// What the source of the transfer has to keep, in base units of its chain's coin.
    ///
    /// A revocation takes its fee from it: it keeps a payment from being made.
    pub(super) fn minimum_balance(&self) -> Amount {
        if self.transfer.is_revocation() {
            return Amount::ZERO;
        }
        let coin = self.transfer.request.asset.coin();
        self.rt.read(|state| state.minimum_balance(&self.transfer, coin))
    }

    /// What the source has to keep of the token that it pays, in the token's base units.
    pub(super) fn minimum_tokens(&self) -> Amount {
        match self.transfer.request.asset.canonical_asset() {
            token @ Asset::Spl { .. } => self.rt.read(|state| state.minimum_balance(&self.transfer, token)),
            _ => Amount::ZERO,
        }
    }

    /// Ends the transfer when `available` less what it costs in the chain's coin, `cost`, is less than what has to be kept.
    pub(super) fn keeps_minimum(&self, available: Amount, cost: Amount) -> Result<(), FlowError> {
        let minimum = self.minimum_balance();
        let required = cost.checked_add(minimum).unwrap_or(Amount::MAX);
        if minimum.is_zero() || available >= required {
            return Ok(());
        }
        let coin = self.transfer.request.asset.coin();
        Err(insufficient(format!(
            "{required} base units of {coin} are required, {minimum} of them to be kept as the minimum balance; {available} are available"
        )))
    }
}

/// The end of a transfer that the source's balance does not allow.
pub(super) fn insufficient(note: String) -> FlowError {
    FlowError::Refused(ReasonCode::InsufficientBalance, note)
}

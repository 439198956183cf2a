//! What a wallet keeps. Looked at when its balance has just been read and before anything is built, so that what is left after amount,
//! fee and rent is what counts, and not what was there before (trap T88).

use super::{Halt, Run};
use crate::ports::Runtime;
use purser_core::policy::ReasonCode;
use purser_core::primitives::Amount;

impl<R: Runtime> Run<'_, R> {
    /// What the source of the transfer has to keep, in base units of its chain's coin.
    pub(super) fn minimum_balance(&self) -> Amount {
        let coin = self.transfer.request.asset.coin();
        self.rt.read(|state| state.minimum_balance(&self.transfer, coin))
    }

    /// Ends the transfer when `available` less what it costs in the chain's coin, `cost`, is less than what has to be kept.
    pub(super) fn keeps_minimum(&self, available: Amount, cost: Amount) -> Result<(), Halt> {
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
pub(super) fn insufficient(note: String) -> Halt {
    Halt::Refused(ReasonCode::InsufficientBalance, note)
}

//! Classification of a wallet's coins: spendable, immature and reserved.

use super::plan::{COINBASE_MATURITY, Payment, SelectError};
use crate::base::Amount;
use crate::chains::kaspa::fee::COST_OF_AN_INPUT;
use crate::chains::kaspa::tx::{MAX_SOMPI, Outpoint, Utxo};
use std::collections::BTreeSet;

/// The wallet's coins, sorted out by whether they can be spent now.
pub(super) struct Coins<'a> {
    /// The coins that can be spent and hold at least [`COST_OF_AN_INPUT`], largest first, equal amounts by outpoint.
    pub(super) spendable: Vec<&'a Utxo>,
    /// The sum of mining rewards that are not yet mature, in sompi.
    pub(super) immature: Amount,
    /// The sum of reserved coins, in sompi.
    pub(super) reserved: Amount,
}

impl<'a> Coins<'a> {
    /// Classifies the coins of a payment.
    ///
    /// # Errors
    /// As [`Self::among`].
    pub(super) fn sort(payment: &Payment<'a>) -> Result<Self, SelectError> {
        Self::among(payment.utxos, payment.reserved, payment.virtual_daa_score)
    }

    /// Classifies coins by reservation, maturity and amount.
    ///
    /// # Errors
    /// [`SelectError::InvalidUtxos`] when an output is listed twice, or the sum exceeds all money.
    pub(super) fn among(utxos: &'a [Utxo], reserved: &BTreeSet<Outpoint>, virtual_daa_score: u64) -> Result<Self, SelectError> {
        let distinct: BTreeSet<_> = utxos.iter().map(|utxo| utxo.outpoint).collect();
        let total = Amount::checked_sum(utxos.iter().map(|utxo| utxo.amount));
        if distinct.len() != utxos.len() || total.is_none_or(|total| total.get() > MAX_SOMPI) {
            return Err(SelectError::InvalidUtxos);
        }
        let mut coins = Self { spendable: Vec::new(), immature: Amount::ZERO, reserved: Amount::ZERO };
        for utxo in utxos {
            let mature = !utxo.is_coinbase || utxo.block_daa_score.saturating_add(COINBASE_MATURITY) <= virtual_daa_score;
            if reserved.contains(&utxo.outpoint) {
                coins.reserved = coins.reserved.checked_add(utxo.amount).ok_or(SelectError::InvalidUtxos)?;
            } else if !mature {
                coins.immature = coins.immature.checked_add(utxo.amount).ok_or(SelectError::InvalidUtxos)?;
            } else if utxo.amount >= COST_OF_AN_INPUT {
                coins.spendable.push(utxo);
            }
        }
        coins.spendable.sort_by(|a, b| b.amount.cmp(&a.amount).then(a.outpoint.cmp(&b.outpoint)));
        Ok(coins)
    }
}

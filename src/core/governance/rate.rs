//! Rates of assets in the unit of account.

use crate::base::{Amount, Asset, DAY_NS, Timestamp, amount_text, grouped, value_text};
use serde::{Deserialize, Serialize};

/// The longest validity of a rate, in nanoseconds: 7 days. An older rate says nothing about a price.
pub const MAX_RATE_AGE_NS: u64 = 7 * DAY_NS;
/// The highest value of one whole native asset, or one base unit of a token, in millionths.
///
/// It is a thousand million of the unit of account. A rate beyond it has most likely left the decimals out.
pub const MAX_UNIT_VALUE: u64 = 1_000_000_000_000_000;
/// The most base units of `per`: one whole asset with 18 decimals.
pub const MAX_RATE_UNITS: u64 = 1_000_000_000_000_000_000;

/// The value of an asset in the unit of account, as admins set it.
///
/// There is no oracle, for four reasons. A principal that moves a price would move the limit, and a market or a provider is easier to move
/// than a quorum of admins. A decision reads the state alone, so that nothing can happen between the decision and the reservation, and so
/// that the log can be replayed; a price would have to be fetched first. Many tokens have no market, or one that a single payment moves.
/// And a value limit is a bound on damage, for which the price of the week is exact enough: a rate is valid for at most seven days, and
/// once it has expired, every transfer under a value limit is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// The asset.
    pub asset: Asset,
    /// The value of `per` base units, in millionths of the unit of account.
    pub value: Amount,
    /// The number of base units that `value` is the value of, for example one whole asset; at least 1.
    pub per: Amount,
    /// The time from which on the rate is not used.
    pub expires_at: Timestamp,
}

impl Rate {
    /// Checks that value and base units are neither zero nor implausible.
    ///
    /// # Errors
    /// When a number is out of bounds, with the numbers that would be accepted.
    pub fn validate(&self) -> Result<(), String> {
        let (value, per) = (u128::from(self.value.get()), u128::from(self.per.get()));
        if value == 0 || per == 0 {
            return Err("a worth of 0, or of 0 base units, says nothing; both are at least 1".into());
        }
        if self.per.get() > MAX_RATE_UNITS {
            return Err(format!("per: at most {MAX_RATE_UNITS} base units; usually one whole coin"));
        }
        let whole = 10u128.pow(self.asset.units().decimals.unwrap_or(0).into());
        // Of a token the decimals are unknown, so its base unit is valued.
        let unit_value = value * whole / per;
        let unit = amount_text(self.asset, Amount::new(u64::try_from(whole).unwrap_or(u64::MAX)));
        let remedy = "value is the worth of per base units, in millionths of the unit of account";
        if unit_value > u128::from(MAX_UNIT_VALUE) {
            let worth = format!("{} units of account", grouped(&(unit_value / 1_000_000).to_string()));
            let most = value_text(Amount::new(MAX_UNIT_VALUE));
            return Err(format!("{unit} would be worth {worth}, at most {most}; {remedy}: is per too small?"));
        }
        if self.asset.units().decimals.is_some() && unit_value == 0 {
            return Err(format!("{unit} would be worth less than a millionth of the unit of account; {remedy}: is per too large?"));
        }
        Ok(())
    }

    /// Returns the value of an amount, rounded up and at most the largest amount; `None` when the rate has expired.
    pub fn value(&self, amount: Amount, now: Timestamp) -> Option<Amount> {
        if now >= self.expires_at || self.per.is_zero() {
            return None;
        }
        let value = (u128::from(amount.get()) * u128::from(self.value.get())).div_ceil(u128::from(self.per.get()));
        Some(u64::try_from(value).map_or(Amount::MAX, Amount::new))
    }
}

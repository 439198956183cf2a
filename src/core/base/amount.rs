//! Money as an integer count of an asset's base units.

use serde::{Deserialize, Serialize};

/// An amount in base units of its asset: sompi for Kaspa, lamports for Solana, token units for a mint.
///
/// There are no arithmetic operators on purpose: every sum or difference of money goes through a checked method, so that an
/// overflow is a value the caller must handle and never a wrapped number. There is no `Display` either: a number without coin and unit
/// misleads people, and [`amount_text`](super::amount_text) writes both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(u64);

impl Amount {
    /// The amount of zero base units.
    pub const ZERO: Self = Self(0);
    /// The largest representable amount.
    pub const MAX: Self = Self(u64::MAX);

    /// Wraps a number of base units.
    pub const fn new(base_units: u64) -> Self {
        Self(base_units)
    }

    /// Returns the number of base units.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether the amount is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns the sum, or `None` on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Returns the difference, or `None` when `other` is larger.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// Returns the difference, or zero when `other` is larger.
    ///
    /// For remaining budgets, never for balances: a balance below zero is an error that must not be hidden.
    pub const fn remaining_after(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Returns the share `part / whole` of this amount, rounded down; all of it when `whole` is 0 or at most `part`.
    pub const fn share(self, part: u64, whole: u64) -> Self {
        if whole == 0 || part >= whole {
            return self;
        }
        // The quotient is smaller than `self`, so it fits.
        Self((self.0 as u128 * part as u128 / whole as u128) as u64)
    }

    /// Returns the share `part / whole` of this amount, rounded up; all of it when `whole` is 0 or at most `part`.
    pub const fn share_up(self, part: u64, whole: u64) -> Self {
        if whole == 0 || part >= whole {
            return self;
        }
        Self((self.0 as u128 * part as u128).div_ceil(whole as u128) as u64)
    }

    /// Returns the sum of many amounts, or `None` on overflow.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_differences_stop_at_the_edges() {
        assert_eq!(Amount::new(2).checked_add(Amount::new(3)), Some(Amount::new(5)));
        assert_eq!(Amount::MAX.checked_add(Amount::new(1)), None);
        assert_eq!(Amount::new(2).checked_sub(Amount::new(3)), None);
        assert_eq!(Amount::new(2).remaining_after(Amount::new(3)), Amount::ZERO);
        assert_eq!(Amount::checked_sum([Amount::MAX, Amount::ZERO]), Some(Amount::MAX));
        assert_eq!(Amount::checked_sum([Amount::MAX, Amount::new(1)]), None);
    }

    #[test]
    fn shares_are_exact_and_never_more_than_the_whole() {
        assert_eq!((Amount::new(100).share(1, 3), Amount::new(100).share_up(1, 3)), (Amount::new(33), Amount::new(34)));
        assert_eq!(
            (Amount::MAX.share(99, 100), Amount::MAX.share_up(1, 1)),
            (Amount::new(18_262_276_632_972_456_098), Amount::MAX)
        );
        assert_eq!(
            (Amount::new(7).share(5, 4), Amount::new(7).share_up(0, 4), Amount::new(7).share(1, 0)),
            (Amount::new(7), Amount::ZERO, Amount::new(7))
        );
    }
}

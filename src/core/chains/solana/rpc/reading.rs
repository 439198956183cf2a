//! Readings: how a changing number is reduced so that replicas agree on it.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// A lower bound that a changing number is reduced to: a height, a slot, a balance.
///
/// Replicas agree unless the number crosses a boundary just between their calls. A bound is all that the rules need, since every
/// one of them asks for *at least*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The largest multiple of the step that does not exceed the number, which is less than one step above it.
    RoundDown {
        /// The step; 1 keeps the number as it is.
        step: NonZeroU64,
    },
    /// The threshold if the number has reached it, otherwise zero.
    AtLeast {
        /// The threshold.
        threshold: u64,
    },
}

impl Reading {
    /// The reading that keeps the number itself.
    pub const EXACT: Self = Self::RoundDown { step: NonZeroU64::MIN };

    /// Returns the lower bound of `number`.
    pub const fn of(self, number: u64) -> u64 {
        match self {
            Self::RoundDown { step } => number - number % step.get(),
            Self::AtLeast { threshold } if number >= threshold => threshold,
            Self::AtLeast { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_a_lower_bound() {
        let step = Reading::RoundDown { step: NonZeroU64::new(20).expect("20") };
        assert_eq!([0, 19, 20, 39, 40].map(|number| step.of(number)), [0, 0, 20, 20, 40]);
        assert_eq!(step.of(u64::MAX), u64::MAX - u64::MAX % 20);
        assert_eq!(Reading::EXACT.of(u64::MAX), u64::MAX);
        let threshold = Reading::AtLeast { threshold: 215 };
        assert_eq!([0, 214, 215, u64::MAX].map(|number| threshold.of(number)), [0, 0, 215, 215]);
    }
}

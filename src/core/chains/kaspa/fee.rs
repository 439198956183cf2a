//! The relay floor, and how much to pay above it.

use super::mass::Masses;
use crate::primitives::Amount;
use std::fmt;

/// The least that nodes relay for, in sompi per gram, since the Toccata fork.
pub const FLOOR_SOMPI_PER_GRAM: u64 = 100;
/// The floor, in sompi, of the smallest transfer with change, whatever the addresses: one input, and two outputs to script hashes or
/// ECDSA keys, 2,058 grams. With less than this as the most that a transfer may pay, some transfers could never be built.
pub const MINIMUM_TRANSFER_FEE: u64 = 2_058 * FLOOR_SOMPI_PER_GRAM;
/// What spending one key's output costs at the floor: 1,118 grams. An output of less is not worth having.
pub const COST_OF_AN_INPUT: Amount = Amount::new(1_118 * FLOOR_SOMPI_PER_GRAM);

/// The least fee with which nodes accept a transaction of these masses: paid exactly it is accepted, one sompi less is not.
pub fn floor(masses: &Masses) -> Amount {
    floor_of(masses.relay_mass())
}

/// The floor of a transaction whose relay mass is known.
pub(super) fn floor_of(relay_mass: u64) -> Amount {
    Amount::new(relay_mass.saturating_mul(FLOOR_SOMPI_PER_GRAM))
}

/// How much to pay for a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeePolicy {
    /// The rate to pay, in sompi per gram, as a fee estimate suggests it.
    pub feerate: u64,
    /// The rate is held at this, whatever an estimate says; never below [`FLOOR_SOMPI_PER_GRAM`].
    pub max_feerate: u64,
    /// The most that one transaction may pay, including small change left to the miner. Reserve this beside the amount.
    pub max_fee: Amount,
}

/// The cap is below the relay floor, so that no fee is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloorOverCap {
    /// The relay floor.
    pub floor: Amount,
    /// The policy's cap.
    pub max_fee: Amount,
}

impl fmt::Display for FloorOverCap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the network asks a fee of {} sompi and at most {} are allowed", self.floor, self.max_fee)
    }
}

impl std::error::Error for FloorOverCap {}

impl FeePolicy {
    /// The fee for these masses: the rate times the mass that miners order by, but at most the cap and at least the floor. A rate at
    /// the floor says that nothing waits and nothing is ordered: then the floor is enough, whatever the storage mass.
    pub fn fee(&self, masses: &Masses) -> Result<Amount, FloorOverCap> {
        let floor = floor(masses);
        if floor > self.max_fee {
            return Err(FloorOverCap { floor, max_fee: self.max_fee });
        }
        let feerate = self.feerate.min(self.max_feerate).max(FLOOR_SOMPI_PER_GRAM);
        if feerate == FLOOR_SOMPI_PER_GRAM {
            return Ok(floor);
        }
        let target = Amount::new(masses.priority_mass().saturating_mul(feerate));
        Ok(target.min(self.max_fee).max(floor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAVY_STORAGE: Masses = Masses { compute: 2_036, transient: 3_400, storage: 50_000 };

    fn policy(feerate: u64, max_feerate: u64, max_fee: u64) -> FeePolicy {
        FeePolicy { feerate, max_feerate, max_fee: Amount::new(max_fee) }
    }

    #[test]
    fn the_floor_follows_compute_or_transient_but_not_storage() {
        assert_eq!(floor(&HEAVY_STORAGE), Amount::new(203_600));
        assert_eq!(floor(&Masses { compute: 10, transient: 8_001, storage: 0 }), Amount::new(400_100));
    }

    #[test]
    fn the_target_follows_storage_between_floor_and_cap() {
        assert_eq!(policy(101, 1_000, u64::MAX).fee(&HEAVY_STORAGE), Ok(Amount::new(5_050_000)));
        assert_eq!(policy(101, 1_000, 300_000).fee(&HEAVY_STORAGE), Ok(Amount::new(300_000)));
        assert_eq!(policy(100, 1_000, u64::MAX).fee(&HEAVY_STORAGE), Ok(Amount::new(203_600)), "nothing waits");
        assert_eq!(policy(0, 0, 203_600).fee(&HEAVY_STORAGE), Ok(Amount::new(203_600)));
        assert_eq!(policy(u64::MAX, 200, u64::MAX).fee(&HEAVY_STORAGE), Ok(Amount::new(10_000_000)));
        assert_eq!(policy(u64::MAX, u64::MAX, u64::MAX).fee(&HEAVY_STORAGE), Ok(Amount::MAX));
    }

    #[test]
    fn a_cap_below_the_floor_is_an_error() {
        let error = FloorOverCap { floor: Amount::new(203_600), max_fee: Amount::new(203_599) };
        assert_eq!(policy(100, 100, 203_599).fee(&HEAVY_STORAGE), Err(error));
    }
}

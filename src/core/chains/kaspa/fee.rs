//! The relay floor, and how much to pay above it.

use super::mass::Masses;
use super::money::Kas;
use crate::base::Amount;
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
fn floor_of(relay_mass: u64) -> Amount {
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
    /// Whether storage mass is paid for as well, because speed was asked for.
    pub hurried: bool,
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
        write!(f, "the network asks a fee of {} and at most {} are allowed", Kas(self.floor), Kas(self.max_fee))
    }
}

impl std::error::Error for FloorOverCap {}

impl FeePolicy {
    /// The fee for these masses, which no plan for them exceeds by itself.
    ///
    /// The rate is paid on the relay mass, so that a rate of one per cent more costs one per cent more. Miners order by storage mass
    /// too, but a payment of ordinary size may weigh twenty times its relay mass there, and blocks have room: on a node with 800
    /// transactions waiting, one that paid the floor on its relay mass was in the fourth block. Whoever is in a hurry pays what the
    /// rate is above the floor on the storage mass as well; nothing more where nothing waits.
    ///
    /// # Errors
    /// When even the floor is above the cap.
    pub fn fee(&self, masses: &Masses) -> Result<Amount, FloorOverCap> {
        let least = self.least(masses.relay_mass())?;
        if !self.hurried {
            return Ok(least);
        }
        let beyond = masses.priority_mass().saturating_sub(masses.relay_mass());
        let more = beyond.saturating_mul(self.rate() - FLOOR_SOMPI_PER_GRAM);
        Ok(Amount::new(least.get().saturating_add(more)).min(self.max_fee))
    }

    /// The fee of a transaction of this relay mass without a hurry. It does not depend on the amounts.
    ///
    /// # Errors
    /// When even the floor is above the cap.
    pub(super) fn least(&self, relay_mass: u64) -> Result<Amount, FloorOverCap> {
        let floor = floor_of(relay_mass);
        if floor > self.max_fee {
            return Err(FloorOverCap { floor, max_fee: self.max_fee });
        }
        Ok(Amount::new(relay_mass.saturating_mul(self.rate())).min(self.max_fee))
    }

    /// The rate that is paid: never under the floor.
    fn rate(&self) -> u64 {
        self.feerate.min(self.max_feerate).max(FLOOR_SOMPI_PER_GRAM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAVY_STORAGE: Masses = Masses { compute: 2_036, transient: 3_400, storage: 50_000 };

    fn policy(feerate: u64, max_feerate: u64, max_fee: u64) -> FeePolicy {
        FeePolicy { feerate, max_feerate, max_fee: Amount::new(max_fee), hurried: false }
    }

    fn hurried(feerate: u64, max_fee: u64) -> FeePolicy {
        FeePolicy { hurried: true, ..policy(feerate, 1_000, max_fee) }
    }

    #[test]
    fn the_floor_follows_compute_or_transient_but_not_storage() {
        assert_eq!(floor(&HEAVY_STORAGE), Amount::new(203_600));
        assert_eq!(floor(&Masses { compute: 10, transient: 8_001, storage: 0 }), Amount::new(400_100));
    }

    #[test]
    fn the_fee_moves_as_the_rate_does_whatever_the_storage_mass() {
        for (feerate, fee) in [(0, 203_600), (100, 203_600), (101, 205_636), (108, 219_888), (200, 407_200), (9_999, 2_036_000)] {
            assert_eq!(policy(feerate, 1_000, u64::MAX).fee(&HEAVY_STORAGE), Ok(Amount::new(fee)), "{feerate}");
        }
        assert_eq!(policy(200, 1_000, 300_000).fee(&HEAVY_STORAGE), Ok(Amount::new(300_000)), "the cap");
        assert_eq!(policy(0, 0, 203_600).fee(&HEAVY_STORAGE), Ok(Amount::new(203_600)));
        assert_eq!(policy(u64::MAX, u64::MAX, u64::MAX).fee(&HEAVY_STORAGE), Ok(Amount::MAX));
    }

    #[test]
    fn a_hurry_pays_for_storage_too_but_nothing_while_nothing_waits() {
        // 47,964 grams beyond the relay mass, at what the rate is above 100.
        for (feerate, fee) in [(100, 203_600), (101, 205_636 + 47_964), (150, 305_400 + 50 * 47_964)] {
            assert_eq!(hurried(feerate, u64::MAX).fee(&HEAVY_STORAGE), Ok(Amount::new(fee)), "{feerate}");
        }
        assert_eq!(hurried(150, 1_000_000).fee(&HEAVY_STORAGE), Ok(Amount::new(1_000_000)), "the cap");
        let light = Masses { storage: 1_000, ..HEAVY_STORAGE };
        assert_eq!(hurried(150, u64::MAX).fee(&light), policy(150, 1_000, u64::MAX).fee(&light));
    }

    #[test]
    fn a_cap_below_the_floor_is_an_error() {
        let error = FloorOverCap { floor: Amount::new(203_600), max_fee: Amount::new(203_599) };
        assert_eq!(policy(100, 100, 203_599).fee(&HEAVY_STORAGE), Err(error));
        assert_eq!(
            error.to_string(),
            "the network asks a fee of 0.002036 KAS (203,600 sompi) and at most 0.00203599 KAS (203,599 sompi) are allowed"
        );
    }
}

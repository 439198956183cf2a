//! The relay floor, and the policy that sets the fee above it.

use super::mass::Masses;
use crate::base::Amount;
use crate::chains::kaspa::coin::COIN;
use std::fmt;

/// The lowest fee rate at which nodes relay, in sompi per gram, since the Toccata fork.
pub const FLOOR_SOMPI_PER_GRAM: u64 = 100;
/// The relay floor, in sompi, of a transfer with one input and change.
///
/// Both outputs pay script hashes or ECDSA keys, the longest standard scripts: 94 + 1,118 + 2 * 423 = 2,058 grams. A lower fee cap
/// would make some transfers impossible to build.
pub const MINIMUM_TRANSFER_FEE: u64 = 2_058 * FLOOR_SOMPI_PER_GRAM;
/// The fee, in sompi, for spending one more key's output at the relay floor.
///
/// An input adds 1,118 grams: 52 bytes, a signature script of 66 bytes, and 1,000 grams for one signature operation. A smaller
/// output costs more to spend than it holds.
pub const COST_OF_AN_INPUT: Amount = Amount::new(1_118 * FLOOR_SOMPI_PER_GRAM);

/// Returns the lowest fee, in sompi, at which nodes relay a transaction of these masses.
///
/// Nodes accept exactly this fee and refuse one sompi less. The product saturates at the largest amount.
pub fn floor(masses: &Masses) -> Amount {
    floor_of(masses.relay_mass())
}

/// Returns the relay floor, in sompi, for a relay mass in grams.
fn floor_of(relay_mass: u64) -> Amount {
    Amount::new(relay_mass.saturating_mul(FLOOR_SOMPI_PER_GRAM))
}

/// The rate, the caps and the speed that set the fee of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeePolicy {
    /// The rate to pay, in sompi per gram, as a provider's fee estimate suggests it.
    pub feerate: u64,
    /// The highest rate to pay, in sompi per gram, however high the estimate.
    ///
    /// A maximum below [`FLOOR_SOMPI_PER_GRAM`] counts as that floor.
    pub max_feerate: u64,
    /// The highest fee of one transaction, in sompi, including small change left to the miner.
    ///
    /// A transfer reserves this beside its amount.
    pub max_fee: Amount,
    /// Whether the fee pays for storage mass too, because the request asks for speed.
    pub hurried: bool,
}

/// The error that the fee cap is below the relay floor: no fee satisfies both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloorOverCap {
    /// The relay floor, in sompi.
    pub floor: Amount,
    /// The policy's cap, in sompi.
    pub max_fee: Amount,
}

impl fmt::Display for FloorOverCap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the network asks a fee of {} and at most {} are allowed", COIN.text(self.floor), COIN.text(self.max_fee))
    }
}

impl std::error::Error for FloorOverCap {}

impl FeePolicy {
    /// Returns the fee, in sompi, for a transaction of these masses; at most `max_fee`.
    ///
    /// The rate is paid on the relay mass, so a rate one per cent higher costs one per cent more. Miners order by storage mass too,
    /// but the storage mass of an ordinary payment can be many times its relay mass, and the full rate on it would be expensive.
    /// A hurried transaction therefore pays on the storage mass beyond its relay mass only the part of the rate above the floor.
    /// That part is zero while the estimate is at the floor.
    ///
    /// # Errors
    /// [`FloorOverCap`] when the relay floor of these masses is above `max_fee`.
    pub fn fee(&self, masses: &Masses) -> Result<Amount, FloorOverCap> {
        let least = self.least(masses.relay_mass())?;
        if !self.hurried {
            return Ok(least);
        }
        let beyond = masses.priority_mass().saturating_sub(masses.relay_mass());
        let more = beyond.saturating_mul(self.rate() - FLOOR_SOMPI_PER_GRAM);
        Ok(Amount::new(least.get().saturating_add(more)).min(self.max_fee))
    }

    /// Returns the fee, in sompi, of an unhurried transaction of this relay mass.
    ///
    /// The relay mass does not depend on the amounts, so this fee is known before the change is.
    ///
    /// # Errors
    /// [`FloorOverCap`] when the relay floor is above `max_fee`.
    pub(super) fn least(&self, relay_mass: u64) -> Result<Amount, FloorOverCap> {
        let floor = floor_of(relay_mass);
        if floor > self.max_fee {
            return Err(FloorOverCap { floor, max_fee: self.max_fee });
        }
        Ok(Amount::new(relay_mass.saturating_mul(self.rate())).min(self.max_fee))
    }

    /// Returns the rate that is paid, in sompi per gram; never under the floor.
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

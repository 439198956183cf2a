//! Division of many payments into transactions that fit the mass limits.

use super::mass::{self, DEFAULT_STORAGE_MASS_CAP};
use crate::base::Amount;

/// The most recipients of one transaction.
pub const MAX_OUTPUTS: usize = 100;

/// The storage mass, in grams, kept free for the change: the weight of an output of one KAS.
const CHANGE_GRAMS: u64 = 10_000;

/// Divides payments, in their order, into runs for one transaction each, and returns the lengths.
///
/// A run has at most `max_outputs` payments (at least one), and their storage mass leaves room for change. Nothing is deducted for
/// the coins to be spent, because they are not selected yet. A payment heavier than the room, that is a small one, forms a run of
/// its own; coin selection decides whether it can be built.
pub fn pack(amounts: &[Amount], max_outputs: usize) -> Vec<usize> {
    let budget = DEFAULT_STORAGE_MASS_CAP - CHANGE_GRAMS;
    let mut runs: Vec<usize> = Vec::new();
    let mut grams = 0u64;
    for amount in amounts {
        let weight = mass::output_weight(*amount);
        let more = grams.saturating_add(weight);
        match runs.last_mut() {
            Some(run) if *run < max_outputs && more <= budget => {
                *run += 1;
                grams = more;
            }
            _ => {
                runs.push(1);
                grams = weight;
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(sompi: &[u64], max_outputs: usize) -> Vec<usize> {
        pack(&sompi.iter().map(|sompi| Amount::new(*sompi)).collect::<Vec<_>>(), max_outputs)
    }

    #[test]
    fn payments_go_together_up_to_the_storage_mass() {
        assert_eq!(runs(&[], 10), Vec::<usize>::new());
        // One KAS weighs 10,000 grams: nine fill the budget of 90,000.
        assert_eq!(runs(&[100_000_000; 20], 100), [9, 9, 2]);
        assert_eq!(runs(&[10_000_000_000; 20], 100), [20]);
        assert_eq!(runs(&[10_000_000_000; 20], 8), [8, 8, 4]);
        // 0.1 KAS weighs 100,000 grams and goes with nothing; nothing at all is infinitely heavy.
        assert_eq!(runs(&[100_000_000, 10_000_000, 100_000_000, 0, 100_000_000], 100), [1, 1, 1, 1, 1]);
    }
}

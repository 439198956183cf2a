//! Grids that round changing numbers, so that replicas keep the same one.
//!
//! Replicas ask a moment apart and see different scores and rates; rounded to a mark of a grid, they usually agree.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// Marks at equal distances, to which numbers are rounded down or up.
///
/// Replicas disagree when the number passes a mark while they ask. The marks of [`Grid::between`] lie in the middle between these,
/// so a number that moves by less than half a step passes a mark of one of the two grids at most. A repeated request on the other
/// grid can therefore succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// The distance of two marks.
    step: NonZeroU64,
    /// The first mark, less than the step.
    shift: u64,
}

impl Grid {
    /// Makes a grid with marks at the multiples of `step`.
    pub const fn of(step: NonZeroU64) -> Self {
        Self { step, shift: 0 }
    }

    /// Makes the grid of the same step whose marks lie in the middle between these.
    pub const fn between(self) -> Self {
        Self { step: self.step, shift: (self.shift + self.step.get() / 2) % self.step.get() }
    }

    /// Returns the distance of two marks.
    pub const fn step(self) -> u64 {
        self.step.get()
    }

    /// Returns the last mark that is not above `number`; zero when there is none.
    pub const fn round_down(self, number: u64) -> u64 {
        match number.checked_sub(self.shift) {
            Some(beyond) => number - beyond % self.step.get(),
            None => 0,
        }
    }

    /// Returns the first mark that is not below `number`; the largest number when there is none.
    pub const fn round_up(self, number: u64) -> u64 {
        let Some(beyond) = number.checked_sub(self.shift) else { return self.shift };
        match beyond.checked_next_multiple_of(self.step.get()) {
            Some(up) => up.saturating_add(self.shift),
            None => u64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grid(step: u64) -> Grid {
        Grid::of(NonZeroU64::new(step).expect("not zero"))
    }

    #[test]
    fn marks_lie_below_and_above() {
        assert_eq!([99, 100, 199].map(|n| grid(100).round_down(n)), [0, 100, 100]);
        assert_eq!([100, 101, 200].map(|n| grid(100).round_up(n)), [100, 200, 200]);
        let between = grid(100).between();
        assert_eq!([49, 50, 149, 150].map(|n| between.round_down(n)), [0, 50, 50, 150]);
        assert_eq!([0, 50, 51, 150].map(|n| between.round_up(n)), [50, 50, 150, 150]);
        assert_eq!(between.between(), grid(100));
        assert_eq!([grid(7).round_up(u64::MAX), grid(1).between().round_up(u64::MAX)], [u64::MAX; 2]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn of_two_grids_at_least_one_has_no_mark_within_less_than_half_a_step(step in 2u64..1_000, number in 1_000u64..1_000_000, part in 0.0f64..1.0) {
            let moved = number + (part * (step / 2) as f64) as u64;
            let agree = |grid: Grid| grid.round_down(number) == grid.round_down(moved);
            prop_assert!(agree(grid(step)) || agree(grid(step).between()), "{number} to {moved} by {step}");
            let up = |grid: Grid| grid.round_up(number) == grid.round_up(moved);
            prop_assert!(up(grid(step)) || up(grid(step).between()), "{number} to {moved} by {step}");
        }
    }
}

//! Metrics: counters and histograms under stable names. They are no part of the durable state, and an upgrade resets them.

use std::collections::BTreeMap;

/// Counters by name, in memory only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics(BTreeMap<&'static str, u64>);

/// The names of a histogram: the number of observations, their sum, and the number at or under each bound.
#[derive(Clone, Copy, Debug)]
pub struct Histogram {
    /// The counter of observations.
    pub count: &'static str,
    /// The counter of the sum of the observed values.
    pub sum: &'static str,
    /// The upper bounds, ascending and inclusive, each with its counter.
    pub bounds: &'static [(u64, &'static str)],
}

impl Metrics {
    /// Returns metrics without any counter.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Increases a counter; it stays at the largest number instead of wrapping.
    pub fn count(&mut self, name: &'static str, by: u64) {
        let counter = self.0.entry(name).or_default();
        *counter = counter.saturating_add(by);
    }

    /// Adds an observed value to a histogram.
    pub fn observe(&mut self, histogram: &Histogram, value: u64) {
        self.count(histogram.count, 1);
        self.count(histogram.sum, value);
        for (_, name) in histogram.bounds.iter().filter(|(bound, _)| value <= *bound) {
            self.count(name, 1);
        }
    }

    /// Returns every counter with its value, by name ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().map(|(name, value)| (*name, *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDS: Histogram = Histogram { count: "s_count", sum: "s_sum", bounds: &[(1, "s_le_1"), (10, "s_le_10")] };

    #[test]
    fn observations_are_counted_summed_and_put_under_their_bounds() {
        let mut metrics = Metrics::new();
        for value in [1, 2, 10, 11] {
            metrics.observe(&SECONDS, value);
        }
        metrics.count("other", u64::MAX);
        metrics.count("other", 1);
        let all: Vec<_> = metrics.iter().collect();
        assert_eq!(all, [("other", u64::MAX), ("s_count", 4), ("s_le_1", 1), ("s_le_10", 3), ("s_sum", 24)]);
    }
}

//! Counters and histograms: numbers that only grow, each under a stable name. They are no part of the durable state.

use std::collections::BTreeMap;

/// What was counted, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics(BTreeMap<&'static str, u64>);

/// A distribution: how many observations, their sum, and how many lay at or under each bound.
#[derive(Clone, Copy, Debug)]
pub struct Histogram {
    /// The name of the number of observations.
    pub count: &'static str,
    /// The name of their sum.
    pub sum: &'static str,
    /// Bounds, ascending, each with its name.
    pub bounds: &'static [(u64, &'static str)],
}

impl Metrics {
    /// Nothing counted yet.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Counts `by` more.
    pub fn count(&mut self, name: &'static str, by: u64) {
        let counter = self.0.entry(name).or_default();
        *counter = counter.saturating_add(by);
    }

    /// Adds an observation to a distribution.
    pub fn observe(&mut self, histogram: &Histogram, value: u64) {
        self.count(histogram.count, 1);
        self.count(histogram.sum, value);
        for (_, name) in histogram.bounds.iter().filter(|(bound, _)| value <= *bound) {
            self.count(name, 1);
        }
    }

    /// Everything that was counted, by name ascending.
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

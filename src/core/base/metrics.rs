//! Metrics: counters and histograms under stable names. They are no part of the durable state, and an upgrade resets them.

use std::collections::BTreeMap;

/// Counters by name, in memory only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics(BTreeMap<String, u64>);

impl Metrics {
    /// Returns metrics without any counter.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Increases a counter; it stays at the largest number instead of wrapping.
    pub fn count(&mut self, name: impl Into<String>, by: u64) {
        let counter = self.0.entry(name.into()).or_default();
        *counter = counter.saturating_add(by);
    }

    /// Adds an observed value to a histogram.
    ///
    /// Its counters are `name_count`, `name_sum`, and `name_le_BOUND` of every bound that the value does not exceed.
    pub fn observe(&mut self, name: &str, bounds: &[u64], value: u64) {
        self.count(format!("{name}_count"), 1);
        self.count(format!("{name}_sum"), value);
        for bound in bounds.iter().filter(|bound| value <= **bound) {
            self.count(format!("{name}_le_{bound}"), 1);
        }
    }

    /// Returns every counter with its value, by name ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> + '_ {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observations_are_counted_summed_and_put_under_their_bounds() {
        let mut metrics = Metrics::new();
        for value in [1, 2, 10, 11] {
            metrics.observe("s", &[1, 10], value);
        }
        metrics.count("other", u64::MAX);
        metrics.count("other", 1);
        let all: Vec<_> = metrics.iter().collect();
        assert_eq!(all, [("other", u64::MAX), ("s_count", 4), ("s_le_1", 1), ("s_le_10", 3), ("s_sum", 24)]);
    }
}

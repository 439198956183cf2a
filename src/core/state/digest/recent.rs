//! Cache of the numbers of recently written records.

use super::sum::{Seed, Sum, TableId, seed};
use std::collections::{BTreeMap, VecDeque};

/// The numbers of recently written records by their seeds.
///
/// A record that was just written is the one most likely to change next, and with the cache its subtraction costs one hash instead of nine.
/// The cache only saves work; an upgrade empties it.
#[derive(Default)]
pub(super) struct RecentSums {
    sums: BTreeMap<Seed, Sum>,
    /// The seeds in the order of writing, those of taken sums included.
    written: VecDeque<Seed>,
}

impl RecentSums {
    /// The most cached sums, which take 330 kB. One transfer writes about 60 records from its request to its end.
    pub const LIMIT: usize = 512;

    /// Returns the number of a record that is written, and caches it.
    pub fn insert(&mut self, table: TableId, key: &[u8], value: &[u8]) -> Sum {
        let seed = seed(table, key, value);
        let sum = Sum::expand(&seed);
        if self.written.len() == Self::LIMIT {
            let oldest = self.written.pop_front();
            oldest.map(|oldest| self.sums.remove(&oldest));
        }
        self.written.push_back(seed);
        self.sums.insert(seed, sum.clone());
        sum
    }

    /// Returns the number of a record that is removed, and drops it from the cache.
    pub fn take(&mut self, table: TableId, key: &[u8], value: &[u8]) -> Sum {
        let seed = seed(table, key, value);
        self.sums.remove(&seed).unwrap_or_else(|| Sum::expand(&seed))
    }

    /// Returns the number of cached sums.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.sums.len()
    }
}

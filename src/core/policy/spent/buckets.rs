//! Amounts by the number of the bucket of time they were posted in.

use crate::base::Amount;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::ops::Range;

/// Amounts by the number of their bucket, oldest first. An amount that is too large for its bucket fills it: the bucket then stands
/// for more than can be counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Buckets(pub(super) Vec<(u32, Amount)>);

impl Buckets {
    /// Returns whether no bucket is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the buckets from `first` on.
    pub(super) fn live(&self, first: u64) -> impl Iterator<Item = (u32, Amount)> {
        self.0.iter().copied().filter(move |(bucket, _)| u64::from(*bucket) >= first)
    }

    /// Returns the sum posted in the buckets from `first` on.
    pub(super) fn since(&self, first: u64) -> u128 {
        self.live(first).map(|(_, amount)| u128::from(amount.get())).sum()
    }

    /// Returns the sum posted in a range of buckets.
    pub(super) fn within(&self, range: Range<u64>) -> u128 {
        let within = self.live(range.start).filter(|(bucket, _)| u64::from(*bucket) < range.end);
        within.map(|(_, amount)| u128::from(amount.get())).sum()
    }

    /// Returns whether more was posted in a bucket than it can count.
    pub(super) fn is_full(&self, bucket: u64) -> bool {
        self.0.iter().any(|(number, amount)| u64::from(*number) == bucket && *amount == Amount::MAX)
    }

    /// Drops every bucket that `keep` refuses, and adds an amount to the current one.
    pub(super) fn add(&mut self, current: u64, keep: impl Fn(u64) -> bool, posted: Amount) {
        self.0.retain(|(bucket, _)| keep(u64::from(*bucket)));
        if posted.is_zero() {
            return;
        }
        let current = u32::try_from(current).unwrap_or(u32::MAX);
        match self.0.last_mut() {
            // A clock that stepped back posts into the newest bucket, so that money counts longer and never shorter.
            Some((bucket, amount)) if *bucket >= current => *amount = amount.checked_add(posted).unwrap_or(Amount::MAX),
            _ => self.0.push((current, posted)),
        }
    }
}

/// Encodes twelve bytes per bucket: a counter is read and written with every transfer, and a list of numbers would take more bytes.
impl Serialize for Buckets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.0.len() * 12);
        for (bucket, amount) in &self.0 {
            bytes.extend_from_slice(&bucket.to_be_bytes());
            bytes.extend_from_slice(&amount.get().to_be_bytes());
        }
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Buckets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
        if bytes.len() % 12 != 0 {
            return Err(de::Error::invalid_length(bytes.len(), &"a multiple of 12 bytes"));
        }
        let (buckets, _) = bytes.as_chunks::<12>();
        let entry = |entry: &[u8; 12]| {
            let [a, b, c, d, amount @ ..] = *entry;
            (u32::from_be_bytes([a, b, c, d]), Amount::new(u64::from_be_bytes(amount)))
        };
        Ok(Self(buckets.iter().map(entry).collect()))
    }
}

//! A cache of answers about wallets, which the canister pays for: an answer is given again for a while.
//!
//! A question without an answer is kept as well, and is not repeated for as long.

use purser_core::base::{SECOND_NS, Timestamp, WalletId};
use std::collections::BTreeMap;

/// The last answer about each wallet. Old ones are forgotten with the next question.
pub struct TtlCache<T>(BTreeMap<WalletId, (Timestamp, Option<T>)>);

/// The result of a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The question was answered lately.
    Hit(T),
    /// The question was asked lately, and has no answer.
    NegativeHit,
    /// The question may be asked.
    Miss,
}

impl<T: Clone> Default for TtlCache<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone> TtlCache<T> {
    /// An empty cache.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Looks up the answer about a wallet that is younger than `seconds`.
    pub fn lookup(&mut self, wallet: WalletId, seconds: u64, now: Timestamp) -> Lookup<T> {
        self.0.retain(|_, (asked_at, _)| now.nanos_since(*asked_at) < seconds * SECOND_NS);
        match self.0.get(&wallet) {
            Some((_, Some(answer))) => Lookup::Hit(answer.clone()),
            Some((_, None)) => Lookup::NegativeHit,
            None => Lookup::Miss,
        }
    }

    /// Notes a question that begins now.
    pub fn mark_requested(&mut self, wallet: WalletId, now: Timestamp) {
        self.0.insert(wallet, (now, None));
    }

    /// Keeps the answer about a wallet.
    pub fn insert(&mut self, wallet: WalletId, answer: T, now: Timestamp) {
        self.0.insert(wallet, (now, Some(answer)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: WalletId = WalletId::new(1);
    const OTHER: WalletId = WalletId::new(2);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * SECOND_NS)
    }

    #[test]
    fn an_answer_is_given_again_until_it_is_old() {
        let mut cache = TtlCache::new();
        assert_eq!(cache.lookup(ONE, 10, at(100)), Lookup::Miss);
        cache.mark_requested(ONE, at(100));
        cache.insert(ONE, 7, at(103));
        assert_eq!(cache.lookup(ONE, 10, at(112)), Lookup::Hit(7));
        assert_eq!(cache.lookup(OTHER, 10, at(112)), Lookup::Miss, "each wallet for itself");
        assert_eq!(cache.lookup(ONE, 10, at(113)), Lookup::Miss);
    }

    #[test]
    fn a_question_without_an_answer_is_not_asked_again_at_once() {
        let mut cache = TtlCache::<u8>::new();
        cache.mark_requested(ONE, at(100));
        assert_eq!(cache.lookup(ONE, 10, at(109)), Lookup::NegativeHit);
        assert_eq!(cache.lookup(ONE, 10, at(110)), Lookup::Miss);
    }
}

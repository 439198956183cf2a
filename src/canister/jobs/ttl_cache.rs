//! What was asked of the chains lately, on somebody's behalf and at the canister's cost: an answer is given again for a while, and after a
//! question without one nobody asks before as long has passed.

use purser_core::base::{SECOND_NS, Timestamp, WalletId};
use std::collections::BTreeMap;

/// The questions about wallets and their answers. Bounded by time: one is forgotten with the next one after it is old.
pub struct TtlCache<T>(BTreeMap<WalletId, (Timestamp, Option<T>)>);

/// What to do about a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// It was answered lately.
    Hit(T),
    /// It was asked lately, and there is no answer.
    NegativeHit,
    /// It may be asked.
    Miss,
}

impl<T: Clone> TtlCache<T> {
    /// Nothing was asked.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Whether the question about a wallet is answered, or may be asked.
    pub fn lookup(&mut self, wallet: WalletId, seconds: u64, now: Timestamp) -> Lookup<T> {
        self.0.retain(|_, (asked_at, _)| now.nanos_since(*asked_at) < seconds * SECOND_NS);
        match self.0.get(&wallet) {
            Some((_, Some(answer))) => Lookup::Hit(answer.clone()),
            Some((_, None)) => Lookup::NegativeHit,
            None => Lookup::Miss,
        }
    }

    /// Notes that somebody asks.
    pub fn mark_requested(&mut self, wallet: WalletId, now: Timestamp) {
        self.0.insert(wallet, (now, None));
    }

    /// Keeps an answer.
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

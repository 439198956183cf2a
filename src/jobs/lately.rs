//! What was asked of the chains lately, on somebody's behalf and at the canister's cost: an answer is given again for a while, and after a
//! question without one nobody asks before as long has passed.

use purser_core::primitives::{SECOND_NS, Timestamp, WalletId};
use std::collections::BTreeMap;

/// The questions about wallets and their answers. Bounded by time: one is forgotten with the next one after it is old.
pub struct Lately<T>(BTreeMap<WalletId, (Timestamp, Option<T>)>);

/// What to do about a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// It was answered lately.
    Answer(T),
    /// It was asked lately, and there is no answer.
    Nothing,
    /// It may be asked.
    Old,
}

impl<T: Clone> Lately<T> {
    /// Nothing was asked.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Whether the question about a wallet is answered, or may be asked.
    pub fn known(&mut self, wallet: WalletId, seconds: u64, now: Timestamp) -> Known<T> {
        self.0.retain(|_, (asked_at, _)| now.nanos_since(*asked_at) < seconds * SECOND_NS);
        match self.0.get(&wallet) {
            Some((_, Some(answer))) => Known::Answer(answer.clone()),
            Some((_, None)) => Known::Nothing,
            None => Known::Old,
        }
    }

    /// Notes that somebody asks.
    pub fn asked(&mut self, wallet: WalletId, now: Timestamp) {
        self.0.insert(wallet, (now, None));
    }

    /// Keeps an answer.
    pub fn answered(&mut self, wallet: WalletId, answer: T, now: Timestamp) {
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
        let mut lately = Lately::new();
        assert_eq!(lately.known(ONE, 10, at(100)), Known::Old);
        lately.asked(ONE, at(100));
        lately.answered(ONE, 7, at(103));
        assert_eq!(lately.known(ONE, 10, at(112)), Known::Answer(7));
        assert_eq!(lately.known(OTHER, 10, at(112)), Known::Old, "each wallet for itself");
        assert_eq!(lately.known(ONE, 10, at(113)), Known::Old);
    }

    #[test]
    fn a_question_without_an_answer_is_not_asked_again_at_once() {
        let mut lately = Lately::<u8>::new();
        lately.asked(ONE, at(100));
        assert_eq!(lately.known(ONE, 10, at(109)), Known::Nothing);
        assert_eq!(lately.known(ONE, 10, at(110)), Known::Old);
    }
}

//! What is promised, each by itself, and what was found to be broken: a run goes on, so that one fault does not hide another.

use std::collections::BTreeMap;
use std::fmt;

/// How much is told of what was broken.
const MOST_BYTES: usize = 700;

/// What the canister promises whatever happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Whatever is let through or built is within every limit.
    Limits,
    /// What has landed can be recorded, whatever anybody says about rates.
    Recorded,
    /// A scope that comes to stand above a queue counts it: what is paid under it from then on is within its limits.
    NewScope,
    /// So many payments of a batch as are denied, so many denials, in their order: one that passes ends a row only at its place.
    Denials,
    /// The retry of an accepted request is a duplicate of the same transfer, and a key that its caller never used is free.
    Retry,
    /// Nothing is let through unasked that the policies in force would ask people about, and nothing that may be cancelled outlasts a
    /// change under which they would, beside what is older.
    Unasked,
    /// In limited operation the oldest that fit move.
    Moves,
    /// In normal operation what came later keeps nothing from moving that fits beside what was there before.
    Displaced,
    /// Nothing is built of a deactivated wallet, or below one.
    Inactive,
    /// Nothing is built that people agreed to after its session was over.
    Late,
    /// What counts in a calendar period is what was spent in it: nothing from before its start, and nothing less.
    Calendar,
    /// A rolling window counts nothing less than it should, and at most a bucket longer.
    Rolling,
    /// What was spent before a recipient had a limit, or an asset a rate, counts.
    Before,
    /// What its transfer can sign no more and never signed binds nothing: its twin can be built.
    Unsigned,
    /// Of an owner's active wallets exactly one stands first.
    First,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Limits => "what is let through or built is within every limit",
            Self::Recorded => "what has landed can be recorded",
            Self::NewScope => "a scope that comes to stand above a queue counts it",
            Self::Denials => "every denied payment of a batch counts as a denial",
            Self::Retry => "a retry is a duplicate of the same transfer",
            Self::Unasked => "nothing stays unasked that the policies in force ask people about",
            Self::Moves => "in limited operation the oldest that fit move",
            Self::Displaced => "what came later keeps nothing from moving that fits beside what was there before",
            Self::Inactive => "nothing is built of a deactivated wallet",
            Self::Late => "nothing is built that was agreed to after its session was over",
            Self::Calendar => "a calendar period counts exactly what was spent in it",
            Self::Rolling => "a rolling window counts nothing less, and at most a bucket longer",
            Self::Before => "what was spent before a limit or a rate was set counts",
            Self::Unsigned => "what can be signed no more and never was binds nothing",
            Self::First => "one of an owner's active wallets stands first",
        })
    }
}

/// A promise that was broken, and how.
pub type Broken = (Promise, String);

/// The first time that each promise was broken, and how often.
#[derive(Debug, Default)]
pub struct Found(BTreeMap<Promise, (usize, String, u64)>);

impl Found {
    /// Of what was broken before only the number grows; what is said is cut to what somebody reads.
    pub fn put(&mut self, command: usize, (promise, mut how): Broken) {
        how.truncate(how.floor_char_boundary(MOST_BYTES));
        self.0.entry(promise).or_insert((command, how, 0)).2 += 1;
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (promise, (command, how, times)) in &self.0 {
            write!(f, "\n  [{promise:?}] {promise}: broken {times} times, first by command {command}: {how}")?;
        }
        Ok(())
    }
}

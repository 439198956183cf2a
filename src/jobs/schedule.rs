//! When each transfer is looked at next. Kept on the heap: losing it costs nothing but an early look.

use crate::flows::Progress;
use purser_core::primitives::{SECOND_NS, Timestamp, TransferId};
use purser_core::transfer::Status;
use std::collections::{BTreeMap, BTreeSet};

/// A run that has neither reported nor holds its lock after this long has trapped.
const LEASE_SECONDS: u64 = 10;
/// Traps in a row, at one status of one attempt, after which a transfer is left to people.
const MAX_TRAPS: u32 = 3;
const HELD_SECONDS: u64 = 5;
const MAX_DELAY_SECONDS: u64 = 60;
/// A transfer that waits longer than this is looked up with another provider each time: one that stands still gives no errors.
const ROTATE_AFTER_SECONDS: u64 = 60;

/// Where a transfer stood when it was sent on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its status.
    pub status: Status,
    /// Its attempt.
    pub attempt: u32,
}

/// What to do about a transfer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Drive it. `turn` picks the provider.
    Run {
        /// Advances with every trouble and with long waits.
        turn: usize,
    },
    /// Leave it to people: it keeps trapping where money may be on its way.
    Quarantine,
}

#[derive(Debug, Default)]
struct Entry {
    due: Timestamp,
    /// Which provider is next. Never reset, so that one that failed is not asked first again.
    turn: usize,
    failures: u32,
    /// Set when the transfer is sent on its way and cleared when the run reports. A trap leaves it set.
    sent: Option<Mark>,
    traps: u32,
}

/// The next look at every transfer under way.
#[derive(Debug, Default)]
pub struct Schedule {
    entries: BTreeMap<TransferId, Entry>,
}

impl Schedule {
    /// Looks at a transfer at the next occasion, unless it is on its way.
    pub fn wake(&mut self, id: TransferId, now: Timestamp) {
        let entry = self.entries.entry(id).or_default();
        if entry.sent.is_none() {
            entry.due = now;
        }
    }

    /// Whether it is time to look at a transfer. One that was never seen is due.
    pub fn is_due(&self, id: TransferId, now: Timestamp) -> bool {
        self.entries.get(&id).is_none_or(|entry| now >= entry.due)
    }

    /// Sends a due transfer that nobody drives on its way.
    pub fn send(&mut self, id: TransferId, mark: Mark, now: Timestamp) -> Order {
        let entry = self.entries.entry(id).or_default();
        match entry.sent {
            Some(last) if last == mark => entry.traps = entry.traps.saturating_add(1),
            Some(_) => entry.traps = 1,
            None => entry.traps = 0,
        }
        let may_be_left = matches!(mark.status, Status::Built | Status::Signed | Status::Submitted);
        if entry.traps >= MAX_TRAPS && may_be_left {
            self.entries.remove(&id);
            return Order::Quarantine;
        }
        entry.sent = Some(mark);
        entry.due = later(now, backoff(LEASE_SECONDS, entry.traps));
        Order::Run { turn: entry.turn }
    }

    /// A run came to its end after the transfer had not changed for `age_seconds`.
    pub fn report(&mut self, id: TransferId, progress: &Progress, age_seconds: u64, now: Timestamp) {
        let entry = self.entries.entry(id).or_default();
        entry.sent = None;
        let failures = entry.failures;
        entry.failures = 0;
        let delay = match progress {
            Progress::Ended => {
                self.entries.remove(&id);
                return;
            }
            Progress::Again => 0,
            // Transactions land within seconds or take long.
            Progress::Waiting => {
                entry.turn = entry.turn.wrapping_add(usize::from(age_seconds > ROTATE_AFTER_SECONDS));
                (2 + age_seconds / 4).min(MAX_DELAY_SECONDS)
            }
            Progress::Held => HELD_SECONDS,
            Progress::Trouble(_) => {
                entry.turn = entry.turn.wrapping_add(1);
                entry.failures = failures.saturating_add(1);
                backoff(1, failures)
            }
        };
        entry.due = later(now, delay);
    }

    /// Forgets every transfer that is no longer under way.
    pub fn retain(&mut self, active: &BTreeSet<TransferId>) {
        self.entries.retain(|id, _| active.contains(id));
    }
}

/// Doubled with each failure, up to the longest delay.
pub fn backoff(seconds: u64, failures: u32) -> u64 {
    seconds.saturating_mul(1 << failures.min(16)).min(MAX_DELAY_SECONDS)
}

/// `seconds` after `now`.
pub fn later(now: Timestamp, seconds: u64) -> Timestamp {
    Timestamp::from_nanos(now.nanos().saturating_add(seconds.saturating_mul(SECOND_NS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: TransferId = TransferId::new(7);
    const SIGNED: Mark = Mark { status: Status::Signed, attempt: 1 };
    const RESERVED: Mark = Mark { status: Status::Reserved, attempt: 0 };

    fn at(seconds: u64) -> Timestamp {
        later(Timestamp::default(), seconds)
    }

    fn trouble() -> Progress {
        Progress::Trouble("no answer".into())
    }

    #[test]
    fn a_new_transfer_is_due_at_once_and_not_twice() {
        let mut schedule = Schedule::default();
        assert!(schedule.is_due(ID, at(0)));
        assert_eq!(schedule.send(ID, RESERVED, at(0)), Order::Run { turn: 0 });
        assert!(!schedule.is_due(ID, at(9)));
        schedule.wake(ID, at(1));
        assert!(!schedule.is_due(ID, at(9)), "a run under way is not doubled");
        schedule.report(ID, &Progress::Waiting, 0, at(3));
        assert!(!schedule.is_due(ID, at(4)));
        assert!(schedule.is_due(ID, at(5)));
    }

    #[test]
    fn the_third_trap_at_one_status_is_left_to_people() {
        let mut schedule = Schedule::default();
        assert_eq!(schedule.send(ID, SIGNED, at(0)), Order::Run { turn: 0 });
        assert_eq!(schedule.send(ID, SIGNED, at(10)), Order::Run { turn: 0 });
        assert!(!schedule.is_due(ID, at(29)), "the lease grows with each trap");
        assert_eq!(schedule.send(ID, SIGNED, at(30)), Order::Run { turn: 0 });
        assert_eq!(schedule.send(ID, SIGNED, at(70)), Order::Quarantine);
    }

    #[test]
    fn progress_between_traps_starts_the_count_anew() {
        let mut schedule = Schedule::default();
        for round in 0..6 {
            let mark = Mark { status: Status::Submitted, attempt: round };
            assert_eq!(schedule.send(ID, mark, at(u64::from(round) * 100)), Order::Run { turn: 0 });
        }
        for round in 0..6 {
            let now = at(1_000 + round * 100);
            schedule.report(ID, &Progress::Held, 0, now);
            assert_eq!(schedule.send(ID, SIGNED, now), Order::Run { turn: 0 });
        }
    }

    #[test]
    fn a_transfer_without_bytes_is_never_left_to_people() {
        let mut schedule = Schedule::default();
        for round in 0..10 {
            assert_eq!(schedule.send(ID, RESERVED, at(round * 100)), Order::Run { turn: 0 });
        }
    }

    #[test]
    fn trouble_backs_off_and_turns_to_the_next_provider() {
        let mut schedule = Schedule::default();
        let mut waits = Vec::new();
        for turn in 0..8 {
            let now = at(turn * 1_000);
            assert_eq!(schedule.send(ID, SIGNED, now), Order::Run { turn: turn as usize });
            schedule.report(ID, &trouble(), 0, now);
            waits.push((0..=60).find(|wait| schedule.is_due(ID, at(turn * 1_000 + wait))));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60].map(Some));
        schedule.report(ID, &Progress::Again, 0, at(9_000));
        assert_eq!(schedule.send(ID, SIGNED, at(9_000)), Order::Run { turn: 8 });
        schedule.report(ID, &trouble(), 0, at(9_000));
        assert!(schedule.is_due(ID, at(9_001)), "success resets the delay");
    }

    #[test]
    fn polls_slow_down_with_age() {
        let mut schedule = Schedule::default();
        schedule.report(ID, &Progress::Waiting, 40, at(0));
        assert!(!schedule.is_due(ID, at(11)));
        assert!(schedule.is_due(ID, at(12)));
        assert_eq!(schedule.send(ID, SIGNED, at(12)), Order::Run { turn: 0 });
        schedule.report(ID, &Progress::Waiting, 100_000, at(0));
        assert!(!schedule.is_due(ID, at(59)));
        assert!(schedule.is_due(ID, at(60)));
        assert_eq!(schedule.send(ID, SIGNED, at(60)), Order::Run { turn: 1 }, "a provider that stands still is left");
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let mut schedule = Schedule::default();
        schedule.report(ID, &Progress::Held, 0, at(0));
        schedule.report(TransferId::new(8), &Progress::Held, 0, at(0));
        schedule.retain(&BTreeSet::from([ID]));
        assert_eq!(schedule.entries.keys().copied().collect::<Vec<_>>(), [ID]);
        schedule.report(ID, &Progress::Ended, 0, at(0));
        assert!(schedule.entries.is_empty());
    }
}

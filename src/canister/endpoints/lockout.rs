//! Updates of callers without any power are rejected unread after a few failures, until some time has passed.
//!
//! A caller without a role, an agency and a wallet can command nothing: each of its updates is a failed authorization. The first few are
//! answered with what is missing. The lockout saves cycles and protects nothing else. It is kept on the heap: an upgrade forgets it, and
//! a caller with a power is never locked out.

use crate::store;
use candid::Principal;
use purser_core::base::{MINUTE_NS, Timestamp};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

/// How many failures are answered within [`WINDOW_NS`].
pub(crate) const MAX_FAILURES: usize = 5;
pub(crate) const WINDOW_NS: u64 = 15 * MINUTE_NS;
/// How many principals are remembered; beyond that the one that failed longest ago is forgotten.
const MAX_TRACKED_CALLERS: usize = 4_096;

thread_local! {
    static FAILURES: RefCell<Failures> = RefCell::default();
}

/// The guard of every update: lets members pass and notes everybody else.
///
/// # Errors
/// The message of the rejection, for a caller that has failed too often.
pub fn reject_locked_out() -> Result<(), String> {
    let (caller, now) = (ic_cdk::api::msg_caller(), store::now());
    // The anonymous principal is everybody: nobody is to be kept out by what others do under it.
    if caller == Principal::anonymous() || store::read(|state| state.has_power(&caller)) {
        return Ok(());
    }
    FAILURES.with_borrow_mut(|failures| {
        if failures.is_locked_out(&caller, now) {
            return Err("LOCKED_OUT: 5 failed authorizations within 15 minutes; try again later".to_owned());
        }
        failures.note(caller, now);
        Ok(())
    })
}

/// Whether a caller's updates are rejected unread now. Whoever has gained a power meanwhile is let in.
pub fn is_locked_out(caller: &Principal) -> bool {
    FAILURES.with_borrow(|failures| failures.is_locked_out(caller, store::now()))
}

/// When strangers failed lately.
#[derive(Debug, Default)]
struct Failures(BTreeMap<Principal, VecDeque<Timestamp>>);

impl Failures {
    fn is_locked_out(&self, caller: &Principal, now: Timestamp) -> bool {
        let times = self.0.get(caller).filter(|times| times.len() >= MAX_FAILURES);
        times.and_then(VecDeque::front).is_some_and(|first| now.nanos_since(*first) < WINDOW_NS)
    }

    fn note(&mut self, caller: Principal, now: Timestamp) {
        if self.0.len() >= MAX_TRACKED_CALLERS && !self.0.contains_key(&caller) {
            self.make_room(now);
        }
        let times = self.0.entry(caller).or_default();
        if times.len() >= MAX_FAILURES {
            times.pop_front();
        }
        times.push_back(now);
    }

    fn make_room(&mut self, now: Timestamp) {
        let last = |times: &VecDeque<Timestamp>| times.back().copied().unwrap_or_default();
        self.0.retain(|_, times| now.nanos_since(last(times)) < WINDOW_NS);
        if self.0.len() >= MAX_TRACKED_CALLERS
            && let Some(oldest) = self.0.iter().min_by_key(|(_, times)| last(times)).map(|(principal, _)| *principal)
        {
            self.0.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_core::base::SECOND_NS;

    fn principal(n: u32) -> Principal {
        Principal::from_slice(&n.to_be_bytes())
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * SECOND_NS)
    }

    #[test]
    fn the_fifth_failure_within_a_quarter_of_an_hour_locks_out_until_the_first_is_old() {
        let (mut failures, stranger) = (Failures::default(), principal(1));
        for second in [0, 100, 200, 899] {
            failures.note(stranger, at(second));
        }
        assert!(!failures.is_locked_out(&stranger, at(899)), "four are answered");
        failures.note(stranger, at(899));
        assert!(failures.is_locked_out(&stranger, at(899)));
        assert!(!failures.is_locked_out(&principal(2), at(899)), "nobody else is");
        assert!(!failures.is_locked_out(&stranger, at(900)), "15 minutes after the first");
        failures.note(stranger, at(900));
        assert!(failures.is_locked_out(&stranger, at(999)), "100 to 900 are five again");
        assert!(!failures.is_locked_out(&stranger, at(1_000)));
    }

    #[test]
    fn a_crowd_of_strangers_takes_bounded_memory_and_pushes_out_the_oldest() {
        let mut failures = Failures::default();
        for n in 0..4_097 {
            failures.note(principal(n), at(u64::from(n) / 100));
        }
        assert_eq!(failures.0.len(), 4_096);
        assert!(!failures.0.contains_key(&principal(0)) && failures.0.contains_key(&principal(4_096)));
        failures.note(principal(5_000), at(2_000));
        assert_eq!(failures.0.len(), 1, "what is old goes first");
    }

    /// The one thing that the guard of each method cannot check by itself.
    #[test]
    fn every_update_has_the_guard() {
        let sources = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/endpoints")).expect("the sources are here");
        let mut updates = 0;
        // Folders hold what is open to everybody: the descriptions of calls.
        let files = sources.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
        for source in files.map(|path| std::fs::read_to_string(path).expect("a source")) {
            for line in source.lines().filter(|line| line.trim_start().starts_with("#[ic_cdk::update")) {
                assert_eq!(line, r#"#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]"#);
                updates += 1;
            }
        }
        assert!(updates >= 13, "{updates} updates");
    }
}

//! When each transfer is looked at next. Kept on the heap: losing it costs nothing but an early look.

use super::locks::Lock;
use crate::flows::Progress;
use purser_core::base::{Amount, Chain, SECOND_NS, Timestamp, TransferId};
use purser_core::transfer::{Status, Transfer};
use purser_core::wallet::KeyKind;
use std::collections::{BTreeMap, BTreeSet};

/// A run that has neither reported nor holds its lock after this long has trapped.
const LEASE_SECONDS: u64 = 10;
/// Traps in a row, at one status of one attempt, after which a transfer is left to people.
const MAX_TRAPS: u32 = 3;
const REST_SECONDS: u64 = 10;
const HELD_SECONDS: u64 = 5;
/// The same while other transfers of the wallet are on their way to the chain, whose end is the occasion for the next look: what waits
/// for them does not become rare, however many they are.
const QUEUED_SECONDS: u64 = 10;
/// For so long after it was first held up, nobody passes the transfer that was asked for before. Then those may whose payment is smaller.
const LINE_SECONDS: u64 = 60;
/// Up to so many failures in a row, which is half a minute, it keeps its place in the same way.
const LINE_FAILURES: u32 = 5;
const MAX_DELAY_SECONDS: u64 = 60;
/// Before anything is signed nothing is lost by waiting, and every look costs: after this many failures in a row the looks become rare.
const RARE_AFTER_FAILURES: u32 = 10;
const MAX_UNSIGNED_DELAY_SECONDS: u64 = 900;
/// A transfer that waits longer than this is looked up with another provider each time: one that stands still gives no errors.
const ROTATE_AFTER_SECONDS: u64 = 60;

/// Where a transfer stood when it was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferStep {
    /// Its status.
    pub status: Status,
    /// Its attempt.
    pub attempt: u32,
    /// What it must hold to go towards its chain.
    pub spending: Lock,
    /// Whether it goes on in an emergency: it keeps money from moving, or is being kept from moving it.
    pub in_emergency: bool,
    /// From which key it pays, and how much at most.
    pub pays: (KeyKind, Amount),
}

impl TransferStep {
    /// Where a transfer stands, whose build slot on Solana is this one.
    pub fn of(transfer: &Transfer, build_slot: u16, in_emergency: bool) -> Self {
        let spending = match transfer.request.asset.chain() {
            Chain::Solana => Lock::Building(transfer.request.wallet, build_slot),
            chain => Lock::Spending(transfer.request.wallet, chain),
        };
        let pays = (transfer.request.source, transfer.request.reserved());
        Self { status: transfer.status, attempt: transfer.attempt, spending, in_emergency, pays }
    }

    /// Whether it stands still in an emergency.
    pub fn stands_still(self) -> bool {
        self.is_unsent() && !self.in_emergency
    }

    /// Whether it needs its wallet for itself: until it is broadcast on Kaspa, until it is built on Solana.
    pub fn needs_wallet(self) -> bool {
        match self.spending {
            Lock::Building(..) => matches!(self.status, Status::Reserved | Status::Expired),
            _ => self.is_unsent(),
        }
    }

    /// Whether it is still to be broadcast.
    fn is_unsent(self) -> bool {
        matches!(self.status, Status::Reserved | Status::Expired | Status::Built | Status::Signed)
    }

    /// Whether transfers go on in the order in which they were asked for: they spend one another's change. On Solana they do not.
    fn keeps_order(self) -> bool {
        matches!(self.spending, Lock::Spending(..))
    }

    /// Whether it is on its way to the chain, so that its coins are taken and its change is still to come.
    fn is_under_way(self) -> bool {
        matches!(self.status, Status::Built | Status::Signed | Status::Submitted)
    }

    fn is_unsigned(self) -> bool {
        self.is_unsent() && self.status != Status::Signed
    }
}

/// What to do about a transfer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// Drive it. `provider_offset` picks the provider.
    Drive {
        /// Advances with every trouble and with long waits.
        provider_offset: usize,
    },
    /// Leave it to people: it keeps trapping where money may be on its way.
    Quarantine,
}

#[derive(Debug, Default)]
struct Entry {
    due: Timestamp,
    /// Where it stood when it was last read; the tick reads no records.
    known: Option<TransferStep>,
    /// How often it was picked since it was last read. Reading a record may trap.
    picks: u32,
    /// Whether the last run was held up.
    held: bool,
    /// How often in a row.
    holds: u32,
    /// Since when it has been held up by transfers of the same wallet that are on their way.
    queued_since: Option<Timestamp>,
    /// Which provider is next. Never reset, so that one that failed is not asked first again.
    provider_offset: usize,
    failures: u32,
    /// Set when the transfer is sent on its way and cleared when the run reports. A trap leaves it set.
    sent: Option<TransferStep>,
    traps: u32,
}

/// The next look at every transfer under way.
#[derive(Debug, Default)]
pub struct Schedule {
    entries: BTreeMap<TransferId, Entry>,
}

impl Schedule {
    /// Looks at a transfer at the next occasion, unless it is on its way. What was known of it may be over: it is read again.
    pub fn wake(&mut self, id: TransferId, now: Timestamp) {
        let entry = self.entries.entry(id).or_default();
        entry.known = None;
        if entry.sent.is_none() && entry.picks == 0 {
            entry.due = now;
        }
    }

    /// Picks up to `free` transfers to start, those that have been due for longest first. One that was never seen is due. Left out are
    /// those that somebody drives, and those that could not go on anyway: in an emergency, or while another one spends. Of those that must
    /// have a wallet for themselves the one goes first that was asked for first.
    pub fn pick(
        &mut self,
        active: &[TransferId],
        now: Timestamp,
        free: usize,
        emergency: bool,
        is_held: impl Fn(Lock) -> bool,
    ) -> Vec<TransferId> {
        let due = |id: &TransferId| self.entries.get(id).map_or(Timestamp::default(), |entry| entry.due);
        let idle = active.iter().filter(|id| !is_held(Lock::Transfer(**id)));
        let mut waiting: Vec<_> = idle.map(|id| (due(id), *id)).filter(|(due, _)| now >= *due).collect();
        waiting.sort_unstable();
        let line = self.line(now);
        let step_of = |id: &TransferId| self.entries.get(id).and_then(|entry| entry.known);
        let may_go_on = |id: &TransferId| match step_of(id) {
            Some(step) if emergency && step.stands_still() => false,
            Some(step) if step.needs_wallet() => !is_held(step.spending) && !is_behind(&line, *id, step),
            _ => true,
        };
        waiting.retain(|(_, id)| may_go_on(id));
        let mut first: BTreeMap<Lock, TransferId> = BTreeMap::new();
        for (_, id) in &waiting {
            let Some(step) = step_of(id).filter(|step| step.needs_wallet()) else { continue };
            let first = first.entry(step.spending).or_insert(*id);
            if step.keeps_order() {
                *first = (*first).min(*id);
            }
        }
        let spends_first =
            |id: &TransferId| step_of(id).is_none_or(|step| !step.needs_wallet() || first.get(&step.spending) == Some(id));
        let picked: Vec<_> = waiting.into_iter().map(|(_, id)| id).filter(spends_first).take(free).collect();
        for id in &picked {
            let entry = self.entries.entry(*id).or_default();
            entry.due = later(now, backoff(LEASE_SECONDS, entry.picks));
            entry.picks = entry.picks.saturating_add(1);
        }
        picked
    }

    /// Who keeps a place before others that need the same wallet, by wallet and in the order in which they were asked for: those that wait
    /// for another look and could not go on for a reason that will pass soon. Who holds up nobody beside those before is left out.
    fn line(&self, now: Timestamp) -> BTreeMap<Lock, Vec<Place>> {
        let mut line: BTreeMap<Lock, Vec<Place>> = BTreeMap::new();
        for (id, entry) in &self.entries {
            let Some(step) = entry.known.filter(|step| step.keeps_order() && step.needs_wallet()) else { continue };
            let is_queued = entry.queued_since.is_some();
            let failed = (1..=LINE_FAILURES).contains(&entry.failures);
            if entry.due <= now || !(is_queued || failed) {
                continue;
            }
            let is_strict = failed || entry.queued_since.is_some_and(|since| now.nanos_since(since) < LINE_SECONDS * SECOND_NS);
            // The entries come in the order of the ids.
            let places = line.entry(step.spending).or_default();
            if !places.iter().any(|place| place.is_strict || (!is_strict && place.holds_up(step))) {
                places.push(Place { id: *id, pays: step.pays, is_strict });
            }
        }
        line
    }

    /// Whether a transfer that was just read has to let another one of its wallet go first.
    pub fn gives_way(&self, id: TransferId, step: TransferStep, now: Timestamp) -> bool {
        step.needs_wallet() && is_behind(&self.line(now), id, step)
    }

    /// A run did not begin because another one has the wallet. Nothing was looked at.
    pub fn give_back(&mut self, id: TransferId, step: TransferStep, now: Timestamp) {
        self.postpone(id, step, now);
        self.entries.entry(id).or_default().sent = None;
    }

    /// A picked transfer was read, but cannot go on now. It is picked as soon as it can.
    pub fn postpone(&mut self, id: TransferId, step: TransferStep, now: Timestamp) {
        let entry = self.entries.entry(id).or_default();
        (entry.known, entry.picks, entry.due) = (Some(step), 0, now);
    }

    /// Sends a picked transfer on its way.
    pub fn send(&mut self, id: TransferId, step: TransferStep, now: Timestamp) -> Dispatch {
        let entry = self.entries.entry(id).or_default();
        (entry.known, entry.picks) = (Some(step), 0);
        match entry.sent {
            Some(last) if last == step => entry.traps = entry.traps.saturating_add(1),
            Some(_) => entry.traps = 1,
            None => entry.traps = 0,
        }
        let may_be_left = matches!(step.status, Status::Built | Status::Signed | Status::Submitted);
        if entry.traps >= MAX_TRAPS && may_be_left {
            self.entries.remove(&id);
            return Dispatch::Quarantine;
        }
        entry.sent = Some(step);
        entry.due = later(now, backoff(LEASE_SECONDS, entry.traps));
        Dispatch::Drive { provider_offset: entry.provider_offset }
    }

    /// A run came to its end at `step`, where the transfer had not changed for `age_seconds`.
    pub fn report(&mut self, id: TransferId, progress: &Progress, step: TransferStep, age_seconds: u64, now: Timestamp) {
        if *progress == Progress::Ended {
            self.entries.remove(&id);
            self.release(step.spending, now);
            return;
        }
        let is_queued = *progress == Progress::Blocked && step.keeps_order() && self.is_under_way(id, step.spending);
        let entry = self.entries.entry(id).or_default();
        let stood_still = entry.sent.take().is_none_or(|sent| sent == step);
        let failures = if stood_still { entry.failures } else { 0 };
        let holds = if stood_still { entry.holds } else { 0 };
        entry.known = Some(step);
        entry.failures = 0;
        entry.held = *progress == Progress::Blocked;
        entry.holds = 0;
        entry.queued_since = entry.queued_since.or(Some(now)).filter(|_| is_queued);
        let delay = match progress {
            Progress::Again | Progress::Ended => 0,
            // Transactions land within seconds or take long.
            Progress::Waiting => {
                entry.provider_offset = entry.provider_offset.wrapping_add(usize::from(age_seconds > ROTATE_AFTER_SECONDS));
                (2 + age_seconds / 4).min(MAX_DELAY_SECONDS)
            }
            // Whoever is held up by others has been answered: it is no failure, and none before it counts on.
            Progress::Blocked if is_queued => QUEUED_SECONDS,
            Progress::Blocked => {
                entry.holds = holds.saturating_add(1);
                backoff(HELD_SECONDS, holds)
            }
            // As long as a provider rests at first. It is no failure, so what failed before is not counted on.
            Progress::RateLimited(_) => {
                entry.provider_offset = entry.provider_offset.wrapping_add(1);
                entry.failures = failures;
                REST_SECONDS
            }
            Progress::Transient(_) | Progress::Deferred(_) => {
                entry.provider_offset = entry.provider_offset.wrapping_add(1);
                entry.failures = failures.saturating_add(1);
                match failures.checked_sub(RARE_AFTER_FAILURES) {
                    Some(more) if step.is_unsigned() => doubled(2 * MAX_DELAY_SECONDS, more).min(MAX_UNSIGNED_DELAY_SECONDS),
                    _ => backoff(1, failures),
                }
            }
        };
        entry.due = later(now, delay);
    }

    /// Whether another transfer that spends from the same wallet is on its way.
    fn is_under_way(&self, id: TransferId, spending: Lock) -> bool {
        let mut steps = self.entries.iter().filter(|(other, _)| **other != id).filter_map(|(_, entry)| entry.known);
        steps.any(|step| step.is_under_way() && step.spending.spends_with(spending))
    }

    /// Looks again at every transfer that may have waited for another one of its wallet to end.
    fn release(&mut self, spending: Lock, now: Timestamp) {
        let held = self.entries.values_mut().filter(|entry| entry.held && entry.sent.is_none());
        for entry in held.filter(|entry| entry.known.is_some_and(|step| step.spending.spends_with(spending))) {
            entry.due = entry.due.min(now);
        }
    }

    /// Forgets every transfer that is no longer under way.
    pub fn retain(&mut self, active: &BTreeSet<TransferId>) {
        self.entries.retain(|id, _| active.contains(id));
    }
}

/// A transfer that keeps its place before others of its wallet.
#[derive(Clone, Copy, Debug)]
struct Place {
    id: TransferId,
    pays: (KeyKind, Amount),
    /// Whether nobody may pass. Otherwise those may that pay less from the same key, or from another one: what is held up for want of money
    /// holds up nobody who needs less of it.
    is_strict: bool,
}

impl Place {
    /// Whether the other one needs at least as much from the same key.
    fn holds_up(self, other: TransferStep) -> bool {
        self.pays.0 == other.pays.0 && self.pays.1 <= other.pays.1
    }
}

fn is_behind(line: &BTreeMap<Lock, Vec<Place>>, id: TransferId, step: TransferStep) -> bool {
    let mut before = line.get(&step.spending).into_iter().flatten().filter(|place| place.id < id);
    before.any(|place| place.is_strict || place.holds_up(step))
}

/// Doubled with each failure, up to the longest delay.
pub fn backoff(seconds: u64, failures: u32) -> u64 {
    doubled(seconds, failures).min(MAX_DELAY_SECONDS)
}

fn doubled(seconds: u64, failures: u32) -> u64 {
    seconds.saturating_mul(1 << failures.min(16))
}

/// `seconds` after `now`.
pub fn later(now: Timestamp, seconds: u64) -> Timestamp {
    Timestamp::from_nanos(now.nanos().saturating_add(seconds.saturating_mul(SECOND_NS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_core::base::WalletId;

    const ID: TransferId = TransferId::new(7);
    const SPENDING: Lock = Lock::Building(WalletId::new(1), 0);
    const PAYS: (KeyKind, Amount) = (KeyKind::Solana, Amount::new(5));
    const SIGNED: TransferStep =
        TransferStep { status: Status::Signed, attempt: 1, spending: SPENDING, in_emergency: false, pays: PAYS };
    const RESERVED: TransferStep = TransferStep { status: Status::Reserved, attempt: 0, ..SIGNED };
    const SUBMITTED: TransferStep = TransferStep { status: Status::Submitted, ..SIGNED };

    fn at(seconds: u64) -> Timestamp {
        later(Timestamp::default(), seconds)
    }

    fn ids<const N: usize>(numbers: [u64; N]) -> [TransferId; N] {
        numbers.map(TransferId::new)
    }

    fn is_due(schedule: &Schedule, now: Timestamp) -> bool {
        let due = schedule.entries.get(&ID).map_or(Timestamp::default(), |entry| entry.due);
        now >= due
    }

    fn pick<const N: usize>(schedule: &mut Schedule, active: [u64; N], now: Timestamp, free: usize) -> Vec<u64> {
        schedule.pick(&ids(active), now, free, false, |_| false).into_iter().map(TransferId::get).collect()
    }

    fn trouble() -> Progress {
        Progress::Transient("no answer".into())
    }

    #[test]
    fn a_new_transfer_is_due_at_once_and_not_twice() {
        let mut schedule = Schedule::default();
        assert!(is_due(&schedule, at(0)));
        assert_eq!(schedule.send(ID, RESERVED, at(0)), Dispatch::Drive { provider_offset: 0 });
        assert!(!is_due(&schedule, at(9)));
        schedule.wake(ID, at(1));
        assert!(!is_due(&schedule, at(9)), "a run under way is not doubled");
        schedule.report(ID, &Progress::Waiting, SUBMITTED, 0, at(3));
        assert!(!is_due(&schedule, at(4)));
        assert!(is_due(&schedule, at(5)));
    }

    #[test]
    fn the_third_trap_at_one_status_is_left_to_people() {
        let mut schedule = Schedule::default();
        assert_eq!(schedule.send(ID, SIGNED, at(0)), Dispatch::Drive { provider_offset: 0 });
        assert_eq!(schedule.send(ID, SIGNED, at(10)), Dispatch::Drive { provider_offset: 0 });
        assert!(!is_due(&schedule, at(29)), "the lease grows with each trap");
        assert_eq!(schedule.send(ID, SIGNED, at(30)), Dispatch::Drive { provider_offset: 0 });
        assert_eq!(schedule.send(ID, SIGNED, at(70)), Dispatch::Quarantine);
    }

    #[test]
    fn progress_between_traps_starts_the_count_anew() {
        let mut schedule = Schedule::default();
        for round in 0..6 {
            let step = TransferStep { attempt: round, ..SUBMITTED };
            assert_eq!(schedule.send(ID, step, at(u64::from(round) * 100)), Dispatch::Drive { provider_offset: 0 });
        }
        for round in 0..6 {
            let now = at(1_000 + round * 100);
            schedule.report(ID, &Progress::Blocked, SIGNED, 0, now);
            assert_eq!(schedule.send(ID, SIGNED, now), Dispatch::Drive { provider_offset: 0 });
        }
    }

    #[test]
    fn a_transfer_without_bytes_is_never_left_to_people() {
        let mut schedule = Schedule::default();
        for round in 0..10 {
            assert_eq!(schedule.send(ID, RESERVED, at(round * 100)), Dispatch::Drive { provider_offset: 0 });
        }
    }

    #[test]
    fn trouble_backs_off_and_turns_to_the_next_provider() {
        let mut schedule = Schedule::default();
        let mut waits = Vec::new();
        for provider_offset in 0..8 {
            let now = at(provider_offset * 1_000);
            assert_eq!(schedule.send(ID, SIGNED, now), Dispatch::Drive { provider_offset: provider_offset as usize });
            schedule.report(ID, &trouble(), SIGNED, 0, now);
            waits.push((0..=60).find(|wait| is_due(&schedule, at(provider_offset * 1_000 + wait))));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60].map(Some));
        schedule.report(ID, &Progress::Again, SIGNED, 0, at(9_000));
        assert_eq!(schedule.send(ID, SIGNED, at(9_000)), Dispatch::Drive { provider_offset: 8 });
        schedule.report(ID, &trouble(), SIGNED, 0, at(9_000));
        assert!(is_due(&schedule, at(9_001)), "success resets the delay");
    }

    #[test]
    fn polls_slow_down_with_age() {
        let mut schedule = Schedule::default();
        schedule.report(ID, &Progress::Waiting, SUBMITTED, 40, at(0));
        assert!(!is_due(&schedule, at(11)));
        assert!(is_due(&schedule, at(12)));
        assert_eq!(schedule.send(ID, SIGNED, at(12)), Dispatch::Drive { provider_offset: 0 });
        schedule.report(ID, &Progress::Waiting, SUBMITTED, 100_000, at(0));
        assert!(!is_due(&schedule, at(59)));
        assert!(is_due(&schedule, at(60)));
        assert_eq!(
            schedule.send(ID, SIGNED, at(60)),
            Dispatch::Drive { provider_offset: 1 },
            "a provider that stands still is left"
        );
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let mut schedule = Schedule::default();
        schedule.report(ID, &Progress::Blocked, SIGNED, 0, at(0));
        schedule.report(TransferId::new(8), &Progress::Blocked, SIGNED, 0, at(0));
        schedule.retain(&BTreeSet::from([ID]));
        assert_eq!(schedule.entries.keys().copied().collect::<Vec<_>>(), [ID]);
        schedule.report(ID, &Progress::Ended, SIGNED, 0, at(0));
        assert!(schedule.entries.is_empty());
    }

    #[test]
    fn the_longest_due_get_the_free_places() {
        let mut schedule = Schedule::default();
        for (id, due) in [(1, 30), (2, 10), (3, 20), (4, 50)] {
            schedule.report(TransferId::new(id), &Progress::Again, SUBMITTED, 0, at(due));
        }
        assert_eq!(pick(&mut schedule, [1, 2, 3, 4], at(40), 2), [2, 3]);
        assert_eq!(pick(&mut schedule, [1, 2, 3, 4], at(40), 2), [1], "what was picked is not picked twice, nor what is not due");
        assert_eq!(pick(&mut schedule, [1, 2, 3, 4, 9], at(50), 2), [9, 1], "a transfer that was never seen is overdue");
    }

    #[test]
    fn what_could_not_go_on_takes_no_place() {
        let spending = |wallet, chain| match chain {
            Chain::Solana => Lock::Building(WalletId::new(wallet), 0),
            chain => Lock::Spending(WalletId::new(wallet), chain),
        };
        let schedule = |chain| {
            let [one, other] = [1, 2].map(|wallet| spending(wallet, chain));
            let mut schedule = Schedule::default();
            let steps = [(1, RESERVED, one), (2, SIGNED, one), (3, RESERVED, other), (4, SUBMITTED, one)];
            for (id, step, spending) in steps {
                schedule.postpone(TransferId::new(id), TransferStep { spending, ..step }, at(id));
            }
            schedule
        };
        let pick = |chain, free, emergency, held: &[Lock]| {
            schedule(chain).pick(&ids([1, 2, 3, 4]), at(60), free, emergency, |lock| held.contains(&lock))
        };
        let (kaspa, solana) = (Chain::Kaspa, Chain::Solana);
        assert_eq!(pick(kaspa, 4, false, &[]), ids([1, 3, 4]), "one at a time spends from a wallet");
        assert_eq!(pick(solana, 4, false, &[]), ids([1, 2, 3, 4]), "on Solana only building needs the wallet");
        assert_eq!(pick(kaspa, 1, true, &[]), ids([4]), "an emergency stops all but what was sent");
        assert_eq!(pick(solana, 4, true, &[]), ids([4]));
        assert_eq!(pick(kaspa, 2, false, &[spending(1, kaspa)]), ids([3, 4]));
        assert_eq!(pick(solana, 4, false, &[spending(1, solana)]), ids([2, 3, 4]));
        let driven = [Lock::Transfer(TransferId::new(1))];
        assert_eq!(pick(kaspa, 3, false, &driven), ids([2, 3, 4]), "one under way leaves its turn");
    }

    #[test]
    fn a_revocation_goes_on_in_an_emergency() {
        let mut schedule = Schedule::default();
        schedule.postpone(TransferId::new(1), RESERVED, at(1));
        schedule.postpone(TransferId::new(2), TransferStep { in_emergency: true, ..RESERVED }, at(2));
        assert_eq!(schedule.pick(&ids([1, 2]), at(60), 4, true, |_| false), ids([2]));
    }

    #[test]
    fn a_record_that_cannot_be_read_is_picked_ever_more_rarely() {
        let mut schedule = Schedule::default();
        let picks: Vec<u64> = (0..200).filter(|now| !pick(&mut schedule, [7], at(*now), 1).is_empty()).collect();
        assert_eq!(picks, [0, 10, 30, 70, 130, 190]);
        schedule.wake(ID, at(200));
        assert!(!is_due(&schedule, at(200)), "a look-up under way is not doubled");
        assert_eq!(schedule.send(ID, SUBMITTED, at(250)), Dispatch::Drive { provider_offset: 0 });
        schedule.report(ID, &Progress::Again, SUBMITTED, 0, at(250));
        assert_eq!(pick(&mut schedule, [7], at(250), 1), [7]);
        assert_eq!(pick(&mut schedule, [7], at(260), 1), [7], "reading it started the count anew");
    }

    #[test]
    fn what_is_not_signed_is_looked_at_rarely_after_ten_failures() {
        for (step, waits) in [(RESERVED, [120, 240, 480, 900, 900]), (SIGNED, [60; 5])] {
            let mut schedule = Schedule::default();
            for failure in 0..10 {
                schedule.report(ID, &trouble(), step, 0, at(0));
                assert!(is_due(&schedule, at(60)), "after {failure} failures");
            }
            for wait in waits {
                schedule.report(ID, &trouble(), step, 0, at(0));
                assert!(!is_due(&schedule, at(wait - 1)) && is_due(&schedule, at(wait)));
            }
            // A step forward starts the count anew, whatever stopped the next one.
            schedule.send(ID, step, at(1_000));
            schedule.report(ID, &trouble(), SUBMITTED, 0, at(1_000));
            assert!(is_due(&schedule, at(1_001)));
        }
    }

    #[test]
    fn the_end_of_a_transfer_frees_those_that_waited_for_it() {
        let mut schedule = Schedule::default();
        let [first, second, third] = ids([1, 2, 3]);
        let elsewhere = TransferStep { spending: Lock::Spending(WalletId::new(1), Chain::Kaspa), ..RESERVED };
        schedule.report(second, &Progress::Blocked, RESERVED, 0, at(0));
        schedule.report(third, &Progress::Blocked, elsewhere, 0, at(0));
        assert!(pick(&mut schedule, [2, 3], at(1), 9).is_empty());
        schedule.report(first, &Progress::Ended, TransferStep { status: Status::Confirmed, ..SUBMITTED }, 0, at(1));
        assert_eq!(pick(&mut schedule, [2, 3], at(1), 9), [2]);
        assert_eq!(pick(&mut schedule, [3], at(5), 9), [3]);
    }

    #[test]
    fn holds_back_off() {
        let mut schedule = Schedule::default();
        for (now, wait) in [(0, 5), (100, 10), (200, 20), (300, 40), (400, 60), (500, 60)] {
            schedule.report(ID, &Progress::Blocked, RESERVED, 0, at(now));
            assert!(!is_due(&schedule, at(now + wait - 1)) && is_due(&schedule, at(now + wait)));
        }
    }

    const KASPA: Lock = Lock::Spending(WalletId::new(1), Chain::Kaspa);
    /// What waits for a wallet of KAS, asked for this much.
    const fn waits(sompi: u64) -> TransferStep {
        TransferStep { spending: KASPA, pays: (KeyKind::KaspaSchnorr, Amount::new(sompi)), ..RESERVED }
    }

    /// Transfer 1 is on its way, and those named wait for the same wallet and were never looked at.
    fn queue<const N: usize>(waiting: [(u64, u64); N]) -> Schedule {
        let mut schedule = Schedule::default();
        schedule.report(TransferId::new(1), &Progress::Waiting, TransferStep { spending: KASPA, ..SUBMITTED }, 0, at(0));
        for (id, sompi) in waiting {
            schedule.postpone(TransferId::new(id), waits(sompi), at(0));
        }
        schedule
    }

    fn look(schedule: &mut Schedule, id: u64, sompi: u64, progress: &Progress, now: Timestamp) {
        schedule.send(TransferId::new(id), waits(sompi), now);
        schedule.report(TransferId::new(id), progress, waits(sompi), 0, now);
    }

    #[test]
    fn a_wallets_own_queue_makes_no_look_rare() {
        let mut schedule = queue([(2, 5)]);
        for round in 0..100 {
            let now = at(round * 100);
            look(&mut schedule, 2, 5, &Progress::Blocked, now);
            assert_eq!(pick(&mut schedule, [2], at(round * 100 + 9), 9), [] as [u64; 0]);
            assert_eq!(pick(&mut schedule, [2], at(round * 100 + 10), 9), [2], "after {round} holds");
        }
        // Nor what comes after: the first failure is the first.
        look(&mut schedule, 2, 5, &trouble(), at(20_000));
        assert_eq!(pick(&mut schedule, [2], at(20_001), 9), [2]);
        // And an end in the queue is the occasion for a look at once.
        look(&mut schedule, 2, 5, &Progress::Blocked, at(30_000));
        schedule.report(TransferId::new(1), &Progress::Ended, TransferStep { spending: KASPA, ..SUBMITTED }, 0, at(30_001));
        assert_eq!(pick(&mut schedule, [2], at(30_001), 9), [2]);
    }

    #[test]
    fn the_oldest_of_a_wallet_goes_first_and_keeps_its_place_for_a_while() {
        let mut schedule = queue([(4, 5), (3, 5), (2, 9), (5, 20)]);
        let active = [2, 3, 4, 5];
        assert_eq!(pick(&mut schedule, active, at(0), 9), [2]);
        look(&mut schedule, 2, 9, &Progress::Blocked, at(0));
        assert_eq!(pick(&mut schedule, active, at(1), 9), [] as [u64; 0], "nobody passes it");
        assert!(schedule.gives_way(TransferId::new(9), waits(1), at(1)), "nor does one that is new");
        assert!(!schedule.gives_way(TransferId::new(1), waits(100), at(1)), "it passes nobody that is older");
        assert_eq!(pick(&mut schedule, active, at(10), 9), [2]);
        for now in [10, 20, 30, 40, 50, 60] {
            look(&mut schedule, 2, 9, &Progress::Blocked, at(now));
        }
        // A minute is enough: whoever needs less need not wait for its money.
        assert_eq!(pick(&mut schedule, active, at(61), 9), [3]);
        look(&mut schedule, 3, 5, &Progress::Blocked, at(61));
        assert_eq!(pick(&mut schedule, active, at(62), 9), [] as [u64; 0], "another of the same size would be held up too");
    }

    #[test]
    fn a_failure_that_passes_soon_costs_nobody_his_place() {
        let mut schedule = queue([(2, 5), (3, 5)]);
        look(&mut schedule, 2, 5, &trouble(), at(0));
        assert_eq!(pick(&mut schedule, [2, 3], at(0), 9), [] as [u64; 0]);
        assert_eq!(pick(&mut schedule, [2, 3], at(1), 9), [2]);
        for _ in 0..5 {
            look(&mut schedule, 2, 5, &Progress::Deferred("too dear".into()), at(1));
        }
        assert_eq!(pick(&mut schedule, [2, 3], at(2), 9), [3], "one that lasts does");
    }

    #[test]
    fn a_run_that_finds_the_wallet_taken_has_failed_at_nothing() {
        let mut schedule = queue([(2, 5)]);
        for round in 0..20 {
            assert_eq!(schedule.send(TransferId::new(2), waits(5), at(round)), Dispatch::Drive { provider_offset: 0 });
            schedule.give_back(TransferId::new(2), waits(5), at(round));
            assert_eq!(pick(&mut schedule, [2], at(round), 9), [2]);
        }
    }
}

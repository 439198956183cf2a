use super::*;
use crate::flows::Exclusion;
use purser_core::base::{Amount, Chain, WalletId};
use purser_core::transfer::Status;
use purser_core::wallet::KeyKind;

const ID: TransferId = TransferId::new(7);
const SPENDING: ConcurrencyKey =
    ConcurrencyKey { wallet: WalletId::new(1), chain: Chain::Solana, exclusion: Exclusion::UntilBuilt { slot: 0 } };
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

fn failed() -> Progress {
    Progress::Transient("no answer".into())
}

#[test]
fn a_new_transfer_is_due_at_once_and_not_twice() {
    let mut schedule = Schedule::default();
    assert!(is_due(&schedule, at(0)));
    assert_eq!(schedule.dispatch(ID, RESERVED, at(0)), Dispatch::Drive { provider_offset: 0 });
    assert!(!is_due(&schedule, at(9)));
    schedule.wake(ID, at(1));
    assert!(!is_due(&schedule, at(9)), "a run under way is not doubled");
    schedule.report(ID, &Progress::Waiting, SUBMITTED, 0, at(3));
    assert!(!is_due(&schedule, at(4)));
    assert!(is_due(&schedule, at(5)));
}

#[test]
fn the_third_trap_at_one_status_leads_to_quarantine() {
    let mut schedule = Schedule::default();
    assert_eq!(schedule.dispatch(ID, SIGNED, at(0)), Dispatch::Drive { provider_offset: 0 });
    assert_eq!(schedule.dispatch(ID, SIGNED, at(10)), Dispatch::Drive { provider_offset: 0 });
    assert!(!is_due(&schedule, at(29)), "the lease grows with each trap");
    assert_eq!(schedule.dispatch(ID, SIGNED, at(30)), Dispatch::Drive { provider_offset: 0 });
    assert_eq!(schedule.dispatch(ID, SIGNED, at(70)), Dispatch::Quarantine);
}

#[test]
fn progress_between_traps_starts_the_count_anew() {
    let mut schedule = Schedule::default();
    for round in 0..6 {
        let step = TransferStep { attempt: round, ..SUBMITTED };
        assert_eq!(schedule.dispatch(ID, step, at(u64::from(round) * 100)), Dispatch::Drive { provider_offset: 0 });
    }
    for round in 0..6 {
        let now = at(1_000 + round * 100);
        schedule.report(ID, &Progress::Blocked, SIGNED, 0, now);
        assert_eq!(schedule.dispatch(ID, SIGNED, now), Dispatch::Drive { provider_offset: 0 });
    }
}

#[test]
fn a_transfer_without_bytes_never_goes_into_quarantine() {
    let mut schedule = Schedule::default();
    for round in 0..10 {
        assert_eq!(schedule.dispatch(ID, RESERVED, at(round * 100)), Dispatch::Drive { provider_offset: 0 });
    }
}

#[test]
fn failures_back_off_and_advance_the_provider() {
    let mut schedule = Schedule::default();
    let mut waits = Vec::new();
    for provider_offset in 0..8 {
        let now = at(provider_offset * 1_000);
        assert_eq!(schedule.dispatch(ID, SIGNED, now), Dispatch::Drive { provider_offset: provider_offset as usize });
        schedule.report(ID, &failed(), SIGNED, 0, now);
        waits.push((0..=60).find(|wait| is_due(&schedule, at(provider_offset * 1_000 + wait))));
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60].map(Some));
    schedule.report(ID, &Progress::Again, SIGNED, 0, at(9_000));
    assert_eq!(schedule.dispatch(ID, SIGNED, at(9_000)), Dispatch::Drive { provider_offset: 8 });
    schedule.report(ID, &failed(), SIGNED, 0, at(9_000));
    assert!(is_due(&schedule, at(9_001)), "success resets the delay");
}

#[test]
fn runs_slow_down_with_age() {
    let mut schedule = Schedule::default();
    schedule.report(ID, &Progress::Waiting, SUBMITTED, 40, at(0));
    assert!(!is_due(&schedule, at(11)));
    assert!(is_due(&schedule, at(12)));
    assert_eq!(schedule.dispatch(ID, SIGNED, at(12)), Dispatch::Drive { provider_offset: 0 });
    schedule.report(ID, &Progress::Waiting, SUBMITTED, 100_000, at(0));
    assert!(!is_due(&schedule, at(59)));
    assert!(is_due(&schedule, at(60)));
    assert_eq!(
        schedule.dispatch(ID, SIGNED, at(60)),
        Dispatch::Drive { provider_offset: 1 },
        "a provider that stands still is left"
    );
}

#[test]
fn a_transfer_that_has_ended_is_forgotten() {
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
fn a_transfer_that_could_not_go_on_takes_no_place() {
    let spending = |wallet, chain| {
        let key = if chain == Chain::Solana { SPENDING } else { KASPA };
        ConcurrencyKey { wallet: WalletId::new(wallet), ..key }
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
    assert_eq!(pick(kaspa, 2, false, &[Lock::Spending(spending(1, kaspa))]), ids([3, 4]));
    assert_eq!(pick(solana, 4, false, &[Lock::Spending(spending(1, solana))]), ids([2, 3, 4]));
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
    assert_eq!(schedule.dispatch(ID, SUBMITTED, at(250)), Dispatch::Drive { provider_offset: 0 });
    schedule.report(ID, &Progress::Again, SUBMITTED, 0, at(250));
    assert_eq!(pick(&mut schedule, [7], at(250), 1), [7]);
    assert_eq!(pick(&mut schedule, [7], at(260), 1), [7], "reading it started the count anew");
}

#[test]
fn an_unsigned_transfer_runs_rarely_after_ten_failures() {
    for (step, waits) in [(RESERVED, [120, 240, 480, 900, 900]), (SIGNED, [60; 5])] {
        let mut schedule = Schedule::default();
        for failure in 0..10 {
            schedule.report(ID, &failed(), step, 0, at(0));
            assert!(is_due(&schedule, at(60)), "after {failure} failures");
        }
        for wait in waits {
            schedule.report(ID, &failed(), step, 0, at(0));
            assert!(!is_due(&schedule, at(wait - 1)) && is_due(&schedule, at(wait)));
        }
        // A step forward begins a new count, whatever stopped the next one.
        schedule.dispatch(ID, step, at(1_000));
        schedule.report(ID, &failed(), SUBMITTED, 0, at(1_000));
        assert!(is_due(&schedule, at(1_001)));
    }
}

#[test]
fn the_end_of_a_transfer_wakes_those_that_waited_for_it() {
    let mut schedule = Schedule::default();
    let [first, second, third] = ids([1, 2, 3]);
    let elsewhere = TransferStep { spending: KASPA, ..RESERVED };
    schedule.report(second, &Progress::Blocked, RESERVED, 0, at(0));
    schedule.report(third, &Progress::Blocked, elsewhere, 0, at(0));
    assert!(pick(&mut schedule, [2, 3], at(1), 9).is_empty());
    schedule.report(first, &Progress::Ended, TransferStep { status: Status::Confirmed, ..SUBMITTED }, 0, at(1));
    assert_eq!(pick(&mut schedule, [2, 3], at(1), 9), [2]);
    assert_eq!(pick(&mut schedule, [3], at(5), 9), [3]);
}

#[test]
fn blocks_back_off() {
    let mut schedule = Schedule::default();
    for (now, wait) in [(0, 5), (100, 10), (200, 20), (300, 40), (400, 60), (500, 60)] {
        schedule.report(ID, &Progress::Blocked, RESERVED, 0, at(now));
        assert!(!is_due(&schedule, at(now + wait - 1)) && is_due(&schedule, at(now + wait)));
    }
}

const KASPA: ConcurrencyKey = ConcurrencyKey { wallet: WalletId::new(1), chain: Chain::Kaspa, exclusion: Exclusion::UntilSent };
/// A transfer of this many sompi that waits for its wallet.
const fn waits(sompi: u64) -> TransferStep {
    TransferStep { spending: KASPA, pays: (KeyKind::KaspaSchnorr, Amount::new(sompi)), ..RESERVED }
}

/// Transfer 1 is on its way. The given transfers wait for the same wallet and have never run.
fn queue<const N: usize>(waiting: [(u64, u64); N]) -> Schedule {
    let mut schedule = Schedule::default();
    schedule.report(TransferId::new(1), &Progress::Waiting, TransferStep { spending: KASPA, ..SUBMITTED }, 0, at(0));
    for (id, sompi) in waiting {
        schedule.postpone(TransferId::new(id), waits(sompi), at(0));
    }
    schedule
}

fn run(schedule: &mut Schedule, id: u64, sompi: u64, progress: &Progress, now: Timestamp) {
    schedule.dispatch(TransferId::new(id), waits(sompi), now);
    schedule.report(TransferId::new(id), progress, waits(sompi), 0, now);
}

#[test]
fn a_wallets_own_queue_makes_no_run_rare() {
    let mut schedule = queue([(2, 5)]);
    for round in 0..100 {
        let now = at(round * 100);
        run(&mut schedule, 2, 5, &Progress::Blocked, now);
        assert_eq!(pick(&mut schedule, [2], at(round * 100 + 9), 9), [] as [u64; 0]);
        assert_eq!(pick(&mut schedule, [2], at(round * 100 + 10), 9), [2], "after {round} holds");
    }
    // A later failure counts as the first.
    run(&mut schedule, 2, 5, &failed(), at(20_000));
    assert_eq!(pick(&mut schedule, [2], at(20_001), 9), [2]);
    // The end of another transfer of the queue makes the next run due at once.
    run(&mut schedule, 2, 5, &Progress::Blocked, at(30_000));
    schedule.report(TransferId::new(1), &Progress::Ended, TransferStep { spending: KASPA, ..SUBMITTED }, 0, at(30_001));
    assert_eq!(pick(&mut schedule, [2], at(30_001), 9), [2]);
}

#[test]
fn the_oldest_of_a_wallet_goes_first_and_keeps_its_place_for_a_while() {
    let mut schedule = queue([(4, 5), (3, 5), (2, 9), (5, 20)]);
    let active = [2, 3, 4, 5];
    assert_eq!(pick(&mut schedule, active, at(0), 9), [2]);
    run(&mut schedule, 2, 9, &Progress::Blocked, at(0));
    assert_eq!(pick(&mut schedule, active, at(1), 9), [] as [u64; 0], "no transfer passes it");
    assert!(schedule.is_queued_behind(TransferId::new(9), waits(1), at(1)), "nor does one that is new");
    assert!(!schedule.is_queued_behind(TransferId::new(1), waits(100), at(1)), "it passes no older transfer");
    assert_eq!(pick(&mut schedule, active, at(10), 9), [2]);
    for now in [10, 20, 30, 40, 50, 60] {
        run(&mut schedule, 2, 9, &Progress::Blocked, at(now));
    }
    // After a minute a transfer that needs less does not wait any more.
    assert_eq!(pick(&mut schedule, active, at(61), 9), [3]);
    run(&mut schedule, 3, 5, &Progress::Blocked, at(61));
    assert_eq!(pick(&mut schedule, active, at(62), 9), [] as [u64; 0], "another of the same size would be held up too");
}

#[test]
fn a_failure_that_passes_soon_costs_no_transfer_its_place() {
    let mut schedule = queue([(2, 5), (3, 5)]);
    run(&mut schedule, 2, 5, &failed(), at(0));
    assert_eq!(pick(&mut schedule, [2, 3], at(0), 9), [] as [u64; 0]);
    assert_eq!(pick(&mut schedule, [2, 3], at(1), 9), [2]);
    for _ in 0..5 {
        run(&mut schedule, 2, 5, &Progress::Deferred("too dear".into()), at(1));
    }
    assert_eq!(pick(&mut schedule, [2, 3], at(2), 9), [3], "one that lasts does");
}

#[test]
fn a_run_that_finds_the_wallet_in_use_is_no_failure() {
    let mut schedule = queue([(2, 5)]);
    for round in 0..20 {
        assert_eq!(schedule.dispatch(TransferId::new(2), waits(5), at(round)), Dispatch::Drive { provider_offset: 0 });
        schedule.undo_dispatch(TransferId::new(2), waits(5), at(round));
        assert_eq!(pick(&mut schedule, [2], at(round), 9), [2]);
    }
}

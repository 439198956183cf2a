//! The entry of one transfer in the schedule.

use super::delay::{MAX_DELAY_SECONDS, backoff, doubled, later};
use super::step::TransferStep;
use crate::flows::Progress;
use purser_core::base::Timestamp;

/// The time in seconds after which a run that has neither reported nor holds its lock has trapped.
const LEASE_SECONDS: u64 = 10;
/// The number of consecutive traps, at one step, after which a transfer goes into quarantine.
const MAX_TRAPS: u32 = 3;
/// The delay in seconds while providers limit the rate of requests: as long as their first back-off.
const RATE_LIMITED_SECONDS: u64 = 10;
/// The first delay in seconds of a blocked transfer. Each further one is twice as long.
const BLOCKED_SECONDS: u64 = 5;
/// The delay in seconds of a transfer that is blocked by others of its wallet.
///
/// Those are on their way to the chain, and the end of one is the occasion for the next run, so that the delay does not grow, however many they are.
const QUEUED_SECONDS: u64 = 10;
/// The number of consecutive failures after which an unsigned transfer runs rarely: waiting loses nothing, and every run costs.
const RARE_AFTER_FAILURES: u32 = 10;
/// The longest delay in seconds of an unsigned transfer that fails.
const MAX_UNSIGNED_DELAY_SECONDS: u64 = 900;
/// The time in seconds after which a waiting transfer asks another provider each time. One that stands still gives no errors.
const ROTATE_AFTER_SECONDS: u64 = 60;

/// The state of a transfer in the schedule.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The time of the next run.
    pub(super) due: Timestamp,
    /// The step at the last read. The tick reads no records.
    pub(super) known: Option<TransferStep>,
    /// The number of picks since the last read. Reading a record may trap.
    picks: u32,
    /// Whether the last run was blocked.
    pub(super) is_blocked: bool,
    /// The number of consecutive runs that were blocked by anything else than the wallet's own transfers.
    blocks: u32,
    /// The time since when the transfer has been blocked by others of its wallet on their way to the chain.
    pub(super) queued_since: Option<Timestamp>,
    /// The place of the provider that is asked first. Never reset, so that one that failed is not asked first again.
    provider_offset: usize,
    /// The number of consecutive failures.
    pub(super) failures: u32,
    /// The step at which a run was dispatched that has not reported. A trap leaves it set.
    pub(super) dispatched: Option<TransferStep>,
    /// The number of consecutive traps.
    traps: u32,
}

/// The result of a run.
pub(super) struct Report<'a> {
    pub(super) progress: &'a Progress,
    pub(super) step: TransferStep,
    /// Whether the run was blocked by other transfers of the wallet on their way to the chain.
    pub(super) is_queued: bool,
    /// The time since the transfer last changed, in seconds.
    pub(super) age_seconds: u64,
    pub(super) now: Timestamp,
}

impl Entry {
    /// Makes the transfer due and forgets its step, unless it was picked or dispatched.
    pub(super) fn wake(&mut self, now: Timestamp) {
        self.known = None;
        if self.dispatched.is_none() && self.picks == 0 {
            self.due = now;
        }
    }

    /// Notes a pick. Without a later read, the next pick comes after a growing delay.
    pub(super) fn pick(&mut self, now: Timestamp) {
        self.due = later(now, backoff(LEASE_SECONDS, self.picks));
        self.picks = self.picks.saturating_add(1);
    }

    /// Notes a read after which the transfer cannot go on now.
    pub(super) fn postpone(&mut self, step: TransferStep, now: Timestamp) {
        (self.known, self.picks, self.due) = (Some(step), 0, now);
    }

    /// Notes the dispatch of a run, and returns the place of its provider. `None` when the transfer has trapped too often.
    pub(super) fn dispatch(&mut self, step: TransferStep, now: Timestamp) -> Option<usize> {
        (self.known, self.picks) = (Some(step), 0);
        // A run that has not reported has trapped. Traps at another step begin a new count.
        match self.dispatched {
            Some(last) if last == step => self.traps = self.traps.saturating_add(1),
            Some(_) => self.traps = 1,
            None => self.traps = 0,
        }
        if self.traps >= MAX_TRAPS && step.may_be_quarantined() {
            return None;
        }
        self.dispatched = Some(step);
        self.due = later(now, backoff(LEASE_SECONDS, self.traps));
        Some(self.provider_offset)
    }

    /// Notes the end of a run. The counts of the runs before go on only when this one took no step forward.
    pub(super) fn end_run(&mut self, report: &Report<'_>) {
        let Report { progress, step, is_queued, now, .. } = *report;
        if self.dispatched.take().is_some_and(|before| before != step) {
            (self.failures, self.blocks) = (0, 0);
        }
        self.known = Some(step);
        self.is_blocked = *progress == Progress::Blocked;
        self.queued_since = self.queued_since.or(Some(now)).filter(|_| is_queued);
        self.due = later(now, self.delay(report));
        if asks_another_provider(report) {
            self.provider_offset = self.provider_offset.wrapping_add(1);
        }
        self.failures = match progress {
            Progress::Transient(_) | Progress::Deferred(_) => self.failures.saturating_add(1),
            // A rate limit is no failure, and does not end a series of them.
            Progress::RateLimited(_) => self.failures,
            Progress::Again | Progress::Waiting | Progress::Blocked | Progress::Ended => 0,
        };
        self.blocks = if self.is_blocked && !is_queued { self.blocks.saturating_add(1) } else { 0 };
    }

    /// The delay until the next run, in seconds.
    fn delay(&self, report: &Report<'_>) -> u64 {
        match report.progress {
            Progress::Again | Progress::Ended => 0,
            // Transactions land within seconds or take long.
            Progress::Waiting => (2 + report.age_seconds / 4).min(MAX_DELAY_SECONDS),
            Progress::Blocked if report.is_queued => QUEUED_SECONDS,
            Progress::Blocked => backoff(BLOCKED_SECONDS, self.blocks),
            Progress::RateLimited(_) => RATE_LIMITED_SECONDS,
            Progress::Transient(_) | Progress::Deferred(_) => match self.failures.checked_sub(RARE_AFTER_FAILURES) {
                Some(more) if report.step.is_unsigned() => doubled(2 * MAX_DELAY_SECONDS, more).min(MAX_UNSIGNED_DELAY_SECONDS),
                _ => backoff(1, self.failures),
            },
        }
    }
}

fn asks_another_provider(report: &Report<'_>) -> bool {
    match report.progress {
        Progress::Transient(_) | Progress::Deferred(_) | Progress::RateLimited(_) => true,
        Progress::Waiting => report.age_seconds > ROTATE_AFTER_SECONDS,
        Progress::Again | Progress::Blocked | Progress::Ended => false,
    }
}

//! Consecutive failures of a chain's providers, which open the chain's breaker.
//!
//! The counts live on the heap: losing them delays the breaker. The open breaker itself is durable.

use crate::flows::Progress;
use crate::store;
use purser_core::base::Chain;
use purser_core::transfer::Status;
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    static FAILURES: RefCell<ChainFailures> = RefCell::default();
}

/// Notes the end of a run that left its transfer at `after`. Opens the chain's breaker after too many consecutive failures.
///
/// Transfers that are under way go on.
pub fn update(chain: Chain, progress: &Progress, after: Status) {
    let failures = FAILURES.with_borrow_mut(|failures| failures.note(chain, progress, after));
    let Progress::Transient(problem) = progress else { return };
    if failures < store::read(|state| state.settings()).chain_breaker_threshold {
        return;
    }
    if let Ok(decided) = store::read(|state| state.decide_chain_breaker(chain, problem, store::now())) {
        store::commit(decided);
        FAILURES.with_borrow_mut(|failures| failures.forget(chain));
    }
}

/// The number of consecutive runs that failed at a chain's providers.
#[derive(Debug, Default)]
struct ChainFailures(BTreeMap<Chain, u32>);

impl ChainFailures {
    /// Notes the end of a run that left its transfer at `after`. Returns the number of consecutive failures.
    fn note(&mut self, chain: Chain, progress: &Progress, after: Status) -> u32 {
        let failures = self.0.entry(chain).or_default();
        match (progress, after) {
            // A run that stops at a built transaction lacks a signature, and one that waits for approval asks no provider.
            (_, Status::Built | Status::AwaitingApproval) | (Progress::Blocked | Progress::RateLimited(_), _) => {}
            (Progress::Transient(_), _) => *failures = failures.saturating_add(1),
            (Progress::Again | Progress::Waiting | Progress::Ended | Progress::Deferred(_), _) => *failures = 0,
        }
        *failures
    }

    /// Begins the count anew, because the breaker is open.
    fn forget(&mut self, chain: Chain) {
        self.0.remove(&chain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_chains_own_failures_in_a_row_count() {
        let mut failures = ChainFailures::default();
        let failed = || Progress::Transient("no answer".into());
        let mut note = |chain, progress: Progress, after| failures.note(chain, &progress, after);
        assert_eq!(note(Chain::Solana, failed(), Status::Reserved), 1);
        assert_eq!(note(Chain::Solana, failed(), Status::Submitted), 2);
        assert_eq!(note(Chain::Kaspa, failed(), Status::Submitted), 1, "each chain by itself");
        assert_eq!(note(Chain::Solana, failed(), Status::Built), 2, "the signer is no provider");
        assert_eq!(note(Chain::Solana, Progress::Blocked, Status::Reserved), 2);
        assert_eq!(note(Chain::Solana, Progress::Waiting, Status::AwaitingApproval), 2, "no provider was asked");
        assert_eq!(note(Chain::Solana, Progress::Waiting, Status::Submitted), 0);
        assert_eq!(note(Chain::Solana, failed(), Status::Submitted), 1);
        assert_eq!(note(Chain::Solana, Progress::Deferred("too dear".into()), Status::Reserved), 0, "the chain answered");
        assert_eq!(note(Chain::Kaspa, failed(), Status::Reserved), 2);
        failures.forget(Chain::Kaspa);
        assert_eq!(failures.note(Chain::Kaspa, &failed(), Status::Reserved), 1);
    }
}

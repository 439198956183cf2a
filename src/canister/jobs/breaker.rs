//! How often a chain's providers failed in a row. Kept on the heap: losing it delays the breaker, no more. That the breaker is open is
//! durable.

use crate::flows::Progress;
use purser_core::base::Chain;
use purser_core::transfer::Status;
use std::collections::BTreeMap;

/// Failures in a row, by chain.
#[derive(Debug, Default)]
pub struct Health(BTreeMap<Chain, u32>);

impl Health {
    /// Notes what became of a run that left its transfer at `after`. Returns how many runs in a row have failed at the chain's providers
    /// by now.
    pub fn note(&mut self, chain: Chain, progress: &Progress, after: Status) -> u32 {
        let failures = self.0.entry(chain).or_default();
        match (progress, after) {
            // What stops at a built transaction is in want of a signature, and what waits for people asks nobody.
            (_, Status::Built | Status::AwaitingApproval) | (Progress::Blocked | Progress::RateLimited(_), _) => {}
            (Progress::Transient(_), _) => *failures = failures.saturating_add(1),
            (Progress::Again | Progress::Waiting | Progress::Ended | Progress::Deferred(_), _) => *failures = 0,
        }
        *failures
    }

    /// Begins to count anew: the breaker is open.
    pub fn forget(&mut self, chain: Chain) {
        self.0.remove(&chain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_chains_own_failures_in_a_row_count() {
        let mut health = Health::default();
        let trouble = || Progress::Transient("no answer".into());
        let mut note = |chain, progress: Progress, after| health.note(chain, &progress, after);
        assert_eq!(note(Chain::Solana, trouble(), Status::Reserved), 1);
        assert_eq!(note(Chain::Solana, trouble(), Status::Submitted), 2);
        assert_eq!(note(Chain::Kaspa, trouble(), Status::Submitted), 1, "each chain by itself");
        assert_eq!(note(Chain::Solana, trouble(), Status::Built), 2, "the signer is no provider");
        assert_eq!(note(Chain::Solana, Progress::Blocked, Status::Reserved), 2);
        assert_eq!(note(Chain::Solana, Progress::Waiting, Status::AwaitingApproval), 2, "nobody was asked");
        assert_eq!(note(Chain::Solana, Progress::Waiting, Status::Submitted), 0);
        assert_eq!(note(Chain::Solana, trouble(), Status::Submitted), 1);
        assert_eq!(note(Chain::Solana, Progress::Deferred("too dear".into()), Status::Reserved), 0, "the chain answered");
        assert_eq!(note(Chain::Kaspa, trouble(), Status::Reserved), 2);
        health.forget(Chain::Kaspa);
        assert_eq!(health.note(Chain::Kaspa, &trouble(), Status::Reserved), 1);
    }
}

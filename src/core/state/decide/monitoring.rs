//! Decisions about observations of the canister: failing chains, and denials that share one block of the log.

use crate::base::{Chain, Timestamp};
use crate::event::{ChainBreakerOpened, DenialsAggregated, Event};
use crate::state::refusal::invalid;
use crate::state::{Decided, Refusal, State};
use ic_stable_structures::Memory;

/// The longest message of a provider that the log holds, in bytes.
const MAX_PROBLEM_BYTES: usize = 256;

impl<M: Memory> State<M> {
    /// Decides to open a chain's breaker because its providers failed too often in a row.
    ///
    /// No new transfer is allowed on the chain until they had time to recover.
    ///
    /// # Errors
    /// When the breaker is open already.
    pub fn decide_chain_breaker(&self, chain: Chain, problem: &str, now: Timestamp) -> Result<Decided, Refusal> {
        let now = self.monotonic_now(now);
        if self.tables.chain_breaker(chain).is_some_and(|until| now < until) {
            return Err(Refusal::AlreadySo { what: "the chain's breaker is open" });
        }
        let until = now.saturating_add(self.settings().chain_breaker_cool_down_ns);
        let note = problem[..problem.floor_char_boundary(MAX_PROBLEM_BYTES)].to_owned();
        Ok(Decided::by_canister(Event::ChainBreakerOpened(ChainBreakerOpened { chain, until, note })))
    }

    /// Decides one block of the log for denials that have no block of their own.
    ///
    /// # Errors
    /// When the wallet does not exist, or there is no denial.
    pub fn decide_denials_aggregated(&self, denials: DenialsAggregated) -> Result<Decided, Refusal> {
        self.require_wallet(denials.wallet)?;
        if denials.count == 0 {
            return Err(invalid("count", "at least one denial"));
        }
        Ok(Decided::by_canister(Event::DenialsAggregated(denials)))
    }
}

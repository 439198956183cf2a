//! What the canister notes about its surroundings: chains that do not answer, requests not worth an entry each.

use super::{Decided, invalid};
use crate::base::{Chain, Timestamp};
use crate::event::{ChainBreakerOpened, DenialsAggregated, Event};
use crate::state::{Refusal, State};
use ic_stable_structures::Memory;

/// The most bytes of a provider's complaint that the log keeps.
const MAX_PROBLEM_BYTES: usize = 256;

impl<M: Memory> State<M> {
    /// A chain's providers have failed too often in a row: nothing new is started on the chain until they had time to recover.
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

    /// Logs denials that had no entry each, together.
    ///
    /// # Errors
    /// When there is no such wallet, or nothing was denied.
    pub fn decide_denials_aggregated(&self, denials: DenialsAggregated) -> Result<Decided, Refusal> {
        self.require_wallet(denials.wallet)?;
        if denials.count == 0 {
            return Err(invalid("count", "at least one denial"));
        }
        Ok(Decided::by_canister(Event::DenialsAggregated(denials)))
    }
}

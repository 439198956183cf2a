//! Durable state, and the only way to change it.
//!
//! `decide_*` reads the state and a command and returns [`Decided`] events or a [`Refusal`]; it changes nothing. [`State::commit`] applies
//! decided events and appends them to the audit log in the same call, so that in a canister both happen in one message or neither
//! does. Replaying the log into an empty state gives an equal state.

mod apply;
mod backtest;
mod chains;
mod decide;
mod decided;
mod digest;
mod evaluation;
mod explain;
mod idempotency;
mod index;
mod lint;
mod log_monitor;
mod read;
mod readiness;
mod refusal;
mod replay;
mod reservations;
mod secrets;
mod tables;
mod tracked;

pub use backtest::{Backtest, ChangedDecision, DecisionCounts, MAX_BACKTEST_BLOCKS, MAX_BACKTEST_DAYS};
pub use decide::{BatchItem, BatchOutcome, BatchRequest, ChangeOutcome, ItemOutcome, MAX_RECHECKED_TRANSFERS, NewSession, Recheck};
pub use decided::Decided;
pub use explain::{Explanation, ScopeExplanation};
pub use index::{Filter, Page};
pub use log_monitor::{LogMonitor, MAX_APPEND_FAILURES};
pub use read::{MAX_ANCESTORS, TransferFilter, Usage, VersionedRecord};
pub use readiness::ReadinessItem;
pub use refusal::Refusal;
pub use replay::{Checkpoints, Replay, ReplayError};
pub use tables::OpenError;

use crate::audit::Block;
use crate::base::{BlockIndex, Timestamp};
use ic_stable_structures::Memory;
use tables::Tables;

/// The most transfers of one wallet under way, so that one wallet cannot fill the canister's queue.
pub const MAX_ACTIVE_TRANSFERS_PER_WALLET: u64 = 100;

/// The durable state, which survives upgrades.
pub struct State<M: Memory> {
    tables: Tables<M>,
}

impl<M: Memory> State<M> {
    /// Makes a new state in an empty memory.
    ///
    /// # Panics
    /// When the memory is not empty: overwriting an existing state would lose its money.
    pub fn new(memory: M) -> Self {
        Self { tables: Tables::create(memory) }
    }

    /// Opens the state of an earlier module.
    ///
    /// # Errors
    /// When the memory holds no state that this version reads, or the log does not end where the state says.
    pub fn open(memory: M) -> Result<Self, OpenError> {
        Tables::open(memory).map(|tables| Self { tables })
    }

    /// Applies decided events, appends them to the log, and returns the index of the last block.
    ///
    /// # Panics
    /// When the events do not fit the state they are applied to, which is a bug, or when stable memory is exhausted. In a canister
    /// the message rolls back; nothing is half-applied and nothing happens unlogged.
    pub fn commit(&mut self, decided: Decided, now: Timestamp) -> BlockIndex {
        let Decided { actor, events } = decided;
        let mut last = BlockIndex::default();
        for event in events {
            // The time of the log never runs backwards, whatever the clock does: windows of limits would count money twice.
            let at = now.max(self.tables.head().last_at);
            self.apply(&event, at);
            let block = Block { parent: self.tables.head().tip, at, actor, event };
            last = self.tables.append(&block);
        }
        last
    }
}

#[cfg(test)]
mod tests;

//! The durable state and the only way to change it.
//!
//! `decide_*` looks at the state and a command and answers with [`Decided`] events or a [`Refusal`]; it changes nothing. [`State::commit`]
//! takes what was decided, applies it and appends it to the audit log in the same call, so that in a canister both happen in one
//! message or neither does. Replaying the log into an empty state gives an equal state.

mod apply;
mod backtest;
mod decide;
mod digest;
mod facts;
mod index;
mod policies;
mod read;
mod readiness;
mod refusal;
mod replay;
mod solana;
mod tables;
mod tracked;
mod watch;

pub use backtest::{Backtest, ChangedDecision, DecisionCounts, MAX_BACKTEST_BLOCKS, MAX_BACKTEST_DAYS};
pub use decide::{
    BatchItem, BatchOutcome, BatchRequest, Change, Decided, ItemOutcome, MAX_RECHECKED_TRANSFERS, NewSession, Recheck,
};
pub use index::{Filter, Page};
pub use policies::{Explained, Explanation};
pub use read::{MAX_ANCESTORS, Usage};
pub use readiness::ReadinessItem;
pub use refusal::Refusal;
pub use replay::{Checkpoints, Replay, ReplayError};
pub use tables::OpenError;
pub use watch::LogMonitor;

use crate::audit::Block;
use crate::base::{BlockIndex, Timestamp};
use ic_stable_structures::Memory;
use tables::Tables;

/// The most transfers of one wallet that may be under way at a time, so that an agent cannot fill the queue of everybody else.
pub const MAX_ACTIVE_TRANSFERS_PER_WALLET: u64 = 100;

/// Everything that must survive: upgrades, restarts, and the author of this line.
pub struct State<M: Memory> {
    tables: Tables<M>,
}

impl<M: Memory> State<M> {
    /// A new state in fresh memory.
    ///
    /// # Panics
    /// When the memory already holds something: overwriting somebody's money is never what was meant.
    pub fn new(memory: M) -> Self {
        Self { tables: Tables::create(memory) }
    }

    /// Opens the state an earlier module left.
    ///
    /// # Errors
    /// When the memory is not a state this version understands, or its log does not end where it says.
    pub fn open(memory: M) -> Result<Self, OpenError> {
        Tables::open(memory).map(|tables| Self { tables })
    }

    /// Keeps the key that clients' metadata is hashed with, once: another would make what was hashed before incomparable. The one change
    /// beside [`State::commit`], because a secret must not enter the log. A state that was rebuilt from its log needs a new key.
    pub fn keep_client_key(&mut self, key: [u8; 32]) {
        if self.tables.client_key().is_none() {
            self.tables.set_client_key(key);
        }
    }

    /// Makes what was decided happen: applies every event and appends it to the log. Returns the index of the last block.
    ///
    /// # Panics
    /// When the events do not fit the state they are applied to, which is a bug, or when stable memory is exhausted. In a canister
    /// the message rolls back; nothing is half-applied and nothing happens unlogged.
    pub fn commit(&mut self, decided: Decided, now: Timestamp) -> BlockIndex {
        let Decided { actor, events } = decided;
        let mut last = BlockIndex::default();
        for event in events {
            // Time only moves forward in the log, whatever the clock does (trap T16).
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

//! Rebuilding a state from its log: the proof that the log says everything, and the way back after a disaster.

use super::State;
use crate::audit::Block;
use crate::codec::NameHashes;
use crate::primitives::Hash;
use ic_stable_structures::Memory;
use std::fmt;

/// Why a log cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// A block cannot be read.
    Unreadable {
        /// The block's index.
        index: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A block names another parent than the block before it.
    WrongParent {
        /// The block's index.
        index: u64,
    },
    /// The log does not end in the block it should.
    WrongTip,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { index, reason } => write!(f, "block {index} cannot be read: {reason}"),
            Self::WrongParent { index } => write!(f, "block {index} does not follow the block before it"),
            Self::WrongTip => f.write_str("the log ends in another block than it should; blocks are missing or were changed"),
        }
    }
}

impl<M: Memory> State<M> {
    /// Applies and appends stored blocks in fresh memory. `tip` is the hash of the last block as somebody trustworthy states it, for
    /// example the subnet's certificate. The whole chain is checked before the first block is applied, so that what is applied was
    /// once written by a canister.
    ///
    /// # Errors
    /// At the first block that cannot be read or does not follow the one before it, or when the log ends in another block.
    pub fn replay(memory: M, blocks: &[Vec<u8>], tip: Hash) -> Result<Self, ReplayError> {
        let mut parent = None;
        let mut names = NameHashes::default();
        for (index, bytes) in (0..).zip(blocks) {
            let (block, hash) = Block::from_bytes(bytes, &mut names).map_err(|error| unreadable(index, error))?;
            if block.parent != parent {
                return Err(ReplayError::WrongParent { index });
            }
            parent = Some(hash);
        }
        if parent != Some(tip) {
            return Err(ReplayError::WrongTip);
        }
        let mut state = Self::new(memory);
        for (index, bytes) in (0..).zip(blocks) {
            let (block, _) = Block::from_bytes(bytes, &mut names).map_err(|error| unreadable(index, error))?;
            state.apply(&block.event, block.at);
            state.tables.append(&block);
        }
        Ok(state)
    }
}

fn unreadable(index: u64, error: impl fmt::Display) -> ReplayError {
    ReplayError::Unreadable { index, reason: error.to_string() }
}

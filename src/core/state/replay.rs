//! Rebuilding a state from its log: the proof that the log says everything, and the way back after a disaster.

use super::State;
use crate::audit::Block;
use crate::base::Hash;
use crate::base::codec::NameHashes;
use crate::event::Event;
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
    /// A checkpoint of this version names another state than its log gives.
    WrongState {
        /// The checkpoint's index.
        index: u64,
    },
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { index, reason } => write!(f, "block {index} cannot be read: {reason}"),
            Self::WrongParent { index } => write!(f, "block {index} does not follow the block before it"),
            Self::WrongTip => f.write_str("the log ends in another block than it should; blocks are missing or were changed"),
            Self::WrongState { index } => write!(f, "the checkpoint in block {index} is of another state than the log gives"),
        }
    }
}

/// A state that is being rebuilt, one block at a time, so that a log of any length can be read as a stream.
pub struct Replay<M: Memory> {
    state: State<M>,
    names: NameHashes,
    checkpoints: Checkpoints,
}

/// The checkpoints that a log held so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoints {
    /// Those whose digest is the one of the replayed state.
    pub equal: u64,
    /// Those made by another version, whose digest differs: a later version may keep more of the state.
    pub other_version: u64,
}

impl<M: Memory> Replay<M> {
    /// Begins in fresh memory.
    pub fn new(memory: M) -> Self {
        Self { state: State::new(memory), names: NameHashes::default(), checkpoints: Checkpoints::default() }
    }

    /// Applies and appends the next stored block. Applying trusts what it is given: it is for a chain whose hashes were checked up to a
    /// tip that somebody trustworthy states.
    ///
    /// # Errors
    /// When the block cannot be read, does not follow the one before it, or is a checkpoint of another state; nothing is applied then.
    ///
    /// # Panics
    /// When the block was never written by a canister and does not fit the state.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ReplayError> {
        let index = self.state.log_len();
        let (block, _) = Block::from_bytes(bytes, &mut self.names)
            .map_err(|error| ReplayError::Unreadable { index, reason: error.to_string() })?;
        if block.parent != self.state.tables.head().tip {
            return Err(ReplayError::WrongParent { index });
        }
        if let Event::StateCheckpointed(checkpoint) = &block.event {
            match checkpoint.digest == self.state.digest() {
                true => self.checkpoints.equal += 1,
                false if checkpoint.version != crate::VERSION => self.checkpoints.other_version += 1,
                false => return Err(ReplayError::WrongState { index }),
            }
        }
        self.state.apply(&block.event, block.at);
        self.state.tables.append(&block);
        Ok(())
    }

    /// The checkpoints met so far.
    pub fn checkpoints(&self) -> Checkpoints {
        self.checkpoints
    }

    /// The state so far.
    pub fn state(&self) -> &State<M> {
        &self.state
    }

    /// The state at the end.
    pub fn into_state(self) -> State<M> {
        self.state
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
            let (block, hash) = Block::from_bytes(bytes, &mut names)
                .map_err(|error| ReplayError::Unreadable { index, reason: error.to_string() })?;
            if block.parent != parent {
                return Err(ReplayError::WrongParent { index });
            }
            parent = Some(hash);
        }
        if parent != Some(tip) {
            return Err(ReplayError::WrongTip);
        }
        let mut replay = Replay::new(memory);
        blocks.iter().try_for_each(|bytes| replay.push(bytes))?;
        Ok(replay.into_state())
    }
}

//! Replay: a state that is made again from its log.
//!
//! A replay shows that the log holds everything, and restores the state after a disaster.

use super::State;
use crate::audit::Block;
use crate::base::Hash;
use crate::base::codec::NameHashes;
use crate::event::Event;
use ic_stable_structures::Memory;
use std::fmt;

/// The error of a log that cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// A block cannot be decoded.
    Unreadable {
        /// The index of the block.
        index: u64,
        /// The error, for people.
        reason: String,
    },
    /// A block names another parent than the block before it.
    WrongParent {
        /// The index of the block.
        index: u64,
    },
    /// The log does not end in the expected block.
    WrongTip,
    /// A checkpoint of this version has another digest than the replayed state.
    WrongState {
        /// The index of the checkpoint's block.
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

/// A replay, one block at a time, so that a log of any length can be read as a stream.
pub struct Replay<M: Memory> {
    state: State<M>,
    names: NameHashes,
    checkpoints: Checkpoints,
}

/// The checkpoints that a replay has met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoints {
    /// The checkpoints with the digest of the replayed state.
    pub equal: u64,
    /// The checkpoints of another version with another digest. A version may digest records that another one does not have.
    pub other_version: u64,
}

impl<M: Memory> Replay<M> {
    /// Begins a replay in an empty memory.
    pub fn new(memory: M) -> Self {
        Self { state: State::new(memory), names: NameHashes::default(), checkpoints: Checkpoints::default() }
    }

    /// Applies and appends the next stored block.
    ///
    /// The block is trusted: the hashes of the chain must have been verified before, up to a tip from a trustworthy source.
    ///
    /// # Errors
    /// When the block cannot be decoded, does not follow the one before it, or is a checkpoint of another state. Nothing is applied then.
    ///
    /// # Panics
    /// When the block was not written by a canister and does not fit the state.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ReplayError> {
        let index = self.state.log_len();
        let (block, _) = Block::from_bytes(bytes, &mut self.names)
            .map_err(|error| ReplayError::Unreadable { index, reason: error.to_string() })?;
        if block.parent != self.state.tables.head().tip {
            return Err(ReplayError::WrongParent { index });
        }
        if let Event::StateCheckpointed(checkpoint) = &block.event {
            // A checkpoint holds the digest of the state just before its own block.
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

    /// Returns the checkpoints so far.
    pub fn checkpoints(&self) -> Checkpoints {
        self.checkpoints
    }

    /// Returns the state so far.
    pub fn state(&self) -> &State<M> {
        &self.state
    }

    /// Ends the replay and returns the state.
    pub fn into_state(self) -> State<M> {
        self.state
    }
}

impl<M: Memory> State<M> {
    /// Replays a log in an empty memory.
    ///
    /// `tip` is the hash of the last block from a trustworthy source, for example the subnet's certificate. The whole chain is verified
    /// before the first block is applied, so that only blocks are applied that a canister wrote.
    ///
    /// # Errors
    /// When a block cannot be decoded or does not follow the one before it, or the log ends in another block.
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

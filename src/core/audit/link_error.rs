//! Errors of the chain of blocks.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The error of a block that does not fit between its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkError {
    /// The stored bytes are no block.
    Unreadable,
    /// The block names another parent than the block before it.
    WrongParent,
    /// The block is the last one, and its hash is not the one that was recorded when it was appended.
    WrongTip,
    /// The block has another hash than the block after it names, and the block after it is unchanged.
    WrongHash,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "its bytes are not a log entry",
            Self::WrongParent => "the previous hash that it names does not match",
            Self::WrongTip => "its hash does not match the one recorded when it was appended",
            Self::WrongHash => "its hash does not match the one that the next entry names (tampered or corrupted)",
        })
    }
}

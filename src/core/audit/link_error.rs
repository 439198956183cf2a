//! Why a block does not belong where it stands.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a block does not belong where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkError {
    /// The stored bytes are not a block.
    Unreadable,
    /// It names another parent than the block before it.
    WrongParent,
    /// It is the last block and has another hash than the one recorded when it was appended.
    WrongTip,
    /// It has another hash than the block after it names, and that one is as it was appended.
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

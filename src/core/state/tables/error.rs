//! Errors of opening a memory as a state.

use super::head::SCHEMA;
use std::fmt;

/// The error of a memory that cannot be opened as a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The memory is empty.
    Empty,
    /// A version that this one does not know wrote the memory.
    UnknownSchema(u32),
    /// A table cannot be decoded.
    Corrupt(&'static str),
    /// The log has another number of blocks than the state records, or another last block.
    LogMismatch,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("stable memory holds no Purser state"),
            Self::UnknownSchema(schema) => write!(f, "stable memory has schema {schema}; this module understands {SCHEMA}"),
            Self::Corrupt(table) => write!(f, "the table {table} cannot be read"),
            Self::LogMismatch => f.write_str("the audit log does not end where the state says"),
        }
    }
}

impl std::error::Error for OpenError {}

//! The audit log: ICRC-3 blocks, each carrying its parent's hash, stored as they were appended.

mod block;
mod log;

pub use crate::codec::Value;
pub use block::{Block, BlockError, leb128};
pub use log::{AuditLog, Break, IntegrityReport};

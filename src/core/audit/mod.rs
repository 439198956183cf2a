//! Audit log: ICRC-3 blocks, each with the hash of the block before it, stored as they were appended.

mod block;
mod chunked_log;
mod link_error;
mod log;
mod verify;

pub use crate::base::codec::Value;
pub use block::{Block, BlockError, leb128};
pub use chunked_log::MemoryExhausted;
pub use link_error::LinkError;
pub use log::{AuditLog, IndexKeys};
pub use verify::{Cursor, IntegrityReport, verify, verify_from};

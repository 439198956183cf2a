//! The audit log: ICRC-3 blocks, each carrying its parent's hash, stored as they were appended.

mod block;
mod chunked_log;
mod link_error;
mod log;
mod verify;

pub use crate::base::codec::Value;
pub use block::{Block, BlockError, leb128};
pub use chunked_log::Exhausted;
pub use link_error::LinkError;
pub use log::{AuditLog, Keys};
pub use verify::{Cursor, IntegrityReport, verify, verify_from};

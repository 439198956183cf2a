//! The audit log: ICRC-3 blocks, each carrying its parent's hash, stored as they were appended.

mod block;
mod chunked_log;
mod log;
pub mod retention;
mod verify;

pub use crate::base::codec::Value;
pub use block::{Block, BlockError, leb128};
pub use chunked_log::Exhausted;
pub use log::{AuditLog, Keys};
pub use retention::{Archive, AuditSettings, Retention};
pub use verify::{Break, Cursor, IntegrityReport, verify, verify_from};

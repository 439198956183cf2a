//! The audit log: blocks, certification, integrity and archives.

pub mod audit;
pub mod certification;
pub mod integrity;
pub mod retention;

//! Queries of the state. They change nothing.

mod access;
mod log;
mod pages;
mod policies;
mod scopes;
mod transfer_lists;
mod transfers;
mod versions;
mod wallets;

pub use policies::Usage;
pub use scopes::MAX_ANCESTORS;
pub(super) use scopes::request_scopes;
pub use transfer_lists::TransferFilter;
pub(super) use transfers::RECENT_TRANSFERS;
pub use versions::VersionedRecord;

//! Queries of the state. They change nothing.

mod access;
mod log;
mod policies;
mod scopes;
mod transfers;
mod wallets;

pub use policies::Usage;
pub use scopes::MAX_ANCESTORS;
pub(super) use scopes::request_scopes;
pub(super) use transfers::RECENT_TRANSFERS;

//! Permissions: roles, and the sessions of agents.

mod change;
mod roles;
mod session;

pub use change::*;
pub use roles::*;
pub use session::*;

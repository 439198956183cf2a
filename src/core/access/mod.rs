//! Who may do what: roles, and the sessions of agents.

mod roles;
mod session;

pub use roles::*;
pub use session::*;

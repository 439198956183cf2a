//! Payloads of the events.

mod agent;
mod audit;
mod canister;
mod governance;
mod policy;
mod transfer;

pub use agent::*;
pub use audit::*;
pub use canister::*;
pub use governance::*;
pub use policy::*;
pub use transfer::*;

//! The embedded network of Purser's tests and demo. The canister does not depend on it.
//!
//! * [`ic`]: the interface of a network, and [`LocalNet`], its embedded implementation
//! * [`faults`], [`trace`]: faults that tests inject, and traces that they read
//! * [`exec`], [`mgmt`], [`certificate`]: execution, the management canister, certificates
//! * [`conformance`]: a scenario that compares this network with PocketIC

pub mod certificate;
pub mod conformance;
pub mod exec;
pub mod faults;
pub mod ic;
pub mod mgmt;
mod net;
pub mod trace;

pub use faults::{CallKind, Effect, Faults, Occurrence};
pub use ic::{Ic, MessageId, Reject};
pub use net::{Builder, LocalNet, PendingCall, Scheduler, Snapshot};
pub use trace::{MessageKind, MessageTrace, MgmtCall};

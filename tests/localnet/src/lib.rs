//! The embedded network Purser's tests and demo run on. Test infrastructure: the canister never knows about it.
//!
//! * [`ic`]: the small interface the suite talks to, and [`LocalNet`], its embedded implementation
//! * [`faults`], [`trace`]: what tests inject and what they read
//! * [`exec`], [`mgmt`], [`certificate`]: the parts of the network
//! * [`conformance`]: what any network must do, to compare this one with PocketIC

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

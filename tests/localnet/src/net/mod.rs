//! The embedded network: one subnet, its canisters, and the messages between them.
//!
//! * `builder`, `network`: settings and the data of a network
//! * `rounds`: rounds, and the interface [`crate::ic::Ic`]
//! * `messages`, `outbound`: the execution of messages, and calls to the management canister
//! * `manage`, `lifecycle`, `snapshots`: methods of the management canister, code and snapshots
//! * `state`: canisters, open calls and queued messages

mod builder;
mod lifecycle;
mod manage;
mod messages;
mod network;
mod outbound;
mod rounds;
mod snapshots;
mod state;

pub use builder::Builder;
pub use network::{LocalNet, Scheduler};
pub use outbound::PendingCall;
pub use snapshots::Snapshot;

//! The embedded network Purser's tests and demo run on. Test infrastructure: the canister never knows about it.
//!
//! * [`devchain`]: a Solana and a Kaspa chain on loopback, verified by the chains' own code

pub mod devchain;
pub mod exec;
pub mod ic;
pub mod mgmt;

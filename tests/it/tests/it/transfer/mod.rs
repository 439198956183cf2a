//! Transfers on both chains.

pub mod interleavings;
pub mod providers;
pub mod transfers;
pub mod waiting;

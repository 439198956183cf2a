pub mod interleavings;
pub mod transfers;
pub mod waits;
pub mod watch;

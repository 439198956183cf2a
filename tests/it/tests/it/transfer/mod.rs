mod interleavings;
mod transfers;
mod waits;
mod watch;

//! The Kaspa dev chain over real HTTP, with transactions built and signed by rusty-kaspa.

mod faults;
mod refusals;
mod shapes;
mod spending;
mod wallet;

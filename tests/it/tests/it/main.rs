//! The suite: the released wasm, called through its public interface, on a network with both chains beside it.

mod audit;
mod budgets;
mod certification;
mod conformance;
mod demo;
mod faults;
mod inputs;
mod installation;
mod interleavings;
mod misbehaviour;
mod policies;
mod support;
mod transfers;
mod upgrades;

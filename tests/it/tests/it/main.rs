//! The suite: the released wasm, called through its public interface, on a network with both chains beside it.

mod approvals;
mod audit;
mod budgets;
mod certification;
mod client_side;
mod conformance;
mod demo;
mod faults;
mod governance;
mod inputs;
mod installation;
mod interleavings;
mod misbehaviour;
mod policies;
mod policy_tools;
mod sessions;
mod support;
mod transfers;
mod upgrades;
mod wallets;

//! The methods of `candid/purser.did`. Each reads its caller and arguments, asks the domain for one decision and commits it in the
//! same message. What comes from outside is answered with a typed error, never with a trap.

pub mod access;
pub mod admin;
pub mod approvals;
pub mod audit;
pub mod balances;
pub mod batch;
pub mod consent;
pub mod governance;
pub mod inspect;
pub mod kaspa;
pub mod lockout;
pub mod log;
pub mod policy_tools;
pub mod providers;
mod requests;
pub mod sessions;
pub mod solana;
pub mod transfers;
pub mod wallets;
pub mod web;

#[cfg(test)]
mod tests;

//! The suite: tests of the released module through its public interface, with both chains.

mod access;
mod governance;
mod interface;
mod kaspa;
mod log;
mod operations;
mod policy;
mod solana;
mod support;
mod transfer;

//! The suite: the released wasm, called through its public interface, on a network with both chains beside it.

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

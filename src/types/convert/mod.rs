//! Conversions between the types of the interface and those of the domain, and the parsing of arguments.
//!
//! Every text is measured before it is read, and an error names the argument as the interface does.

pub mod address;
pub mod admin;
mod approval;
mod asset;
mod audit;
mod batch;
mod chain;
pub mod error;
mod governance;
mod init;
pub mod kaspa;
mod kaspa_address;
mod kaspa_config;
mod log;
mod mint;
pub mod policy;
mod policy_tools;
mod session;
mod settings;
mod solana;
mod solana_address;
mod solana_config;
mod transfer;
mod wallet;

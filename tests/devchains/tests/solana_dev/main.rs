//! The Solana dev chain, driven over HTTP with transactions signed by real keys. Every expected value is mainnet's.

mod client;
mod faults;
mod landing;
mod nonces;
mod protocol;

//! Solana dev chain.

//! Pure builders and parsers for the two chains. Nothing here knows of policies, wallets or the IC.

pub mod kaspa;
pub mod solana;

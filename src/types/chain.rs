//! The chains that wallets hold funds on.

use candid::CandidType;
use serde::{Deserialize, Serialize};

/// A blockchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Chain {
    /// The Kaspa BlockDAG.
    Kaspa,
    /// The Solana chain.
    Solana,
}

//! The scopes of policies.

use crate::named::name_variants;
use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};

/// The scope of a policy and of its counters; a request is judged in every scope that it falls into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Scope {
    /// All wallets of one owner.
    User(Principal),
    /// One wallet, and the wallets below it.
    Wallet(u64),
    /// One agent of one wallet.
    Agent {
        /// The wallet.
        wallet_id: u64,
        /// The agent.
        agent: Principal,
    },
    /// One session.
    Session(u64),
}

name_variants!(Scope { User, Wallet, Agent, Session });

//! What is wanted of an account.

use super::Reading;
use crate::chains::solana::Address;
use serde::{Deserialize, Serialize};

/// An account and what is wanted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its address.
    pub address: Address,
    /// What is wanted.
    pub view: View,
}

/// What is wanted of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// What it is and what it has.
    Account {
        /// What to keep of the lamports. Anyone can move them by sending dust; a bound is harder to disturb.
        lamports: Reading,
    },
    /// A mint.
    Mint,
    /// A token account.
    Holding {
        /// What to keep of the amount.
        amount: Reading,
    },
    /// A nonce account.
    Nonce,
}

impl View {
    /// Whether it takes the account's data.
    pub(super) const fn needs_data(self) -> bool {
        !matches!(self, Self::Account { .. })
    }
}

/// How much of each account's data is read when any is needed. Larger mints are refused.
pub(super) const DATA_BYTES: usize = 1_024;

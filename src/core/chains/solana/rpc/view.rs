//! Views: the parts of accounts that a request asks for.

use super::Reading;
use crate::chains::solana::Address;
use serde::{Deserialize, Serialize};

/// An account and the view of it that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The address of the account.
    pub address: Address,
    /// The view asked for.
    pub view: View,
}

/// The part of an account that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The kind and the lamports of the account.
    Account {
        /// The reading of the lamports. Anyone can change them by sending small amounts; a bound changes less often.
        lamports: Reading,
    },
    /// The content of a mint.
    Mint,
    /// The content of a token account.
    Holding {
        /// The reading of the amount in base units.
        amount: Reading,
    },
    /// The authority and the value of a nonce account.
    Nonce,
}

impl View {
    /// Returns whether the view needs the account's data from its start.
    pub(super) const fn needs_data(self) -> bool {
        !matches!(self, Self::Account { .. })
    }
}

/// The bytes of each account's data that are read when any view needs data. Larger mints are refused.
pub(super) const DATA_BYTES: usize = 1_024;

//! Identifiers, one type for each kind of record, so that the compiler refuses a mix-up.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Wraps a raw number.
            pub const fn new(raw: u64) -> Self {
                Self(raw)
            }

            /// Returns the raw number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// Returns the identifier that is assigned after this one.
            pub const fn next(self) -> Self {
                Self(self.0.wrapping_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

id!(
    /// The number of a wallet, from 1. Never reused: derivation paths contain it.
    WalletId
);
id!(
    /// The number of a transfer, from 1. Never reused.
    TransferId
);
id!(
    /// The position of a block in the audit log, from 0.
    BlockIndex
);
id!(
    /// The number of an agent's session, from 1. Never reused.
    SessionId
);
id!(
    /// The number of a proposal, from 1. Never reused.
    ProposalId
);

//! Identifiers, one type per kind of thing so that they cannot be mixed up.

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

            /// The raw number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The identifier handed out after this one.
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
    /// A wallet: one set of derived keys on both chains, one policy. Never reused, it is part of the derivation path.
    WalletId
);
id!(
    /// A transfer that was reserved at least once. Never reused.
    TransferId
);
id!(
    /// The position of a block in the audit log, starting at 0.
    BlockIndex
);
id!(
    /// A stretch of an agent's work with its own limits. Never reused.
    SessionId
);
id!(
    /// A change that waits for a quorum or for its time lock. Never reused.
    ProposalId
);

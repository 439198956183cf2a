//! The assets that transfers send and limits count.

use crate::mint::MintText;
use crate::named::name_variants;
use candid::CandidType;
use serde::{Deserialize, Serialize};

/// An asset of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Asset {
    /// Kaspa's native asset, in sompi.
    Kas,
    /// Solana's native asset, in lamports; wrapped SOL counts as SOL.
    Sol,
    /// A token on Solana, of either token program, in its own base units.
    Spl {
        /// The address of its mint.
        mint: MintText,
    },
}

name_variants!(Asset { Kas, Sol, Spl });

impl Asset {
    /// Returns the native asset of the chain, which pays the fees of the asset's transfers.
    pub const fn native_asset(self) -> Self {
        match self {
            Self::Kas => Self::Kas,
            Self::Sol | Self::Spl { .. } => Self::Sol,
        }
    }
}

/// The units in which people read an asset's amounts; amounts themselves are always in base units.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Units {
    /// The symbol, such as SOL; absent for a token that the canister does not know.
    pub symbol: Option<String>,
    /// The number of decimal places; absent for a token that the canister does not know.
    pub decimals: Option<u8>,
}

//! The units of assets, beside amounts.

use candid::CandidType;
use serde::{Deserialize, Serialize};

/// The units in which people read an asset's amounts; amounts themselves are always in base units.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Units {
    /// The symbol, such as SOL; absent for a token that the canister does not know.
    pub symbol: Option<String>,
    /// The number of decimal places; absent for a token that the canister does not know.
    pub decimals: Option<u8>,
}

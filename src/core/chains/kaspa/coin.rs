//! The coin of Kaspa.

use crate::base::Coin;

/// The coin KAS: 10^8 sompi.
pub const COIN: Coin = Coin { symbol: "KAS", decimals: 8, base_unit: "sompi" };

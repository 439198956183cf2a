//! Coins: symbol, decimals and base unit of an asset, and amounts formatted in them.

use super::{Amount, decimal_text, grouped};

/// An asset as people know it: its symbol, its decimals and the name of its base unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coin {
    /// The symbol, such as `BTC`.
    pub symbol: &'static str,
    /// The number of decimal places between the asset and its base unit.
    pub decimals: u8,
    /// The name of the base unit, in the plural.
    pub base_unit: &'static str,
}

impl Coin {
    /// Formats an amount in the asset and in base units, such as `0.9 BTC (90,000,000 sats)`.
    pub fn text(&self, amount: Amount) -> String {
        let decimal = decimal_text(amount, self.decimals);
        let (whole, fraction) = decimal.split_at(decimal.find('.').unwrap_or(decimal.len()));
        let base_units = grouped(&amount.get().to_string());
        format!("{}{fraction} {} ({base_units} {})", grouped(whole), self.symbol, self.base_unit)
    }

    /// Formats an amount in the asset alone, such as `0.9 BTC`.
    pub fn short_text(&self, amount: Amount) -> String {
        format!("{} {}", decimal_text(amount, self.decimals), self.symbol)
    }
}

/// The units in which people read the amounts of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    /// The symbol; `None` for a token that is not known.
    pub symbol: Option<&'static str>,
    /// The number of decimal places; `None` for a token that is not known.
    pub decimals: Option<u8>,
}

/// Makes the units of a known coin, or of an unknown token.
impl From<Option<Coin>> for Units {
    fn from(coin: Option<Coin>) -> Self {
        Self { symbol: coin.map(|coin| coin.symbol), decimals: coin.map(|coin| coin.decimals) }
    }
}

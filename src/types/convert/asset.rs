//! Assets, from and to the domain, and amounts as people read them.

use crate::asset::Units;
use crate::chain::Asset;
use crate::error::Error;
use purser_core::base::{self, Amount, short_amount_text};

impl Asset {
    /// Returns an amount with its unit, for people, such as `1.5 SOL`.
    ///
    /// Of a token the base units and the mint: only the chain knows its decimal places.
    pub fn show(self, base_units: u64) -> String {
        match base::Asset::try_from(self) {
            Ok(asset) => short_amount_text(asset, Amount::new(base_units)),
            Err(_) => format!("{base_units} base units of an unknown token"),
        }
    }
}

impl TryFrom<Asset> for base::Asset {
    type Error = Error;

    fn try_from(asset: Asset) -> Result<Self, Error> {
        asset.read(|| "asset".to_owned())
    }
}

/// Makes the units of an asset.
impl From<base::Asset> for Units {
    fn from(asset: base::Asset) -> Self {
        let base::Units { symbol, decimals } = asset.units();
        Self { symbol: symbol.map(str::to_owned), decimals }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_core::base::decimal_text;

    #[test]
    fn amounts_have_every_digit_that_matters() {
        assert_eq!(Asset::Sol.show(0), "0 SOL");
        assert_eq!(Asset::Sol.show(1), "0.000000001 SOL");
        assert_eq!(Asset::Sol.show(2_000_000_000), "2 SOL");
        assert_eq!(Asset::Kas.show(150_000_010), "1.5000001 KAS");
        assert_eq!(Asset::Kas.show(u64::MAX), "184467440737.09551615 KAS");
        assert_eq!(decimal_text(Amount::new(1_200), 0), "1200");
    }
}

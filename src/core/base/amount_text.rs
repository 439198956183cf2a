//! Texts of amounts for people: decimals, symbol and base units.

use super::{Amount, Asset};

/// Formats an amount in the asset and in base units: `0.9 SOL (900,000,000 lamports)`.
///
/// A token is named by its mint too, and alone by it when its symbol is not known.
pub fn amount_text(asset: Asset, amount: Amount) -> String {
    match (asset.coin().map(|coin| coin.text(amount)), asset.mint()) {
        (Some(text), None) => text,
        (Some(text), Some(mint)) => format!("{text}, token {mint}"),
        (None, _) => base_units_text(asset, amount),
    }
}

/// Formats an amount in the asset alone: `0.9 SOL`.
///
/// A token has its mint beside it; the amount of one that is not known is in base units.
pub fn short_amount_text(asset: Asset, amount: Amount) -> String {
    match (asset.coin().map(|coin| coin.short_text(amount)), asset.mint()) {
        (Some(text), None) => text,
        (Some(text), Some(mint)) => format!("{text} (token {mint})"),
        (None, _) => base_units_text(asset, amount),
    }
}

/// Formats an amount of an asset whose decimals are not known: `1,500 base units of the token …`.
fn base_units_text(asset: Asset, amount: Amount) -> String {
    let unit = if amount.get() == 1 { "base unit" } else { "base units" };
    format!("{} {unit} of {asset}", grouped(&amount.get().to_string()))
}

/// Formats a value, given in millionths of the unit of account: `1,234.5 units of account`.
pub fn value_text(millionths: Amount) -> String {
    let decimal = decimal_text(millionths, 6);
    let (whole, fraction) = decimal.split_at(decimal.find('.').unwrap_or(decimal.len()));
    format!("{}{fraction} units of account", grouped(whole))
}

/// Formats base units as a decimal number with at most `places` digits after the point, without trailing zeros.
pub fn decimal_text(amount: Amount, places: u8) -> String {
    let places = usize::from(places);
    let digits = format!("{:0width$}", amount.get(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

/// Writes digits in groups of three: `1,000,000`.
pub fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Mint;

    fn mint(text: &str) -> Mint {
        Mint(bs58::decode(text).into_vec().expect("base58").try_into().expect("32 bytes"))
    }

    #[test]
    fn amounts_carry_symbol_and_base_units() {
        for (asset, units, text) in [
            (Asset::Kas, 0, "0 KAS (0 sompi)"),
            (Asset::Kas, 1, "0.00000001 KAS (1 sompi)"),
            (Asset::Kas, 203_600, "0.002036 KAS (203,600 sompi)"),
            (Asset::Kas, 100_000_000, "1 KAS (100,000,000 sompi)"),
            (Asset::Kas, 123_456_789_012_345, "1,234,567.89012345 KAS (123,456,789,012,345 sompi)"),
            (Asset::Sol, 900_000_000, "0.9 SOL (900,000,000 lamports)"),
            (Asset::Sol, u64::MAX, "18,446,744,073.709551615 SOL (18,446,744,073,709,551,615 lamports)"),
        ] {
            assert_eq!(amount_text(asset, Amount::new(units)), text);
        }
        let usdc = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
        let known = Asset::Spl { mint: mint(usdc) };
        assert_eq!(amount_text(known, Amount::new(1_500_000)), format!("1.5 USDC (1,500,000 base units), token {usdc}"));
        let token = Asset::Spl { mint: Mint([7; 32]) };
        assert_eq!(amount_text(token, Amount::new(1_500)), format!("1,500 base units of the token {}", Mint([7; 32])));
    }

    #[test]
    fn the_short_form_has_no_groups_and_no_base_units() {
        assert_eq!(short_amount_text(Asset::Sol, Amount::new(1_500_000_000)), "1.5 SOL");
        assert_eq!(short_amount_text(Asset::Kas, Amount::new(123_456_700_000_000)), "1234567 KAS");
        let usdc = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
        assert_eq!(short_amount_text(Asset::Spl { mint: mint(usdc) }, Amount::new(1)), format!("0.000001 USDC (token {usdc})"));
        assert_eq!(decimal_text(Amount::new(1_230), 3), "1.23");
        assert_eq!(decimal_text(Amount::new(7), 0), "7");
    }
}

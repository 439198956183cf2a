//! Amounts of KAS as text, for messages.

use crate::base::Amount;
use std::fmt;

const SOMPI_PER_KAS: u64 = 100_000_000;

/// An amount in sompi, shown in KAS and in sompi: `0.9 KAS (90,000,000 sompi)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kas(pub Amount);

impl fmt::Display for Kas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sompi = self.0.get();
        let (whole, rest) = (sompi / SOMPI_PER_KAS, sompi % SOMPI_PER_KAS);
        let fraction = format!("{rest:08}");
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{}{point}{fraction} KAS ({} sompi)", grouped(whole), grouped(sompi))
    }
}

/// Writes a number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
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

    #[test]
    fn amounts_carry_coin_and_unit() {
        for (sompi, text) in [
            (0, "0 KAS (0 sompi)"),
            (1, "0.00000001 KAS (1 sompi)"),
            (203_600, "0.002036 KAS (203,600 sompi)"),
            (90_000_000, "0.9 KAS (90,000,000 sompi)"),
            (100_000_000, "1 KAS (100,000,000 sompi)"),
            (123_456_789_012_345, "1,234,567.89012345 KAS (123,456,789,012,345 sompi)"),
        ] {
            assert_eq!(Kas(Amount::new(sompi)).to_string(), text);
        }
    }
}

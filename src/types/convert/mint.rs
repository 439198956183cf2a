//! The address of a mint, from and to its text.

use crate::error::Error;
use crate::mint::MintText;
use purser_core::base::Mint;
use purser_core::chains::solana::{Address, ParseError};

impl TryFrom<MintText> for Mint {
    type Error = ParseError;

    fn try_from(text: MintText) -> Result<Self, ParseError> {
        Address::parse(text.as_str()).map(|address| Self(*address.as_bytes()))
    }
}

impl From<Mint> for MintText {
    fn from(mint: Mint) -> Self {
        Self::new(&mint.to_string())
    }
}

/// Reads the address of a mint. `field` returns the name of the argument, for the error.
///
/// # Errors
/// `VALIDATION_FAILED` when the text is no address.
pub(super) fn parse_mint(mint: MintText, field: impl FnOnce() -> String) -> Result<Mint, Error> {
    Mint::try_from(mint).map_err(|problem| Error::invalid(field(), format!("the mint is no address: {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";

    #[test]
    fn a_mint_comes_back_as_it_was_written() {
        let text = MintText::new(USDC);
        assert_eq!((text.as_str(), MintText::from(Mint::try_from(text).expect("an address"))), (USDC, text));
    }

    #[test]
    fn what_is_no_address_is_no_mint() {
        for bad in ["", "0", &USDC[..30], &format!("{USDC}1"), &"1".repeat(1_000_000)] {
            let decoded = candid::decode_one::<MintText>(&candid::encode_one(bad).expect("it encodes")).expect("it decodes");
            assert!(Mint::try_from(decoded).is_err(), "{}", bad.len());
        }
    }
}

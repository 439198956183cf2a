//! The coin of Solana, and the tokens whose mints are known.

use super::Address;
use super::known::{self, constant};
use crate::base::{Coin, Mint};

/// The coin SOL: 10^9 lamports.
pub const COIN: Coin = Coin { symbol: "SOL", decimals: 9, base_unit: "lamports" };

/// The mint of wrapped SOL: `So11111111111111111111111111111111111111112`.
pub const WRAPPED_SOL: Mint = Mint(*known::WRAPPED_SOL.as_bytes());

/// The tokens with a known symbol, by mint, as their issuers publish them for the mainnet.
///
/// A mint's decimals never change, and nobody else can create a mint at the same address. Other tokens have no symbol here: anybody can
/// give a token any symbol.
const TOKENS: &[(Address, &str, u8)] = &[
    (constant("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"), "USDC", 6),
    (constant("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"), "USDT", 6),
    (constant("HzwqbKZw8HxMN6bF2yFZNrht3c2iXXzpKcFu7uBEDKtr"), "EURC", 6),
    (constant("2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo"), "PYUSD", 6),
];

/// Returns a token as people know it: SOL for wrapped SOL, `None` for a mint that is not known.
pub fn token(mint: Mint) -> Option<Coin> {
    if mint == WRAPPED_SOL {
        return Some(COIN);
    }
    let mint = Address::from_bytes(mint.0);
    let (_, symbol, decimals) = TOKENS.iter().find(|(known, ..)| *known == mint)?;
    Some(Coin { symbol, decimals: *decimals, base_unit: "base units" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Amount;

    fn mint(text: &str) -> Mint {
        Mint(*Address::parse(text).expect("an address").as_bytes())
    }

    #[test]
    fn a_known_token_is_shown_by_its_symbol_and_another_is_not() {
        let usdc = token(mint("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")).expect("known");
        assert_eq!(usdc.text(Amount::new(12_500_000)), "12.5 USDC (12,500,000 base units)");
        // The mint that Circle publishes for the devnet is another token.
        assert_eq!(token(mint("4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU")), None);
    }

    #[test]
    fn wrapped_sol_is_shown_as_sol() {
        assert_eq!(WRAPPED_SOL, mint("So11111111111111111111111111111111111111112"));
        assert_eq!(token(WRAPPED_SOL), Some(COIN));
    }

    #[test]
    fn no_mint_and_no_symbol_is_listed_twice() {
        for (index, (mint, symbol, _)) in TOKENS.iter().enumerate() {
            assert!(TOKENS[..index].iter().all(|(other, known, _)| other != mint && known != symbol), "{symbol}");
        }
    }
}

//! Addresses that follow from others: associated token accounts and this canister's nonce accounts.

use super::{Address, TokenProgram, known};
use sha2::{Digest, Sha256};
use solana_address::Address as SolanaAddress;

/// Returns the address of the account in which `owner` holds tokens of `mint`.
///
/// `None` when none of the 256 bump values gives an address off the curve, which has a probability of about 2^-256.
pub fn token_account(owner: &Address, mint: &Address, program: TokenProgram) -> Option<Address> {
    let program = program.address();
    let seeds = [&owner.as_bytes()[..], &program.as_bytes()[..], &mint.as_bytes()[..]];
    let found = SolanaAddress::try_find_program_address(&seeds, &known::ASSOCIATED_TOKEN_PROGRAM.into())?;
    Some((&found.0).into())
}

/// Returns the seed of a wallet's nonce account. The seed is part of the account's address, so it never changes.
pub fn nonce_seed(index: u16) -> String {
    format!("purser-nonce-{index}")
}

/// Returns the address of a wallet's nonce account.
///
/// The address is derived from the wallet's address and a seed, so that the wallet's own signature creates the account and no
/// second key is needed.
pub fn nonce_account(wallet: &Address, index: u16) -> Address {
    // The system program's `create_with_seed`: SHA-256 over base, seed and owner.
    let mut hasher = Sha256::new();
    hasher.update(wallet.as_bytes());
    hasher.update(nonce_seed(index));
    hasher.update(known::SYSTEM_PROGRAM.as_bytes());
    Address::from_bytes(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).expect(text)
    }

    #[test]
    fn token_accounts_are_those_of_the_reference_crate() {
        for seed in 0..20u8 {
            let (owner, mint) = (Address::from_bytes([seed; 32]), Address::from_bytes([seed.wrapping_add(100); 32]));
            for program in [TokenProgram::Classic, TokenProgram::Token2022] {
                let expected = spl_associated_token_account_interface::address::get_associated_token_address_with_program_id(
                    &owner.into(),
                    &mint.into(),
                    &program.address().into(),
                );
                assert_eq!(token_account(&owner, &mint, program), Some((&expected).into()));
            }
        }
    }

    #[test]
    fn a_published_token_account_is_found() {
        // From the documentation of the associated token program's JavaScript client: USDC of a known wallet.
        let owner = address("B8UwBUUnKwCyKuGMbFKWaG7exYdDk2ozZrPg72NyVbfj");
        let mint = address("7o36UsWR1JQLpZ9PE2gn9L4SQ69CNNiWAXd4Jt7rqz9Z");
        let expected = address("DShWnroshVbeUp28oopA3Pu7oFPDBtC1DBmPECXXAQ9n");
        assert_eq!(token_account(&owner, &mint, TokenProgram::Classic), Some(expected));
    }

    #[test]
    fn nonce_accounts_differ_by_wallet_and_index() {
        let (one, two) = (Address::from_bytes([1; 32]), Address::from_bytes([2; 32]));
        let seeded = |base: &Address, index| {
            let base: SolanaAddress = (*base).into();
            SolanaAddress::create_with_seed(&base, &nonce_seed(index), &SolanaAddress::default()).expect("a short seed")
        };
        for (wallet, index) in [(one, 0), (one, 1), (two, 0), (two, u16::MAX)] {
            assert_eq!(nonce_account(&wallet, index), (&seeded(&wallet, index)).into());
        }
    }
}

//! Well-known addresses that are never paid: programs, sysvars, native ids, and the mints of wrapped SOL.
//!
//! A transfer of SOL to almost any of them succeeds, and the money cannot be moved any more. The list is the set of reserved ids of
//! the runtime plus the token, associated-token and memo programs. The account check of [`account`](super::account) refuses other
//! programs and mints, which are not listed here.

use super::Address;
use solana_address::Address as SolanaAddress;

/// The system program, which owns every wallet.
pub const SYSTEM_PROGRAM: Address = constant("11111111111111111111111111111111");
/// The SPL Token program.
pub const TOKEN_PROGRAM: Address = constant("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// The Token-2022 program.
pub const TOKEN_2022_PROGRAM: Address = constant("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
/// The program that creates token accounts at the addresses that follow from owner and mint.
pub const ASSOCIATED_TOKEN_PROGRAM: Address = constant("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
/// The memo program.
pub const MEMO_PROGRAM: Address = constant("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
/// The compute budget program.
pub const COMPUTE_BUDGET: Address = constant("ComputeBudget111111111111111111111111111111");
/// The sysvar that nonce instructions name among their accounts.
pub const RECENT_BLOCKHASHES: Address = constant("SysvarRecentB1ockHashes11111111111111111111");
/// The rent sysvar.
pub const RENT: Address = constant("SysvarRent111111111111111111111111111111111");
/// The mint of wrapped SOL.
pub const WRAPPED_SOL: Address = constant("So11111111111111111111111111111111111111112");

/// The well-known addresses with their names, as messages show them.
const KNOWN: &[(Address, &str)] = &[
    (SYSTEM_PROGRAM, "system program"),
    (TOKEN_PROGRAM, "token program"),
    (TOKEN_2022_PROGRAM, "token-2022 program"),
    (ASSOCIATED_TOKEN_PROGRAM, "associated token program"),
    (MEMO_PROGRAM, "memo program"),
    (constant("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"), "memo program, first version"),
    (WRAPPED_SOL, "mint of wrapped SOL"),
    (constant("9pan9bMn5HatX4EJdBwg9VgCa7Uz5HL8N1m5D3NdXejP"), "mint of wrapped SOL, token-2022"),
    (constant("1nc1nerator11111111111111111111111111111111"), "incinerator"),
    (constant("AddressLookupTab1e1111111111111111111111111"), "address lookup table program"),
    (constant("BPFLoader1111111111111111111111111111111111"), "loader, first version"),
    (constant("BPFLoader2111111111111111111111111111111111"), "loader, second version"),
    (constant("BPFLoaderUpgradeab1e11111111111111111111111"), "upgradeable loader"),
    (constant("LoaderV411111111111111111111111111111111111"), "loader, fourth version"),
    (constant("NativeLoader1111111111111111111111111111111"), "native loader"),
    (COMPUTE_BUDGET, "compute budget program"),
    (constant("Config1111111111111111111111111111111111111"), "config program"),
    (constant("Feature111111111111111111111111111111111111"), "feature program"),
    (constant("Ed25519SigVerify111111111111111111111111111"), "ed25519 program"),
    (constant("KeccakSecp256k11111111111111111111111111111"), "secp256k1 program"),
    (constant("Secp256r1SigVerify1111111111111111111111111"), "secp256r1 program"),
    (constant("Stake11111111111111111111111111111111111111"), "stake program"),
    (constant("StakeConfig11111111111111111111111111111111"), "stake configuration"),
    (constant("Vote111111111111111111111111111111111111111"), "vote program"),
    (constant("ZkTokenProof1111111111111111111111111111111"), "zk token proof program"),
    (constant("ZkE1Gama1Proof11111111111111111111111111111"), "zk elgamal proof program"),
    (constant("Sysvar1111111111111111111111111111111111111"), "sysvar owner"),
    (constant("SysvarC1ock11111111111111111111111111111111"), "clock sysvar"),
    (constant("SysvarEpochRewards1111111111111111111111111"), "epoch rewards sysvar"),
    (constant("SysvarEpochSchedu1e111111111111111111111111"), "epoch schedule sysvar"),
    (constant("SysvarFees111111111111111111111111111111111"), "fees sysvar"),
    (constant("Sysvar1nstructions1111111111111111111111111"), "instructions sysvar"),
    (constant("SysvarLastRestartS1ot1111111111111111111111"), "last restart slot sysvar"),
    (RECENT_BLOCKHASHES, "recent blockhashes sysvar"),
    (RENT, "rent sysvar"),
    (constant("SysvarRewards111111111111111111111111111111"), "rewards sysvar"),
    (constant("SysvarS1otHashes111111111111111111111111111"), "slot hashes sysvar"),
    (constant("SysvarS1otHistory11111111111111111111111111"), "slot history sysvar"),
    (constant("SysvarStakeHistory1111111111111111111111111"), "stake history sysvar"),
];

pub(super) const fn constant(text: &str) -> Address {
    Address::from_bytes(SolanaAddress::from_str_const(text).to_bytes())
}

/// Returns the name of a well-known address; `None` for any other.
pub fn name_of(address: &Address) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| known == address).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_the_traps_are_known() {
        for (text, name) in [
            ("11111111111111111111111111111111", "system program"),
            ("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", "token program"),
            ("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb", "token-2022 program"),
            ("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL", "associated token program"),
            ("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", "memo program"),
            ("So11111111111111111111111111111111111111112", "mint of wrapped SOL"),
            ("1nc1nerator11111111111111111111111111111111", "incinerator"),
            ("SysvarC1ock11111111111111111111111111111111", "clock sysvar"),
            ("Vote111111111111111111111111111111111111111", "vote program"),
        ] {
            assert_eq!(name_of(&Address::parse(text).expect(text)), Some(name), "{text}");
        }
    }

    #[test]
    fn the_system_program_is_the_zero_address_and_no_wallet_is_known() {
        assert_eq!(SYSTEM_PROGRAM.as_bytes(), &[0; 32]);
        assert_eq!(name_of(&Address::from_bytes([1; 32])), None);
    }

    #[test]
    fn no_id_is_listed_twice() {
        for (index, (address, _)) in KNOWN.iter().enumerate() {
            assert!(KNOWN[..index].iter().all(|(other, _)| other != address), "{address} is listed twice");
        }
    }
}

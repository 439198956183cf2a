//! The instructions of transactions, as the bytes that their programs read.
//!
//! The token, memo and compute-budget programs' own crates are not linked: each instruction is a few bytes. Tests compare every one
//! of them with those crates.

use super::{Address, TokenProgram, known};
use solana_address::Address as SolanaAddress;
use solana_instruction::{AccountMeta, Instruction};

/// The tags of the instructions: the first byte of their data, or the first four of the system program's.
pub(super) const TRANSFER: [u8; 4] = 2u32.to_le_bytes();
pub(super) const ADVANCE_NONCE: [u8; 4] = 4u32.to_le_bytes();
pub(super) const INITIALISE_NONCE: [u8; 4] = 6u32.to_le_bytes();
pub(super) const ALLOCATE_WITH_SEED: [u8; 4] = 9u32.to_le_bytes();
pub(super) const UNIT_LIMIT: u8 = 2;
pub(super) const UNIT_PRICE: u8 = 3;
pub(super) const CREATE_IDEMPOTENT: u8 = 1;
pub(super) const TRANSFER_CHECKED: u8 = 12;

/// The size of a nonce account's data in bytes.
pub const NONCE_BYTES: u64 = 80;

fn writable(address: &Address) -> AccountMeta {
    AccountMeta::new((*address).into(), false)
}

fn readonly(address: &Address) -> AccountMeta {
    AccountMeta::new_readonly((*address).into(), false)
}

fn signer(address: &Address) -> AccountMeta {
    AccountMeta::new((*address).into(), true)
}

fn readonly_signer(address: &Address) -> AccountMeta {
    AccountMeta::new_readonly((*address).into(), true)
}

fn instruction(program: &Address, accounts: Vec<AccountMeta>, data: Vec<u8>) -> Instruction {
    Instruction { program_id: SolanaAddress::from(*program), accounts, data }
}

/// Moves lamports from `from`, which signs, to `to`.
pub(super) fn transfer(from: &Address, to: &Address, lamports: u64) -> Instruction {
    let data = [&TRANSFER[..], &lamports.to_le_bytes()].concat();
    instruction(&known::SYSTEM_PROGRAM, vec![signer(from), writable(to)], data)
}

/// Uses a nonce up: the chain gives the account another value.
///
/// As the first instruction of a transaction with the nonce's value in place of a blockhash, it makes the transaction valid as long
/// as the nonce has the value. With a recent blockhash it is an instruction like any other.
pub(super) fn advance_nonce(nonce: &Address, authority: &Address) -> Instruction {
    let accounts = vec![writable(nonce), readonly(&known::RECENT_BLOCKHASHES), readonly_signer(authority)];
    instruction(&known::SYSTEM_PROGRAM, accounts, ADVANCE_NONCE.to_vec())
}

/// Gives the account at the address that `base` and `seed` determine the size of a nonce account.
///
/// The system program owns the account already, as it owns every account without data, so that its owner need not be changed.
pub(super) fn allocate_nonce(base: &Address, nonce: &Address, seed: &str) -> Instruction {
    let data = [
        &ALLOCATE_WITH_SEED[..],
        base.as_bytes(),
        &(seed.len() as u64).to_le_bytes(),
        seed.as_bytes(),
        &NONCE_BYTES.to_le_bytes(),
        known::SYSTEM_PROGRAM.as_bytes(),
    ];
    instruction(&known::SYSTEM_PROGRAM, vec![writable(nonce), readonly_signer(base)], data.concat())
}

/// Makes an account of [`NONCE_BYTES`] a nonce account of `authority`.
pub(super) fn initialise_nonce(nonce: &Address, authority: &Address) -> Instruction {
    let accounts = vec![writable(nonce), readonly(&known::RECENT_BLOCKHASHES), readonly(&known::RENT)];
    let data = [&INITIALISE_NONCE[..], authority.as_bytes()].concat();
    instruction(&known::SYSTEM_PROGRAM, accounts, data)
}

/// Limits the compute units of the transaction.
pub(super) fn unit_limit(units: u32) -> Instruction {
    instruction(&known::COMPUTE_BUDGET, Vec::new(), [&[UNIT_LIMIT][..], &units.to_le_bytes()].concat())
}

/// Sets the price per compute unit, in millionths of a lamport.
pub(super) fn unit_price(micro_lamports: u64) -> Instruction {
    instruction(&known::COMPUTE_BUDGET, Vec::new(), [&[UNIT_PRICE][..], &micro_lamports.to_le_bytes()].concat())
}

/// Writes a text to the transaction's log, signed by `author`.
pub(super) fn memo(text: &str, author: &Address) -> Instruction {
    instruction(&known::MEMO_PROGRAM, vec![readonly_signer(author)], text.as_bytes().to_vec())
}

/// Creates the account in which `owner` holds tokens of `mint`, unless it exists. `payer` pays the rent.
pub(super) fn create_token_account(
    payer: &Address,
    account: &Address,
    owner: &Address,
    mint: &Address,
    program: TokenProgram,
) -> Instruction {
    let accounts = vec![
        signer(payer),
        writable(account),
        readonly(owner),
        readonly(mint),
        readonly(&known::SYSTEM_PROGRAM),
        readonly(&program.address()),
    ];
    instruction(&known::ASSOCIATED_TOKEN_PROGRAM, accounts, vec![CREATE_IDEMPOTENT])
}

/// Moves `amount` base units of a token; the program refuses another mint or another number of decimals.
pub(super) fn transfer_checked(
    program: TokenProgram,
    source: &Address,
    mint: &Address,
    destination: &Address,
    owner: &Address,
    amount: u64,
    decimals: u8,
) -> Instruction {
    let accounts = vec![writable(source), readonly(mint), writable(destination), readonly_signer(owner)];
    let data = [&[TRANSFER_CHECKED][..], &amount.to_le_bytes(), &[decimals]].concat();
    instruction(&program.address(), accounts, data)
}

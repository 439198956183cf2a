//! The data of mints and token accounts in the layout of the token programs. Transfers are executed by the real programs.

use sha2::{Digest, Sha256};
use solana_address::Address;

const CLASSIC: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
const ASSOCIATED: &str = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL";
const MINT_BYTES: usize = 82;
const ACCOUNT_BYTES: usize = 165;
const TRANSFER_FEE_CONFIG: u16 = 1;
const TRANSFER_FEE_AMOUNT: u16 = 2;
const IMMUTABLE_OWNER: u16 = 7;

/// A token program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// SPL Token.
    Classic,
    /// Token-2022.
    Token2022,
}

impl Program {
    pub(super) fn address(self) -> Address {
        let text = if self == Self::Classic { CLASSIC } else { TOKEN_2022 };
        text.parse().expect("a program's address")
    }
}

/// An extension of a Token-2022 mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// A transfer fee in hundredths of a per cent, without an effective maximum.
    TransferFee(u16),
    /// Any other extension: its number, and the length of its content in bytes.
    Other(u16, u16),
}

pub(super) fn mint_address(number: u8) -> Address {
    Address::new_from_array(Sha256::digest([b"localnet mint".as_slice(), &[number]].concat()).into())
}

pub(super) fn associated(owner: &Address, mint: &Address, program: &Address) -> Address {
    let seeds = [owner.as_ref(), program.as_ref(), mint.as_ref()];
    Address::find_program_address(&seeds, &ASSOCIATED.parse().expect("a program's address")).0
}

pub(super) fn mint(decimals: u8, program: Program, extensions: &[Extension]) -> Vec<u8> {
    let mut data = vec![0; MINT_BYTES];
    data[36..44].copy_from_slice(&1_000_000_000_000_u64.to_le_bytes());
    (data[44], data[45]) = (decimals, 1);
    if program == Program::Token2022 && !extensions.is_empty() {
        data.resize(ACCOUNT_BYTES, 0);
        data.push(1);
        for extension in extensions {
            match extension {
                Extension::TransferFee(points) => put(&mut data, TRANSFER_FEE_CONFIG, &fee_config(*points)),
                Extension::Other(number, length) => put(&mut data, *number, &vec![0; usize::from(*length)]),
            }
        }
    }
    data
}

fn put(data: &mut Vec<u8>, number: u16, value: &[u8]) {
    data.extend(number.to_le_bytes());
    data.extend((value.len() as u16).to_le_bytes());
    data.extend(value);
}

/// No authorities, nothing withheld, and the same fee now and later.
fn fee_config(points: u16) -> Vec<u8> {
    let mut value = vec![0; 72];
    for _ in 0..2 {
        value.extend(0_u64.to_le_bytes());
        value.extend(u64::MAX.to_le_bytes());
        value.extend(points.to_le_bytes());
    }
    value
}

/// Whether a mint's first extension is a transfer fee; the others of these mints come without one.
pub(super) fn takes_fee(mint: &[u8]) -> bool {
    mint.get(ACCOUNT_BYTES + 1) == Some(&(TRANSFER_FEE_CONFIG as u8))
}

pub(super) fn account(mint: &Address, owner: &Address, amount: u64, program: Address, takes_fee: bool) -> Vec<u8> {
    let mut data = vec![0; ACCOUNT_BYTES];
    data[..32].copy_from_slice(mint.as_ref());
    data[32..64].copy_from_slice(owner.as_ref());
    data[64..72].copy_from_slice(&amount.to_le_bytes());
    data[108] = 1;
    if program == Program::Token2022.address() {
        data.push(2);
        put(&mut data, IMMUTABLE_OWNER, &[]);
        if takes_fee {
            put(&mut data, TRANSFER_FEE_AMOUNT, &[0; 8]);
        }
    }
    data
}

pub(super) fn amount(account: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(account.get(64..72)?.try_into().ok()?))
}

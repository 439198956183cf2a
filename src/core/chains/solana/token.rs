//! The accounts of the two token programs, read from their bytes.
//!
//! Token-2022 mints can change what a transfer means: take a fee, call a hook, let somebody else spend, stop altogether. Only mints whose
//! every extension is known to leave a transfer a transfer are paid; an extension that is not listed here is refused by its number.

use super::{Address, known};
use crate::base::Amount;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Sizes of the classic accounts in bytes; with extensions the token account's size comes first whatever follows.
const MINT_BYTES: usize = 82;
const ACCOUNT_BYTES: usize = 165;
/// What of a token account tells mint, owner, amount and whether it is frozen.
pub(super) const TOKEN_HEAD_BYTES: usize = 109;
/// The account type that stands at [`ACCOUNT_BYTES`] once extensions follow.
const TYPE_MINT: u8 = 1;
const TYPE_ACCOUNT: u8 = 2;

/// Extension numbers (spl-token-2022, `ExtensionType`).
const TRANSFER_FEE_CONFIG: u16 = 1;
const MEMO_TRANSFER: u16 = 8;
/// Of mints, beside the transfer fee: close authority, metadata and group pointers with what they point at. None is looked at when
/// tokens move.
const HARMLESS_FOR_MINTS: [u16; 7] = [3, 18, 19, 20, 21, 22, 23];
/// Of token accounts: withheld fees, immutable owner, and the guard against being spent from inside other programs.
const HARMLESS_FOR_ACCOUNTS: [u16; 3] = [2, 7, 11];

/// A token program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenProgram {
    /// SPL Token.
    Classic,
    /// Token-2022.
    Token2022,
}

impl TokenProgram {
    /// Its address.
    pub const fn address(self) -> Address {
        match self {
            Self::Classic => known::TOKEN_PROGRAM,
            Self::Token2022 => known::TOKEN_2022_PROGRAM,
        }
    }

    /// The program at an address, if it is one.
    pub fn of(address: &Address) -> Option<Self> {
        [Self::Classic, Self::Token2022].into_iter().find(|program| program.address() == *address)
    }

    /// The size of a new associated token account, which has the extensions that its mint demands.
    pub const fn account_bytes(self, takes_fee: bool) -> u64 {
        match (self, takes_fee) {
            (Self::Classic, _) => 165,
            // The account type, and the immutable owner's head; the fee's has eight bytes of content.
            (Self::Token2022, false) => 165 + 1 + 4,
            (Self::Token2022, true) => 165 + 1 + 4 + 12,
        }
    }
}

/// What a mint keeps of each transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferFee {
    /// Hundredths of a per cent.
    pub basis_points: u16,
    /// The most it takes, in base units.
    pub maximum: Amount,
}

impl TransferFee {
    /// What is kept of an amount, rounded up as the program does.
    pub fn of(&self, amount: Amount) -> Amount {
        let fee = (u128::from(amount.get()) * u128::from(self.basis_points)).div_ceil(10_000);
        let fee = u64::try_from(fee).unwrap_or(u64::MAX);
        Amount::new(fee.min(self.maximum.get()))
    }
}

/// A mint whose tokens can be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mint {
    /// Which program moves its tokens.
    pub program: TokenProgram,
    /// How many decimals people write.
    pub decimals: u8,
    /// The fees it may take of a transfer: the one of this epoch and the one that replaces it.
    pub fees: Vec<TransferFee>,
}

impl Mint {
    /// The least that arrives of an amount: which of the two fees holds when the transaction lands is not known before.
    pub fn arrives(&self, amount: Amount) -> Amount {
        let fee = self.fees.iter().map(|fee| fee.of(amount)).max().unwrap_or(Amount::ZERO);
        amount.remaining_after(fee)
    }
}

/// A token account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Of what.
    pub mint: Address,
    /// Who may spend it.
    pub owner: Address,
    /// Base units, or a lower bound of them when they were read as one.
    pub amount: Amount,
    /// Whether nothing moves in or out.
    pub frozen: bool,
    /// Whether it takes nothing without a memo.
    pub needs_memo: bool,
}

/// Why an account of a token program is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// It belongs to another program.
    NotToken {
        /// Its owner.
        owner: Address,
    },
    /// It is not what was looked for, or not initialised.
    Shape,
    /// It has more data than was read, so that an extension could hide.
    Truncated,
    /// It has an extension that is not known to leave a transfer a transfer.
    Extension {
        /// Its number in the program's list.
        number: u16,
    },
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotToken { owner } => write!(f, "it belongs to {owner}, which is no token program"),
            Self::Shape => write!(f, "it is not initialised, or something else than it should be"),
            Self::Truncated => write!(f, "it has too many extensions to be checked"),
            Self::Extension { number } => match extension_name(*number) {
                Some(name) => write!(f, "its extension `{name}` can change what a transfer does"),
                None => write!(f, "its extension number {number} is not known"),
            },
        }
    }
}

impl std::error::Error for TokenRefusal {}

/// The names of the extensions that people ask about when they are refused.
const fn extension_name(number: u16) -> Option<&'static str> {
    Some(match number {
        4 => "confidential transfers",
        6 => "default account state",
        9 => "non-transferable",
        10 => "interest bearing",
        12 => "permanent delegate",
        14 => "transfer hook",
        16 => "confidential transfer fee",
        25 => "scaled amount",
        26 => "pausable",
        _ => return None,
    })
}

/// An account's bytes as they were read.
#[derive(Clone, Copy, Debug)]
pub struct RawToken<'a> {
    /// The program it belongs to.
    pub owner: &'a Address,
    /// Its size.
    pub space: u64,
    /// Its data from the start, all of it or less.
    pub data: &'a [u8],
}

impl RawToken<'_> {
    /// The program, base part and extensions.
    fn parts(&self, base: usize, tag: u8) -> Result<(TokenProgram, &[u8], Extensions<'_>), TokenRefusal> {
        let program = TokenProgram::of(self.owner).ok_or(TokenRefusal::NotToken { owner: *self.owner })?;
        if self.data.len() as u64 != self.space {
            return Err(TokenRefusal::Truncated);
        }
        let head = self.data.get(..base).ok_or(TokenRefusal::Shape)?;
        if self.data.len() == base {
            return Ok((program, head, Extensions(&[])));
        }
        match self.data.get(ACCOUNT_BYTES..).and_then(<[u8]>::split_first) {
            Some((found, rest)) if *found == tag && program == TokenProgram::Token2022 => Ok((program, head, Extensions(rest))),
            _ => Err(TokenRefusal::Shape),
        }
    }

    /// Reads a mint.
    ///
    /// # Errors
    /// When it is none, or one whose tokens are not paid.
    pub fn mint(&self) -> Result<Mint, TokenRefusal> {
        let (program, base, extensions) = self.parts(MINT_BYTES, TYPE_MINT)?;
        let (decimals, initialised) = (base[44], base[45]);
        if initialised != 1 {
            return Err(TokenRefusal::Shape);
        }
        let mut fees = Vec::new();
        for extension in extensions {
            match extension? {
                (TRANSFER_FEE_CONFIG, value) => fees = transfer_fees(value).ok_or(TokenRefusal::Shape)?,
                (number, _) if HARMLESS_FOR_MINTS.contains(&number) => {}
                (number, _) => return Err(TokenRefusal::Extension { number }),
            }
        }
        Ok(Mint { program, decimals, fees })
    }

    /// Reads a token account.
    ///
    /// # Errors
    /// When it is none, or one that is not paid.
    pub fn holding(&self) -> Result<Holding, TokenRefusal> {
        let (_, base, extensions) = self.parts(ACCOUNT_BYTES, TYPE_ACCOUNT)?;
        let state = base[108];
        let amount = base[64..72].try_into().map(u64::from_le_bytes).map_err(|_| TokenRefusal::Shape)?;
        if state != 1 && state != 2 {
            return Err(TokenRefusal::Shape);
        }
        let mut needs_memo = false;
        for extension in extensions {
            match extension? {
                (MEMO_TRANSFER, value) => needs_memo = value != [0],
                (number, _) if HARMLESS_FOR_ACCOUNTS.contains(&number) => {}
                (number, _) => return Err(TokenRefusal::Extension { number }),
            }
        }
        let key = |at: usize| base[at..at + 32].try_into().map(Address::from_bytes).map_err(|_| TokenRefusal::Shape);
        Ok(Holding { mint: key(0)?, owner: key(32)?, amount: Amount::new(amount), frozen: state == 2, needs_memo })
    }
}

/// Mint and amount of a token account, from the first [`TOKEN_HEAD_BYTES`] of its data; for lists, not for payments.
pub(super) fn read_head(head: &[u8]) -> Option<(Address, Amount, bool)> {
    let mint = Address::from_bytes(*head.first_chunk()?);
    let amount = u64::from_le_bytes(head.get(64..72)?.try_into().ok()?);
    Some((mint, Amount::new(amount), *head.get(TOKEN_HEAD_BYTES - 1)? == 2))
}

/// Two authorities, what is withheld, then twice an epoch, a maximum and a rate.
fn transfer_fees(value: &[u8]) -> Option<Vec<TransferFee>> {
    let fees = value.get(72..).filter(|fees| fees.len() == 36)?;
    let fee = |fee: &[u8]| {
        let maximum = Amount::new(u64::from_le_bytes(fee.get(8..16)?.try_into().ok()?));
        Some(TransferFee { basis_points: u16::from_le_bytes(fee.get(16..18)?.try_into().ok()?), maximum })
    };
    fees.chunks(18).map(fee).collect()
}

/// Extensions one after the other: number and length, two bytes each, then the value. Zeroes may pad the end.
struct Extensions<'a>(&'a [u8]);

impl<'a> Iterator for Extensions<'a> {
    type Item = Result<(u16, &'a [u8]), TokenRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.iter().all(|byte| *byte == 0) {
            return None;
        }
        let rest = std::mem::take(&mut self.0);
        let Some((head, rest)) = rest.split_first_chunk::<4>() else { return Some(Err(TokenRefusal::Shape)) };
        let [number, length] = [[head[0], head[1]], [head[2], head[3]]].map(u16::from_le_bytes);
        let Some((value, rest)) = rest.split_at_checked(usize::from(length)) else { return Some(Err(TokenRefusal::Shape)) };
        self.0 = rest;
        Some(Ok((number, value)))
    }
}

#[cfg(test)]
mod tests;

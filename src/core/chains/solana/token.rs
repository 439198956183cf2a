//! The accounts of the two token programs, read from their bytes.
//!
//! Token-2022 mints can change a transfer: take a fee, call a hook, let another account spend, stop all transfers. Only mints are
//! paid whose every extension is known to leave the amount and the accounts of a transfer as they are, apart from a fee that is
//! counted. An extension that is not listed here is refused by its number.

use super::{Address, known};
use crate::base::Amount;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Sizes of the classic accounts in bytes. Extensions of mints and of token accounts alike start after the size of a token account.
const MINT_BYTES: usize = 82;
const ACCOUNT_BYTES: usize = 165;
/// The bytes of a token account up to its state: mint, owner, amount, delegate, and whether it is frozen.
pub(super) const TOKEN_HEAD_BYTES: usize = 109;
/// The account types, as the byte at [`ACCOUNT_BYTES`] that exists once extensions follow.
const TYPE_MINT: u8 = 1;
const TYPE_ACCOUNT: u8 = 2;

/// The extension numbers that are read (spl-token-2022, `ExtensionType`).
const TRANSFER_FEE_CONFIG: u16 = 1;
const MEMO_TRANSFER: u16 = 8;
/// The extensions of mints that are accepted beside the transfer fee.
///
/// They are the close authority, and the pointers to metadata and groups with their content; none has an effect when tokens move.
const HARMLESS_FOR_MINTS: [u16; 7] = [3, 18, 19, 20, 21, 22, 23];
/// The extensions of token accounts that are accepted beside the memo demand.
///
/// They are withheld fees, immutable owner, and the guard against use by other programs.
const HARMLESS_FOR_ACCOUNTS: [u16; 3] = [2, 7, 11];

/// A program that keeps mints and token accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenProgram {
    /// The original SPL Token program.
    Classic,
    /// The Token-2022 program, whose accounts may have extensions.
    Token2022,
}

impl TokenProgram {
    /// Returns the program's address.
    pub const fn address(self) -> Address {
        match self {
            Self::Classic => known::TOKEN_PROGRAM,
            Self::Token2022 => known::TOKEN_2022_PROGRAM,
        }
    }

    /// Returns the token program at an address; `None` for any other address.
    pub fn of(address: &Address) -> Option<Self> {
        [Self::Classic, Self::Token2022].into_iter().find(|program| program.address() == *address)
    }

    /// Returns the size in bytes of a new associated token account, with the extensions that its mint demands.
    ///
    /// `takes_fee` says whether the mint takes a transfer fee.
    pub const fn account_bytes(self, takes_fee: bool) -> u64 {
        match (self, takes_fee) {
            (Self::Classic, _) => 165,
            // The account type, and the 4-byte head of the immutable owner, which is empty; the withheld fee has a head and 8
            // bytes.
            (Self::Token2022, false) => 165 + 1 + 4,
            (Self::Token2022, true) => 165 + 1 + 4 + 12,
        }
    }
}

/// A fee that a mint withholds from each transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferFee {
    /// The rate in hundredths of a per cent of the amount.
    pub basis_points: u16,
    /// The most that is withheld from one transfer, in base units.
    pub maximum: Amount,
}

impl TransferFee {
    /// Returns the fee on an amount, rounded up as the program does and at most [`Self::maximum`]; both in base units.
    pub fn of(&self, amount: Amount) -> Amount {
        let fee = (u128::from(amount.get()) * u128::from(self.basis_points)).div_ceil(10_000);
        let fee = u64::try_from(fee).unwrap_or(u64::MAX);
        Amount::new(fee.min(self.maximum.get()))
    }
}

/// A mint whose tokens can be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mint {
    /// The token program that moves the mint's tokens.
    pub program: TokenProgram,
    /// The number of decimal places of one token: 10^decimals base units.
    pub decimals: u8,
    /// The fees that a transfer may cost: of the older and of the newer setting. Empty for a mint without fees.
    pub fees: Vec<TransferFee>,
}

impl Mint {
    /// Returns the least that arrives of an amount, in base units.
    ///
    /// The higher of the two fees is subtracted, because the epoch in which the transaction lands decides between them and is not
    /// known before.
    pub fn arrives(&self, amount: Amount) -> Amount {
        let fee = self.fees.iter().map(|fee| fee.of(amount)).max().unwrap_or(Amount::ZERO);
        amount.remaining_after(fee)
    }
}

/// The content of a token account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The mint of the tokens.
    pub mint: Address,
    /// The address that may spend the tokens.
    pub owner: Address,
    /// The base units held, or a lower bound of them when they were read as one.
    pub amount: Amount,
    /// Whether the account is frozen, so that no tokens can be moved in or out.
    pub frozen: bool,
    /// Whether the account refuses transfers without a memo.
    pub needs_memo: bool,
}

/// A reason why an account of a token program is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// The account belongs to another program.
    NotToken {
        /// The program that owns the account.
        owner: Address,
    },
    /// The account is of another kind than was looked for, not initialised, or not well-formed.
    Shape,
    /// The account has more data than was read, so that an extension could be missed.
    Truncated,
    /// The account has an extension that is not known to leave transfers unchanged.
    Extension {
        /// The number of the extension in the program's list.
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

/// Returns the name of an extension that is often met on refused mints.
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

/// The bytes of an account as they were read.
#[derive(Clone, Copy, Debug)]
pub struct RawToken<'a> {
    /// The program that owns the account.
    pub owner: &'a Address,
    /// The full size of the account's data in bytes, as the node reports it.
    pub space: u64,
    /// The account's data from the start, all of it or less.
    pub data: &'a [u8],
}

impl RawToken<'_> {
    /// Returns the program, the base part and the extensions of an account of the type `tag`.
    fn parts(&self, base: usize, tag: u8) -> Result<(TokenProgram, &[u8], Extensions<'_>), TokenRefusal> {
        let program = TokenProgram::of(self.owner).ok_or(TokenRefusal::NotToken { owner: *self.owner })?;
        if self.data.len() as u64 != self.space {
            return Err(TokenRefusal::Truncated);
        }
        let head = self.data.get(..base).ok_or(TokenRefusal::Shape)?;
        if self.data.len() == base {
            return Ok((program, head, Extensions(&[])));
        }
        // A longer account has padding up to the size of a token account, then the account type, then extensions. Only Token-2022
        // makes such.
        match self.data.get(ACCOUNT_BYTES..).and_then(<[u8]>::split_first) {
            Some((found, rest)) if *found == tag && program == TokenProgram::Token2022 => Ok((program, head, Extensions(rest))),
            _ => Err(TokenRefusal::Shape),
        }
    }

    /// Reads a mint.
    ///
    /// # Errors
    /// [`TokenRefusal::NotToken`] when the account belongs to another program, [`TokenRefusal::Truncated`] when not all of its data
    /// was read, [`TokenRefusal::Shape`] when it is no initialised mint, and [`TokenRefusal::Extension`] for an extension that is
    /// not accepted.
    pub fn mint(&self) -> Result<Mint, TokenRefusal> {
        let (program, base, extensions) = self.parts(MINT_BYTES, TYPE_MINT)?;
        // After authority (36 bytes) and supply (8): decimals, and whether the mint is initialised.
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
    /// [`TokenRefusal::NotToken`] when the account belongs to another program, [`TokenRefusal::Truncated`] when not all of its data
    /// was read, [`TokenRefusal::Shape`] when it is no initialised token account, and [`TokenRefusal::Extension`] for an extension
    /// that is not accepted.
    pub fn holding(&self) -> Result<Holding, TokenRefusal> {
        let (_, base, extensions) = self.parts(ACCOUNT_BYTES, TYPE_ACCOUNT)?;
        // The state follows mint, owner, amount (8 bytes) and delegate (36): 1 is initialised, 2 frozen.
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

/// Returns mint, amount and whether it is frozen, from the first [`TOKEN_HEAD_BYTES`] of a token account; for lists, not for
/// payments.
pub(super) fn read_head(head: &[u8]) -> Option<(Address, Amount, bool)> {
    let mint = Address::from_bytes(*head.first_chunk()?);
    let amount = u64::from_le_bytes(head.get(64..72)?.try_into().ok()?);
    Some((mint, Amount::new(amount), *head.get(TOKEN_HEAD_BYTES - 1)? == 2))
}

/// Reads the two fees of the transfer fee extension.
///
/// Two authorities (32 bytes each) and the withheld amount (8) precede them; each fee is an epoch, a maximum and a rate.
fn transfer_fees(value: &[u8]) -> Option<Vec<TransferFee>> {
    let fees = value.get(72..).filter(|fees| fees.len() == 36)?;
    let fee = |fee: &[u8]| {
        let maximum = Amount::new(u64::from_le_bytes(fee.get(8..16)?.try_into().ok()?));
        Some(TransferFee { basis_points: u16::from_le_bytes(fee.get(16..18)?.try_into().ok()?), maximum })
    };
    fees.chunks(18).map(fee).collect()
}

/// An iterator over extensions: number and length, two bytes each, then the value. Zeros may pad the end.
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

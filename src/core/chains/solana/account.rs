//! Whether an account can be paid, and whether the payment leaves both sides in a state that the chain accepts.
//!
//! Solana lets SOL be sent to mints, token accounts and programs, where it is stuck. What an account *is* cannot be told from its
//! address, so the account is read first: only a missing account and a plain wallet are paid.

use super::{Address, known};
use crate::primitives::Amount;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Sizes and the type tag of the token programs' accounts.
const MINT_BYTES: u64 = 82;
const TOKEN_ACCOUNT_BYTES: u64 = 165;
const MULTISIG_BYTES: u64 = 355;
/// Where Token-2022 keeps the account type once extensions follow; classic accounts end before it.
pub(super) const ACCOUNT_TYPE_OFFSET: usize = 165;
const ACCOUNT_TYPE_MINT: u8 = 1;
const ACCOUNT_TYPE_ACCOUNT: u8 = 2;

/// What an existing account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Owned by the system program, without data: somebody's wallet, or an address that just holds lamports.
    Wallet,
    /// Executable.
    Program,
    /// A mint of either token program.
    Mint,
    /// A token account of either token program.
    TokenAccount,
    /// Owned by the system program, with data: a nonce account.
    SystemData,
    /// Owned by any other program.
    Owned {
        /// The owner.
        owner: Address,
    },
}

impl AccountKind {
    /// Classifies an account by its owner, executable flag, size in bytes and, if it is that long, its byte 165.
    pub fn classify(owner: &Address, executable: bool, space: u64, account_type: Option<u8>) -> Self {
        if executable {
            return Self::Program;
        }
        if *owner == known::SYSTEM_PROGRAM {
            return if space == 0 { Self::Wallet } else { Self::SystemData };
        }
        let extended = *owner == known::TOKEN_2022_PROGRAM && space > TOKEN_ACCOUNT_BYTES && space != MULTISIG_BYTES;
        match (*owner == known::TOKEN_PROGRAM || *owner == known::TOKEN_2022_PROGRAM, space, account_type) {
            (true, MINT_BYTES, _) => Self::Mint,
            (true, TOKEN_ACCOUNT_BYTES, _) => Self::TokenAccount,
            (true, _, Some(ACCOUNT_TYPE_MINT)) if extended => Self::Mint,
            (true, _, Some(ACCOUNT_TYPE_ACCOUNT)) if extended => Self::TokenAccount,
            _ => Self::Owned { owner: *owner },
        }
    }
}

/// Whether a payment creates the recipient's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientState {
    /// No account yet: the first payment must reach the rent-exempt minimum.
    New,
    /// A wallet that exists.
    Existing,
}

/// Why a recipient is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientRefusal {
    /// A well-known program, sysvar or mint.
    Known {
        /// What it is.
        name: &'static str,
    },
    /// The account is a program.
    Program,
    /// The account is a token mint.
    Mint,
    /// The account holds tokens, not SOL. Its owner's wallet is what should be paid.
    TokenAccount,
    /// The account is a nonce account.
    SystemData,
    /// The account belongs to a program.
    Owned {
        /// The program.
        owner: Address,
    },
}

impl fmt::Display for RecipientRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known { name } => write!(f, "the recipient is the {name}"),
            Self::Program => write!(f, "the recipient is a program"),
            Self::Mint => write!(f, "the recipient is a token mint"),
            Self::TokenAccount => write!(f, "the recipient is a token account; pay the wallet that owns it instead"),
            Self::SystemData => write!(f, "the recipient is a nonce account"),
            Self::Owned { owner } => write!(f, "the recipient belongs to the program {owner}"),
        }
    }
}

impl std::error::Error for RecipientRefusal {}

/// Judges a recipient by its address and by its account as read from the chain; `None` is an account that does not exist.
pub fn check_recipient(address: &Address, account: Option<&AccountKind>) -> Result<RecipientState, RecipientRefusal> {
    if let Some(name) = known::name_of(address) {
        return Err(RecipientRefusal::Known { name });
    }
    match account {
        None => Ok(RecipientState::New),
        Some(AccountKind::Wallet) => Ok(RecipientState::Existing),
        Some(AccountKind::Program) => Err(RecipientRefusal::Program),
        Some(AccountKind::Mint) => Err(RecipientRefusal::Mint),
        Some(AccountKind::TokenAccount) => Err(RecipientRefusal::TokenAccount),
        Some(AccountKind::SystemData) => Err(RecipientRefusal::SystemData),
        Some(AccountKind::Owned { owner }) => Err(RecipientRefusal::Owned { owner: *owner }),
    }
}

/// The figures that decide whether a payment leaves both accounts acceptable to the chain. All in lamports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funds {
    /// The payer's balance, or a lower bound of it.
    pub balance: Amount,
    /// What is to be paid.
    pub amount: Amount,
    /// The fee.
    pub fee: Amount,
    /// The rent-exempt minimum of an account without data, as the chain reports it today. It is no constant.
    pub rent_minimum: Amount,
}

/// Why a payment would fail on chain, at the price of the fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FundsRefusal {
    /// Amount and fee exceed what an amount can hold.
    Overflow,
    /// The balance does not cover amount and fee.
    Insufficient {
        /// Amount plus fee.
        needed: Amount,
        /// The balance.
        available: Amount,
    },
    /// The recipient's account does not exist, and the amount is too small to create it.
    RecipientBelowRent {
        /// The least amount that can be paid.
        minimum: Amount,
    },
    /// The payer would keep a remainder below the rent-exempt minimum. It must keep more, or nothing at all.
    PayerBelowRent {
        /// What would be left.
        left: Amount,
        /// The least that must be left, unless nothing is.
        minimum: Amount,
    },
}

impl fmt::Display for FundsRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow => write!(f, "amount and fee overflow"),
            Self::Insufficient { needed, available } => write!(f, "{needed} lamports are needed, {available} are there"),
            Self::RecipientBelowRent { minimum } => {
                write!(f, "the recipient's account does not exist yet; its first payment must be at least {minimum} lamports")
            }
            Self::PayerBelowRent { left, minimum } => {
                write!(f, "{left} lamports would be left; it must be none or at least {minimum}")
            }
        }
    }
}

impl std::error::Error for FundsRefusal {}

/// What the payer keeps after the payment, or why the chain would refuse it.
pub fn check_funds(funds: &Funds, recipient: RecipientState) -> Result<Amount, FundsRefusal> {
    let needed = funds.amount.checked_add(funds.fee).ok_or(FundsRefusal::Overflow)?;
    let left = funds.balance.checked_sub(needed).ok_or(FundsRefusal::Insufficient { needed, available: funds.balance })?;
    if recipient == RecipientState::New && funds.amount < funds.rent_minimum {
        return Err(FundsRefusal::RecipientBelowRent { minimum: funds.rent_minimum });
    }
    if !left.is_zero() && left < funds.rent_minimum {
        return Err(FundsRefusal::PayerBelowRent { left, minimum: funds.rent_minimum });
    }
    Ok(left)
}

#[cfg(test)]
mod tests;

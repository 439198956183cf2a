//! Whether an account can be paid, and whether the payment leaves both sides in a state that the chain accepts.
//!
//! Solana lets SOL be sent to mints, token accounts and programs, where it is stuck. What an account *is* cannot be told from its
//! address, so the account is read first: only a missing account and a plain wallet are paid.

use super::{Address, known};
use crate::base::Amount;
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

/// An account that exists, as far as payments are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its lamports, or a lower bound of them when they were read as one.
    pub lamports: Amount,
    /// What it is.
    pub kind: AccountKind,
}

/// Whether recipients off the curve are accepted.
///
/// Nobody has the private key of such an address: it is derived by a program. Vaults of multisig programs are legitimate recipients
/// of this kind, addresses of pools and escrows usually are not. Whoever configures the recipient must say which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OffCurve {
    /// Refuse them.
    Refuse,
    /// Accept them: the recipient is known to be a vault.
    Accept,
}

/// What a payment finds at the recipient's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientState {
    /// No account yet: the payment creates it.
    New,
    /// A wallet that exists.
    Existing {
        /// Its lamports, or a lower bound of them.
        lamports: Amount,
    },
}

/// Why a recipient is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientRefusal {
    /// A well-known program, sysvar or mint.
    WellKnown {
        /// What it is.
        name: &'static str,
    },
    /// Not a point of the curve, and that was not asked for.
    OffCurve,
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
            Self::WellKnown { name } => write!(f, "the recipient is the {name}"),
            Self::OffCurve => write!(f, "the recipient's address has no private key; only a program can spend from it"),
            Self::Program => write!(f, "the recipient is a program"),
            Self::Mint => write!(f, "the recipient is a token mint"),
            Self::TokenAccount => write!(f, "the recipient is a token account; pay the wallet that owns it instead"),
            Self::SystemData => write!(f, "the recipient is a nonce account"),
            Self::Owned { owner } => write!(f, "the recipient belongs to the program {owner}"),
        }
    }
}

impl std::error::Error for RecipientRefusal {}

/// Judges a recipient by its address alone, before anything is read from the chain. Passing says that [`check_recipient`] may
/// accept it, no more.
///
/// # Errors
/// When the address is one that is never paid, or is off the curve and `off_curve` does not accept that.
pub fn check_recipient_address(address: &Address, off_curve: OffCurve) -> Result<(), RecipientRefusal> {
    if let Some(name) = known::name_of(address) {
        return Err(RecipientRefusal::WellKnown { name });
    }
    if off_curve == OffCurve::Refuse && !address.is_on_curve() {
        return Err(RecipientRefusal::OffCurve);
    }
    Ok(())
}

/// Judges a recipient by its address and by its account as read from the chain; `None` is an account that does not exist.
///
/// # Errors
/// As [`check_recipient_address`], and when the account is anything but a wallet.
pub fn check_recipient(
    address: &Address,
    account: Option<&Account>,
    off_curve: OffCurve,
) -> Result<RecipientState, RecipientRefusal> {
    check_recipient_address(address, off_curve)?;
    let Some(account) = account else {
        return Ok(RecipientState::New);
    };
    match account.kind {
        AccountKind::Wallet => Ok(RecipientState::Existing { lamports: account.lamports }),
        AccountKind::Program => Err(RecipientRefusal::Program),
        AccountKind::Mint => Err(RecipientRefusal::Mint),
        AccountKind::TokenAccount => Err(RecipientRefusal::TokenAccount),
        AccountKind::SystemData => Err(RecipientRefusal::SystemData),
        AccountKind::Owned { owner } => Err(RecipientRefusal::Owned { owner }),
    }
}

/// What is known of the payer's balance, in lamports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// The balance itself. Only this can prove that a payment leaves exactly nothing.
    Exact(Amount),
    /// A lower bound of it, on which replicas agree even while somebody keeps sending dust to the payer.
    AtLeast(Amount),
}

/// The figures that decide whether a payment leaves both accounts acceptable to the chain. All in lamports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funds {
    /// The payer's balance.
    pub balance: Balance,
    /// What is to be paid, to all recipients together.
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
        /// The balance, as far as it is known.
        available: Amount,
    },
    /// The recipient's account would hold less than the rent-exempt minimum after the payment.
    RecipientBelowRent {
        /// The least amount that can be paid.
        minimum: Amount,
    },
    /// The payer would, or might, keep a remainder below the rent-exempt minimum. It must keep more, or exactly nothing.
    PayerBelowRent {
        /// What would be left, as far as it is known.
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
                write!(f, "the recipient's account needs at least {minimum} lamports from this payment to exist")
            }
            Self::PayerBelowRent { left, minimum } => {
                write!(f, "{left} lamports would be left; it must be exactly none, or at least {minimum}")
            }
        }
    }
}

impl std::error::Error for FundsRefusal {}

/// What the payer keeps after the payment (a lower bound, if its balance is one). `received` says what each recipient is and gets; the
/// chain looks at every account once, after all payments of a transaction.
///
/// # Errors
/// Why the chain would refuse the payment. The recipient must end rent-exempt even where the chain is more lenient, that is for an
/// account that already exists below a minimum raised since: such a recipient is rare, and a refusal costs nothing.
pub fn check_funds(funds: &Funds, received: &[(RecipientState, Amount)]) -> Result<Amount, FundsRefusal> {
    let (Balance::Exact(available) | Balance::AtLeast(available)) = funds.balance;
    let needed = funds.amount.checked_add(funds.fee).ok_or(FundsRefusal::Overflow)?;
    let left = available.checked_sub(needed).ok_or(FundsRefusal::Insufficient { needed, available })?;
    for (recipient, amount) in received {
        let minimum = match recipient {
            RecipientState::New => funds.rent_minimum,
            RecipientState::Existing { lamports } => funds.rent_minimum.remaining_after(*lamports),
        };
        if *amount < minimum {
            return Err(FundsRefusal::RecipientBelowRent { minimum });
        }
    }
    let emptied = left.is_zero() && matches!(funds.balance, Balance::Exact(_));
    if !emptied && left < funds.rent_minimum {
        return Err(FundsRefusal::PayerBelowRent { left, minimum: funds.rent_minimum });
    }
    Ok(left)
}

#[cfg(test)]
mod tests;

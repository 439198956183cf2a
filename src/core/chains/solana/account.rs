//! Checks of recipients and balances before SOL is paid.
//!
//! Solana lets SOL be sent to mints, token accounts and programs, where it cannot be moved any more. An address alone does not tell
//! what kind of account it names, so the account is read first: only a missing account and a plain wallet are paid.

use super::{Address, known};
use crate::base::{Amount, Asset, amount_text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Sizes of the token programs' accounts in bytes.
const MINT_BYTES: u64 = 82;
const TOKEN_ACCOUNT_BYTES: u64 = 165;
const MULTISIG_BYTES: u64 = 355;
/// The offset of Token-2022's account type, a byte that exists once extensions follow; classic accounts end before it.
pub(super) const ACCOUNT_TYPE_OFFSET: usize = 165;
const ACCOUNT_TYPE_MINT: u8 = 1;
const ACCOUNT_TYPE_ACCOUNT: u8 = 2;

/// The kind of an existing account, as far as it decides whether SOL can be paid to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// An account of the system program without data: a wallet, or an address that just holds lamports.
    Wallet,
    /// An executable account.
    Program,
    /// A mint of either token program.
    Mint,
    /// A token account of either token program.
    TokenAccount,
    /// An account of the system program with data: a nonce account.
    SystemData,
    /// An account of any other program.
    Owned {
        /// The program that owns the account.
        owner: Address,
    },
}

impl AccountKind {
    /// Classifies an account by its owner, executable flag, size in bytes and account type.
    ///
    /// `account_type` is the byte at offset 165, `None` where the data ends before it. Only Token-2022 accounts with extensions
    /// have one; a multisig of that program is told apart by its size of 355 bytes, because its byte there is part of a key.
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
    /// The lamports of the account, or a lower bound of them when they were read as one.
    pub lamports: Amount,
    /// The kind of the account.
    pub kind: AccountKind,
}

/// The choice whether recipients off the curve are accepted.
///
/// An address off the curve has no private key: it is derived by a program. Vaults of multisig programs are legitimate recipients
/// of this kind, addresses of pools and escrows usually are not. The configuration of each recipient has to say which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OffCurve {
    /// Recipients off the curve are refused.
    Refuse,
    /// Recipients off the curve are accepted: the recipient is known to be a vault.
    Accept,
}

/// The state of a recipient's address before the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientState {
    /// No account exists yet: the payment creates it.
    New,
    /// A wallet exists.
    Existing {
        /// The lamports of the wallet, or a lower bound of them.
        lamports: Amount,
    },
}

/// A reason why a recipient is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientRefusal {
    /// The address is a well-known program, sysvar or mint.
    WellKnown {
        /// The name of the program, sysvar or mint, for messages.
        name: &'static str,
    },
    /// The address is not a point of the curve, and [`OffCurve::Accept`] was not chosen.
    OffCurve,
    /// The account is a program.
    Program,
    /// The account is a token mint.
    Mint,
    /// The account holds tokens, not SOL. The wallet of its owner is the address to pay.
    TokenAccount,
    /// The account is a nonce account.
    SystemData,
    /// The account belongs to a program of another kind.
    Owned {
        /// The program that owns the account.
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

/// Checks a recipient by its address alone, before anything is read from the chain.
///
/// Success means that [`check_recipient`] may accept the recipient, no more.
///
/// # Errors
/// [`RecipientRefusal::WellKnown`] for an address of [`known`]; [`RecipientRefusal::OffCurve`] for one off the curve that
/// `off_curve` does not accept.
pub fn check_recipient_address(address: &Address, off_curve: OffCurve) -> Result<(), RecipientRefusal> {
    if let Some(name) = known::name_of(address) {
        return Err(RecipientRefusal::WellKnown { name });
    }
    if off_curve == OffCurve::Refuse && !address.is_on_curve() {
        return Err(RecipientRefusal::OffCurve);
    }
    Ok(())
}

/// Checks a recipient by its address and by its account as read from the chain.
///
/// `None` is an account that does not exist.
///
/// # Errors
/// Those of [`check_recipient_address`]; and when the account is not a wallet, the [`RecipientRefusal`] that names its kind.
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

/// The payer's balance in lamports, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// The balance itself. Only this can prove that a payment leaves exactly nothing.
    Exact(Amount),
    /// A lower bound of the balance. Replicas agree on it even while others keep sending small amounts to the payer.
    AtLeast(Amount),
}

/// The figures that decide whether a payment leaves both accounts acceptable to the chain, in lamports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funds {
    /// The balance of the payer.
    pub balance: Balance,
    /// The amount to pay, the sum over all recipients.
    pub amount: Amount,
    /// The fee of the transaction.
    pub fee: Amount,
    /// The rent-exempt minimum of an account without data, as the chain reports it today. The cluster can change it, so it is not a
    /// constant here.
    pub rent_minimum: Amount,
}

/// A reason why a payment would fail on chain, where its fee would be spent all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FundsRefusal {
    /// The sum of amount and fee exceeds 64 bits.
    Overflow,
    /// The balance does not cover amount and fee.
    Insufficient {
        /// The sum of amount and fee.
        needed: Amount,
        /// The balance, or the lower bound that is known of it.
        available: Amount,
    },
    /// The recipient's account would hold less than the rent-exempt minimum after the payment.
    RecipientBelowRent {
        /// The least amount that can be paid to this recipient.
        minimum: Amount,
    },
    /// The payer would, or might, keep a remainder below the rent-exempt minimum. It must keep at least the minimum, or exactly
    /// nothing.
    PayerBelowRent {
        /// The remainder, or the lower bound that is known of it.
        left: Amount,
        /// The rent-exempt minimum.
        minimum: Amount,
    },
}

impl fmt::Display for FundsRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sol = |amount: &Amount| amount_text(Asset::Sol, *amount);
        match self {
            Self::Overflow => write!(f, "amount and fee overflow"),
            Self::Insufficient { needed, available } => write!(f, "{} are needed, {} are there", sol(needed), sol(available)),
            Self::RecipientBelowRent { minimum } => {
                write!(f, "the recipient's account needs at least {} from this payment to exist", sol(minimum))
            }
            Self::PayerBelowRent { left, minimum } => {
                write!(f, "{} would be left; it must be exactly nothing, or at least {}", sol(left), sol(minimum))
            }
        }
    }
}

impl std::error::Error for FundsRefusal {}

/// Returns the payer's balance after a payment; a lower bound of it, if the balance is one.
///
/// `received` has the state of each recipient and the amount that it gets. The chain checks the rent of every account once, after
/// all payments of a transaction.
///
/// # Errors
/// [`FundsRefusal::Overflow`] when amount and fee exceed 64 bits, [`FundsRefusal::Insufficient`] when the balance does not cover
/// them. [`FundsRefusal::RecipientBelowRent`] when a recipient would end below the rent-exempt minimum; this is stricter than the
/// chain for an account that already lies below a minimum raised since, which is rare, and a refusal costs nothing.
/// [`FundsRefusal::PayerBelowRent`] when the payer would keep less than the minimum, unless its balance is exact and nothing is
/// left.
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

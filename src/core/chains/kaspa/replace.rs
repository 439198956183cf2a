//! Paying more for a transaction that is stuck.
//!
//! The replacement spends exactly the same inputs and pays exactly the same, and takes the higher fee out of the change. Whatever
//! happens, only one of the two can land, and either way the recipients are paid once. It needs nothing from the chain.

use super::fee;
use super::mass::{DEFAULT_STORAGE_MASS_CAP, MassError, Masses, OverLimit};
use super::money::Kas;
use super::script::ScriptPublicKey;
use super::unsigned::UnsignedTx;
use crate::base::Amount;
use std::fmt;

/// Why a transaction cannot be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplaceError {
    /// There is no change that a higher fee could be taken from.
    NoChange,
    /// Nodes take the replacement only if it pays more for its mass than what it replaces.
    NotMore {
        /// The least fee that is enough.
        needed: Amount,
    },
    /// The change would be too small: at most this fee can be paid.
    ChangeTooSmall {
        /// The most that can be paid, when more than now can be.
        most: Option<Amount>,
    },
    /// The masses cannot be computed.
    Mass(MassError),
    /// The smaller change weighs too much.
    OverLimit(OverLimit),
}

impl fmt::Display for ReplaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChange => f.write_str("the transaction has no change that a higher fee could be taken from"),
            Self::NotMore { needed } => {
                write!(f, "nodes take a replacement only for a higher fee rate: at least {}", Kas(*needed))
            }
            Self::ChangeTooSmall { most: Some(most) } => write!(f, "the change allows a fee of at most {}", Kas(*most)),
            Self::ChangeTooSmall { most: None } => f.write_str("the change is too small for a higher fee"),
            Self::Mass(error) => error.fmt(f),
            Self::OverLimit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReplaceError {}

/// The same transaction with a fee of `fee`, or of twice the present one when that is `None`. The last output is the change if there
/// are more than `payments` outputs; it must go to `change`.
pub fn with_fee(
    unsigned: &UnsignedTx,
    payments: usize,
    change: &ScriptPublicKey,
    fee: Option<Amount>,
) -> Result<(UnsignedTx, Amount), ReplaceError> {
    let before = Masses::of(&unsigned.transaction, &unsigned.spent).map_err(ReplaceError::Mass)?;
    let paid = paid_fee(unsigned).ok_or(ReplaceError::NoChange)?;
    let fee = fee.unwrap_or(Amount::new(paid.get().saturating_mul(2)));
    let mut replaced = unsigned.clone();
    let outputs = &mut replaced.transaction.outputs;
    let last = outputs.get_mut(payments).filter(|output| output.script == *change).ok_or(ReplaceError::NoChange)?;
    let pool = last.amount.checked_add(paid).ok_or(ReplaceError::NoChange)?;
    let most = pool.checked_sub(fee::COST_OF_AN_INPUT).filter(|most| *most > paid);
    last.amount =
        pool.checked_sub(fee).filter(|left| *left >= fee::COST_OF_AN_INPUT).ok_or(ReplaceError::ChangeTooSmall { most })?;
    let masses = Masses::of(&replaced.transaction, &replaced.spent).map_err(ReplaceError::Mass)?;
    masses.check_limits(DEFAULT_STORAGE_MASS_CAP).map_err(ReplaceError::OverLimit)?;
    let needed = least_better(paid, &before, &masses).max(fee::floor(&masses));
    if fee < needed { Err(ReplaceError::NotMore { needed }) } else { Ok((replaced, fee)) }
}

/// The least fee for `after` whose rate is above that of `paid` for `before`.
fn least_better(paid: Amount, before: &Masses, after: &Masses) -> Amount {
    let same_rate = u128::from(paid.get()) * u128::from(after.priority_mass()) / u128::from(before.priority_mass().max(1));
    Amount::new(u64::try_from(same_rate).unwrap_or(u64::MAX).saturating_add(1))
}

fn paid_fee(unsigned: &UnsignedTx) -> Option<Amount> {
    let spent = Amount::checked_sum(unsigned.spent.iter().map(|utxo| utxo.amount))?;
    let made = Amount::checked_sum(unsigned.transaction.outputs.iter().map(|output| output.amount))?;
    spent.checked_sub(made)
}

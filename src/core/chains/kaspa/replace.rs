//! Replacement of a waiting transaction by one with a higher fee.
//!
//! The replacement spends the same inputs, makes the same payments, and takes the higher fee out of the change. Both spend the same
//! outputs, so only one of the two can land, and either way the recipients are paid once. Building it needs no data from the chain.

use super::fee;
use super::mass::{DEFAULT_STORAGE_MASS_CAP, MassError, Masses, OverLimit};
use super::script::ScriptPublicKey;
use super::unsigned::UnsignedTx;
use crate::base::Amount;
use crate::chains::kaspa::coin::COIN;
use std::fmt;

/// The reason why a transaction cannot be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplaceError {
    /// A transaction without change, from which a higher fee could be taken.
    NoChange,
    /// A fee whose rate is not above that of the replaced transaction, or under the relay floor.
    NotMore {
        /// The lowest sufficient fee, in sompi.
        needed: Amount,
    },
    /// A fee that leaves less change than an input costs to spend.
    ChangeTooSmall {
        /// The highest possible fee, in sompi; `None` when it is not above the present fee.
        most: Option<Amount>,
    },
    /// Masses that cannot be computed.
    Mass(MassError),
    /// A mass over its limit; smaller change has more storage mass.
    OverLimit(OverLimit),
}

impl fmt::Display for ReplaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChange => f.write_str("the transaction has no change that a higher fee could be taken from"),
            Self::NotMore { needed } => {
                write!(f, "nodes take a replacement only for a higher fee rate: at least {}", COIN.text(*needed))
            }
            Self::ChangeTooSmall { most: Some(most) } => {
                write!(f, "the change allows a fee of at most {}", COIN.text(*most))
            }
            Self::ChangeTooSmall { most: None } => f.write_str("the change is too small for a higher fee"),
            Self::Mass(error) => error.fmt(f),
            Self::OverLimit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReplaceError {}

/// Returns the same transaction with another fee, and that fee in sompi.
///
/// `fee` is the total fee in sompi; `None` doubles the present one. The first `payments` outputs are payments and stay as they are;
/// the output after them is the change and must be locked to `change`. Nodes compare fee rates, not fees, and smaller change can
/// raise the mass, so the lowest sufficient fee is computed from the new masses.
///
/// # Errors
/// * [`ReplaceError::Mass`] when the masses before or after cannot be computed
/// * [`ReplaceError::NoChange`] when no output to `change` follows the payments, or the present fee cannot be computed
/// * [`ReplaceError::ChangeTooSmall`] when less than [`fee::COST_OF_AN_INPUT`] would remain as change
/// * [`ReplaceError::OverLimit`] when the replacement exceeds a limit of the node or [`DEFAULT_STORAGE_MASS_CAP`]
/// * [`ReplaceError::NotMore`] when `fee` does not raise the fee rate, or is under the relay floor
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

/// Returns the lowest fee for `after`, in sompi, whose rate is above that of `paid` for `before`.
///
/// The product is computed in 128 bits, where two 64-bit numbers cannot overflow.
fn least_better(paid: Amount, before: &Masses, after: &Masses) -> Amount {
    let same_rate = u128::from(paid.get()) * u128::from(after.priority_mass()) / u128::from(before.priority_mass().max(1));
    Amount::new(u64::try_from(same_rate).unwrap_or(u64::MAX).saturating_add(1))
}

fn paid_fee(unsigned: &UnsignedTx) -> Option<Amount> {
    let spent = Amount::checked_sum(unsigned.spent.iter().map(|utxo| utxo.amount))?;
    let made = Amount::checked_sum(unsigned.transaction.outputs.iter().map(|output| output.amount))?;
    spent.checked_sub(made)
}

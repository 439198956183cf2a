//! Comparing a built transaction with what was asked for, before anything is signed.
//!
//! The check reads nothing but the transaction itself and the outputs it spends: it shares no code with the selection that built
//! the transaction, so that a mistake there is caught here.

use super::fee;
use super::mass::{MassError, Masses, OverLimit};
use super::script::ScriptPublicKey;
use super::tx::{Input, Output, Transaction, TxId, Utxo};
use crate::base::Amount;
use std::collections::BTreeSet;
use std::fmt;

/// What a payment must be.
#[derive(Clone, Copy, Debug)]
pub struct Intent<'a> {
    /// The outputs it spends, in order.
    pub spent: &'a [Utxo],
    /// Whom it pays, in its first output.
    pub recipient: &'a ScriptPublicKey,
    /// How much it pays there, exactly.
    pub amount: Amount,
    /// Whom else it pays, in the outputs that follow, exactly.
    pub more: &'a [Output],
    /// Where its only other output may go, the last one.
    pub change: &'a ScriptPublicKey,
    /// The most it may leave to the miner.
    pub max_fee: Amount,
    /// The most storage mass it may have.
    pub storage_mass_cap: u64,
}

/// What a transaction does, read back from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub id: TxId,
    /// What the recipients get.
    pub amount: Amount,
    /// What returns to the wallet; zero if there is no such output.
    pub change: Amount,
    /// What the miner gets: inputs less outputs.
    pub fee: Amount,
    /// Its masses once signed.
    pub masses: Masses,
}

/// How a transaction differs from the intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deviation {
    /// It spends other outputs, or the same in another order, or one twice.
    Inputs,
    /// An input carries a lock time, an undue number of signature operations, or the transaction has a lock time.
    Shape,
    /// There are fewer outputs than payments, or more than one besides.
    OutputCount {
        /// The number of outputs.
        found: usize,
    },
    /// The first output does not pay the recipient.
    Recipient,
    /// The first output pays another amount.
    Amount {
        /// What it pays.
        found: Amount,
    },
    /// A further payment goes to somebody else, or is of another amount.
    Payment {
        /// The output's position.
        index: usize,
    },
    /// The output after the payments does not return to the wallet.
    Change,
    /// It pays more than it spends, or its sums overflow.
    Sums,
    /// The fee is above what is allowed.
    FeeOverCap {
        /// The fee.
        fee: Amount,
    },
    /// The fee is below what nodes relay for.
    FeeUnderFloor {
        /// The fee.
        fee: Amount,
        /// The relay floor.
        floor: Amount,
    },
    /// The masses cannot be computed.
    Mass(MassError),
    /// A mass is over its limit.
    OverLimit(OverLimit),
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inputs => f.write_str("the inputs are not the selected ones"),
            Self::Shape => f.write_str("a lock time or a signature count is not as it must be"),
            Self::OutputCount { found } => write!(f, "{found} outputs"),
            Self::Recipient => f.write_str("the first output does not pay the recipient"),
            Self::Amount { found } => write!(f, "the first output pays {found} sompi"),
            Self::Payment { index } => write!(f, "output {index} is not the payment that was asked for"),
            Self::Change => f.write_str("the output after the payments does not return to the wallet"),
            Self::Sums => f.write_str("the outputs exceed the inputs"),
            Self::FeeOverCap { fee } => write!(f, "a fee of {fee} sompi is more than allowed"),
            Self::FeeUnderFloor { fee, floor } => write!(f, "a fee of {fee} sompi is under the relay floor of {floor}"),
            Self::Mass(error) => error.fmt(f),
            Self::OverLimit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Deviation {}

/// Reads back what `transaction` does, provided that it is what `intent` says. Signed or not makes no difference.
pub fn check(transaction: &Transaction, intent: &Intent<'_>) -> Result<Summary, Deviation> {
    check_inputs(transaction, intent.spent)?;
    let change = check_outputs(&transaction.outputs, intent)?;
    let spent = Amount::checked_sum(intent.spent.iter().map(|utxo| utxo.amount)).ok_or(Deviation::Sums)?;
    let payments = intent.more.iter().map(|output| output.amount).chain([intent.amount]);
    let amount = Amount::checked_sum(payments).ok_or(Deviation::Sums)?;
    let paid = amount.checked_add(change).ok_or(Deviation::Sums)?;
    let fee = spent.checked_sub(paid).ok_or(Deviation::Sums)?;
    let masses = Masses::of(transaction, intent.spent).map_err(Deviation::Mass)?;
    masses.check_limits(intent.storage_mass_cap).map_err(Deviation::OverLimit)?;
    let floor = fee::floor(&masses);
    if fee < floor {
        return Err(Deviation::FeeUnderFloor { fee, floor });
    }
    if fee > intent.max_fee {
        return Err(Deviation::FeeOverCap { fee });
    }
    Ok(Summary { id: transaction.id(), amount, change, fee, masses })
}

fn check_inputs(transaction: &Transaction, spent: &[Utxo]) -> Result<(), Deviation> {
    let same = transaction.inputs.iter().map(|input| input.previous).eq(spent.iter().map(|utxo| utxo.outpoint));
    let distinct = spent.iter().map(|utxo| utxo.outpoint).collect::<BTreeSet<_>>().len() == spent.len();
    if !same || !distinct {
        return Err(Deviation::Inputs);
    }
    let plain = |input: &Input| {
        let model = Input::unsigned(input.previous);
        input.sequence == model.sequence && input.sig_op_count == model.sig_op_count
    };
    if transaction.lock_time == 0 && transaction.inputs.iter().all(plain) { Ok(()) } else { Err(Deviation::Shape) }
}

/// Checks who gets how much and returns the change.
fn check_outputs(outputs: &[Output], intent: &Intent<'_>) -> Result<Amount, Deviation> {
    let wrong_count = Deviation::OutputCount { found: outputs.len() };
    let (payment, rest) = outputs.split_first().ok_or(wrong_count)?;
    let (more, change) = rest.split_at_checked(intent.more.len()).ok_or(wrong_count)?;
    let change = match change {
        [] => None,
        [change] => Some(change),
        _ => return Err(wrong_count),
    };
    if payment.script != *intent.recipient {
        return Err(Deviation::Recipient);
    }
    if payment.amount != intent.amount {
        return Err(Deviation::Amount { found: payment.amount });
    }
    if let Some(other) = more.iter().zip(intent.more).position(|(found, asked)| found != asked) {
        return Err(Deviation::Payment { index: other + 1 });
    }
    match change {
        Some(change) if change.script != *intent.change => Err(Deviation::Change),
        Some(change) => Ok(change.amount),
        None => Ok(Amount::ZERO),
    }
}

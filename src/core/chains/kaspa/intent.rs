//! Comparison of a built transaction with the payment that was requested, before it is signed.
//!
//! The check reads only the transaction and the outputs it spends. It shares no code with the coin selection that built the
//! transaction, so a mistake there is found here; only masses and relay floor are computed by the same functions.

use super::fee;
use super::mass::{MassError, Masses, OverLimit};
use super::script::ScriptPublicKey;
use super::tx::{Input, Output, Transaction, TxId, Utxo};
use crate::base::{Amount, Asset, amount_text};
use std::collections::BTreeSet;
use std::fmt;

/// The payment that a transaction must make.
#[derive(Clone, Copy, Debug)]
pub struct Intent<'a> {
    /// The outputs to spend, in the order of the inputs.
    pub spent: &'a [Utxo],
    /// The script that the first output pays.
    pub recipient: &'a ScriptPublicKey,
    /// The exact amount of the first output, in sompi.
    pub amount: Amount,
    /// The further payments, which the next outputs equal in script and amount.
    pub more: &'a [Output],
    /// The script of the change, the only other output allowed, which is the last.
    pub change: &'a ScriptPublicKey,
    /// The highest fee allowed, in sompi.
    pub max_fee: Amount,
    /// The highest storage mass allowed, in grams; the node's own limit applies too.
    pub storage_mass_cap: u64,
}

/// The effect of a transaction, read back from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The transaction id.
    pub id: TxId,
    /// The sum of all payments, in sompi.
    pub amount: Amount,
    /// The change that returns to the wallet, in sompi; zero without change.
    pub change: Amount,
    /// The fee, in sompi: inputs less outputs.
    pub fee: Amount,
    /// The masses of the signed transaction.
    pub masses: Masses,
}

/// The first difference found between a transaction and the intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deviation {
    /// Inputs that are not the intended outputs in order, or that repeat one.
    Inputs,
    /// A lock time of the transaction or an input, or another signature count than that of a public key.
    Shape,
    /// Fewer outputs than payments, or more than one output besides them.
    OutputCount {
        /// The number of outputs.
        found: usize,
    },
    /// A first output that does not pay the recipient.
    Recipient,
    /// A first output of another amount.
    Amount {
        /// The output's amount, in sompi.
        found: Amount,
    },
    /// A further payment with another script or amount.
    Payment {
        /// The output's index.
        index: usize,
    },
    /// An output after the payments that does not return to the wallet.
    Change,
    /// Outputs that exceed the inputs, or sums that overflow.
    Sums,
    /// A fee above the cap.
    FeeOverCap {
        /// The fee, in sompi.
        fee: Amount,
    },
    /// A fee under the relay floor.
    FeeUnderFloor {
        /// The fee, in sompi.
        fee: Amount,
        /// The relay floor, in sompi.
        floor: Amount,
    },
    /// Masses that cannot be computed.
    Mass(MassError),
    /// A mass over its limit.
    OverLimit(OverLimit),
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kas = |amount: &Amount| amount_text(Asset::Kas, *amount);
        match self {
            Self::Inputs => f.write_str("the inputs are not the selected ones"),
            Self::Shape => f.write_str("a lock time or a signature count is not as it must be"),
            Self::OutputCount { found } => write!(f, "{found} outputs"),
            Self::Recipient => f.write_str("the first output does not pay the recipient"),
            Self::Amount { found } => write!(f, "the first output pays {}", kas(found)),
            Self::Payment { index } => write!(f, "output {index} is not the payment that was asked for"),
            Self::Change => f.write_str("the output after the payments does not return to the wallet"),
            Self::Sums => f.write_str("the outputs exceed the inputs"),
            Self::FeeOverCap { fee } => write!(f, "a fee of {} is more than allowed", kas(fee)),
            Self::FeeUnderFloor { fee, floor } => write!(f, "a fee of {} is under the relay floor of {}", kas(fee), kas(floor)),
            Self::Mass(error) => error.fmt(f),
            Self::OverLimit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Deviation {}

/// Checks that `transaction` makes exactly the payment of `intent`, and returns its effect.
///
/// Signatures are not checked, and a signed transaction has the same effect as an unsigned one.
///
/// # Errors
/// The first [`Deviation`] found, in this order:
/// * [`Deviation::Inputs`] and [`Deviation::Shape`] for the inputs and lock times
/// * [`Deviation::OutputCount`], [`Deviation::Recipient`], [`Deviation::Amount`], [`Deviation::Payment`] and [`Deviation::Change`]
///   for the outputs
/// * [`Deviation::Sums`] when the outputs exceed the inputs or a sum overflows
/// * [`Deviation::Mass`] and [`Deviation::OverLimit`] for the masses
/// * [`Deviation::FeeUnderFloor`] and [`Deviation::FeeOverCap`] for the fee
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

/// Checks that the inputs are the intended outputs, in order and each once, without lock times.
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

/// Checks scripts and amounts of the outputs and returns the change in sompi.
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

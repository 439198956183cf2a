//! The three masses of a transaction, in grams, and their limits.
//!
//! * *compute*: bytes, output scripts and signature operations; the cost of validation
//! * *transient*: the bytes again, at 4 grams each; the cost of relaying a block and keeping it until it is pruned
//! * *storage* (KIP-9): the growth of the set of unspent outputs; many or small outputs from few or large inputs have a high one.
//!   The node computes and commits to it; neither the transaction id nor the signing hash contains it.

use super::tx::{Output, SIG_OP_COUNT, SIGNATURE_SCRIPT_LEN, Transaction, Utxo};
use std::fmt;

/// The node's limit on compute mass, in grams.
pub const MAX_COMPUTE_MASS: u64 = 500_000;
/// The node's limit on transient mass, in grams.
pub const MAX_TRANSIENT_MASS: u64 = 1_000_000;
/// The node's limit on storage mass, in grams.
pub const MAX_STORAGE_MASS: u64 = 500_000;
/// The default limit on the storage mass of a transaction, in grams: a fifth of the node's.
///
/// Older nodes keep heavier transactions out of their mempools, although a block may contain them.
pub const DEFAULT_STORAGE_MASS_CAP: u64 = 100_000;

const BASE_SIZE: u64 = 94;
const INPUT_SIZE: u64 = 52;
const OUTPUT_SIZE: u64 = 18;
const GRAMS_PER_SCRIPT_BYTE: u64 = 10;
const GRAMS_PER_SIG_OP: u64 = 1_000;
const TRANSIENT_GRAMS_PER_BYTE: u64 = 4;
/// The transient grams that count as one gram of compute mass: the ratio of the two limits.
const TRANSIENT_PER_COMPUTE: u64 = MAX_TRANSIENT_MASS / MAX_COMPUTE_MASS;
/// The constant `C` of KIP-9, in gram-sompi.
const STORAGE_PARAMETER: u64 = 1_000_000_000_000;
const UTXO_FIXED_BYTES: u64 = 63;
const UTXO_UNIT_BYTES: u64 = 100;

/// One of the three masses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The compute mass: bytes, scripts and signature operations.
    Compute,
    /// The transient mass: bytes.
    Transient,
    /// The storage mass of KIP-9: growth of the set of unspent outputs.
    Storage,
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compute => "compute",
            Self::Transient => "transient",
            Self::Storage => "storage",
        })
    }
}

/// A mass that exceeds its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverLimit {
    /// The mass that exceeds its limit.
    pub dimension: Dimension,
    /// The transaction's mass, in grams.
    pub mass: u64,
    /// The limit, in grams.
    pub limit: u64,
}

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} mass of {} grams exceeds the limit of {}", self.dimension, self.mass, self.limit)
    }
}

/// The reason why the masses of a transaction cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MassError {
    /// A transaction without inputs, or without exactly one spent output for each.
    Inputs,
    /// An input or output of zero sompi.
    ZeroAmount,
    /// A number beyond 64 bits; the node refuses such a transaction.
    Overflow,
}

impl fmt::Display for MassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inputs => "the inputs and the outputs they spend do not correspond",
            Self::ZeroAmount => "an input or output holds nothing",
            Self::Overflow => "the storage mass cannot be computed",
        })
    }
}

impl std::error::Error for MassError {}

/// The masses of one transaction, in grams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Masses {
    /// The compute mass, in grams.
    pub compute: u64,
    /// The transient mass, in grams.
    pub transient: u64,
    /// The storage mass, in grams.
    pub storage: u64,
}

impl Masses {
    /// Computes the masses of `transaction`, in grams.
    ///
    /// `spent` are the outputs that it spends, in the order of its inputs. An unsigned input counts with a signature script of
    /// [`SIGNATURE_SCRIPT_LEN`] bytes, so the masses do not change when the transaction is signed.
    ///
    /// # Errors
    /// * [`MassError::Inputs`] when there are no inputs, or their number is not that of `spent`
    /// * [`MassError::ZeroAmount`] when an output holds nothing, or a spent one does and the inputs count one by one
    /// * [`MassError::Overflow`] when a sum or weight exceeds 64 bits
    pub fn of(transaction: &Transaction, spent: &[Utxo]) -> Result<Self, MassError> {
        if transaction.inputs.len() != spent.len() {
            return Err(MassError::Inputs);
        }
        let mut inputs = InputTotals { count: spent.len() as u64, signature_bytes: 0, sig_ops: 0 };
        for input in &transaction.inputs {
            let length = if input.signature_script.is_empty() { SIGNATURE_SCRIPT_LEN } else { input.signature_script.len() };
            inputs.signature_bytes += length as u64;
            inputs.sig_ops += u64::from(input.sig_op_count);
        }
        Self::build(inputs, spent.iter(), &transaction.outputs)
    }

    /// Computes the masses of a transaction that spends `spent`, one signature each, and makes `outputs`.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(super) fn when_signed<'a>(
        spent: impl ExactSizeIterator<Item = &'a Utxo> + Clone,
        outputs: &[Output],
    ) -> Result<Self, MassError> {
        Self::build(InputTotals::signed(spent.len() as u64), spent, outputs)
    }

    /// Computes the masses of a transaction with `count` signed inputs, with a storage mass of zero.
    ///
    /// Only the storage mass depends on the amounts, so these hold for any amounts.
    pub(super) fn without_storage(count: usize, outputs: &[Output]) -> Self {
        let (compute, transient) = InputTotals::signed(count as u64).compute_and_transient(outputs);
        Self { compute, transient, storage: 0 }
    }

    /// Returns the mass that the relay floor applies to, in grams.
    ///
    /// The larger of compute mass and half the transient mass. Storage mass is not part of it, as in the node: a fee that grew with
    /// the storage mass would make the change smaller, and smaller change has more storage mass.
    pub fn relay_mass(&self) -> u64 {
        self.compute.max(self.transient.div_ceil(TRANSIENT_PER_COMPUTE))
    }

    /// Returns the mass by which miners order transactions, in grams: the larger of relay and storage mass.
    pub fn priority_mass(&self) -> u64 {
        self.relay_mass().max(self.storage)
    }

    /// Checks that no mass exceeds its limit.
    ///
    /// The limits are the node's; a lower `storage_cap`, in grams, replaces that of the storage mass.
    ///
    /// # Errors
    /// [`OverLimit`] with the first mass above its limit, in the order compute, transient, storage.
    pub fn check_limits(&self, storage_cap: u64) -> Result<(), OverLimit> {
        let limits = [
            (Dimension::Compute, self.compute, MAX_COMPUTE_MASS),
            (Dimension::Transient, self.transient, MAX_TRANSIENT_MASS),
            (Dimension::Storage, self.storage, storage_cap.min(MAX_STORAGE_MASS)),
        ];
        match limits.into_iter().find(|(_, mass, limit)| mass > limit) {
            Some((dimension, mass, limit)) => Err(OverLimit { dimension, mass, limit }),
            None => Ok(()),
        }
    }

    fn build<'a>(
        inputs: InputTotals,
        spent: impl ExactSizeIterator<Item = &'a Utxo> + Clone,
        outputs: &[Output],
    ) -> Result<Self, MassError> {
        let (compute, transient) = inputs.compute_and_transient(outputs);
        let spent = spent.map(|utxo| Cell::new(utxo.script.as_bytes().len(), utxo.amount.get()));
        let made = outputs.iter().map(|output| Cell::new(output.script.as_bytes().len(), output.amount.get()));
        Ok(Self { compute, transient, storage: storage_mass(spent, made)? })
    }
}

/// The sums over the inputs that compute and transient mass depend on.
struct InputTotals {
    count: u64,
    signature_bytes: u64,
    sig_ops: u64,
}

impl InputTotals {
    fn signed(count: u64) -> Self {
        let signature_bytes = count * SIGNATURE_SCRIPT_LEN as u64;
        Self { count, signature_bytes, sig_ops: count * u64::from(SIG_OP_COUNT) }
    }

    /// Returns the compute and the transient mass, in grams, with these inputs and `outputs`.
    fn compute_and_transient(&self, outputs: &[Output]) -> (u64, u64) {
        let script_bytes: u64 = outputs.iter().map(|output| output.script.as_bytes().len() as u64).sum();
        let count = outputs.len() as u64;
        let size = BASE_SIZE + INPUT_SIZE * self.count + self.signature_bytes + OUTPUT_SIZE * count + script_bytes;
        // Each output's script counts with its version of two bytes.
        let compute = size + GRAMS_PER_SCRIPT_BYTE * (2 * count + script_bytes) + GRAMS_PER_SIG_OP * self.sig_ops;
        (compute, size * TRANSIENT_GRAMS_PER_BYTE)
    }
}

/// The size and amount of an output, from which KIP-9 computes its weight.
///
/// `units` counts started pieces of 100 bytes; an output with a standard script has one. `amount` is in sompi.
struct Cell {
    units: u64,
    amount: u64,
}

impl Cell {
    fn new(script_len: usize, amount: u64) -> Self {
        Self { units: (UTXO_FIXED_BYTES + script_len as u64).div_ceil(UTXO_UNIT_BYTES), amount }
    }

    /// Returns the weight in grams: `C * units^2 / amount`, rounded down.
    ///
    /// # Errors
    /// [`MassError::ZeroAmount`] for an amount of zero, [`MassError::Overflow`] beyond 64 bits.
    fn weight(&self) -> Result<u64, MassError> {
        if self.amount == 0 {
            return Err(MassError::ZeroAmount);
        }
        let numerator = STORAGE_PARAMETER.checked_mul(self.units).and_then(|product| product.checked_mul(self.units));
        numerator.map(|numerator| numerator / self.amount).ok_or(MassError::Overflow)
    }
}

/// Returns the storage mass of KIP-9, in grams: the weight of the outputs less that of the inputs, at least zero.
///
/// The weights of the inputs are added when the transaction is 1-to-n, n-to-1 or 2-to-2; otherwise each input counts with the mean
/// of their amounts, which deducts less.
fn storage_mass(
    spent: impl ExactSizeIterator<Item = Cell> + Clone,
    made: impl ExactSizeIterator<Item = Cell> + Clone,
) -> Result<u64, MassError> {
    if spent.len() == 0 {
        return Err(MassError::Inputs);
    }
    let (units_in, units_out) = (units(spent.clone()), units(made.clone()));
    let weight_out = total_weight(made)?;
    let weight_in = match counts_one_by_one(units_in, units_out) {
        true => total_weight(spent)?,
        false => {
            let total = spent.clone().try_fold(0u64, |sum, cell| sum.checked_add(cell.amount)).ok_or(MassError::Overflow)?;
            mean_weight(units_in, total).ok_or(MassError::Overflow)?
        }
    };
    Ok(weight_out.saturating_sub(weight_in))
}

/// Tells whether the weights of the inputs are added; otherwise all count with the mean amount.
const fn counts_one_by_one(units_in: u64, units_out: u64) -> bool {
    matches!((units_in, units_out), (_, 1) | (1, _) | (2, 2))
}

fn mean_weight(units: u64, total: u64) -> Option<u64> {
    let mean = total.checked_div(units)?.max(1);
    units.checked_mul(STORAGE_PARAMETER / mean)
}

/// Returns the grams that standard inputs deduct from the storage mass of a transaction with `outputs` standard outputs.
///
/// `total` is the sum of the inputs in sompi, `weights` the sum of their weights in grams.
pub(super) fn input_weight(inputs: usize, outputs: usize, total: u64, weights: u64) -> u64 {
    match counts_one_by_one(inputs as u64, outputs as u64) {
        true => weights,
        false => mean_weight(inputs as u64, total).unwrap_or(0),
    }
}

/// Returns the grams that one standard output of this amount adds to the storage mass.
///
/// An amount of zero has the largest number, because no limit allows it.
pub(super) fn output_weight(amount: crate::base::Amount) -> u64 {
    STORAGE_PARAMETER.checked_div(amount.get()).unwrap_or(u64::MAX)
}

/// Returns the smallest amount, in sompi, of a standard output that weighs at most `grams`.
pub(super) fn least_of_weight(grams: u64) -> u64 {
    STORAGE_PARAMETER / grams.saturating_add(1) + 1
}

fn units(cells: impl Iterator<Item = Cell>) -> u64 {
    cells.map(|cell| cell.units).sum()
}

fn total_weight(mut cells: impl Iterator<Item = Cell>) -> Result<u64, MassError> {
    cells.try_fold(0u64, |sum, cell| sum.checked_add(cell.weight()?).ok_or(MassError::Overflow))
}

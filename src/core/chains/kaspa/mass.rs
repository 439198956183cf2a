//! The three masses of a transaction, in grams, and their limits.
//!
//! * *compute*: bytes, output scripts and signature operations; what validating costs
//! * *transient*: bytes again, on a scale of its own; what relaying and keeping the block for a while costs
//! * *storage* (KIP-9): how much the transaction grows the set of unspent outputs; many or small outputs from few or large inputs
//!   are dear. The node commits to it; it enters neither the transaction id nor the signing hash.

use super::tx::{Output, SIG_OP_COUNT, SIGNATURE_SCRIPT_LEN, Transaction, Utxo};
use std::fmt;

/// The node's limit on compute mass.
pub const MAX_COMPUTE_MASS: u64 = 500_000;
/// The node's limit on transient mass.
pub const MAX_TRANSIENT_MASS: u64 = 1_000_000;
/// The node's limit on storage mass.
pub const MAX_STORAGE_MASS: u64 = 500_000;
/// A limit on storage mass that older wallets keep, and a good default: ten times less growth for much the same convenience.
pub const DEFAULT_STORAGE_MASS_CAP: u64 = 100_000;

const BASE_SIZE: u64 = 94;
const INPUT_SIZE: u64 = 52;
const OUTPUT_SIZE: u64 = 18;
const GRAMS_PER_SCRIPT_BYTE: u64 = 10;
const GRAMS_PER_SIG_OP: u64 = 1_000;
const TRANSIENT_GRAMS_PER_BYTE: u64 = 4;
/// Transient mass counts half when it is compared with compute mass: the block's limits stand in this proportion.
const TRANSIENT_PER_COMPUTE: u64 = MAX_TRANSIENT_MASS / MAX_COMPUTE_MASS;
/// KIP-9's C, in gram-sompi.
const STORAGE_PARAMETER: u64 = 1_000_000_000_000;
const UTXO_FIXED_BYTES: u64 = 63;
const UTXO_UNIT_BYTES: u64 = 100;

/// One of the three masses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Compute mass.
    Compute,
    /// Transient mass.
    Transient,
    /// Storage mass.
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
    /// Which mass.
    pub dimension: Dimension,
    /// The transaction's mass in grams.
    pub mass: u64,
    /// The limit in grams.
    pub limit: u64,
}

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} mass of {} grams exceeds the limit of {}", self.dimension, self.mass, self.limit)
    }
}

/// Why a transaction has no mass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MassError {
    /// There are no inputs, or not one spent output for each.
    Inputs,
    /// An input or output of zero sompi.
    ZeroAmount,
    /// A number beyond 64 bits, which the node treats as too heavy.
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
    /// Compute mass.
    pub compute: u64,
    /// Transient mass.
    pub transient: u64,
    /// Storage mass.
    pub storage: u64,
}

impl Masses {
    /// The masses of `transaction`, which spends `spent` in the order of its inputs. An input that is not signed yet counts as if
    /// it were.
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

    /// The masses of a transaction that spends `spent` with one signature each and pays `outputs`.
    pub(super) fn when_signed<'a>(
        spent: impl ExactSizeIterator<Item = &'a Utxo> + Clone,
        outputs: &[Output],
    ) -> Result<Self, MassError> {
        Self::build(InputTotals::signed(spent.len() as u64), spent, outputs)
    }

    /// The masses of a transaction with `count` signed inputs but for storage mass, which alone depends on the amounts.
    pub(super) fn without_storage(count: usize, outputs: &[Output]) -> Self {
        let (compute, transient) = InputTotals::signed(count as u64).compute_and_transient(outputs);
        Self { compute, transient, storage: 0 }
    }

    /// The mass that the relay floor is reckoned by: compute, or transient on the same scale if that is larger. Storage is not in
    /// it on purpose, neither at the node nor here: a fee that grows with storage mass eats the change and so raises the mass.
    pub fn relay_mass(&self) -> u64 {
        self.compute.max(self.transient.div_ceil(TRANSIENT_PER_COMPUTE))
    }

    /// The mass that miners order transactions by: the relay mass, or storage if that is larger.
    pub fn priority_mass(&self) -> u64 {
        self.relay_mass().max(self.storage)
    }

    /// Checks the node's limits, with a tighter one for storage mass if `storage_cap` is below the node's.
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

    fn compute_and_transient(&self, outputs: &[Output]) -> (u64, u64) {
        let script_bytes: u64 = outputs.iter().map(|output| output.script.as_bytes().len() as u64).sum();
        let count = outputs.len() as u64;
        let size = BASE_SIZE + INPUT_SIZE * self.count + self.signature_bytes + OUTPUT_SIZE * count + script_bytes;
        let compute = size + GRAMS_PER_SCRIPT_BYTE * (2 * count + script_bytes) + GRAMS_PER_SIG_OP * self.sig_ops;
        (compute, size * TRANSIENT_GRAMS_PER_BYTE)
    }
}

/// An unspent output as KIP-9 sees it: an amount in `units` pieces of 100 bytes. Every standard script makes one piece.
struct Cell {
    units: u64,
    amount: u64,
}

impl Cell {
    fn new(script_len: usize, amount: u64) -> Self {
        Self { units: (UTXO_FIXED_BYTES + script_len as u64).div_ceil(UTXO_UNIT_BYTES), amount }
    }

    /// `C * units^2 / amount`, rounded down.
    fn weight(&self) -> Result<u64, MassError> {
        if self.amount == 0 {
            return Err(MassError::ZeroAmount);
        }
        let numerator = STORAGE_PARAMETER.checked_mul(self.units).and_then(|product| product.checked_mul(self.units));
        numerator.map(|numerator| numerator / self.amount).ok_or(MassError::Overflow)
    }
}

/// KIP-9: the harmonic weight of the outputs less that of the inputs, where the inputs count by their arithmetic mean unless the
/// transaction is 1-to-n, n-to-1 or 2-to-2.
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

/// Whether the inputs' weights are added; otherwise all count by their arithmetic mean.
const fn counts_one_by_one(units_in: u64, units_out: u64) -> bool {
    matches!((units_in, units_out), (_, 1) | (1, _) | (2, 2))
}

fn mean_weight(units: u64, total: u64) -> Option<u64> {
    let mean = total.checked_div(units)?.max(1);
    units.checked_mul(STORAGE_PARAMETER / mean)
}

/// What standard inputs take off the storage mass of a transaction with so many standard outputs: `total` is what they hold, and
/// `weights` the sum of their weights.
pub(super) fn input_weight(inputs: usize, outputs: usize, total: u64, weights: u64) -> u64 {
    match counts_one_by_one(inputs as u64, outputs as u64) {
        true => weights,
        false => mean_weight(inputs as u64, total).unwrap_or(0),
    }
}

/// What one standard output of this amount adds to the storage mass, in grams; nothing spent is deducted.
pub(super) fn output_weight(amount: crate::base::Amount) -> u64 {
    STORAGE_PARAMETER.checked_div(amount.get()).unwrap_or(u64::MAX)
}

/// The least amount, in sompi, of a standard output that weighs no more than so many grams.
pub(super) fn least_of_weight(grams: u64) -> u64 {
    STORAGE_PARAMETER / grams.saturating_add(1) + 1
}

fn units(cells: impl Iterator<Item = Cell>) -> u64 {
    cells.map(|cell| cell.units).sum()
}

fn total_weight(mut cells: impl Iterator<Item = Cell>) -> Result<u64, MassError> {
    cells.try_fold(0u64, |sum, cell| sum.checked_add(cell.weight()?).ok_or(MassError::Overflow))
}

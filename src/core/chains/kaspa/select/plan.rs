//! What is to be paid from what, the plan that does it, and why there may be none.

use crate::base::Amount;
use crate::chains::kaspa::fee::{FeePolicy, FloorOverCap};
use crate::chains::kaspa::mass::{MAX_COMPUTE_MASS, Masses, OverLimit};
use crate::chains::kaspa::money::Kas;
use crate::chains::kaspa::script::ScriptPublicKey;
use crate::chains::kaspa::tx::{Outpoint, Output, Transaction, Utxo};
use crate::chains::kaspa::unsigned::UnsignedTx;
use std::collections::BTreeSet;
use std::fmt;

/// How far the DAA score must advance before a mining reward can be spent.
pub const COINBASE_MATURITY: u64 = 1_000;

/// More inputs than this exceed the limit on compute mass, whatever the outputs.
pub const MAX_INPUTS: usize = (MAX_COMPUTE_MASS / 1_118) as usize;

/// What may be spent on a payment besides its amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How the fee is set.
    pub fee: FeePolicy,
    /// The most inputs; each needs one threshold signature. Never more than [`MAX_INPUTS`] are used.
    pub max_inputs: usize,
    /// The most storage mass in grams; the node's own limit applies above it.
    pub storage_mass_cap: u64,
    /// The most change, in sompi, that may go to the miner on top of the fee when it cannot become an output.
    pub max_dust_to_fee: Amount,
}

/// A payment to select coins for.
#[derive(Clone, Copy, Debug)]
pub struct Payment<'a> {
    /// What the wallet owns, in any order; each locked to one of its keys.
    pub utxos: &'a [Utxo],
    /// Outputs that other payments may already spend.
    pub reserved: &'a BTreeSet<Outpoint>,
    /// The chain's present DAA score, or an earlier one.
    pub virtual_daa_score: u64,
    /// Whom to pay.
    pub recipient: &'a ScriptPublicKey,
    /// How much the recipient gets, exactly.
    pub amount: Amount,
    /// Who else gets how much in the same transaction.
    pub more: &'a [Output],
    /// Where the change goes.
    pub change: &'a ScriptPublicKey,
    /// What may be spent besides.
    pub limits: Limits,
}

/// A payment that can be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it spends, in order.
    pub inputs: Vec<Utxo>,
    /// The output to the recipient.
    pub payment: Output,
    /// The outputs to further recipients.
    pub more: Vec<Output>,
    /// The output back to the wallet, if there is one.
    pub change: Option<Output>,
    /// What the miner gets: inputs less outputs.
    pub fee: Amount,
    /// The masses once signed.
    pub masses: Masses,
}

impl Plan {
    /// The outputs in their order: the payments, then the change.
    pub fn outputs(&self) -> Vec<Output> {
        [&self.payment].into_iter().chain(&self.more).chain(&self.change).cloned().collect()
    }

    /// The unsigned transaction.
    pub fn transaction(&self) -> Transaction {
        Transaction::unsigned(self.inputs.iter().map(|utxo| utxo.outpoint), self.outputs())
    }

    /// The unsigned transaction together with what it spends: what is stored before signing.
    pub fn unsigned(&self) -> UnsignedTx {
        UnsignedTx { transaction: self.transaction(), spent: self.inputs.clone() }
    }
}

/// What stands in the way of a payment although there is money for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A mass is over its limit; for storage mass, the payment or its change is too small.
    Mass(OverLimit),
    /// The relay floor is over the allowed fee.
    Fee(FloorOverCap),
    /// The rest is too small to become change and too large to leave to the miner.
    Rest {
        /// What would be left to the miner, fee included.
        rest: Amount,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mass(over) => over.fmt(f),
            Self::Fee(over) => over.fmt(f),
            Self::Rest { rest } => write!(f, "a rest of {} is too small for change and too large for a fee", Kas(*rest)),
        }
    }
}

/// Why a payment cannot be built. The amounts named have been tried with the same coins and limits and can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectError {
    /// Nothing is to be paid.
    ZeroAmount,
    /// The list names an output twice, or its sum is beyond all money: the provider is wrong.
    InvalidUtxos,
    /// The wallet does not have the amount and its fee.
    InsufficientFunds {
        /// The sum of all outputs that can be spent now.
        spendable: Amount,
        /// The sum of mining rewards that are not yet mature.
        immature: Amount,
        /// The sum of reserved outputs.
        reserved: Amount,
        /// The largest amount that could be sent.
        largest: Option<Amount>,
    },
    /// The wallet has the money in more outputs than may be spent at once.
    TooManyInputs {
        /// The limit on inputs.
        max_inputs: usize,
        /// The largest amount that could be sent.
        largest: Option<Amount>,
    },
    /// Fewer than two coins are there to be made into one.
    NothingToConsolidate {
        /// The coins that can be spent now.
        spendable: usize,
    },
    /// There is money enough, but no transaction with exactly this amount fits the limits.
    Unbuildable {
        /// What stood in the way of the first set of coins.
        obstacle: Obstacle,
        /// The nearest smaller amount that can be sent.
        below: Option<Amount>,
        /// The nearest larger amount that can be sent: for a payment that is too small, the minimum.
        above: Option<Amount>,
    },
}

impl fmt::Display for SelectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suggest = |f: &mut fmt::Formatter<'_>, label: &str, amount: &Option<Amount>| match amount {
            Some(amount) => write!(f, "; {label} {}", Kas(*amount)),
            None => Ok(()),
        };
        match self {
            Self::ZeroAmount => f.write_str("nothing is to be paid"),
            Self::InvalidUtxos => f.write_str("the list of unspent outputs contradicts itself"),
            Self::InsufficientFunds { spendable, immature, reserved, largest } => {
                let [spendable, immature, reserved] = [*spendable, *immature, *reserved].map(Kas);
                write!(f, "only {spendable} can be spent now; immature: {immature}; held by other transfers: {reserved}")?;
                suggest(f, "at most this can be paid:", largest)
            }
            Self::TooManyInputs { max_inputs, largest } => {
                write!(f, "more than {max_inputs} inputs would be needed")?;
                suggest(f, "at most this can be paid:", largest)
            }
            Self::NothingToConsolidate { spendable } => {
                write!(f, "{spendable} coins can be spent now; a consolidation takes at least two")
            }
            Self::Unbuildable { obstacle, below, above } => {
                write!(f, "{obstacle}")?;
                suggest(f, "possible below:", below)?;
                suggest(f, "possible above:", above)
            }
        }
    }
}

impl std::error::Error for SelectError {}

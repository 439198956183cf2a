//! Payments to build, the plans that build them, and the reasons why there is none.

use crate::base::Amount;
use crate::chains::kaspa::coin::COIN;
use crate::chains::kaspa::fee::{FeePolicy, FloorOverCap};
use crate::chains::kaspa::mass::{MAX_COMPUTE_MASS, Masses, OverLimit};
use crate::chains::kaspa::script::ScriptPublicKey;
use crate::chains::kaspa::tx::{Outpoint, Output, Transaction, Utxo};
use crate::chains::kaspa::unsigned::UnsignedTx;
use std::collections::BTreeSet;
use std::fmt;

/// The advance of the DAA score, after its block, from which a mining reward can be spent.
pub const COINBASE_MATURITY: u64 = 1_000;

/// The largest possible number of inputs: more exceed the limit on compute mass with any outputs.
///
/// An input has 1,118 grams.
pub const MAX_INPUTS: usize = (MAX_COMPUTE_MASS / 1_118) as usize;

/// The limits on fee, inputs, mass and dust of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The policy that sets the fee.
    pub fee: FeePolicy,
    /// The largest number of inputs, each of which needs one threshold signature; at most [`MAX_INPUTS`] are used.
    pub max_inputs: usize,
    /// The highest storage mass, in grams; the node's own limit applies too.
    pub storage_mass_cap: u64,
    /// The most that may go to the miner beyond the fee, in sompi.
    ///
    /// Used only when the rest cannot become change.
    pub max_dust_to_fee: Amount,
}

/// A payment to select coins for.
#[derive(Clone, Copy, Debug)]
pub struct Payment<'a> {
    /// The wallet's coins, in any order; each is locked to one of its keys.
    pub utxos: &'a [Utxo],
    /// The outputs that other payments may already spend.
    pub reserved: &'a BTreeSet<Outpoint>,
    /// The present DAA score of the chain, or a lower bound of it.
    pub virtual_daa_score: u64,
    /// The script of the recipient.
    pub recipient: &'a ScriptPublicKey,
    /// The exact amount for the recipient, in sompi.
    pub amount: Amount,
    /// The further payments in the same transaction.
    pub more: &'a [Output],
    /// The script that locks the change.
    pub change: &'a ScriptPublicKey,
    /// The limits on fee, inputs, mass and dust.
    pub limits: Limits,
}

/// A payment that can be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The outputs to spend, in order.
    pub inputs: Vec<Utxo>,
    /// The output that pays the recipient.
    pub payment: Output,
    /// The outputs that make the further payments.
    pub more: Vec<Output>,
    /// The output back to the wallet, if there is one.
    pub change: Option<Output>,
    /// The fee, in sompi: inputs less outputs.
    pub fee: Amount,
    /// The masses of the signed transaction.
    pub masses: Masses,
}

impl Plan {
    /// Returns the outputs in their order: the payments, then the change.
    pub fn outputs(&self) -> Vec<Output> {
        [&self.payment].into_iter().chain(&self.more).chain(&self.change).cloned().collect()
    }

    /// Returns the unsigned transaction.
    pub fn transaction(&self) -> Transaction {
        Transaction::unsigned(self.inputs.iter().map(|utxo| utxo.outpoint), self.outputs())
    }

    /// Returns the unsigned transaction with the outputs it spends, as it is stored before signing.
    pub fn unsigned(&self) -> UnsignedTx {
        UnsignedTx { transaction: self.transaction(), spent: self.inputs.clone() }
    }
}

/// The reason why a payment cannot be built from coins that cover it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A mass over its limit; for storage mass, because the payment or its change is too small.
    Mass(OverLimit),
    /// A fee cap under the relay floor.
    Fee(FloorOverCap),
    /// A rest too small for change and too large to leave to the miner.
    Rest {
        /// The rest after the payments, fee included, in sompi.
        rest: Amount,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mass(over) => over.fmt(f),
            Self::Fee(over) => over.fmt(f),
            Self::Rest { rest } => {
                write!(f, "a rest of {} is too small for change and too large for a fee", COIN.text(*rest))
            }
        }
    }
}

/// The reason why a payment cannot be built.
///
/// The amounts named can be paid with the same coins and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectError {
    /// A payment of zero.
    ZeroAmount,
    /// A list that names an output twice, or whose sum exceeds all money; the provider is wrong.
    InvalidUtxos,
    /// Spendable coins that do not cover the payments and the relay floor.
    InsufficientFunds {
        /// The sum of the coins that can be spent now, in sompi.
        ///
        /// Coins that hold less than spending them costs do not count.
        spendable: Amount,
        /// The sum of mining rewards that are not yet mature, in sompi.
        immature: Amount,
        /// The sum of reserved coins, in sompi.
        reserved: Amount,
        /// The largest amount that could be sent, in sompi.
        largest: Option<Amount>,
    },
    /// Funds spread over more coins than may be spent at once.
    TooManyInputs {
        /// The largest number of inputs allowed.
        max_inputs: usize,
        /// The largest amount that could be sent, in sompi.
        largest: Option<Amount>,
    },
    /// Fewer than two coins to consolidate.
    NothingToConsolidate {
        /// The number of coins that can be spent now.
        spendable: usize,
    },
    /// An amount that the coins cover, but that no transaction within the limits pays.
    Unbuildable {
        /// The obstacle of the first set of coins tried.
        obstacle: Obstacle,
        /// The nearest smaller amount that can be sent, in sompi.
        below: Option<Amount>,
        /// The nearest larger amount that can be sent, in sompi; for a payment that is too small, the minimum.
        above: Option<Amount>,
    },
}

impl fmt::Display for SelectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suggest = |f: &mut fmt::Formatter<'_>, label: &str, amount: &Option<Amount>| match amount {
            Some(amount) => write!(f, "; {label} {}", COIN.text(*amount)),
            None => Ok(()),
        };
        match self {
            Self::ZeroAmount => f.write_str("nothing is to be paid"),
            Self::InvalidUtxos => f.write_str("the list of unspent outputs contradicts itself"),
            Self::InsufficientFunds { spendable, immature, reserved, largest } => {
                let [spendable, immature, reserved] = [*spendable, *immature, *reserved].map(|amount| COIN.text(amount));
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

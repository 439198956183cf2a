//! Coin selection: which outputs to spend for a payment, and what becomes of the rest.
//!
//! The result is a function of the arguments alone. For one input, then two, and so on up to the limit, two sets are tried: the
//! largest coins, and the tightest fit (as many coins, neighbours by amount, that just cover the payment). The first set that
//! allows a payment with worthwhile change, or one that leaves no more than the fee it should pay, is taken. If there is none, a
//! second round leaves small change to the miner, up to the limit set for it. Fewest inputs first, because each costs a threshold
//! signature.
//!
//! Of few coins, every other set is tried before a payment is refused.
//!
//! When nothing fits, the error names the nearest amounts that would: storage mass makes small amounts and small change impossible in
//! ways that depend on the coins at hand.

mod nearest;
mod search;

use super::fee::{COST_OF_AN_INPUT, FeePolicy, FloorOverCap};
use super::mass::{MAX_COMPUTE_MASS, Masses, OverLimit};
use super::money::Kas;
use super::script::ScriptPublicKey;
use super::tx::{MAX_SOMPI, Outpoint, Output, Transaction, Utxo};
use super::unsigned::UnsignedTx;
use crate::base::Amount;
use search::Search;
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

/// Selects coins for a payment, or says what could be paid instead.
pub fn plan(payment: &Payment<'_>) -> Result<Plan, SelectError> {
    if payment.amount.is_zero() || payment.more.iter().any(|output| output.amount.is_zero()) {
        return Err(SelectError::ZeroAmount);
    }
    let coins = Coins::sort(payment)?;
    let search = Search::new(coins.spendable, payment);
    search.find(payment.amount.get()).map_err(|failure| match failure {
        search::Failure::Obstacle(obstacle) => SelectError::Unbuildable {
            obstacle,
            below: search.nearest_below(payment.amount.get()),
            above: search.nearest_above(payment.amount.get()),
        },
        // What no set covers is more than any amount that can be paid: the nearest one is the largest of all.
        search::Failure::InputLimit => {
            SelectError::TooManyInputs { max_inputs: search.max_inputs(), largest: search.nearest_below(payment.amount.get()) }
        }
        search::Failure::Funds => SelectError::InsufficientFunds {
            spendable: search.total(),
            immature: coins.immature,
            reserved: coins.reserved,
            largest: search.nearest_below(payment.amount.get()),
        },
    })
}

/// Coins to be made into one.
#[derive(Clone, Copy, Debug)]
pub struct ConsolidationInputs<'a> {
    /// What the wallet owns, in any order; each locked to one of its keys.
    pub utxos: &'a [Utxo],
    /// Outputs that payments may already spend.
    pub reserved: &'a BTreeSet<Outpoint>,
    /// The chain's present DAA score, or an earlier one.
    pub virtual_daa_score: u64,
    /// Where the one coin goes.
    pub own: &'a ScriptPublicKey,
    /// The most coins to take; never more than [`MAX_INPUTS`].
    pub max_inputs: usize,
    /// How the fee is set.
    pub fee: FeePolicy,
}

/// Takes the smallest coins that are worth more than spending them costs, and makes one of them. One output weighs next to nothing in
/// storage mass, so the fee follows the number of coins alone. Fewer are taken when the fee allows no more.
pub fn select_for_consolidation(consolidation: &ConsolidationInputs<'_>) -> Result<Plan, SelectError> {
    let ConsolidationInputs { utxos, reserved, virtual_daa_score, own, max_inputs, fee } = *consolidation;
    let mut coins = Coins::among(utxos, reserved, virtual_daa_score)?;
    coins.spendable.reverse();
    let too_few = SelectError::NothingToConsolidate { spendable: coins.spendable.len() };
    let most = coins.spendable.len().min(max_inputs).min(MAX_INPUTS);
    let mut refused = None;
    for count in (2..=most).rev() {
        match gather_all(&coins.spendable[..count], own, &fee) {
            Ok(plan) => return Ok(plan),
            Err(obstacle) => refused = refused.or(Some(obstacle)),
        }
    }
    Err(refused.map_or(too_few, |obstacle| SelectError::Unbuildable { obstacle, below: None, above: None }))
}

fn gather_all(coins: &[&Utxo], own: &ScriptPublicKey, policy: &FeePolicy) -> Result<Plan, Obstacle> {
    let sum = Amount::checked_sum(coins.iter().map(|utxo| utxo.amount)).unwrap_or(Amount::ZERO);
    let weigh = |amount: Amount| {
        let outputs = [Output { amount, script: own.clone() }];
        Masses::when_signed(coins.iter().copied(), &outputs).map_err(|_| Obstacle::Rest { rest: sum })
    };
    let fee = policy.fee(&weigh(sum)?).map_err(Obstacle::Fee)?;
    let amount = sum.checked_sub(fee).filter(|amount| *amount >= COST_OF_AN_INPUT).ok_or(Obstacle::Rest { rest: sum })?;
    let masses = weigh(amount)?;
    masses.check_limits(super::mass::DEFAULT_STORAGE_MASS_CAP).map_err(Obstacle::Mass)?;
    let payment = Output { amount, script: own.clone() };
    Ok(Plan { inputs: coins.iter().map(|utxo| (*utxo).clone()).collect(), payment, more: Vec::new(), change: None, fee, masses })
}

/// The wallet's outputs, told apart by whether they can be spent now.
struct Coins<'a> {
    /// Largest first; equal amounts by outpoint.
    spendable: Vec<&'a Utxo>,
    immature: Amount,
    reserved: Amount,
}

impl<'a> Coins<'a> {
    fn sort(payment: &Payment<'a>) -> Result<Self, SelectError> {
        Self::among(payment.utxos, payment.reserved, payment.virtual_daa_score)
    }

    fn among(utxos: &'a [Utxo], reserved: &BTreeSet<Outpoint>, virtual_daa_score: u64) -> Result<Self, SelectError> {
        let distinct: BTreeSet<_> = utxos.iter().map(|utxo| utxo.outpoint).collect();
        let total = Amount::checked_sum(utxos.iter().map(|utxo| utxo.amount));
        if distinct.len() != utxos.len() || total.is_none_or(|total| total.get() > MAX_SOMPI) {
            return Err(SelectError::InvalidUtxos);
        }
        let mut coins = Self { spendable: Vec::new(), immature: Amount::ZERO, reserved: Amount::ZERO };
        for utxo in utxos {
            let mature = !utxo.is_coinbase || utxo.block_daa_score.saturating_add(COINBASE_MATURITY) <= virtual_daa_score;
            if reserved.contains(&utxo.outpoint) {
                coins.reserved = coins.reserved.checked_add(utxo.amount).ok_or(SelectError::InvalidUtxos)?;
            } else if !mature {
                coins.immature = coins.immature.checked_add(utxo.amount).ok_or(SelectError::InvalidUtxos)?;
            } else if utxo.amount >= COST_OF_AN_INPUT {
                coins.spendable.push(utxo);
            }
        }
        coins.spendable.sort_by(|a, b| b.amount.cmp(&a.amount).then(a.outpoint.cmp(&b.outpoint)));
        Ok(coins)
    }
}

//! Consolidation: a transaction that makes one coin of several.

use super::coins::Coins;
use super::plan::{MAX_INPUTS, Obstacle, Plan, SelectError};
use crate::base::Amount;
use crate::chains::kaspa::fee::{COST_OF_AN_INPUT, FeePolicy};
use crate::chains::kaspa::mass::{DEFAULT_STORAGE_MASS_CAP, Masses};
use crate::chains::kaspa::script::ScriptPublicKey;
use crate::chains::kaspa::tx::{Outpoint, Output, Utxo};
use std::collections::BTreeSet;

/// The coins and limits of a consolidation.
#[derive(Clone, Copy, Debug)]
pub struct ConsolidationInputs<'a> {
    /// The wallet's coins, in any order; each is locked to one of its keys.
    pub utxos: &'a [Utxo],
    /// The outputs that payments may already spend.
    pub reserved: &'a BTreeSet<Outpoint>,
    /// The present DAA score of the chain, or a lower bound of it.
    pub virtual_daa_score: u64,
    /// The script that locks the new coin.
    pub own: &'a ScriptPublicKey,
    /// The largest number of coins to take; at most [`MAX_INPUTS`] are taken.
    pub max_inputs: usize,
    /// The policy that sets the fee.
    pub fee: FeePolicy,
}

/// Plans a transaction that makes one coin of the smallest spendable ones.
///
/// As many coins are taken as the limit allows, and fewer when the fee cap or a mass forbids that many. Coins that hold less than
/// spending them costs at the relay floor stay where they are.
///
/// # Errors
/// * [`SelectError::InvalidUtxos`] when the list repeats an output, or its sum exceeds all money
/// * [`SelectError::NothingToConsolidate`] when fewer than two coins can be spent or taken
/// * [`SelectError::Unbuildable`] when no number of coins from two on can be consolidated; the obstacle is that of the largest
///   number
pub fn select_for_consolidation(consolidation: &ConsolidationInputs<'_>) -> Result<Plan, SelectError> {
    let ConsolidationInputs { utxos, reserved, virtual_daa_score, own, max_inputs, fee } = *consolidation;
    let mut coins = Coins::among(utxos, reserved, virtual_daa_score)?;
    coins.spendable.reverse();
    let too_few = SelectError::NothingToConsolidate { spendable: coins.spendable.len() };
    let most = coins.spendable.len().min(max_inputs).min(MAX_INPUTS);
    let mut refused = None;
    for count in (2..=most).rev() {
        match consolidate_all(&coins.spendable[..count], own, &fee) {
            Ok(plan) => return Ok(plan),
            Err(obstacle) => refused = refused.or(Some(obstacle)),
        }
    }
    Err(refused.map_or(too_few, |obstacle| SelectError::Unbuildable { obstacle, below: None, above: None }))
}

/// Plans a transaction that makes one coin of exactly these.
fn consolidate_all(coins: &[&Utxo], own: &ScriptPublicKey, policy: &FeePolicy) -> Result<Plan, Obstacle> {
    let sum = Amount::checked_sum(coins.iter().map(|utxo| utxo.amount)).unwrap_or(Amount::ZERO);
    let weigh = |amount: Amount| {
        let outputs = [Output { amount, script: own.clone() }];
        Masses::when_signed(coins.iter().copied(), &outputs).map_err(|_| Obstacle::Rest { rest: sum })
    };
    let fee = policy.fee(&weigh(sum)?).map_err(Obstacle::Fee)?;
    let amount = sum.checked_sub(fee).filter(|amount| *amount >= COST_OF_AN_INPUT).ok_or(Obstacle::Rest { rest: sum })?;
    let masses = weigh(amount)?;
    masses.check_limits(DEFAULT_STORAGE_MASS_CAP).map_err(Obstacle::Mass)?;
    let payment = Output { amount, script: own.clone() };
    Ok(Plan { inputs: coins.iter().map(|utxo| (*utxo).clone()).collect(), payment, more: Vec::new(), change: None, fee, masses })
}

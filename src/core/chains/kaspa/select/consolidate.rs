//! Making one coin of many.

use super::coins::Coins;
use super::plan::{MAX_INPUTS, Obstacle, Plan, SelectError};
use crate::base::Amount;
use crate::chains::kaspa::fee::{COST_OF_AN_INPUT, FeePolicy};
use crate::chains::kaspa::mass::{DEFAULT_STORAGE_MASS_CAP, Masses};
use crate::chains::kaspa::script::ScriptPublicKey;
use crate::chains::kaspa::tx::{Outpoint, Output, Utxo};
use std::collections::BTreeSet;

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
        match consolidate_all(&coins.spendable[..count], own, &fee) {
            Ok(plan) => return Ok(plan),
            Err(obstacle) => refused = refused.or(Some(obstacle)),
        }
    }
    Err(refused.map_or(too_few, |obstacle| SelectError::Unbuildable { obstacle, below: None, above: None }))
}

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

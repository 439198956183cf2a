//! Coin selection: its laws for any wallet, and examples with amounts worked out by hand.

use super::{ECDSA_ADDRESS, SCHNORR_ADDRESS, amount, cases, utxo};
use crate::base::Amount;
use crate::chains::kaspa::fee::COST_OF_AN_INPUT;
use crate::chains::kaspa::intent::{self, Intent};
use crate::chains::kaspa::mass::{DEFAULT_STORAGE_MASS_CAP, Dimension, OverLimit};
use crate::chains::kaspa::select::{self, COINBASE_MATURITY, Limits, Obstacle, Payment, SelectError};
use crate::chains::kaspa::tx::MAX_SOMPI;
use crate::chains::kaspa::{Address, FeePolicy, Masses, Network, Outpoint, Plan, ScriptPublicKey, Utxo};
use proptest::prelude::*;
use std::collections::BTreeSet;

const KAS: u64 = 100_000_000;

fn own_script() -> ScriptPublicKey {
    Address::parse(SCHNORR_ADDRESS, Network::Mainnet).expect("valid").script_public_key()
}

fn recipient_script() -> ScriptPublicKey {
    Address::parse(ECDSA_ADDRESS, Network::Mainnet).expect("valid").script_public_key()
}

fn limits() -> Limits {
    Limits {
        fee: FeePolicy { feerate: 100, max_feerate: 1_000, max_fee: amount(KAS / 100), hurried: false },
        max_inputs: 10,
        storage_mass_cap: DEFAULT_STORAGE_MASS_CAP,
        max_dust_to_fee: amount(KAS / 100),
    }
}

fn wallet(amounts: &[u64]) -> Vec<Utxo> {
    amounts.iter().zip(1..).map(|(sompi, number)| utxo(number, *sompi, &own_script())).collect()
}

fn pay_from(utxos: &[Utxo], reserved: &BTreeSet<Outpoint>, sompi: u64, limits: Limits) -> Result<Plan, SelectError> {
    let (recipient, change) = (recipient_script(), own_script());
    select::plan(&Payment {
        utxos,
        reserved,
        virtual_daa_score: 10_000,
        recipient: &recipient,
        amount: amount(sompi),
        more: &[],
        change: &change,
        limits,
    })
}

fn pay(amounts: &[u64], sompi: u64) -> Result<Plan, SelectError> {
    pay_from(&wallet(amounts), &BTreeSet::new(), sompi, limits())
}

fn change_of(plan: &Plan) -> Option<u64> {
    plan.change.as_ref().map(|output| output.amount.get())
}

fn spent(plan: &Plan) -> Vec<u64> {
    plan.inputs.iter().map(|utxo| utxo.amount.get()).collect()
}

#[test]
fn an_ordinary_payment_takes_one_large_input_and_returns_the_rest() {
    let plan = pay(&[20 * KAS, 50 * KAS, 100 * KAS], 30 * KAS).expect("possible");
    assert_eq!(spent(&plan), [100 * KAS]);
    // 2,036 grams and 11 more for the recipient's ECDSA script; storage mass is less.
    assert_eq!((plan.masses.compute, plan.fee), (2_047, amount(204_700)));
    assert_eq!(change_of(&plan), Some(70 * KAS - 204_700));
}

#[test]
fn an_exact_match_needs_no_change() {
    // 1,635 grams: one input, one output to an ECDSA key.
    let plan = pay(&[20 * KAS, 30 * KAS + 163_500, 25 * KAS], 30 * KAS).expect("possible");
    assert_eq!((spent(&plan), change_of(&plan)), (vec![30 * KAS + 163_500], None));
    assert_eq!(plan.fee, amount(163_500));
}

#[test]
fn several_inputs_only_when_one_does_not_do() {
    let plan = pay(&[20 * KAS, 30 * KAS, 25 * KAS], 40 * KAS).expect("possible");
    assert_eq!(spent(&plan), [30 * KAS, 25 * KAS]);
    // 3,154 grams, and 11 more for the recipient's ECDSA script.
    assert_eq!((plan.fee, change_of(&plan)), (amount(316_500), Some(15 * KAS - 316_500)));
}

#[test]
fn small_change_goes_to_the_miner_within_its_limit() {
    let plan = pay(&[30 * KAS + 700_000], 30 * KAS).expect("possible");
    assert_eq!((change_of(&plan), plan.fee), (None, amount(700_000)));
    let strict = Limits { max_dust_to_fee: Amount::ZERO, ..limits() };
    let refused = pay_from(&wallet(&[30 * KAS + 700_000]), &BTreeSet::new(), 30 * KAS, strict);
    let Err(SelectError::Unbuildable { below: Some(below), above: Some(above), .. }) = refused else {
        panic!("expected suggestions: {refused:?}");
    };
    // Above, the rest is exactly the fee of a transaction with one output. Below, change is large enough for the storage cap:
    // it weighs 100,000 grams, about 0.1 KAS.
    assert_eq!(above, amount(30 * KAS + 700_000 - 163_500));
    assert_eq!(below, amount(30 * KAS + 700_000 - 204_700 - 10_000_001));
}

#[test]
fn a_payment_too_small_for_the_storage_cap_is_refused_with_the_minimum() {
    let refused = pay(&[KAS], 5_000_000);
    let Err(SelectError::Unbuildable { obstacle, below: None, above: Some(minimum) }) = refused else {
        panic!("expected a minimum: {refused:?}");
    };
    // 10^12 / 5,000,000, and 10^12 over the change, less 10^12 / 10^8.
    let over = OverLimit { dimension: Dimension::Storage, mass: 200_000 + 10_549 - 10_000, limit: 100_000 };
    assert_eq!(obstacle, Obstacle::Mass(over));
    // From one KAS about 0.1012 KAS: 98,850 grams, and 11,150 for a change of 0.8967 KAS, less 10,000.
    assert_eq!(minimum, amount(10_116_236));
    assert!(pay(&[KAS], minimum.get()).is_ok());
    assert!(pay(&[KAS], minimum.get() - 1).is_err());
}

#[test]
fn a_second_input_makes_a_small_payment_possible() {
    // From 1 KAS alone the change of 0.05 KAS would be too small; with 2 inputs and 2 outputs the inputs' weight counts in full.
    let plan = pay(&[KAS, KAS], 95_000_000).expect("possible with both");
    assert_eq!(spent(&plan), [KAS, KAS]);
}

#[test]
fn what_cannot_be_spent_is_counted_apart() {
    let mut utxos = wallet(&[10 * KAS, 20 * KAS, 30 * KAS, 40 * KAS, 111_799]);
    utxos[0].is_coinbase = true;
    utxos[0].block_daa_score = 10_000 - COINBASE_MATURITY + 1;
    utxos[2].is_coinbase = true;
    utxos[2].block_daa_score = 10_000 - COINBASE_MATURITY;
    let reserved = BTreeSet::from([utxos[3].outpoint]);
    let refused = pay_from(&utxos, &reserved, 51 * KAS, limits());
    let expected = SelectError::InsufficientFunds {
        spendable: amount(50 * KAS),
        immature: amount(10 * KAS),
        reserved: amount(40 * KAS),
        // Two inputs and one output: 94 + 2 * 1,118 + 423 grams.
        largest: Some(amount(50 * KAS - 275_300)),
    };
    assert_eq!(refused, Err(expected));
    assert_eq!(spent(&pay_from(&utxos, &reserved, 25 * KAS, limits()).expect("the mature reward")), [30 * KAS]);
}

#[test]
fn an_empty_wallet_and_a_zero_amount() {
    let nothing =
        SelectError::InsufficientFunds { spendable: Amount::ZERO, immature: Amount::ZERO, reserved: Amount::ZERO, largest: None };
    assert_eq!(pay(&[], KAS), Err(nothing));
    assert_eq!(pay(&[KAS], 0), Err(SelectError::ZeroAmount));
    assert!(matches!(pay(&[KAS], u64::MAX), Err(SelectError::InsufficientFunds { .. })));
}

#[test]
fn the_limit_on_inputs_is_kept_and_named() {
    let three = Limits { max_inputs: 3, ..limits() };
    let utxos = wallet(&[10 * KAS; 20]);
    let refused = pay_from(&utxos, &BTreeSet::new(), 35 * KAS, three);
    // Three inputs and one output: 94 + 3 * 1,118 + 423 grams.
    let largest = Some(amount(30 * KAS - 387_100));
    assert_eq!(refused, Err(SelectError::TooManyInputs { max_inputs: 3, largest }));
}

#[test]
fn a_cap_on_the_fee_below_the_floor_is_an_obstacle() {
    let low = Limits { fee: FeePolicy { max_fee: amount(100_000), ..limits().fee }, ..limits() };
    let refused = pay_from(&wallet(&[10 * KAS]), &BTreeSet::new(), KAS, low);
    let Err(SelectError::Unbuildable { obstacle: Obstacle::Fee(error), below: None, above: None }) = refused else {
        panic!("expected an obstacle: {refused:?}");
    };
    assert_eq!((error.floor, error.max_fee), (amount(204_700), amount(100_000)));
}

#[test]
fn a_list_that_contradicts_itself_is_refused() {
    let mut twice = wallet(&[10 * KAS, 20 * KAS]);
    twice[1].outpoint = twice[0].outpoint;
    assert_eq!(pay_from(&twice, &BTreeSet::new(), KAS, limits()), Err(SelectError::InvalidUtxos));
    assert_eq!(pay(&[MAX_SOMPI, 1], KAS), Err(SelectError::InvalidUtxos));
    assert_eq!(pay(&[u64::MAX, u64::MAX], KAS), Err(SelectError::InvalidUtxos));
}

prop_compose! {
    fn any_coin()(bits in 10u32..45, random: u64, reserved in prop::bool::weighted(0.1), young in prop::bool::weighted(0.1)) -> (u64, bool, bool) {
        ((random >> (64 - bits)).max(1), reserved, young)
    }
}

prop_compose! {
    fn any_limits()(
        feerate in 0..3_000u64,
        max_feerate in 0..3_000u64,
        max_fee in 0..100_000_000u64,
        hurried: bool,
        max_inputs in 0..8usize,
        storage_mass_cap in 10_000..600_000u64,
        max_dust_to_fee in 0..20_000_000u64,
    ) -> Limits {
        let fee = FeePolicy { feerate, max_feerate, max_fee: amount(max_fee), hurried };
        Limits { fee, max_inputs, storage_mass_cap, max_dust_to_fee: amount(max_dust_to_fee) }
    }
}

fn wallet_of(coins: &[(u64, bool, bool)]) -> (Vec<Utxo>, BTreeSet<Outpoint>) {
    let amounts: Vec<u64> = coins.iter().map(|coin| coin.0).collect();
    let mut utxos = wallet(&amounts);
    for (utxo, (_, _, young)) in utxos.iter_mut().zip(coins) {
        (utxo.is_coinbase, utxo.block_daa_score) = (*young, 9_500);
    }
    let reserved = utxos.iter().zip(coins).filter(|(_, coin)| coin.1).map(|(utxo, _)| utxo.outpoint).collect();
    (utxos, reserved)
}

/// Every law that a plan obeys, whatever the wallet.
fn check_plan(plan: &Plan, utxos: &[Utxo], reserved: &BTreeSet<Outpoint>, sompi: u64, limits: Limits) -> Result<(), TestCaseError> {
    let total: u64 = plan.inputs.iter().map(|utxo| utxo.amount.get()).sum();
    let change = change_of(plan).unwrap_or(0);
    prop_assert_eq!(total, sompi + change + plan.fee.get());
    prop_assert!(plan.inputs.iter().all(|input| utxos.contains(input) && !reserved.contains(&input.outpoint)));
    prop_assert!(plan.inputs.iter().all(|input| !input.is_coinbase && input.amount >= COST_OF_AN_INPUT));
    prop_assert!(plan.inputs.len() <= limits.max_inputs);
    prop_assert!(plan.change.as_ref().is_none_or(|output| output.amount >= COST_OF_AN_INPUT));
    let unsigned = plan.unsigned();
    prop_assert_eq!(Masses::of(&unsigned.transaction, &unsigned.spent), Ok(plan.masses));
    let dust = if plan.change.is_none() { limits.max_dust_to_fee.get() } else { 0 };
    let rate = limits.feerate().max(100);
    prop_assert!(plan.fee.get() <= plan.masses.priority_mass() * rate + dust);
    let (recipient, change_script) = (recipient_script(), own_script());
    let intent = Intent {
        spent: &unsigned.spent,
        recipient: &recipient,
        amount: amount(sompi),
        more: &[],
        change: &change_script,
        max_fee: limits.fee.max_fee,
        storage_mass_cap: limits.storage_mass_cap,
    };
    let summary = intent::check(&unsigned.transaction, &intent);
    let summary = summary.map_err(|deviation| TestCaseError::fail(deviation.to_string()))?;
    prop_assert_eq!((summary.change.get(), summary.fee, summary.masses), (change, plan.fee, plan.masses));
    Ok(())
}

impl Limits {
    fn feerate(&self) -> u64 {
        self.fee.feerate.min(self.fee.max_feerate)
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn every_plan_obeys_the_laws_and_every_suggestion_holds(
        coins in proptest::collection::vec(any_coin(), 0..12),
        bits in 10u32..45,
        random: u64,
        limits in any_limits(),
        shuffle in any::<[prop::sample::Index; 12]>(),
    ) {
        let sompi = (random >> (64 - bits)).max(1);
        let (utxos, reserved) = wallet_of(&coins);
        let result = pay_from(&utxos, &reserved, sompi, limits);

        let mut shuffled = utxos.clone();
        for (position, other) in (0..shuffled.len()).zip(&shuffle) {
            shuffled.swap(position, other.index(utxos.len()));
        }
        prop_assert_eq!(&pay_from(&shuffled, &reserved, sompi, limits), &result);

        let suggestions = match result {
            Ok(plan) => {
                check_plan(&plan, &utxos, &reserved, sompi, limits)?;
                vec![]
            }
            Err(SelectError::InsufficientFunds { largest, .. } | SelectError::TooManyInputs { largest, .. }) => {
                prop_assert!(largest.is_none_or(|largest| largest.get() < sompi));
                vec![largest]
            }
            Err(SelectError::Unbuildable { below, above, .. }) => {
                prop_assert!(below.is_none_or(|below| below.get() < sompi));
                prop_assert!(above.is_none_or(|above| above.get() > sompi));
                vec![below, above]
            }
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        for suggestion in suggestions.into_iter().flatten() {
            let plan = pay_from(&utxos, &reserved, suggestion.get(), limits);
            let plan = plan.map_err(|error| TestCaseError::fail(format!("{suggestion:?} was suggested: {error}")))?;
            check_plan(&plan, &utxos, &reserved, suggestion.get(), limits)?;
        }
    }
}

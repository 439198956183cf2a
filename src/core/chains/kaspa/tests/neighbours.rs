//! The nearest amounts that can be paid, against an exhaustive search that weighs with rusty-kaspa.

use super::{ECDSA_ADDRESS, SCHNORR_ADDRESS, amount, cases, utxo};
use crate::base::Amount;
use crate::chains::kaspa::fee::COST_OF_AN_INPUT;
use crate::chains::kaspa::mass::DEFAULT_STORAGE_MASS_CAP;
use crate::chains::kaspa::select::{self, Limits, Payment, SelectError};
use crate::chains::kaspa::{Address, FeePolicy, Network, Output, Plan, ScriptPublicKey, Utxo};
use kaspa_consensus_core::constants::STORAGE_MASS_PARAMETER;
use kaspa_consensus_core::mass::{UtxoCell, calc_storage_mass};
use proptest::prelude::*;
use std::collections::BTreeSet;

const KAS: u64 = 100_000_000;

fn script(text: &str) -> ScriptPublicKey {
    Address::parse(text, Network::Mainnet).expect("valid").script_public_key()
}

/// The limits that the canister sets for a transfer without fee options.
fn limits() -> Limits {
    Limits {
        fee: FeePolicy { feerate: 100, max_feerate: 1_000, max_fee: amount(5_000_000), hurried: false },
        max_inputs: 84,
        storage_mass_cap: DEFAULT_STORAGE_MASS_CAP,
        max_dust_to_fee: COST_OF_AN_INPUT,
    }
}

fn pay(coins: &[u64], sompi: u64, more: &[u64], limits: Limits) -> Result<Plan, SelectError> {
    let (own, to) = (script(SCHNORR_ADDRESS), script(ECDSA_ADDRESS));
    let coin = |(sompi, n): (&u64, usize)| {
        let mut coin = utxo(1, *sompi, &own);
        coin.outpoint.index = n as u32;
        coin
    };
    let utxos: Vec<Utxo> = coins.iter().zip(0..).map(coin).collect();
    let more: Vec<Output> = more.iter().map(|sompi| Output { amount: amount(*sompi), script: to.clone() }).collect();
    select::plan(&Payment {
        utxos: &utxos,
        reserved: &BTreeSet::new(),
        virtual_daa_score: 10_000,
        recipient: &to,
        amount: amount(sompi),
        more: &more,
        change: &own,
        limits,
    })
}

/// The nearest amounts that a refusal names; `None` when the result is no refusal with such amounts.
fn neighbours(result: &Result<Plan, SelectError>) -> Option<[Option<u64>; 2]> {
    let get = |amount: Option<Amount>| amount.map(Amount::get);
    match result {
        Ok(_) => None,
        Err(SelectError::Unbuildable { below, above, .. }) => Some([get(*below), get(*above)]),
        Err(SelectError::InsufficientFunds { largest, .. } | SelectError::TooManyInputs { largest, .. }) => {
            Some([get(*largest), None])
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn one_coin_has_its_neighbours() {
    // A change too small for its storage mass on one side; on the other a rest that goes to the miner: 1,635 grams and the cost of
    // an input at most.
    for sompi in [98_836_500, 89_679_065] {
        let [below, above] = neighbours(&pay(&[KAS], sompi, &[], limits())).expect("refused");
        assert_eq!(above, Some(KAS - 163_500 - 111_800));
        let below = below.expect("the change is large enough");
        assert!(sompi - below < 10_000_000 && pay(&[KAS], below, &[], limits()).is_ok());
        assert!((below + 1..sompi.min(below + 3_000)).all(|sompi| pay(&[KAS], sompi, &[], limits()).is_err()), "{below}");
    }
}

#[test]
fn whoever_pays_everything_learns_the_most() {
    let all = |coins: &[u64]| neighbours(&pay(coins, coins.iter().sum(), &[], limits()));
    assert_eq!(all(&[137_000_000]), Some([Some(137_000_000 - 163_500), None]));
    // Two inputs and one output: 2,753 grams.
    assert_eq!(all(&[137_000_000, KAS]), Some([Some(237_000_000 - 275_300), None]));
    assert_eq!(all(&[150_000]), Some([None, None]), "less than its own fee");
}

/// The amounts that all sets of a few coins can pay, computed without the code under test.
struct Oracle<'a> {
    sets: Vec<Vec<u64>>,
    more: &'a [u64],
    limits: Limits,
}

impl<'a> Oracle<'a> {
    fn new(coins: &[u64], more: &'a [u64], limits: Limits) -> Self {
        let members = |set: u32| coins.iter().enumerate().filter(move |(n, _)| set >> n & 1 == 1).map(|(_, coin)| *coin).collect();
        let sets = (1..1u32 << coins.len()).filter(|set| set.count_ones() as usize <= limits.max_inputs).map(members).collect();
        Self { sets, more, limits }
    }

    fn can_pay(&self, sompi: u64) -> bool {
        sompi > 0 && self.sets.iter().any(|coins| self.can(coins, sompi, true) || self.can(coins, sompi, false))
    }

    fn can(&self, coins: &[u64], sompi: u64, with_change: bool) -> bool {
        let (sum, more): (u64, u64) = (coins.iter().sum(), self.more.iter().sum());
        let Some(rest) = sum.checked_sub(more).and_then(|sum| sum.checked_sub(sompi)) else { return false };
        let payments = 1 + self.more.len() as u64;
        let grams = 94 + 1_118 * coins.len() as u64 + 423 * payments + if with_change { 412 } else { 0 };
        let (fee, max_fee) = (self.limits.fee, self.limits.fee.max_fee.get());
        if grams * 100 > max_fee {
            return false;
        }
        let due = (grams * fee.feerate.min(fee.max_feerate).max(100)).min(max_fee);
        let change = match with_change {
            true => rest.checked_sub(due).filter(|change| *change >= 111_800),
            false => Some(0).filter(|_| rest >= grams * 100 && rest <= (due + self.limits.max_dust_to_fee.get()).min(max_fee)),
        };
        let Some(change) = change else { return false };
        let outputs = [sompi].into_iter().chain(self.more.iter().copied()).chain(Some(change).filter(|change| *change > 0));
        let cells = coins.iter().map(|coin| UtxoCell::new(1, *coin));
        let mass = calc_storage_mass(false, cells, outputs.map(|sompi| UtxoCell::new(1, sompi)), STORAGE_MASS_PARAMETER);
        mass.is_some_and(|mass| mass <= self.limits.storage_mass_cap.min(500_000))
    }
}

/// The distance, in sompi, up to which the exhaustive search looks.
const FAR: u64 = 300_000;

prop_compose! {
    /// Coins worth little more than spending them costs, where fee, mass and change limit each other, and sometimes large coins.
    fn few_coins()(coins in proptest::collection::vec((150_000u64..4_000_000, 0..10u32), 1..4)) -> Vec<u64> {
        coins.into_iter().map(|(sompi, n)| if n == 0 { sompi * 100 } else { sompi }).collect()
    }
}

prop_compose! {
    fn any_limits()(
        feerate in prop_oneof![Just(100u64), 90..400u64],
        max_feerate in 100..400u64,
        max_fee in prop_oneof![Just(5_000_000u64), 160_000..700_000u64],
        hurried: bool,
        max_inputs in 1..5usize,
        storage_mass_cap in prop_oneof![Just(100_000u64), 1_000..600_000u64],
        max_dust_to_fee in prop_oneof![Just(111_800u64), 0..300_000u64],
    ) -> Limits {
        let fee = FeePolicy { feerate, max_feerate, max_fee: amount(max_fee), hurried };
        Limits { fee, max_inputs, storage_mass_cap, max_dust_to_fee: amount(max_dust_to_fee) }
    }
}

proptest! {
    #![proptest_config(cases(30))]

    #[test]
    fn both_neighbours_of_few_coins_are_those_of_an_exhaustive_search(
        coins in few_coins(),
        share in 1..1_200u64,
        more in prop_oneof![4 => Just(vec![]), 1 => Just(vec![400_000])],
        limits in any_limits(),
    ) {
        let sompi = (coins.iter().sum::<u64>() / 1_000 * share).max(1);
        let oracle = Oracle::new(&coins, &more, limits);
        let result = pay(&coins, sompi, &more, limits);
        prop_assert_eq!(result.is_ok(), oracle.can_pay(sompi), "{:?}", result);
        if let Some([below, above]) = neighbours(&result) {
            let nearest = (sompi.saturating_sub(FAR).max(1)..sompi).rev().find(|sompi| oracle.can_pay(*sompi));
            prop_assert_eq!(below.filter(|below| sompi - below <= FAR), nearest);
            let nearest = (sompi + 1..=sompi + FAR).find(|sompi| oracle.can_pay(*sompi));
            prop_assert_eq!(above.filter(|above| above - sompi <= FAR), nearest);
            prop_assert!([below, above].into_iter().flatten().all(|sompi| oracle.can_pay(sompi)));
        }
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn nothing_between_the_neighbours_of_many_coins_can_be_paid(
        coins in proptest::collection::vec(prop_oneof![150_000u64..30_000_000, 9_000_000u64..9_100_000, 150_000u64..3_000_000_000], 0..30),
        share in 1..1_200u64,
        within in prop::bool::weighted(0.3),
        more in prop_oneof![4 => Just(vec![]), 1 => Just(vec![30_000_000])],
        limits in any_limits(),
        places in proptest::collection::vec(0.0..1.0f64, 20),
    ) {
        let total = coins.iter().sum::<u64>();
        let limits = Limits { max_inputs: if within { limits.max_inputs } else { 84 }, ..limits };
        let sompi = (total / 1_000 * share).min(if share % 3 == 0 { 20_000_000 } else { u64::MAX }).max(1);
        let can_pay = |sompi: u64| pay(&coins, sompi, &more, limits).is_ok();
        let refused = neighbours(&pay(&coins, sompi, &more, limits));
        let Some([below, above]) = refused else { return Ok(()) };
        prop_assert!([below, above].into_iter().flatten().all(can_pay), "{:?}", refused);
        let (low, high) = (below.unwrap_or(0), above.unwrap_or(sompi.max(total)));
        prop_assert!(low < sompi && sompi <= high);
        let near = (1..8).flat_map(|step| [low + step, high.saturating_sub(step), sompi - step.min(sompi), sompi + step]);
        let anywhere = places.iter().map(|place| low + ((high - low) as f64 * place) as u64);
        for between in near.chain(anywhere).filter(|between| (low + 1..high).contains(between)) {
            prop_assert!(!can_pay(between), "{} is between {} and {}", between, low, high);
        }
    }
}

#[test]
fn a_hurry_refuses_nothing_that_could_be_paid_without() {
    // Beyond 100 sompi per gram the storage mass of a small change would cost more than the change.
    let hurried = |feerate| Limits { fee: FeePolicy { feerate, hurried: true, ..limits().fee }, ..limits() };
    let calm = |feerate| Limits { fee: FeePolicy { feerate, ..limits().fee }, ..limits() };
    for feerate in [100, 101, 150, 1_000] {
        let [paid, least] =
            [hurried(feerate), calm(feerate)].map(|limits| pay(&[KAS], 87_000_000, &[], limits).expect("possible").fee);
        let most = least.get() + (feerate - 100) * 100_000;
        assert!(least <= paid && paid.get() <= most.min(5_000_000), "{feerate}: {paid:?} beside {least:?}");
    }
    let large = pay(&[100 * KAS], 11_000_000, &[], hurried(101)).expect("possible");
    assert_eq!(large.fee.get(), 2_047 * 101 + (large.masses.storage - 2_047), "a sompi for each gram beyond");
}

#[test]
fn a_rate_of_one_per_cent_more_costs_one_per_cent_more() {
    let at = |feerate| Limits { fee: FeePolicy { feerate, ..limits().fee }, ..limits() };
    for (coins, sompi) in [(&[KAS][..], 50_000_000), (&[KAS], 11_000_000), (&[30 * KAS], 10 * KAS), (&[KAS, KAS], 150_000_000)] {
        let floor = pay(coins, sompi, &[], at(100)).expect("possible").fee.get();
        for feerate in [101, 102, 108, 111, 170, 287] {
            let plan = pay(coins, sompi, &[], at(feerate)).expect("possible");
            assert_eq!(plan.fee.get() * 100, floor * feerate, "{sompi} at {feerate}");
        }
    }
}

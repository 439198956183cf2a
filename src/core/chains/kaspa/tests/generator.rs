//! Coin selection compared with rusty-kaspa's wallet generator, on the same 1,000 random sets of coins.
//!
//! `scripts/kaspa-generator-vectors` recorded the results of the generator in the official Python SDK 2.1.0.

use super::{ECDSA_ADDRESS, SCHNORR_ADDRESS, amount};
use crate::chains::kaspa::fee::COST_OF_AN_INPUT;
use crate::chains::kaspa::mass::DEFAULT_STORAGE_MASS_CAP;
use crate::chains::kaspa::select::{self, Limits, Payment, SelectError};
use crate::chains::kaspa::{Address, FeePolicy, Network, Outpoint, Plan, TxId, Utxo};
use std::collections::BTreeSet;

const GENERATED: &str = include_str!("generator.csv");

/// The generator's transactions for one payment, taken together.
struct Generated {
    inputs: usize,
    fees: u64,
}

struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn amount(&mut self) -> u64 {
        let scale = 10u64.pow(6 + (self.next() % 5) as u32);
        scale + self.next() % (9 * scale)
    }
}

/// The coins of a case, and the amount to be paid from them: as the script makes them.
fn case(number: u64) -> (Vec<u64>, u64) {
    let mut random = SplitMix64(number);
    let count = 1 + random.next() % 60;
    let coins: Vec<u64> = (0..count).map(|_| random.amount()).collect();
    let most = coins.iter().sum::<u64>() * 9 / 10;
    let wanted = random.amount().min(most);
    (coins, wanted.max(20_000_000.min(most)))
}

fn plan(coins: &[u64], wanted: u64) -> Result<Plan, SelectError> {
    let script = |text| Address::parse(text, Network::Mainnet).expect("valid").script_public_key();
    let (own, recipient) = (script(SCHNORR_ADDRESS), script(ECDSA_ADDRESS));
    let coin = |(index, sompi): (usize, &u64)| {
        let mut id = [0; 32];
        id[24..].copy_from_slice(&(index as u64 + 1).to_be_bytes());
        let outpoint = Outpoint { transaction: TxId(id), index: 0 };
        Utxo { outpoint, amount: amount(*sompi), script: own.clone(), block_daa_score: 1, is_coinbase: false }
    };
    let utxos: Vec<Utxo> = coins.iter().enumerate().map(coin).collect();
    select::plan(&Payment {
        utxos: &utxos,
        reserved: &BTreeSet::new(),
        virtual_daa_score: 10_000,
        recipient: &recipient,
        amount: amount(wanted),
        more: &[],
        change: &own,
        limits: Limits {
            fee: FeePolicy { feerate: 100, max_feerate: 100, max_fee: amount(100_000_000), hurried: false },
            max_inputs: 84,
            storage_mass_cap: DEFAULT_STORAGE_MASS_CAP,
            max_dust_to_fee: COST_OF_AN_INPUT,
        },
    })
}

fn generated() -> impl Iterator<Item = (u64, Option<Generated>)> {
    GENERATED.lines().map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |field: usize| fields[field].parse::<u64>().expect("a number");
        let made = (fields[1] != "failed").then(|| Generated { inputs: number(2) as usize, fees: number(3) });
        (number(0), made)
    })
}

#[test]
fn never_more_inputs_fees_or_failures_than_the_generator() {
    let (mut ours, mut theirs) = ((0, 0, 0), (0, 0, 0));
    let mut worse = Vec::new();
    for (number, generated) in generated() {
        let (coins, wanted) = case(number);
        let plan = plan(&coins, wanted).ok();
        match (&plan, &generated) {
            (Some(plan), Some(made)) => {
                if plan.inputs.len() > made.inputs || plan.fee.get() > made.fees {
                    worse.push((number, plan.inputs.len(), made.inputs, plan.fee.get(), made.fees));
                }
                ours = (ours.0 + plan.inputs.len(), ours.1 + plan.fee.get(), ours.2);
                theirs = (theirs.0 + made.inputs, theirs.1 + made.fees, theirs.2);
            }
            (plan, made) => {
                if plan.is_none() && made.is_some() {
                    worse.push((number, 0, 0, 0, 0));
                }
                ours.2 += usize::from(plan.is_none());
                theirs.2 += usize::from(made.is_none());
            }
        }
    }
    assert_eq!(worse, [], "case, our inputs, theirs, our fees, theirs");
    // Inputs, sompi and failures over all cases.
    assert_eq!(ours, (1_022, 204_744_200, 4));
    assert_eq!(theirs, (3_171, 445_002_400, 26));
}

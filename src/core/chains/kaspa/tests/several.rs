//! Several recipients, many coins made into one, and a stuck transaction that pays more.

use super::{ECDSA_ADDRESS, SCHNORR_ADDRESS, amount, utxo};
use crate::base::Amount;
use crate::chains::kaspa::intent::{self, Deviation, Intent};
use crate::chains::kaspa::mass::DEFAULT_STORAGE_MASS_CAP;
use crate::chains::kaspa::replace::{self, ReplaceError};
use crate::chains::kaspa::select::{self, ConsolidationInputs, Limits, Payment, SelectError};
use crate::chains::kaspa::{Address, FeePolicy, Masses, Network, Output, Plan, ScriptPublicKey, Utxo};
use std::collections::BTreeSet;

const KAS: u64 = 100_000_000;

fn script(text: &str) -> ScriptPublicKey {
    Address::parse(text, Network::Mainnet).expect("valid").script_public_key()
}

fn own() -> ScriptPublicKey {
    script(SCHNORR_ADDRESS)
}

fn outputs(sompi: &[u64]) -> Vec<Output> {
    sompi.iter().map(|sompi| Output { amount: amount(*sompi), script: script(ECDSA_ADDRESS) }).collect()
}

fn wallet(coins: &[u64]) -> Vec<Utxo> {
    coins.iter().zip(1..).map(|(sompi, number)| utxo(number, *sompi, &own())).collect()
}

fn policy(feerate: u64, max_fee: u64) -> FeePolicy {
    FeePolicy { feerate, max_feerate: 1_000, max_fee: amount(max_fee), hurried: false }
}

fn pay(coins: &[u64], payments: &[u64]) -> Result<Plan, SelectError> {
    let (utxos, all, change) = (wallet(coins), outputs(payments), own());
    select::plan(&Payment {
        utxos: &utxos,
        reserved: &BTreeSet::new(),
        virtual_daa_score: 10_000,
        recipient: &all[0].script,
        amount: all[0].amount,
        more: &all[1..],
        change: &change,
        limits: Limits {
            fee: policy(100, KAS),
            max_inputs: 84,
            storage_mass_cap: DEFAULT_STORAGE_MASS_CAP,
            max_dust_to_fee: Amount::ZERO,
        },
    })
}

fn check(plan: &Plan, payments: &[u64]) -> Result<intent::Summary, Deviation> {
    let (unsigned, all, change) = (plan.unsigned(), outputs(payments), own());
    let intent = Intent {
        spent: &unsigned.spent,
        recipient: &all[0].script,
        amount: all[0].amount,
        more: &all[1..],
        change: &change,
        max_fee: amount(KAS),
        storage_mass_cap: DEFAULT_STORAGE_MASS_CAP,
    };
    intent::check(&unsigned.transaction, &intent)
}

#[test]
fn one_transaction_pays_three_and_returns_the_rest() {
    let payments = [5 * KAS, 6 * KAS, 7 * KAS];
    let plan = pay(&[10 * KAS, 15 * KAS, 2 * KAS], &payments).expect("possible");
    // Two inputs, three outputs of 423 grams and change of 412: 94 + 2,236 + 1,269 + 412.
    assert_eq!((plan.inputs.len(), plan.fee), (2, amount(401_100)));
    assert_eq!(
        plan.outputs().iter().map(|output| output.amount.get()).collect::<Vec<_>>(),
        [5 * KAS, 6 * KAS, 7 * KAS, 7 * KAS - 401_100]
    );
    let summary = check(&plan, &payments).expect("as intended");
    assert_eq!((summary.amount, summary.change), (amount(18 * KAS), amount(7 * KAS - 401_100)));
}

#[test]
fn a_payment_that_is_altered_or_left_out_is_noticed() {
    let payments = [5 * KAS, 6 * KAS, 7 * KAS];
    let plan = pay(&[30 * KAS], &payments).expect("possible");
    assert_eq!(check(&plan, &[5 * KAS, 6 * KAS, 8 * KAS]), Err(Deviation::Payment { index: 2 }));
    assert_eq!(check(&plan, &[5 * KAS, 6 * KAS]), Err(Deviation::OutputCount { found: 4 }));
    assert_eq!(check(&plan, &[5 * KAS, 6 * KAS, 7 * KAS, KAS]), Err(Deviation::Payment { index: 3 }));
    assert_eq!(check(&plan, &[5 * KAS, 6 * KAS, 7 * KAS, KAS, KAS]), Err(Deviation::OutputCount { found: 4 }));
}

#[test]
fn what_all_payments_need_together_must_be_there() {
    let refused = pay(&[10 * KAS], &[5 * KAS, 6 * KAS]);
    assert!(matches!(refused, Err(SelectError::InsufficientFunds { .. })), "{refused:?}");
    assert_eq!(pay(&[10 * KAS], &[5 * KAS, 0]), Err(SelectError::ZeroAmount));
    // With nothing to return the sum is all there is: 94 + 1,118 + 846 grams.
    let plan = pay(&[11 * KAS + 205_800], &[5 * KAS, 6 * KAS]).expect("an exact match");
    assert_eq!((plan.change, plan.fee), (None, amount(205_800)));
}

fn select_for_consolidation(coins: &[u64], max_inputs: usize, max_fee: u64) -> Result<Plan, SelectError> {
    let (utxos, own) = (wallet(coins), own());
    let reserved = BTreeSet::from([utxos[0].outpoint]);
    select::select_for_consolidation(&ConsolidationInputs {
        utxos: &utxos,
        reserved: &reserved,
        virtual_daa_score: 10_000,
        own: &own,
        max_inputs,
        fee: policy(100, max_fee),
    })
}

#[test]
fn the_smallest_coins_become_one() {
    // The first is reserved, and the last is worth less than spending it.
    let coins = [KAS, 5 * KAS, 3 * KAS, 2 * KAS, 4 * KAS, 111_799];
    let plan = select_for_consolidation(&coins, 3, KAS).expect("possible");
    // 94 + 3 * 1,118 + 412 grams.
    assert_eq!((plan.fee, plan.payment.amount, plan.change), (amount(386_000), amount(9 * KAS - 386_000), None));
    assert_eq!(plan.masses.storage, 0);
    // A fee that allows two coins takes two.
    assert_eq!(select_for_consolidation(&coins, 3, 300_000).expect("possible").inputs.len(), 2);
    assert!(matches!(select_for_consolidation(&coins, 3, 200_000), Err(SelectError::Unbuildable { .. })));
    assert_eq!(select_for_consolidation(&[KAS, 5 * KAS], 10, KAS), Err(SelectError::NothingToConsolidate { spendable: 1 }));
}

#[test]
fn a_replacement_takes_its_fee_from_the_change() {
    let plan = pay(&[10 * KAS], &[3 * KAS, 2 * KAS]).expect("possible");
    let (unsigned, change) = (plan.unsigned(), own());
    let (replaced, fee) = replace::with_fee(&unsigned, 2, &change, None).expect("possible");
    assert_eq!(fee, amount(2 * plan.fee.get()));
    assert_eq!((&replaced.spent, &replaced.transaction.inputs), (&unsigned.spent, &unsigned.transaction.inputs));
    assert_eq!(replaced.transaction.outputs[..2], unsigned.transaction.outputs[..2]);
    assert_eq!(replaced.transaction.outputs[2].amount, amount(5 * KAS - fee.get()));
    let more = |fee| replace::with_fee(&unsigned, 2, &change, Some(amount(fee))).map(|(_, fee)| fee);
    let least = plan.fee.get() + 1;
    assert_eq!((more(least - 1), more(least)), (Err(ReplaceError::NotMore { needed: amount(least) }), Ok(amount(least))));
    let most = 5 * KAS - 111_800;
    assert_eq!(more(most + 1), Err(ReplaceError::ChangeTooSmall { most: Some(amount(most)) }));
    assert!(matches!(more(most), Err(ReplaceError::OverLimit(_))), "change of 111,800 sompi weighs too much");
    assert_eq!(replace::with_fee(&unsigned, 3, &change, None), Err(ReplaceError::NoChange));
    assert_eq!(replace::with_fee(&unsigned, 1, &change, None), Err(ReplaceError::NoChange), "the second output is a payment");
}

#[test]
fn nodes_compare_fee_rates_and_not_fees() {
    // The smaller change weighs more: the same rate takes more than the old fee.
    let plan = pay(&[3 * KAS], &[KAS]).expect("possible");
    let (unsigned, change) = (plan.unsigned(), own());
    let before = Masses::of(&unsigned.transaction, &unsigned.spent).expect("masses");
    let fee = KAS;
    let (replaced, _) = replace::with_fee(&unsigned, 1, &change, Some(amount(fee))).expect("possible");
    let after = Masses::of(&replaced.transaction, &replaced.spent).expect("masses");
    assert!(after.priority_mass() > before.priority_mass());
    assert!(fee / after.priority_mass() > plan.fee.get() / before.priority_mass());
}

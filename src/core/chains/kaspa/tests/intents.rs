//! A transaction that differs from the intent in any way is not signed.

use super::{ECDSA_ADDRESS, SCHNORR_ADDRESS, amount, utxo};
use crate::chains::kaspa::intent::{self, Deviation, Intent, Summary};
use crate::chains::kaspa::mass::{Dimension, MAX_STORAGE_MASS, OverLimit};
use crate::chains::kaspa::{Address, Masses, Network, Output, ScriptPublicKey, Transaction, Utxo};

const KAS: u64 = 100_000_000;
const FEE: u64 = 250_000;

struct Case {
    transaction: Transaction,
    spent: Vec<Utxo>,
    recipient: ScriptPublicKey,
    own: ScriptPublicKey,
    max_fee: u64,
}

impl Case {
    /// 5 KAS to the recipient from 8, change returned.
    fn new() -> Self {
        let own = Address::parse(SCHNORR_ADDRESS, Network::Mainnet).expect("valid").script_public_key();
        let recipient = Address::parse(ECDSA_ADDRESS, Network::Mainnet).expect("valid").script_public_key();
        let spent = vec![utxo(1, 6 * KAS, &own), utxo(2, 2 * KAS, &own)];
        let outputs = vec![
            Output { amount: amount(5 * KAS), script: recipient.clone() },
            Output { amount: amount(3 * KAS - FEE - 100_000), script: own.clone() },
        ];
        let transaction = Transaction::unsigned(spent.iter().map(|utxo| utxo.outpoint), outputs);
        Self { transaction, spent, recipient, own, max_fee: KAS }
    }

    fn check(&self) -> Result<Summary, Deviation> {
        let intent = Intent {
            spent: &self.spent,
            recipient: &self.recipient,
            amount: amount(5 * KAS),
            more: &[],
            change: &self.own,
            max_fee: amount(self.max_fee),
            storage_mass_cap: MAX_STORAGE_MASS,
        };
        intent::check(&self.transaction, &intent)
    }

    /// The check's answer after an alteration of the transaction.
    fn altered(alter: impl FnOnce(&mut Transaction)) -> Result<Summary, Deviation> {
        let mut case = Self::new();
        alter(&mut case.transaction);
        case.check()
    }
}

#[test]
fn what_was_asked_for_is_read_back() {
    let case = Case::new();
    let masses = Masses::of(&case.transaction, &case.spent).expect("masses");
    // 3,154 grams, and 11 more for the recipient's ECDSA script.
    assert_eq!(masses.compute, 3_165);
    let expected = Summary {
        id: case.transaction.id(),
        amount: amount(5 * KAS),
        change: amount(3 * KAS - FEE - 100_000),
        fee: amount(FEE + 100_000),
        masses,
    };
    assert_eq!(case.check(), Ok(expected));
}

#[test]
fn no_change_is_no_deviation_if_the_fee_is_allowed() {
    let without_change = |max_fee| {
        let mut case = Case::new();
        case.transaction.outputs.pop();
        case.max_fee = max_fee;
        case.check().map(|summary| (summary.change, summary.fee))
    };
    assert_eq!(without_change(3 * KAS), Ok((amount(0), amount(3 * KAS))));
    assert_eq!(without_change(3 * KAS - 1), Err(Deviation::FeeOverCap { fee: amount(3 * KAS) }));
}

#[test]
fn each_alteration_has_its_deviation() {
    let swap_inputs = |transaction: &mut Transaction| transaction.inputs.swap(0, 1);
    assert_eq!(Case::altered(swap_inputs), Err(Deviation::Inputs));
    assert_eq!(Case::altered(|transaction| drop(transaction.inputs.pop())), Err(Deviation::Inputs));
    assert_eq!(Case::altered(|transaction| transaction.inputs[1].previous.index = 1), Err(Deviation::Inputs));
    assert_eq!(Case::altered(|transaction| transaction.inputs[0].sequence = 1), Err(Deviation::Shape));
    assert_eq!(Case::altered(|transaction| transaction.inputs[0].sig_op_count = 2), Err(Deviation::Shape));
    assert_eq!(Case::altered(|transaction| transaction.lock_time = 1), Err(Deviation::Shape));
    assert_eq!(Case::altered(|transaction| transaction.outputs.clear()), Err(Deviation::OutputCount { found: 0 }));
    let third = |transaction: &mut Transaction| transaction.outputs.push(transaction.outputs[1].clone());
    assert_eq!(Case::altered(third), Err(Deviation::OutputCount { found: 3 }));
    assert_eq!(Case::altered(|transaction| transaction.outputs.swap(0, 1)), Err(Deviation::Recipient));
    let other = ScriptPublicKey::pay_to_script_hash(&[1]);
    assert_eq!(Case::altered(|transaction| transaction.outputs[0].script = other.clone()), Err(Deviation::Recipient));
    assert_eq!(Case::altered(|transaction| transaction.outputs[1].script = other), Err(Deviation::Change));
    for found in [amount(5 * KAS - 1), amount(5 * KAS + 1), amount(u64::MAX)] {
        assert_eq!(Case::altered(|transaction| transaction.outputs[0].amount = found), Err(Deviation::Amount { found }));
    }
    for change in [3 * KAS + 1, u64::MAX] {
        assert_eq!(Case::altered(|transaction| transaction.outputs[1].amount = amount(change)), Err(Deviation::Sums));
    }
}

#[test]
fn the_fee_lies_between_floor_and_cap_both_included() {
    let with_fee = |fee: u64| Case::altered(|transaction| transaction.outputs[1].amount = amount(3 * KAS - fee));
    let floor = 316_500;
    assert_eq!(with_fee(floor).map(|summary| summary.fee), Ok(amount(floor)));
    let under = Deviation::FeeUnderFloor { fee: amount(floor - 1), floor: amount(floor) };
    assert_eq!(with_fee(floor - 1), Err(under));
    assert_eq!(with_fee(KAS).map(|summary| summary.fee), Ok(amount(KAS)));
    assert_eq!(with_fee(KAS + 1), Err(Deviation::FeeOverCap { fee: amount(KAS + 1) }));
}

#[test]
fn change_that_no_node_relays_is_found() {
    let mut case = Case::new();
    case.max_fee = 3 * KAS;
    case.transaction.outputs[1].amount = amount(1_000);
    // 10^12 / 1,000 for the change alone, and 2,000 for the payment, less 1,666 and 5,000 for the inputs.
    let mass = 1_000_000_000 + 2_000 - 1_666 - 5_000;
    let over = OverLimit { dimension: Dimension::Storage, mass, limit: MAX_STORAGE_MASS };
    assert_eq!(case.check(), Err(Deviation::OverLimit(over)));
}

#[test]
fn one_output_spent_twice_is_found() {
    let mut case = Case::new();
    case.spent[1] = case.spent[0].clone();
    case.transaction.inputs[1] = case.transaction.inputs[0].clone();
    assert_eq!(case.check(), Err(Deviation::Inputs));
}

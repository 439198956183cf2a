//! Transaction ids, signing hashes and masses against rusty-kaspa, and against vectors made with the official Python SDK.

use super::{
    ECDSA_ADDRESS, SCHNORR_ADDRESS, amount, any_transaction, cases, script, tx_id, upstream_entries, upstream_transaction, utxo,
};
use crate::chains::kaspa::mass::{self, Dimension, MassError, OverLimit};
use crate::chains::kaspa::{
    Address, FLOOR_SOMPI_PER_GRAM, Input, MINIMUM_TRANSFER_FEE, Masses, Network, Outpoint, Output, ScriptPublicKey, SighashCache,
    Transaction, TxId, fee,
};
use kaspa_consensus_core::config::params::MAINNET_PARAMS;
use kaspa_consensus_core::hashing::sighash::{SigHashReusedValuesUnsync, calc_ecdsa_signature_hash, calc_schnorr_signature_hash};
use kaspa_consensus_core::hashing::sighash_type::SIG_HASH_ALL;
use kaspa_consensus_core::mass::MassCalculator;
use kaspa_consensus_core::tx::PopulatedTransaction;
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn ids_hashes_and_masses_equal_upstream((transaction, spent) in any_transaction()) {
        let upstream = upstream_transaction(&transaction);
        prop_assert_eq!(transaction.id().0, upstream.id().as_bytes());

        let populated = PopulatedTransaction::new(&upstream, upstream_entries(&spent));
        let reused = SigHashReusedValuesUnsync::new();
        let cache = SighashCache::new(&transaction);
        for (index, utxo) in spent.iter().enumerate() {
            let schnorr = calc_schnorr_signature_hash(&populated, index, SIG_HASH_ALL, &reused);
            let ecdsa = calc_ecdsa_signature_hash(&populated, index, SIG_HASH_ALL, &reused);
            prop_assert_eq!(cache.schnorr(index, &utxo.script, utxo.amount), Ok(schnorr.as_bytes()));
            prop_assert_eq!(cache.ecdsa(index, &utxo.script, utxo.amount), Ok(ecdsa.as_bytes()));
        }

        let calculator = MassCalculator::new_with_consensus_params(&MAINNET_PARAMS);
        let plain = calculator.calc_non_contextual_masses(&upstream);
        let expected = calculator.calc_contextual_masses(&populated).map(|contextual| Masses {
            compute: plain.compute_mass,
            transient: plain.transient_mass,
            storage: contextual.storage_mass,
        });
        prop_assert_eq!(Masses::of(&transaction, &spent).ok(), expected);
    }
}

/// rusty-kaspa's own test transaction (`hashing/sighash.rs`, "native").
fn upstream_test_transaction() -> (Transaction, [ScriptPublicKey; 3]) {
    let previous = tx_id("880eb9819a31821d9d2399e2f35e2433b72637e393d71ecc9b8d0250f49153c3");
    let own = script("208325613d2eeaf7176ac6c670b13c0043156c427438ed72d74b7800862ad884e8ac");
    let other = script("20fcef4c106cf11135bbd70f02a726a92162d2fb8b22f0469126f800862ad884e8ac");
    let input = |index, sequence| Input {
        previous: Outpoint { transaction: previous, index },
        signature_script: Vec::new(),
        sequence,
        sig_op_count: 0,
    };
    let inputs = vec![input(0, 0), input(1, 1), input(2, 2)];
    let outputs = vec![Output { amount: amount(300), script: other.clone() }, Output { amount: amount(300), script: own.clone() }];
    (Transaction { inputs, outputs, lock_time: 1615462089000 }, [own, other.clone(), other])
}

#[test]
fn the_native_test_transaction_of_upstream() {
    let (transaction, spent) = upstream_test_transaction();
    let cache = SighashCache::new(&transaction);
    let hashes = |index: usize| {
        let value = amount(100 * (index as u64 + 1));
        let schnorr = cache.schnorr(index, &spent[index], value).expect("an input");
        (hex::encode(schnorr), hex::encode(cache.ecdsa(index, &spent[index], value).expect("an input")))
    };
    assert_eq!(transaction.id(), tx_id("d37a4a8dfeab473a238fe2c4a1f602d63cdbb52804a04eb0c81df10ac8aa812c"));
    let expected = [
        (
            "03b7ac6927b2b67100734c3cc313ff8c2e8b3ce3e746d46dd660b706a916b1f5",
            "1d679268414c20ffe952e3c255befd892e60e86ae1657fce8a20225e5dc87d64",
        ),
        (
            "8d0b7d89c25c516aa7c9f794e0fbb96fb183fa8e70231ce605bb83f9ab755d74",
            "2d87f5eac48ad95b58f9859356679c497cbab64a6f6967d119490471147bacd0",
        ),
        (
            "ad11031a117fe47d1246641acd0b3febf8b05c730e9f1862e2b70c93c25d6804",
            "c4269fb253f8801b9c8240f84e8ec2b4db8bdc2ad1fc81fc0e6897b3c5c1f223",
        ),
    ];
    for (index, (schnorr, ecdsa)) in expected.into_iter().enumerate() {
        assert_eq!(hashes(index), (schnorr.to_owned(), ecdsa.to_owned()));
    }
    assert!(cache.schnorr(3, &spent[0], amount(100)).is_err());
}

#[test]
fn a_payment_of_two_ecdsa_inputs() {
    let address = |text| Address::parse(text, Network::Mainnet).expect("valid").script_public_key();
    let (schnorr, ecdsa) = (address(SCHNORR_ADDRESS), address(ECDSA_ADDRESS));
    let outpoint = |last: u8, index: u32| {
        let mut id = [0; 32];
        id[31] = last;
        Outpoint { transaction: TxId(id), index }
    };
    let outputs =
        vec![Output { amount: amount(150_000_000), script: ecdsa.clone() }, Output { amount: amount(49_000_000), script: schnorr }];
    let transaction = Transaction::unsigned([outpoint(1, 0), outpoint(2, 1)], outputs);
    assert_eq!(transaction.id(), tx_id("24f09e09d1966821ff8bb1e71fc7c76fa132f077cd969bd803919a7698905763"));
    let cache = SighashCache::new(&transaction);
    let value = amount(100_000_000);
    let expected = [
        (
            "105ad89c9577f31b70fd448a17be152bfc00ba5fcfd6ae660d1b94457caf4c78",
            "e5f0331234276fa3a03fa8b020c6fc08d30ac7b9949ac1e6b7e05c73a6373335",
        ),
        (
            "473f6d3dcb76ea64298caed5a4d16ea45d5a57e01010f1974a0a179fbab84560",
            "37fb4be9862ca6412b797b86e5afda2af9e3275949425ee38a23c2c5703c148c",
        ),
    ];
    for (index, (plain, digest)) in expected.into_iter().enumerate() {
        assert_eq!(hex::encode(cache.schnorr(index, &ecdsa, value).expect("an input")), plain);
        assert_eq!(hex::encode(cache.ecdsa(index, &ecdsa, value).expect("an input")), digest);
    }
}

/// The masses of a payment with the given numbers of inputs of 100 KAS and outputs of 10 KAS.
fn masses(inputs: u8, outputs: usize, script: &ScriptPublicKey) -> Masses {
    let spent: Vec<_> = (0..inputs).map(|number| utxo(number, 10_000_000_000, script)).collect();
    let output = Output { amount: amount(1_000_000_000), script: script.clone() };
    let transaction = Transaction::unsigned(spent.iter().map(|utxo| utxo.outpoint), vec![output; outputs]);
    Masses::of(&transaction, &spent).expect("masses")
}

#[test]
fn compute_masses_that_nodes_measured() {
    let key = script(&format!("20{}ac", "11".repeat(32)));
    let expected = [(1, 1, 1_624), (1, 2, 2_036), (2, 2, 3_154), (10, 2, 12_098), (84, 2, 94_830), (120, 1, 134_666)];
    for (inputs, outputs, compute) in expected {
        assert_eq!(masses(inputs, outputs, &key).compute, compute, "{inputs} inputs");
        assert_eq!(fee::floor(&masses(inputs, outputs, &key)), amount(compute * FLOOR_SOMPI_PER_GRAM));
    }
    let longest = script(&format!("21{}ab", "02".repeat(33)));
    assert_eq!(fee::floor(&masses(1, 2, &longest)).get(), MINIMUM_TRANSFER_FEE);
}

#[test]
fn storage_masses_that_a_node_named() {
    // kaspad refused the first with "storage mass of 526315 is larger than max allowed size of 500000".
    let key = script(&format!("20{}ac", "11".repeat(32)));
    let storage = |value: u64, paid: u64| {
        let spent = [utxo(1, value, &key)];
        let rest = value - paid - 204_700;
        let outputs = [paid, rest].map(|sompi| Output { amount: amount(sompi), script: key.clone() });
        let transaction = Transaction::unsigned([spent[0].outpoint], outputs.to_vec());
        Masses::of(&transaction, &spent).expect("masses")
    };
    let refused = storage(5_000_000_000_000, 1_900_000);
    assert_eq!(refused.storage, 526_315);
    let over = OverLimit { dimension: Dimension::Storage, mass: 526_315, limit: 500_000 };
    assert_eq!(refused.check_limits(u64::MAX), Err(over));
    let taken = storage(5_000_000_000_000, 2_100_000);
    assert_eq!(taken.storage, 476_190);
    assert_eq!(taken.check_limits(mass::MAX_STORAGE_MASS), Ok(()));
    assert_eq!(taken.check_limits(mass::DEFAULT_STORAGE_MASS_CAP).map_err(|over| over.limit), Err(100_000));
}

#[test]
fn masses_that_do_not_exist() {
    let key = script(&format!("20{}ac", "11".repeat(32)));
    let spent = [utxo(1, 100, &key)];
    let pay = |sompi| Transaction::unsigned([spent[0].outpoint], vec![Output { amount: amount(sompi), script: key.clone() }]);
    assert_eq!(Masses::of(&pay(0), &spent), Err(MassError::ZeroAmount));
    assert_eq!(Masses::of(&pay(1), &[]), Err(MassError::Inputs));
    assert_eq!(Masses::of(&Transaction::unsigned([], Vec::new()), &[]), Err(MassError::Inputs));
    assert_eq!(Masses::of(&pay(1), &[utxo(1, 0, &key)]), Err(MassError::ZeroAmount));
}

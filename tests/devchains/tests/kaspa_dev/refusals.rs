//! Transactions that are refused, with the node's words.

use kaspa_consensus_core::{
    subnets::SUBNETWORK_ID_NATIVE,
    tx::{ScriptPublicKey, Transaction, TransactionInput, TransactionOutpoint, TransactionOutput},
};
use kaspa_txscript::pay_to_script_hash_script;

use crate::wallet::{ChainClient, Coin, ECDSA, FLOOR, KAS, SCHNORR, script, sign_with, spend, unsigned};

/// The key of another wallet.
const OTHER: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const BAD_SIGNATURE: &str = "failed to verify the signature script: false stack entry at end of script execution";

#[test]
fn a_fee_one_sompi_below_the_floor_is_refused_and_the_floor_is_taken() {
    let client = ChainClient::start();
    let coin = client.fund(SCHNORR, 10 * KAS);
    let tx = |fee: u64| spend(std::slice::from_ref(&coin), &[(SCHNORR, 4 * KAS), (SCHNORR, 6 * KAS - fee)]);
    let low = tx(FLOOR - 1);
    let why = "transaction has 203599 fees which is under the required amount of 203600 for compute mass 2036";
    assert_eq!(client.refusal(&low), format!("transaction {} is not standard: {why}", low.id()));
    client.send(&tx(FLOOR));
}

#[test]
fn a_transaction_of_mostly_bytes_owes_its_fee_for_transient_mass() {
    let client = ChainClient::start();
    // Four pushes of 500 bytes dropped by the redeem script, and no signature: bytes are all it has.
    let redeem = [0x75, 0x75, 0x75, 0x75, 0x51];
    let locked = pay_to_script_hash_script(&redeem);
    let address = kaspa_txscript::extract_script_pub_key_address(&locked, kaspa_addresses::Prefix::Simnet).unwrap().to_string();
    let coin = client.fund(&address, 10 * KAS);
    let push = [&[0x4d, 0xf4, 0x01][..], &[7; 500]].concat();
    let signature_script = [push.repeat(4), vec![5], redeem.to_vec()].concat();
    let input = TransactionInput::new(TransactionOutpoint::new(coin.id.parse().unwrap(), 0), signature_script, 0, 0);
    let pay = |fee| {
        let output = TransactionOutput::new(10 * KAS - fee, script(SCHNORR));
        Transaction::new(0, vec![input.clone()], vec![output], 0, SUBNETWORK_ID_NATIVE, 0, vec![])
    };
    // Size 94 + 52 + 2018 + 52 = 2216 bytes: transient 2 * 2216 = 4432, compute 2216 + 360 = 2576.
    let low = pay(443_199);
    let why = "transaction has 443199 fees which is under the required amount of 443200 for normalized transient mass 4432 (proportional to transaction byte size)";
    assert_eq!(client.refusal(&low), format!("transaction {} is not standard: {why}", low.id()));
    client.send(&pay(443_200));
}

#[test]
fn a_small_output_is_refused_for_storage_mass_only() {
    let client = ChainClient::start();
    let coin = client.fund(SCHNORR, 100_000 * KAS);
    let pay = |sompi: u64| spend(std::slice::from_ref(&coin), &[(SCHNORR, sompi), (SCHNORR, 100_000 * KAS - sompi - FLOOR)]);
    // 10^12 / 1,900,000 = 526,315; the other two terms are 0 for so large a coin.
    assert_eq!(client.refusal(&pay(1_900_000)), "transaction storage mass of 526315 is larger than max allowed size of 500000");
    // 10^12 / 2,100,000 = 476,190, at a fee of 203,600: storage mass is not in the fee floor.
    client.send(&pay(2_100_000));
}

#[test]
fn wrong_signatures_are_refused() {
    let client = ChainClient::start();
    for address in [SCHNORR, ECDSA] {
        let coin = [client.fund(address, 10 * KAS)];
        let outputs = [(address, 10 * KAS - 200_000)];
        assert_eq!(client.refusal(&sign_with(OTHER, unsigned(&coin, &outputs), &coin)), BAD_SIGNATURE, "{address}");

        let mut flipped = spend(&coin, &outputs);
        flipped.inputs[0].signature_script[64] ^= 1;
        assert_eq!(client.refusal(&flipped), BAD_SIGNATURE, "{address}");

        // Signed for another amount: the signature covers the coin.
        let richer = [Coin { sompi: 11 * KAS, ..coin[0].clone() }];
        assert_eq!(client.refusal(&spend(&richer, &outputs)), BAD_SIGNATURE, "{address}");

        let empty = client.refusal(&unsigned(&coin, &outputs));
        assert!(empty.starts_with("failed to verify empty signature script. Inner error: "), "{empty}");
        client.send(&spend(&coin, &outputs));
    }
}

#[test]
fn a_signature_of_the_wrong_kind_is_refused() {
    let client = ChainClient::start();
    let coin = client.fund(SCHNORR, 10 * KAS);
    // Signed as if the coin were locked by the ECDSA script.
    let taken_for_ecdsa = [Coin { address: ECDSA.into(), ..coin }];
    assert_eq!(client.refusal(&spend(&taken_for_ecdsa, &[(SCHNORR, 10 * KAS - 200_000)])), BAD_SIGNATURE);
}

#[test]
fn an_input_that_declares_no_signature_operation_is_refused() {
    let client = ChainClient::start();
    let coin = [client.fund(SCHNORR, 10 * KAS)];
    let mut tx = unsigned(&coin, &[(SCHNORR, 10 * KAS - 200_000)]);
    tx.inputs[0].compute_commit = kaspa_consensus_core::mass::SigopCount(0).into();
    let why = client.refusal(&sign_with(crate::wallet::SECRET, tx, &coin));
    assert!(why.starts_with("failed to verify the signature script: "), "{why}");
}

#[test]
fn a_second_spend_of_a_coin_is_refused_before_and_after_the_block() {
    let client = ChainClient::start();
    let coin = client.fund(SCHNORR, 10 * KAS);
    let first = spend(std::slice::from_ref(&coin), &[(SCHNORR, 10 * KAS - 162_400)]);
    let second = spend(std::slice::from_ref(&coin), &[(SCHNORR, 10 * KAS - 162_500)]);
    client.send(&first);
    assert_eq!(
        client.refusal(&second),
        format!("output ({}, 0) already spent by transaction {} in the mempool", coin.id, first.id())
    );
    assert_eq!(client.refusal(&first), format!("transaction {} is already in the mempool", first.id()));
    client.chain.mine(1);
    assert_eq!(client.refusal(&second), format!("transaction {} is an orphan where orphan is disallowed", second.id()));
    assert_eq!(client.refusal(&first), format!("transaction {} was already accepted by the consensus", first.id()));
    // Two minutes later the node has forgotten that it accepted the transaction.
    client.chain.mine(1_201);
    assert_eq!(client.refusal(&first), format!("transaction {} is an orphan where orphan is disallowed", first.id()));
}

#[test]
fn unknown_coins_make_an_orphan() {
    let client = ChainClient::start();
    let coin = Coin { id: "11".repeat(32), index: 0, sompi: KAS, address: SCHNORR.into() };
    let tx = spend(&[coin], &[(SCHNORR, KAS - 162_400)]);
    assert_eq!(client.refusal(&tx), format!("transaction {} is an orphan where orphan is disallowed", tx.id()));
    let parent = client.send(&spend(&[client.fund(SCHNORR, KAS)], &[(SCHNORR, KAS - 162_400)]));
    let beyond = Coin { id: parent, index: 1, sompi: KAS, address: SCHNORR.into() };
    assert_eq!(
        client.refusal(&spend(&[beyond], &[(SCHNORR, KAS - 162_400)])),
        "at least one outpoint of the transaction is impossible to have a matching UTXO entry"
    );
}

#[test]
fn a_coinbase_coin_matures_after_exactly_1000_scores() {
    for (age, mature) in [(999, false), (1_000, true)] {
        let client = ChainClient::start();
        let id = client.chain.coinbase(SCHNORR, 50 * KAS);
        let born = client.chain.virtual_daa_score();
        let tx =
            spend(&[Coin { id: id.clone(), index: 0, sompi: 50 * KAS, address: SCHNORR.into() }], &[(SCHNORR, 50 * KAS - 162_400)]);
        client.chain.mine(age);
        if mature {
            client.send(&tx);
        } else {
            let why = client.refusal(&tx);
            let start = format!(
                "one of the transaction inputs spends an immature UTXO: transaction input #0 tried to spend coinbase outpoint ({id}, 0) with daa score of {born}"
            );
            assert!(why.starts_with(&start), "{why}");
            assert!(
                why.contains(&format!("the merging block daa score is {} and the coinbase maturity period of 1000", born + 999)),
                "{why}"
            );
        }
    }
}

#[test]
fn too_many_inputs_are_too_much_compute_mass() {
    let client = ChainClient::start();
    let input = |index| TransactionInput::new(TransactionOutpoint::new("22".repeat(32).parse().unwrap(), index), vec![0; 66], 0, 1);
    let tx = |inputs: u32| {
        let output = TransactionOutput::new(KAS, script(SCHNORR));
        Transaction::new(0, (0..inputs).map(input).collect(), vec![output], 0, SUBNETWORK_ID_NATIVE, 0, vec![])
    };
    // 506 + 447 * 1118 = 500,252; with one input less it passes this check and fails on its invented coins.
    assert_eq!(client.refusal(&tx(447)), "transaction compute mass of 500252 is larger than max allowed size of 500000");
    assert!(client.refusal(&tx(446)).ends_with("is an orphan where orphan is disallowed"));
}

#[test]
fn consensus_rules_and_standardness_hold() {
    let client = ChainClient::start();
    let coin = client.fund(SCHNORR, 10 * KAS);
    let refused = |change: &dyn Fn(&mut Transaction)| {
        let mut tx = unsigned(std::slice::from_ref(&coin), &[(SCHNORR, 10 * KAS - 162_400)]);
        change(&mut tx);
        tx.finalize();
        // The text names the transaction in places; the id is of no interest here.
        client.refusal(&tx).replace(&tx.id().to_string(), "ID")
    };
    assert_eq!(refused(&|tx| tx.inputs.clear()), "transaction has no inputs");
    assert_eq!(refused(&|tx| tx.inputs.push(tx.inputs[0].clone())), "transaction has duplicate inputs");
    assert_eq!(refused(&|tx| tx.outputs[0].value = 0), "transaction output 0 has zero value");
    assert_eq!(
        refused(&|tx| tx.outputs[0].value = 29_000_000_001 * KAS),
        "transaction output 0 value is higher than the max allowed of 2900000000000000000"
    );
    assert_eq!(
        refused(&|tx| tx.outputs[0].value = 10 * KAS + 1),
        "transaction tries to spend 1000000001 while its total inputs amount is 1000000000"
    );
    assert_eq!(refused(&|tx| tx.version = 2), "transaction version 2 is unknown");
    assert_eq!(
        refused(&|tx| tx.version = 1),
        "transaction input #0 has a sig op count field with value 1 in version 1 transaction"
    );
    assert_eq!(refused(&|tx| tx.lock_time = 600_000_000), "transaction input #0 is not finalized");
    assert_eq!(refused(&|tx| tx.inputs[0].sequence = 5_000), "one of the transaction sequence locks conditions was not met");
    // Script hashes begin with 0xaa on Kaspa; 0xa9 is another opcode.
    let bitcoin_style = ScriptPublicKey::from_vec(0, [&[0xa9, 0x20][..], &[1; 32], &[0x87]].concat());
    assert_eq!(
        refused(&|tx| tx.outputs[0].script_public_key = bitcoin_style.clone()),
        "transaction ID is not standard: transaction output #0: non-standard script form"
    );
    assert_eq!(
        refused(&|tx| tx.outputs[0].script_public_key = ScriptPublicKey::from_vec(1, script(SCHNORR).script().to_vec())),
        "transaction ID is not standard: transaction output #0: the version of the scriptPublicKey is higher than the known version"
    );
    assert!(client.chain.mempool().is_empty());
}

//! Comparison with other implementations: rusty-kaspa's consensus and script engine, and DFINITY's key derivation.

mod addresses;
mod consensus;
mod engine;
mod generator;
mod intents;
mod keys;
mod neighbours;
mod selection;
mod several;
mod storage;

use super::{Input, Outpoint, Output, ScriptPublicKey, Transaction, TxId, Utxo};
use crate::base::Amount;
use kaspa_consensus_core::subnets::SUBNETWORK_ID_NATIVE;
use kaspa_consensus_core::tx as upstream;
use proptest::prelude::*;

/// A secret key whose addresses on every network were made with the official Python SDK.
const SECRET: &str = "b99d75736a0fd0ae2da658959813d680474f5a740a9c970a7da867141596178f";
/// The public key of the secret key.
const PUBLIC: &str = "027a7440ee783988a2e132bea6b22f991fb971c4eca2f3378e2a99aded7df353ae";
/// The mainnet addresses of the key: Schnorr and ECDSA.
const SCHNORR_ADDRESS: &str = "kaspa:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uayhcthxq";
const ECDSA_ADDRESS: &str = "kaspa:qyp85azqaeurnz9zuyetaf4j97v3lwt3cnk29ueh3c4fnt0d0he48tsfqyrrcue";

/// The configuration of random cases without a file of failed ones; a failure is to become a test of its own.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).expect("hex");
    bytes
}

fn tx_id(text: &str) -> TxId {
    text.parse().expect("transaction id")
}

fn script(text: &str) -> ScriptPublicKey {
    ScriptPublicKey::from_bytes(hex::decode(text).expect("hex"))
}

fn amount(sompi: u64) -> Amount {
    Amount::new(sompi)
}

/// An old, ordinary unspent output, the `number`th of its kind.
fn utxo(number: u8, sompi: u64, script: &ScriptPublicKey) -> Utxo {
    let outpoint = Outpoint { transaction: TxId([number; 32]), index: 0 };
    Utxo { outpoint, amount: amount(sompi), script: script.clone(), block_daa_score: 1, is_coinbase: false }
}

fn upstream_script(script: &ScriptPublicKey) -> upstream::ScriptPublicKey {
    upstream::ScriptPublicKey::from_vec(ScriptPublicKey::VERSION, script.as_bytes().to_vec())
}

fn upstream_input(input: &Input) -> upstream::TransactionInput {
    let id = upstream::TransactionId::from_bytes(input.previous.transaction.0);
    let outpoint = upstream::TransactionOutpoint::new(id, input.previous.index);
    upstream::TransactionInput::new(outpoint, input.signature_script.clone(), input.sequence, input.sig_op_count)
}

fn upstream_output(output: &Output) -> upstream::TransactionOutput {
    upstream::TransactionOutput::new(output.amount.get(), upstream_script(&output.script))
}

fn upstream_transaction(transaction: &Transaction) -> upstream::Transaction {
    let inputs = transaction.inputs.iter().map(upstream_input).collect();
    let outputs = transaction.outputs.iter().map(upstream_output).collect();
    upstream::Transaction::new(0, inputs, outputs, transaction.lock_time, SUBNETWORK_ID_NATIVE, 0, Vec::new())
}

fn upstream_entries(spent: &[Utxo]) -> Vec<upstream::UtxoEntry> {
    let entry = |utxo: &Utxo| {
        let script = upstream_script(&utxo.script);
        upstream::UtxoEntry::new(utxo.amount.get(), script, utxo.block_daa_score, utxo.is_coinbase, None)
    };
    spent.iter().map(entry).collect()
}

fn any_script() -> impl Strategy<Value = ScriptPublicKey> {
    let odd = proptest::collection::vec(any::<u8>(), 0..300).prop_map(ScriptPublicKey::from_bytes);
    let standard = prop_oneof![Just(34usize), Just(35)].prop_flat_map(|length| proptest::collection::vec(any::<u8>(), length));
    prop_oneof![3 => standard.prop_map(ScriptPublicKey::from_bytes), 1 => odd]
}

/// Amounts of every magnitude, small ones included, where storage mass is largest.
fn any_amount() -> impl Strategy<Value = Amount> {
    (0u32..61, any::<u64>()).prop_map(|(bits, random)| Amount::new((random >> (63 - bits)).max(1)))
}

fn any_output() -> impl Strategy<Value = Output> {
    (any_amount(), any_script()).prop_map(|(amount, script)| Output { amount, script })
}

prop_compose! {
    fn any_input()(id: [u8; 32], index: u32, script in proptest::collection::vec(any::<u8>(), 1..140), sequence: u64, ops: u8) -> Input {
        Input {
            previous: Outpoint { transaction: TxId(id), index },
            signature_script: script,
            sequence,
            sig_op_count: ops,
        }
    }
}

prop_compose! {
    fn any_spend()(
        input in any_input(),
        amount in any_amount(),
        script in any_script(),
        block_daa_score: u64,
        is_coinbase: bool,
    ) -> (Input, Utxo) {
        let utxo = Utxo { outpoint: input.previous, amount, script, block_daa_score, is_coinbase };
        (input, utxo)
    }
}

prop_compose! {
    /// A transaction of any shape, with the outputs it spends.
    fn any_transaction()(
        spends in proptest::collection::vec(any_spend(), 1..6),
        outputs in proptest::collection::vec(any_output(), 1..5),
        lock_time: u64,
    ) -> (Transaction, Vec<Utxo>) {
        let (inputs, spent) = spends.into_iter().unzip();
        (Transaction { inputs, outputs, lock_time }, spent)
    }
}

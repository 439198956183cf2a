//! An HTTP client and two wallets of one key, Schnorr and ECDSA.

use devchains::kaspa::{KaspaDev, NetworkType};
use ic_secp256k1::PrivateKey;
use kaspa_addresses::Address;
use kaspa_consensus_core::{
    hashing::{
        sighash::{SigHashReusedValuesUnsync, calc_ecdsa_signature_hash},
        sighash_type::SIG_HASH_ALL,
    },
    sign::sign_input,
    subnets::SUBNETWORK_ID_NATIVE,
    tx::{PopulatedTransaction, ScriptPublicKey, Transaction, TransactionInput, TransactionOutpoint, TransactionOutput, UtxoEntry},
};
use kaspa_txscript::pay_to_address_script;
use serde_json::{Value, json};

/// One KAS in sompi.
pub const KAS: u64 = 100_000_000;
/// The key of the vectors, and its two simnet addresses as the Python SDK prints them.
pub const SECRET: &str = "b99d75736a0fd0ae2da658959813d680474f5a740a9c970a7da867141596178f";
pub const SCHNORR: &str = "kaspasim:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uj52ehfcn";
pub const ECDSA: &str = "kaspasim:qyp85azqaeurnz9zuyetaf4j97v3lwt3cnk29ueh3c4fnt0d0he48ts8zh03437";
/// The relay floor of a Schnorr transaction with one input and two outputs: 2036 grams at 100 sompi.
pub const FLOOR: u64 = 203_600;

/// A chain and a client of it.
pub struct ChainClient {
    pub chain: KaspaDev,
    agent: ureq::Agent,
}

impl ChainClient {
    pub fn start() -> Self {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Self { chain: KaspaDev::start(NetworkType::Simnet), agent }
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        let answer = self.agent.get(format!("{}{path}", self.chain.url())).call();
        read(answer.expect("the server answers"))
    }

    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.post_text(path, &body.to_string())
    }

    pub fn post_text(&self, path: &str, body: &str) -> (u16, Value) {
        read(self.try_post(path, body).expect("the server answers"))
    }

    pub fn try_post(&self, path: &str, body: &str) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        self.agent.post(format!("{}{path}", self.chain.url())).content_type("application/json").send(body)
    }

    pub fn submit(&self, tx: &Transaction) -> (u16, Value) {
        self.post("/transactions", &submission(tx))
    }

    /// Submits a transaction that must be taken.
    pub fn send(&self, tx: &Transaction) -> String {
        let id = tx.id().to_string();
        assert_eq!(self.submit(tx), (200, json!({"transactionId": id})));
        id
    }

    /// Submits a transaction that must be refused, and returns what follows the node's usual preamble.
    pub fn refusal(&self, tx: &Transaction) -> String {
        let (status, body) = self.submit(tx);
        assert_eq!(status, 400, "{body}");
        let error = body["error"].as_str().expect("an error text");
        let preamble = format!("RPC Server (remote error) -> Rejected transaction {}: ", tx.id());
        error.strip_prefix(&preamble).unwrap_or_else(|| panic!("{error}")).to_owned()
    }

    /// Gives `address` one coin.
    pub fn fund(&self, address: &str, sompi: u64) -> Coin {
        Coin { id: self.chain.faucet(address, sompi), index: 0, sompi, address: address.to_owned() }
    }
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> (u16, Value) {
    let text = answer.body_mut().read_to_string().expect("a body");
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A coin of one of the two wallets.
#[derive(Clone)]
pub struct Coin {
    pub id: String,
    pub index: u32,
    pub sompi: u64,
    pub address: String,
}

pub fn script(address: &str) -> ScriptPublicKey {
    pay_to_address_script(&Address::try_from(address).expect("a valid address"))
}

/// An unsigned transaction: `outputs` are addresses and sompi.
pub fn unsigned(coins: &[Coin], outputs: &[(&str, u64)]) -> Transaction {
    let inputs = coins
        .iter()
        .map(|coin| TransactionInput::new(TransactionOutpoint::new(coin.id.parse().expect("an id"), coin.index), vec![], 0, 1));
    let outputs = outputs.iter().map(|(address, sompi)| TransactionOutput::new(*sompi, script(address)));
    Transaction::new(0, inputs.collect(), outputs.collect(), 0, SUBNETWORK_ID_NATIVE, 0, vec![])
}

/// Signs every input with `secret`, by the kind of its coin's address.
pub fn sign_with(secret: &str, mut tx: Transaction, coins: &[Coin]) -> Transaction {
    let secret: [u8; 32] = hex::decode(secret).expect("hex").try_into().expect("32 bytes");
    let key = PrivateKey::deserialize_sec1(&secret).expect("a key");
    let entries = coins.iter().map(|coin| UtxoEntry::new(coin.sompi, script(&coin.address), 0, false, None)).collect();
    let plain = tx.clone();
    let populated = PopulatedTransaction::new(&plain, entries);
    for (i, coin) in coins.iter().enumerate() {
        tx.inputs[i].signature_script = if coin.address == ECDSA {
            let digest = calc_ecdsa_signature_hash(&populated, i, SIG_HASH_ALL, &SigHashReusedValuesUnsync::new());
            [&[0x41][..], &key.sign_digest_with_ecdsa(&digest.as_bytes()), &[0x01]].concat()
        } else {
            sign_input(&populated, i, &secret, SIG_HASH_ALL)
        };
    }
    tx
}

/// A signed transaction from the wallets' coins.
pub fn spend(coins: &[Coin], outputs: &[(&str, u64)]) -> Transaction {
    sign_with(SECRET, unsigned(coins, outputs), coins)
}

/// The body of `POST /transactions`.
pub fn submission(tx: &Transaction) -> Value {
    let inputs = tx.inputs.iter().map(|input| {
        json!({
            "previousOutpoint": {
                "transactionId": input.previous_outpoint.transaction_id.to_string(), "index": input.previous_outpoint.index,
            },
            "signatureScript": hex::encode(&input.signature_script), "sequence": input.sequence,
            "sigOpCount": input.compute_commit.sig_op_count(),
        })
    });
    let outputs = tx.outputs.iter().map(|output| {
        let script = &output.script_public_key;
        json!({"amount": output.value, "scriptPublicKey": {"version": script.version(), "scriptPublicKey": hex::encode(script.script())}})
    });
    json!({
        "transaction": {
            "version": tx.version, "inputs": inputs.collect::<Value>(), "outputs": outputs.collect::<Value>(),
            "lockTime": tx.lock_time, "subnetworkId": tx.subnetwork_id.to_string(),
        },
        "allowOrphan": false,
    })
}

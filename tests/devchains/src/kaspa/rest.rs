//! The public REST API's endpoints: shapes and error bodies of kaspa-rest-server. Integers it sends as strings are strings here.

use kaspa_consensus_core::tx::{TransactionId, TransactionOutpoint, UtxoEntry};
use kaspa_txscript::{extract_script_pub_key_address, script_class::ScriptClass};
use rand::{rngs::SmallRng, seq::SliceRandom};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    chain::{Chain, Record, View},
    fault::{Endpoint, FalseAnswer, Fault},
    wire::{self, DecodeError, unprocessable},
};

/// Above this many coins an address's list is answered empty.
const UTXOS_LIMIT: usize = 10_000;
/// Most transaction ids in one acceptance or search request.
const IDS_LIMIT: usize = 1_000;

/// A status and its JSON body.
pub(super) type Answer = (u16, Value);

/// A parsed request.
pub(super) struct Request<'a> {
    pub method: &'a str,
    /// The path without the query, percent-decoded as far as addresses need it.
    pub path: &'a str,
    pub query: &'a str,
    /// `None` if the body is not JSON.
    pub body: Option<Value>,
}

/// The endpoint a request is for.
pub(super) fn endpoint(method: &str, path: &str) -> Option<Endpoint> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    Some(match (method, parts.as_slice()) {
        ("GET", ["info", "blockdag" | "network"]) => Endpoint::BlockDag,
        ("GET", ["info", "virtual-chain-blue-score"]) => Endpoint::BlueScore,
        ("GET", ["info", "fee-estimate"]) => Endpoint::FeeEstimate,
        ("GET", ["info", "kaspad"]) => Endpoint::Kaspad,
        ("GET", ["info", "health"]) => Endpoint::Health,
        ("GET", ["addresses", _, "balance"]) | ("POST", ["addresses", "balances"]) => Endpoint::Balance,
        ("GET", ["addresses", _, "utxos"]) | ("POST", ["addresses", "utxos"]) => Endpoint::Utxos,
        ("GET", ["addresses", _, "utxos", "count"]) => Endpoint::UtxoCount,
        ("POST", ["transactions"]) => Endpoint::Submit,
        ("POST", ["transactions", "acceptance"]) => Endpoint::Acceptance,
        ("POST", ["transactions", "search"]) => Endpoint::Search,
        ("GET", ["transactions", _]) => Endpoint::Transaction,
        _ => return None,
    })
}

/// The answer of the server's own exception handler.
pub(super) fn internal_error() -> Answer {
    (500, json!({"message": "Internal server error"}))
}

/// Answers one request under a fault.
pub(super) fn answer(
    chain: &mut Chain,
    order: &mut SmallRng,
    request: &Request,
    endpoint: Option<Endpoint>,
    fault: Option<&Fault>,
) -> Answer {
    let Some(endpoint) = endpoint else { return (404, json!({"detail": "Not Found"})) };
    if request.method == "POST" && request.body.is_none() {
        return (422, unprocessable(&["body"], "Expecting value: line 1 column 1 (char 0)", "value_error.jsondecode"));
    }
    if endpoint == Endpoint::Submit {
        return submit(chain, request, fault);
    }
    let view = match fault {
        Some(Fault::StaleNode { daa }) => chain.view_at(*daa),
        _ => chain.now(),
    };
    let false_answer = match fault {
        Some(Fault::FalseAnswer(false_answer)) => Some(false_answer),
        _ => None,
    };
    let reader = Reader { chain, view, false_answer };
    let result = match endpoint {
        Endpoint::BlockDag => Ok(reader.block_dag()),
        Endpoint::BlueScore => Ok(json!({"blueScore": view.blue})),
        Endpoint::FeeEstimate => Ok(reader.fee_estimate()),
        Endpoint::Kaspad => Ok(reader.kaspad()),
        Endpoint::Health => Ok(reader.health()),
        Endpoint::Balance => reader.balance(request),
        Endpoint::Utxos => reader.utxos(request, order),
        Endpoint::UtxoCount => reader.utxo_count(request),
        Endpoint::Acceptance => reader.acceptance(request),
        Endpoint::Search => reader.search(request),
        Endpoint::Transaction => reader.transaction(request),
        Endpoint::Submit => unreachable!("handled above"),
    };
    result.map_or_else(|refused| refused, |value| (200, value))
}

fn submit(chain: &mut Chain, request: &Request, fault: Option<&Fault>) -> Answer {
    let submission = match wire::submission(request.body.as_ref().unwrap_or(&Value::Null)) {
        Ok(submission) => submission,
        Err(DecodeError::Unprocessable(detail)) => return (422, detail),
        Err(DecodeError::Raised) => return internal_error(),
    };
    let id = submission.tx.id();
    let refused = |why: &str| (400, json!({"error": format!("RPC Server (remote error) -> Rejected transaction {id}: {why}")}));
    let taken = (200, json!({"transactionId": id.to_string()}));
    match fault {
        Some(Fault::DropSubmit) => return taken,
        Some(Fault::RefuseSubmit(why)) => return refused(why),
        _ => {}
    }
    let replace = request.query.split('&').any(|pair| pair.eq_ignore_ascii_case("replaceByFee=true"));
    let answer = match chain.submit(submission.tx, submission.allow_orphan, replace) {
        Ok(_) => taken,
        Err(refusal) => refused(&refusal.to_string()),
    };
    match fault {
        Some(Fault::AcceptButError) => internal_error(),
        Some(Fault::AcceptButTimeout) => (400, json!({"error": ""})),
        _ => answer,
    }
}

/// A reader of the chain for one call.
struct Reader<'a> {
    chain: &'a Chain,
    view: View,
    false_answer: Option<&'a FalseAnswer>,
}

impl Reader<'_> {
    fn block_dag(&self) -> Value {
        let (sink, blocks) = (self.chain.block_hash(self.view.blue), self.view.blue.to_string());
        json!({
            "networkName": self.chain.network.to_prefixed(), "blockCount": blocks, "headerCount": blocks,
            "tipHashes": [sink], "difficulty": 1.5, "pastMedianTime": Chain::time_ms(self.view.daa).to_string(),
            "virtualParentHashes": [sink], "pruningPointHash": self.chain.block_hash(0),
            "virtualDaaScore": self.view.daa.to_string(), "sink": sink,
        })
    }

    fn fee_estimate(&self) -> Value {
        let [priority, normal, low] = match self.false_answer {
            Some(FalseAnswer::Feerate { sompi_per_gram }) => [*sompi_per_gram; 3],
            _ => self.chain.feerates,
        };
        // The estimated times change with every block, as on a node, so that answers which include them never agree.
        let seconds = 0.1 + (self.view.daa % 7) as f64 / 1_000.0;
        let bucket = |feerate: u64, factor: f64| json!({"feerate": feerate, "estimatedSeconds": seconds * factor});
        let normal = [bucket(normal, 1.0), bucket(low, 2.0)];
        json!({"priorityBucket": bucket(priority, 1.0), "normalBuckets": normal, "lowBuckets": [bucket(low, 4.0)]})
    }

    fn kaspad(&self) -> Value {
        json!({
            "mempoolSize": self.chain.mempool.len().to_string(), "serverVersion": "2.1.0", "isUtxoIndexed": true, "isSynced": true,
            "p2pIdHashed": hex::encode(Sha256::digest(b"dev node")),
        })
    }

    fn health(&self) -> Value {
        json!({
            "kaspadServers": [{
                "kaspadHost": "wrpc", "serverVersion": "2.1.0", "isUtxoIndexed": true, "isSynced": true,
                "p2pId": hex::encode(Sha256::digest(b"dev node")), "blueScore": self.view.blue,
            }],
            "database": {
                "isSynced": true, "blueScore": self.view.blue, "blueScoreDiff": 0,
                "acceptedTxBlockTime": Chain::time_ms(self.view.daa), "acceptedTxBlockTimeDiff": 0,
            },
        })
    }

    fn balance(&self, request: &Request) -> Result<Value, Answer> {
        let entry = |address: &str| Ok(json!({"address": address, "balance": self.balance_of(address)?}));
        if request.method == "GET" {
            return entry(self.address_in_path(request)?);
        }
        let addresses = string_list(request, "addresses")?;
        addresses.iter().map(|address| self.check_address(address)).collect::<Result<Vec<_>, _>>()?;
        addresses.into_iter().map(entry).collect()
    }

    fn balance_of(&self, address: &str) -> Result<u64, Answer> {
        match self.false_answer {
            Some(FalseAnswer::Balance { sompi }) => Ok(*sompi),
            _ => Ok(self.coins(address)?.iter().map(|(_, entry)| entry.amount).sum()),
        }
    }

    fn utxos(&self, request: &Request, order: &mut SmallRng) -> Result<Value, Answer> {
        let addresses = match request.method {
            "GET" => vec![self.address_in_path(request)?],
            _ => string_list(request, "addresses")?,
        };
        addresses.iter().map(|address| self.check_address(address)).collect::<Result<Vec<_>, _>>()?;
        let mut list = Vec::new();
        for address in addresses {
            let mut coins = self.coins(address)?;
            if coins.len() > UTXOS_LIMIT {
                continue;
            }
            self.falsify(address, &mut coins);
            list.extend(coins.into_iter().map(|(outpoint, entry)| {
                let mut listed = utxo(address, outpoint, &entry);
                if let Some(covenant) = self.chain.shown_covenant(&outpoint) {
                    listed["utxoEntry"]["covenantId"] = covenant.into();
                }
                listed
            }));
        }
        list.shuffle(order);
        Ok(Value::Array(list))
    }

    fn utxo_count(&self, request: &Request) -> Result<Value, Answer> {
        Ok(json!({"count": self.coins(self.address_in_path(request)?)?.len()}))
    }

    fn acceptance(&self, request: &Request) -> Result<Value, Answer> {
        let ids = transaction_ids(request)?;
        let state = |text: &str| {
            let (accepted, block, blue, time) = self.acceptance_of(self.record(text).map(|(_, record)| record));
            json!({
                "transactionId": text, "accepted": accepted, "acceptingBlockHash": block, "acceptingBlueScore": blue,
                "acceptingTimestamp": time,
            })
        };
        Ok(ids.into_iter().map(state).collect())
    }

    /// The indexer's record of this id at the view; `None` while the transaction is in the mempool.
    fn record(&self, id: &str) -> Option<(TransactionId, &Record)> {
        let id = id.parse().ok()?;
        self.chain.records.get(&id).filter(|record| record.mined <= self.view.daa).map(|record| (id, record))
    }

    /// Accepted, accepting block, its blue score, its time.
    fn acceptance_of(&self, record: Option<&Record>) -> (bool, Value, Value, Value) {
        if self.false_answer == Some(&FalseAnswer::Accepted) {
            return (
                true,
                self.chain.block_hash(self.view.blue).into(),
                self.view.blue.into(),
                Chain::time_ms(self.view.daa).into(),
            );
        }
        match record.and_then(|record| record.acceptance.as_ref()).filter(|at| at.daa <= self.view.daa) {
            Some(at) => (true, at.block.as_str().into(), at.blue.into(), Chain::time_ms(at.daa).into()),
            None => (false, Value::Null, Value::Null, Value::Null),
        }
    }

    fn search(&self, request: &Request) -> Result<Value, Answer> {
        let known = |text: &str| self.record(text).map(|(id, record)| self.render(id, record, ""));
        Ok(transaction_ids(request)?.into_iter().filter_map(known).collect())
    }

    fn transaction(&self, request: &Request) -> Result<Value, Answer> {
        let text = request.path.rsplit('/').next().unwrap_or_default();
        if text.len() < 64 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            let pattern = "string does not match regex \"[a-f0-9]{64}\"";
            return Err((422, unprocessable(&["path", "transaction_id"], pattern, "value_error.str.regex")));
        }
        let found = self.record(text).map(|(id, record)| self.render(id, record, request.query));
        found.ok_or((404, json!({"detail": "Transaction not found"})))
    }

    fn render(&self, id: TransactionId, record: &Record, query: &str) -> Value {
        let tx = &record.admitted.tx;
        let without = |part: &str| query.split('&').any(|pair| pair == format!("{part}=false"));
        let inputs = || -> Vec<Value> { (0..).zip(&tx.inputs).map(|(i, input)| rendered_input(id, i, input)).collect() };
        let outputs = || -> Vec<Value> { (0..).zip(&tx.outputs).map(|(i, output)| self.rendered_output(id, i, output)).collect() };
        let (accepted, block, blue, time) = self.acceptance_of(Some(record));
        let mut value = json!({
            "subnetwork_id": tx.subnetwork_id.to_string(), "transaction_id": id.to_string(),
            "hash": kaspa_consensus_core::hashing::tx::hash(tx).to_string(), "mass": record.admitted.compute_mass.to_string(),
            "payload": null, "block_hash": record.blocks, "block_time": Chain::time_ms(record.mined), "version": tx.version,
            "inputs": if without("inputs") || tx.inputs.is_empty() { Value::Null } else { inputs().into() },
            "outputs": if without("outputs") { Value::Null } else { outputs().into() },
            "is_accepted": accepted,
        });
        if accepted {
            value["accepting_block_hash"] = block;
            value["accepting_block_blue_score"] = blue;
            value["accepting_block_time"] = time;
        }
        value
    }

    fn rendered_output(&self, id: TransactionId, index: u32, output: &kaspa_consensus_core::tx::TransactionOutput) -> Value {
        let script = &output.script_public_key;
        json!({
            "transaction_id": id.to_string(), "index": index, "amount": output.value, "script_public_key": hex::encode(script.script()),
            "script_public_key_address": extract_script_pub_key_address(script, self.chain.prefix()).ok().map(String::from),
            "script_public_key_type": ScriptClass::from_script(script).to_string(),
        })
    }

    fn coins(&self, address: &str) -> Result<Vec<(TransactionOutpoint, UtxoEntry)>, Answer> {
        let script = Chain::script_of(address).ok_or_else(|| invalid(address))?;
        Ok(self.chain.coins_of(&script, self.view))
    }

    fn falsify(&self, address: &str, coins: &mut Vec<(TransactionOutpoint, UtxoEntry)>) {
        match self.false_answer {
            Some(FalseAnswer::PhantomUtxo { sompi }) => {
                let id = TransactionId::from_bytes(Sha256::digest(address).into());
                let script = Chain::script_of(address).expect("BUG: the address was checked");
                coins.push((TransactionOutpoint::new(id, 0), UtxoEntry::new(*sompi, script, self.view.daa - 1_000, false, None)));
            }
            Some(FalseAnswer::UtxoAmount { sompi }) => coins.iter_mut().for_each(|(_, entry)| entry.amount = *sompi),
            Some(FalseAnswer::UtxoScript) => {
                // A well-formed script for the all-zero key, which has no owner.
                let script = [&[0x20][..], &[0; 32], &[0xac]].concat();
                let nobody = kaspa_consensus_core::tx::ScriptPublicKey::from_vec(0, script);
                coins.iter_mut().for_each(|(_, entry)| entry.script_public_key = nobody.clone());
            }
            _ => {}
        }
    }

    fn address_in_path<'r>(&self, request: &Request<'r>) -> Result<&'r str, Answer> {
        let address = request.path.split('/').nth(2).unwrap_or_default();
        if !self.has_address_form(address) {
            let message = format!("string does not match regex \"^{}:[a-z0-9]{{61,63}}$\"", self.chain.prefix());
            return Err((422, unprocessable(&["path", "kaspaAddress"], &message, "value_error.str.regex")));
        }
        self.check_address(address).map(|()| address)
    }

    fn has_address_form(&self, address: &str) -> bool {
        let body = address.strip_prefix(&self.chain.prefix().to_string()).and_then(|rest| rest.strip_prefix(':'));
        body.is_some_and(|body| {
            (61..=63).contains(&body.len()) && body.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
    }

    fn check_address(&self, address: &str) -> Result<(), Answer> {
        match self.has_address_form(address) && Chain::script_of(address).is_some() {
            true => Ok(()),
            false => Err(invalid(address)),
        }
    }
}

fn invalid(address: &str) -> Answer {
    (400, json!({"detail": format!("Invalid address: {address}")}))
}

/// The list of strings called `name` in the body.
fn string_list<'r>(request: &'r Request, name: &str) -> Result<Vec<&'r str>, Answer> {
    let list = request.body.as_ref().and_then(|body| body.get(name)).and_then(Value::as_array);
    let string_list: Option<Vec<&str>> = list.and_then(|list| list.iter().map(Value::as_str).collect());
    string_list.ok_or_else(|| (422, unprocessable(&["body", name], "value is not a valid list", "type_error.list")))
}

fn transaction_ids<'r>(request: &'r Request) -> Result<Vec<&'r str>, Answer> {
    let ids = string_list(request, "transactionIds")?;
    match ids.len() > IDS_LIMIT {
        true => Err((422, json!({"detail": format!("Too many transaction ids. Max {IDS_LIMIT}")}))),
        false => Ok(ids),
    }
}

fn utxo(address: &str, outpoint: TransactionOutpoint, entry: &UtxoEntry) -> Value {
    json!({
        "address": address,
        "outpoint": {"transactionId": outpoint.transaction_id.to_string(), "index": outpoint.index},
        "utxoEntry": {
            "amount": entry.amount.to_string(),
            "scriptPublicKey": {"scriptPublicKey": hex::encode(entry.script_public_key.script())},
            "blockDaaScore": entry.block_daa_score.to_string(),
            "isCoinbase": entry.is_coinbase,
        },
    })
}

fn rendered_input(id: TransactionId, index: u32, input: &kaspa_consensus_core::tx::TransactionInput) -> Value {
    json!({
        "transaction_id": id.to_string(), "index": index,
        "previous_outpoint_hash": input.previous_outpoint.transaction_id.to_string(),
        "previous_outpoint_index": input.previous_outpoint.index.to_string(),
        "previous_outpoint_address": null, "previous_outpoint_amount": null,
        "signature_script": hex::encode(&input.signature_script),
        "sig_op_count": input.compute_commit.sig_op_count().unwrap_or_default().to_string(),
    })
}

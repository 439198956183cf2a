//! The answers of the chain's providers.

use super::*;

/// One provider's view of the chain when it is asked.
struct Asked<'a> {
    params: &'a Value,
    provider: usize,
    /// Whether the answer is a lie, and which of the possible ones.
    lies: bool,
    lie: u64,
    /// The tip and the newest finalized block, as the provider knows them.
    tip: u64,
    finalized: u64,
}

impl Asked<'_> {
    /// A value as of the provider's tip.
    fn value(&self, value: Value) -> Value {
        json!({ "context": { "slot": slot(self.tip) }, "value": value })
    }
}

fn slot(height: u64) -> u64 {
    height + 1_000
}

impl Net {
    /// An answer, true or not, as of the provider's own tip.
    pub(super) fn answer(&self, url: &str, body: &Value) -> Answer {
        let (method, params) = (body["method"].as_str().expect("a method"), &body["params"]);
        let is_mixed = self.providers == Providers::Mixed;
        let lies = is_mixed && url == URLS[0] && self.choices.borrow_mut().one_in(2);
        self.drift(40);
        let provider = URLS.iter().position(|known| *known == url).expect("a provider");
        // Behind its address there are several nodes.
        let lags = is_mixed && provider == 1 && self.choices.borrow_mut().one_in(2);
        let tip = self.chain.borrow().tip - self.lags[provider].get() - if lags { LAG } else { 0 };
        let lie = self.choices.borrow_mut().below(4);
        let asked = Asked { params, provider, lies, lie, tip, finalized: tip - FINALITY };
        let result = match method {
            "getEpochInfo" => match self.epoch_info(&asked) {
                Ok(info) => info,
                Err(error) => return Ok((200, json!({ "jsonrpc": "2.0", "id": 1, "error": error }).to_string())),
            },
            "getSignatureStatuses" => self.signature_statuses(&asked),
            "getMultipleAccounts" | "getAccountInfo" => self.accounts(&asked),
            "getLatestBlockhash" => self.latest_blockhash(&asked),
            "simulateTransaction" => asked.value(json!({ "err": null, "unitsConsumed": 450 })),
            "getMinimumBalanceForRentExemption" => json!(650_240),
            "sendTransaction" => return self.take(params, lies),
            other => panic!("no flow asks for {other}"),
        };
        // Any answer may be lost.
        let is_gone = !is_mixed && provider == 0 && !self.signed.borrow().is_empty();
        if self.choices.borrow_mut().one_in(if is_gone { 2 } else { 25 }) {
            return lost();
        }
        Ok((200, json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string()))
    }

    fn epoch_info(&self, asked: &Asked<'_>) -> Result<Value, Value> {
        let truth = if asked.params[0]["commitment"] == "confirmed" { asked.tip - 1 } else { asked.finalized };
        // The third provider refuses a slot that it has not reached; the others ignore that they should.
        let demanded = asked.params[0]["minContextSlot"].as_u64().unwrap_or(0);
        if asked.provider == 2 && slot(truth) < demanded {
            return Err(json!({ "code": -32016, "message": "Minimum context slot has not been reached" }));
        }
        let height = if asked.lies { [0, truth / 2, truth + 900, 1 << 40][asked.lie as usize] } else { truth };
        let claimed = [slot(0), slot(truth), slot(height), 1 << 40][self.choices.borrow_mut().below(4) as usize];
        Ok(json!({ "absoluteSlot": if asked.lies { claimed } else { slot(truth) }, "blockHeight": height }))
    }

    fn signature_statuses(&self, asked: &Asked<'_>) -> Value {
        let txid = asked.params[0][0].as_str().expect("a signature");
        let chain = self.chain.borrow();
        let landed = chain.landed.iter().find(|landed| landed.txid == txid && landed.height <= asked.tip);
        let finalized_at = |at: u64, err: Value| json!({ "slot": slot(at), "confirmations": null, "err": err, "status": {}, "confirmationStatus": "finalized" });
        let truth = landed.map_or(Value::Null, |landed| match landed.height <= asked.finalized {
            true => finalized_at(landed.height, Value::Null),
            false => json!({ "slot": slot(landed.height), "err": null, "confirmationStatus": "processed" }),
        });
        if !asked.lies {
            return asked.value(json!([truth]));
        }
        let error = json!({ "InstructionError": [0, { "Custom": 1 }] });
        let lies = [Value::Null, finalized_at(9, Value::Null), finalized_at(9, error), Value::Null];
        json!({ "context": { "slot": 1u64 << 40 }, "value": [lies[asked.lie as usize]] })
    }

    fn accounts(&self, asked: &Asked<'_>) -> Value {
        let nonce = self.chain.borrow().nonce_at(asked.finalized);
        let nonce = if asked.lies { hash("lie", asked.lie) } else { nonce };
        let hides = asked.lies && asked.lie == 0;
        let one = |address: &Value| {
            if let Some(account) = address.as_str().and_then(|address| self.tokens.get(address)) {
                return if hides { Value::Null } else { account.clone() };
            }
            if address.as_str() == Some(&self.nonce_account.to_string()) {
                let authority = self.world.wallet().solana_key;
                let data = [&[1, 0, 0, 0, 1, 0, 0, 0], &authority[..], &nonce, &5_000u64.to_le_bytes()].concat();
                return shown(1_056_640, &data);
            }
            shown(if hides { 0 } else { 10_000_000_000 }, &[])
        };
        // A node names the state of its answer.
        let finalized = |value: Value| json!({ "context": { "slot": slot(asked.finalized) }, "value": value });
        match asked.params[0].as_array() {
            Some(addresses) => finalized(addresses.iter().map(one).collect()),
            None => finalized(one(&asked.params[0])),
        }
    }

    fn latest_blockhash(&self, asked: &Asked<'_>) -> Value {
        let height = asked.tip - 1;
        let found = if asked.lies { hash("lie", asked.lie) } else { hash("block", height) };
        if !asked.lies {
            self.chain.borrow_mut().hashes.insert(found, height);
        }
        asked.value(json!({ "blockhash": sol::Blockhash::from_bytes(found), "lastValidBlockHeight": 1 }))
    }

    fn take(&self, params: &Value, lies: bool) -> Answer {
        let wire = STANDARD.decode(params[0].as_str().expect("base64")).expect("base64");
        let tx = sol::SignedTx::decode(&wire).expect("a transaction");
        let txid = tx.txid().to_string();
        assert!(
            !pays(&tx) || tx.plan().operation == self.operation,
            "what is sent is what was asked for: {:?}",
            tx.plan().operation
        );
        if !lies {
            self.chain.borrow_mut().pool.push(tx);
        }
        if self.choices.borrow_mut().one_in(3) {
            return lost();
        }
        Ok((200, json!({ "jsonrpc": "2.0", "id": 1, "result": txid }).to_string()))
    }
}

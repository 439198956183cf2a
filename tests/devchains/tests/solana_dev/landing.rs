//! Transactions: how they land, expire, fail and what they cost.

use serde_json::json;
use solana_address::Address;
use solana_instruction::Instruction;
use solana_message::{VersionedMessage, v0};

use devchains::solana::SolanaDev;

use crate::client::*;

fn recipient() -> Address {
    Key::new("recipient").address()
}

#[test]
fn should_land_then_confirm_then_finalize() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let to = recipient().to_string();
    let (start, slot) = (chain.block_height(), chain.slot());
    let tx = sign(&[&payer], &[transfer(&payer, recipient(), SOL)], newest_hash(&chain));
    let signature = send(&chain, &tx);

    assert_eq!(status(&chain, &signature), json!(null));
    assert_eq!((chain.balance(&to), chain.block_height()), (0, start));

    chain.advance(1);
    assert_eq!(
        status(&chain, &signature),
        json!({ "slot": slot + 1, "confirmations": 0, "err": null, "status": { "Ok": null }, "confirmationStatus": "processed" })
    );
    let seen = |commitment| balance_at(&chain, &to, commitment);
    assert_eq!((seen("processed"), seen("confirmed"), seen("finalized")), (SOL, 0, 0));

    chain.advance(1);
    assert_eq!(status(&chain, &signature)["confirmationStatus"], "confirmed");
    assert_eq!(status(&chain, &signature)["confirmations"], 1);
    assert_eq!((seen("processed"), seen("confirmed"), seen("finalized")), (SOL, SOL, 0));
    assert_eq!(result(&chain, "getTransaction", json!([signature, { "encoding": "base64" }])), json!(null));

    chain.advance(30);
    assert_eq!((status(&chain, &signature)["confirmations"].clone(), seen("finalized")), (json!(31), 0));
    chain.advance(1);
    assert_eq!(
        status(&chain, &signature),
        json!({ "slot": slot + 1, "confirmations": null, "err": null, "status": { "Ok": null }, "confirmationStatus": "finalized" })
    );
    assert_eq!(seen("finalized"), SOL);
    assert_eq!(chain.balance(&payer.text()), 9 * SOL - 5_000);
    assert_eq!(chain.landed(), [signature.as_str()]);

    let found = result(&chain, "getTransaction", json!([signature, { "encoding": "base64", "maxSupportedTransactionVersion": 1 }]));
    assert_eq!((&found["slot"], &found["version"]), (&json!(slot + 1), &json!("legacy")));
    assert_eq!(unbase64(&found["transaction"][0]), wire(&tx));
    assert_eq!(found["meta"]["fee"], 5_000);
    assert_eq!(found["meta"]["preBalances"], json!([10 * SOL, 0, 1]));
    assert_eq!(found["meta"]["postBalances"], json!([9 * SOL - 5_000, SOL, 1]));
}

#[test]
fn should_accept_a_blockhash_150_blocks_old_and_no_older() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let hash = newest_hash(&chain);
    let latest = value(&chain, "getLatestBlockhash", json!([{ "commitment": "processed" }]));
    assert_eq!(latest["lastValidBlockHeight"], chain.block_height() + 150);
    let valid = || value(&chain, "isBlockhashValid", json!([hash.to_string(), { "commitment": "processed" }]));
    let pay = |lamports| sign(&[&payer], &[transfer(&payer, recipient(), lamports)], hash);

    // A preflight leaves six blocks for the way to the leader.
    chain.advance(145);
    assert_eq!(preflight_error(&chain, &pay(1_000_001))["data"]["err"], "BlockhashNotFound");
    chain.advance(5);
    assert_eq!(valid(), true);
    let last = send(&chain, &pay(1_000_002));
    chain.advance(1);
    assert_eq!(status(&chain, &last)["err"], json!(null));
    assert_eq!(chain.landed(), [last.as_str()]);

    assert_eq!(valid(), false);
    let late = send(&chain, &pay(1_000_003));
    chain.advance(40);
    assert_eq!(status(&chain, &late), json!(null));
    assert_eq!(chain.landed(), [last]);
    let refused = preflight_error(&chain, &pay(1_000_003));
    assert_eq!(refused["code"], -32002);
    assert_eq!(refused["message"], "Transaction simulation failed: Blockhash not found");
    assert_eq!((&refused["data"]["err"], &refused["data"]["logs"]), (&json!("BlockhashNotFound"), &json!([])));
}

#[test]
fn should_preflight_at_144_blocks() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let tx = sign(&[&payer], &[transfer(&payer, recipient(), SOL)], newest_hash(&chain));
    chain.advance(144);
    assert_eq!(preflight_error(&chain, &tx), json!(null));
    chain.advance(1);
    assert_eq!(chain.balance(&recipient().to_string()), SOL);
}

#[test]
fn should_not_know_a_fresh_blockhash_in_a_finalized_preflight() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let tx = base64(&wire(&sign(&[&payer], &[transfer(&payer, recipient(), SOL)], newest_hash(&chain))));
    // The default commitment of a preflight is finalized.
    let sent = error(&chain, "sendTransaction", json!([tx, { "encoding": "base64" }]));
    assert_eq!(sent, (-32002, "Transaction simulation failed: Blockhash not found".to_owned()));
    chain.advance(32);
    result(&chain, "sendTransaction", json!([tx, { "encoding": "base64" }]));
    chain.advance(1);
    assert_eq!(chain.balance(&recipient().to_string()), SOL);
}

#[test]
fn should_land_a_message_once() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let tx = sign(&[&payer], &[transfer(&payer, recipient(), SOL)], newest_hash(&chain));
    let signature = send(&chain, &tx);
    assert_eq!(send(&chain, &tx), signature);
    chain.advance(1);
    assert_eq!(send(&chain, &tx), signature);
    chain.advance(5);
    let again = preflight_error(&chain, &tx);
    assert_eq!(again["code"], -32002);
    assert_eq!(again["message"], "Transaction simulation failed: This transaction has already been processed");
    assert_eq!(again["data"]["err"], "AlreadyProcessed");
    assert_eq!(chain.landed(), [signature]);
    assert_eq!(chain.received(), vec![wire(&tx); 4]);
    assert_eq!(chain.balance(&payer.text()), 9 * SOL - 5_000);
}

#[test]
fn should_verify_signatures() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let mut tx = sign(&[&payer], &[transfer(&payer, recipient(), SOL)], newest_hash(&chain));
    tx.signatures[0] = sign(&[&payer], &[transfer(&payer, recipient(), SOL + 1)], newest_hash(&chain)).signatures[0];
    let refused = preflight_error(&chain, &tx);
    assert_eq!(refused, json!({ "code": -32003, "message": "Transaction signature verification failure" }));
    // Without preflight the node takes it, and no leader does.
    let signature = send(&chain, &tx);
    chain.advance(2);
    assert_eq!((status(&chain, &signature), chain.landed()), (json!(null), vec![]));
}

#[test]
fn should_refuse_1233_bytes() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let hash = newest_hash(&chain);
    let with_memo = |length| sign(&[&payer], &[transfer(&payer, recipient(), SOL), memo(length)], hash);
    let length = 1_232 - wire(&with_memo(200)).len() + 200;
    assert_eq!(wire(&with_memo(length)).len(), 1_232);

    let send_raw = |bytes: &[u8]| error(&chain, "sendTransaction", json!([base64(bytes), { "encoding": "base64" }]));
    let name = "solana_transaction::versioned::VersionedTransaction";
    assert_eq!(
        send_raw(&wire(&with_memo(length + 1))),
        (-32602, format!("decoded {name} too large: 1233 bytes (max: 1232 bytes)"))
    );
    assert_eq!(
        send_raw(&wire(&with_memo(length + 2))),
        (-32602, format!("base64 encoded {name} too large: 1648 bytes (max: encoded/raw 1644/1232)"))
    );
    let full = send(&chain, &with_memo(length));
    chain.advance(1);
    assert_eq!(chain.landed(), [full.as_str()]);
    assert_eq!(status(&chain, &full)["err"], json!(null));
}

#[test]
fn should_enforce_rent_at_5080_lamports_per_byte() {
    let chain = SolanaDev::start();
    let minimum = |bytes: u64| result(&chain, "getMinimumBalanceForRentExemption", json!([bytes]));
    assert_eq!([minimum(0), minimum(80), minimum(165)], [json!(650_240), json!(1_056_640), json!(1_488_440)]);

    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let pay = |lamports| sign(&[&payer], &[transfer(&payer, recipient(), lamports)], newest_hash(&chain));
    let rent = |index: u8| json!({ "InsufficientFundsForRent": { "account_index": index } });
    let refused = preflight_error(&chain, &pay(650_239));
    assert_eq!(refused["data"]["err"], rent(1));
    assert_eq!(
        refused["message"],
        "Transaction simulation failed: Transaction results in an account (1) with insufficient funds for rent"
    );
    let failed = send(&chain, &pay(650_239));
    chain.advance(1);
    assert_eq!(status(&chain, &failed)["err"], rent(1));
    assert_eq!(status(&chain, &failed)["status"], json!({ "Err": rent(1) }));
    assert_eq!(chain.balance(&payer.text()), 10 * SOL - 5_000, "a failed transaction pays its fee");

    send(&chain, &pay(650_240));
    chain.advance(1);
    assert_eq!(chain.balance(&recipient().to_string()), 650_240);

    // The payer keeps the minimum or nothing at all.
    let left = chain.balance(&payer.text());
    let dust = send(&chain, &pay(left - 5_000 - 1));
    chain.advance(1);
    assert_eq!(status(&chain, &dust)["err"], rent(0));
    send(&chain, &pay(left - 10_000));
    chain.advance(1);
    assert_eq!(chain.balance(&payer.text()), 0);
}

#[test]
fn should_charge_for_instructions_that_fail() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", SOL);
    let signature = send(&chain, &sign(&[&payer], &[transfer(&payer, recipient(), SOL)], newest_hash(&chain)));
    chain.advance(1);
    assert_eq!(status(&chain, &signature)["err"], json!({ "InstructionError": [0, { "Custom": 1 }] }));
    assert_eq!((chain.balance(&payer.text()), chain.landed().len()), (SOL - 5_000, 1));
}

#[test]
fn should_retry_a_payer_without_funds_only_if_asked_to() {
    let chain = SolanaDev::start();
    let poor = Key::new("poor");
    let pay = |lamports| sign(&[&poor], &[transfer(&poor, recipient(), lamports)], newest_hash(&chain));
    let (once, always) = (pay(700_000), pay(700_001));
    send(&chain, &once);
    result(&chain, "sendTransaction", json!([base64(&wire(&always)), { "encoding": "base64", "skipPreflight": true }]));
    chain.advance(1);
    assert_eq!((chain.landed(), chain.balance(&poor.text())), (vec![], 0));
    chain.airdrop(&poor.text(), SOL);
    chain.advance(1);
    assert_eq!(chain.landed(), [always.signatures[0].to_string()]);
}

#[test]
fn should_price_messages() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", SOL);
    let budget = |data: Vec<u8>| Instruction {
        program_id: "ComputeBudget111111111111111111111111111111".parse().expect("an address"),
        accounts: Vec::new(),
        data,
    };
    let hash = newest_hash(&chain);
    let limit = budget([vec![2], 500_u32.to_le_bytes().to_vec()].concat());
    let price = budget([vec![3], 1_000_u64.to_le_bytes().to_vec()].concat());
    let plain = sign(&[&payer], &[transfer(&payer, recipient(), 650_240)], hash);
    let priced = sign(&[&payer], &[limit, price, transfer(&payer, recipient(), 650_240)], hash);
    let fee = |message: &VersionedMessage| {
        value(&chain, "getFeeForMessage", json!([base64(&message.serialize()), { "commitment": "processed" }]))
    };
    assert_eq!((fee(&plain.message), fee(&priced.message)), (json!(5_000), json!(5_001)));
    send(&chain, &priced);
    chain.advance(1);
    assert_eq!(chain.balance(&payer.text()), SOL - 650_240 - 5_001);
    chain.advance(150);
    assert_eq!(fee(&plain.message), json!(null));
}

#[test]
fn should_ask_for_the_version_of_version_0() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let instructions = [transfer(&payer, recipient(), SOL)];
    let message = v0::Message::try_compile(&payer.address(), &instructions, &[], newest_hash(&chain)).expect("compiles");
    let signature = send(&chain, &sign_message(&[&payer], VersionedMessage::V0(message)));
    chain.advance(33);
    assert_eq!(balance_at(&chain, &recipient().to_string(), "finalized"), SOL);
    let (code, _) = error(&chain, "getTransaction", json!([signature, { "encoding": "base64" }]));
    assert_eq!(code, -32015);
    let found = result(&chain, "getTransaction", json!([signature, { "encoding": "base64", "maxSupportedTransactionVersion": 0 }]));
    assert_eq!(found["version"], 0);
}

#[test]
fn should_forget_a_signature_after_300_slots_unless_history_is_searched() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let signature = send(&chain, &sign(&[&payer], &[transfer(&payer, recipient(), SOL)], newest_hash(&chain)));
    chain.advance(1);
    let landed = chain.slot();
    let cached = || value(&chain, "getSignatureStatuses", json!([[signature]]))[0].clone();
    while chain.slot() < landed + 300 {
        assert_eq!(cached()["slot"], landed);
        chain.advance(1);
    }
    chain.advance(1);
    assert_eq!(cached(), json!(null));
    assert_eq!(status(&chain, &signature)["confirmationStatus"], "finalized");
}

#[test]
fn should_simulate_without_signatures_or_effect() {
    let chain = SolanaDev::start();
    let payer = Key::funded(&chain, "payer", 10 * SOL);
    let to = recipient().to_string();
    let mut tx = sign(&[&payer], &[transfer(&payer, recipient(), SOL)], Default::default());
    tx.signatures[0] = Default::default();
    let config = json!({
        "encoding": "base64", "commitment": "processed", "replaceRecentBlockhash": true,
        "accounts": { "encoding": "base64", "addresses": [to] },
    });
    let simulated = value(&chain, "simulateTransaction", json!([base64(&wire(&tx)), config]));
    assert_eq!((&simulated["err"], &simulated["fee"], &simulated["unitsConsumed"]), (&json!(null), &json!(5_000), &json!(150)));
    assert_eq!(simulated["accounts"][0]["lamports"], SOL);
    assert_eq!(simulated["replacementBlockhash"]["blockhash"], newest_hash(&chain).to_string());
    assert_eq!(simulated["replacementBlockhash"]["lastValidBlockHeight"], chain.block_height() + 150);
    assert_eq!((chain.balance(&to), chain.balance(&payer.text())), (0, 10 * SOL));

    let simulate = |config| call(&chain, "simulateTransaction", json!([base64(&wire(&tx)), config]));
    let checked = simulate(json!({ "encoding": "base64", "sigVerify": true }));
    assert_eq!(checked["error"]["code"], -32003);
    let both = simulate(json!({ "encoding": "base64", "sigVerify": true, "replaceRecentBlockhash": true }));
    assert_eq!(both["error"]["message"], "sigVerify may not be used with replaceRecentBlockhash");
    assert_eq!(simulate(json!({ "encoding": "base64" }))["result"]["value"]["err"], "BlockhashNotFound");
}

#[test]
fn should_land_airdrops_like_transfers() {
    let chain = SolanaDev::start();
    let to = recipient().to_string();
    let signature = result(&chain, "requestAirdrop", json!([to, 2 * SOL]));
    assert_eq!(chain.balance(&to), 0);
    chain.advance(33);
    assert_eq!(balance_at(&chain, &to, "finalized"), 2 * SOL);
    assert_eq!(json!(chain.landed()), json!([signature]));
}

//! The cost of Kaspa transfers of unusual size, from the request to the end.

use crate::recipients;
use crate::test_env::{Actor, KAS, TestEnv};
use localnet::MessageKind;
use purser_types::*;
use serde::Serialize;

/// The cost of one transfer.
#[derive(Serialize)]
pub struct Case {
    /// The name of the case.
    pub name: String,
    /// Wasm instructions of the canister's own messages, from the request to the end.
    pub instructions: u64,
    /// Instructions of the costliest message.
    pub costliest_message: u64,
    /// Coins spent.
    pub inputs: u32,
    /// Threshold signatures.
    pub signatures: usize,
    /// HTTPS outcalls.
    pub outcalls: usize,
    /// Bytes of their answers, after the transform.
    pub answer_bytes: usize,
    /// Cycles paid for messages and calls.
    pub cycles: u128,
}

/// Measures a transfer of 84 inputs, one with two recipients, and one from a wallet of 1,000 coins.
pub fn cases() -> Vec<Case> {
    vec![
        measure("84 inputs", &[20_000_000; 84], &[1_665_000_000]),
        measure("2 recipients", &[100 * KAS], &[5 * KAS, 6 * KAS]),
        measure("1,000 coins", &[KAS; 1_000], &[10 * KAS]),
    ]
}

fn env() -> TestEnv {
    TestEnv::local_with(|args| args.kaspa.max_fee = Some(KAS))
}

fn measure(name: &str, coins: &[u64], payments: &[u64]) -> Case {
    let mut env = env();
    let wallet = env.as_actor(Actor::Admin).create_wallet("measured").expect("an admin");
    env.set_policy(wallet.id, &recipients::rules());
    env.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()).expect("an admin");
    for sompi in coins {
        env.kaspa.faucet(wallet.kaspa_schnorr_address(), *sompi);
    }
    env.network.local().take_traces();
    let args = BatchArgs {
        wallet_id: wallet.id,
        asset: Asset::Kas,
        payments: payments.iter().map(|amount| Payment::new(recipients::kaspa(1), *amount)).collect(),
        max_fee: Some(20_000_000),
        idempotency_key: name.into(),
        reason: None,
        session_id: None,
        created_at: None,
        params: None,
    };
    let outcome = env.as_actor(Actor::Agent).batch_transfer(&args).expect("it is answered");
    let [id] = outcome.transfer_ids[..] else { panic!("one transaction: {outcome:?}") };
    let ended = env.wait_for_end(id);
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    let traces = env.network.local().take_traces();
    let own = || traces.iter().filter(|trace| !matches!(trace.kind, MessageKind::Query | MessageKind::Transform));
    let calls = || traces.iter().flat_map(|trace| &trace.mgmt_calls);
    let outcalls = || calls().filter(|call| call.method == "http_request");
    Case {
        name: name.into(),
        instructions: own().map(|trace| trace.instructions).sum(),
        costliest_message: own().map(|trace| trace.instructions).max().unwrap_or_default(),
        inputs: ended.kaspa().and_then(|kaspa| kaspa.inputs).unwrap_or_default(),
        signatures: calls().filter(|call| call.method.starts_with("sign_with_")).count(),
        outcalls: outcalls().count(),
        answer_bytes: outcalls().map(|call| call.response_bytes).sum(),
        cycles: own().map(|trace| trace.cycles).sum::<u128>() + calls().map(|call| call.cycles).sum::<u128>(),
    }
}

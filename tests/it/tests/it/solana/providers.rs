//! Several Solana providers, simulation, priority fees, and API keys.

use crate::support::{payment, rules, usage_of};
use devchains::solana::{FalseAnswer, Fault, SolanaDev};
use purser_it::network::Network;
use purser_it::recipients;
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_types::*;

/// An environment with three nodes of one chain.
pub struct ThreeProviders {
    pub env: TestEnv,
    pub others: [SolanaDev; 2],
}

pub fn three_providers(change: impl FnOnce(&mut SolanaInit)) -> ThreeProviders {
    let mut env = TestEnv::empty(Network::Local(Box::new(localnet::LocalNet::new())));
    let others = [env.solana.provider(), env.solana.provider()];
    let mut args = env.init_args();
    args.solana.providers.extend(others.iter().map(SolanaDev::url));
    change(&mut args.solana);
    env.install(&args).expect("it installs");
    env.await_keys();
    ThreeProviders { env, others }
}

pub fn two_of_three() -> ThreeProviders {
    three_providers(|solana| solana.quorum = Some(2))
}

/// The Solana providers as the canister lists them.
fn listed(env: &mut TestEnv) -> Vec<Provider> {
    let mut providers = env.as_actor(Actor::Stranger).list_providers();
    providers.retain(|provider| provider.chain == Chain::Solana);
    providers
}

#[test]
fn two_of_three_providers_outvote_one_that_lies() {
    let ThreeProviders { mut env, others: [faulty, _honest] } = two_of_three();
    let wallet = env.wallet(&rules());
    let lies = [
        ("getMultipleAccounts", FalseAnswer::Balance(0)),
        ("getMultipleAccounts", FalseAnswer::NotFound),
        ("getSignatureStatuses", FalseAnswer::NotFound),
    ];
    for (n, (method, lie)) in lies.into_iter().enumerate() {
        faulty.faults().next_at(method, 10_000, Fault::FalseAnswer(lie));
        let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 100, &n.to_string()));
        let ended = env.wait_for_end(id);
        faulty.faults().clear();
        assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{method}: {ended:?}");
    }
    assert_eq!(env.solana.landed().len(), 3);
    let providers = listed(&mut env);
    let genesis = format!("genesis {}", env.solana.genesis_hash());
    assert!(providers.iter().all(|provider| provider.details.as_ref() == Some(&genesis)), "{providers:?}");
    assert!(providers.iter().all(|provider| provider.answers > 0), "{providers:?}");
}

#[test]
fn a_provider_of_another_chain_is_never_believed() {
    let ThreeProviders { mut env, others: [stranger, _honest] } = two_of_three();
    let wallet = env.wallet(&rules());
    stranger.faults().next_at("getGenesisHash", 10_000, Fault::FalseAnswer(FalseAnswer::GenesisHash));
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 100, "anyway"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    let asked: Vec<String> = stranger.calls();
    assert!(!asked.is_empty() && asked.iter().all(|method| method == "getGenesisHash"), "nothing else was asked: {asked:?}");
    let providers = listed(&mut env);
    assert_eq!((providers[1].details.as_ref(), providers[1].resting_until.is_some()), (None, true), "{providers:?}");
    let problem = providers[1].last_problem.as_deref().expect("a problem");
    assert!(problem.contains("genesis hash"), "{problem}");
}

#[test]
fn as_many_as_must_agree_must_be_named() {
    let mut env = TestEnv::empty(Network::Local(Box::new(localnet::LocalNet::new())));
    let mut args = env.init_args();
    args.solana.quorum = Some(2);
    let refused = env.install(&args).expect_err("one provider").message;
    assert!(refused.contains("solana.quorum"), "{refused}");
}

#[test]
fn what_is_only_tried_out_signs_and_sends_nothing_and_counts_nothing() {
    let mut env = three_providers(|solana| (solana.quorum, solana.execution) = (Some(1), Some(Execution::Simulate))).env;
    let wallet = env.wallet(&rules());
    env.network.local().take_traces();
    let args = payment(wallet.id, Asset::Sol, SOL / 2, "tried out");
    let id = env.request_transfer(&args);
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt, ended.reserved), ("Cancelled", 1, 0), "{ended:?}");
    assert_eq!(ended.note.as_deref(), Some("simulated: everything but the signature"));
    assert_eq!(ended.code.as_deref(), Some("SIMULATION_ONLY"));
    assert!(ended.simulated && ended.txid.is_none());
    let traces = env.network.local().take_traces();
    let calls: Vec<&str> = traces.iter().flat_map(|trace| &trace.mgmt_calls).map(|call| call.method.as_str()).collect();
    assert!(!calls.is_empty() && calls.iter().all(|method| *method == "http_request"), "no signature: {calls:?}");
    assert!(env.solana.calls().iter().any(|method| method == "simulateTransaction"));
    assert!(env.solana.received().is_empty());
    let usage = usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Sol);
    assert_eq!((usage.posted, usage.reserved), (0, 0));
    // The same request under the same key is a new one: nothing was promised.
    assert_ne!(env.request_transfer(&args), id);
}

#[test]
fn a_priority_fee_follows_the_market_up_to_the_caps() {
    // The chain's market asks for 3,000 millionths in three of four slots; 3,000 units are the least of a transfer of SOL.
    for (cap, max_fee, fee) in [(100_000, None, 5_000 + 9), (1_000, None, 5_000 + 3), (100_000, Some(5_002), 5_000 + 2)] {
        let mut env = three_providers(|solana| (solana.quorum, solana.max_unit_price) = (Some(1), Some(cap))).env;
        let wallet = env.wallet(&rules());
        let id = env.request_transfer(&TransferArgs { max_fee, ..payment(wallet.id, Asset::Sol, SOL / 2, "urgent") });
        let ended = env.wait_for_end(id);
        assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Confirmed", Some(fee)), "{ended:?}");
        assert_eq!(env.solana.balance(wallet.solana_address()), 10 * SOL - SOL / 2 - fee, "the chain took what was said");
    }
}

#[test]
fn a_failing_simulation_costs_nothing() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let failure = serde_json::json!({ "err": { "InstructionError": [0, { "Custom": 1 }] }, "unitsConsumed": 150, "logs": [] });
    env.solana.faults().next_at("simulateTransaction", 2, Fault::FalseAnswer(FalseAnswer::Value(failure)));
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 2, "doomed"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Failed", Some(0)), "{ended:?}");
    assert_eq!(ended.note.as_deref(), Some(r#"the simulation failed: {"InstructionError":[0,{"Custom":1}]}"#));
    assert_eq!(env.solana.balance(&recipients::solana(1)), 0);
    assert!(env.solana.received().is_empty());
}

const KEY: &str = "f00-secret_key.77";

/// An environment whose one provider requires a key.
fn with_key() -> (TestEnv, String) {
    let mut env = TestEnv::empty(Network::Local(Box::new(localnet::LocalNet::new())));
    let mut args = env.init_args();
    let url = format!("{}/rpc?api-key={{key}}", env.solana.url());
    args.solana.providers = vec![url.clone()];
    env.install(&args).expect("a placeholder behind the host");
    env.await_keys();
    env.solana.require_key(KEY);
    (env, url)
}

/// All data that is public, and all lines that the canister printed.
fn everything_public(env: &mut TestEnv, id: u64) -> String {
    let range = BlockRange { start: 0u8.into(), length: 1_000u16.into() };
    let log = env.as_actor(Actor::Stranger).icrc3_get_blocks(&[range]);
    let transfer = env.as_actor(Actor::Stranger).get_transfer(id);
    let providers = env.as_actor(Actor::Stranger).list_providers();
    let printed: Vec<String> = env.network.local().take_traces().into_iter().flat_map(|trace| trace.prints).collect();
    format!("{log:?} {transfer:?} {providers:?} {printed:?}")
}

#[test]
fn an_api_key_goes_to_its_provider_and_nowhere_else() {
    let (mut env, url) = with_key();
    let wallet = env.wallet(&rules());
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "first"));
    (0..3).for_each(|_| env.step());
    assert!(env.solana.calls().is_empty(), "without a key nobody is asked");
    assert_eq!(env.as_actor(Actor::Agent).set_provider_key(&url, Some(KEY)).expect_err("an agent").code, "AUTH_FAILED");
    // A key that the provider refuses: it repeats the whole address, as some do.
    env.as_actor(Actor::Admin).set_provider_key(&url, Some("wrong-key-12345")).expect("an admin");
    (0..3).for_each(|_| env.step());
    let refused = env.as_actor(Actor::Agent).refresh_balances(wallet.id).expect_err("no access");
    assert!(!format!("{refused:?}").contains("wrong-key"), "{refused:?}");
    assert!(!everything_public(&mut env, id).contains("wrong-key"));
    env.as_actor(Actor::Admin).set_provider_key(&url, Some(KEY)).expect("an admin");
    let ended = env.wait_for_end(id);
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    let providers = listed(&mut env);
    assert_eq!((providers[0].url.as_str(), providers[0].has_key), (url.as_str(), true));
    let public = everything_public(&mut env, id);
    assert!(public.contains("provider_key_set") && !public.contains(KEY), "the change is in the log, the key is not");
    // An upgrade keeps it.
    env.upgrade(None).expect("it upgrades");
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "second"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
}

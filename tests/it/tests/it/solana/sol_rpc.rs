//! The SOL RPC canister as a provider: its requests, its votes, and its faults.
//!
//! A substitute with the same interface runs in front of the same chain. `SOL_RPC_CANISTER_WASM` names the real canister's module,
//! which the tests without faults then use.

use crate::solana::tokens::{token, wallet_with};
use crate::support::{payment, rules};
use candid::{CandidType, Decode, Encode, Principal};
use devchains::solana::{FalseAnswer, Fault, Program, SolanaDev};
use purser_it::network::Network;
use purser_it::recipients;
use purser_it::test_env::{Actor, CYCLES, SOL, TestEnv};
use purser_it::wasm;
use purser_types::*;
use serde_json::json;

/// The number of requests of one outcall: one per replica.
const REPLICAS: u64 = 13;

/// A fault of the substitute; see the probe.
#[derive(Clone, Copy, Debug, CandidType)]
enum Misbehaviour {
    Inconsistent,
    Overpriced,
    Malformed,
    NotFound,
    None,
}

/// An environment with two nodes and the SOL RPC canister, of which two must agree.
struct SolRpcTest {
    env: TestEnv,
    second: SolanaDev,
    /// The node behind the SOL RPC canister.
    sol_rpc_node: SolanaDev,
    canister: Principal,
}

#[derive(CandidType)]
#[expect(non_snake_case, reason = "the names are the interface's")]
struct InstallArgs {
    overrideProvider: Option<OverrideProvider>,
}

#[derive(CandidType)]
#[expect(non_snake_case, reason = "the names are the interface's")]
struct OverrideProvider {
    overrideUrl: Option<Substitution>,
}

#[derive(CandidType)]
#[expect(clippy::enum_variant_names, reason = "the names are the interface's")]
enum ItsProvider {
    AlchemyDevnet,
    AnkrDevnet,
    ChainstackDevnet,
    DrpcDevnet,
    HeliusDevnet,
}

#[derive(CandidType)]
struct Substitution {
    pattern: String,
    replacement: String,
}

fn real_canister() -> Option<Vec<u8>> {
    let path = std::env::var_os("SOL_RPC_CANISTER_WASM")?;
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn deploy(env: &mut TestEnv, node: &SolanaDev, real: Option<Vec<u8>>) -> Principal {
    let (url, admin) = (node.url(), Actor::Admin.principal());
    let ic = env.network.ic();
    let canister = ic.create_canister(&[admin], CYCLES);
    match real {
        Some(wasm) => {
            let substitution = Substitution { pattern: "^.*$".into(), replacement: url };
            let args = InstallArgs { overrideProvider: Some(OverrideProvider { overrideUrl: Some(substitution) }) };
            ic.install(canister, admin, &wasm, Encode!(&args).expect("arguments")).expect("the real canister installs");
            // The real canister needs a key for every provider, though every address is overridden.
            use ItsProvider::{AlchemyDevnet, AnkrDevnet, ChainstackDevnet, DrpcDevnet, HeliusDevnet};
            let keys: Vec<(ItsProvider, Option<String>)> = [AlchemyDevnet, AnkrDevnet, ChainstackDevnet, DrpcDevnet, HeliusDevnet]
                .into_iter()
                .map(|provider| (provider, Some("key".into())))
                .collect();
            ic.update(canister, admin, "updateApiKeys", Encode!(&keys).expect("arguments")).expect("keys");
        }
        None => {
            ic.install(canister, admin, &wasm::probe(), Encode!(&None::<u64>).expect("arguments")).expect("the probe installs");
            ic.update(canister, admin, "sol_rpc_set_node", Encode!(&url).expect("arguments")).expect("an address");
        }
    }
    canister
}

impl SolRpcTest {
    fn new() -> Self {
        Self::of(None)
    }

    fn of(real: Option<Vec<u8>>) -> Self {
        let mut env = TestEnv::empty(Network::Local(Box::new(localnet::LocalNet::new())));
        let [second, sol_rpc_node] = [env.solana.provider(), env.solana.provider()];
        let canister = deploy(&mut env, &sol_rpc_node, real);
        let mut args = env.init_args();
        args.solana.providers.extend([second.url(), format!("canister:{canister}")]);
        args.solana.quorum = Some(2);
        env.install(&args).expect("it installs");
        env.await_keys();
        Self { env, second, sol_rpc_node, canister }
    }

    fn set_misbehaviour(&mut self, misbehaviour: Misbehaviour) {
        let arg = Encode!(&misbehaviour).expect("arguments");
        self.env
            .network
            .ic()
            .update(self.canister, Actor::Admin.principal(), "sol_rpc_set_misbehaviour", arg)
            .expect("a misbehaviour");
    }

    fn called_methods(&mut self) -> Vec<String> {
        let arg = Encode!().expect("arguments");
        let reply =
            self.env.network.ic().query(self.canister, Actor::Admin.principal(), "sol_rpc_called_methods", arg).expect("a list");
        Decode!(&reply, Vec<String>).expect("a list")
    }

    /// Makes the second node answer with errors only.
    fn disable_second(&self) {
        self.second.faults().next(1_000_000, Fault::Http500);
    }
}

#[test]
fn with_one_of_two_nodes_gone_the_canister_completes_the_quorum() {
    let mut test = SolRpcTest::of(real_canister());
    let wallet = test.env.wallet(&rules());
    test.disable_second();
    let id = test.env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "paid"));
    let ended = test.env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{ended:?}");
    assert_eq!(test.env.solana.landed().len(), 1);
    let asked = test.sol_rpc_node.calls();
    for method in ["getGenesisHash", "getAccountInfo", "getSignatureStatuses"] {
        assert!(asked.iter().any(|found| found == method), "{method} in {asked:?}");
    }
    let never = ["getEpochInfo", "getBlockHeight", "getLatestBlockhash", "simulateTransaction", "getRecentPrioritizationFees"];
    assert!(never.iter().all(|method| !asked.iter().any(|found| found == method)), "{asked:?}");
    let name = format!("canister:{}", test.canister);
    let providers = test.env.as_actor(Actor::Stranger).list_providers();
    let provider = providers.iter().find(|provider| provider.url == name).expect("it is listed");
    assert!(provider.answers > 0 && provider.details.is_some(), "{provider:?}");
}

#[test]
fn a_failure_on_chain_is_agreed_on_with_the_canister() {
    let mut test = SolRpcTest::of(real_canister());
    let wallet = test.env.wallet(&rules());
    // Each of them words it in its own way.
    let failed = |err: serde_json::Value| {
        let status =
            json!({ "slot": 48, "confirmations": null, "err": err, "status": { "Err": err }, "confirmationStatus": "finalized" });
        Fault::FalseAnswer(FalseAnswer::Value(json!([status])))
    };
    test.env.solana.faults().next_at("sendTransaction", 10_000, Fault::DropSend);
    test.env.solana.faults().next_at("getSignatureStatuses", 10_000, failed(json!({ "InstructionError": [0, { "Custom": 1 }] })));
    test.sol_rpc_node.faults().next_at("getSignatureStatuses", 10_000, failed(json!("InsufficientFundsForFee")));
    let id = test.env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "fails"));
    test.env.wait_until(id, |transfer| transfer.solana().is_some_and(|details| details.deadline_height.is_some()));
    test.disable_second();
    (0..40).for_each(|_| test.env.step());
    let waiting = test.env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!(waiting.status, Status::Submitted, "one node does not prove that it can land no more: {waiting:?}");
    test.second.faults().clear();
    test.second.faults().next_at("getSignatureStatuses", 10_000, failed(json!({ "InstructionError": [0, { "Custom": 1 }] })));
    let ended = test.env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Failed", Some(5_000)), "{ended:?}");
    assert!(ended.note.as_deref().is_some_and(|note| note.starts_with("the transaction failed on chain")), "{ended:?}");
}

#[test]
fn the_canister_alone_with_one_node_buries_nothing() {
    let mut test = SolRpcTest::of(real_canister());
    let wallet = test.env.wallet(&rules());
    for node in [&test.env.solana, &test.second, &test.sol_rpc_node] {
        node.faults().next_at("sendTransaction", 10_000, Fault::DropSend);
    }
    let id = test.env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "dropped"));
    test.env.wait_until(id, |transfer| transfer.solana().is_some_and(|details| details.deadline_height.is_some()));
    test.disable_second();
    // Several lifetimes of a blockhash.
    (0..80).for_each(|_| test.env.step());
    let waiting = test.env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((waiting.status.name.as_str(), waiting.attempt), ("Submitted", 1), "{waiting:?}");
    for node in [&test.env.solana, &test.second, &test.sol_rpc_node] {
        node.faults().clear();
    }
    let ended = test.env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 2), "with both nodes it is proven dead: {ended:?}");
    assert_eq!(test.env.solana.landed().len(), 1);
}

#[test]
fn tokens_are_checked_and_paid_with_the_canister() {
    let mut test = SolRpcTest::of(real_canister());
    for (number, program) in [(1, Program::Classic), (2, Program::Token2022)] {
        let mint = test.env.solana.mint(number, program, 6, &[]);
        let wallet = wallet_with(&mut test.env, &[&mint]);
        test.disable_second();
        for key in ["new account", "the same again"] {
            let key = format!("{key} {program:?}");
            let id = test.env.request_transfer(&payment(wallet.id, token(&mint), 70_000, &key));
            let ended = test.env.wait_for_end(id);
            assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{program:?}: {ended:?}");
        }
        assert_eq!(test.env.solana.tokens(&mint, &recipients::solana(1)), Some(140_000));
    }
}

#[test]
fn broadcasts_go_through_the_canister() {
    let mut test = SolRpcTest::of(real_canister());
    let wallet = test.env.wallet(&rules());
    test.disable_second();
    // The first node takes no broadcasts; the canister does.
    test.env.solana.faults().next_at("sendTransaction", 10_000, Fault::Http500);
    let id = test.env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "carried"));
    let ended = test.env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{ended:?}");
    assert!(test.sol_rpc_node.calls().iter().any(|method| method == "sendTransaction"));
}

#[test]
fn a_trap_after_each_answer_loses_nothing() {
    let mut test = SolRpcTest::new();
    let wallet = test.env.wallet(&rules());
    test.disable_second();
    let purser = test.env.canister;
    let mut hits = 0;
    for nth in 1..=16u64 {
        test.env.network.local().take_traces();
        test.env.network.local().faults().trap_answer(purser, nth);
        let id = test.env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 100, &nth.to_string()));
        let ended = test.env.wait_for_end(id);
        test.env.network.local().faults().clear();
        assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "a trap after answer {nth}: {ended:?}");
        assert_eq!(test.env.solana.landed().len() as u64, nth, "paid once each");
        let traces = test.env.network.local().take_traces();
        hits += traces.iter().filter(|trace| trace.trapped.as_ref().is_some_and(|why| why.contains("injected trap"))).count();
    }
    // The nodes' and the canister's accounts, a simulation, a blockhash, a signature, a broadcast and the statuses.
    assert!(hits >= 8, "{hits} traps were hit");
}

#[test]
fn a_canister_that_misbehaves_is_outvoted() {
    for misbehaviour in [Misbehaviour::Inconsistent, Misbehaviour::Overpriced, Misbehaviour::Malformed, Misbehaviour::NotFound] {
        let mut test = SolRpcTest::new();
        let wallet = test.env.wallet(&rules());
        test.set_misbehaviour(misbehaviour);
        // The nodes disagree about one thing, so that the canister is asked.
        test.second.faults().next_at("getMultipleAccounts", REPLICAS, Fault::FalseAnswer(FalseAnswer::Balance(0)));
        let id = test.env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "anyway"));
        let ended = test.env.wait_for_end(id);
        assert_eq!((ended.status.name.as_str(), ended.attempt), ("Confirmed", 1), "{misbehaviour:?}: {ended:?}");
        assert!(!test.called_methods().is_empty(), "{misbehaviour:?}");
        let again = test.env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "again"));
        test.set_misbehaviour(Misbehaviour::None);
        assert_eq!(test.env.wait_for_end(again).status, Status::Confirmed, "{misbehaviour:?}");
        assert_eq!(test.env.solana.landed().len(), 2, "{misbehaviour:?}");
    }
}

#[test]
fn a_canister_of_another_chain_is_never_believed() {
    let mut test = SolRpcTest::new();
    let wallet = test.env.wallet(&rules());
    test.sol_rpc_node.faults().next_at("getGenesisHash", 10_000, Fault::FalseAnswer(FalseAnswer::GenesisHash));
    test.disable_second();
    let id = test.env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "waits"));
    (0..20).for_each(|_| test.env.step());
    let waiting = test.env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!(waiting.status, Status::Reserved, "{waiting:?}");
    assert!(test.sol_rpc_node.calls().iter().all(|method| method == "getGenesisHash"), "{:?}", test.sol_rpc_node.calls());
    test.second.faults().clear();
    assert_eq!(test.env.wait_for_end(id).status, Status::Confirmed);
}

#[test]
fn what_names_no_usable_canister_is_refused() {
    let mut env = TestEnv::empty(Network::Local(Box::new(localnet::LocalNet::new())));
    let node = env.solana.url();
    let real = "canister:tghme-zyaaa-aaaar-qarca-cai".to_owned();
    let cases = [
        (SolanaNetwork::Local, vec![node.clone(), "canister:".into()], None, "names no canister"),
        (SolanaNetwork::Local, vec![node.clone(), "canister:2vxsx-fae".into()], None, "names no canister"),
        (SolanaNetwork::Local, vec![node.clone(), "canister:aaaaa-aa".into()], None, "names no canister"),
        (SolanaNetwork::Local, vec![real.clone()], None, "cannot prove that a transaction is dead"),
        (SolanaNetwork::Local, vec![node.clone(), real.clone()], Some(2), "solana.quorum"),
        (SolanaNetwork::Local, vec![node.clone(), real.clone(), real.clone()], None, "named twice"),
        (SolanaNetwork::Testnet, vec!["https://a.test".into(), real.clone()], None, "no providers for the testnet"),
    ];
    for (network, providers, quorum, expected) in cases {
        let mut args = env.init_args();
        args.solana = SolanaInit { network, providers: providers.clone(), quorum, ..args.solana };
        let refused = env.install(&args).expect_err("it is refused").message;
        assert!(refused.contains(expected), "{providers:?}: {refused}");
    }
    let mut args = env.init_args();
    args.solana.providers.push(real);
    env.install(&args).expect("a node and the canister");
}

#[test]
fn an_inflated_epoch_of_one_node_proves_no_death_beside_the_canister() {
    let mut test = SolRpcTest::new();
    let wallet = test.env.wallet(&rules());
    for node in [&test.env.solana, &test.second, &test.sol_rpc_node] {
        node.faults().next_at("sendTransaction", 10_000, Fault::DropSend);
    }
    let lie = json!({ "absoluteSlot": 1u64 << 40, "blockHeight": 1u64 << 40, "epoch": 1, "slotIndex": 1, "slotsInEpoch": 1 });
    test.second.faults().next_at("getEpochInfo", 10_000, Fault::FalseAnswer(FalseAnswer::Value(lie)));
    test.second.faults().next_at("getSignatureStatuses", 10_000, Fault::FalseAnswer(FalseAnswer::NotFound));
    test.set_misbehaviour(Misbehaviour::NotFound);
    let id = test.env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "held"));
    test.env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    (0..10).for_each(|_| test.env.step());
    let held = test.env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((held.status.name.as_str(), held.attempt), ("Submitted", 1), "{held:?}");
}

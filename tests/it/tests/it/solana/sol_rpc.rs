//! The SOL RPC canister among the providers: what it is asked, what its word is worth, and what happens when it misbehaves.
//!
//! It stands in a canister of our own, with the same interface in front of the same chain. `SOL_RPC_CANISTER_WASM` names the real one's
//! module, which the tests that need no misbehaviour then run with.

use crate::solana::tokens::{token, wallet_with};
use crate::support::{payment, rules};
use candid::{CandidType, Decode, Encode, Principal};
use devchains::solana::{Fault, Lie, Program, SolanaDev};
use purser_it::network::Network;
use purser_it::recipients;
use purser_it::wasm;
use purser_it::world::{Actor, CYCLES, SOL, World};
use purser_types::*;
use serde_json::json;

/// How many requests one outcall makes.
const REPLICAS: u64 = 13;

/// How the stand-in misbehaves; see the probe.
#[derive(Clone, Copy, Debug, CandidType)]
enum Mood {
    Divided,
    Greedy,
    Garbled,
    Blind,
    Honest,
}

/// Two nodes, of which both must agree, and the canister.
struct WithCanister {
    world: World,
    second: SolanaDev,
    /// What the canister's providers are.
    its_node: SolanaDev,
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
enum Provider {
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

fn deploy(world: &mut World, node: &SolanaDev, real: Option<Vec<u8>>) -> Principal {
    let (url, admin) = (node.url(), Actor::Admin.principal());
    let ic = world.network.ic();
    let canister = ic.create_canister(&[admin], CYCLES);
    match real {
        Some(wasm) => {
            let substitution = Substitution { pattern: "^.*$".into(), replacement: url };
            let args = InstallArgs { overrideProvider: Some(OverrideProvider { overrideUrl: Some(substitution) }) };
            ic.install(canister, admin, &wasm, Encode!(&args).expect("arguments")).expect("the real canister installs");
            // It asks nobody without a key, though every address is overridden.
            use Provider::{AlchemyDevnet, AnkrDevnet, ChainstackDevnet, DrpcDevnet, HeliusDevnet};
            let keys: Vec<(Provider, Option<String>)> = [AlchemyDevnet, AnkrDevnet, ChainstackDevnet, DrpcDevnet, HeliusDevnet]
                .into_iter()
                .map(|provider| (provider, Some("key".into())))
                .collect();
            ic.update(canister, admin, "updateApiKeys", Encode!(&keys).expect("arguments")).expect("keys");
        }
        None => {
            ic.install(canister, admin, &wasm::probe(), Encode!(&None::<u64>).expect("arguments")).expect("the probe installs");
            ic.update(canister, admin, "sol_rpc_node", Encode!(&url).expect("arguments")).expect("an address");
        }
    }
    canister
}

impl WithCanister {
    fn new() -> Self {
        Self::of(None)
    }

    fn of(real: Option<Vec<u8>>) -> Self {
        let mut world = World::empty(Network::Local(Box::new(localnet::LocalNet::new())));
        let [second, its_node] = [world.solana.second_address(), world.solana.second_address()];
        let canister = deploy(&mut world, &its_node, real);
        let mut args = world.init_args();
        args.solana.providers.extend([second.url(), format!("canister:{canister}")]);
        args.solana.options = Some(SolanaOptions { quorum: Some(2), ..SolanaOptions::default() });
        world.install(&args).expect("it installs");
        world.await_keys();
        Self { world, second, its_node, canister }
    }

    fn mood(&mut self, mood: Mood) {
        let arg = Encode!(&mood).expect("arguments");
        self.world.network.ic().update(self.canister, Actor::Admin.principal(), "sol_rpc_mood", arg).expect("a mood");
    }

    fn asked(&mut self) -> Vec<String> {
        let arg = Encode!().expect("arguments");
        let reply = self.world.network.ic().query(self.canister, Actor::Admin.principal(), "sol_rpc_asked", arg).expect("a list");
        Decode!(&reply, Vec<String>).expect("a list")
    }

    /// The second node answers nothing any more.
    fn silence_second(&self) {
        self.second.faults().next(1_000_000, Fault::Http500);
    }
}

#[test]
fn with_one_of_two_nodes_gone_the_canister_completes_the_quorum() {
    let mut all = WithCanister::of(real_canister());
    let wallet = all.world.wallet(&rules());
    all.silence_second();
    let id = all.world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "paid"));
    let ended = all.world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{ended:?}");
    assert_eq!(all.world.solana.landed().len(), 1);
    let asked = all.its_node.calls();
    for method in ["getGenesisHash", "getAccountInfo", "getSignatureStatuses"] {
        assert!(asked.iter().any(|found| found == method), "{method} in {asked:?}");
    }
    let never = ["getEpochInfo", "getBlockHeight", "getLatestBlockhash", "simulateTransaction", "getRecentPrioritizationFees"];
    assert!(never.iter().all(|method| !asked.iter().any(|found| found == method)), "{asked:?}");
    let name = format!("canister:{}", all.canister);
    let providers = all.world.as_actor(Actor::Stranger).list_solana_providers();
    let provider = providers.iter().find(|provider| provider.url == name).expect("it is listed");
    assert!(provider.answers > 0 && provider.genesis.is_some(), "{provider:?}");
}

#[test]
fn a_failure_on_chain_is_agreed_on_with_the_canister() {
    let mut all = WithCanister::of(real_canister());
    let wallet = all.world.wallet(&rules());
    // Each of them words it in its own way.
    let failed = |err: serde_json::Value| {
        let status =
            json!({ "slot": 48, "confirmations": null, "err": err, "status": { "Err": err }, "confirmationStatus": "finalized" });
        Fault::Lie(Lie::Value(json!([status])))
    };
    all.world.solana.faults().on("sendTransaction", 10_000, Fault::DropSend);
    all.world.solana.faults().on("getSignatureStatuses", 10_000, failed(json!({ "InstructionError": [0, { "Custom": 1 }] })));
    all.its_node.faults().on("getSignatureStatuses", 10_000, failed(json!("InsufficientFundsForFee")));
    let id = all.world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "fails"));
    all.world.follow(id, |transfer| transfer.deadline_height.is_some());
    all.silence_second();
    (0..40).for_each(|_| all.world.step());
    let waiting = all.world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!(waiting.status, Status::Submitted, "one node does not prove that it can land no more: {waiting:?}");
    all.second.faults().clear();
    all.second.faults().on("getSignatureStatuses", 10_000, failed(json!({ "InstructionError": [0, { "Custom": 1 }] })));
    let ended = all.world.settle(id);
    assert_eq!((ended.status, ended.fee_paid), (Status::Failed, Some(5_000)), "{ended:?}");
    assert!(ended.note.as_deref().is_some_and(|note| note.starts_with("the transaction failed on chain")), "{ended:?}");
}

#[test]
fn the_canister_alone_with_one_node_buries_nothing() {
    let mut all = WithCanister::of(real_canister());
    let wallet = all.world.wallet(&rules());
    for node in [&all.world.solana, &all.second, &all.its_node] {
        node.faults().on("sendTransaction", 10_000, Fault::DropSend);
    }
    let id = all.world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "dropped"));
    all.world.follow(id, |transfer| transfer.deadline_height.is_some());
    all.silence_second();
    // Several lifetimes of a blockhash.
    (0..80).for_each(|_| all.world.step());
    let waiting = all.world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((waiting.status, waiting.attempt), (Status::Submitted, 1), "{waiting:?}");
    for node in [&all.world.solana, &all.second, &all.its_node] {
        node.faults().clear();
    }
    let ended = all.world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 2), "with both nodes it is proven dead: {ended:?}");
    assert_eq!(all.world.solana.landed().len(), 1);
}

#[test]
fn tokens_are_checked_and_paid_with_the_canister() {
    let mut all = WithCanister::of(real_canister());
    for (number, program) in [(1, Program::Classic), (2, Program::Token2022)] {
        let mint = all.world.solana.mint(number, program, 6, &[]);
        let wallet = wallet_with(&mut all.world, &[&mint]);
        all.silence_second();
        for key in ["new account", "the same again"] {
            let key = format!("{key} {program:?}");
            let id = all.world.accepted(&payment(wallet.id, token(&mint), 70_000, &key));
            let ended = all.world.settle(id);
            assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{program:?}: {ended:?}");
        }
        assert_eq!(all.world.solana.tokens(&mint, &recipients::solana(1)), Some(140_000));
    }
}

#[test]
fn broadcasts_go_through_the_canister() {
    let mut all = WithCanister::of(real_canister());
    let wallet = all.world.wallet(&rules());
    all.silence_second();
    // The first node takes no broadcasts; the canister does.
    all.world.solana.faults().on("sendTransaction", 10_000, Fault::Http500);
    let id = all.world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "carried"));
    let ended = all.world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{ended:?}");
    assert!(all.its_node.calls().iter().any(|method| method == "sendTransaction"));
}

#[test]
fn a_trap_after_each_answer_loses_nothing() {
    let mut all = WithCanister::new();
    let wallet = all.world.wallet(&rules());
    all.silence_second();
    let purser = all.world.canister;
    let mut hits = 0;
    for nth in 1..=16u64 {
        all.world.network.local().take_traces();
        all.world.network.local().faults().trap_answer(purser, nth);
        let id = all.world.accepted(&payment(wallet.id, Asset::Sol, SOL / 100, &nth.to_string()));
        let ended = all.world.settle(id);
        all.world.network.local().faults().clear();
        assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "a trap after answer {nth}: {ended:?}");
        assert_eq!(all.world.solana.landed().len() as u64, nth, "paid once each");
        let traces = all.world.network.local().take_traces();
        hits += traces.iter().filter(|trace| trace.trapped.as_ref().is_some_and(|why| why.contains("injected trap"))).count();
    }
    // The nodes' and the canister's accounts, a simulation, a blockhash, a signature, a broadcast and the statuses.
    assert!(hits >= 8, "{hits} traps were hit");
}

#[test]
fn a_canister_that_misbehaves_is_outvoted() {
    for mood in [Mood::Divided, Mood::Greedy, Mood::Garbled, Mood::Blind] {
        let mut all = WithCanister::new();
        let wallet = all.world.wallet(&rules());
        all.mood(mood);
        // The nodes disagree about one thing, so that the canister is asked.
        all.second.faults().on("getMultipleAccounts", REPLICAS, Fault::Lie(Lie::Balance(0)));
        let id = all.world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "anyway"));
        let ended = all.world.settle(id);
        assert_eq!((ended.status, ended.attempt), (Status::Confirmed, 1), "{mood:?}: {ended:?}");
        assert!(!all.asked().is_empty(), "{mood:?}");
        let again = all.world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "again"));
        all.mood(Mood::Honest);
        assert_eq!(all.world.settle(again).status, Status::Confirmed, "{mood:?}");
        assert_eq!(all.world.solana.landed().len(), 2, "{mood:?}");
    }
}

#[test]
fn a_canister_of_another_chain_is_never_believed() {
    let mut all = WithCanister::new();
    let wallet = all.world.wallet(&rules());
    all.its_node.faults().on("getGenesisHash", 10_000, Fault::Lie(Lie::GenesisHash));
    all.silence_second();
    let id = all.world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "waits"));
    (0..20).for_each(|_| all.world.step());
    let waiting = all.world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!(waiting.status, Status::Reserved, "{waiting:?}");
    assert!(all.its_node.calls().iter().all(|method| method == "getGenesisHash"), "{:?}", all.its_node.calls());
    all.second.faults().clear();
    assert_eq!(all.world.settle(id).status, Status::Confirmed);
}

#[test]
fn what_names_no_usable_canister_is_refused() {
    let mut world = World::empty(Network::Local(Box::new(localnet::LocalNet::new())));
    let node = world.solana.url();
    let real = "canister:tghme-zyaaa-aaaar-qarca-cai".to_owned();
    let two = || Some(SolanaOptions { quorum: Some(2), ..SolanaOptions::default() });
    let cases = [
        (SolanaNetwork::Local, vec![node.clone(), "canister:".into()], None, "names no canister"),
        (SolanaNetwork::Local, vec![node.clone(), "canister:2vxsx-fae".into()], None, "names no canister"),
        (SolanaNetwork::Local, vec![node.clone(), "canister:aaaaa-aa".into()], None, "names no canister"),
        (SolanaNetwork::Local, vec![real.clone()], None, "cannot prove that a transaction is dead"),
        (SolanaNetwork::Local, vec![node.clone(), real.clone()], two(), "solana.quorum"),
        (SolanaNetwork::Local, vec![node.clone(), real.clone(), real.clone()], None, "named twice"),
        (SolanaNetwork::Testnet, vec!["https://a.test".into(), real.clone()], None, "no providers for the testnet"),
    ];
    for (network, providers, options, expected) in cases {
        let mut args = world.init_args();
        args.solana = SolanaInit { network, providers: providers.clone(), options, ..args.solana };
        let refused = world.install(&args).expect_err("it is refused").message;
        assert!(refused.contains(expected), "{providers:?}: {refused}");
    }
    let mut args = world.init_args();
    args.solana.providers.push(real);
    world.install(&args).expect("a node and the canister");
}

#[test]
fn an_inflated_epoch_of_one_node_proves_no_death_beside_the_canister() {
    let mut all = WithCanister::new();
    let wallet = all.world.wallet(&rules());
    for node in [&all.world.solana, &all.second, &all.its_node] {
        node.faults().on("sendTransaction", 10_000, Fault::DropSend);
    }
    let lie = json!({ "absoluteSlot": 1u64 << 40, "blockHeight": 1u64 << 40, "epoch": 1, "slotIndex": 1, "slotsInEpoch": 1 });
    all.second.faults().on("getEpochInfo", 10_000, Fault::Lie(Lie::Value(lie)));
    all.second.faults().on("getSignatureStatuses", 10_000, Fault::Lie(Lie::NotFound));
    all.mood(Mood::Blind);
    let id = all.world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "held"));
    all.world.follow(id, |transfer| transfer.status == Status::Submitted);
    (0..10).for_each(|_| all.world.step());
    let held = all.world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((held.status, held.attempt), (Status::Submitted, 1), "{held:?}");
}

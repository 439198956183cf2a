//! Tests of Kaspa's own features: providers, fee speeds, batches, consolidations, replacements, many inputs.

mod batches;
mod consolidation;
mod fees;
mod large_transfers;
mod providers;
mod refusals;
mod replacement;

use crate::support::{payment, rules};
use devchains::kaspa::Provider;
use localnet::LocalNet;
use purser_it::network::Network;
use purser_it::recipients;
use purser_it::test_env::{Actor, KAS, TestEnv};
use purser_types::{Asset, Chain, KaspaDetails, Rule, Transfer, TransferArgs, Wallet, Window};

/// The number of requests of one outcall: one per replica.
const REPLICAS: u32 = 13;

/// An environment whose canister has three servers of the Kaspa chain; the other two are returned.
fn with_three_providers() -> (TestEnv, [Provider; 2]) {
    let mut env = TestEnv::empty(Network::Local(Box::new(LocalNet::new())));
    let more = [env.kaspa.provider(), env.kaspa.provider()];
    let mut args = env.init_args();
    args.kaspa.providers.extend(more.iter().map(Provider::url));
    env.install(&args).expect("it installs");
    env.await_keys();
    (env, more)
}

/// An environment that allows fees for many inputs.
fn with_high_fees() -> TestEnv {
    TestEnv::local_with(|args| args.kaspa.max_fee = Some(KAS))
}

/// Creates a wallet with an agent, a policy and these coins at its Schnorr address.
fn wallet_of(env: &mut TestEnv, coins: &[u64]) -> Wallet {
    let wallet = env.as_actor(Actor::Admin).create_wallet("coins").expect("an admin creates a wallet");
    env.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()).expect("an admin adds an agent");
    env.set_policy(wallet.id, &rules());
    for sompi in coins {
        env.kaspa.faucet(wallet.kaspa_schnorr_address(), *sompi);
    }
    wallet
}

fn details(transfer: &Transfer) -> KaspaDetails {
    transfer.kaspa().cloned().expect("a KAS transfer has them")
}

/// The number of answered calls of a management canister method since the last call.
fn answered_calls(env: &mut TestEnv, method: &str) -> usize {
    let traces = env.network.local().take_traces();
    let calls = traces.iter().flat_map(|trace| &trace.mgmt_calls);
    calls.filter(|call| call.method == method && call.response_bytes > 0).count()
}

fn kas(wallet: &Wallet, sompi: u64, key: &str) -> TransferArgs {
    payment(wallet.id, Asset::Kas, sompi, key)
}

/// Rules with these limits per transaction and per day, which allow recipients 1 to 40.
fn open_rules(a_time: u64, a_day: u64) -> Vec<Rule> {
    vec![
        Rule::PerTransaction { asset: Asset::Kas, max: a_time },
        Rule::SpendingLimit { asset: Asset::Kas, window: Window::Rolling24h, max: a_day },
        recipients::allowlist(Chain::Kaspa, (1..=40).map(recipients::kaspa)),
    ]
}

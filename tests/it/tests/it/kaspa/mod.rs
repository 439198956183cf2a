//! What only Kaspa has: several providers, fee speeds, batches, consolidations, replacements, many inputs.

mod many;
mod money;
mod providers;
mod refusals;
mod replacing;
mod tidying;

use crate::support::{payment, rules};
use devchains::kaspa::Provider;
use localnet::LocalNet;
use purser_it::network::Network;
use purser_it::world::{Actor, KAS, World};
use purser_types::*;

/// How many requests a fault meets: all replicas of one outcall.
const REPLICAS: u32 = 13;

/// A world whose canister asks three servers of the Kaspa chain; the two that the world does not own are returned.
fn with_three_providers() -> (World, [Provider; 2]) {
    let mut world = World::empty(Network::Local(Box::new(LocalNet::new())));
    let more = [world.kaspa.provider(), world.kaspa.provider()];
    let mut args = world.init_args();
    args.kaspa.providers.extend(more.iter().map(Provider::url));
    world.install(&args).expect("it installs");
    world.await_keys();
    (world, more)
}

/// A world that allows fees for many inputs.
fn with_high_fees() -> World {
    World::local_with(|args| args.kaspa.max_fee = Some(KAS))
}

/// A wallet with an agent, a policy and these coins at its Schnorr address.
fn wallet_of(world: &mut World, coins: &[u64]) -> Wallet {
    let wallet = world.as_actor(Actor::Admin).create_wallet("coins").expect("an admin creates a wallet");
    world.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()).expect("an admin adds an agent");
    world.set_policy(wallet.id, &rules());
    for sompi in coins {
        world.kaspa.faucet(&wallet.kaspa_schnorr_address, *sompi);
    }
    wallet
}

fn details(transfer: &Transfer) -> KaspaDetails {
    transfer.kaspa.clone().expect("a KAS transfer has them")
}

/// How many calls of a method of the management canister were answered since the last time.
fn answered(world: &mut World, method: &str) -> usize {
    let traces = world.network.local().take_traces();
    let calls = traces.iter().flat_map(|trace| &trace.mgmt_calls);
    calls.filter(|call| call.method == method && call.response_bytes > 0).count()
}

fn kas(wallet: &Wallet, sompi: u64, key: &str) -> TransferArgs {
    payment(wallet.id, Asset::Kas, sompi, key)
}

//! The throughput of queued payments on Solana, on recent blockhashes and on pools of nonce accounts.

use crate::network::Network;
use crate::recipients;
use crate::test_env::{Actor, SOL, TestEnv};
use localnet::LocalNet;
use purser_types::{Asset, Rule, SettingsInit, Status, TransferArgs, Wallet, Window};
use serde::Serialize;
use std::time::Duration;

/// The compared pool sizes; 0 is a wallet without nonce accounts, whose transactions use recent blockhashes.
pub const POOLS: [u16; 4] = [0, 1, 4, 16];
/// One round of the subnet, and the Solana blocks in it.
const ROUND: Duration = Duration::from_secs(1);
const BLOCKS_PER_ROUND: u64 = 5;
/// The most rounds that a queue may take.
const MAX_ROUNDS: u64 = 20_000;

/// The cost of a queue.
#[derive(Clone, Debug, Serialize)]
pub struct Throughput {
    /// The number of transfers requested at once.
    pub transfers: u64,
    /// The number of the wallet's nonce accounts.
    pub pool: u16,
    /// Rounds from the first request until the last transfer was confirmed.
    pub rounds: u64,
    /// Threshold signatures.
    pub signatures: u64,
    /// HTTPS outcalls.
    pub outcalls: u64,
    /// Transactions that were built; more than transfers when some expired.
    pub attempts: u64,
    /// Cycles of everything, divided by the transfers.
    pub cycles_per_transfer: u128,
}

/// Requests `transfers` payments at once and waits until all are confirmed.
///
/// # Panics
/// When one of them is not confirmed.
pub fn measure_queue(transfers: u64, pool: u16) -> Throughput {
    let mut env = env();
    let wallet = env.wallet(&rules());
    env.solana.airdrop(wallet.solana_address(), 1_000 * SOL);
    if pool > 0 {
        let created = env.as_actor(Actor::Admin).set_solana_nonce_pool(wallet.id, pool).expect("an admin");
        created.into_iter().for_each(|id| assert_eq!(env.wait_for_end(id).status, Status::Confirmed, "a nonce account"));
    } else {
        // The provider is asked for its genesis once; that is no cost of a queue.
        env.as_actor(Actor::Agent).refresh_balances(wallet.id).expect("they answer");
    }
    env.network.local().take_traces();
    let ids: Vec<u64> = (0..transfers).map(|n| env.request_transfer(&payment(&wallet, n))).collect();
    let rounds = rounds(&mut env, &ids);
    let attempts = ids.iter().map(|id| u64::from(attempts(&mut env, *id))).sum();
    let traces = env.network.local().take_traces();
    let calls = |wanted: &dyn Fn(&str) -> bool| {
        traces.iter().flat_map(|trace| &trace.mgmt_calls).filter(|call| wanted(&call.method)).count() as u64
    };
    let cycles: u128 = traces.iter().map(super::measure::cycles).sum();
    Throughput {
        transfers,
        pool,
        rounds,
        signatures: calls(&|method| method.starts_with("sign_with_")),
        outcalls: calls(&|method| method == "http_request"),
        attempts,
        cycles_per_transfer: cycles / u128::from(transfers.max(1)),
    }
}

/// An environment that accepts a hundred requests within a minute.
fn env() -> TestEnv {
    let mut env = TestEnv::empty(Network::Local(Box::new(LocalNet::new())));
    let mut args = env.init_args();
    args.settings = Some(SettingsInit { attempts_per_minute: Some(1_000), ..SettingsInit::default() });
    env.install(&args).expect("it installs");
    env.await_keys();
    env
}

fn rules() -> Vec<Rule> {
    let mut rules = recipients::rules();
    for rule in &mut rules {
        if let Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling24h, max } = rule {
            *max = 100 * SOL;
        }
    }
    rules
}

fn payment(wallet: &Wallet, n: u64) -> TransferArgs {
    TransferArgs {
        wallet_id: wallet.id,
        asset: Asset::Sol,
        to: recipients::solana(1),
        amount: SOL / 100,
        max_fee: None,
        idempotency_key: format!("queued {n}"),
        reason: None,
        session_id: None,
        created_at: None,
        params: None,
    }
}

fn rounds(env: &mut TestEnv, ids: &[u64]) -> u64 {
    let mut waiting = ids.to_vec();
    for round in 0..MAX_ROUNDS {
        while let Some(id) = waiting.last() {
            let transfer = env.as_actor(Actor::Stranger).get_transfer(*id).expect("it exists");
            match transfer.status.value {
                Some(Status::Confirmed) => _ = waiting.pop(),
                Some(Status::Failed | Status::Cancelled | Status::Quarantined) => panic!("the queue does not drain: {transfer:?}"),
                _ => break,
            }
        }
        if waiting.is_empty() {
            return round;
        }
        env.solana.advance(BLOCKS_PER_ROUND);
        let ic = env.network.ic();
        ic.advance_time(ROUND);
        ic.tick();
    }
    panic!("{} of {} transfers are not confirmed after {MAX_ROUNDS} rounds", waiting.len(), ids.len());
}

fn attempts(env: &mut TestEnv, id: u64) -> u32 {
    env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists").attempt
}

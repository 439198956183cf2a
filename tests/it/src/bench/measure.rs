//! The cost of a transfer on each chain, step by step.

use super::history;
use crate::network::Network;
use crate::recipients;
use crate::test_env::{Actor, KAS, SOL, TestEnv};
use localnet::{LocalNet, MessageTrace};
use purser_types::{Asset, BlockRange, Status, TransferArgs, TransferFilter};
use serde::Serialize;
use std::time::Duration;

/// The costs of the steps with one length of history.
#[derive(Serialize)]
pub struct Measurement {
    /// Wallets and finished transfers before.
    pub size: u64,
    /// The steps, the same for every history.
    pub steps: Vec<Step>,
}

/// The cost of one step.
#[derive(Serialize)]
pub struct Step {
    /// The name of the step.
    pub name: String,
    /// Wasm instructions of all its messages.
    pub instructions: u64,
    /// Instructions up to the last certification: arguments, decision, reservation and log entry. The reply comes after it.
    pub until_certified: u64,
    /// Cycles paid.
    pub cycles: u128,
    /// Calls of the management canister.
    pub management_calls: usize,
    /// HTTPS outcalls among them.
    pub outcalls: usize,
    /// Threshold signatures among them.
    pub signatures: usize,
    /// Whether the cost must not depend on the history.
    pub is_independent_of_history: bool,
}

struct Bench {
    env: TestEnv,
    steps: Vec<Step>,
}

impl Bench {
    /// Runs `work` and records the resources that the canister's messages used.
    fn step<T>(&mut self, name: &str, is_independent_of_history: bool, work: impl FnOnce(&mut TestEnv) -> T) -> T {
        self.env.network.local().take_traces();
        let result = work(&mut self.env);
        let traces = self.env.network.local().take_traces();
        let count = |wanted: &dyn Fn(&str) -> bool| {
            let calls = traces.iter().flat_map(|trace| &trace.mgmt_calls);
            calls.filter(|call| wanted(&call.method)).count()
        };
        self.steps.push(Step {
            name: name.into(),
            instructions: traces.iter().map(|trace| trace.instructions).sum(),
            until_certified: traces.iter().filter_map(|trace| trace.certified_at).sum(),
            cycles: traces.iter().map(cycles).sum(),
            management_calls: count(&|_| true),
            outcalls: count(&|method| method == "http_request"),
            signatures: count(&|method| method.starts_with("sign_with_")),
            is_independent_of_history,
        });
        result
    }
}

/// The cycles of a message, those of its calls included.
pub(super) fn cycles(trace: &MessageTrace) -> u128 {
    trace.cycles + trace.mgmt_calls.iter().map(|call| call.cycles).sum::<u128>()
}

/// Measures every step in a canister with `size` wallets and finished transfers.
///
/// # Panics
/// When a step fails.
pub fn with_history(size: u64) -> Measurement {
    let mut env = TestEnv::on(Network::Local(Box::new(LocalNet::new())));
    history::add_wallets(&mut env, size);
    let mut bench = Bench { env, steps: Vec::new() };
    bench.step("upgrade", true, |env| env.upgrade(None).expect("it upgrades"));
    bench.env.step();
    let wallet = bench.step("create a wallet", true, |env| env.as_actor(Actor::Admin).create_wallet("measured").expect("an admin"));
    bench.step("set a policy", true, |env| env.set_policy(wallet.id, &recipients::rules()));
    bench.step("add an agent", true, |env| {
        env.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()).expect("an admin");
    });
    bench.env.solana.airdrop(wallet.solana_address(), 10 * SOL);
    bench.env.kaspa.faucet(wallet.kaspa_schnorr_address(), 100 * KAS);
    bench.step("refresh balances", true, |env| env.as_actor(Actor::Agent).refresh_balances(wallet.id).expect("they answer"));
    for (asset, to, amount) in [(Asset::Sol, recipients::solana(1), SOL / 2), (Asset::Kas, recipients::kaspa(1), 7 * KAS)] {
        let args = TransferArgs {
            wallet_id: wallet.id,
            asset,
            to,
            amount,
            max_fee: None,
            idempotency_key: format!("{asset:?}"),
            reason: None,
            session_id: None,
            created_at: None,
            params: None,
        };
        transfer(&mut bench, &args);
    }
    bench.step("look up a transfer", true, |env| {
        let newest = env.as_actor(Actor::Agent).list_transfers(newest_of(wallet.id), None, Some(1)).expect("open").items;
        env.as_actor(Actor::Agent).get_transfer(newest[0].id).expect("open");
    });
    // With a short history there are fewer entries to read and to verify, so these may grow up to that number and no further.
    bench.step("read 100 entries", false, |env| {
        let range = BlockRange { start: 0u8.into(), length: 100u8.into() };
        assert!(!env.as_actor(Actor::Anonymous).icrc3_get_blocks(&[range]).blocks.is_empty());
    });
    bench.step("log one entry", true, |env| env.as_actor(Actor::Admin).start_emergency("measured").expect("an admin"));
    bench.step("watch: verify 1,000 blocks", false, |env| {
        let ic = env.network.ic();
        ic.advance_time(Duration::from_secs(300));
        (0..10).for_each(|_| ic.tick());
        let status = env.as_actor(Actor::Admin).get_audit_status();
        assert!(status.verified_at.is_some() && status.broken_at.is_none(), "{status:?}");
    });
    Measurement { size, steps: bench.steps }
}

/// The instructions of a decision after `size` transfers of the same wallet within a month; see [`Step::until_certified`].
pub fn of_a_busy_wallet(size: u64) -> u64 {
    let mut env = TestEnv::on(Network::Local(Box::new(LocalNet::new())));
    let wallet = env.wallet(&recipients::rules());
    history::add_transfers(&mut env, wallet.id, size);
    let mut bench = Bench { env, steps: Vec::new() };
    let args = TransferArgs {
        wallet_id: wallet.id,
        asset: Asset::Sol,
        to: recipients::solana(1),
        amount: SOL / 2,
        max_fee: None,
        idempotency_key: "measured".into(),
        reason: None,
        session_id: None,
        created_at: None,
        params: None,
    };
    request(&mut bench, &args);
    bench.steps.last().map_or(0, |step| step.until_certified)
}

fn request(bench: &mut Bench, args: &TransferArgs) {
    let asset = args.asset;
    // The reply comes from the message that decides; what follows is driven by timers.
    let message = bench.step(&format!("request {asset:?}"), true, |env| {
        let arg = candid::encode_args((args,)).expect("arguments encode");
        let canister = env.canister;
        let ic = env.network.ic();
        let message = ic.submit(canister, Actor::Agent.principal(), "transfer", arg).expect("it is let in");
        while ic.poll(&message).is_none() {
            ic.tick();
        }
        message
    });
    let canister = bench.env.canister;
    assert!(bench.env.network.ic().poll(&message).is_some_and(|answer| answer.is_ok()), "canister {canister} answers");
}

fn newest_of(wallet_id: u64) -> TransferFilter {
    TransferFilter { wallet_id, agent: None, status: None }
}

fn transfer(bench: &mut Bench, args: &TransferArgs) {
    request(bench, args);
    let asset = args.asset;
    let newest = bench.env.as_actor(Actor::Agent).list_transfers(newest_of(args.wallet_id), None, Some(1)).expect("open").items;
    let id = newest.first().expect("it was accepted").id;
    bench.step(&format!("drive to submission {asset:?}"), true, |env| {
        env.wait_until(id, |transfer| !matches!(transfer.status.value, Some(Status::Reserved | Status::Built | Status::Signed)))
    });
    let ended = bench.step(&format!("follow to the end {asset:?}"), false, |env| env.wait_for_end(id));
    assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
}

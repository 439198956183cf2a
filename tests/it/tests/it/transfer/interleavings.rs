//! Two transfers at the same time, in every order of the answers that they await.

use crate::support::{CHAINS, ExpectedTotals, payment, rules};
use candid::{Principal, encode_args};
use localnet::{LocalNet, Scheduler};
use purser_it::network::Network;
use purser_it::recipients;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_types::{Asset, Error, Rule, Status, Transfer, TransferAnswer, TransferOutcome};

/// The number of answers that are reordered; a transfer awaits fewer before its broadcast.
const CHOICES: u32 = 6;
/// The most answers one test delivers.
const MAX_DELIVERIES: usize = 2_000;

/// An environment in which only the test delivers answers.
fn env_with_manual_scheduler() -> TestEnv {
    let mut env = TestEnv::empty(Network::Local(Box::new(LocalNet::builder().scheduler(Scheduler::Manual).build())));
    let args = env.init_args();
    env.install(&args).expect("it installs");
    for _ in 0..MAX_DELIVERIES {
        if env.as_actor(Actor::Stranger).get_config().keys_ready {
            return env;
        }
        deliver(&mut env, 0);
    }
    panic!("the canister did not learn its keys");
}

/// Delivers the `nth` pending answer, or the last one, and returns how many there were to choose from.
fn deliver(env: &mut TestEnv, nth: usize) -> usize {
    let pending = env.network.local().pending();
    match pending.get(nth.min(pending.len().saturating_sub(1))) {
        Some(answer) => env.network.local().deliver(answer.id),
        None => env.network.ic().tick(),
    }
    pending.len()
}

fn transfer_of(env: &mut TestEnv, id: u64) -> Transfer {
    env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists")
}

fn has_ended(transfer: &Transfer) -> bool {
    matches!(transfer.status.value, Some(Status::Confirmed | Status::Failed | Status::Cancelled))
}

/// Delivers answers, the order being the bits of `order` and then the oldest first, until the transfers have ended.
fn deliver_until_ended(env: &mut TestEnv, ids: &[u64], mut order: u32) -> Vec<Transfer> {
    for _ in 0..MAX_DELIVERIES {
        let transfers: Vec<Transfer> = ids.iter().map(|id| transfer_of(env, *id)).collect();
        if transfers.iter().all(has_ended) {
            return transfers;
        }
        let choices = deliver(env, (order & 1) as usize);
        if choices > 1 {
            order >>= 1;
        }
        if choices == 0 {
            env.step();
        }
    }
    panic!("they do not end");
}

/// The default rules with a day's limit for one of the two transfers only, and the amount of each.
fn tight_limits(asset: Asset) -> (Vec<Rule>, u64) {
    let (amount, limit) = match asset {
        Asset::Sol | Asset::Spl { .. } => (6 * SOL / 10, SOL),
        Asset::Kas => (6 * KAS, 10 * KAS),
    };
    let mut rules = rules();
    for rule in &mut rules {
        if let Rule::SpendingLimit { asset: limited, max, .. } = rule
            && *limited == asset
        {
            *max = limit;
        }
    }
    (rules, amount)
}

#[test]
fn of_two_transfers_over_the_day_limit_one_passes_wherever_the_first_stands() {
    for asset in CHAINS {
        for delivered in 0..10 {
            let mut env = env_with_manual_scheduler();
            let (rules, amount) = tight_limits(asset);
            let wallet = env.wallet(&rules);
            let mut totals = ExpectedTotals::new(&mut env, &wallet, asset);
            let first = env.request_transfer(&payment(wallet.id, asset, amount, "first"));
            for _ in 0..delivered {
                deliver(&mut env, 0);
            }
            let second = env.as_actor(Actor::Agent).transfer(&payment(wallet.id, asset, amount, "second"));
            assert!(matches!(second, Ok(TransferOutcome::Denied { .. })), "{asset:?} after {delivered} answers: {second:?}");
            let ended = deliver_until_ended(&mut env, &[first], 0).remove(0);
            assert_eq!(ended.status, Status::Confirmed, "{asset:?} after {delivered} answers: {ended:?}");
            totals.check(&mut env, &ended, &format!("{asset:?} after {delivered} answers"));
        }
    }
}

#[test]
fn of_two_transfers_that_arrive_together_one_passes_whichever_comes_first() {
    let rival = Principal::self_authenticating([77]);
    for asset in CHAINS {
        for order in [[Actor::Agent.principal(), rival], [rival, Actor::Agent.principal()]] {
            let mut env = TestEnv::local();
            let (rules, amount) = tight_limits(asset);
            let wallet = env.wallet(&rules);
            env.as_actor(Actor::Admin).add_agent(wallet.id, rival).expect("an admin adds an agent");
            let mut totals = ExpectedTotals::new(&mut env, &wallet, asset);
            let arg = encode_args((payment(wallet.id, asset, amount, "mine"),)).expect("arguments encode");
            let canister = env.canister;
            let calls =
                order.map(|sender| env.network.ic().submit(canister, sender, "transfer", arg.clone()).expect("it is let in"));
            let answers = calls.map(|call| {
                let reply = env.network.ic().await_call(call).expect("it answers");
                candid::decode_one::<Result<TransferAnswer, Error>>(&reply)
                    .expect("it decodes")
                    .expect("it is decided")
                    .outcome
                    .value
                    .expect("it is known")
            });
            let accepted: Vec<u64> = answers
                .iter()
                .filter_map(|answer| match answer {
                    TransferOutcome::Accepted { transfer_id, .. } => Some(*transfer_id),
                    _ => None,
                })
                .collect();
            assert_eq!(accepted.len(), 1, "{answers:?}");
            assert!(answers.iter().any(|answer| matches!(answer, TransferOutcome::Denied { .. })), "{answers:?}");
            let ended = env.wait_for_end(accepted[0]);
            assert_eq!(ended.status, Status::Confirmed);
            totals.check(&mut env, &ended, "the one that passed");
        }
    }
}

#[test]
fn transfers_of_two_wallets_end_the_same_in_every_order_of_their_answers() {
    for order in 0..1 << CHOICES {
        let mut env = env_with_manual_scheduler();
        let one = env.wallet(&rules());
        let other = env.wallet(&rules());
        let ids = [
            env.request_transfer(&payment(one.id, Asset::Sol, SOL / 10, "one")),
            env.request_transfer(&payment(other.id, Asset::Sol, SOL / 10, "other")),
        ];
        for ended in deliver_until_ended(&mut env, &ids, order) {
            assert_eq!(ended.status, Status::Confirmed, "order {order:b}: {ended:?}");
        }
        assert_eq!(env.solana.balance(&recipients::solana(1)), 2 * SOL / 10, "order {order:b}");
        assert_eq!(env.solana.landed().len(), 2, "order {order:b}");
    }
}

#[test]
fn two_transfers_of_one_wallet_never_spend_the_same_coin() {
    for order in 0..1 << 4 {
        let mut env = env_with_manual_scheduler();
        let wallet = env.wallet(&rules());
        let ids = [
            env.request_transfer(&payment(wallet.id, Asset::Kas, 2 * KAS, "one")),
            env.request_transfer(&payment(wallet.id, Asset::Kas, 2 * KAS, "two")),
            env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "three")),
        ];
        for ended in deliver_until_ended(&mut env, &ids, order) {
            assert_eq!(ended.status, Status::Confirmed, "order {order:b}: {ended:?}");
        }
        assert_eq!(env.kaspa.balance(&recipients::kaspa(1)), 4 * KAS, "order {order:b}");
        assert_eq!(env.solana.balance(&recipients::solana(1)), SOL / 10, "order {order:b}");
    }
}

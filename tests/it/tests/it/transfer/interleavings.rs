//! Two transfers at the same time, in every order in which the answers they await can arrive.

use crate::support::{Books, CHAINS, payment, rules};
use candid::{Principal, encode_args};
use localnet::{LocalNet, Scheduler};
use purser_it::network::Network;
use purser_it::recipients;
use purser_it::world::{Actor, KAS, SOL, World};
use purser_types::*;

/// The most answers that are put in order; a transfer awaits fewer before it is broadcast.
const CHOICES: u32 = 6;
/// The most answers one test delivers.
const MAX_DELIVERIES: usize = 2_000;

/// A world in which nothing is answered on its own.
fn manual() -> World {
    let mut world = World::empty(Network::Local(Box::new(LocalNet::builder().scheduler(Scheduler::Manual).build())));
    let args = world.init_args();
    world.install(&args).expect("it installs");
    for _ in 0..MAX_DELIVERIES {
        if world.as_actor(Actor::Stranger).get_config().keys_ready {
            return world;
        }
        deliver(&mut world, 0);
    }
    panic!("the canister did not learn its keys");
}

/// Delivers the `nth` pending answer, or the last one, and returns how many there were to choose from.
fn deliver(world: &mut World, nth: usize) -> usize {
    let pending = world.network.local().pending();
    match pending.get(nth.min(pending.len().saturating_sub(1))) {
        Some(answer) => world.network.local().deliver(answer.id),
        None => world.network.ic().tick(),
    }
    pending.len()
}

fn status(world: &mut World, id: u64) -> Transfer {
    world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists")
}

fn has_ended(transfer: &Transfer) -> bool {
    matches!(transfer.status, Status::Confirmed | Status::Failed | Status::Cancelled)
}

/// Delivers answers, the order being the bits of `order` and then the oldest first, until the transfers have ended.
fn settle(world: &mut World, ids: &[u64], mut order: u32) -> Vec<Transfer> {
    for _ in 0..MAX_DELIVERIES {
        let transfers: Vec<Transfer> = ids.iter().map(|id| status(world, *id)).collect();
        if transfers.iter().all(has_ended) {
            return transfers;
        }
        let choices = deliver(world, (order & 1) as usize);
        if choices > 1 {
            order >>= 1;
        }
        if choices == 0 {
            world.step();
        }
    }
    panic!("they do not end");
}

/// Like [`rules`], but a day pays for one of the two transfers only.
fn tight(asset: Asset) -> (Vec<Rule>, u64) {
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
            let mut world = manual();
            let (rules, amount) = tight(asset);
            let wallet = world.wallet(&rules);
            let mut books = Books::open(&mut world, &wallet, asset);
            let first = world.accepted(&payment(wallet.id, asset, amount, "first"));
            for _ in 0..delivered {
                deliver(&mut world, 0);
            }
            let second = world.as_actor(Actor::Agent).transfer(&payment(wallet.id, asset, amount, "second"));
            assert!(matches!(second, Ok(TransferOutcome::Denied { .. })), "{asset:?} after {delivered} answers: {second:?}");
            let ended = settle(&mut world, &[first], 0).remove(0);
            assert_eq!(ended.status, Status::Confirmed, "{asset:?} after {delivered} answers: {ended:?}");
            books.check(&mut world, &ended, &format!("{asset:?} after {delivered} answers"));
        }
    }
}

#[test]
fn of_two_transfers_that_arrive_together_one_passes_whichever_comes_first() {
    let rival = Principal::self_authenticating([77]);
    for asset in CHAINS {
        for order in [[Actor::Agent.principal(), rival], [rival, Actor::Agent.principal()]] {
            let mut world = World::local();
            let (rules, amount) = tight(asset);
            let wallet = world.wallet(&rules);
            world.as_actor(Actor::Admin).add_agent(wallet.id, rival).expect("an admin adds an agent");
            let mut books = Books::open(&mut world, &wallet, asset);
            let arg = encode_args((payment(wallet.id, asset, amount, "mine"),)).expect("arguments encode");
            let canister = world.canister;
            let calls =
                order.map(|sender| world.network.ic().submit(canister, sender, "transfer", arg.clone()).expect("it is let in"));
            let answers = calls.map(|call| {
                let reply = world.network.ic().await_call(call).expect("it answers");
                candid::decode_one::<Result<TransferOutcome, Error>>(&reply).expect("it decodes").expect("it is decided")
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
            let ended = world.settle(accepted[0]);
            assert_eq!(ended.status, Status::Confirmed);
            books.check(&mut world, &ended, "the one that passed");
        }
    }
}

#[test]
fn transfers_of_two_wallets_end_the_same_in_every_order_of_their_answers() {
    for order in 0..1 << CHOICES {
        let mut world = manual();
        let one = world.wallet(&rules());
        let other = world.wallet(&rules());
        let ids = [
            world.accepted(&payment(one.id, Asset::Sol, SOL / 10, "one")),
            world.accepted(&payment(other.id, Asset::Sol, SOL / 10, "other")),
        ];
        for ended in settle(&mut world, &ids, order) {
            assert_eq!(ended.status, Status::Confirmed, "order {order:b}: {ended:?}");
        }
        assert_eq!(world.solana.balance(&recipients::solana(1)), 2 * SOL / 10, "order {order:b}");
        assert_eq!(world.solana.landed().len(), 2, "order {order:b}");
    }
}

#[test]
fn two_transfers_of_one_wallet_never_spend_the_same_coin() {
    for order in 0..1 << 4 {
        let mut world = manual();
        let wallet = world.wallet(&rules());
        let ids = [
            world.accepted(&payment(wallet.id, Asset::Kas, 2 * KAS, "one")),
            world.accepted(&payment(wallet.id, Asset::Kas, 2 * KAS, "two")),
            world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "three")),
        ];
        for ended in settle(&mut world, &ids, order) {
            assert_eq!(ended.status, Status::Confirmed, "order {order:b}: {ended:?}");
        }
        assert_eq!(world.kaspa.balance(&recipients::kaspa(1)), 4 * KAS, "order {order:b}");
        assert_eq!(world.solana.balance(&recipients::solana(1)), SOL / 10, "order {order:b}");
    }
}

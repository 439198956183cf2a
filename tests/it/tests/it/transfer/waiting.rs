//! The notes of waiting transfers on both chains.

use crate::support::{CHAINS, payment, rules};
use devchains::kaspa::Fault as KaspaFault;
use devchains::solana::{FalseAnswer, Fault};
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_types::*;
use serde_json::json;

fn note(env: &mut TestEnv, id: u64) -> String {
    let transfer = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    let listed = env.as_actor(Actor::Stranger).transfers_of(transfer.wallet_id).expect("open");
    let listed = listed.into_iter().find(|listed| listed.id == id).expect("it is listed");
    assert_eq!(listed.note, transfer.note, "lists say the same");
    transfer.note.clone().unwrap_or_else(|| panic!("it waits without a word: {transfer:?}"))
}

#[test]
fn what_waits_for_a_provider_says_what_that_answered() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    env.solana.faults().next(1_000_000, Fault::Http500);
    env.kaspa.faults().next(1_000_000, KaspaFault::Http500);
    let ids = CHAINS.map(|asset| env.request_transfer(&payment(wallet.id, asset, SOL / 2, &format!("{asset:?}"))));
    for id in ids {
        assert!(!note(&mut env, id).is_empty(), "from the beginning");
    }
    env.step();
    for id in ids {
        let found = note(&mut env, id);
        assert!(found.contains("500") && found.ends_with("; it is tried again"), "{found}");
    }
    env.solana.faults().clear();
    env.kaspa.faults().clear();
    for id in ids {
        let ended = env.wait_for_end(id);
        assert_eq!((ended.status.name.as_str(), ended.note), ("Confirmed", None), "what is over is not said any more");
    }
}

#[test]
fn what_an_emergency_stops_says_so_and_every_status_has_its_word() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let ids = CHAINS.map(|asset| env.request_transfer(&payment(wallet.id, asset, SOL / 2, &format!("{asset:?}"))));
    env.as_actor(Actor::Guardian).start_emergency("drill").expect("a guardian");
    env.step();
    for id in ids {
        let transfer = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
        let found = note(&mut env, id);
        let is_sent = transfer.status == Status::Submitted;
        assert!(is_sent || found == "an emergency is on; it waits for that to end", "{:?}: {found}", transfer.status);
    }
    env.end_emergency();
    for id in ids {
        loop {
            let transfer = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
            if transfer.status == Status::Confirmed {
                break;
            }
            note(&mut env, id);
            env.step();
        }
    }
}

#[test]
fn a_simulation_without_units_stops_no_payment() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    env.solana.faults().next_at(
        "simulateTransaction",
        1_000,
        Fault::FalseAnswer(FalseAnswer::Value(json!({ "err": null, "logs": [] }))),
    );
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "untold"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.attempt, ended.fee_paid), ("Confirmed", 1, Some(5_000)), "{ended:?}");
}

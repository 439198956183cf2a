//! Transfers that people agree to, and what holds transfers back beside the policy: through the interface.

use crate::support::{denial, payment, rules};
use candid::{Encode, Principal};
use localnet::{CallKind, Effect, Nth};
use purser_it::recipients;
use purser_it::world::{Actor, SOL, World};
use purser_types::*;
use serde_bytes::{ByteBuf, Bytes};
use std::time::Duration;

fn approver(n: u8) -> Principal {
    Principal::self_authenticating([20 + n])
}

/// 0.5 SOL and more take two of the group `ops`, whose members are three approvers and the agent.
fn rule(time_lock_seconds: u64) -> Rule {
    Rule::Approval {
        asset: Some(Asset::Sol),
        threshold: SOL / 2,
        cumulative_24h: Some(2 * SOL),
        group: "ops".into(),
        quorum: 2,
        timeout_seconds: None,
        time_lock_seconds,
    }
}

fn asking(time_lock_seconds: u64) -> (World, Wallet) {
    let mut world = World::new();
    let members = vec![approver(1), approver(2), approver(3), Actor::Agent.principal()];
    for member in &members {
        let granted = world.as_actor(Actor::Admin).grant_role(*member, Role::Approver);
        assert_eq!(granted, Ok(Change::Applied));
    }
    let group = Group { name: "ops".into(), members };
    assert_eq!(world.as_actor(Actor::Admin).set_group(&group), Ok(Change::Applied));
    let wallet = world.wallet(&[rules(), vec![rule(time_lock_seconds)]].concat());
    (world, wallet)
}

/// Asks for half a SOL, which waits.
fn pending(world: &mut World, wallet: u64, key: &str) -> (u64, ByteBuf) {
    match world.as_actor(Actor::Agent).transfer(&payment(wallet, Asset::Sol, SOL / 2, key)) {
        Ok(TransferOutcome::Pending { transfer, evaluation }) => {
            assert_eq!((transfer.status, evaluation.decision), (Status::AwaitingApproval, Decision::RequireApproval));
            let approval = transfer.approval.expect("a question");
            (transfer.id, approval.intent_hash)
        }
        other => panic!("not pending: {other:?}"),
    }
}

fn approve(world: &mut World, who: Principal, id: u64, intent: &ByteBuf) -> Result<Status, String> {
    let answer = world.as_principal(who).approve_transfer(id, Bytes::new(intent));
    answer.map(|transfer| transfer.status).map_err(|error| error.code)
}

fn reserved(world: &mut World, wallet: u64) -> u64 {
    let usages = world.as_actor(Actor::Admin).get_usage(wallet).expect("a wallet");
    crate::support::usage_of(&usages, Asset::Sol).reserved
}

fn wait(world: &mut World, seconds: u64) {
    let ic = world.network.ic();
    ic.advance_time(Duration::from_secs(seconds));
    for _ in 0..10 {
        ic.tick();
    }
}

#[test]
fn a_quorum_lets_a_transfer_go_and_a_new_module_finds_it_waiting() {
    let (mut world, wallet) = asking(0);
    let (id, intent) = pending(&mut world, wallet.id, "a");
    let asked = world.as_actor(Actor::Stranger).list_approvals(Some(wallet.id));
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].amount.as_str(), &asked[0].intent_hash), ("0.5 SOL", &intent));
    assert_eq!(asked[0].votes, [Votes { group: "ops".into(), quorum: 2, agreed: 0 }]);
    assert!(asked[0].summary.contains(&format!("asks to pay 0.5 SOL and at most 0.00001 SOL in fees from wallet {}", wallet.id)));
    assert_eq!(approve(&mut world, Actor::Agent.principal(), id, &intent), Err("AUTH_FAILED".into()), "the requester never counts");
    assert_eq!(approve(&mut world, approver(1), id, &ByteBuf::from([0; 32])), Err("VALIDATION_FAILED".into()));
    assert_eq!(approve(&mut world, approver(1), id, &intent), Ok(Status::AwaitingApproval));
    assert_eq!(approve(&mut world, approver(1), id, &intent), Err("ALREADY_SO".into()));
    world.upgrade(None).expect("it upgrades");
    assert_eq!(world.as_actor(Actor::Stranger).list_approvals(None)[0].votes[0].agreed, 1);
    assert!(matches!(
        world.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL / 2, "a")),
        Ok(TransferOutcome::Duplicate { transfer }) if transfer.id == id
    ));
    assert_eq!(approve(&mut world, approver(2), id, &intent), Ok(Status::Reserved));
    assert_eq!(world.settle(id).status, Status::Confirmed);
    assert_eq!(world.solana.balance(&recipients::solana(1)), SOL / 2);
    assert_eq!(approve(&mut world, approver(3), id, &intent), Err("WRONG_STATUS".into()));
    assert!(world.as_actor(Actor::Stranger).list_approvals(None).is_empty());
}

#[test]
fn nobody_in_time_is_a_no_that_frees_the_money() {
    let (mut world, wallet) = asking(0);
    let (id, intent) = pending(&mut world, wallet.id, "a");
    assert_eq!(reserved(&mut world, wallet.id), SOL / 2 + 10_000);
    assert_eq!(approve(&mut world, approver(1), id, &intent), Ok(Status::AwaitingApproval));
    // Time alone, before any timer has run: the answer comes too late all the same.
    world.network.ic().advance_time(Duration::from_secs(301));
    assert_eq!(approve(&mut world, approver(2), id, &intent), Err("WRONG_STATUS".into()));
    wait(&mut world, 120);
    let ended = world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((ended.status, ended.code), (Status::Rejected, Some(ReasonCode::ApprovalTimeout)));
    assert_eq!(reserved(&mut world, wallet.id), 0);
    assert_eq!(world.solana.landed().len(), 0);
}

#[test]
fn one_no_ends_it_within_the_time_lock_too() {
    let (mut world, wallet) = asking(3_600);
    let (id, intent) = pending(&mut world, wallet.id, "a");
    assert_eq!(approve(&mut world, approver(1), id, &intent), Ok(Status::AwaitingApproval));
    assert_eq!(approve(&mut world, approver(2), id, &intent), Ok(Status::AwaitingApproval), "agreed, and locked");
    wait(&mut world, 3_000);
    let ended = world.as_actor(Actor::Guardian).reject_transfer(id, "not us").expect("a guardian objects");
    assert_eq!((ended.status, ended.code), (Status::Rejected, Some(ReasonCode::ApprovalRejected)));
    let (id, intent) = pending(&mut world, wallet.id, "b");
    approve(&mut world, approver(1), id, &intent).expect("the first");
    approve(&mut world, approver(2), id, &intent).expect("the second");
    wait(&mut world, 3_599);
    assert_eq!(world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists").status, Status::AwaitingApproval);
    wait(&mut world, 120);
    assert_eq!(world.settle(id).status, Status::Confirmed);
}

#[test]
fn a_new_policy_and_a_lost_role_end_what_waits() {
    let (mut world, wallet) = asking(0);
    let (stale, _) = pending(&mut world, wallet.id, "a");
    world.set_policy(wallet.id, &[rules(), vec![rule(60)]].concat());
    let ended = world.as_actor(Actor::Stranger).get_transfer(stale).expect("it exists");
    assert_eq!((ended.status, ended.code), (Status::Rejected, Some(ReasonCode::ApprovalRejected)));
    let (id, intent) = pending(&mut world, wallet.id, "b");
    approve(&mut world, approver(1), id, &intent).expect("the first");
    assert_eq!(world.as_actor(Actor::Admin).revoke_role(approver(1), Role::Approver), Ok(Change::Applied));
    let ended = world.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!(ended.status, Status::Rejected, "the group is another than the one that was asked");
}

#[test]
fn small_payments_add_up_to_the_sum_that_people_agree_to() {
    let (mut world, wallet) = asking(0);
    let step = 4 * SOL / 10;
    for key in ["1", "2", "3", "4"] {
        world.accepted(&payment(wallet.id, Asset::Sol, step, key));
    }
    let fifth = world.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, step, "5"));
    assert!(matches!(fifth, Ok(TransferOutcome::Pending { .. })), "2 SOL within a day: {fifth:?}");
}

fn consent(world: &mut World, method: &str, arg: Vec<u8>) -> Result<String, ConsentError> {
    let metadata = ConsentMessageMetadata { language: "en".into(), utc_offset_minutes: None };
    let user_preferences = ConsentMessageSpec { metadata, device_spec: None };
    let request = ConsentMessageRequest { method: method.into(), arg: ByteBuf::from(arg), user_preferences };
    let info = world.as_actor(Actor::Anonymous).icrc21_canister_call_consent_message(&request)?;
    match info.consent_message {
        ConsentMessage::GenericDisplayMessage(text) => Ok(text),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_signed_is_described_to_anybody_beforehand() {
    let (mut world, wallet) = asking(0);
    let (id, intent) = pending(&mut world, wallet.id, "a");
    let log = world.as_actor(Actor::Stranger).verify_integrity(None, None).entries_checked;
    let args = payment(wallet.id, Asset::Sol, SOL / 2, "b");
    let text = consent(&mut world, "transfer", Encode!(&args).expect("encodable")).expect("described");
    assert!(text.starts_with("# Pay 0.5 SOL\n"), "{text}");
    let text = consent(&mut world, "approve_transfer", Encode!(&id, &intent).expect("encodable")).expect("described");
    assert!(text.starts_with("# Agree to pay 0.5 SOL\n") && text.contains("treasury"), "{text}");
    let unsupported = consent(&mut world, "get_transfer", Encode!(&id).expect("encodable"));
    assert!(matches!(unsupported, Err(ConsentError::UnsupportedCanisterCall(_))), "{unsupported:?}");
    assert_eq!(world.as_actor(Actor::Stranger).verify_integrity(None, None).entries_checked, log, "nothing is logged");
}

#[test]
fn the_minimum_balance_is_what_is_left() {
    let mut world = World::new();
    let wallet = world.wallet(&rules());
    let keep = |min| SettingsInit { min_balance_sol: Some(min), ..SettingsInit::default() };
    // 10 SOL less 1 SOL and the signature's 5,000 lamports leave exactly this.
    let left = 9 * SOL - 5_000;
    assert_eq!(world.as_actor(Actor::Admin).configure(&keep(left + 1)), Ok(Change::Applied));
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL, "one too few"));
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.code, ended.attempt), (Status::Failed, Some(ReasonCode::InsufficientBalance), 0));
    let note = ended.note.expect("it says why");
    assert!(note.contains("10000000001 base units of SOL are required") && note.contains("10000000000 are available"), "{note}");
    assert_eq!(world.as_actor(Actor::Admin).configure(&keep(left)), Ok(Change::Applied));
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL, "exactly enough"));
    assert_eq!(world.settle(id).status, Status::Confirmed);
    assert_eq!(world.solana.balance(&wallet.solana_address), left);
}

#[test]
fn a_chain_whose_providers_do_not_answer_takes_nothing_new() {
    let mut world = World::local();
    let settings =
        SettingsInit { chain_breaker_threshold: Some(2), chain_breaker_cool_down_seconds: Some(600), ..SettingsInit::default() };
    assert_eq!(world.as_actor(Actor::Admin).configure(&settings), Ok(Change::Applied));
    let wallet = world.wallet(&rules());
    let canister = world.canister;
    world.network.local().faults().inject(canister, CallKind::HttpRequest, Nth::From(1), Effect::Timeout);
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "a"));
    for _ in 0..4 {
        world.step();
    }
    let finding = denial(world.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "b")));
    assert_eq!((finding.rule, finding.code), (RuleKind::CircuitBreaker, Some(ReasonCode::ChainError)));
    let kas = world.as_actor(Actor::Agent).simulate_transfer(&payment(wallet.id, Asset::Kas, SOL / 10, "c")).expect("an agent");
    assert_eq!(kas.decision, Decision::Allow, "the other chain is another matter");
    world.network.local().faults().clear();
    assert_eq!(world.settle(id).status, Status::Confirmed, "what is under way goes on");
}

#[test]
fn a_flood_of_denied_requests_is_one_entry() {
    let mut world = World::new();
    let wallet = world.wallet(&rules());
    for n in 0..5 {
        denial(world.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, 2 * SOL, &format!("{n}"))));
    }
    let entries = |world: &mut World| world.as_actor(Actor::Stranger).verify_integrity(None, None).entries_checked;
    let before = entries(&mut world);
    for n in 0..40 {
        let finding = denial(world.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, 1, &format!("flood {n}"))));
        assert_eq!(finding.code, Some(ReasonCode::CircuitBreakerOpen));
        // A stranger is answered five times.
        if n < 5 {
            let stranger = world.as_actor(Actor::Stranger).transfer(&payment(wallet.id, Asset::Sol, 1, &format!("{n}")));
            assert!(stranger.is_err(), "{stranger:?}");
        }
    }
    assert_eq!(entries(&mut world), before, "nothing yet");
    wait(&mut world, 61);
    wait(&mut world, 2);
    assert_eq!(entries(&mut world), before + 1, "forty denials, counted together");
}

//! Transfers that need approvals, and other conditions beside the policy, through the interface.

use crate::support::{denial, payment, rules};
use candid::{Encode, Principal};
use localnet::{CallKind, Effect, Occurrence};
use purser_it::recipients;
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_types::*;
use serde_bytes::{ByteBuf, Bytes};
use std::time::Duration;

fn approver(n: u8) -> Principal {
    Principal::self_authenticating([20 + n])
}

/// An approval rule: 0.5 SOL and more need two of the group `ops`, whose members are three approvers and the agent.
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

fn env_with_approvals(time_lock_seconds: u64) -> (TestEnv, Wallet) {
    let mut env = TestEnv::new();
    let members = vec![approver(1), approver(2), approver(3), Actor::Agent.principal()];
    for member in &members {
        let granted = env.as_actor(Actor::Admin).grant_role(*member, Role::Approver);
        assert_eq!(granted, Ok(Change::Applied));
    }
    let group = Group { name: "ops".into(), members };
    assert_eq!(env.as_actor(Actor::Admin).set_group(&group), Ok(Change::Applied));
    let wallet = env.wallet(&[rules(), vec![rule(time_lock_seconds)]].concat());
    (env, wallet)
}

/// Requests half a SOL, which waits for approvals.
fn pending(env: &mut TestEnv, wallet: u64, key: &str) -> (u64, ByteBuf) {
    match env.as_actor(Actor::Agent).transfer(&payment(wallet, Asset::Sol, SOL / 2, key)) {
        Ok(TransferOutcome::Pending { transfer, evaluation }) => {
            assert_eq!((transfer.status.name.as_str(), evaluation.decision), ("AwaitingApproval", Decision::RequireApproval));
            let approval = transfer.approval.expect("a question");
            (transfer.id, approval.intent_hash)
        }
        other => panic!("not pending: {other:?}"),
    }
}

fn approve(env: &mut TestEnv, who: Principal, id: u64, intent: &ByteBuf) -> Result<Named<Status>, String> {
    let answer = env.as_principal(who).approve_transfer(id, Bytes::new(intent));
    answer.map(|transfer| transfer.status).map_err(|error| error.code)
}

fn reserved(env: &mut TestEnv, wallet: u64) -> u64 {
    let usages = env.as_actor(Actor::Admin).get_usage(Scope::Wallet(wallet)).expect("a wallet").assets;
    crate::support::usage_of(&usages, Asset::Sol).reserved
}

fn advance_time(env: &mut TestEnv, seconds: u64) {
    let ic = env.network.ic();
    ic.advance_time(Duration::from_secs(seconds));
    for _ in 0..10 {
        ic.tick();
    }
}

#[test]
fn a_quorum_lets_a_transfer_go_and_a_new_module_finds_it_waiting() {
    let (mut env, wallet) = env_with_approvals(0);
    let (id, intent) = pending(&mut env, wallet.id, "a");
    let asked = env.as_actor(Actor::Stranger).list_approvals(Some(wallet.id), None, None).items;
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].amount.as_str(), &asked[0].intent_hash), ("0.5 SOL", &intent));
    assert_eq!(asked[0].votes, [Votes { group: "ops".into(), quorum: 2, agreed: 0 }]);
    assert!(asked[0].summary.contains(&format!("asks to pay 0.5 SOL and at most 0.00001 SOL in fees from wallet {}", wallet.id)));
    assert_eq!(approve(&mut env, Actor::Agent.principal(), id, &intent), Err("AUTH_FAILED".into()), "the requester never counts");
    assert_eq!(approve(&mut env, approver(1), id, &ByteBuf::from([0; 32])), Err("VALIDATION_FAILED".into()));
    assert_eq!(approve(&mut env, approver(1), id, &intent), Ok(Status::AwaitingApproval.into()));
    assert_eq!(approve(&mut env, approver(1), id, &intent), Err("ALREADY_SO".into()));
    env.upgrade(None).expect("it upgrades");
    assert_eq!(env.as_actor(Actor::Stranger).list_approvals(None, None, None).items[0].votes[0].agreed, 1);
    assert!(matches!(
        env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL / 2, "a")),
        Ok(TransferOutcome::Duplicate { transfer }) if transfer.id == id
    ));
    assert_eq!(approve(&mut env, approver(2), id, &intent), Ok(Status::Reserved.into()));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    assert_eq!(env.solana.balance(&recipients::solana(1)), SOL / 2);
    assert_eq!(approve(&mut env, approver(3), id, &intent), Err("WRONG_STATUS".into()));
    assert!(env.as_actor(Actor::Stranger).list_approvals(None, None, None).items.is_empty());
}

#[test]
fn nobody_in_time_is_a_no_that_frees_the_money() {
    let (mut env, wallet) = env_with_approvals(0);
    let (id, intent) = pending(&mut env, wallet.id, "a");
    assert_eq!(reserved(&mut env, wallet.id), SOL / 2 + 10_000);
    assert_eq!(approve(&mut env, approver(1), id, &intent), Ok(Status::AwaitingApproval.into()));
    // Time alone, before any timer has run: the answer comes too late all the same.
    env.network.ic().advance_time(Duration::from_secs(301));
    assert_eq!(approve(&mut env, approver(2), id, &intent), Err("WRONG_STATUS".into()));
    advance_time(&mut env, 120);
    let ended = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!((ended.status.name.as_str(), ended.reason_code), ("Rejected", Some(ReasonCode::ApprovalTimeout)));
    assert_eq!(reserved(&mut env, wallet.id), 0);
    assert_eq!(env.solana.landed().len(), 0);
}

#[test]
fn one_no_ends_it_within_the_time_lock_too() {
    let (mut env, wallet) = env_with_approvals(3_600);
    let (id, intent) = pending(&mut env, wallet.id, "a");
    assert_eq!(approve(&mut env, approver(1), id, &intent), Ok(Status::AwaitingApproval.into()));
    assert_eq!(approve(&mut env, approver(2), id, &intent), Ok(Status::AwaitingApproval.into()), "agreed, and locked");
    advance_time(&mut env, 3_000);
    let ended = env.as_actor(Actor::Guardian).reject_transfer(id, "not us").expect("a guardian objects");
    assert_eq!((ended.status.name.as_str(), ended.reason_code), ("Rejected", Some(ReasonCode::ApprovalRejected)));
    let (id, intent) = pending(&mut env, wallet.id, "b");
    approve(&mut env, approver(1), id, &intent).expect("the first");
    approve(&mut env, approver(2), id, &intent).expect("the second");
    advance_time(&mut env, 3_599);
    assert_eq!(env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists").status, Status::AwaitingApproval);
    advance_time(&mut env, 120);
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
}

#[test]
fn a_new_policy_and_a_lost_role_end_what_waits() {
    let (mut env, wallet) = env_with_approvals(0);
    let (stale, _) = pending(&mut env, wallet.id, "a");
    env.set_policy(wallet.id, &[rules(), vec![rule(60)]].concat());
    let ended = env.as_actor(Actor::Stranger).get_transfer(stale).expect("it exists");
    assert_eq!((ended.status.name.as_str(), ended.reason_code), ("Rejected", Some(ReasonCode::ApprovalOutdated)));
    let (id, intent) = pending(&mut env, wallet.id, "b");
    approve(&mut env, approver(1), id, &intent).expect("the first");
    assert_eq!(env.as_actor(Actor::Admin).revoke_role(approver(1), Role::Approver), Ok(Change::Applied));
    let ended = env.as_actor(Actor::Stranger).get_transfer(id).expect("it exists");
    assert_eq!(ended.status, Status::Rejected, "the group is another than the one that was asked");
}

#[test]
fn small_payments_add_up_to_the_sum_that_people_agree_to() {
    let (mut env, wallet) = env_with_approvals(0);
    let step = 4 * SOL / 10;
    for key in ["1", "2", "3", "4"] {
        env.request_transfer(&payment(wallet.id, Asset::Sol, step, key));
    }
    let fifth = env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, step, "5"));
    assert!(matches!(fifth, Ok(TransferOutcome::Pending { .. })), "2 SOL within a day: {fifth:?}");
}

fn consent(env: &mut TestEnv, method: &str, arg: Vec<u8>) -> Result<String, ConsentError> {
    let metadata = ConsentMessageMetadata { language: "en".into(), utc_offset_minutes: None };
    let user_preferences = ConsentMessageSpec { metadata, device_spec: None };
    let request = ConsentMessageRequest { method: method.into(), arg: ByteBuf::from(arg), user_preferences };
    let info = env.as_actor(Actor::Anonymous).icrc21_canister_call_consent_message(&request)?;
    match info.consent_message {
        ConsentMessage::GenericDisplayMessage(text) => Ok(text),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_signed_is_described_to_anybody_beforehand() {
    let (mut env, wallet) = env_with_approvals(0);
    let (id, intent) = pending(&mut env, wallet.id, "a");
    let log = env.as_actor(Actor::Stranger).verify_integrity(None, None).entries_checked;
    let args = payment(wallet.id, Asset::Sol, SOL / 2, "b");
    let text = consent(&mut env, "transfer", Encode!(&args).expect("encodable")).expect("described");
    assert!(text.starts_with("# Pay 0.5 SOL\n"), "{text}");
    let text = consent(&mut env, "approve_transfer", Encode!(&id, &intent).expect("encodable")).expect("described");
    assert!(text.starts_with("# Agree to pay 0.5 SOL\n") && text.contains("treasury"), "{text}");
    let unsupported = consent(&mut env, "get_transfer", Encode!(&id).expect("encodable"));
    assert!(matches!(unsupported, Err(ConsentError::UnsupportedCanisterCall(_))), "{unsupported:?}");
    assert_eq!(env.as_actor(Actor::Stranger).verify_integrity(None, None).entries_checked, log, "nothing is logged");
}

#[test]
fn the_minimum_balance_is_what_is_left() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let kept = |min| vec![MinBalance { asset: Asset::Sol, min }];
    let keep = |min| SettingsInit { min_balances: Some(kept(min)), ..SettingsInit::default() };
    // 10 SOL less 1 SOL and the signature's 5,000 lamports leave exactly this.
    let left = 9 * SOL - 5_000;
    assert_eq!(env.as_actor(Actor::Admin).set_settings(&keep(left + 1)), Ok(Change::Applied));
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL, "one too few"));
    let ended = env.wait_for_end(id);
    assert_eq!(
        (ended.status.name.as_str(), ended.reason_code, ended.attempt),
        ("Failed", Some(ReasonCode::InsufficientBalance), 0)
    );
    let note = ended.note.expect("it says why");
    assert!(
        note.contains("10.000000001 SOL (10,000,000,001 lamports) are required")
            && note.contains("10 SOL (10,000,000,000 lamports) are available"),
        "{note}"
    );
    assert_eq!(env.as_actor(Actor::Admin).set_settings(&keep(left)), Ok(Change::Applied));
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL, "exactly enough"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    assert_eq!(env.solana.balance(wallet.solana_address()), left);
}

#[test]
fn a_chain_whose_providers_do_not_answer_takes_nothing_new() {
    let mut env = TestEnv::local();
    let settings =
        SettingsInit { chain_breaker_threshold: Some(2), chain_breaker_cool_down_seconds: Some(600), ..SettingsInit::default() };
    assert_eq!(env.as_actor(Actor::Admin).set_settings(&settings), Ok(Change::Applied));
    let wallet = env.wallet(&rules());
    let canister = env.canister;
    env.network.local().faults().inject(canister, CallKind::HttpRequest, Occurrence::From(1), Effect::Timeout);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "a"));
    for _ in 0..4 {
        env.step();
    }
    let finding = denial(env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "b")));
    assert_eq!((finding.rule, finding.reason_code), (RuleKind::CircuitBreaker.into(), Some(ReasonCode::ChainError)));
    let kas = env.as_actor(Actor::Agent).simulate_transfer(&payment(wallet.id, Asset::Kas, SOL / 10, "c")).expect("an agent");
    assert_eq!(kas.decision, Decision::Allow, "the other chain is another matter");
    env.network.local().faults().clear();
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed, "what is under way goes on");
}

#[test]
fn a_flood_of_denied_requests_is_one_entry() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    for n in 0..5 {
        denial(env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, 2 * SOL, &format!("{n}"))));
    }
    let entries = |env: &mut TestEnv| env.as_actor(Actor::Stranger).verify_integrity(None, None).entries_checked;
    let before = entries(&mut env);
    for n in 0..40 {
        let finding = denial(env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, 1, &format!("flood {n}"))));
        assert_eq!(finding.reason_code, Some(ReasonCode::CircuitBreakerOpen));
        // A stranger is answered five times.
        if n < 5 {
            let stranger = env.as_actor(Actor::Stranger).transfer(&payment(wallet.id, Asset::Sol, 1, &format!("{n}")));
            assert!(stranger.is_err(), "{stranger:?}");
        }
    }
    assert_eq!(entries(&mut env), before, "nothing yet");
    advance_time(&mut env, 61);
    advance_time(&mut env, 2);
    assert_eq!(entries(&mut env), before + 1, "forty denials, counted together");
}

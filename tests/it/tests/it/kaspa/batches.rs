//! Batches, and the errors of Kaspa's own methods.

use super::*;
use crate::support::{batch_of, usage_of};
use candid::Principal;
use purser_types::{
    Asset, BatchArgs, Change, Error, ErrorDetail, Group, ItemOutcome, Named, Payment, ReasonCode, Role, Rule, Scope, Status,
    TransferArgs, Wallet,
};

fn batch(wallet: &Wallet, payments: &[(u8, u64)], key: &str) -> BatchArgs {
    batch_of(wallet, payments.iter().map(|(n, amount)| Payment::new(recipients::kaspa(*n), *amount)).collect(), key)
}

#[test]
fn a_batch_pays_many_with_one_transaction_and_refuses_one_by_one() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[100 * KAS]);
    env.set_policy(wallet.id, &open_rules(20 * KAS, 50 * KAS));
    let args = batch(&wallet, &[(1, 5 * KAS), (99, KAS), (2, 4 * KAS), (1, 3 * KAS), (3, 21 * KAS)], "wages");
    let outcome = env.as_actor(Actor::Agent).batch_transfer(&args).expect("it is answered");
    let [id] = outcome.transfer_ids[..] else { panic!("one transaction: {outcome:?}") };
    let accepted = ItemOutcome::Accepted { transfer_id: id };
    assert!([0, 2, 3].iter().all(|position| outcome.items[*position] == accepted), "{outcome:?}");
    let code = |item: &Named<ItemOutcome>| match &item.value {
        Some(ItemOutcome::Denied { evaluation }) => {
            evaluation.findings.iter().find(|finding| !finding.passed).and_then(|finding| finding.reason_code)
        }
        other => panic!("not denied: {other:?}"),
    };
    assert_eq!(code(&outcome.items[1]), Some(ReasonCode::AddressNotAllowed));
    assert_eq!(code(&outcome.items[4]), Some(ReasonCode::SpendingLimitExceeded));

    let counted = env.as_actor(Actor::Admin).get_metrics().expect("an admin");
    assert_eq!(counted.iter().find(|(name, _)| name == "denied_by_policy").map(|(_, n)| *n), Some(2));

    let again = env.as_actor(Actor::Agent).batch_transfer(&args).expect("it is answered");
    assert_eq!(
        (&again.items[0], &again.items[1], again.transfer_ids),
        (&accepted.into(), &ItemOutcome::DeniedBefore.into(), vec![id])
    );
    let other = BatchArgs { payments: vec![args.payments[0].clone()], ..args };
    let conflict = env.as_actor(Actor::Agent).batch_transfer(&other).expect_err("another batch");
    assert_eq!(conflict.code, "IDEMPOTENCY_CONFLICT");

    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.amount), ("Confirmed", 12 * KAS), "{ended:?}");
    assert_eq!(ended.payments.len(), 3);
    assert_eq!(env.kaspa.accepted().len(), 1);
    let received = [1, 2, 3, 99].map(|n| env.kaspa.balance(&recipients::kaspa(n)));
    assert_eq!(received, [8 * KAS, 4 * KAS, 0, 0]);
    let usage = usage_of(&env.as_actor(Actor::Agent).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Kas);
    assert_eq!((usage.posted, usage.reserved), (12 * KAS + ended.fee_paid.expect("it ended"), 0));
    assert!(env.as_actor(Actor::Stranger).verify_integrity(None, None).valid);
}

#[test]
fn the_sum_of_a_batch_is_judged_as_one_payment() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[100 * KAS]);
    env.set_policy(wallet.id, &open_rules(20 * KAS, 30 * KAS));
    let denied = |env: &mut TestEnv, payments: &[(u8, u64)], key: &str| {
        let outcome = env.as_actor(Actor::Agent).batch_transfer(&batch(&wallet, payments, key)).expect("answered");
        assert_eq!(outcome.transfer_ids, Vec::<u64>::new());
        outcome.items.iter().all(|item| matches!(item.value, Some(ItemOutcome::Denied { .. })))
    };
    assert!(denied(&mut env, &[(1, 11 * KAS), (2, 10 * KAS)], "over the limit of one transaction together"));
    let ended = env.request_transfer(&kas(&wallet, 15 * KAS, "first"));
    env.wait_for_end(ended);
    assert!(denied(&mut env, &[(1, 8 * KAS), (2, 8 * KAS)], "over the day's limit together"));
    let usage = usage_of(&env.as_actor(Actor::Agent).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Kas);
    assert_eq!(usage.reserved, 0, "nothing is reserved for what was denied");
}

#[test]
fn a_large_batch_takes_as_few_transactions_as_storage_mass_allows() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[50 * KAS, 50 * KAS]);
    env.set_policy(wallet.id, &open_rules(40 * KAS, 50 * KAS));
    let payments: Vec<(u8, u64)> = (1..=20).map(|n| (n, KAS)).collect();
    let outcome = env.as_actor(Actor::Agent).batch_transfer(&batch(&wallet, &payments, "twenty")).expect("answered");
    // One KAS weighs 10,000 grams, and 90,000 are allowed beside the change: nine, nine and two.
    assert_eq!(outcome.transfer_ids.len(), 3);
    for id in outcome.transfer_ids {
        let ended = env.wait_for_end(id);
        assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    }
    assert!((1..=20).all(|n| env.kaspa.balance(&recipients::kaspa(n)) == KAS));
    assert_eq!(env.kaspa.accepted().len(), 3);
}

#[test]
fn a_batch_that_needs_an_approval_is_held_as_one_transfer_that_people_see_whole() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[100 * KAS]);
    let approver = Principal::self_authenticating([21]);
    assert_eq!(env.as_actor(Actor::Admin).grant_role(approver, Role::Approver), Ok(Change::Applied));
    let group = Group { name: "ops".into(), members: vec![approver] };
    assert_eq!(env.as_actor(Actor::Admin).set_group(&group), Ok(Change::Applied));
    let approval = Rule::Approval {
        asset: Some(Asset::Kas),
        threshold: 10 * KAS,
        cumulative_24h: None,
        group: "ops".into(),
        quorum: 1,
        timeout_seconds: None,
        time_lock_seconds: 0,
    };
    env.set_policy(wallet.id, &[open_rules(40 * KAS, 50 * KAS), vec![approval]].concat());
    let args = batch(&wallet, &[(1, 6 * KAS), (2, 5 * KAS)], "large");
    let outcome = env.as_actor(Actor::Agent).batch_transfer(&args).expect("answered");
    let [id] = outcome.transfer_ids[..] else { panic!("one transfer: {outcome:?}") };
    assert_eq!(outcome.items, vec![ItemOutcome::Pending { transfer_id: id }; 2]);
    for _ in 0..3 {
        env.step();
    }
    let [question] = &env.as_actor(Actor::Stranger).list_approvals(Some(wallet.id), None, None).items[..] else {
        panic!("one question")
    };
    assert_eq!(question.amount, "11 KAS");
    for (n, amount) in [(1, "6 KAS"), (2, "5 KAS")] {
        assert!(question.summary.contains(&format!("{} ({amount})", recipients::kaspa(n))), "{}", question.summary);
    }
    assert_eq!(question.transfer.status, Status::AwaitingApproval);
    env.as_principal(approver).approve_transfer(id, serde_bytes::Bytes::new(&question.intent_hash)).expect("asked");
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    assert_eq!([1, 2].map(|n| env.kaspa.balance(&recipients::kaspa(n))), [6 * KAS, 5 * KAS]);

    // Ten payments take two transactions, and a question is about one.
    let ten = batch(&wallet, &[(3, KAS + 1); 10], "ten");
    let refused = env.as_actor(Actor::Agent).batch_transfer(&ten).expect_err("too much for one question");
    let Some(ErrorDetail::InvalidArgument { field, problem }) = refused.detail else { panic!("{refused:?}") };
    assert_eq!((refused.code.as_str(), field.as_str()), ("VALIDATION_FAILED", "payments"));
    assert!(problem.contains("these take 2; the first 9"), "{problem}");
}

#[test]
fn what_cannot_be_read_is_named_and_repeated_in_part() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[100 * KAS]);
    let detail = |error: Error| match error.detail {
        Some(ErrorDetail::InvalidArgument { field, problem }) => (error.code, field, problem),
        other => panic!("{other:?}"),
    };
    let mut nowhere = batch(&wallet, &[(1, KAS), (1, KAS)], "nowhere");
    nowhere.payments[1].to = "kaspasim:q".repeat(12);
    let (code, field, problem) = detail(env.as_actor(Actor::Agent).batch_transfer(&nowhere).expect_err("no address"));
    assert_eq!((code.as_str(), field.as_str()), ("VALIDATION_FAILED", "payments[1].to"));
    assert!(problem.len() < 200 && problem.contains("is no Kaspa address"), "{problem}");
    let quoted = TransferArgs { to: "?".into(), ..kas(&wallet, KAS, "quoted") };
    let (_, field, _) = detail(env.as_actor(Actor::Agent).quote_kaspa_transfer(&quoted).expect_err("no address"));
    assert_eq!(field, "to");
    let sol = payment(wallet.id, Asset::Sol, 1, "sol");
    let (_, field, _) = detail(env.as_actor(Actor::Agent).quote_kaspa_transfer(&sol).expect_err("no coins"));
    assert_eq!(field, "asset");
    let counted = env.as_actor(Actor::Admin).get_metrics().expect("an admin");
    assert_eq!(counted.iter().find(|(name, _)| name == "refused_invalid_address").map(|(_, n)| *n), Some(2));
}

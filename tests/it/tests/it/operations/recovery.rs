//! Recovery: after a lost or older state no payment is forgotten and none is made twice.

use crate::log::integrity::{DAY, FIVE_MINUTES, advance_time};
use crate::log::retention::{export, verify};
use crate::support::{payment, rules, usage_of};
use localnet::{CallKind, Effect, Occurrence};
use purser_it::recipients;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_it::values::core;
use purser_types::*;
use std::path::Path;

/// Replaces the canister's stable memory and upgrades, as scripts/restore does.
fn restore(env: &mut TestEnv, memory: &[u8]) {
    let canister = env.canister;
    env.network.local().set_stable_memory(canister, memory);
    env.upgrade(None).expect("it opens");
}

/// Ends an emergency, by way of limited operation.
fn end_emergency(env: &mut TestEnv, reason: &str) {
    for _ in 0..2 {
        env.as_actor(Actor::Admin).end_emergency(reason).expect("an admin");
    }
}

#[test]
fn an_older_snapshot_is_noticed_and_the_log_brings_everything_back() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let first = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "first"));
    env.wait_for_end(first);
    // A backup as scripts/backup takes it: while the canister is paused.
    env.as_actor(Actor::Guardian).start_emergency("backup").expect("a guardian");
    let canister = env.canister;
    let snapshot = env.network.local().take_snapshot(canister);
    end_emergency(&mut env, "backup taken");
    let [sol, kas] = [payment(wallet.id, Asset::Sol, SOL / 5, "rent"), payment(wallet.id, Asset::Kas, 3 * KAS, "wages")];
    for args in [&sol, &kas] {
        let id = env.request_transfer(args);
        assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    }
    let newest = export(&mut env, 0, "drill-newest.log");
    let digest = env.as_actor(Actor::Anonymous).get_state_digest().expect("open");
    let usage = env.as_actor(Actor::Anonymous).get_usage(Scope::Wallet(wallet.id)).expect("open").assets;
    let received = (env.solana.balance(&recipients::solana(1)), env.kaspa.balance(&recipients::kaspa(1)));
    let landed = (env.solana.landed().len(), env.kaspa.accepted().len());

    // Disaster: the older snapshot is restored. It starts paused and pays nothing.
    env.network.local().load_snapshot(canister, &snapshot);
    env.upgrade(None).expect("it opens");
    assert!(matches!(env.as_actor(Actor::Anonymous).get_mode(), Mode::Emergency { .. }));
    let refused = env.as_actor(Actor::Agent).transfer(&sol);
    assert!(
        matches!(refused, Ok(TransferOutcome::Denied { .. })),
        "a payment that it has forgotten is not made again: {refused:?}"
    );
    (0..5).for_each(|_| env.step());
    // What is exported from it does not go on where the last export ended.
    let older = export(&mut env, 0, "drill-older.log");
    let report = verify(&mut env, &[&newest, &older], None);
    assert!(!report.valid);
    assert!(report.problems.iter().any(|problem| problem.starts_with("the canister was set back: ")), "{report:#?}");

    // The last export gives the memory back as it was at its last entry, paused.
    let image = Path::new(env!("CARGO_TARGET_TMPDIR")).join("drill.image");
    let rebuilt = verify(&mut env, &[&newest], Some(image.clone()));
    assert!(rebuilt.valid, "{rebuilt:#?}");
    restore(&mut env, &std::fs::read(&image).expect("it was written"));
    assert!(matches!(env.as_actor(Actor::Anonymous).get_mode(), Mode::Emergency { .. }), "it starts paused");
    let report = env.as_actor(Actor::Anonymous).verify_integrity(None, None);
    // The emergency and the upgrade were logged since.
    assert_eq!((report.valid, report.entries_checked), (true, digest.log_length + 2));
    assert_eq!(
        env.as_actor(Actor::Anonymous).get_usage(Scope::Wallet(wallet.id)).map(|usage| usage.assets),
        Ok(usage),
        "the counters are those of before"
    );
    end_emergency(&mut env, "reconciled");
    for args in [&sol, &kas] {
        let again = env.as_actor(Actor::Agent).transfer(args);
        assert!(matches!(&again, Ok(TransferOutcome::Duplicate { transfer }) if transfer.status == Status::Confirmed), "{again:?}");
    }
    (0..5).for_each(|_| env.step());
    let now = (env.solana.balance(&recipients::solana(1)), env.kaspa.balance(&recipients::kaspa(1)));
    assert_eq!(now, received, "nobody was paid twice");
    assert_eq!((env.solana.landed().len(), env.kaspa.accepted().len()), landed, "nothing else landed");
    let next = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "next"));
    assert_eq!(env.wait_for_end(next).status, Status::Confirmed);
    let after = export(&mut env, 0, "drill-after.log");
    assert!(verify(&mut env, &[&newest, &after], None).valid, "the log goes on where the export ended");
    let usage = env.as_actor(Actor::Anonymous).get_usage(Scope::Wallet(wallet.id)).expect("open").assets;
    assert_eq!(usage_of(&usage, Asset::Sol).reserved, 0);
}

/// The newest reason in the log.
fn last_reason(env: &mut TestEnv) -> String {
    let args = FindBlocksArgs {
        filter: BlockFilter::All,
        from: None,
        until: None,
        from_at: None,
        until_at: None,
        newest_first: true,
        cursor: None,
        limit: Some(100),
    };
    let page = env.as_actor(Actor::Anonymous).find_blocks(&args);
    let reason =
        |block: &purser_types::log::IndexedBlock| core(&block.block).get("tx")?.get("reason")?.as_text().map(str::to_owned);
    page.items.iter().find_map(reason).unwrap_or_default()
}

#[test]
fn a_snapshot_of_before_a_payment_is_noticed_before_it_is_paid_again() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let canister = env.canister;
    advance_time(&mut env, FIVE_MINUTES);
    // The snapshot is of a canister at work: the payment is promised, and nothing of it is built.
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 5, "rent"));
    let snapshot = env.network.local().take_snapshot(canister);
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    let (received, landed) = (env.solana.balance(&recipients::solana(1)), env.solana.landed().len());

    env.network.local().load_snapshot(canister, &snapshot);
    env.upgrade(None).expect("it opens");
    let forgotten = env.as_actor(Actor::Anonymous).get_transfer(id).expect("it exists");
    assert_eq!(forgotten.status, Status::Reserved, "as far as it knows, this has to be paid");
    (0..20).for_each(|_| env.step());
    assert!(matches!(env.as_actor(Actor::Anonymous).get_mode(), Mode::Emergency { .. }));
    assert!(last_reason(&mut env).starts_with("a snapshot taken at "), "{}", last_reason(&mut env));
    advance_time(&mut env, DAY);
    let now = (env.solana.balance(&recipients::solana(1)), env.solana.landed().len());
    assert_eq!(now, (received, landed), "nothing was paid twice");

    // People look at the chain and settle it; the alarm is not raised again.
    env.as_actor(Actor::Guardian).cancel_transfer(id, Some("paid before the snapshot was loaded")).expect("a guardian");
    end_emergency(&mut env, "reconciled");
    advance_time(&mut env, DAY);
    assert_eq!(env.as_actor(Actor::Anonymous).get_mode(), Mode::Normal);
    assert!(env.as_actor(Actor::Anonymous).verify_integrity(None, None).valid);
    let next = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "next"));
    assert_eq!(env.wait_for_end(next).status, Status::Confirmed);
    assert_eq!(env.solana.balance(&recipients::solana(1)), received + SOL / 10);
}

#[test]
fn nothing_is_paid_while_the_history_of_the_canister_is_not_known() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let canister = env.canister;
    let silence = Effect::Reject { code: 2, message: "try again".into() };
    env.network.local().faults().inject(canister, CallKind::CanisterInfo, Occurrence::From(1), silence);
    env.upgrade(None).expect("it opens");
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "k"));
    (0..20).for_each(|_| env.step());
    assert_eq!(env.as_actor(Actor::Anonymous).get_transfer(id).expect("it exists").status, Status::Reserved);
    env.network.local().faults().clear();
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
}

#[test]
fn a_transfer_that_was_under_way_is_followed_and_not_made_again() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "under way"));
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    let exported = export(&mut env, 0, "under-way.log");
    let image = Path::new(env!("CARGO_TARGET_TMPDIR")).join("under-way.image");
    assert!(verify(&mut env, &[&exported], Some(image.clone())).valid);
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    let (received, landed) = (env.solana.balance(&recipients::solana(1)), env.solana.landed().len());
    // What happened since the export is lost; the chain is ahead of what comes back.
    restore(&mut env, &std::fs::read(&image).expect("it was written"));
    let forgotten = env.as_actor(Actor::Anonymous).get_transfer(id).expect("it exists");
    assert_eq!(forgotten.status, Status::Submitted);
    let ended = env.wait_for_end(id);
    assert_eq!(
        (ended.status.name.as_str(), ended.attempt),
        ("Confirmed", forgotten.attempt),
        "the chain is asked, even in the emergency"
    );
    assert_eq!((env.solana.balance(&recipients::solana(1)), env.solana.landed().len()), (received, landed));
    let usage = env.as_actor(Actor::Anonymous).get_usage(Scope::Wallet(wallet.id)).expect("open").assets;
    let fee = ended.fee_paid.expect("it ended");
    assert_eq!((usage_of(&usage, Asset::Sol).posted, usage_of(&usage, Asset::Sol).reserved), (SOL / 10 + fee, 0));
}

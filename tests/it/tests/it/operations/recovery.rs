//! The drill: the canister's state is lost or set back, and what comes back has forgotten nothing and pays nothing twice.

use crate::log::retention::{export, verify};
use crate::support::{payment, rules, usage_of};
use crate::transfer::watch::{DAY, FIVE_MINUTES, pass};
use localnet::{CallKind, Effect, Nth};
use purser_it::recipients;
use purser_it::values::core;
use purser_it::world::{Actor, KAS, SOL, World};
use purser_types::*;
use std::path::Path;

/// Puts other stable memory under the canister, with the upgrade that follows it, as scripts/restore does.
fn restore(world: &mut World, memory: &[u8]) {
    let canister = world.canister;
    world.network.local().set_stable_memory(canister, memory);
    world.upgrade(None).expect("it opens");
}

/// Back to normal operation, by way of limited operation.
fn end_emergency(world: &mut World, reason: &str) {
    for _ in 0..2 {
        world.as_actor(Actor::Admin).end_emergency(reason).expect("an admin");
    }
}

#[test]
fn an_older_snapshot_is_noticed_and_the_log_brings_everything_back() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let first = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "first"));
    world.settle(first);
    // A backup as scripts/backup takes it: while the canister is paused.
    world.as_actor(Actor::Guardian).start_emergency("backup").expect("a guardian");
    let canister = world.canister;
    let snapshot = world.network.local().take_snapshot(canister);
    end_emergency(&mut world, "backup taken");
    let [sol, kas] = [payment(wallet.id, Asset::Sol, SOL / 5, "rent"), payment(wallet.id, Asset::Kas, 3 * KAS, "wages")];
    for args in [&sol, &kas] {
        let id = world.accepted(args);
        assert_eq!(world.settle(id).status, Status::Confirmed);
    }
    let newest = export(&mut world, 0, "drill-newest.log");
    let digest = world.as_actor(Actor::Anonymous).get_state_digest().expect("open");
    let usage = world.as_actor(Actor::Anonymous).get_usage(wallet.id).expect("open");
    let received = (world.solana.balance(&recipients::solana(1)), world.kaspa.balance(&recipients::kaspa(1)));
    let landed = (world.solana.landed().len(), world.kaspa.accepted().len());

    // Disaster: the older snapshot is restored. It starts paused and pays nothing.
    world.network.local().load_snapshot(canister, &snapshot);
    world.upgrade(None).expect("it opens");
    assert!(matches!(world.as_actor(Actor::Anonymous).get_mode(), Mode::Emergency { .. }));
    let refused = world.as_actor(Actor::Agent).transfer(&sol);
    assert!(
        matches!(refused, Ok(TransferOutcome::Denied { .. })),
        "a payment that it has forgotten is not made again: {refused:?}"
    );
    (0..5).for_each(|_| world.step());
    // What is exported from it does not go on where the last export ended.
    let older = export(&mut world, 0, "drill-older.log");
    let report = verify(&mut world, &[&newest, &older], None);
    assert!(!report.valid);
    assert!(report.problems.iter().any(|problem| problem.starts_with("the canister was set back: ")), "{report:#?}");

    // The last export gives the memory back as it was at its last entry, paused.
    let image = Path::new(env!("CARGO_TARGET_TMPDIR")).join("drill.image");
    let rebuilt = verify(&mut world, &[&newest], Some(image.clone()));
    assert!(rebuilt.valid, "{rebuilt:#?}");
    restore(&mut world, &std::fs::read(&image).expect("it was written"));
    assert!(matches!(world.as_actor(Actor::Anonymous).get_mode(), Mode::Emergency { .. }), "it starts paused");
    let report = world.as_actor(Actor::Anonymous).verify_integrity(None, None);
    // The emergency and the upgrade were logged since.
    assert_eq!((report.valid, report.entries_checked), (true, digest.log_length + 2));
    assert_eq!(world.as_actor(Actor::Anonymous).get_usage(wallet.id), Ok(usage), "the counters are those of before");
    end_emergency(&mut world, "reconciled");
    for args in [&sol, &kas] {
        let again = world.as_actor(Actor::Agent).transfer(args);
        assert!(matches!(&again, Ok(TransferOutcome::Duplicate { transfer }) if transfer.status == Status::Confirmed), "{again:?}");
    }
    (0..5).for_each(|_| world.step());
    let now = (world.solana.balance(&recipients::solana(1)), world.kaspa.balance(&recipients::kaspa(1)));
    assert_eq!(now, received, "nobody was paid twice");
    assert_eq!((world.solana.landed().len(), world.kaspa.accepted().len()), landed, "nothing else landed");
    let next = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "next"));
    assert_eq!(world.settle(next).status, Status::Confirmed);
    let after = export(&mut world, 0, "drill-after.log");
    assert!(verify(&mut world, &[&newest, &after], None).valid, "the log goes on where the export ended");
    let usage = world.as_actor(Actor::Anonymous).get_usage(wallet.id).expect("open");
    assert_eq!(usage_of(&usage, Asset::Sol).reserved, 0);
}

/// The last reason that is given in the log.
fn last_alarm(world: &mut World) -> String {
    let args = FindBlocksArgs {
        filter: BlockFilter::All,
        from: None,
        until: None,
        from_time: None,
        until_time: None,
        newest_first: true,
        limit: Some(100),
    };
    let page = world.as_actor(Actor::Anonymous).find_blocks(&args);
    let reason =
        |block: &purser_types::log::IndexedBlock| core(&block.block).get("tx")?.get("reason")?.as_text().map(str::to_owned);
    page.blocks.iter().find_map(reason).unwrap_or_default()
}

#[test]
fn a_snapshot_of_before_a_payment_is_noticed_before_it_is_paid_again() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let canister = world.canister;
    pass(&mut world, FIVE_MINUTES);
    // The snapshot is of a canister at work: the payment is promised, and nothing of it is built.
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 5, "rent"));
    let snapshot = world.network.local().take_snapshot(canister);
    assert_eq!(world.settle(id).status, Status::Confirmed);
    let (received, landed) = (world.solana.balance(&recipients::solana(1)), world.solana.landed().len());

    world.network.local().load_snapshot(canister, &snapshot);
    world.upgrade(None).expect("it opens");
    let forgotten = world.as_actor(Actor::Anonymous).get_transfer(id).expect("it exists");
    assert_eq!(forgotten.status, Status::Reserved, "as far as it knows, this has to be paid");
    (0..20).for_each(|_| world.step());
    assert!(matches!(world.as_actor(Actor::Anonymous).get_mode(), Mode::Emergency { .. }));
    assert!(last_alarm(&mut world).starts_with("a snapshot taken at "), "{}", last_alarm(&mut world));
    pass(&mut world, DAY);
    let now = (world.solana.balance(&recipients::solana(1)), world.solana.landed().len());
    assert_eq!(now, (received, landed), "nothing was paid twice");

    // People look at the chain and settle it; the alarm is not raised again.
    world.as_actor(Actor::Guardian).cancel_transfer(id, Some("paid before the snapshot was loaded")).expect("a guardian");
    end_emergency(&mut world, "reconciled");
    pass(&mut world, DAY);
    assert_eq!(world.as_actor(Actor::Anonymous).get_mode(), Mode::Normal);
    assert!(world.as_actor(Actor::Anonymous).verify_integrity(None, None).valid);
    let next = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "next"));
    assert_eq!(world.settle(next).status, Status::Confirmed);
    assert_eq!(world.solana.balance(&recipients::solana(1)), received + SOL / 10);
}

#[test]
fn nothing_is_paid_while_the_history_of_the_canister_is_not_known() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let canister = world.canister;
    let silence = Effect::Reject { code: 2, message: "try again".into() };
    world.network.local().faults().inject(canister, CallKind::CanisterInfo, Nth::From(1), silence);
    world.upgrade(None).expect("it opens");
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "k"));
    (0..20).for_each(|_| world.step());
    assert_eq!(world.as_actor(Actor::Anonymous).get_transfer(id).expect("it exists").status, Status::Reserved);
    world.network.local().faults().clear();
    assert_eq!(world.settle(id).status, Status::Confirmed);
}

#[test]
fn a_transfer_that_was_under_way_is_followed_and_not_made_again() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "under way"));
    world.follow(id, |transfer| transfer.status == Status::Submitted);
    let exported = export(&mut world, 0, "under-way.log");
    let image = Path::new(env!("CARGO_TARGET_TMPDIR")).join("under-way.image");
    assert!(verify(&mut world, &[&exported], Some(image.clone())).valid);
    assert_eq!(world.settle(id).status, Status::Confirmed);
    let (received, landed) = (world.solana.balance(&recipients::solana(1)), world.solana.landed().len());
    // What happened since the export is lost; the chain is ahead of what comes back.
    restore(&mut world, &std::fs::read(&image).expect("it was written"));
    let forgotten = world.as_actor(Actor::Anonymous).get_transfer(id).expect("it exists");
    assert_eq!(forgotten.status, Status::Submitted);
    let ended = world.settle(id);
    assert_eq!((ended.status, ended.attempt), (Status::Confirmed, forgotten.attempt), "the chain is asked, even in the emergency");
    assert_eq!((world.solana.balance(&recipients::solana(1)), world.solana.landed().len()), (received, landed));
    let usage = world.as_actor(Actor::Anonymous).get_usage(wallet.id).expect("open");
    let fee = ended.fee_paid.expect("it ended");
    assert_eq!((usage_of(&usage, Asset::Sol).posted, usage_of(&usage, Asset::Sol).reserved), (SOL / 10 + fee, 0));
}

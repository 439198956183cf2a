//! Steps 6 and 7: emergency mode, and an upgrade in place.

use super::console::grouped;
use super::context::Demo;
use crate::recipients;
use crate::test_env::{Actor, SOL};
use purser_types::{Asset, Change, Mode, Scope, Status, TransferArgs, TransferOutcome};

fn payment(demo: &Demo, key: &str) -> TransferArgs {
    TransferArgs {
        wallet_id: demo.wallet().id,
        asset: Asset::Sol,
        to: recipients::solana(1),
        amount: SOL / 10,
        max_fee: None,
        idempotency_key: key.into(),
        reason: None,
        session_id: None,
        created_at: None,
        params: None,
    }
}

/// Starts an emergency as a guardian, and ends it as an admin.
pub fn emergency(demo: &mut Demo) {
    let args = payment(demo, "before-the-emergency");
    let under_way = demo.env.request_transfer(&args);
    let started = demo.env.as_actor(Actor::Guardian).start_emergency("drill");
    demo.check("a guardian starts it", started == Ok(()));
    let args = payment(demo, "during-the-emergency");
    let denied = demo.env.as_actor(Actor::Agent).transfer(&args);
    let denied = matches!(denied, Ok(TransferOutcome::Denied { .. }));
    demo.check("a transfer is denied", denied);
    let mode = demo.env.as_actor(Actor::Stranger).get_mode();
    demo.check("reads work", matches!(mode, Mode::Emergency { .. }));
    demo.env.step();
    let held = demo.env.as_actor(Actor::Stranger).get_transfer(under_way).expect("it exists").status;
    demo.check(format!("the transfer under way is held: {}", held.name), held != Status::Confirmed);
    let cancelled = demo.env.as_actor(Actor::Agent).cancel_transfer(under_way, Some("drill"));
    let cancelled = cancelled.is_ok_and(|transfer| transfer.status == Status::Cancelled && transfer.reserved == 0);
    demo.check("cancelling works, and frees what was reserved", cancelled);
    let refused = demo.env.as_actor(Actor::Guardian).end_emergency("over");
    demo.check("a guardian cannot end it", refused.is_err_and(|error| error.code == "AUTH_FAILED"));
    let ended = demo.env.as_actor(Actor::Admin).end_emergency("over");
    let limited = matches!(demo.env.as_actor(Actor::Stranger).get_mode(), Mode::Limited { percent: 10, .. });
    demo.check("an admin ends it: a tenth of every limit is let out at first", ended == Ok(Change::Applied) && limited);
    let ended = demo.env.as_actor(Actor::Admin).end_emergency("all is well");
    let normal = demo.env.as_actor(Actor::Stranger).get_mode() == Mode::Normal;
    demo.check("and then everything", ended == Ok(Change::Applied) && normal);
}

/// Upgrades the canister and checks that counters and log are kept.
///
/// # Panics
/// When the canister does not answer.
pub fn upgrade(demo: &mut Demo) {
    let wallet = demo.wallet().id;
    let before = demo.env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet)).expect("the wallet exists").assets;
    let upgraded = demo.env.upgrade(None);
    demo.check("stop, upgrade, start", upgraded == Ok(()));
    let after = demo.env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet)).expect("the wallet is still there").assets;
    for usage in &after {
        demo.say(format!(
            "{}: {} spent of {} in 24 h",
            usage.asset.name,
            grouped(usage.posted.into()),
            grouped(usage.limit.unwrap_or_default().into())
        ));
    }
    demo.check("what was spent is still spent", before == after && after.iter().all(|usage| usage.posted > 0));
    let report = demo.env.as_actor(Actor::Stranger).verify_integrity(None, None);
    demo.check(format!("the audit chain verifies: {} blocks", report.entries_checked), report.valid && report.entries_checked > 0);
    let tip = demo.env.as_actor(Actor::Admin).get_state_digest().expect("an admin reads the digest");
    let certificate = demo.env.as_actor(Actor::Stranger).icrc3_get_tip_certificate();
    demo.check("its tip is certified", certificate.is_some());
    demo.say(format!("tip: block {}, {}", tip.log_length.saturating_sub(1), hex::encode(tip.tip.unwrap_or_default())));
}

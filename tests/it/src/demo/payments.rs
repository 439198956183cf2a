//! Steps 4 and 5: payments within the policy, and payments that it denies.

use super::console::grouped;
use super::context::Demo;
use crate::recipients;
use crate::test_env::{Actor, KAS, SOL};
use purser_types::{Asset, Evaluation, Status, TransferArgs, TransferOutcome};

fn payment(demo: &Demo, asset: Asset, to: String, amount: u64, key: &str) -> TransferArgs {
    TransferArgs {
        wallet_id: demo.wallet().id,
        asset,
        to,
        amount,
        max_fee: None,
        idempotency_key: key.into(),
        reason: Some("demo".into()),
        session_id: None,
        created_at: None,
        params: None,
    }
}

/// Makes one payment on each chain.
pub fn send(demo: &mut Demo) {
    let sol = payment(demo, Asset::Sol, recipients::solana(1), SOL / 2, "invoice-1");
    pay(demo, &sol);
    let kas = payment(demo, Asset::Kas, recipients::kaspa(1), 12 * KAS, "invoice-2");
    pay(demo, &kas);

    let received = demo.env.solana.balance(&sol.to);
    demo.check(format!("on Solana the recipient has {} lamports", grouped(received.into())), received == sol.amount);
    let received = demo.env.kaspa.balance(&kas.to);
    demo.check(format!("on Kaspa the recipient has {} sompi", grouped(received.into())), received == kas.amount);

    let again = demo.env.as_actor(Actor::Agent).transfer(&sol);
    let first = demo.sent.first().map(|transfer| transfer.id);
    let duplicate = matches!(again, Ok(TransferOutcome::Duplicate { transfer }) if Some(transfer.id) == first);
    demo.check("the same idempotency key again pays nobody: it names the first transfer", duplicate);
}

fn pay(demo: &mut Demo, args: &TransferArgs) {
    demo.say(format!("the agent asks for {} {:?} to {}", grouped(args.amount.into()), args.asset, args.to));
    let outcome = demo.env.as_actor(Actor::Agent).transfer(args);
    let Ok(TransferOutcome::Accepted { transfer_id, evaluation }) = outcome else {
        demo.check(format!("it is allowed and reserved: {outcome:?}"), false);
        return;
    };
    demo.check(format!("allowed by policy version {} and reserved as transfer {transfer_id}", evaluation.policy_version), true);
    let submitted = demo.env.wait_until(transfer_id, |transfer| transfer.txid.is_some());
    demo.say(format!("signed as {}", submitted.txid.clone().unwrap_or_default()));
    let ended = demo.env.wait_for_end(transfer_id);
    let fee = ended.fee_paid.unwrap_or_default();
    demo.check(format!("{:?}, fee {} of at most {}", ended.status, grouped(fee.into()), grouped(ended.max_fee.into())), {
        ended.status == Status::Confirmed && fee > 0 && fee <= ended.max_fee && ended.reserved == 0
    });
    demo.sent.push(ended);
}

/// Requests a payment over the limit and one to an address that is not listed.
pub fn denied(demo: &mut Demo) {
    let over = payment(demo, Asset::Sol, recipients::solana(1), 2 * SOL, "too-much");
    refused(demo, &over, "SPENDING_LIMIT_EXCEEDED");
    let unlisted = payment(demo, Asset::Kas, recipients::kaspa(2), KAS, "to-a-stranger");
    refused(demo, &unlisted, "ADDRESS_NOT_ALLOWED");
    let untouched = demo.env.kaspa.balance(&unlisted.to);
    demo.check("the unlisted address received nothing", untouched == 0);
}

fn refused(demo: &mut Demo, args: &TransferArgs, code: &str) {
    demo.say(format!("the agent asks for {} {:?} to {}", grouped(args.amount.into()), args.asset, args.to));
    match demo.env.as_actor(Actor::Agent).transfer(args) {
        Ok(TransferOutcome::Denied { evaluation }) => {
            explain(demo, &evaluation);
            let found = evaluation.findings.iter().any(|finding| finding.code.as_deref() == Some(code));
            demo.check(format!("denied: {code}"), found);
        }
        other => demo.check(format!("denied: {code}, not {other:?}"), false),
    }
}

fn explain(demo: &mut Demo, evaluation: &Evaluation) {
    for finding in &evaluation.findings {
        let result = if finding.passed { "passes" } else { "denies" };
        demo.say(format!("{result}  {:?}: {}", finding.rule, finding.message));
    }
}

//! Revocations, and nonces that the network does not take.

use super::nonces::{OTHER, VALUE, good, nonce_at, nonce_is, on_nonce, read, taken, with_nonces};
use super::solana::{accounts, blockhash, epoch, finalized, height, ok, simulated};
use super::*;
use purser_core::chains::solana::transfer::NonceStatus;
use purser_core::policy::ReasonCode;

const AMOUNT: u64 = 50_000_000;
const RICH: u64 = 10_000_000_000;

/// A world with a wallet that has one nonce account.
pub(super) fn with_nonce() -> World {
    with_nonces(World::new(), 1)
}

fn unknown() -> Step {
    all("getSignatureStatuses", |_| ok(r#"{"context":{"slot":9000},"value":[null]}"#))
}

fn pending() -> Step {
    let status = r#"[{"slot":48,"confirmations":1,"err":null,"status":{},"confirmationStatus":"confirmed"}]"#;
    all("getSignatureStatuses", move |_| ok(format!(r#"{{"context":{{"slot":60}},"value":{status}}}"#)))
}

fn refused() -> Step {
    on_nonce(r#"{"err":"BlockhashNotFound","unitsConsumed":0}"#)
}

/// A transfer whose transaction uses the nonce and was sent.
fn sent(world: &World) -> TransferId {
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let script = vec![read(VALUE), good(), signing(KeyKind::Solana), taken(id)];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    id
}

fn revoke(world: &World, id: TransferId) -> TransferId {
    let (decided, revocation) = world.state.borrow().decide_revoke(admin(), id, world.time()).unwrap();
    world.put(decided);
    revocation
}

/// The calls that send a revocation with this blockhash.
fn revoking(revocation: TransferId, n: u8) -> Vec<Step> {
    vec![read(VALUE), unknown(), simulated(), blockhash(n), signing(KeyKind::Solana), taken(revocation)]
}

/// The two observations that the nonce is used up and the transaction unknown.
fn death() -> Vec<Step> {
    vec![unknown(), nonce_is(OTHER), unknown(), nonce_is(OTHER), unknown()]
}

#[test]
fn a_revocation_uses_a_blockhash_and_the_revoked_transaction_is_not_sent_again() {
    let world = with_nonce();
    let id = sent(&world);
    let revocation = revoke(&world, id);
    assert_eq!(world.drive(revocation, 0, revoking(revocation, 1)), Progress::Waiting);
    let signed = sol::SignedTx::decode(&world.transfer(revocation).signed.unwrap().signed).unwrap();
    let payer = sol::Address::from_bytes(world.wallet().solana_key[..].try_into().unwrap());
    assert_eq!(signed.plan().recent_hash, sol::RecentHash::Blockhash(sol::Blockhash::from_bytes([1; 32])));
    assert_eq!(signed.plan().operation, sol::Operation::Revoke { account: sol::derived::nonce_account(&payer, 0) });
    assert_eq!(world.drive(id, 0, vec![unknown(), nonce_is(VALUE)]), Progress::Waiting, "it is not sent");
    assert_eq!(world.drive(revocation, 0, vec![finalized("null")]), Progress::Ended);
    assert_eq!(world.drive(id, 0, death()), Progress::Ended);
    assert_eq!((world.status(id), world.status(revocation)), (Status::Cancelled, Status::Confirmed));
    assert_eq!((world.code(id), world.code(revocation)), (Some(ReasonCode::Revoked), None));
    assert_eq!(world.usage(Asset::Sol), (0, 5_000));
}

/// A node that is behind shows the value before, which is another one as well.
#[test]
fn a_node_that_has_not_come_as_far_as_the_nonces_value_shows_no_change() {
    let world = with_nonce();
    let id = sent(&world);
    assert_eq!(world.transfer(id).built.unwrap().details.solana().unwrap().recent_hash_slot, Some(9), "where it was tried out");
    assert_eq!(world.drive(id, 0, vec![unknown(), nonce_at(8, OTHER), taken(id)]), Progress::Waiting);
    let script = vec![unknown(), nonce_at(9, OTHER), unknown(), nonce_at(8, OTHER), taken(id)];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting, "one of two is not enough");
    assert_eq!(world.status(id), Status::Submitted);
    assert_eq!(world.drive(id, 0, death()), Progress::Again);
    assert_eq!(world.status(id), Status::Expired);
}

#[test]
fn a_revocation_whose_blockhash_died_is_built_again_while_there_is_something_to_revoke() {
    let dead = |world: &World, revocation| {
        let first = vec![unknown(), height(1_000), height(1_000), taken(revocation)];
        assert_eq!(world.drive(revocation, 0, first), Progress::Waiting);
        world.advance(90);
        let death = vec![unknown(), epoch(1_414, 2_000), unknown(), epoch(1_414, 2_000), unknown()];
        assert_eq!(world.drive(revocation, 0, death), Progress::Again);
    };
    let world = with_nonce();
    let id = sent(&world);
    let revocation = revoke(&world, id);
    world.drive(revocation, 0, revoking(revocation, 1));
    dead(&world, revocation);
    assert_eq!(world.drive(revocation, 0, revoking(revocation, 2)), Progress::Waiting);
    assert_eq!((world.status(revocation), world.transfer(revocation).attempt), (Status::Submitted, 2));
    dead(&world, revocation);
    assert_eq!(world.drive(id, 0, vec![finalized("null")]), Progress::Ended);
    assert_eq!(world.drive(revocation, 0, vec![]), Progress::Ended);
    let ended = world.transfer(revocation);
    assert_eq!((ended.status, ended.fee_paid), (Status::Failed, Some(Amount::ZERO)));
    assert_eq!(ended.code, Some(ReasonCode::NothingToRevoke));
    assert_eq!(ended.note.as_deref(), Some("the transfer has ended; there is nothing to revoke"));
    assert_eq!(world.usage(Asset::Sol), (0, AMOUNT + 5_000));
}

#[test]
fn a_revocation_waits_for_the_proof_when_it_comes_too_late() {
    let world = with_nonce();
    let id = sent(&world);
    let revocation = revoke(&world, id);
    assert_eq!(world.drive(revocation, 0, vec![read(VALUE), pending()]), Progress::Blocked, "it is in a block");
    assert_eq!(world.drive(revocation, 0, vec![read(OTHER)]), Progress::Blocked, "the nonce is used up");
    assert_eq!(world.drive(id, 0, vec![finalized("null")]), Progress::Ended);
    assert_eq!(world.drive(revocation, 0, vec![]), Progress::Ended);
    assert_eq!((world.status(id), world.status(revocation)), (Status::Confirmed, Status::Failed));
}

#[test]
fn a_transfer_that_ends_before_its_revocation_is_signed_costs_no_fee() {
    let world = with_nonce();
    let id = sent(&world);
    let revocation = revoke(&world, id);
    let lost = vec![read(VALUE), unknown(), simulated(), blockhash(1), Step::SignLost];
    assert!(matches!(world.drive(revocation, 0, lost), Progress::Transient(_)));
    assert_eq!(world.drive(id, 0, vec![finalized("null")]), Progress::Ended);
    let holder = || world.state.borrow().nonce(WALLET, 0).unwrap().holder;
    assert_eq!(holder(), Some(revocation), "it might have been signed");
    assert_eq!(world.drive(revocation, 0, vec![]), Progress::Ended);
    assert_eq!((world.status(revocation), holder()), (Status::Failed, None));
    assert_eq!(world.code(revocation), Some(ReasonCode::NothingToRevoke), "once built too");
}

#[test]
fn a_transfer_out_of_quarantine_expires_or_goes_back_but_is_never_sent() {
    for dies in [false, true] {
        let world = with_nonce();
        let id = sent(&world);
        let decided = world.state.borrow().decide_quarantine(admin(), id, "stuck".into()).unwrap();
        world.put(decided);
        // By now nodes may have forgotten what landed, but the nonce shows that the transaction has not.
        world.advance(100_000);
        let revocation = revoke(&world, id);
        let lost = vec![read(VALUE), unknown(), simulated(), blockhash(1), Step::SignLost];
        assert!(matches!(world.drive(revocation, 0, lost), Progress::Transient(_)));
        assert_eq!((world.status(id), world.code(id)), (Status::Submitted, None), "its quarantine is over");
        assert_eq!(world.drive(id, 0, vec![unknown(), nonce_is(VALUE)]), Progress::Waiting);
        world.cancel(revocation);
        let script = if dies { death() } else { vec![unknown(), nonce_is(VALUE)] };
        assert_eq!(world.drive(id, 0, script), Progress::Ended);
        let (expected, code) = match dies {
            true => (Status::Cancelled, ReasonCode::TransactionExpired),
            false => (Status::Quarantined, ReasonCode::RevocationFailed),
        };
        assert_eq!((world.status(id), world.code(id), world.sent.borrow().len()), (expected, Some(code), 1));
        assert_eq!(world.usage(Asset::Sol).0, if dies { 0 } else { AMOUNT + 5_000 });
    }
}

/// A transfer whose transaction uses the nonce, signed and then stopped by an emergency.
fn signed(world: &World) -> TransferId {
    let reference = with_nonce();
    let other = sent(&reference);
    let Transfer { built, signed, .. } = reference.transfer(other);
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let decided = world.state.borrow().decide_built(id, built.unwrap()).unwrap();
    world.put(decided);
    let decided = world.state.borrow().decide_signed(id, signed.unwrap()).unwrap();
    world.put(decided);
    id
}

#[test]
fn a_signed_transaction_is_not_sent_while_it_is_being_revoked() {
    let world = with_nonce();
    let id = signed(&world);
    let revocation = revoke(&world, id);
    assert_eq!(world.drive(id, 0, vec![]), Progress::Blocked);
    assert_eq!(world.drive(revocation, 0, revoking(revocation, 1)), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted, "anybody can send it");
    assert_eq!(world.drive(id, 0, vec![unknown(), nonce_is(VALUE)]), Progress::Waiting);
    assert_eq!(world.drive(id, 0, death()), Progress::Ended);
    assert_eq!(world.status(id), Status::Cancelled);
    let world = with_nonce();
    let id = signed(&world);
    let revocation = revoke(&world, id);
    world.cancel(revocation);
    assert_eq!(world.drive(id, 0, vec![taken(id)]), Progress::Waiting, "nothing keeps it any more");
}

#[test]
fn a_transaction_held_back_for_long_after_its_signature_goes_into_quarantine() {
    for (late, expected) in [(1_800, Status::Submitted), (1_801, Status::Quarantined)] {
        let world = with_nonce();
        let id = signed(&world);
        world.advance(late);
        world.drive(id, 0, if expected == Status::Submitted { vec![taken(id)] } else { vec![] });
        let code = (expected == Status::Quarantined).then_some(ReasonCode::OutcomeUnknown);
        assert_eq!((world.status(id), world.code(id)), (expected, code));
    }
}

#[test]
fn a_nonce_is_given_up_only_when_two_nodes_refuse_it() {
    let world = with_nonce();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let failing = || on_nonce(r#"{"err":{"InstructionError":[1,{"Custom":1}]},"unitsConsumed":600}"#);
    for second in [good(), failing()] {
        assert!(matches!(world.drive(id, 0, vec![read(VALUE), refused(), second]), Progress::Transient(_)));
    }
    let works = || world.state.borrow().nonce(WALLET, 0).unwrap().status == NonceStatus::Ready;
    assert!(works());
    let replaced =
        one("\"replaceRecentBlockhash\":true", |_| ok(r#"{"context":{"slot":9},"value":{"err":null,"unitsConsumed":150}}"#));
    let script = vec![read(VALUE), refused(), refused(), replaced, blockhash(1), signing(KeyKind::Solana), taken(id)];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    assert!(!works());
    let signed = sol::SignedTx::decode(&world.transfer(id).signed.unwrap().signed).unwrap();
    assert_eq!(signed.plan().recent_hash, sol::RecentHash::Blockhash(sol::Blockhash::from_bytes([1; 32])));
    let next = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let script = vec![accounts(RICH, Some(RICH)), simulated(), blockhash(2), signing(KeyKind::Solana), taken(next)];
    assert_eq!(world.drive(next, 0, script), Progress::Waiting, "the nonce account is not read any more");
}

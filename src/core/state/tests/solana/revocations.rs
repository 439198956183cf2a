//! Revocations: transactions that use up the nonce of a transfer.

use super::*;
use crate::policy::ReasonCode;

#[test]
fn a_revocation_uses_up_exactly_the_nonce_of_what_it_revokes() {
    let mut state = with_nonces();
    let [id, other] = ["a", "b"].map(|key| accepted(&mut state, sol(1_000, key), at(19)));
    submit_on(&mut state, id, 0);
    let revocation = revoke(&mut state, id);
    let another_value = |id| {
        let mut built = using_up(id, 0);
        let Built::Solana(details) = &mut built.details else { unreachable!("it is on Solana") };
        details.advances.as_mut().unwrap().value = Bytes::new([8; 32]);
        built
    };
    for wrong in [on_nonce(revocation, 0), using_up(revocation, 1), another_value(revocation), built(revocation)] {
        let refused = state.decide_built(revocation, wrong);
        assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "advances", .. })), "{refused:?}");
    }
    let refused = state.decide_built(other, using_up(other, 0));
    assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "advances", .. })), "a payment uses up nothing: {refused:?}");
    let decided = state.decide_confirmed(id, Amount::new(5_000), None);
    done(&mut state, decided, at(22));
    assert!(state.decide_built(revocation, using_up(revocation, 0)).is_err(), "it has landed");
    assert_eq!(holder(&state, 0), None);
}

#[test]
fn a_nonce_stays_taken_until_its_revocation_is_over_too() {
    for lands in [true, false] {
        let mut state = with_nonces();
        let id = accepted(&mut state, sol(1_000, "a"), at(19));
        submit_on(&mut state, id, 0);
        let revocation = revoke(&mut state, id);
        submit_revocation(&mut state, revocation);
        // The transfer was faster. What comes late would use up the next value.
        let decided = state.decide_confirmed(id, Amount::new(5_000), None);
        done(&mut state, decided, at(22));
        assert_eq!(holder(&state, 0), Some(revocation));
        let next = accepted(&mut state, sol(1_000, "b"), at(23));
        assert!(state.decide_built(next, on_nonce(next, 0)).is_err(), "the late one would kill it");
        let decided = if lands {
            state.decide_confirmed(revocation, Amount::new(5_000), None)
        } else {
            state.decide_expired(revocation, ReasonCode::TransactionExpired, "it is dead")
        };
        done(&mut state, decided, at(24));
        assert_eq!(holder(&state, 0), None);
        submit_on(&mut state, next, 0);
        replayed(&state);
    }
}

#[test]
fn a_revocation_that_ends_without_landing_can_be_made_again() {
    let mut state = with_nonces();
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    submit_on(&mut state, id, 0);
    let first = revoke(&mut state, id);
    assert_eq!(state.revocation_of(&state.transfer(id).unwrap()), Some(first));
    assert!(matches!(state.decide_revoke(guardian(), id, at(21)), Err(Refusal::AlreadySo { .. })));
    let decided = state.decide_cancel(admin(), first, None);
    done(&mut state, decided, at(21));
    assert_eq!(state.revocation_of(&state.transfer(id).unwrap()), None);
    let second = revoke(&mut state, id);
    let decided = state.decide_failed(second, Amount::ZERO, ReasonCode::TransactionFailed, "no money");
    done(&mut state, decided, at(21));
    let third = revoke(&mut state, id);
    submit_revocation(&mut state, third);
    let decided = state.decide_confirmed(third, Amount::new(5_000), None);
    done(&mut state, decided, at(22));
    assert_eq!(state.revocation_of(&state.transfer(id).unwrap()), Some(third), "it has landed, and so counts for ever");
    assert!(matches!(state.decide_revoke(guardian(), id, at(22)), Err(Refusal::AlreadySo { .. })));
    replayed(&state);
}

#[test]
fn the_removal_of_an_agent_ends_no_revocation() {
    let mut state = with_nonces();
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    submit_on(&mut state, id, 0);
    let (decided, revocation) = state.decide_revoke(agent(), id, at(21)).unwrap();
    state.commit(decided, at(21));
    let waiting = accepted(&mut state, sol(1_000, "b"), at(21));
    let decided = state.decide_remove_agent(guardian(), WALLET, agent());
    done(&mut state, decided, at(22));
    let status = |id| state.transfer(id).unwrap().status;
    assert_eq!((status(revocation), status(waiting)), (Status::Reserved, Status::Cancelled));
}

#[test]
fn what_is_signed_or_quarantined_on_a_nonce_is_revoked_and_followed_again() {
    for quarantined in [false, true] {
        let mut state = with_nonces();
        let id = accepted(&mut state, sol(1_000, "a"), at(19));
        let decided = state.decide_built(id, on_nonce(id, 0));
        done(&mut state, decided, at(20));
        assert!(state.decide_revoke(guardian(), id, at(20)).is_err(), "nothing is signed: it can be cancelled");
        let decided = state.decide_signed(id, signed());
        done(&mut state, decided, at(20));
        if quarantined {
            let decided = state.decide_quarantine(admin(), id, "stuck".into());
            done(&mut state, decided, at(20));
            assert_eq!(state.transfer(id).unwrap().code, Some(ReasonCode::QuarantinedByAdmin));
        }
        let revocation = revoke(&mut state, id);
        let left = if quarantined { Status::Quarantined } else { Status::Signed };
        assert_eq!(state.transfer(id).unwrap().status, left, "nothing is known of the nonce yet");
        assert!(state.decide_submitted(id).is_ok() != quarantined, "by no other way");
        build_revocation(&mut state, revocation);
        let followed = state.transfer(id).unwrap();
        assert_eq!((followed.status, followed.updated_at), (Status::Submitted, at(21)));
        assert_eq!(followed.progress.solana().unwrap().was_quarantined, quarantined);
        assert!(state.active_transfers_of(WALLET).iter().any(|active| active.id == id));
        assert!(usage(&state, Asset::Sol).0 > 1_000, "its money is held");
        let decided = state.decide_expired(id, ReasonCode::TransactionExpired, "it is dead");
        done(&mut state, decided, at(22));
        let decided = state.decide_cancel_by_canister(id, ReasonCode::Revoked, "revoked".into());
        done(&mut state, decided, at(22));
        let fee = state.transfer(revocation).unwrap().request.max_fee.get();
        assert_eq!(usage(&state, Asset::Sol).0, fee, "its money is free");
        assert_eq!(holder(&state, 0), Some(revocation));
        replayed(&state);
    }
}

#[test]
fn a_revocation_shares_the_nonce_and_runs_in_an_emergency() {
    let mut state = with_nonces();
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    assert!(matches!(state.decide_revoke(agent(), id, at(21)), Err(Refusal::WrongStatus { .. })), "nothing is on its way");
    submit_on(&mut state, id, 0);
    assert!(matches!(state.decide_revoke(stranger(), id, at(21)), Err(Refusal::Unauthorized { .. })));
    let decided = state.decide_emergency(guardian(), true, "stop".into(), at(20));
    done(&mut state, decided, at(20));
    let (decided, revocation) = state.decide_revoke(guardian(), id, at(21)).unwrap();
    state.commit(decided, at(21));
    assert!(matches!(state.decide_revoke(guardian(), id, at(21)), Err(Refusal::AlreadySo { .. })));
    assert!(state.may_progress(revocation));
    submit_revocation(&mut state, revocation);
    assert_eq!(holder(&state, 0), Some(id), "the nonce is the transfer's");
    assert_eq!(state.transfer(id).unwrap().progress.solana().unwrap().revoked_by, Some(revocation));
    let decided = state.decide_expired(id, ReasonCode::TransactionExpired, "it is dead");
    done(&mut state, decided, at(22));
    let decided = state.decide_cancel_by_canister(id, ReasonCode::Revoked, "revoked".into());
    done(&mut state, decided, at(22));
    assert_eq!((state.transfer(id).unwrap().status, holder(&state, 0)), (Status::Cancelled, Some(revocation)));
    let decided = state.decide_confirmed(revocation, Amount::new(5_000), None);
    done(&mut state, decided, at(23));
    assert_eq!(holder(&state, 0), None);
    assert_eq!(usage(&state, Asset::Sol), (0, 2 * 1_061_640 + 5_000));
    replayed(&state);
}

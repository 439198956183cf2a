//! Nonce accounts: creation, use by transfers, and failure.

use super::*;
use crate::policy::ReasonCode;

#[test]
fn nonce_accounts_are_created_as_transfers_that_count_their_rent() {
    let mut state = installed();
    let refused = state.decide_nonce_pool(agent(), WALLET, 1, at(1)).err().unwrap();
    assert!(matches!(refused, Refusal::Unauthorized { .. }));
    assert!(matches!(state.decide_nonce_pool(admin(), WALLET, 33, at(1)), Err(Refusal::InvalidArgument { field: "size", .. })));
    let ids = nonce_pool(&mut state, 2);
    assert_eq!(ids, [TransferId::new(1), TransferId::new(2)]);
    assert_eq!(state.nonce(WALLET, 0), Some(NonceRecord { status: NonceStatus::Creating { transfer: ids[0] }, holder: None }));
    assert_eq!(usage(&state, Asset::Sol), (2 * (10_000 + 1_447_680), 0));
    submit(&mut state, ids[0], at(11));
    let decided = state.decide_confirmed(ids[0], Amount::new(1_061_640), None);
    done(&mut state, decided, at(12));
    let decided = state.decide_failed(ids[1], Amount::ZERO, ReasonCode::TransactionFailed, "no money");
    done(&mut state, decided, at(13));
    assert_eq!(usage(&state, Asset::Sol), (0, 1_061_640));
    assert_eq!((holder(&state, 0), state.nonce(WALLET, 1)), (None, None), "what failed can be tried again");
    assert_eq!(nonce_pool(&mut state, 2).len(), 1);
    replayed(&state);
}

#[test]
fn one_transaction_stands_on_a_nonce_until_it_is_over() {
    let mut state = with_nonces();
    let [first, second] = ["a", "b"].map(|key| accepted(&mut state, sol(1_000, key), at(19)));
    submit_on(&mut state, first, 0);
    assert_eq!(holder(&state, 0), Some(first));
    assert!(matches!(state.decide_built(second, on_nonce(second, 0)), Err(Refusal::AlreadySo { .. })));
    assert!(matches!(state.decide_built(second, on_nonce(second, 7)), Err(Refusal::NotFound { .. })));
    submit_on(&mut state, second, 1);
    let decided = state.decide_confirmed(first, Amount::new(5_000), None);
    done(&mut state, decided, at(21));
    let decided = state.decide_expired(second, ReasonCode::TransactionExpired, "it is dead");
    done(&mut state, decided, at(22));
    assert_eq!((holder(&state, 0), holder(&state, 1)), (None, None));
    let third = accepted(&mut state, sol(1_000, "c"), at(23));
    submit_on(&mut state, third, 1);
    assert!(state.decide_built(second, on_nonce(second, 1)).is_err(), "it has to take the other one");
    submit_on(&mut state, second, 0);
    let decided = state.decide_quarantine(admin(), third, "stuck".into());
    done(&mut state, decided, at(24));
    assert_eq!(holder(&state, 1), Some(third), "it may still land");
    let working: Vec<u16> = state.working_nonces(WALLET).into_iter().map(|(index, _)| index).collect();
    assert_eq!((working, state.build_slots(WALLET)), (vec![0], 1), "what waits for people holds nobody else up");
    replayed(&state);
}

#[test]
fn the_highest_slot_in_which_something_landed_is_kept() {
    let mut state = with_nonces();
    assert_eq!(state.highest_landed_slot(), 0);
    for (n, slot, fails, reached) in [(1, 48, false, 48), (2, 47, false, 48), (3, 60, true, 60)] {
        let id = accepted(&mut state, sol(1, &format!("key {n}")), at(10 * n));
        submit_on(&mut state, id, 0);
        let fee = Amount::new(5_000);
        let decided = if fails {
            state.decide_failed(id, fee, ReasonCode::TransactionFailed, "it failed")
        } else {
            state.decide_confirmed(id, fee, None)
        };
        state.commit(decided.unwrap().with_landed_in(super::super::fixture::slot(slot)), at(10 * n + 5));
        assert_eq!(state.highest_landed_slot(), reached);
    }
    replayed(&state);
}

#[test]
fn a_nonce_account_that_failed_is_tried_again() {
    let mut state = with_nonces();
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    let fall_back = |state: &mut TestState| {
        let decided = state.decide_nonce_fallback(id, 0, "it is gone".into());
        done(state, decided, at(20));
    };
    fall_back(&mut state);
    let found = nonce_pool(&mut state, 2);
    assert_eq!(found.len(), 1, "the other one works");
    let decided = state.decide_nonce_found(found[0], "it works".into());
    done(&mut state, decided, at(21));
    assert_eq!((holder(&state, 0), state.transfer(found[0]).unwrap().status), (None, Status::Cancelled));
    assert_eq!(state.transfer(found[0]).unwrap().code, Some(ReasonCode::AlreadyExists));
    assert!(state.decide_nonce_found(id, "it works".into()).is_err(), "a payment creates none");
    fall_back(&mut state);
    let created = nonce_pool(&mut state, 2);
    submit(&mut state, created[0], at(22));
    assert!(state.decide_nonce_found(created[0], "it works".into()).is_err(), "something is on its way");
    let decided = state.decide_confirmed(created[0], Amount::new(1_061_640), None);
    done(&mut state, decided, at(23));
    assert_eq!(holder(&state, 0), None);
    replayed(&state);
}

#[test]
fn as_many_are_built_at_a_time_as_there_are_nonce_accounts_that_work() {
    let mut state = installed();
    assert_eq!(state.build_slots(WALLET), 1);
    let mut state_with = with_nonces();
    assert_eq!(state_with.build_slots(WALLET), 2);
    let ids = ["a", "b", "c"].map(|key| accepted(&mut state_with, sol(1_000, key), at(19)));
    let build_slots = ids.map(|id| state_with.build_slot(&state_with.transfer(id).unwrap()));
    assert!(build_slots[0] != build_slots[1] && build_slots[0] == build_slots[2], "{build_slots:?}");
    let decided = state_with.decide_nonce_fallback(ids[0], 0, "it is gone".into());
    done(&mut state_with, decided, at(20));
    assert_eq!(state_with.build_slots(WALLET), 1, "a broken one carries nothing");
    let settings = SolanaSettings { lifetime: LifetimeChoice::Blockhash };
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    let decided = state.decide_solana_settings(admin(), WALLET, settings);
    done(&mut state, decided, at(20));
    assert_eq!((state.build_slots(WALLET), state.build_slot(&state.transfer(id).unwrap())), (1, 0));
}

#[test]
fn a_nonce_account_that_fails_is_not_used_again() {
    let mut state = with_nonces();
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    let decided = state.decide_nonce_fallback(id, 0, "it is gone".into());
    done(&mut state, decided, at(20));
    assert_eq!(state.nonce(WALLET, 0).unwrap().status, NonceStatus::Broken { reason: "it is gone".into() });
    submit_on(&mut state, id, 1);
    assert!(state.decide_nonce_fallback(id, 1, "it is gone".into()).is_err(), "something stands on it");
}

//! Reserved transfers in limited operation.

use super::*;

/// Operation with a tenth of every limit.
fn limited(state: &mut TestState, now: u64) {
    let decided = state.decide_start_emergency(guardian(), String::new(), at(now));
    done(state, decided, at(now));
    act(state, Action::EndEmergency { reason: String::new() }, now);
}

fn moving(state: &TestState, ids: &[TransferId], now: u64) -> Vec<usize> {
    let moves = |(_, id): &(usize, &TransferId)| state.recheck_denial(**id, at(now)).is_none();
    ids.iter().enumerate().filter(moves).map(|(n, _)| n).collect()
}

#[test]
fn the_oldest_that_fit_a_reduced_limit_move_and_the_rest_waits_and_says_why() {
    let mut state = installed();
    let ids = queue(&mut state, WALLET, &[300_000; 10], "k");
    limited(&mut state, 2);
    assert_eq!(moving(&state, &ids, 3), [0, 1, 2, 3, 4, 5], "six of 305,000 are within 2,000,000");
    let Recheck::Deferred(why) = state.recheck(ids[6], at(3)) else { panic!("it is not over") };
    assert!(
        why.contains("0.00017 SOL (170,000 lamports) are left of 0.002 SOL (2,000,000 lamports)")
            && why.contains("limits are reduced"),
        "{why}"
    );
    assert_eq!(state.wait_reason(ids[6], at(3)), Some(format!("waits: {why}")));
    assert_eq!((state.wait_reason(ids[0], at(3)), state.recheck(ids[0], at(3))), (None, Recheck::Passed));
    for id in &ids[..6] {
        submit(&mut state, *id, at(3));
    }
    assert_eq!(moving(&state, &ids[6..], 3), [0; 0], "what has left counts whether it is older or not");
    let decided = state.decide_failed(ids[0], Amount::new(FEE), ReasonCode::TransactionFailed, "it failed");
    done(&mut state, decided, at(3));
    assert_eq!(moving(&state, &ids[6..], 3), [0], "room for one more");
    act(&mut state, Action::EndEmergency { reason: String::new() }, 4);
    assert_eq!(moving(&state, &ids[6..], 4), [0, 1, 2, 3]);
}

#[test]
fn what_does_not_fit_by_itself_keeps_nothing_behind_it_from_moving() {
    let mut state = installed();
    // 3,000,000 at once is too much now, and so is the third of 450,000 beside the two before it and what was sent.
    let mut ids = queue(&mut state, WALLET, &[3_000_000, 450_000, 450_000], "a");
    let sent = queue(&mut state, WALLET, &[450_000], "sent");
    ids.extend(queue(&mut state, WALLET, &[450_000, 450_000, 100_000], "b"));
    submit(&mut state, sent[0], at(1));
    limited(&mut state, 2);
    assert_eq!(moving(&state, &ids, 3), [1, 2, 3, 5], "1,820,000 and then 105,000 of 2,000,000");
}

#[test]
fn wallets_under_one_parent_move_by_age() {
    let mut state = installed();
    let other = another(&mut state, principal(52));
    let parent = parent(&mut state, 10_000_000);
    for wallet in [WALLET, other] {
        change(&mut state, wallet, below(parent), 0);
    }
    let first = queue(&mut state, other, &[490_000], "a");
    let second = queue(&mut state, WALLET, &[490_000], "b");
    let third = queue(&mut state, other, &[490_000], "c");
    limited(&mut state, 2);
    assert_eq!([first, second, third].map(|ids| moving(&state, &ids, 3).len()), [1, 1, 0], "1,000,000 of the parent's");
}

#[test]
fn what_is_not_allowed_in_any_stage_is_over_and_does_not_wait() {
    let mut state = installed();
    let closed = queue(&mut state, WALLET, &[1_000], "k")[0];
    limited(&mut state, 2);
    assert_eq!(state.recheck(closed, at(3)), Recheck::Passed);
    let mut until = rules(PER_TRANSACTION, DAILY);
    for rule in &mut until {
        if let Rule::Allowlist { entries, .. } = rule {
            entries[0].expires_at = Some(at(10));
        }
    }
    set(&mut state, Scope::Wallet(WALLET), until, 4);
    assert_eq!(state.recheck(closed, at(9)), Recheck::Passed);
    let over = state.recheck(closed, at(10));
    assert!(matches!(over, Recheck::Denied(ReasonCode::AddressNotAllowed, _)), "{over:?}");
}

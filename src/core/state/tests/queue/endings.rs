//! Reserved transfers whose session, agent or wallet ends.

use super::*;

fn session(state: &mut TestState, ttl_ns: u64) -> SessionId {
    let new = NewSession { wallet: WALLET, agent: agent(), ttl_ns, label: None, rules: Vec::new() };
    let (decided, session) = state.decide_open_session(admin(), new, at(0)).unwrap();
    state.commit(decided, at(0));
    session.id
}

#[test]
fn what_people_agree_to_after_its_session_is_not_paid() {
    let mut state = with_group();
    set(&mut state, Scope::Wallet(WALLET), asking(1_000_000, 1), 0);
    let session = session(&mut state, HOUR_NS);
    let request = |key| TransferRequest { session: Some(session), ..sol(1_000_000, key) };
    let [in_time, late, swept] = ["a", "b", "c"].map(|key| pending(&mut state, request(key), 1));
    assert_eq!(approve(&mut state, approvers()[0], in_time, HOUR_NS - 1), Ok(Status::Reserved));
    assert!(state.decide_pending_approval(late, at(HOUR_NS - 1)).unwrap().is_none());
    assert_eq!(approve(&mut state, approvers()[0], late, HOUR_NS), Ok(Status::Rejected));
    let looked_at = state.decide_pending_approval(swept, at(HOUR_NS)).unwrap();
    assert!(looked_at.is_some(), "it is over before anybody says anything");
    let decided = state.decide_expired_sessions(at(HOUR_NS), 10).unwrap();
    state.commit(decided, at(HOUR_NS));
    for id in [late, swept] {
        let transfer = state.transfer(id).unwrap();
        assert_eq!((transfer.status, transfer.code), (Status::Rejected, Some(ReasonCode::ApprovalTimeout)));
        assert_eq!(transfer.note.as_deref(), Some("its session was over before it was approved"));
    }
    assert_eq!(counts(&state, Scope::Wallet(WALLET), HOUR_NS).0, 1_005_000, "what was approved in time goes on");
    assert_eq!(state.recheck(in_time, at(HOUR_NS)), Recheck::Passed);
    assert_replays(&state);
}

#[test]
fn a_time_lock_that_ends_after_the_session_lets_nothing_go() {
    let mut state = with_group();
    let locked = Rule::Approval(ApprovalRule { time_lock_ns: HOUR_NS, ..approval(1, 1) });
    set(&mut state, Scope::Wallet(WALLET), [rules(PER_TRANSACTION, DAILY), vec![locked]].concat(), 0);
    let session = session(&mut state, HOUR_NS);
    let id = pending(&mut state, TransferRequest { session: Some(session), ..sol(1_000, "a") }, 1);
    assert_eq!(approve(&mut state, approvers()[0], id, 2), Ok(Status::AwaitingApproval));
    let decided = state.decide_pending_approval(id, at(HOUR_NS + 2)).unwrap().unwrap();
    state.commit(decided, at(HOUR_NS + 2));
    assert_eq!(statuses(&state, &[id]), [Status::Rejected]);
}

#[test]
fn a_deactivated_wallet_calls_off_what_waits_or_is_reserved_there_and_below() {
    for above in [false, true] {
        let mut state = with_group();
        set(&mut state, Scope::Wallet(WALLET), asking(1_000_000, 1), 0);
        let parent = create(&mut state, NewWallet { owner: Some(principal(50)), ..NewWallet::from("parent") });
        change(&mut state, WALLET, below(parent), 0);
        let waiting = pending(&mut state, sol(1_000_000, "waiting"), 1);
        let ids = queue(&mut state, WALLET, &[1_000; 3], "k");
        let decided = state.decide_built(ids[1], built(ids[1]));
        done(&mut state, decided, at(1));
        submit(&mut state, ids[2], at(1));
        change(&mut state, if above { parent } else { WALLET }, WalletChange::Deactivate, 2);
        let transfer = state.transfer(waiting).unwrap();
        assert_eq!((transfer.status, transfer.code), (Status::Rejected, Some(ReasonCode::WalletDraining)));
        assert!(matches!(approve(&mut state, approvers()[0], waiting, 3), Err(Refusal::WrongStatus { .. })));
        assert_eq!(statuses(&state, &ids), [Status::Cancelled, Status::Cancelled, Status::Submitted]);
        assert_eq!(note(&state, ids[0]).contains("above"), above);
        let evaluation = state.simulate(agent(), sol(1, "new"), at(3)).unwrap();
        assert_eq!(evaluation.denials().next().unwrap().code, Some(ReasonCode::WalletDraining));
        // What was sent is followed; when it is proven dead, nothing is built in its place.
        let decided = state.decide_expired(ids[2], ReasonCode::TransactionExpired, "it is dead");
        done(&mut state, decided, at(4));
        let over = state.recheck(ids[2], at(4));
        assert!(matches!(over, Recheck::Denied(ReasonCode::WalletDraining, _)), "{over:?}");
        change(&mut state, if above { parent } else { WALLET }, WalletChange::Activate, 5);
        assert_eq!(state.recheck(ids[2], at(5)), Recheck::Passed);
        assert_replays(&state);
    }
}

#[test]
fn nothing_is_built_again_for_an_agent_or_a_session_that_is_gone() {
    let mut state = installed();
    let session = session(&mut state, HOUR_NS);
    let ids = ["a", "b"].map(|key| accepted(&mut state, TransferRequest { session: Some(session), ..sol(1_000, key) }, at(1)));
    for id in ids {
        submit(&mut state, id, at(1));
    }
    let decided = state.decide_close_session(agent(), session, at(2));
    done(&mut state, decided, at(2));
    let decided = state.decide_expired(ids[0], ReasonCode::TransactionExpired, "it is dead");
    done(&mut state, decided, at(3));
    let why = |state: &TestState, id| match state.recheck(id, at(3)) {
        Recheck::Denied(code, why) => (code, why),
        other => panic!("{other:?}"),
    };
    let is = |code, why: &str| (code, why.to_owned());
    assert_eq!(why(&state, ids[0]), is(ReasonCode::SessionClosed, "its session was closed"));
    let decided = state.decide_remove_agent(guardian(), WALLET, agent());
    done(&mut state, decided, at(3));
    assert_eq!(statuses(&state, &ids), [Status::Cancelled, Status::Submitted]);
    let decided = state.decide_expired(ids[1], ReasonCode::TransactionExpired, "it is dead");
    done(&mut state, decided, at(4));
    assert_eq!(why(&state, ids[1]), is(ReasonCode::AgentRemoved, "the agent who asked for it was removed from the wallet"));
    assert_eq!(why(&state, ids[0]), is(ReasonCode::PolicyDenied, "the transfer has ended"));
}

#[test]
fn bytes_of_a_transfer_that_ended_without_a_signature_bind_nothing() {
    let same = || BuiltTx { unsigned: crate::base::Bytes::new([7; 10]), ..built(TransferId::new(1)) };
    let two = || {
        let mut state = installed();
        let ids = queue(&mut state, WALLET, &[1_000; 2], "k");
        let decided = state.decide_built(ids[0], same());
        done(&mut state, decided, at(2));
        (state, ids[0], ids[1])
    };
    let (mut state, first, second) = two();
    let decided = state.decide_cancel(agent(), first, None);
    done(&mut state, decided, at(3));
    let decided = state.decide_built(second, same());
    done(&mut state, decided, at(4));
    let third = accepted(&mut state, sol(1_000, "third"), at(4));
    assert!(matches!(state.decide_built(third, same()), Err(Refusal::AlreadySo { .. })), "they are the second's now");
    assert_replays(&state);

    let (mut state, first, second) = two();
    let decided = state.decide_failed(first, Amount::ZERO, ReasonCode::TransactionFailed, "nobody signed");
    done(&mut state, decided, at(3));
    assert!(state.decide_built(second, same()).is_ok());

    // A signature binds for ever: whoever reads the log can send what bears it.
    type End = fn(&mut TestState, TransferId);
    let ends: [End; 3] = [
        |state, id| {
            let decided = state.decide_expired(id, ReasonCode::TransactionExpired, "it is dead");
            done(state, decided, at(4));
            let decided = state.decide_cancel(agent(), id, None);
            done(state, decided, at(4));
        },
        |state, id| {
            let decided = state.decide_quarantine_by_canister(id, ReasonCode::RepeatedTraps, "it trapped");
            done(state, decided, at(4));
            let decided = state.decide_resolve_quarantine(admin(), id, false, Amount::ZERO, String::new());
            done(state, decided, at(4));
        },
        |state, id| {
            let decided = state.decide_submitted(id);
            done(state, decided, at(4));
            confirm(state, id, 4);
        },
    ];
    for end in ends {
        let (mut state, first, second) = two();
        let decided = state.decide_signed(first, signed());
        done(&mut state, decided, at(3));
        end(&mut state, first);
        assert!(state.transfer(first).unwrap().status.is_terminal());
        assert!(matches!(state.decide_built(second, same()), Err(Refusal::AlreadySo { .. })));
    }
    // So does an admin's word that they landed.
    let (mut state, first, second) = two();
    let decided = state.decide_quarantine_by_canister(first, ReasonCode::RepeatedTraps, "it trapped");
    done(&mut state, decided, at(3));
    assert!(matches!(state.decide_built(second, same()), Err(Refusal::AlreadySo { .. })), "left to people, it may be signed yet");
    let decided = state.decide_resolve_quarantine(admin(), first, true, Amount::ZERO, String::new());
    done(&mut state, decided, at(3 + MINUTE_NS));
    assert!(matches!(state.decide_built(second, same()), Err(Refusal::AlreadySo { .. })));
}

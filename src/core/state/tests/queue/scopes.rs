//! Reserved transfers whose wallet gets another parent or owner.

use super::*;
use crate::state::MAX_RECHECKED_TRANSFERS;

#[test]
fn a_queue_that_comes_under_a_parent_is_bound_by_its_limit_and_counts_there() {
    let mut state = installed();
    let parent = parent(&mut state, 1_100_000);
    let ids = queue(&mut state, WALLET, &[1_000_000; 10], "k");
    change(&mut state, WALLET, below(parent), 2);
    assert_eq!(staying(&state, &ids), [0], "the oldest that fits");
    let why = note(&state, ids[1]);
    assert!(
        why.starts_with("the policies that bind its wallet now do not allow it: ")
            && why.contains("0.000095 SOL (95,000 lamports) are left"),
        "{why}"
    );
    assert_eq!(counts(&state, Scope::Wallet(parent), 2), (1_005_000, 0));
    assert_eq!(counts(&state, Scope::Wallet(WALLET), 2), (1_005_000, 0), "once in each");
    let (_, outcome) = state.decide_transfer(agent(), sol(1_000_000, "new"), at(3)).unwrap();
    assert!(matches!(outcome, Outcome::Denied { .. }), "the parent's budget is used: {outcome:?}");
    submit(&mut state, ids[0], at(3));
    confirm(&mut state, ids[0], 3);
    assert_eq!(counts(&state, Scope::Wallet(parent), 4), (0, 1_005_000));
    assert_replays(&state);
}

#[test]
fn a_small_one_behind_a_large_one_that_does_not_fit_stays() {
    let mut state = installed();
    let parent = parent(&mut state, 1_100_000);
    let ids = queue(&mut state, WALLET, &[300_000, 2_000_000, 400_000, 300_000, 50_000], "k");
    change(&mut state, WALLET, below(parent), 2);
    assert_eq!(staying(&state, &ids), [0, 2, 3, 4]);
    assert_eq!(counts(&state, Scope::Wallet(parent), 2), (1_050_000 + 4 * FEE, 0));
    assert_replays(&state);
}

#[test]
fn what_is_on_its_way_counts_above_and_takes_the_place_of_what_is_older() {
    let mut state = installed();
    let parent = parent(&mut state, 1_100_000);
    let ids = queue(&mut state, WALLET, &[1_000_000; 3], "k");
    submit(&mut state, ids[2], at(1));
    change(&mut state, WALLET, below(parent), 2);
    assert_eq!(statuses(&state, &ids), [Status::Cancelled, Status::Cancelled, Status::Submitted]);
    assert_eq!(counts(&state, Scope::Wallet(parent), 2), (1_005_000, 0));
    // Back and forth it counts once, and where it was let through it goes on counting until it ends.
    change(&mut state, WALLET, below(None), 3);
    assert_eq!(counts(&state, Scope::Wallet(parent), 3), (1_005_000, 0));
    change(&mut state, WALLET, below(parent), 4);
    assert_eq!(counts(&state, Scope::Wallet(parent), 4), (1_005_000, 0));
    confirm(&mut state, ids[2], 5);
    assert_eq!(counts(&state, Scope::Wallet(parent), 5), (0, 1_005_000));
    assert_replays(&state);
}

/// Nobody knows whether it has landed, so it has to count wherever it would.
#[test]
fn what_is_in_quarantine_counts_above_too() {
    let mut state = installed();
    let parent = parent(&mut state, 1_100_000);
    let ids = queue(&mut state, WALLET, &[1_000_000; 2], "k");
    submit(&mut state, ids[0], at(1));
    let decided = state.decide_quarantine_by_canister(ids[0], ReasonCode::RepeatedTraps, "it trapped");
    done(&mut state, decided, at(1));
    change(&mut state, WALLET, below(parent), 2);
    assert_eq!(statuses(&state, &ids), [Status::Quarantined, Status::Cancelled]);
    assert_eq!(counts(&state, Scope::Wallet(parent), 2), (1_005_000, 0));
    let new_owner = WalletChange::Owner(principal(77));
    change(&mut state, WALLET, new_owner, 3);
    assert_eq!(counts(&state, Scope::User(principal(77)), 3), (1_005_000, 0));
    let decided = state.decide_resolve_quarantine(admin(), ids[0], true, Amount::new(5_000), String::new());
    done(&mut state, decided, at(4));
    assert_eq!(counts(&state, Scope::Wallet(parent), 4), (0, 1_005_000));
    assert_eq!(counts(&state, Scope::User(principal(77)), 4), (0, 1_005_000));
    // What has ended is in no list any more.
    change(&mut state, WALLET, below(None), 5);
    assert_eq!(counts(&state, Scope::Wallet(parent), 5), (0, 1_005_000));
    assert_replays(&state);
}

#[test]
fn what_waits_leaves_a_parent_with_its_wallet() {
    let mut state = installed();
    let (above, first) = (parent(&mut state, DAILY), parent(&mut state, DAILY));
    let second = create(&mut state, NewWallet { owner: Some(principal(51)), ..NewWallet::from("second") });
    change(&mut state, first, below(above), 0);
    change(&mut state, WALLET, below(first), 0);
    let ids = queue(&mut state, WALLET, &[1_000_000; 2], "k");
    let held = |state: &TestState| [above, first, second, WALLET].map(|wallet| counts(state, Scope::Wallet(wallet), 2).0);
    assert_eq!(held(&state), [2_010_000, 2_010_000, 0, 2_010_000]);
    change(&mut state, WALLET, below(second), 2);
    assert_eq!(held(&state), [0, 0, 2_010_000, 2_010_000]);
    change(&mut state, second, below(above), 2);
    assert_eq!(held(&state), [2_010_000, 0, 2_010_000, 2_010_000], "with the wallet between");
    change(&mut state, WALLET, below(None), 3);
    assert_eq!(held(&state), [0, 0, 0, 2_010_000]);
    for id in ids {
        submit(&mut state, id, at(4));
        confirm(&mut state, id, 4);
    }
    assert_eq!(held(&state), [0; 4]);
    assert_eq!(counts(&state, Scope::Wallet(WALLET), 4), (0, 2_010_000));
    assert_replays(&state);
}

#[test]
fn wallets_below_come_along_and_the_oldest_of_all_stay() {
    let mut state = installed();
    let (parent, child) = (parent(&mut state, 2_100_000), another(&mut state, principal(52)));
    change(&mut state, child, below(WALLET), 0);
    let first = queue(&mut state, child, &[1_000_000], "a");
    let second = queue(&mut state, WALLET, &[1_000_000], "b");
    let third = queue(&mut state, child, &[1_000_000], "c");
    change(&mut state, WALLET, below(parent), 2);
    let ends = [first, second, third].map(|ids| statuses(&state, &ids)[0]);
    assert_eq!(ends, [Status::Reserved, Status::Reserved, Status::Cancelled]);
    assert_eq!(counts(&state, Scope::Wallet(parent), 2), (2_010_000, 0));
    assert_replays(&state);
}

#[test]
fn a_new_owners_policy_binds_the_queue_and_the_old_owners_counts_it_no_more() {
    let mut state = installed();
    let owner = Scope::User(principal(53));
    set(&mut state, owner, daily(1_100_000), 0);
    let ids = queue(&mut state, WALLET, &[1_000_000; 3], "k");
    submit(&mut state, ids[0], at(1));
    assert_eq!(counts(&state, Scope::User(admin()), 1), (3_015_000, 0));
    change(&mut state, WALLET, WalletChange::Owner(principal(53)), 2);
    assert_eq!(statuses(&state, &ids), [Status::Submitted, Status::Cancelled, Status::Cancelled]);
    assert_eq!((counts(&state, owner, 2), counts(&state, Scope::User(admin()), 2)), ((1_005_000, 0), (1_005_000, 0)));
    confirm(&mut state, ids[0], 3);
    assert_eq!(counts(&state, owner, 3), (0, 1_005_000));
    let primary = |state: &mut TestState| {
        let ids = queue(state, WALLET, &[10_000], "p");
        let other = another(state, principal(53));
        change(state, other, WalletChange::MakePrimary, 3);
        (statuses(state, &ids), counts(state, owner, 3).0)
    };
    assert_eq!(primary(&mut state), (vec![Status::Reserved], 15_000), "which wallet stands first binds nothing");
    assert_replays(&state);
}

#[test]
fn more_than_one_change_can_move_are_refused_and_nothing_moves() {
    let mut state = installed();
    let parent = parent(&mut state, DAILY);
    let settings =
        crate::governance::settings::Settings { attempts_per_minute: 10_000, attempts_per_hour: 10_000, ..state.settings() };
    act(&mut state, Action::ChangeSettings(Box::new(settings)), 0);
    queue(&mut state, WALLET, &[1], "own");
    for n in 0..MAX_RECHECKED_TRANSFERS / 100 {
        let child = another(&mut state, principal(100 + n as u8));
        change(&mut state, child, below(WALLET), 0);
        queue(&mut state, child, &[1; 100], &format!("{n}"));
    }
    let moved = state.decide_change_wallet(admin(), WALLET, below(parent)).map(drop);
    let what = "transfers under way in the wallet and below it";
    assert_eq!(moved, Err(Refusal::LimitReached { what, max: 500, current: 501 }));
    let decided = state.decide_cancel(agent(), TransferId::new(1), None);
    done(&mut state, decided, at(2));
    change(&mut state, WALLET, below(parent), 2);
    assert_eq!(counts(&state, Scope::Wallet(parent), 2).0, 500 * (1 + FEE));
    assert_replays(&state);
}

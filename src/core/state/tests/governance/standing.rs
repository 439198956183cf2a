//! Open proposals while quorum, time lock, admins and records change.

use super::*;
use crate::base::{Amount, Chain, DAY_NS, WalletId};
use crate::governance::retention::AuditSettings;
use crate::wallet::WalletChange;

fn settings(state: &TestState, change: impl FnOnce(&mut Settings)) -> Action {
    let mut settings = state.settings();
    change(&mut settings);
    Action::ChangeSettings(Box::new(settings))
}

/// Proposes an action as one admin, and has others approve it.
fn agreed(state: &mut TestState, admins: &[Principal], action: Action, now: Timestamp) -> ProposalId {
    let id = propose_by(state, admins[0], action, now);
    for by in &admins[1..] {
        approve(state, *by, id, now);
    }
    id
}

/// Ends a proposal that is due, as the timer does.
fn due(state: &mut TestState, id: ProposalId, now: Timestamp) -> Option<ProposalOutcome> {
    if let Some(decided) = state.decide_due_proposal(id, now).unwrap() {
        state.commit(decided, now);
    }
    state.proposal(id).unwrap().closed
}

const EXECUTED: Option<ProposalOutcome> = Some(ProposalOutcome::Executed);
const STALE: Option<ProposalOutcome> = Some(ProposalOutcome::Stale);

#[test]
fn a_smaller_quorum_is_enough_for_what_waits() {
    let mut state = council(3, LOCK);
    let waiting = agreed(&mut state, &[admin(), second_admin()], add_agent(principal(20)), at(1));
    assert_eq!(state.proposal(waiting).unwrap().ready_at, None, "two of three");
    let smaller = settings(&state, |new| new.quorum = 2);
    let lowered = agreed(&mut state, &[admin(), second_admin(), third_admin()], smaller, at(1));
    assert_eq!(execute(&mut state, lowered, at(1 + LOCK)), EXECUTED);
    // Nobody has to vote again: the timer finds it, and the time lock begins.
    assert!(state.next_proposal_due().is_some_and(|due| due <= at(1 + LOCK)), "it is due for its time lock");
    assert_eq!(due(&mut state, waiting, at(2 + LOCK)), None);
    assert_eq!(state.proposal(waiting).unwrap().ready_at, Some(at(2 + 2 * LOCK)));
    assert_eq!(state.next_proposal_due(), Some(at(2 + 2 * LOCK)));
    assert_eq!(due(&mut state, waiting, at(1 + 2 * LOCK)), None, "not a nanosecond early");
    assert_eq!(due(&mut state, waiting, at(2 + 2 * LOCK)), EXECUTED);
    assert!(state.is_agent(WALLET, &principal(20)));
    assert_replays(&state);
}

#[test]
fn what_has_its_smaller_quorum_is_executed_by_an_admin_too() {
    let mut state = council(3, 0);
    let waiting = agreed(&mut state, &[admin(), second_admin()], add_agent(principal(20)), at(1));
    let smaller = settings(&state, |new| new.quorum = 2);
    agreed(&mut state, &[admin(), second_admin(), third_admin()], smaller, at(1));
    assert_eq!(execute(&mut state, waiting, at(2)), EXECUTED, "there is no time lock");
    let expired = {
        let mut state = council(3, 0);
        let waiting = agreed(&mut state, &[admin(), second_admin()], add_agent(principal(20)), at(1));
        let ttl = state.settings().proposal_ttl_ns;
        let smaller = settings(&state, |new| new.quorum = 2);
        agreed(&mut state, &[admin(), second_admin(), third_admin()], smaller, at(1 + ttl));
        due(&mut state, waiting, at(1 + ttl))
    };
    assert_eq!(expired, Some(ProposalOutcome::Expired), "too late");
    assert_replays(&state);
}

#[test]
fn a_longer_time_lock_binds_what_waits_and_a_shorter_one_does_not() {
    let mut state = council(2, LOCK);
    let both = [admin(), second_admin()];
    let waiting = agreed(&mut state, &both, grant(principal(60), Role::Viewer), at(1));
    let longer = settings(&state, |new| new.time_lock_ns = 7 * DAY_NS);
    assert_eq!(execute_agreed(&mut state, &both, longer, at(2)), EXECUTED);
    assert_eq!(state.proposal(waiting).unwrap().ready_at, Some(at(1 + 7 * DAY_NS)), "counted from its quorum");
    assert_eq!(state.next_proposal_due(), Some(at(1 + 7 * DAY_NS)));
    assert_eq!(due(&mut state, waiting, at(7 * DAY_NS)), None);
    assert_eq!(code(state.decide_execute_proposal(admin(), waiting, at(7 * DAY_NS))), "WRONG_STATUS");
    // What was announced for later does not come sooner.
    let shorter = settings(&state, |new| new.time_lock_ns = 0);
    let unlocked = agreed(&mut state, &both, shorter, at(3));
    let other = agreed(&mut state, &both, grant(principal(61), Role::Viewer), at(4));
    assert_eq!(due(&mut state, unlocked, at(3 + 7 * DAY_NS)), EXECUTED);
    assert_eq!(state.proposal(other).unwrap().ready_at, Some(at(4 + 7 * DAY_NS)));
    assert_eq!(due(&mut state, waiting, at(1 + 7 * DAY_NS)), EXECUTED);
    assert_replays(&state);
}

/// Proposes and approves what takes effect at once.
fn execute_agreed(state: &mut TestState, admins: &[Principal], action: Action, now: Timestamp) -> Option<ProposalOutcome> {
    let id = agreed(state, admins, action, now);
    state.proposal(id).unwrap().closed
}

#[test]
fn an_admin_who_comes_back_agrees_anew() {
    let mut state = council(2, 0);
    apply_by_quorum(&mut state, grant(principal(13), Role::Admin), at(0));
    let waiting = propose_by(&mut state, third_admin(), grant(principal(60), Role::Viewer), at(1));
    let three = settings(&state, |new| new.quorum = 3);
    apply_by_quorum(&mut state, three, at(1));
    approve(&mut state, principal(13), waiting, at(1));
    let two = settings(&state, |new| new.quorum = 2);
    let out = agreed(&mut state, &[admin(), second_admin(), third_admin()], revoke(principal(13), Role::Admin), at(2));
    assert_eq!(state.proposal(out).unwrap().closed, EXECUTED);
    assert_eq!(state.proposal(waiting).unwrap().approved_by, BTreeSet::from([third_admin()]), "its yes is gone with its role");
    let back = agreed(&mut state, &[admin(), second_admin(), third_admin()], grant(principal(13), Role::Admin), at(3));
    assert_eq!(state.proposal(back).unwrap().closed, EXECUTED);
    assert_eq!(execute_agreed(&mut state, &[admin(), second_admin(), third_admin()], two, at(3)), EXECUTED);
    assert_eq!(code(state.decide_execute_proposal(admin(), waiting, at(4))), "WRONG_STATUS", "one of two agrees");
    assert_eq!(approve(&mut state, principal(13), waiting, at(5)).closed, EXECUTED, "and may agree again");
    assert_replays(&state);
}

/// Makes a change as the first admin, with the second one's agreement.
fn apply_by_quorum(state: &mut TestState, action: Action, now: Timestamp) {
    assert_eq!(execute_agreed(state, &[admin(), second_admin()], action, now), EXECUTED);
}

#[test]
fn the_proposals_of_a_removed_admin_end_with_its_role() {
    for action in [Action::RemovePrincipal(admin()), revoke(admin(), Role::Admin)] {
        let mut state = council(2, LOCK);
        let wanted = grant(principal(60), Role::Viewer);
        let waiting = agreed(&mut state, &[admin(), second_admin()], wanted.clone(), at(1));
        let others = propose_by(&mut state, second_admin(), add_agent(principal(20)), at(1));
        assert_eq!(execute_agreed(&mut state, &[second_admin(), third_admin()], action, at(2)), EXECUTED);
        assert_eq!(state.proposal(waiting).unwrap().closed, STALE);
        assert_eq!(code(cancel(&state, admin(), waiting, at(3))), "AUTH_FAILED", "who is no admin has no say");
        assert_eq!(code(cancel(&state, admin(), others, at(3))), "AUTH_FAILED");
        let again = agreed(&mut state, &[third_admin(), second_admin()], wanted, at(4));
        assert_eq!(due(&mut state, again, at(4 + LOCK)), EXECUTED, "another admin carries it");
        assert_replays(&state);
    }
}

/// A proposal about a principal that is executed closes once, also when the principal made it.
#[test]
fn an_admin_who_proposes_its_own_removal_neither_counts_nor_stops_it() {
    for action in [revoke(admin(), Role::Admin), Action::RemovePrincipal(admin())] {
        let mut state = council(2, 0);
        let own = propose(&mut state, action.clone(), at(1));
        let others = propose_by(&mut state, second_admin(), action, at(2));
        assert_ne!(own, others, "the place is not taken");
        assert_eq!(approve(&mut state, third_admin(), own, at(3)).closed, None, "one of two without the admin itself");
        for id in [own, others] {
            assert_eq!(code(cancel(&state, admin(), id, at(4))), "AUTH_FAILED");
        }
        assert_eq!(
            code(state.decide_approve_proposal(admin(), others, at(4))),
            "AUTH_FAILED",
            "its own removal is not its business"
        );
        assert_eq!(approve(&mut state, second_admin(), own, at(5)).closed, EXECUTED);
        assert!(!state.roles_of(&admin()).has(Role::Admin));
        assert_replays(&state);
    }
}

#[test]
fn an_admin_who_leaves_a_group_has_no_say_either() {
    let mut state = council(1, 0);
    for member in [admin(), second_admin(), principal(20)] {
        apply(&mut state, grant(member, Role::Approver), at(0));
    }
    apply(&mut state, group("board", &[admin(), second_admin(), principal(20)]), at(0));
    govern(&mut state, 2, LOCK);
    let own = propose(&mut state, group("board", &[second_admin(), principal(20)]), at(1));
    assert_eq!(code(cancel(&state, admin(), own, at(2))), "AUTH_FAILED");
    assert_eq!(approve(&mut state, second_admin(), own, at(2)).ready_at, None);
    assert_eq!(approve(&mut state, third_admin(), own, at(2)).ready_at, Some(at(2 + LOCK)));
}

/// Where the others are too few for the quorum, the principal itself has to agree: else its role could never be given back.
#[test]
fn one_of_two_admins_may_give_its_guardian_role_back() {
    let mut state = installed();
    apply(&mut state, grant(second_admin(), Role::Admin), at(0));
    apply(&mut state, grant(admin(), Role::Guardian), at(0));
    govern(&mut state, 2, 0);
    let out = propose(&mut state, revoke(admin(), Role::Guardian), at(1));
    assert_eq!(approve(&mut state, second_admin(), out, at(2)).closed, EXECUTED);
}

/// A proposer who could take back what others have agreed to could keep a change from ever happening: nobody else may propose the same.
#[test]
fn what_others_agreed_to_is_not_the_proposers_to_cancel() {
    let mut state = council(2, LOCK);
    let id = propose(&mut state, grant(principal(60), Role::Admin), at(1));
    assert_eq!(code(cancel(&state, admin(), id, at(1))), "OK", "nobody else has agreed");
    approve(&mut state, second_admin(), id, at(2));
    assert_eq!(code(cancel(&state, admin(), id, at(3))), "AUTH_FAILED");
    assert_eq!(code(cancel(&state, guardian(), id, at(3))), "OK", "a guardian stops it");
}

#[test]
fn one_admin_makes_nothing_stale_by_narrowing_something_else() {
    let mut state = council(2, LOCK);
    let both = [second_admin(), third_admin()];
    let wider = settings(&state, |new| new.attempts_per_minute = 100);
    let first = agreed(&mut state, &both, wider, at(1));
    let audit = AuditSettings { retention_days: 30, ..AuditSettings::default() };
    let second = agreed(&mut state, &both, Action::ConfigureAudit(audit), at(1));
    let looser = policy(&state, Scope::Wallet(WALLET), rules(PER_TRANSACTION + 1, DAILY));
    let third = agreed(&mut state, &both, looser, at(1));
    let narrower = settings(&state, |new| new.resume_percent -= 1);
    apply(&mut state, narrower, at(2));
    let capacity = AuditSettings { capacity: 1 << 30, ..AuditSettings::default() };
    apply(&mut state, Action::ConfigureAudit(capacity), at(2));
    let mut tighter = rules(PER_TRANSACTION, DAILY);
    tighter.push(Rule::RequireSession);
    let tighter = policy(&state, Scope::Wallet(WALLET), tighter);
    apply(&mut state, tighter, at(2));
    let Action::ChangeSettings(shown) = state.proposal(first).unwrap().action else { panic!("settings") };
    assert_eq!((shown.attempts_per_minute, shown.resume_percent), (100, 9), "it shows what would be in force");
    for id in [first, second, third] {
        assert_eq!(due(&mut state, id, at(1 + LOCK)), EXECUTED, "{:?}", state.proposal(id).unwrap().action);
    }
    let settings = state.settings();
    assert_eq!((settings.attempts_per_minute, settings.resume_percent), (100, 9));
    assert_eq!(state.retention().settings, AuditSettings { retention_days: 30, capacity: 1 << 30 });
    let in_force = state.policy(WALLET).unwrap().rules;
    assert!(in_force.contains(&Rule::RequireSession), "the narrower rule stays");
    let max = Amount::new(PER_TRANSACTION + 1);
    assert!(in_force.iter().any(|rule| matches!(rule, Rule::PerTransaction { max: limit, .. } if *limit == max)));
    assert_replays(&state);
}

#[test]
fn an_owner_makes_nothing_about_its_wallet_stale() {
    let mut state = council(1, 0);
    let owner = principal(50);
    let (decided, second) = state.decide_create_wallet(admin(), "second".into(), at(0)).unwrap();
    state.commit(decided, at(0));
    for wallet in [WALLET, second.id] {
        apply(&mut state, Action::ChangeWallet { wallet, change: WalletChange::Owner(owner) }, at(0));
    }
    govern(&mut state, 2, LOCK);
    let taken = Action::ChangeWallet { wallet: WALLET, change: WalletChange::Owner(principal(51)) };
    let id = agreed(&mut state, &[admin(), second_admin()], taken, at(1));
    let primary = |wallet: WalletId| Action::ChangeWallet { wallet, change: WalletChange::MakePrimary };
    for wallet in [second.id, WALLET] {
        let decided = state.decide_change(owner, primary(wallet), at(2)).map(|(decided, _)| decided);
        done(&mut state, decided, at(2));
    }
    assert_eq!(due(&mut state, id, at(1 + LOCK)), EXECUTED);
    assert_eq!(state.wallet(WALLET).unwrap().owner(), principal(51));
    // A principal whose role one admin has taken meanwhile is removed all the same.
    let mut state = council(1, 0);
    for role in [Role::Guardian, Role::Viewer] {
        apply(&mut state, grant(principal(20), role), at(0));
    }
    govern(&mut state, 2, LOCK);
    let id = agreed(&mut state, &[admin(), second_admin()], Action::RemovePrincipal(principal(20)), at(1));
    let decided = state.decide_change(third_admin(), revoke(principal(20), Role::Viewer), at(2)).map(|(decided, _)| decided);
    done(&mut state, decided, at(2));
    assert_eq!(due(&mut state, id, at(1 + LOCK)), EXECUTED);
    assert!(state.roles_of(&principal(20)).0.is_empty());
}

#[test]
fn a_policy_that_lost_a_rule_for_another_recipient_is_still_what_was_agreed() {
    let mut state = council(2, LOCK);
    let with_list = |recipients: &[u8]| {
        let entries = recipients.iter().map(|n| listed(recipient(Chain::Solana, *n))).collect();
        let mut rules = rules(PER_TRANSACTION, DAILY);
        rules.retain(|rule| !matches!(rule, Rule::Allowlist { chain: Chain::Solana, .. }));
        rules.push(Rule::Allowlist { chain: Chain::Solana, entries, cool_down_ns: DAY_NS });
        rules
    };
    let wider = policy(&state, Scope::Wallet(WALLET), with_list(&[5, 6]));
    let id = agreed(&mut state, &[admin(), second_admin()], wider, at(1));
    let mut tighter = rules(PER_TRANSACTION - 1, DAILY);
    tighter.push(Rule::RequireSession);
    let tighter = policy(&state, Scope::Wallet(WALLET), tighter);
    apply(&mut state, tighter, at(2));
    assert_eq!(due(&mut state, id, at(1 + LOCK)), EXECUTED);
    let rules = state.policy(WALLET).unwrap().rules;
    assert!(rules.iter().any(|rule| matches!(rule, Rule::PerTransaction { max, .. } if *max == Amount::new(PER_TRANSACTION - 1))));
    let usable = rules.iter().find_map(|rule| match rule {
        Rule::Allowlist { chain: Chain::Solana, entries, .. } => Some(entries.iter().map(|entry| entry.usable_from).collect()),
        _ => None,
    });
    assert_eq!(usable, Some(vec![at(0), at(1 + LOCK + DAY_NS)]), "the cool-down of the new one begins with the policy");
}

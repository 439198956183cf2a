//! What acts at once and what has to wait.

use super::*;
use crate::base::{Amount, Asset, Chain, DAY_NS, TransferId, WalletId};
use crate::governance::{MAX_RATE_AGE_NS, QuarantineEnd, Rate};
use crate::policy::AllowEntry;
use crate::wallet::{ParentChange, WalletChange};

/// How an action of a three-admin council with a quorum of two and a time lock is taken: at once, as a proposal that has to wait for
/// its quorum and for this long after it, or not at all.
fn taken(state: &TestState, action: Action) -> Result<Option<u64>, &'static str> {
    let mut state = State::replay(VectorMemory::default(), &blocks(state), state.tip().unwrap().1).unwrap();
    let (decided, change) = state.decide_change(admin(), action, at(1)).map_err(|refusal| refusal.code())?;
    state.commit(decided, at(1));
    let ChangeOutcome::Proposed(id) = change else { return Ok(None) };
    let approved = approve(&mut state, second_admin(), id, at(2));
    Ok(approved.ready_at.map(|ready_at| ready_at.nanos_since(at(2))))
}

fn blocks(state: &TestState) -> Vec<Vec<u8>> {
    (0..state.log_len()).map(|index| state.block_bytes(BlockIndex::new(index)).unwrap()).collect()
}

const AT_ONCE: Result<Option<u64>, &str> = Ok(None);
const WITH_QUORUM: Result<Option<u64>, &str> = Ok(Some(0));
const WITH_TIME_LOCK: Result<Option<u64>, &str> = Ok(Some(LOCK));

fn settings(state: &TestState, change: impl FnOnce(&mut Settings)) -> Action {
    let mut settings = state.settings();
    change(&mut settings);
    Action::ChangeSettings(Box::new(settings))
}

#[test]
fn power_is_taken_at_once_and_given_slowly() {
    let mut state = council(1, 0);
    apply(&mut state, grant(principal(20), Role::Approver), at(0));
    apply(&mut state, grant(principal(21), Role::Approver), at(0));
    apply(&mut state, grant(principal(22), Role::Approver), at(0));
    apply(&mut state, group("board", &[principal(20), principal(22)]), at(0));
    govern(&mut state, 2, LOCK);
    let agents = Scope::Agent { wallet: WALLET, agent: agent() };
    let wallet = |change| Action::ChangeWallet { wallet: WALLET, change };
    let table = [
        (grant(principal(30), Role::Viewer), WITH_TIME_LOCK),
        (revoke(principal(20), Role::Approver), WITH_TIME_LOCK),
        (revoke(principal(21), Role::Approver), AT_ONCE),
        (revoke(guardian(), Role::Guardian), WITH_TIME_LOCK),
        (revoke(third_admin(), Role::Admin), WITH_QUORUM),
        (add_agent(principal(30)), WITH_TIME_LOCK),
        (group("board", &[principal(20), principal(21), principal(22)]), WITH_TIME_LOCK),
        (group("board", &[principal(20)]), WITH_TIME_LOCK),
        (group("board", &[principal(21)]), WITH_TIME_LOCK),
        (group("board", &[]), AT_ONCE),
        (policy(&state, Scope::Wallet(WALLET), rules(PER_TRANSACTION + 1, DAILY)), WITH_TIME_LOCK),
        (policy(&state, Scope::Wallet(WALLET), rules(PER_TRANSACTION, DAILY - 1)), AT_ONCE),
        (policy(&state, Scope::Wallet(WALLET), Vec::new()), WITH_TIME_LOCK),
        (policy(&state, agents, tight()), AT_ONCE),
        (policy(&state, Scope::User(admin()), vec![Rule::RequireSession]), AT_ONCE),
        (settings(&state, |new| new.attempts_per_minute -= 1), AT_ONCE),
        (settings(&state, |new| new.quorum = 3), WITH_QUORUM),
        (settings(&state, |new| new.quorum = 1), WITH_TIME_LOCK),
        (settings(&state, |new| new.time_lock_ns += 1), WITH_QUORUM),
        (settings(&state, |new| new.proposal_ttl_ns -= 1), WITH_QUORUM),
        (settings(&state, |new| new.time_lock_ns -= 1), WITH_TIME_LOCK),
        (settings(&state, |new| new.min_balances.clear()), WITH_TIME_LOCK),
        (wallet(WalletChange::Deactivate), AT_ONCE),
        (wallet(WalletChange::Owner(principal(30))), WITH_TIME_LOCK),
        (Action::RemovePrincipal(agent()), AT_ONCE),
        (Action::RemovePrincipal(principal(20)), WITH_TIME_LOCK),
        (Action::RemovePrincipal(principal(21)), AT_ONCE),
        (Action::RemovePrincipal(third_admin()), WITH_QUORUM),
        (Action::RemovePrincipal(guardian()), WITH_TIME_LOCK),
    ];
    for (action, expected) in table {
        assert_eq!(taken(&state, action.clone()), expected, "{action:?}");
    }
}

/// Fewer who can refuse is less protection, whichever way they are taken out of the group.
#[test]
fn one_admin_takes_nobody_who_could_refuse_out_of_a_group() {
    let mut state = council(1, 0);
    let members = [principal(20), principal(21), principal(22)];
    for member in members {
        apply(&mut state, grant(member, Role::Approver), at(0));
    }
    apply(&mut state, group("board", &members), at(0));
    apply(&mut state, group("desk", &[principal(22)]), at(0));
    govern(&mut state, 2, LOCK);
    for action in [
        group("board", &[principal(20)]),
        revoke(principal(21), Role::Approver),
        Action::RemovePrincipal(principal(21)),
        revoke(principal(22), Role::Approver),
    ] {
        assert_eq!(taken(&state, action.clone()), WITH_TIME_LOCK, "{action:?}");
    }
    // Without the group nothing that asks it passes: that is narrower.
    assert_eq!(taken(&state, group("board", &[])), AT_ONCE);
    apply(&mut state, group("board", &[]), at(0));
    assert_eq!(taken(&state, revoke(principal(22), Role::Approver)), AT_ONCE, "the only member of its group");
}

#[test]
fn a_policy_beside_a_wallets_own_narrows_and_its_removal_widens() {
    let mut state = council(2, LOCK);
    let scope = Scope::User(admin());
    let first = policy(&state, scope, tight());
    apply(&mut state, first, at(0));
    assert_eq!(taken(&state, policy(&state, scope, Vec::new())), WITH_TIME_LOCK);
    let other = WalletId::new(2);
    assert_eq!(taken(&state, policy(&state, Scope::Wallet(other), tight())), Err("NOT_FOUND"));
    let (decided, _) = state.decide_create_wallet(admin(), "second".into(), at(0)).unwrap();
    state.commit(decided, at(0));
    assert_eq!(taken(&state, policy(&state, Scope::Wallet(other), tight())), WITH_TIME_LOCK, "no policy paid nobody");
}

#[test]
fn a_wallets_parent_is_gained_at_once_and_lost_slowly() {
    let mut state = council(2, LOCK);
    let (decided, parent) = state.decide_create_wallet(admin(), "parent".into(), at(0)).unwrap();
    state.commit(decided, at(0));
    let change = |parent| Action::ChangeWallet { wallet: WALLET, change: WalletChange::Parent(ParentChange { parent }) };
    apply(&mut state, change(Some(parent.id)), at(0));
    assert_eq!(state.wallet(WALLET).unwrap().parent, Some(parent.id));
    assert_eq!(taken(&state, change(None)), WITH_TIME_LOCK);
}

#[test]
fn an_owner_narrows_what_is_their_own() {
    let mut state = council(1, 0);
    let owner = principal(30);
    apply(&mut state, Action::ChangeWallet { wallet: WALLET, change: WalletChange::Owner(owner) }, at(0));
    let change = |caller, change| {
        let action = Action::ChangeWallet { wallet: WALLET, change };
        state.decide_change(caller, action, at(1)).map(|(_, change)| change).map_err(|refusal| refusal.code())
    };
    assert_eq!(change(owner, WalletChange::Deactivate), Ok(ChangeOutcome::Applied));
    assert_eq!(change(stranger(), WalletChange::Deactivate), Err("AUTH_FAILED"));
    assert_eq!(change(owner, WalletChange::Owner(stranger())), Err("AUTH_FAILED"));
    assert_eq!(change(Principal::anonymous(), WalletChange::Deactivate), Err("AUTH_FAILED"));
}

#[test]
fn a_new_recipient_waits_for_the_cool_down_and_a_listed_one_does_not() {
    let mut state = installed();
    let list = |recipients: &[u8], cool_down_ns| {
        let entries: Vec<AllowEntry> = recipients.iter().map(|n| listed(recipient(Chain::Solana, *n))).collect();
        let mut rules = rules(PER_TRANSACTION, DAILY);
        rules.retain(|rule| !matches!(rule, Rule::Allowlist { chain: Chain::Solana, .. }));
        rules.push(Rule::Allowlist { chain: Chain::Solana, entries, cool_down_ns });
        rules
    };
    let set = |state: &mut TestState, rules, now| {
        let action = policy(state, Scope::Wallet(WALLET), rules);
        apply(state, action, at(now));
    };
    let usable = |state: &TestState| -> Vec<Timestamp> {
        let rules = state.policy(WALLET).unwrap().rules;
        let entries = rules.into_iter().find_map(|rule| match rule {
            Rule::Allowlist { chain: Chain::Solana, entries, .. } => Some(entries),
            _ => None,
        });
        entries.unwrap().into_iter().map(|entry| entry.usable_from).collect()
    };
    assert_eq!(usable(&state), [at(0)], "the fixture's list has no cool-down");
    set(&mut state, list(&[5, 6], DAY_NS), 10);
    assert_eq!(usable(&state), [at(0), at(10 + DAY_NS)]);
    set(&mut state, list(&[5, 6, 7], 0), 20);
    assert_eq!(usable(&state), [at(0), at(10 + DAY_NS), at(20)], "a shorter cool-down is for those who come after it");
    set(&mut state, list(&[5], 0), 30);
    set(&mut state, list(&[5, 6], DAY_NS), 40);
    assert_eq!(usable(&state), [at(0), at(40 + DAY_NS)], "who was struck off is new again");
    assert_replays(&state);
}

#[test]
fn a_rate_that_lets_more_pass_takes_the_quorum() {
    let mut state = council(1, 0);
    let rate = |value, expires_at| {
        let asset = Asset::Sol;
        Action::SetRate(Rate { asset, value: Amount::new(value), per: Amount::new(1_000), expires_at: at(expires_at) })
    };
    assert_eq!(asked(&state, rate(0, DAY_NS)), Err("VALIDATION_FAILED"));
    assert_eq!(asked(&state, rate(1, 1)), Err("VALIDATION_FAILED"), "over already");
    assert_eq!(asked(&state, rate(1, 2 + MAX_RATE_AGE_NS)), Err("VALIDATION_FAILED"));
    assert_eq!(asked(&state, rate(1, 1 + MAX_RATE_AGE_NS)), Ok(ChangeOutcome::Applied));
    apply(&mut state, rate(100, DAY_NS), at(0));
    govern(&mut state, 2, LOCK);
    assert_eq!(taken(&state, rate(101, DAY_NS)), AT_ONCE);
    assert_eq!(taken(&state, rate(99, DAY_NS)), WITH_QUORUM);
    assert_eq!(taken(&state, rate(100, DAY_NS + 1)), WITH_QUORUM);
}

#[test]
fn a_quarantine_is_ended_by_the_quorum() {
    let mut state = council(2, 0);
    let transfer = accepted(&mut state, sol(1_000, "k"), at(0));
    submit(&mut state, transfer, at(0));
    let end = |transfer, fee| {
        Action::ResolveQuarantine(QuarantineEnd { transfer, landed: true, fee_paid: Amount::new(fee), note: "seen".into() })
    };
    assert_eq!(asked(&state, end(transfer, 5_000)), Err("WRONG_STATUS"));
    let decided = state.decide_quarantine(admin(), transfer, "stuck".into());
    done(&mut state, decided, at(1));
    assert_eq!(asked(&state, end(transfer, 5_001)), Err("VALIDATION_FAILED"));
    assert_eq!(asked(&state, end(TransferId::new(99), 0)), Err("NOT_FOUND"));
    let id = propose(&mut state, end(transfer, 5_000), at(2));
    assert_eq!(approve(&mut state, third_admin(), id, at(3)).closed, Some(ProposalOutcome::Executed));
    assert_eq!(state.transfer(transfer).unwrap().status, crate::transfer::Status::Confirmed);
}

#[test]
fn what_cannot_be_is_refused_before_anybody_is_asked() {
    let state = council(2, LOCK);
    let table = [
        (grant(Principal::anonymous(), Role::Guardian), "VALIDATION_FAILED"),
        (grant(second_admin(), Role::Admin), "ALREADY_SO"),
        (revoke(stranger(), Role::Guardian), "NOT_FOUND"),
        (add_agent(Principal::anonymous()), "VALIDATION_FAILED"),
        (group("", &[]), "VALIDATION_FAILED"),
        (group("board", &[]), "NOT_FOUND"),
        (group("board", &[stranger()]), "VALIDATION_FAILED"),
        (group(&"x".repeat(65), &[]), "VALIDATION_FAILED"),
        (settings(&state, |_| {}), "ALREADY_SO"),
        (settings(&state, |new| new.quorum = 4), "VALIDATION_FAILED"),
        (settings(&state, |new| new.resume_percent = 100), "VALIDATION_FAILED"),
        (Action::EndEmergency { reason: String::new() }, "ALREADY_SO"),
        (Action::RemovePrincipal(stranger()), "NOT_FOUND"),
        (policy(&state, Scope::User(Principal::anonymous()), tight()), "VALIDATION_FAILED"),
        (policy(&state, Scope::Session(crate::base::SessionId::new(1)), tight()), "NOT_FOUND"),
    ];
    for (action, expected) in table {
        assert_eq!(asked(&state, action.clone()), Err(expected), "{action:?}");
    }
    let outdated = PolicyChange { scope: Scope::Wallet(WALLET), replaces: 0, name: None, rules: tight() };
    assert_eq!(asked(&state, Action::SetPolicy(outdated)), Err("VALIDATION_FAILED"), "somebody was faster");
}

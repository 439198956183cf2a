//! From a lost key to admins again.

use super::*;
use crate::base::DAY_NS;
use crate::governance::config::Config;
use crate::governance::{DEFAULT_RECOVERY_LOCK_NS, MIN_RECOVERY_LOCK_NS, Recovery};
use crate::policy::Mode;
use crate::state::tests::fixture;

const DAYS_14: u64 = DEFAULT_RECOVERY_LOCK_NS;

fn rescuer(n: u8) -> Principal {
    principal(70 + n)
}

/// The key of the second admin is lost.
fn lost() -> Principal {
    second_admin()
}

fn recovery(members: u8, quorum: u32) -> Recovery {
    Recovery { members: (0..members).map(rescuer).collect(), quorum, time_lock_ns: DEFAULT_RECOVERY_LOCK_NS }
}

/// Two admins who both have to agree, a time lock of an hour, and this recovery.
fn two_of_two(recovery: Recovery) -> TestState {
    let config = Config { admins: vec![admin(), lost()], recovery: Some(recovery), ..fixture::config() };
    let settings = Settings { quorum: 2, time_lock_ns: LOCK, ..Settings::new(&config) };
    let mut state = State::new(VectorMemory::default());
    let decided = state.decide_init(stranger(), config, settings);
    done(&mut state, decided, at(0));
    state
}

fn recover(new: &[Principal]) -> Action {
    Action::RecoverAdmins(new.iter().copied().collect())
}

fn end_when_due(state: &mut TestState, id: ProposalId, now: Timestamp) -> Option<ProposalOutcome> {
    if let Some(decided) = state.decide_due_proposal(id, now).unwrap() {
        state.commit(decided, now);
    }
    state.proposal(id).unwrap().closed
}

#[test]
fn one_lost_key_of_two_is_recovered_and_an_emergency_ends() {
    let mut state = two_of_two(recovery(1, 1));
    let decided = state.decide_start_emergency(guardian(), "a key is lost".into(), at(1));
    done(&mut state, decided, at(1));
    let stuck = propose(&mut state, Action::EndEmergency { reason: "found nothing".into() }, at(2));
    assert_eq!(code(state.decide_execute_proposal(admin(), stuck, at(2))), "WRONG_STATUS", "one of two");
    let new = principal(60);
    let id = propose_by(&mut state, rescuer(0), recover(&[new]), at(3));
    assert_eq!(state.proposal(id).unwrap().ready_at, Some(at(3 + DAYS_14)));
    assert_eq!(state.open_recoveries().iter().map(|proposal| proposal.id).collect::<Vec<_>>(), [id], "announced");
    assert_eq!(state.next_proposal_due().map(|due| due.min(at(3 + DAYS_14))), Some(at(2 + 7 * DAY_NS)));
    assert_eq!(end_when_due(&mut state, id, at(2 + DAYS_14)), None, "not a nanosecond early");
    assert_eq!(end_when_due(&mut state, id, at(3 + DAYS_14)), Some(ProposalOutcome::Executed));
    assert!(state.roles_of(&new).has(Role::Admin));
    assert_eq!(state.roles_of(&rescuer(0)), crate::access::Roles::default(), "who recovers gets nothing");
    assert_eq!(state.settings().quorum, 2, "nothing else has changed");
    assert!(state.mode().is_emergency());
    // The admins are enough again: for the end of the emergency, and to remove the lost key.
    let now = at(4 + DAYS_14);
    let end = propose(&mut state, Action::EndEmergency { reason: "over".into() }, now);
    approve(&mut state, new, end, now);
    assert_eq!(execute(&mut state, end, now.saturating_add(LOCK)), Some(ProposalOutcome::Executed));
    assert!(matches!(state.mode(), Mode::Limited { .. }));
    let out = propose(&mut state, Action::RemovePrincipal(lost()), now);
    assert_eq!(approve(&mut state, new, out, now).closed, Some(ProposalOutcome::Executed));
    assert_replays(&state);
}

#[test]
fn the_recovery_can_do_nothing_else() {
    let mut state = two_of_two(recovery(1, 1));
    let refused = |state: &TestState, by, action| code(state.decide_change(by, action, at(1)).map(|(decided, _)| decided));
    for action in [
        grant(rescuer(0), Role::Admin),
        revoke(admin(), Role::Admin),
        Action::EndEmergency { reason: String::new() },
        Action::RemovePrincipal(admin()),
        Action::ChangeSettings(Box::new(Settings { quorum: 1, ..state.settings() })),
    ] {
        assert_eq!(refused(&state, rescuer(0), action), "AUTH_FAILED");
    }
    assert_eq!(code(state.decide_start_emergency(rescuer(0), String::new(), at(1))), "AUTH_FAILED");
    for nobody in [admin(), guardian(), stranger(), Principal::anonymous()] {
        assert_eq!(refused(&state, nobody, recover(&[principal(60)])), "AUTH_FAILED", "admins propose a role by themselves");
    }
    assert_eq!(refused(&state, rescuer(0), recover(&[])), "VALIDATION_FAILED");
    assert_eq!(refused(&state, rescuer(0), recover(&[Principal::anonymous()])), "VALIDATION_FAILED");
    assert_eq!(refused(&state, rescuer(0), recover(&[admin()])), "ALREADY_SO");
    let id = propose(&mut state, grant(principal(61), Role::Admin), at(1));
    for decided in [state.decide_approve_proposal(rescuer(0), id, at(1)), state.decide_execute_proposal(rescuer(0), id, at(1))] {
        assert_eq!(code(decided), "AUTH_FAILED");
    }
    assert_eq!(code(cancel(&state, rescuer(0), id, at(1))), "AUTH_FAILED");
}

#[test]
fn every_admin_cancels_a_recovery_and_no_guardian_does() {
    let mut state = two_of_two(recovery(3, 2));
    let id = propose_by(&mut state, rescuer(0), recover(&[principal(60)]), at(1));
    assert_eq!(state.proposal(id).unwrap().ready_at, None, "one of two members");
    for nobody in [admin(), guardian(), stranger()] {
        assert_eq!(code(state.decide_approve_proposal(nobody, id, at(2))), "AUTH_FAILED");
    }
    assert_eq!(approve(&mut state, rescuer(1), id, at(2)).ready_at, Some(at(2 + DAYS_14)));
    for nobody in [guardian(), rescuer(0), rescuer(2), stranger()] {
        assert_eq!(code(cancel(&state, nobody, id, at(3))), "AUTH_FAILED");
    }
    let decided = cancel(&state, lost(), id, at(3));
    done(&mut state, decided, at(3));
    assert_eq!(state.proposal(id).unwrap().closed, Some(ProposalOutcome::Cancelled));
    assert_eq!(state.open_recoveries(), []);
    // Who proposed alone may take it back.
    let own = propose_by(&mut state, rescuer(0), recover(&[principal(60)]), at(4));
    assert_eq!(code(cancel(&state, rescuer(0), own, at(4))), "OK");
    assert_replays(&state);
}

#[test]
fn full_lists_of_proposals_keep_nobody_from_a_recovery() {
    let mut state = two_of_two(recovery(1, 1));
    for n in 0..20 {
        propose(&mut state, grant(Principal::from_slice(&[7, n, 7]), Role::Viewer), at(1));
    }
    let more = state.decide_change(admin(), grant(principal(60), Role::Viewer), at(1)).unwrap_err();
    assert!(matches!(more, Refusal::LimitReached { .. }), "{more:?}");
    propose_by(&mut state, rescuer(0), recover(&[principal(60)]), at(1));
}

#[test]
fn a_recovery_is_checked_at_installation() {
    let installed = |recovery: Recovery| {
        let config = Config { recovery: Some(recovery), ..fixture::config() };
        let settings = Settings::new(&config);
        match State::new(VectorMemory::default()).decide_init(stranger(), config, settings) {
            Err(Refusal::InvalidArgument { field, .. }) => Err(field),
            other => other.map(|_| ()).map_err(|refusal| refusal.code()),
        }
    };
    assert_eq!(installed(recovery(16, 16)), Ok(()));
    assert_eq!(installed(recovery(0, 0)), Err("recovery.members"));
    assert_eq!(installed(recovery(17, 1)), Err("recovery.members"));
    assert_eq!(installed(recovery(2, 0)), Err("recovery.quorum"));
    assert_eq!(installed(recovery(2, 3)), Err("recovery.quorum"));
    for member in [admin(), Principal::anonymous()] {
        assert_eq!(installed(Recovery { members: BTreeSet::from([member]), ..recovery(1, 1) }), Err("recovery.members"));
    }
    let lock = |time_lock_ns| installed(Recovery { time_lock_ns, ..recovery(1, 1) });
    assert_eq!((lock(MIN_RECOVERY_LOCK_NS), lock(90 * DAY_NS)), (Ok(()), Ok(())));
    assert_eq!(lock(MIN_RECOVERY_LOCK_NS - 1), Err("recovery.time_lock_seconds"));
    assert_eq!(lock(90 * DAY_NS + 1), Err("recovery.time_lock_seconds"));
}

#[test]
fn few_admins_on_a_mainnet_name_their_quorum() {
    use crate::chains::{kaspa, solana};
    let on = |solana_network, kaspa_network, admins: &[Principal], quorum| {
        let mut config = fixture::config();
        (config.chains.solana.network, config.chains.kaspa.network) = (solana_network, kaspa_network);
        config.admins = admins.to_vec();
        Settings::require_named_quorum(&config, quorum).map_err(|error| error.field)
    };
    let (local, simnet) = (solana::Cluster::Local, kaspa::Network::Simnet);
    let three = [admin(), second_admin(), third_admin()];
    for (solana_network, kaspa_network) in [(solana::Cluster::Mainnet, simnet), (local, kaspa::Network::Mainnet)] {
        assert_eq!(on(solana_network, kaspa_network, &three, None), Ok(()));
        for admins in [&three[..1], &three[..2], &[admin(), admin(), second_admin()]] {
            assert_eq!(on(solana_network, kaspa_network, admins, None), Err("settings.quorum"));
            assert_eq!(on(solana_network, kaspa_network, admins, Some(2)), Ok(()), "said is said");
        }
    }
    assert_eq!(on(local, simnet, &three[..1], None), Ok(()));
}

#[test]
fn a_quorum_of_all_admins_shows_where_policies_are_checked() {
    let state = two_of_two(recovery(1, 1));
    let lints = state.lint_policy(Scope::User(admin()), &[], at(1));
    assert!(lints.iter().any(|lint| lint.problem.starts_with("2 of 2 admins must agree")), "{lints:?}");
    let items = state.production_readiness(0, 0, at(1));
    let item = items.iter().find(|item| item.name == "admin_quorum").unwrap();
    assert!(!item.passed && item.reason.contains("a recovery takes 14 days"), "{}", item.reason);
    let three = council(2, 0);
    assert_eq!(three.lint_policy(Scope::User(admin()), &[], at(1)), []);
    assert!(three.production_readiness(0, 0, at(1)).iter().any(|item| item.name == "admin_quorum" && item.passed));
}

#[test]
fn breakers_and_other_settings_have_bounds() {
    use crate::base::SECOND_NS;
    let refused = |change: fn(&mut Settings)| {
        let mut settings = installed().settings();
        change(&mut settings);
        settings.validate().map_err(|error| error.field)
    };
    assert_eq!(refused(|new| (new.breaker_threshold, new.breaker_cool_down_ns) = (1_000, SECOND_NS)), Ok(()));
    assert_eq!(refused(|new| (new.chain_breaker_threshold, new.chain_breaker_cool_down_ns) = (1_000, 30 * DAY_NS)), Ok(()));
    assert_eq!(refused(|new| new.breaker_threshold = 4_000_000_000), Err("breaker_threshold"));
    assert_eq!(refused(|new| new.chain_breaker_threshold = 1_001), Err("chain_breaker_threshold"));
    assert_eq!(refused(|new| new.breaker_cool_down_ns = 0), Err("breaker_cool_down_seconds"));
    assert_eq!(refused(|new| new.chain_breaker_cool_down_ns = SECOND_NS - 1), Err("chain_breaker_cool_down_seconds"));
    assert_eq!(refused(|new| new.chain_breaker_cool_down_ns = 30 * DAY_NS + 1), Err("chain_breaker_cool_down_seconds"));
    assert_eq!(refused(|new| new.max_wallets_per_owner = 1_001), Err("max_wallets_per_owner"));
    assert_eq!(refused(|new| new.max_pending_per_agent = 101), Err("max_pending_per_agent"));
    assert_eq!(refused(|new| new.attempts_per_minute = 10_001), Err("attempts_per_minute"));
    assert_eq!(refused(|new| new.attempts_per_hour = 10_001), Err("attempts_per_hour"));
}

use super::fixture::*;
use crate::access::Role;
use crate::base::WalletId;
use crate::state::{Decided, Refusal, State};
use candid::Principal;
use ic_stable_structures::VectorMemory;

fn code(result: Result<Decided, Refusal>) -> &'static str {
    result.map_or_else(|refusal| refusal.code(), |_| "OK")
}

/// Every command, every kind of caller: (admin, guardian, agent, stranger, anonymous).
#[test]
fn each_command_is_open_to_exactly_its_roles() {
    let state = installed();
    let callers = [admin(), guardian(), agent(), stranger(), Principal::anonymous()];
    type Row<'a> = (&'static str, &'a dyn Fn(Principal) -> &'static str, [&'static str; 5]);
    let table: [Row; 8] = [
        (
            "grant_role",
            &|c| code(state.decide_grant_role(c, principal(7), Role::Guardian)),
            ["OK", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED"],
        ),
        (
            "revoke_role",
            &|c| code(state.decide_revoke_role(c, guardian(), Role::Guardian)),
            ["OK", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED"],
        ),
        (
            "add_agent",
            &|c| code(state.decide_add_agent(c, WALLET, principal(7))),
            ["OK", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED"],
        ),
        (
            "remove_agent",
            &|c| code(state.decide_remove_agent(c, WALLET, agent())),
            ["OK", "OK", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED"],
        ),
        (
            "create_wallet",
            &|c| code(state.decide_create_wallet(c, "x".into(), at(0)).map(|d| d.0)),
            ["OK", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED"],
        ),
        (
            "set_policy",
            &|c| code(state.decide_set_policy(c, WALLET, rules(1, 1_000_000), at(0)).map(|d| d.0)),
            ["OK", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED"],
        ),
        (
            "start_emergency",
            &|c| code(state.decide_emergency(c, true, String::new(), at(0))),
            ["OK", "OK", "AUTH_FAILED", "AUTH_FAILED", "AUTH_FAILED"],
        ),
        (
            "transfer",
            &|c| state.decide_transfer(c, sol(1, "k"), at(0)).map_or_else(|refusal| refusal.code(), |_| "OK"),
            ["AUTH_FAILED", "AUTH_FAILED", "OK", "AUTH_FAILED", "AUTH_FAILED"],
        ),
    ];
    for (command, call, expected) in table {
        assert_eq!(callers.map(call), expected, "{command}");
    }
}

#[test]
fn only_admins_end_an_emergency() {
    let mut state = installed();
    let decided = state.decide_emergency(guardian(), true, "drill".into(), at(1));
    done(&mut state, decided, at(1));
    assert_eq!(code(state.decide_emergency(guardian(), false, String::new(), at(2))), "AUTH_FAILED");
    assert_eq!(code(state.decide_emergency(guardian(), true, String::new(), at(2))), "OK", "who asks again has it");
    let decided = state.decide_emergency(admin(), false, "over".into(), at(2));
    done(&mut state, decided, at(2));
    assert!(!state.mode().is_emergency());
}

#[test]
fn the_last_admin_stays() {
    let mut state = installed();
    assert_eq!(code(state.decide_revoke_role(admin(), admin(), Role::Admin)), "VALIDATION_FAILED");
    let decided = state.decide_grant_role(admin(), principal(7), Role::Admin);
    done(&mut state, decided, at(1));
    let decided = state.decide_revoke_role(admin(), admin(), Role::Admin);
    done(&mut state, decided, at(2));
    assert_eq!(code(state.decide_grant_role(admin(), principal(8), Role::Admin)), "AUTH_FAILED");
}

#[test]
fn roles_need_somebody_to_hold_them() {
    let state = installed();
    assert_eq!(code(state.decide_grant_role(admin(), Principal::anonymous(), Role::Guardian)), "VALIDATION_FAILED");
    assert_eq!(code(state.decide_add_agent(admin(), WALLET, Principal::anonymous())), "VALIDATION_FAILED");
    assert_eq!(code(state.decide_add_agent(admin(), WalletId::new(2), principal(7))), "NOT_FOUND");
    assert_eq!(code(state.decide_add_agent(admin(), WALLET, agent())), "ALREADY_SO");
}

#[test]
fn the_configuration_names_the_offending_field() {
    let field = |change: &dyn Fn(&mut crate::governance::config::Config)| {
        let mut config = config();
        change(&mut config);
        let settings = crate::governance::settings::Settings::new(&config);
        match State::new(VectorMemory::default()).decide_init(stranger(), config, settings) {
            Err(Refusal::InvalidArgument { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(field(&|c| c.admins.clear()), "admins");
    assert_eq!(field(&|c| c.guardians.push(Principal::anonymous())), "guardians");
    assert_eq!(field(&|c| c.key_name = "key_2".into()), "key_name");
    assert_eq!(
        field(&|c| c.chains.solana.network = crate::chains::solana::Cluster::Mainnet),
        "key_name",
        "a test key on a mainnet"
    );
    assert_eq!(field(&|c| c.chains.solana.providers.clear()), "solana.providers");
    assert_eq!(field(&|c| c.chains.solana.providers = vec!["http://example.org".into()]), "solana.providers");
    assert_eq!(field(&|c| c.chains.kaspa.providers = vec!["https://example.org/".into()]), "kaspa.providers");
    assert_eq!(field(&|c| c.chains.kaspa.feerate = 99), "kaspa.feerate");
    assert_eq!(field(&|c| c.chains.kaspa.confirmations = 0), "kaspa.confirmations");
    assert_eq!(field(&|c| c.chains.kaspa.confirmations = 100_001), "kaspa.confirmations");
}

#[test]
fn providers_are_named_once_and_a_mainnet_needs_two() {
    let problem = |urls: &[&str], mainnet: bool| {
        let mut config = config();
        config.key_name = "key_1".into();
        config.chains.solana.providers = urls.iter().map(|url| (*url).to_owned()).collect();
        if mainnet {
            config.chains.solana.network = crate::chains::solana::Cluster::Mainnet;
        }
        config.validate().map_err(|error| error.to_string())
    };
    let refused = |problem: &str| Err(format!("solana.providers: {problem}"));
    assert_eq!(problem(&["https://a.org", "https://b.org"], true), Ok(()));
    assert_eq!(problem(&["https://a.org"], true), refused("one provider's word is no proof; name at least two"));
    assert_eq!(problem(&["https://a.org"], false), Ok(()));
    assert_eq!(problem(&["https://a.org", "https://A.org"], true), refused("https://A.org is named twice"));
    let mut config = config();
    config.key_name = "key_1".into();
    config.chains.kaspa.network = crate::chains::kaspa::Network::Mainnet;
    config.chains.kaspa.providers = vec!["https://a.org".into()];
    config.chains.kaspa.confirmations = 100_000;
    assert_eq!(config.validate().map_err(|error| error.field), Err("kaspa.providers"));
    config.chains.kaspa.providers.push("https://b.org".into());
    assert_eq!(config.validate(), Ok(()));
}

#[test]
fn an_upgrade_changes_neither_addresses_nor_powers() {
    let state = installed();
    let field = |change: &dyn Fn(&mut crate::governance::config::Config)| {
        let mut config = config();
        change(&mut config);
        match state.decide_upgrade(stranger(), "2".into(), Some(config)) {
            Err(Refusal::InvalidArgument { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(field(&|c| c.key_name = "key_1".into()), "key_name");
    assert_eq!(field(&|c| c.chains.solana.network = crate::chains::solana::Cluster::Devnet), "solana.network");
    assert_eq!(field(&|c| c.chains.kaspa.network = crate::chains::kaspa::Network::Devnet), "kaspa.network");
    assert_eq!(field(&|c| c.admins.push(stranger())), "admins");
    assert_eq!(field(&|c| c.guardians.push(stranger())), "guardians");
}

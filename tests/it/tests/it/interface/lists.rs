//! Lists in pages, look-ups by key, and versions that a change may expect.

use crate::support::{payment, rules};
use candid::Principal;
use purser_it::client::{Answer, Client};
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_types::{
    Asset, AuditSettings, Change, Counted, ErrorDetail, Group, Page, Rate, RateWindow, Role, Rule, Scope, SettingsInit, Status,
    TransferFilter, Versioned,
};
use serde_bytes::{ByteBuf, Bytes};

fn person(n: u8) -> Principal {
    Principal::self_authenticating([60 + n])
}

/// Reads a list two entries at a time.
fn all<T, K>(env: &mut TestEnv, mut page: impl FnMut(&mut Client<'_>, Option<K>, Option<u32>) -> Page<T, K>) -> Vec<T> {
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let found = page(&mut env.as_actor(Actor::Anonymous), cursor, Some(2));
        assert!(found.items.len() <= 2 && (found.next.is_none() || found.items.len() == 2));
        items.extend(found.items);
        match found.next {
            Some(next) => cursor = Some(next),
            None => return items,
        }
    }
}

#[test]
fn transfers_are_listed_by_agent_and_by_status_and_found_by_key() {
    let mut env = TestEnv::new();
    let (wallet, other) = (env.wallet(&rules()), env.wallet(&rules()));
    let second = person(1);
    env.as_actor(Actor::Admin).add_agent(wallet.id, second).expect("an admin");
    let ids: Vec<u64> = ["a", "b", "c"].map(|key| env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 100, key))).into();
    let of_second = env.as_principal(second).transfer(&payment(wallet.id, Asset::Sol, SOL / 100, "a")).expect("an agent");
    let purser_types::TransferOutcome::Accepted { transfer_id: theirs, .. } = of_second else { panic!("{of_second:?}") };
    env.as_actor(Actor::Agent).cancel_transfer(ids[1], None).expect("not signed yet");
    ids.iter().chain([&theirs]).filter(|id| **id != ids[1]).for_each(|id| drop(env.wait_for_end(*id)));
    let agent = Some(Actor::Agent.principal());
    let listed = |env: &mut TestEnv, agent, status| {
        let filter = TransferFilter { wallet_id: wallet.id, agent, status };
        let transfers = all(env, |client, cursor, limit| client.list_transfers(filter, cursor, limit).expect("open"));
        transfers.into_iter().map(|transfer| transfer.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(&mut env, None, None), [theirs, ids[2], ids[1], ids[0]], "the newest first");
    assert_eq!(listed(&mut env, agent, None), [ids[2], ids[1], ids[0]]);
    assert_eq!(listed(&mut env, None, Some(Status::Confirmed)), [theirs, ids[2], ids[0]]);
    assert_eq!(listed(&mut env, agent, Some(Status::Confirmed)), [ids[2], ids[0]]);
    assert_eq!(listed(&mut env, agent, Some(Status::Cancelled)), [ids[1]]);
    assert_eq!(listed(&mut env, agent, Some(Status::Reserved)), [] as [u64; 0]);
    let mut found = |wallet: u64, who, key: &str| env.as_actor(Actor::Stranger).get_transfer_by_key(wallet, who, key);
    assert_eq!(found(wallet.id, second, "a").map(|transfer| transfer.id), Ok(theirs));
    assert_eq!(found(wallet.id, Actor::Agent.principal(), "c").map(|transfer| transfer.id), Ok(ids[2]));
    for (wallet, who, key) in [(other.id, second, "a"), (wallet.id, second, "b"), (99, second, "a")] {
        assert_eq!(found(wallet, who, key).expect_err("there is none").code, "NOT_FOUND");
    }
    assert_eq!(found(wallet.id, second, &"k".repeat(65)).expect_err("too long").code, "VALIDATION_FAILED");
}

#[test]
fn every_list_is_read_in_pages() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let mut admin = env.as_actor(Actor::Admin);
    for n in 1..=3 {
        admin.grant_role(person(n), Role::Approver).expect("an admin");
        admin.add_agent(wallet.id, person(n)).expect("an admin");
        admin.set_group(&Group { name: format!("group {n}"), members: vec![person(n)] }).expect("an admin");
        admin.set_policy(Scope::User(person(1)), Some(&format!("draft {n}")), &rules()[..1]).expect("an admin");
    }
    let owner = admin.get_wallet(wallet.id).expect("open").owner;
    let expires_at = env.network.ic().time_ns() + 3_600_000_000_000;
    for (asset, per) in [(Asset::Sol, SOL), (Asset::Kas, KAS)] {
        let rate = Rate { asset, value: 1_000_000, per, expires_at };
        env.as_actor(Actor::Admin).set_rate(&rate).expect("an admin");
    }
    let members = all(&mut env, |client, cursor, limit| client.list_members(cursor, limit));
    assert_eq!(members.iter().filter(|member| member.roles == [Role::Approver]).count(), 3);
    let agents = all(&mut env, |client, cursor, limit| client.list_agents(wallet.id, cursor, limit).expect("open"));
    assert_eq!(agents.len(), 4);
    let groups = all(&mut env, |client, cursor: Option<String>, limit| client.list_groups(cursor.as_deref(), limit));
    assert_eq!(groups.iter().map(|group| &group.value.name[..]).collect::<Vec<_>>(), ["group 1", "group 2", "group 3"]);
    let rates = all(&mut env, |client, cursor: Option<ByteBuf>, limit| {
        client.list_rates(cursor.as_ref().map(|cursor: &ByteBuf| Bytes::new(cursor)), limit)
    });
    assert_eq!(rates.iter().map(|rate| rate.asset.name.as_str()).collect::<Vec<_>>(), ["Kas", "Sol"]);
    let versions = all(&mut env, |client, cursor, limit| client.list_policy_versions(Scope::User(person(1)), cursor, limit));
    assert_eq!(versions.iter().map(|version| version.policy.version).collect::<Vec<_>>(), [3, 2, 1]);
    let wallets = all(&mut env, |client, cursor, limit| client.list_wallets_of(owner, cursor, limit));
    assert_eq!(wallets, [wallet]);
    assert_eq!(env.as_actor(Actor::Stranger).get_rate(Asset::Kas).map(|rate| rate.per), Ok(KAS));
    let missing = env.as_actor(Actor::Stranger).get_group("nobody").map(|group| group.version);
    assert_eq!(missing.expect_err("there never was one").code, "NOT_FOUND");
}

#[test]
fn an_agent_has_a_label_that_an_admin_changes_at_once() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let mut add = |label: &str| -> Answer<Change> {
        env.as_actor(Actor::Admin).try_update("add_agent", (wallet, person(1), Some(label))).expect("it answers")
    };
    let refused = ["x".repeat(65), "up\u{202e}down".into()].map(|label: String| add(&label).expect_err("no label").code);
    assert_eq!(refused, ["VALIDATION_FAILED", "VALIDATION_FAILED"]);
    assert_eq!(add("payroll bot"), Ok(Change::Applied));
    let agent = env.as_actor(Actor::Stranger).get_agent(wallet, person(1)).expect("open");
    assert_eq!((agent.agent, agent.label.as_deref()), (person(1), Some("payroll bot")));
    assert!(agent.added_at > 0);
    let mut admin = env.as_actor(Actor::Admin);
    assert_eq!(admin.set_agent_label(wallet, person(1), Some("savings bot")), Ok(()));
    assert_eq!(admin.set_agent_label(wallet, person(1), Some("savings bot")).expect_err("the same").code, "ALREADY_SO");
    assert_eq!(admin.set_agent_label(wallet, person(2), None).expect_err("no agent").code, "NOT_FOUND");
    let listed = admin.list_agents(wallet, None, None).expect("open").items;
    let relabelled = purser_types::Agent { label: Some("savings bot".into()), ..agent };
    assert!(listed.contains(&relabelled) && listed.len() == 2, "{listed:?}");
    assert_eq!(admin.remove_agent(wallet, person(1)), Ok(()));
    assert_eq!(admin.get_agent(wallet, person(1)).expect_err("it was removed").code, "NOT_FOUND");
}

#[test]
fn the_last_balances_are_read_without_asking_again() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let stranger = |env: &mut TestEnv| env.as_actor(Actor::Stranger).get_balances(wallet.id);
    assert_eq!(stranger(&mut env), Ok(vec![]), "nothing was seen yet");
    let seen = env.as_actor(Actor::Agent).refresh_balances(wallet.id).expect("an agent asks");
    assert_eq!(stranger(&mut env), Ok(seen.clone()));
    let units: Vec<_> = seen.iter().map(|balance| (balance.units.symbol.as_deref(), balance.units.decimals)).collect();
    assert!(units.contains(&(Some("SOL"), Some(9))) && units.contains(&(Some("KAS"), Some(8))), "{units:?}");
    env.network.ic().advance_time(std::time::Duration::from_secs(86_400));
    assert_eq!(stranger(&mut env), Ok(seen), "however old they are");
    env.upgrade(None).expect("the same module");
    assert_eq!(stranger(&mut env), Ok(vec![]), "an upgrade forgets them");
    assert_eq!(env.as_actor(Actor::Stranger).get_balances(99).expect_err("no wallet").code, "NOT_FOUND");
}

#[test]
fn amounts_come_with_their_units() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let id = env.request_transfer(&payment(wallet.id, Asset::Kas, KAS, "k"));
    let transfer = env.as_actor(Actor::Stranger).get_transfer(id).expect("open");
    let kas = purser_types::Units { symbol: Some("KAS".into()), decimals: Some(8) };
    assert_eq!((&transfer.units, &transfer.fee_units), (&kas, &kas));
    let usage = env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open");
    let symbols: Vec<_> = usage.assets.iter().filter_map(|usage| usage.units.symbol.as_deref()).collect();
    assert_eq!(symbols, ["KAS", "SOL"]);
    assert!(usage.budgets.iter().any(|budget| budget.units.as_ref() == Some(&kas)), "{usage:?}");
}

/// The version in force that a refusal names, after `expected`.
fn conflict(answer: Answer<Change>) -> (u64, u64) {
    let error = answer.expect_err("somebody was faster");
    assert_eq!(error.code, "VERSION_CONFLICT");
    match error.detail {
        Some(ErrorDetail::VersionConflict { expected, current, .. }) => (expected, current),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_change_that_expects_another_version_is_refused_and_changes_nothing() {
    let mut env = TestEnv::new();
    let scope = Scope::Wallet(env.wallet(&rules()).id);
    env.as_actor(Actor::Admin).grant_role(person(1), Role::Approver).expect("an admin");
    let mut admin = env.as_actor(Actor::Admin);
    let mut set = |method: &str, arg: &dyn Fn(&mut Client<'_>, &str) -> Answer<Change>| arg(&mut admin, method);
    let policy = |expected: u64| {
        move |client: &mut Client<'_>, method: &str| {
            let mut tighter = rules();
            tighter.push(Rule::RateLimit { counted: Counted::Executions, window: RateWindow::Hour, max: 5 });
            client.try_update(method, (scope, None::<String>, tighter, Some(expected))).expect("it answers")
        }
    };
    assert_eq!(conflict(set("set_policy", &policy(0))), (0, 1));
    assert_eq!(set("set_policy", &policy(1)), Ok(Change::Applied));
    assert_eq!(conflict(set("set_policy", &policy(1))), (1, 2));
    let group = |expected: u64, members: Vec<Principal>| {
        move |client: &mut Client<'_>, method: &str| {
            let group = Group { name: "ops".into(), members: members.clone() };
            client.try_update(method, (group, Some(expected))).expect("it answers")
        }
    };
    assert_eq!(set("set_group", &group(0, vec![person(1)])), Ok(Change::Applied));
    assert_eq!(conflict(set("set_group", &group(0, vec![]))), (0, 1));
    assert_eq!(set("set_group", &group(1, vec![])), Ok(Change::Applied), "the group is removed");
    assert_eq!(conflict(set("set_group", &group(0, vec![person(1)]))), (0, 2), "and still counts");
    let settings = SettingsInit { attempts_per_minute: Some(7), ..SettingsInit::default() };
    let version = env.as_actor(Actor::Stranger).get_settings().version;
    let call = |env: &mut TestEnv, expected: u64| {
        env.as_actor(Actor::Admin).try_update("set_settings", (&settings, Some(expected))).expect("it answers")
    };
    assert_eq!(conflict(call(&mut env, version + 1)), (version + 1, version));
    assert_eq!(call(&mut env, version), Ok(Change::Applied));
    let after = env.as_actor(Actor::Stranger).get_settings();
    assert_eq!((after.version, after.value.attempts_per_minute), (version + 1, 7));
    let Versioned { version, value } = env.as_actor(Actor::Stranger).get_audit_settings();
    let longer = AuditSettings { retention_days: value.retention_days + 1, ..value };
    let call = |env: &mut TestEnv, expected: u64| {
        env.as_actor(Actor::Admin).try_update("set_audit_settings", (&longer, Some(expected))).expect("it answers")
    };
    assert_eq!(conflict(call(&mut env, version + 1)), (version + 1, version));
    assert_eq!(call(&mut env, version), Ok(Change::Applied));
    assert_eq!(env.as_actor(Actor::Stranger).get_audit_settings(), Versioned { version: version + 1, value: longer });
}

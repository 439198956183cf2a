//! Archives: export, confirmation, removal of old blocks, search, and verification of the rest.

use crate::log::integrity::{DAY, FIVE_MINUTES, advance_time};
use crate::support::{payment, rules};
use candid::{Nat, Principal};
use purser_it::replica;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_it::values::core;
use purser_types::{
    Archive, Asset, AuditSettings, BlockFilter, BlockRange, ConfirmArchiveArgs, Error, FindBlocksArgs, GetArchivesArgs, Role,
    Scope, Status,
};
use purser_verify::certificate::RootKey;
use purser_verify::check::{Report, VerifyOptions, check};
use purser_verify::command::{self, Outcome};
use purser_verify::live::LiveCanister;
use purser_verify::progress::Progress;
use std::path::{Path, PathBuf};

/// Downloads the log from `from` on through the public interface.
pub fn export(env: &mut TestEnv, from: u64, name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let canister = env.canister;
    let downloaded = replica::serve(env, |url| {
        let live = LiveCanister::new(&url, canister);
        let root_key = live.root_key().map_err(|error| error.to_string())?;
        live.download(from, &path, &mut Progress::default()).map_err(|error| error.to_string())?;
        Ok::<_, String>(root_key)
    });
    let root_key = downloaded.expect("a port is free").expect("it downloads");
    assert_eq!(root_key, env.network.ic().root_key());
    path
}

/// The verifier's report on exported files.
pub fn verify(env: &mut TestEnv, files: &[&Path], rebuild: Option<PathBuf>) -> Report {
    let root_key = RootKey::from_der(env.network.ic().root_key()).expect("a key");
    let files = files.iter().map(|path| path.to_path_buf()).collect();
    let options =
        VerifyOptions { files, canister: Some(env.canister), root_key, now: env.network.ic().time_ns(), max_age: None, rebuild };
    check(&options, &mut Progress::default()).expect("the files are readable")
}

/// The outcome of `purser-verify` on the live canister.
fn command(env: &mut TestEnv, options: &[&str]) -> Outcome {
    let (canister, now) = (env.canister.to_text(), env.network.ic().time_ns());
    let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    let ran = replica::serve(env, |url| {
        let live = ["--url".to_owned(), url, "--canister".to_owned(), canister, "--quiet".to_owned()];
        command::run([&live[..], &options].concat(), now)
    });
    ran.expect("a port is free")
}

fn confirm(env: &mut TestEnv, last: u64, canister: Option<Principal>) -> Result<(), Error> {
    let range = BlockRange { start: Nat::from(last), length: Nat::from(1u8) };
    let block = env.as_actor(Actor::Anonymous).icrc3_get_blocks(&[range]).blocks.remove(0);
    let hash = core(&block.block).hash().0.to_vec().into();
    let args = ConfirmArchiveArgs { last, hash, location: "tape 7, sha256 …".into(), canister };
    env.as_actor(Actor::Stranger).confirm_archive(&args)
}

#[test]
fn a_live_log_is_valid_and_its_replay_is_the_canisters_state() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    for (asset, amount) in [(Asset::Sol, SOL / 10), (Asset::Kas, 3 * KAS)] {
        let id = env.request_transfer(&payment(wallet.id, asset, amount, &format!("{asset:?}")));
        env.wait_for_end(id);
    }
    env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, 5 * SOL, "denied")).expect("an answer");
    let digest = env.as_actor(Actor::Anonymous).get_state_digest().expect("open");
    let usage = env.as_actor(Actor::Anonymous).get_usage(Scope::Wallet(wallet.id)).expect("open").assets;
    let file = export(&mut env, 0, "live.log");
    let report = verify(&mut env, &[&file], None);
    assert!(report.valid, "{report:#?}");
    assert_eq!(report.entries, digest.log_length);
    let replay = report.replay.expect("it is whole");
    assert_eq!(replay.state_digest, digest.digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    assert_eq!(report.certificate.expect("it counts").state_digest, replay.state_digest, "the certificate says the same");
    let counted: Vec<_> = replay.counters.iter().map(|counter| (counter.asset.clone(), counter.posted, counter.reserved)).collect();
    let expected: Vec<_> = usage.iter().map(|usage| (usage.asset.name.to_uppercase(), usage.posted, usage.reserved)).collect();
    assert_eq!(counted, expected, "the counters are the canister's");
}

#[test]
fn the_command_verifies_a_live_canister() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "k"));
    env.wait_for_end(id);
    let length = env.as_actor(Actor::Anonymous).get_audit_status().log_length;
    let Outcome { status, output, failure } = command(&mut env, &["--local", "--json"]);
    assert_eq!((status, failure.as_str()), (0, ""), "{output}");
    let report: serde_json::Value = serde_json::from_str(&output).expect("it is JSON");
    assert_eq!((&report["valid"], &report["entries"]), (&true.into(), &length.into()));
    assert_eq!(report["certificate"]["state_digest"], report["replay"]["state_digest"]);
    let text = command(&mut env, &["--local"]);
    assert!(text.status == 0 && text.output.ends_with("\nVALID\n"), "{text:?}");
    // A network's own root key is trusted only with --local, because this network is not the Internet Computer.
    let foreign = command(&mut env, &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&foreign.output).expect("it is JSON");
    assert_eq!((foreign.status, &report["valid"]), (1, &false.into()), "{foreign:?}");
    // Another canister's log is none: there is no such canister.
    let other = command(&mut env, &["--local", "--canister", "rrkah-fqaaa-aaaaa-aaaaq-cai"]);
    assert_eq!(other.status, 2, "{other:?}");
}

#[test]
fn an_archived_log_is_given_up_and_still_verifies_with_its_archive() {
    let mut env = TestEnv::local();
    let wallet = env.wallet(&rules());
    env.as_actor(Actor::Admin).grant_role(Actor::Stranger.principal(), Role::Auditor).expect("an admin");
    let settings = AuditSettings { retention_days: 1, capacity: 1 << 30 };
    env.as_actor(Actor::Admin).set_audit_settings(&settings).expect("an admin");
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "k"));
    env.wait_for_end(id);
    advance_time(&mut env, FIVE_MINUTES);
    advance_time(&mut env, 8 * DAY);
    advance_time(&mut env, FIVE_MINUTES);
    assert_eq!(env.as_actor(Actor::Anonymous).get_audit_status().first_block, 0, "nobody has a copy");

    let archive = export(&mut env, 0, "archive.log");
    assert!(verify(&mut env, &[&archive], None).valid);
    let length = env.as_actor(Actor::Anonymous).get_audit_status().log_length;
    let refused = confirm(&mut env, length - 2, None);
    assert_eq!(refused, Ok(()));
    let twice = confirm(&mut env, length - 2, None);
    assert_eq!(twice.expect_err("confirmed").code, "ALREADY_SO");
    advance_time(&mut env, 7 * DAY);
    advance_time(&mut env, FIVE_MINUTES);
    let status = env.as_actor(Actor::Anonymous).get_audit_status();
    assert_eq!((status.first_block, status.unarchived_from), (length - 1, length - 1), "{status:?}");

    let range = BlockRange { start: Nat::from(0u8), length: Nat::from(u64::MAX) };
    let kept = env.as_actor(Actor::Anonymous).icrc3_get_blocks(&[range]);
    assert_eq!(kept.blocks[0].id, Nat::from(length - 1));
    assert_eq!(kept.log_length, Nat::from(status.log_length));
    let archives = env.as_actor(Actor::Anonymous).list_archives(None, None).items;
    assert_eq!((archives.len(), archives[0].first, archives[0].last), (1, 0, length - 2));
    let report = env.as_actor(Actor::Anonymous).verify_integrity(None, None);
    assert_eq!((report.valid, report.entries_checked), (true, status.log_length - (length - 1)));

    env.upgrade(None).expect("a log without a beginning opens");
    let id = env.request_transfer(&payment(wallet.id, Asset::Kas, 3 * KAS, "after"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    let rest = export(&mut env, 0, "rest.log");
    let alone = verify(&mut env, &[&rest], None);
    assert!(alone.valid && alone.replay.is_none() && alone.first == length - 1, "{alone:#?}");
    let whole = verify(&mut env, &[&rest, &archive], None);
    assert!(whole.valid && whole.replay.is_some_and(|replay| replay.checkpoints >= 1), "the archive links");
}

#[test]
fn an_archive_that_a_canister_serves_is_named_as_icrc3_wants_it() {
    let mut env = TestEnv::local();
    env.wallet(&rules());
    env.as_actor(Actor::Admin).grant_role(Actor::Stranger.principal(), Role::Auditor).expect("an admin");
    env.as_actor(Actor::Admin).set_audit_settings(&AuditSettings { retention_days: 1, capacity: 1 << 30 }).expect("an admin");
    let archive = Principal::self_authenticating([77]);
    confirm(&mut env, 3, Some(archive)).expect("an auditor");
    let listed = env.as_actor(Actor::Anonymous).icrc3_get_archives(&GetArchivesArgs { from: None });
    let expected = Archive { canister_id: archive, start: Nat::from(0u8), end: Nat::from(3u8) };
    assert_eq!(listed, [expected]);
    assert!(env.as_actor(Actor::Anonymous).icrc3_get_archives(&GetArchivesArgs { from: Some(archive) }).is_empty());
    advance_time(&mut env, FIVE_MINUTES);
    advance_time(&mut env, 8 * DAY);
    let page = env.as_actor(Actor::Anonymous).icrc3_get_blocks(&[BlockRange { start: Nat::from(1u8), length: Nat::from(5u8) }]);
    assert_eq!(page.blocks.first().map(|block| block.id.clone()), Some(Nat::from(4u8)));
    assert_eq!(page.archived_blocks.len(), 1);
    let expected = BlockRange { start: Nat::from(1u8), length: Nat::from(3u8) };
    assert_eq!(page.archived_blocks[0].args, [expected]);
    assert_eq!(page.archived_blocks[0].callback.0.principal, archive);
}

fn found(env: &mut TestEnv, filter: BlockFilter, from_at: Option<u64>) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), None);
    loop {
        let (from, until, until_at) = (None, None, None);
        let args = FindBlocksArgs { filter, from, until, from_at, until_at, newest_first: false, cursor, limit: Some(2) };
        let page = env.as_actor(Actor::Anonymous).find_blocks(&args);
        names.extend(page.items.iter().map(|block| {
            let value = core(&block.block);
            value.get("btype").and_then(|name| name.as_text()).expect("a block has a type").replace("purser.", "")
        }));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return names,
        }
    }
}

#[test]
fn blocks_are_found_by_wallet_actor_transfer_and_time() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "k"));
    let later = env.network.ic().time_ns() + 1;
    env.wait_for_end(id);
    let steps = ["transfer_reserved", "transfer_built", "transfer_signed", "transfer_submitted", "solana", "transfer_confirmed"];
    let by_transfer = found(&mut env, BlockFilter::Transfer(id), None);
    assert!(by_transfer.iter().all(|name| steps.contains(&name.as_str())), "{by_transfer:?}");
    assert_eq!((by_transfer.first().map(String::as_str), by_transfer.last().map(String::as_str)), (Some(steps[0]), Some(steps[5])));
    let by_wallet = found(&mut env, BlockFilter::Wallet(wallet.id), None);
    assert_eq!(by_wallet[..3], ["wallet_created", "agent_added", "policy_set"]);
    assert_eq!(by_wallet[3..], by_transfer);
    assert_eq!(found(&mut env, BlockFilter::Actor(Actor::Agent.principal()), None), ["transfer_reserved"]);
    let after = found(&mut env, BlockFilter::Wallet(wallet.id), Some(later));
    assert!(!after.contains(&"transfer_reserved".to_owned()) && after.contains(&"transfer_confirmed".to_owned()), "{after:?}");
    assert!(found(&mut env, BlockFilter::Wallet(99), None).is_empty());
}

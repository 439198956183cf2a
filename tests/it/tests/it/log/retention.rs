//! The log is archived, confirmed, given up and searched; what is left verifies, and so does the whole.

use crate::support::{payment, rules};
use crate::transfer::watch::{DAY, FIVE_MINUTES, pass};
use candid::{Nat, Principal};
use purser_it::replica;
use purser_it::values::core;
use purser_it::world::{Actor, KAS, SOL, World};
use purser_types::*;
use purser_verify::certificate::RootKey;
use purser_verify::check::{Job, Report, check};
use purser_verify::command::{self, Outcome};
use purser_verify::live::Live;
use purser_verify::progress::Progress;
use std::path::{Path, PathBuf};

/// Downloads the log from `from` on as anybody would.
pub fn export(world: &mut World, from: u64, name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let canister = world.canister;
    let downloaded = replica::serve(world, |url| {
        let live = Live::new(&url, canister);
        let root_key = live.root_key().map_err(|error| error.to_string())?;
        live.download(from, &path, &mut Progress::default()).map_err(|error| error.to_string())?;
        Ok::<_, String>(root_key)
    });
    let root_key = downloaded.expect("a port is free").expect("it downloads");
    assert_eq!(root_key, world.network.ic().root_key());
    path
}

/// What the verifier says about exported files.
pub fn verify(world: &mut World, files: &[&Path], rebuild: Option<PathBuf>) -> Report {
    let root_key = RootKey::from_der(world.network.ic().root_key()).expect("a key");
    let files = files.iter().map(|path| path.to_path_buf()).collect();
    let job = Job { files, canister: Some(world.canister), root_key, now: world.network.ic().time_ns(), max_age: None, rebuild };
    check(&job, &mut Progress::default()).expect("the files are readable")
}

/// What the command says about the live canister, the network under the suite standing behind a URL.
fn command(world: &mut World, options: &[&str]) -> Outcome {
    let (canister, now) = (world.canister.to_text(), world.network.ic().time_ns());
    let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    let ran = replica::serve(world, |url| {
        let live = ["--url".to_owned(), url, "--canister".to_owned(), canister, "--quiet".to_owned()];
        command::run([&live[..], &options].concat(), now)
    });
    ran.expect("a port is free")
}

fn confirm(world: &mut World, last: u64, canister: Option<Principal>) -> Result<(), Error> {
    let range = BlockRange { start: Nat::from(last), length: Nat::from(1u8) };
    let block = world.as_actor(Actor::Anonymous).icrc3_get_blocks(&[range]).blocks.remove(0);
    let hash = core(&block.block).hash().0.to_vec().into();
    let args = ConfirmArchiveArgs { last, hash, location: "tape 7, sha256 …".into(), canister };
    world.as_actor(Actor::Stranger).confirm_archive(&args)
}

#[test]
fn a_live_log_is_valid_and_its_replay_is_the_canisters_state() {
    let mut world = World::new();
    let wallet = world.wallet(&rules());
    for (asset, amount) in [(Asset::Sol, SOL / 10), (Asset::Kas, 3 * KAS)] {
        let id = world.accepted(&payment(wallet.id, asset, amount, &format!("{asset:?}")));
        world.settle(id);
    }
    world.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, 5 * SOL, "denied")).expect("an answer");
    let digest = world.as_actor(Actor::Anonymous).get_state_digest().expect("open");
    let usage = world.as_actor(Actor::Anonymous).get_usage(wallet.id).expect("open");
    let file = export(&mut world, 0, "live.log");
    let report = verify(&mut world, &[&file], None);
    assert!(report.valid, "{report:#?}");
    assert_eq!(report.entries, digest.log_length);
    let replay = report.replay.expect("it is whole");
    assert_eq!(replay.state_digest, digest.digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    assert_eq!(report.certificate.expect("it counts").state_digest, Some(replay.state_digest), "the certificate says the same");
    let counted: Vec<_> = replay.counters.iter().map(|counter| (counter.asset.clone(), counter.posted, counter.reserved)).collect();
    let expected: Vec<_> =
        usage.iter().map(|usage| (format!("{:?}", usage.asset).to_uppercase(), usage.posted, usage.reserved)).collect();
    assert_eq!(counted, expected, "the counters are the canister's");
}

#[test]
fn the_command_verifies_a_live_canister() {
    let mut world = World::new();
    let wallet = world.wallet(&rules());
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "k"));
    world.settle(id);
    let length = world.as_actor(Actor::Anonymous).get_audit_status().log_length;
    let Outcome { status, output, failure } = command(&mut world, &["--local", "--json"]);
    assert_eq!((status, failure.as_str()), (0, ""), "{output}");
    let report: serde_json::Value = serde_json::from_str(&output).expect("it is JSON");
    assert_eq!((&report["valid"], &report["entries"]), (&true.into(), &length.into()));
    assert_eq!(report["certificate"]["state_digest"], report["replay"]["state_digest"]);
    let text = command(&mut world, &["--local"]);
    assert!(text.status == 0 && text.output.ends_with("\nVALID\n"), "{text:?}");
    // A network that vouches for itself is believed only when that is asked for: this is not the Internet Computer.
    let foreign = command(&mut world, &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&foreign.output).expect("it is JSON");
    assert_eq!((foreign.status, &report["valid"]), (1, &false.into()), "{foreign:?}");
    // Another canister's log is none: there is no such canister.
    let other = command(&mut world, &["--local", "--canister", "rrkah-fqaaa-aaaaa-aaaaq-cai"]);
    assert_eq!(other.status, 2, "{other:?}");
}

#[test]
fn an_archived_log_is_given_up_and_still_verifies_with_its_archive() {
    let mut world = World::local();
    let wallet = world.wallet(&rules());
    world.as_actor(Actor::Admin).grant_role(Actor::Stranger.principal(), Role::Auditor).expect("an admin");
    let settings = AuditSettings { retention_days: 1, capacity: 1 << 30 };
    world.as_actor(Actor::Admin).set_audit_settings(&settings).expect("an admin");
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "k"));
    world.settle(id);
    pass(&mut world, FIVE_MINUTES);
    pass(&mut world, 8 * DAY);
    pass(&mut world, FIVE_MINUTES);
    assert_eq!(world.as_actor(Actor::Anonymous).get_audit_status().first_block, 0, "nobody has a copy");

    let archive = export(&mut world, 0, "archive.log");
    assert!(verify(&mut world, &[&archive], None).valid);
    let length = world.as_actor(Actor::Anonymous).get_audit_status().log_length;
    let refused = confirm(&mut world, length - 2, None);
    assert_eq!(refused, Ok(()));
    let twice = confirm(&mut world, length - 2, None);
    assert_eq!(twice.expect_err("confirmed").code, "ALREADY_SO");
    pass(&mut world, 7 * DAY);
    pass(&mut world, FIVE_MINUTES);
    let status = world.as_actor(Actor::Anonymous).get_audit_status();
    assert_eq!((status.first_block, status.archived_until), (length - 1, length - 1), "{status:?}");

    let range = BlockRange { start: Nat::from(0u8), length: Nat::from(u64::MAX) };
    let kept = world.as_actor(Actor::Anonymous).icrc3_get_blocks(&[range]);
    assert_eq!(kept.blocks[0].id, Nat::from(length - 1));
    assert_eq!(kept.log_length, Nat::from(status.log_length));
    let archives = world.as_actor(Actor::Anonymous).list_archives(None);
    assert_eq!((archives.len(), archives[0].first, archives[0].last), (1, 0, length - 2));
    let report = world.as_actor(Actor::Anonymous).verify_integrity(None, None);
    assert_eq!((report.valid, report.entries_checked), (true, status.log_length - (length - 1)));

    world.upgrade(None).expect("a log without a beginning opens");
    let id = world.accepted(&payment(wallet.id, Asset::Kas, 3 * KAS, "after"));
    assert_eq!(world.settle(id).status, Status::Confirmed);
    let rest = export(&mut world, 0, "rest.log");
    let alone = verify(&mut world, &[&rest], None);
    assert!(alone.valid && alone.replay.is_none() && alone.first == length - 1, "{alone:#?}");
    let whole = verify(&mut world, &[&rest, &archive], None);
    assert!(whole.valid && whole.replay.is_some_and(|replay| replay.checkpoints >= 1), "the archive links");
}

#[test]
fn an_archive_that_a_canister_serves_is_named_as_icrc3_wants_it() {
    let mut world = World::local();
    world.wallet(&rules());
    world.as_actor(Actor::Admin).grant_role(Actor::Stranger.principal(), Role::Auditor).expect("an admin");
    world.as_actor(Actor::Admin).set_audit_settings(&AuditSettings { retention_days: 1, capacity: 1 << 30 }).expect("an admin");
    let archive = Principal::self_authenticating([77]);
    confirm(&mut world, 3, Some(archive)).expect("an auditor");
    let listed = world.as_actor(Actor::Anonymous).icrc3_get_archives(&GetArchivesArgs { from: None });
    let expected = Archive { canister_id: archive, start: Nat::from(0u8), end: Nat::from(3u8) };
    assert_eq!(listed, [expected]);
    assert!(world.as_actor(Actor::Anonymous).icrc3_get_archives(&GetArchivesArgs { from: Some(archive) }).is_empty());
    pass(&mut world, FIVE_MINUTES);
    pass(&mut world, 8 * DAY);
    let page = world.as_actor(Actor::Anonymous).icrc3_get_blocks(&[BlockRange { start: Nat::from(1u8), length: Nat::from(5u8) }]);
    assert_eq!(page.blocks.first().map(|block| block.id.clone()), Some(Nat::from(4u8)));
    assert_eq!(page.archived_blocks.len(), 1);
    let expected = BlockRange { start: Nat::from(1u8), length: Nat::from(3u8) };
    assert_eq!(page.archived_blocks[0].args, [expected]);
    assert_eq!(page.archived_blocks[0].callback.0.principal, archive);
}

fn found(world: &mut World, filter: BlockFilter, from_time: Option<u64>) -> Vec<String> {
    let (mut names, mut from) = (Vec::new(), None);
    loop {
        let args = FindBlocksArgs { filter, from, until: None, from_time, until_time: None, newest_first: false, limit: Some(2) };
        let page = world.as_actor(Actor::Anonymous).find_blocks(&args);
        names.extend(page.blocks.iter().map(|block| {
            let value = core(&block.block);
            value.get("btype").and_then(|name| name.as_text()).expect("a block has a type").replace("purser.", "")
        }));
        match page.next {
            Some(next) => from = Some(next),
            None => return names,
        }
    }
}

#[test]
fn blocks_are_found_by_wallet_actor_transfer_and_time() {
    let mut world = World::new();
    let wallet = world.wallet(&rules());
    let id = world.accepted(&payment(wallet.id, Asset::Sol, SOL / 10, "k"));
    let later = world.network.ic().time_ns() + 1;
    world.settle(id);
    let steps = [
        "transfer_reserved",
        "transfer_built",
        "transfer_signed",
        "transfer_submitted",
        "transfer_deadline_set",
        "transfer_confirmed",
    ];
    let by_transfer = found(&mut world, BlockFilter::Transfer(id), None);
    assert!(by_transfer.iter().all(|name| steps.contains(&name.as_str())), "{by_transfer:?}");
    assert_eq!((by_transfer.first().map(String::as_str), by_transfer.last().map(String::as_str)), (Some(steps[0]), Some(steps[5])));
    let by_wallet = found(&mut world, BlockFilter::Wallet(wallet.id), None);
    assert_eq!(by_wallet[..3], ["wallet_created", "agent_added", "policy_set"]);
    assert_eq!(by_wallet[3..], by_transfer);
    assert_eq!(found(&mut world, BlockFilter::Actor(Actor::Agent.principal()), None), ["transfer_reserved"]);
    let after = found(&mut world, BlockFilter::Wallet(wallet.id), Some(later));
    assert!(!after.contains(&"transfer_reserved".to_owned()) && after.contains(&"transfer_confirmed".to_owned()), "{after:?}");
    assert!(found(&mut world, BlockFilter::Wallet(99), None).is_empty());
}

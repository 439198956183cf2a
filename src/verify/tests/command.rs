//! The command on files: exit status, report, and every corruption of a log of 1,000 entries.

mod logs;

use ic_certification::HashTree;
use ic_certification::hash_tree::{fork, label, leaf, pruned};
use ic_stable_structures::VectorMemory;
use logs::{Folder, canister, log, root_key, tip, tip_of, toggle_emergency};
use purser_core::audit::{Block, leb128};
use purser_core::base::codec::{NameHashes, decode_value};
use purser_core::base::{BlockIndex, Hash, Timestamp, TransferId};
use purser_core::event::{Event, ModeChanged, StateCheckpoint, TransferTransition};
use purser_core::policy::Mode;
use purser_core::state::State;
use purser_verify::certificate::TipCertificate;
use std::path::Path;
use std::process::{Command, Output};

const ENTRIES: usize = 1_000;

fn verify(files: &[&Path], options: &[&str]) -> (i32, serde_json::Value) {
    let output = run(files, &[&["--json", "--root-key", &root_key()], options].concat());
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().expect("it ends by itself"), report)
}

fn run(files: &[&Path], options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_purser-verify")).args(options).args(files).output().expect("it runs")
}

#[test]
fn a_whole_log_is_valid_and_its_replay_is_the_certified_state() {
    let folder = Folder::new("whole");
    let (state, blocks) = log(ENTRIES);
    let file = folder.write("log", 0, &blocks, Some(&tip_of(&state)));
    let (code, report) = verify(&[&file], &["--canister", &canister().to_text()]);
    assert_eq!((code, &report["valid"], &report["entries"]), (0, &true.into(), &1_000.into()), "{report}");
    assert_eq!(report["replay"]["state_digest"], state.digest().to_string());
    assert_eq!(report["replay"]["checkpoints"], 1);
    assert_eq!(report["certificate"]["index"], 999);
    assert_eq!(report["certificate"]["by_the_ic"], false);
    let text = run(&[&file], &["--root-key", &root_key()]);
    let text = String::from_utf8(text.stdout).expect("text");
    assert!(text.ends_with("\nVALID\n") && text.contains(": the certified one\n"), "{text}");
}

#[test]
fn every_corruption_of_a_single_entry_is_found_at_its_index() {
    let folder = Folder::new("corrupt");
    let (state, blocks) = log(ENTRIES);
    let tip = tip_of(&state);
    let check = |what: &str, n: usize, blocks: &[Vec<u8>], fault: &str| {
        let file = folder.write("log", 0, blocks, Some(&tip));
        let (code, report) = verify(&[&file], &[]);
        let found = (code, report["first_broken_at"].as_u64(), report["breaks"][0]["fault"].as_str());
        assert_eq!(found, (1, Some(n as u64), Some(fault)), "{what} {n}: {report}");
        assert!(report["replay"].is_null(), "what is broken is not replayed");
    };
    for n in [0, 1, 2, 499, 500, 501, 998, 999] {
        let mut flipped = blocks.clone();
        flip(&mut flipped[n]);
        check("flipped", n, &flipped, "altered");
        let mut deleted = blocks.clone();
        deleted.remove(n);
        check("deleted", n, &deleted, "missing");
        let mut inserted = blocks.clone();
        inserted.insert(n, forged(&blocks, n));
        check("inserted", n, &inserted, "inserted");
        let mut cut = blocks.clone();
        cut[n].truncate(20);
        check("cut short", n, &cut, "unreadable");
        if n > 0 {
            let mut swapped = blocks.clone();
            swapped.swap(n, n / 2);
            check("swapped", n / 2, &swapped, "altered");
            check("truncated", n, &blocks[..n], "missing");
        }
    }
}

/// Changes of each of the thousand entries, without a process and a file for each.
#[test]
fn no_entry_of_a_thousand_can_be_changed() {
    use purser_verify::chain::{Break, Fault, Link, Tip, breaks};
    let (state, blocks) = log(ENTRIES);
    let mut names = NameHashes::default();
    let whole: Vec<Link> = blocks.iter().map(|block| Link::of(block, &mut names)).collect();
    let (index, hash) = state.tip().expect("a tip");
    let tip = Some(Tip { index: index.get(), hash });
    assert_eq!(breaks(0, &whole, tip), []);
    for n in 0..ENTRIES {
        let mut flipped = blocks[n].clone();
        flip(&mut flipped);
        let mut links = whole.clone();
        links[n] = Link::of(&flipped, &mut names);
        assert_eq!(breaks(0, &links, tip), [Break { index: n as u64, fault: Fault::Altered }]);
        let mut links = whole.clone();
        links.remove(n);
        assert_eq!(breaks(0, &links, tip), [Break { index: n as u64, fault: Fault::Missing }]);
        let mut links = whole.clone();
        links.insert(n, Link::of(&forged(&blocks, n), &mut names));
        assert_eq!(breaks(0, &links, tip), [Break { index: n as u64, fault: Fault::Inserted }]);
        let mut links = whole.clone();
        let other = (n * 7 + 3) % ENTRIES;
        links.swap(n, other);
        let lower = n.min(other) as u64;
        assert_eq!(breaks(0, &links, tip).first().map(|found| found.index), (n != other).then_some(lower), "{n} and {other}");
    }
}

/// Changes a digit of the time, which leaves the encoding and the parent as they are.
fn flip(block: &mut [u8]) {
    let position = block.windows(3).position(|window| window == b"\x62ts").expect("a block has a time");
    let last = position + 3 + usize::from(block[position + 3] >= 0x18);
    block[last] ^= 1;
}

/// An entry that follows the one before `n` as it should.
fn forged(blocks: &[Vec<u8>], n: usize) -> Vec<u8> {
    let parent = n.checked_sub(1).map(|before| decode_value(&blocks[before]).expect("a block").hash());
    let change = ModeChanged { mode: Mode::Normal, reason: "forged".into() };
    let block = Block { parent, at: Timestamp::from_nanos(1), actor: None, event: Event::ModeChanged(change) };
    block.to_bytes(&mut NameHashes::default()).0
}

#[test]
fn an_archive_and_the_rest_are_one_log() {
    let folder = Folder::new("archive");
    let (state, blocks) = log(ENTRIES);
    let rest = folder.write("rest", 600, &blocks[600..], Some(&tip_of(&state)));
    let (code, report) = verify(&[&rest], &[]);
    assert_eq!((code, &report["first"], report["replay"].is_null()), (0, &600.into(), true), "the rest alone is a whole chain");
    let archive = folder.write("archive", 0, &blocks[..700], None);
    let (code, report) = verify(&[&rest, &archive], &[]);
    assert_eq!((code, &report["entries"], &report["replay"]["checkpoints"]), (0, &1_000.into(), &1.into()), "{report}");
    let short = folder.write("short", 0, &blocks[..599], None);
    let (code, report) = verify(&[&rest, &short], &[]);
    assert_eq!((code, &report["breaks"][0]["index"], &report["breaks"][0]["fault"]), (1, &599.into(), &"missing".into()));
}

#[test]
fn a_state_that_its_log_does_not_give_is_found() {
    let folder = Folder::new("state");
    let (state, blocks) = log(20);
    let (index, hash) = state.tip().expect("a tip");
    let other = tip(index.get(), hash, Hash([1; 32]), state.last_at().nanos() + 5);
    let file = folder.write("log", 0, &blocks, Some(&other));
    let (code, report) = verify(&[&file], &[]);
    assert_eq!(
        (code, report["problems"][0].as_str()),
        (1, Some("the replay: the canister's state is not the one that its log gives"))
    );

    // A false checkpoint in the log itself, as this version would write it.
    let mut blocks = blocks;
    let lie = StateCheckpoint { digest: Hash([1; 32]), records: 1, wallets: 0, transfers: 0, version: purser_core::VERSION.into() };
    let block = Block { parent: Some(hash), at: state.last_at(), actor: None, event: Event::StateCheckpointed(lie) };
    let (bytes, hash) = block.to_bytes(&mut NameHashes::default());
    blocks.push(bytes);
    let file = folder.write("log", 0, &blocks, Some(&tip(20, hash, Hash([1; 32]), state.last_at().nanos() + 5)));
    let (code, report) = verify(&[&file], &[]);
    let problem = "the replay: the checkpoint in block 20 is of another state than the log gives";
    assert_eq!((code, report["problems"][0].as_str()), (1, Some(problem)));
}

#[test]
fn a_certificate_that_does_not_count_is_no_proof() {
    let folder = Folder::new("certificate");
    let (state, blocks) = log(20);
    let problem = |file: &Path, options: &[&str]| {
        let (code, report) = verify(&[file], options);
        assert_eq!(code, 1, "{report}");
        report["problems"][0].as_str().expect("a problem").to_owned()
    };
    let none = folder.write("none", 0, &blocks, None);
    assert!(problem(&none, &[]).contains("there is none"));
    let good = folder.write("good", 0, &blocks, Some(&tip_of(&state)));
    assert!(problem(&good, &["--canister", "aaaaa-aa"]).contains("of canister"));
    assert!(problem(&good, &["--max-age", "300"]).contains("seconds old"));
    let (index, hash) = state.tip().expect("a tip");
    let early = folder.write("early", 0, &blocks, Some(&tip(index.get(), hash, state.digest(), 5)));
    assert!(problem(&early, &[]).contains("older than the entry"));
    let mainnet = run(&[&good], &[]);
    assert_eq!(mainnet.status.code(), Some(1), "a local network's key is not the Internet Computer's");
}

#[test]
fn a_canister_that_was_set_back_is_found() {
    let folder = Folder::new("back");
    let (state, blocks) = log(30);
    let before = folder.write("before", 0, &blocks, Some(&tip_of(&state)));
    let (older, _) = log(20);
    let (index, hash) = older.tip().expect("a tip");
    let later = tip(index.get(), hash, older.digest(), state.last_at().nanos() + 60);
    let after = folder.write("after", 0, &blocks[..20], Some(&later));
    assert_eq!(verify(&[&after], &[]).0, 0, "alone it looks well");
    let (code, report) = verify(&[&before, &after], &[]);
    assert_eq!(code, 1);
    assert_eq!(report["problems"][0], "the canister was set back: its log had 30 entries and later 20");
}

#[test]
fn a_log_gives_back_the_memory_of_its_canister() {
    let folder = Folder::new("rebuild");
    let (mut state, _) = log(20);
    if state.mode().is_emergency() {
        let now = state.last_at();
        toggle_emergency(&mut state, "over".into(), now);
    }
    let blocks: Vec<Vec<u8>> = (0..state.log_len()).map(|n| state.block_bytes(BlockIndex::new(n)).expect("kept")).collect();
    let file = folder.write("log", 0, &blocks, Some(&tip_of(&state)));
    let image = folder.0.join("image");
    std::fs::remove_file(&image).ok();
    let path = image.to_str().expect("a path");
    assert_eq!(verify(&[&folder.write("bad", 0, &blocks[1..], Some(&tip_of(&state)))], &["--rebuild", path]).0, 1);
    assert!(!image.exists(), "nothing is made from a broken log");
    assert_eq!(verify(&[&file], &["--rebuild", path]).0, 0);
    let memory = VectorMemory::default();
    *memory.borrow_mut() = std::fs::read(&image).expect("it was written");
    let restored = State::open(memory).expect("it opens");
    assert_eq!(restored.log_len(), state.log_len() + 1);
    assert!(restored.mode().is_emergency(), "it starts paused");
    assert!(restored.verify_log(BlockIndex::new(0), u64::MAX).valid);
}

#[test]
fn what_cannot_be_checked_is_status_two() {
    let folder = Folder::new("unusable");
    let nonsense = folder.0.join("nonsense");
    std::fs::write(&nonsense, "nonsense\n").expect("writable");
    for (files, options) in [
        (vec![Path::new("/nowhere")], vec![]),
        (vec![nonsense.as_path()], vec![]),
        (vec![], vec!["--json"]),
        (vec![], vec!["--what"]),
        (vec![], vec!["--url", "http://127.0.0.1:1"]),
        (vec![], vec!["--url", "http://127.0.0.1:1", "--canister", "aaaaa-aa"]),
        (vec![nonsense.as_path()], vec!["--root-key", "00"]),
    ] {
        let output = run(&files, &options);
        assert_eq!(output.status.code(), Some(2), "{files:?} {options:?}");
        assert!(output.stdout.is_empty() && output.stderr.starts_with(b"purser-verify: "), "{options:?}");
    }
    assert_eq!(run(&[], &["--help"]).status.code(), Some(0));
}

/// The same tree with the digest left out: its root, and so the certificate, is the same.
#[test]
fn a_state_digest_that_was_pruned_out_of_the_proof_is_found() {
    let folder = Folder::new("pruned");
    let (state, blocks) = log(20);
    let (index, hash) = state.tip().expect("a tip");
    let (wrong, at) = (Hash([1; 32]), state.last_at().nanos() + 5);
    let whole = tip(index.get(), hash, wrong, at);
    let digest: HashTree = label("state_digest", leaf(wrong.0.to_vec()));
    let number = label("last_block_index", leaf(leb128(index.get())));
    let tree: HashTree = fork(fork(label("last_block_hash", leaf(hash.0.to_vec())), number), pruned(digest.digest()));
    let cut = TipCertificate { hash_tree: logs::cbor(&tree), ..whole };
    let (code, report) = verify(&[&folder.write("log", 0, &blocks, Some(&cut))], &[]);
    let problem = "the certificate: the certificate does not show state_digest";
    assert_eq!((code, report["problems"][0].as_str()), (1, Some(problem)), "{report}");
}

#[test]
fn a_number_at_the_end_of_the_range_is_no_crash() {
    let folder = Folder::new("absurd");
    let (state, blocks) = log(5);
    let tip_at = |index| tip(index, state.tip().expect("a tip").1, state.digest(), state.last_at().nanos() + 5);
    for first in [u64::MAX - 5, u64::MAX - 4, u64::MAX - 1, u64::MAX] {
        for index in [4, u64::MAX - 1, u64::MAX] {
            let file = folder.write("log", first, &blocks, Some(&tip_at(index)));
            let output = run(&[&file], &["--json", "--root-key", &root_key()]);
            let expected = if first > u64::MAX - 5 { 2 } else { 1 };
            assert_eq!(output.status.code(), Some(expected), "{first} {index}: {}", String::from_utf8_lossy(&output.stderr));
            let empty = folder.write("empty", first, &[], Some(&tip_at(index)));
            assert_eq!(verify(&[&empty], &[]).0, 1, "{first} {index}");
        }
    }
}

#[test]
fn entries_that_fit_no_state_are_a_finding() {
    let folder = Folder::new("misfit");
    let (state, mut blocks) = log(20);
    let (_, hash) = state.tip().expect("a tip");
    let step = TransferTransition { id: TransferId::new(77), note: None };
    let block = Block { parent: Some(hash), at: state.last_at(), actor: None, event: Event::TransferSubmitted(step) };
    let (bytes, hash) = block.to_bytes(&mut NameHashes::default());
    blocks.push(bytes);
    let file = folder.write("log", 0, &blocks, Some(&tip(20, hash, Hash([1; 32]), state.last_at().nanos() + 5)));
    let (code, report) = verify(&[&file], &[]);
    let problem = "the replay: entry 20 does not fit the state that the log before it gives";
    assert_eq!((code, report["problems"][0].as_str()), (1, Some(problem)), "{report}");
}

#[test]
fn a_certificate_from_the_future_is_a_finding() {
    let folder = Folder::new("future");
    let (state, blocks) = log(20);
    let (index, hash) = state.tip().expect("a tip");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let now = u64::try_from(now.as_nanos()).expect("before 2554");
    let signed = |at| folder.write("log", 0, &blocks, Some(&tip(index.get(), hash, state.digest(), at)));
    for options in [&[][..], &["--max-age", "300"]] {
        let (code, report) = verify(&[&signed(u64::MAX / 2)], options);
        let problem = report["problems"][0].as_str().unwrap_or_default();
        assert!(code == 1 && problem.contains("ahead of this machine's clock"), "{report}");
        assert_eq!(verify(&[&signed(now + 60_000_000_000)], options).0, 0, "a minute is within what clocks differ");
    }
}
